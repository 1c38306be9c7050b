/**
 * Dense float64 linear algebra beside NumPy with OpenBLAS on one thread: runs interleaved, ratio of medians (of wall and
 * of processor time). Prints JSON. Usage: node bench/tensor/linalg.ts [routine] [n] [rounds] [our threads]; the routines
 * are matmul, cholesky, eigen, qr, svd, solve; without one, the three that have a limit.
 */
import { fileURLToPath } from 'node:url'
import { median, openPeer, python } from '../peer.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

async function compare(routine: string, n: number, rounds: number, threads: number): Promise<Record<string, unknown>> {
  const peers = {
    ecotope: openPeer(process.execPath, [here('linalg-worker.ts'), routine, String(n), String(threads)]),
    numpy: openPeer(python, [here('linalg.py'), routine, String(n)], {
      OPENBLAS_NUM_THREADS: '1',
      OMP_NUM_THREADS: '1',
    }),
  }
  const samples = { ecotope: [] as (readonly number[])[], numpy: [] as (readonly number[])[] }
  for (let round = 0; round <= rounds; round++) {
    for (const name of ['ecotope', 'numpy'] as const) {
      const sample = await peers[name].once()
      // The first run allocates, compiles and warms caches on either side.
      if (round > 0) samples[name].push(sample)
    }
  }
  for (const peer of Object.values(peers)) peer.end()
  const [ours, theirs] = [summary(samples.ecotope), summary(samples.numpy)]
  const difference = Math.abs(ours.value - theirs.value) / Math.abs(theirs.value)
  if (!(difference < 1e-9)) throw new Error(`${routine}: the results differ by ${difference}`)
  const ratio = ours.wallMs / theirs.wallMs
  return { routine, n, rounds, threads, ratio, cpuRatio: ours.cpuMs / theirs.cpuMs, ecotope: ours, numpy: theirs }
}

interface Summary {
  readonly wallMs: number
  readonly cpuMs: number
  /** A number made from the result, equal on both sides. */
  readonly value: number
  readonly peakMb: number
}

function summary(samples: readonly (readonly number[])[]): Summary {
  const column = (i: number): number => median(samples.map((sample) => sample[i]!))
  return { wallMs: column(0), cpuMs: column(1), value: samples.at(-1)![2]!, peakMb: column(3) }
}

const [, , routine, n = '2000', rounds = '5', threads = '1'] = process.argv
for (const each of routine === undefined ? ['matmul', 'cholesky', 'eigen'] : [routine]) {
  console.log(JSON.stringify(await compare(each, Number(n), Number(rounds), Number(threads))))
}
