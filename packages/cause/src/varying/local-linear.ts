/**
 * Curves of coefficients by local linear fits (Fan & Zhang 1999, Ann. Stat. 27; for series Cai, Fan & Yao 2000, JASA 95), with the
 * bandwidth that predicts left-out samples best. Everything here is linear in the target.
 */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import type { VaryingDesign } from './design.ts'

type Sources = Pick<VaryingDesign, 'rows' | 'u'>

/** What makes the coefficients at one point of the target: one array per row of the design; undefined where too little is near. */
export function localRows({ rows, u }: Sources, at: number, bandwidth: number): Float64Array[] | undefined {
  const [q, n] = [rows.length, u.length]
  const near: number[] = []
  for (let i = 0; i < n; i++) if (Math.abs(u[i]! - at) < bandwidth) near.push(i)
  if (near.length < 2 * q + 1) return undefined
  const z = linalg.matrix(near.length, 2 * q)
  const weighted = linalg.matrix(near.length, 2 * q)
  for (const [r, i] of near.entries()) {
    const d = (u[i]! - at) / bandwidth
    const weight = 0.75 * (1 - d * d)
    for (let k = 0; k < q; k++) {
      const value = rows[k]![i]!
      z.data[r * 2 * q + k] = value
      z.data[r * 2 * q + q + k] = value * d
      weighted.data[r * 2 * q + k] = weight * value
      weighted.data[r * 2 * q + q + k] = weight * value * d
    }
  }
  const factor = positive(linalg.matmul(z, weighted, { transposeA: true }))
  if (factor === undefined) return undefined
  const solved = linalg.choleskySolve(factor, linalg.transposed(weighted))
  return rows.map((_, k) => {
    const out = new Float64Array(n)
    for (const [r, i] of near.entries()) out[i] = solved.data[k * near.length + r]!
    return out
  })
}

function positive(matrix: linalg.Matrix): linalg.CholeskyFactor | undefined {
  try {
    const factor = linalg.cholesky(matrix)
    return factor.relativeJitter === 0 ? factor : undefined
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

export interface LocalFit {
  readonly bandwidth: number
  readonly residuals: Float64Array
  /** Weight of each sample in its own fit. */
  readonly leverage: Float64Array
  /** Trace of the hat matrix. */
  readonly freedom: number
  /** Mean squared error of left-out samples. */
  readonly leftOut: number
}

/** Undefined where a sample has too few neighbours. */
export async function localFit(
  design: VaryingDesign,
  bandwidth: number,
  at: () => void | Promise<void>,
): Promise<LocalFit | undefined> {
  const { rows, u, target } = design
  const n = u.length
  const [residuals, leverage] = [new Float64Array(n), new Float64Array(n)]
  let leftOut = 0
  for (let t = 0; t < n; t++) {
    const found = localRows(design, u[t]!, bandwidth)
    if (found === undefined) return undefined
    let [fit, own] = [0, 0]
    for (const [k, weights] of found.entries()) {
      const value = rows[k]![t]!
      own += value * weights[t]!
      let sum = 0
      for (let i = 0; i < n; i++) sum += weights[i]! * target[i]!
      fit += value * sum
    }
    residuals[t] = target[t]! - fit
    leverage[t] = own
    leftOut += (residuals[t]! / (1 - own)) ** 2 / n
    await at()
  }
  return { bandwidth, residuals, leverage, freedom: leverage.reduce((sum, value) => sum + value, 0), leftOut }
}

/** Bandwidths tried, as shares of the range. */
const SHARES: readonly number[] = [0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.5]

/** Throws `InputError` TooFewSamples where no bandwidth leaves every sample enough neighbours. */
export async function bestLocalFit(
  design: VaryingDesign,
  given: number | undefined,
  at: (fraction: number) => void | Promise<void>,
): Promise<LocalFit> {
  const range = rangeOf(design.u)
  const tried = given === undefined ? SHARES.map((share) => share * range) : [given]
  let best: LocalFit | undefined
  let steps = 0
  for (const bandwidth of tried) {
    const fit = await localFit(design, bandwidth, () => at(++steps / (tried.length * design.u.length)))
    if (fit !== undefined && fit.leftOut < (best?.leftOut ?? Number.POSITIVE_INFINITY)) best = fit
  }
  if (best !== undefined) return best
  throw new InputError('TooFewSamples', 'around some samples there are too few others for a local fit', {
    hint: given === undefined ? 'Use longer series or fewer causes, or splines.' : 'Use a larger bandwidth.',
    data: { samples: design.u.length, bandwidths: tried },
  })
}

export function rangeOf(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b))
}
