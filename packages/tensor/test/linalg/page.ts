/** What the page runs: every routine on numbers that Node can make too. Loaded by browser.test.ts through the server. */
import * as linalg from '../../src/linalg/index.ts'

export interface Outcome {
  readonly threads: number
  readonly numbers: readonly number[]
}

/** A fingerprint of each result with `threads` threads. */
export async function fingerprints(threads: number): Promise<Outcome> {
  await linalg.setThreads(threads)
  const n = 230
  const a = linalg.matrix(
    n,
    n,
    Float64Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5),
  )
  const square = linalg.syrk(a)
  for (let i = 0; i < n; i++) square.data[i * (n + 1)]! += 1
  const { lower } = linalg.cholesky(square)
  const { values, vectors } = linalg.symmetricEigen(square)
  const made = [
    linalg.matmul(a, square),
    lower,
    linalg.triangularSolve(lower, a),
    vectors,
    { data: values },
    linalg.qr(a).r,
  ]
  const others = [linalg.leastSquares(a, square).x, linalg.solve(square, a), { data: linalg.svd(a).values }]
  const numbers = [...made, ...others].map(({ data }) =>
    data.reduce((sum, value, i) => sum + Math.abs(value) * ((i % 7) + 1), 0),
  )
  const used = linalg.threads()
  linalg.release()
  return { threads: used, numbers }
}
