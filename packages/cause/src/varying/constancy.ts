/**
 * Whether a coefficient varies at all, and whether it is there at all: the model with it constant, or without it, against the
 * whole one, by an approximate F test (Wood 2017, section 6.12) or by series redrawn under the smaller model.
 */
import { type Random, random } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { fisherF } from '../statistics/distributions.ts'
import { fitPenalised, type PenalisedFit, type Prepared, prepared, type Smoothness } from './penalised.ts'

export interface TermTest {
  /** F: explained squares per degree of freedom over those that are left. */
  readonly statistic: number
  readonly pValue: number
  readonly method: 'f' | 'bootstrap'
}

export interface TestOptions {
  readonly smoothness: Smoothness | Float64Array
  /** 0: the F distribution. */
  readonly bootstraps: number
  readonly seed: number
}

/** `absent`: against the model without the term; else against the one in which it is constant. */
export async function testTerm(
  whole: Prepared,
  fit: PenalisedFit,
  target: Float64Array,
  term: number,
  absent: boolean,
  options: TestOptions,
  at: () => void | Promise<void>,
): Promise<TermTest> {
  const small = smaller(whole, term, absent)
  const curve = whole.curves.indexOf(term)
  const others = (values: Float64Array): Float64Array => values.filter((_, c) => c !== curve)
  const logs = fit.penalties.map(Math.log)
  const ask = options.smoothness
  const fitSmall = (y: Float64Array): PenalisedFit =>
    fitPenalised(small, y, ask instanceof Float64Array ? others(ask) : ask, others(logs))
  const less = fitSmall(target)
  const statistic = statisticOf(less, fit, target.length)
  if (options.bootstraps === 0) {
    const [df1, df2] = [freedomOf(fit) - freedomOf(less), target.length - freedomOf(fit)]
    const pValue = df1 > 1e-3 && statistic > 0 ? fisherF(df1, df2).sf(statistic) : 1
    return { statistic, pValue, method: 'f' }
  }
  const draw = random(options.seed).split(`${term} ${absent}`)
  let larger = 0
  for (let k = 0; k < options.bootstraps; k++) {
    const y = redrawn(target, less.residuals, draw)
    const again = fitPenalised(whole, y, ask, logs)
    if (statisticOf(fitSmall(y), again, y.length) >= statistic) larger++
    await at()
  }
  return { statistic, pValue: (larger + 1) / (options.bootstraps + 1), method: 'bootstrap' }
}

function smaller({ problem }: Prepared, term: number, absent: boolean): Prepared {
  const kept = (_: unknown, k: number): boolean => !(absent && k === term)
  return prepared({
    ...problem,
    rows: problem.rows.filter(kept),
    kinds: problem.kinds.map((kind, k) => (k === term ? 'constant' : kind)).filter(kept),
  })
}

const freedomOf = ({ freedom }: PenalisedFit): number => freedom.reduce((sum, value) => sum + value, 0)

function statisticOf(less: PenalisedFit, whole: PenalisedFit, samples: number): number {
  const [df1, df2] = [freedomOf(whole) - freedomOf(less), samples - freedomOf(whole)]
  if (!(df1 > 1e-3)) return 0
  return Math.max(0, (less.residualSquares - whole.residualSquares) / df1 / (whole.residualSquares / df2))
}

/** The fit and its residuals, drawn with replacement and centred. */
function redrawn(target: Float64Array, residuals: Float64Array, draw: Random): Float64Array {
  const n = target.length
  const middle = residuals.reduce((sum, value) => sum + value, 0) / n
  return target.map((value, i) => value - residuals[i]! + residuals[draw.integer(n)]! - middle)
}

/**
 * Constancy of a curve that is linear in the target (points x samples), by series of nothing but its residuals with random signs
 * (wild bootstrap, Wu 1986): the spread of the curve about its mean, in standard errors.
 */
export function testFlat(
  rows: linalg.Matrix,
  target: Float64Array,
  noise: Float64Array,
  bootstraps: number,
  seed: number,
): TermTest {
  const draw = random(seed).split('flat')
  const statistic = spreadOf(rows, target, noise)
  let larger = 0
  for (let k = 0; k < bootstraps; k++) {
    const signed = noise.map((value) => (draw.uniform() < 0.5 ? -value : value))
    if (spreadOf(rows, signed, noise) >= statistic) larger++
  }
  return { statistic, pValue: (larger + 1) / (bootstraps + 1), method: 'bootstrap' }
}

function spreadOf(rows: linalg.Matrix, target: Float64Array, noise: Float64Array): number {
  const curve = linalg.matvec(rows, target)
  const middle = curve.reduce((sum, value) => sum + value, 0) / curve.length
  let sum = 0
  for (let g = 0; g < curve.length; g++) {
    let variance = 0
    for (let i = 0; i < noise.length; i++) variance += (rows.data[g * noise.length + i]! * noise[i]!) ** 2
    sum += (curve[g]! - middle) ** 2 / variance / curve.length
  }
  return sum
}
