/** Partial correlation of vectors: the strongest correlation between their parts, or canonical correlations. */
import { InputError, type Warning } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { type Samples, X, Y, Z } from '../series/samples.ts'
import { blockLength } from '../statistics/autocorrelation.ts'
import { correlationPValue } from '../statistics/correlation.ts'
import { chiSquared } from '../statistics/distributions.ts'
import { projector } from '../statistics/least-squares.ts'
import { dot, standardised } from '../statistics/moments.ts'
import { correlationsOf } from '../statistics/partial.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { Conditions, STRONGER } from './conditions.ts'
import { quickPartialCorrelation } from './parcorr.ts'
import { collinear, degreesOfFreedom, dimensions, rowsOf } from './parcorr-common.ts'
import { blockShuffler, shufflePValue } from './shuffle.ts'
import type { IndependenceTest, TestOptions } from './test.ts'
import { vectorShortcut } from './vector-shortcut.ts'
import { wilksLambda } from './wilks.ts'

export interface ParcorrMultOptions extends TestOptions {
  /** `strongest` (default): the correlation farthest from zero. `wilks`: Wilks' lambda of the canonical correlations. */
  readonly measure?: 'strongest' | 'wilks'
}

interface Measure {
  /** Of standardised residuals of X and Y. */
  value(x: readonly Float64Array[], y: readonly Float64Array[]): number
  pValue(value: number, samples: Samples): number
}

const parts = ({ roles }: Samples, role: number): number => roles.reduce((n, own) => n + (own === role ? 1 : 0), 0)

const measures: Record<NonNullable<ParcorrMultOptions['measure']>, Measure> = {
  strongest: {
    value: strongest,
    // The reference corrects for the number of pairs and does not cut at 1.
    pValue: (value, samples) =>
      correlationPValue(value, degreesOfFreedom(samples)) * parts(samples, X) * parts(samples, Y),
  },
  wilks: {
    value: wilksLambda,
    pValue(value, samples) {
      degreesOfFreedom(samples)
      const [x, y] = [parts(samples, X), parts(samples, Y)]
      // Parts that X and Y share leave nothing, or by rounding less.
      if (!(value > 0)) return 0
      const scale = samples.count - parts(samples, Z) - 0.5 * (x + y + 1)
      return chiSquared(x * y).sf(-scale * Math.log(value))
    },
  },
}

/** X and Y may be vectors. Significance: `analytic` (corrected for the number of pairs, so that it may exceed 1) or `shuffle`. */
export function parcorrMult(options: ParcorrMultOptions = {}): IndependenceTest {
  const significance = options.significance ?? 'analytic'
  const measure = measures[options.measure ?? 'strongest']
  const random = new NumpyRandom(options.seed ?? 42)
  const warnings = new Map<string, Warning>()
  const residuals = (samples: Samples, roles: readonly number[]): Float64Array[][] => {
    const fit = projector(rowsOf(samples.rows, samples.roles, Z).map(standardised))
    if (fit.rank < parts(samples, Z)) warnings.set(collinear.tag, collinear)
    return roles.map((role) => rowsOf(samples.rows, samples.roles, role).map((row) => fit.residuals(standardised(row))))
  }
  const value = (samples: Samples): number => {
    degreesOfFreedom(samples)
    const quick =
      measure.value === strongest ? quickStrongest(samples, () => warnings.set(collinear.tag, collinear)) : undefined
    if (quick !== undefined) return quick
    const [x, y] = residuals(samples, [X, Y])
    return measure.value(cleaned(x!), cleaned(y!))
  }
  const shuffled = (measured: number, samples: Samples): number => {
    const [x, y] = residuals(samples, [X, Y])
    const next = blockShuffler(samples.count, options.shuffleBlock ?? blockLength(x!), random)
    const draws = new Float64Array(options.shuffles ?? 500)
    const [left, right] = [cleaned(x!), cleaned(y!)]
    for (let i = 0; i < draws.length; i++) {
      const order = next()
      const moved = left.map((row) => row.map((_, k) => row[order[k]!]!))
      draws[i] = measure.value(moved, right)
    }
    return shufflePValue(measured, draws)
  }
  return {
    name: 'parcorr-mult',
    significance,
    twoSided: true,
    maskType: options.maskType ?? '',
    options,
    value,
    pValue: significance === 'shuffle' ? shuffled : measure.pValue,
    criterion: (samples) => meanAkaike(residuals(samples, [X])[0]!, samples),
    warnings: () => [...warnings.values()],
    ...(options.confidence && { interval: (samples: Samples) => interval(samples, options, random, value) }),
    ...(significance === 'analytic' &&
      measure.value === strongest && {
        shortcut: (series, tauMax, cutOff, note) =>
          vectorShortcut(series, { tauMax, cutOff, maskType: options.maskType ?? '' }, note),
      }),
  }
}

/** The strongest correlation from the correlations of all rows; undefined where that would not be exact enough. */
function quickStrongest(samples: Samples, noteCollinear: () => void): number | undefined {
  if (parts(samples, X) === 1 && parts(samples, Y) === 1) {
    const single = quickPartialCorrelation(samples)
    if (single !== undefined) return single
  }
  const n = samples.rows.length
  const matrix = correlationsOf(
    samples.rows,
    samples.rows.map((_, k) => k),
  )
  if (matrix === undefined) return undefined
  const given = new Conditions((a, b) => (a >= b ? matrix[a * n + b]! : matrix[b * n + a]!))
  const of = (role: number): number[] => samples.rows.flatMap((_, k) => (samples.roles[k] === role ? k : []))
  if (!given.set(of(Z))) return undefined
  if (given.dependent) noteCollinear()
  return given.strongest(of(X), of(Y))
}

/** Standardised; what rounding left of rows that Z explains becomes zeros. */
const cleaned = (rows: readonly Float64Array[]): Float64Array[] =>
  rows.map((row) => (Math.sqrt(dot(row, row) / row.length) > 1e-11 ? standardised(row) : new Float64Array(row.length)))

function strongest(x: readonly Float64Array[], y: readonly Float64Array[]): number {
  let most = 0
  for (const a of x)
    for (const b of y) {
      const value = Math.max(-1, Math.min(1, dot(a, b) / a.length))
      if (Math.abs(value) > Math.abs(most) * STRONGER) most = value
    }
  return most
}

function meanAkaike(residuals: readonly Float64Array[], samples: Samples): number {
  const penalty = 2 * (dimensions(samples) - 1)
  const scores = residuals.map((row) => samples.count * Math.log(dot(row, row)) + penalty)
  return scores.reduce((sum, score) => sum + score, 0) / scores.length
}

function interval(
  samples: Samples,
  options: ParcorrMultOptions,
  random: NumpyRandom,
  value: (samples: Samples) => number,
): [number, number] {
  if (options.confidence === 'bootstrap') return bootstrapInterval(samples, options, random, value)
  throw new InputError('NoInterval', 'parcorr-mult has no analytic intervals', { hint: 'Use confidence: bootstrap.' })
}
