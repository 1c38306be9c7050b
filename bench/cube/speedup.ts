/**
 * Wall time of the reductions of pipeline-worker.ts with two workers over that with one: 1 over the speed-up. With
 * `ceiling` half the time of two runs of one worker each at the same time over that of one: what two processors of this
 * machine do when nothing has to be shared out. Prints JSON.
 * Usage: node speedup.ts ndvi|median|monthly [ROUNDS] [FOLDER] [ceiling]
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare, openPeer, type Peer } from '../peer.ts'

const worker = fileURLToPath(new URL('pipeline-worker.ts', import.meta.url))
const [name = 'ndvi', rounds = '5', folder = join(tmpdir(), 'ecotope-bench'), what] = process.argv.slice(2)
const run = (workers: string): Peer => openPeer(process.execPath, [worker, name, folder, workers])

/** Two programs at the same time, each with half of the work of both. */
function abreast(programs: readonly Peer[]): Peer {
  return {
    once: async () => {
      const [[wall = 0, cpu = 0, value = 0, peak = 0] = [], other = []] = await Promise.all(
        programs.map((one) => one.once()),
      )
      return [Math.max(wall, other[0]!) / 2, (cpu + other[1]!) / 2, value, peak + other[3]!]
    },
    end: () => {
      for (const one of programs) one.end()
    },
  }
}

const ecotope = what === 'ceiling' ? abreast([run('1'), run('1')]) : run('2')
const result = await compare({ ecotope, peer: run('1') }, Number(rounds))
console.log(JSON.stringify({ name, speedup: 1 / result.ratio, limit: 1.7, ...result }))
