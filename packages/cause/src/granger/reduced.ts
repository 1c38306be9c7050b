/**
 * What an autoregression says about all but one of its variables: their own autoregression has infinitely many lags, but it
 * is the innovations form of a small state space, whose state are the lags of the variable left out (Barnett & Seth 2015,
 * Phys. Rev. E 91, 040101). Exact, and never negative as measures of two separately fitted models may be.
 */
import { linalg } from '@ecotope/tensor'
import { addReal, type Complex, complex, product, real, solved } from './complex.ts'

/** Coefficients `[(lag - 1) K K + effect K + cause]` and covariance of innovations of K variables. */
export interface Process {
  readonly size: number
  readonly order: number
  readonly coefficients: Float64Array
  readonly sigma: Float64Array
}

export interface Reduced {
  /** The other variables, in order. */
  readonly kept: readonly number[]
  /** Covariance of their one-step errors given their own past; size - 1 squared. */
  readonly sigma: Float64Array
  /** Inverse transfer function at a frequency (cycles per step): innovations from values. */
  whitening(frequency: number): Complex
}

interface Parts {
  /** Of each lag of the variable left out: on the others (m x p), and on itself (p). */
  readonly onOthers: linalg.Matrix
  readonly onItself: Float64Array
  readonly noise: linalg.Matrix
  readonly shared: linalg.Matrix
}

/** All variables but `out`. The process has to be stable. */
export function reducedTo(process: Process, out: number): Reduced {
  const { size, order, coefficients, sigma } = process
  const kept = Array.from({ length: size }, (_, i) => i).filter((i) => i !== out)
  const m = kept.length
  const at = (lag: number, effect: number, cause: number): number => coefficients[(lag * size + effect) * size + cause]!
  const onOthers = linalg.matrix(m, order)
  for (const [s, effect] of kept.entries())
    for (let lag = 0; lag < order; lag++) onOthers.data[s * order + lag] = at(lag, effect, out)
  const noise = linalg.matrix(m, m)
  for (const [s, a] of kept.entries()) for (const [r, b] of kept.entries()) noise.data[s * m + r] = sigma[a * size + b]!
  const parts: Parts = {
    onOthers,
    onItself: Float64Array.from({ length: order }, (_, lag) => at(lag, out, out)),
    noise,
    shared: linalg.matrix(
      m,
      1,
      kept.map((a) => sigma[a * size + out]!),
    ),
  }
  const unknown = stateCovariance(parts, sigma[out * size + out]!)
  const spread = linalg.matmul(unknown, onOthers, { transposeB: true })
  const reducedSigma = linalg.matmul(onOthers, spread, { add: noise })
  const gain = gainOf(parts, spread, reducedSigma)
  return {
    kept,
    sigma: reducedSigma.data,
    whitening: (frequency) => whiteningAt(process, out, kept, parts, gain, frequency),
  }
}

/** Companion matrix of one variable's own lags. */
function shift(first: Float64Array): linalg.Matrix {
  const p = first.length
  const out = linalg.matrix(p, p)
  out.data.set(first)
  for (let i = 1; i < p; i++) out.data[i * p + i - 1] = 1
  return out
}

/**
 * Covariance of the lags of the variable left out given all that is kept: the Riccati equation, by doubling (Chu, Fan & Lin
 * 2005, Linear Algebra Appl. 396, structure-preserving doubling).
 */
function stateCovariance({ onOthers, onItself, noise, shared }: Parts, own: number): linalg.Matrix {
  const p = onItself.length
  const weights = linalg.solve(noise, shared)
  const known = linalg.matmul(weights, onOthers, { transposeA: true }).data
  const rest = own - shared.data.reduce((sum, value, i) => sum + value * weights.data[i]!, 0)
  let a = linalg.transposed(shift(onItself.map((value, lag) => value - known[lag]!)))
  let g = linalg.matmul(onOthers, linalg.solve(noise, onOthers), { transposeA: true })
  let h = linalg.matrix(p, p)
  h.data[0] = rest
  for (let round = 0; round < 60; round++) {
    const middle = linalg.matmul(g, h, { add: linalg.identity(p) })
    const [left, right] = [linalg.solve(middle, a), linalg.solve(middle, g)]
    const grown = linalg.matmul(a, linalg.matmul(h, left), { transposeA: true })
    g = linalg.matmul(linalg.matmul(a, right), a, { transposeB: true, add: g })
    a = linalg.matmul(a, left)
    h = { ...h, data: h.data.map((value, i) => value + grown.data[i]!) }
    const [change, whole] = [linalg.matrix(p, p, grown.data), h].map(({ data }) => Math.hypot(...data))
    if (change! <= 1e-16 * whole!) break
  }
  return h
}

/** p x m: what one-step errors of the others tell about the next state. */
function gainOf({ onItself, shared }: Parts, spread: linalg.Matrix, sigma: linalg.Matrix): linalg.Matrix {
  const next = linalg.matmul(shift(onItself), spread)
  for (let s = 0; s < shared.rows; s++) next.data[s]! += shared.data[s]!
  return linalg.transposed(linalg.solve(sigma, linalg.transposed(next)))
}

function whiteningAt(
  { size, order, coefficients }: Process,
  out: number,
  kept: readonly number[],
  { onOthers, onItself }: Parts,
  gain: linalg.Matrix,
  frequency: number,
): Complex {
  const m = kept.length
  const own = complex(m, m)
  const input = complex(order, m)
  for (let s = 0; s < m; s++) own.re[s * m + s] = 1
  for (let lag = 0; lag < order; lag++) {
    const angle = -2 * Math.PI * frequency * (lag + 1)
    const [re, im] = [Math.cos(angle), Math.sin(angle)]
    const among = Float64Array.from({ length: m * m }, (_, i) => {
      const [effect, cause] = [kept[Math.floor(i / m)]!, kept[i % m]!]
      return coefficients[(lag * size + effect) * size + cause]!
    })
    addReal(own, among, [-re, -im])
    for (const [s, cause] of kept.entries()) {
      const value = coefficients[(lag * size + out) * size + cause]!
      input.re[s]! += value * re
      input.im[s]! += value * im
    }
  }
  const corrected = product(real(order, m, gain.data), own)
  for (let i = 0; i < input.re.length; i++) {
    input.re[i]! += corrected.re[i]!
    input.im[i]! += corrected.im[i]!
  }
  const system = real(order, order, linalg.matmul(gain, onOthers).data.slice())
  const forward = shift(onItself).data
  for (let i = 0; i < forward.length; i++) system.re[i]! -= forward[i]!
  for (let i = 0; i < order; i++) {
    system.re[i * order + i]! += Math.cos(2 * Math.PI * frequency)
    system.im[i * order + i]! += Math.sin(2 * Math.PI * frequency)
  }
  const told = product(real(m, order, onOthers.data), solved(system, input))
  for (let i = 0; i < own.re.length; i++) {
    own.re[i]! -= told.re[i]!
    own.im[i]! -= told.im[i]!
  }
  return own
}
