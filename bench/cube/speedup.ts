/**
 * Wall time of the reductions of pipeline-worker.ts with two workers over that with one: 1 over the speed-up. With
 * `ceiling` half the time of two runs of one worker each at the same time over that of one: what two processors of this
 * machine do when nothing has to be shared out. Both run for a while before they are timed, but with `unsettled`: the
 * engine compiles for some fifty runs of half a second what it finds to be used much, on the processor that one worker
 * leaves idle and two do not. Prints JSON.
 * Usage: node speedup.ts ndvi|median|monthly [ROUNDS] [FOLDER] [ceiling|unsettled]
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

/** Until the engine compiles little: 20 instead of 60 ms of processor time a run of NDVI. */
const SETTLING_MS = 100_000

async function settle(programs: readonly Peer[]): Promise<void> {
  const started = performance.now()
  while (performance.now() - started < SETTLING_MS) for (const program of programs) await program.once()
}

const ecotope = what === 'ceiling' ? abreast([run('1'), run('1')]) : run('2')
const peer = run('1')
if (what !== 'unsettled') await settle([ecotope, peer])
const result = await compare({ ecotope, peer }, Number(rounds))
console.log(JSON.stringify({ name, speedup: 1 / result.ratio, limit: 1.7, ...result }))
