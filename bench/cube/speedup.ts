/** Wall time with one worker over that with two, of the reductions of pipeline-worker.ts. Usage: speedup.ts [ROUNDS] [FOLDER] */
import { fileURLToPath } from 'node:url'
import { compare, openPeer } from '../peer.ts'

const worker = fileURLToPath(new URL('pipeline-worker.ts', import.meta.url))
const [rounds = '5', folder = process.env.ECOTOPE_BENCH ?? '/tmp/ecotope-bench'] = process.argv.slice(2)

for (const name of ['ndvi', 'monthly']) {
  const run = (workers: string) => openPeer(process.execPath, [worker, name, folder, workers])
  const { ratio, ecotope, peer } = await compare({ ecotope: run('1'), peer: run('2') }, Number(rounds))
  console.log(JSON.stringify({ name, speedup: ratio, limit: 1.7, one: ecotope, two: peer }))
}
