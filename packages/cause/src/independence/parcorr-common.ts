/** What tests of partial correlation share: residuals of X and Y without Z, their correlation, p-values and intervals. */
import { InputError, type Warning } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { EXTRA, type Samples, X, Y, Z } from '../series/samples.ts'
import { blockLength } from '../statistics/autocorrelation.ts'
import { correlationInterval, correlationPValue } from '../statistics/correlation.ts'
import { projector } from '../statistics/least-squares.ts'
import { correlation, dot, standardised } from '../statistics/moments.ts'
import { bootstrapInterval, confidenceLevel } from './bootstrap.ts'
import { blockShuffler, shufflePValue } from './shuffle.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

/** Less than this share of a variable left without Z is rounding, not signal. */
const NOTHING_LEFT = 1e-11

/** Sets one test of partial correlation apart from the next. */
export interface ResidualTest<O extends TestOptions> {
  readonly name: string
  readonly options: O
  /** Residuals of the first row of each role. */
  residuals(samples: Samples, roles: readonly number[], note: (warning: Warning) => void): Float64Array[]
  /** The correlation of two rows of residuals whose first is taken in another order. Default: Pearson's. */
  shuffled?(pair: readonly Float64Array[], samples: Samples): (order: Int32Array) => number
  /** A shorter way to the value; undefined where it is not exact enough. */
  quick?(samples: Samples): number | undefined
  /** Lengths of X and Y that residuals are compared with. Default: of the standardised rows. */
  sizes?(samples: Samples): number[]
  /** Called before samples are resampled. */
  prepare?(samples: Samples): void
  readonly extra?: IndependenceTest['extra']
  readonly shortcut?: IndependenceTest['shortcut']
}

/** Rows that count as dimensions. */
export const dimensions = ({ roles }: Pick<Samples, 'roles'>): number =>
  roles.reduce((n, role) => n + (role < EXTRA ? 1 : 0), 0)

export const rowsOf = (rows: readonly Float64Array[], roles: Uint8Array, role: number): Float64Array[] =>
  rows.filter((_, k) => roles[k] === role)

/** Samples less dimensions. Throws `InputError` TooFewSamples where that is below 1. */
export function degreesOfFreedom(samples: Pick<Samples, 'count' | 'roles'>): number {
  const df = samples.count - dimensions(samples)
  if (df >= 1) return df
  throw tooFew(samples.count, dimensions(samples))
}

export function tooFew(count: number, rows: number): InputError {
  return new InputError('TooFewSamples', `${count} samples are too few for a test of ${rows} variables`, {
    hint: 'Use longer series, a smaller largest lag or fewer conditions (maxConditions).',
    data: { samples: count, dimensions: rows },
  })
}

/** Throws `InputError` Multivariate unless X and Y have one row each. */
export function checkUnivariate(name: string, { roles }: Samples): void {
  const [x, y] = [X, Y].map((role) => roles.reduce((n, own) => n + (own === role ? 1 : 0), 0))
  if (x === 1 && y === 1) return
  throw new InputError('Multivariate', `${name} takes one variable on each side, not ${x} and ${y}`, {
    hint: 'Use parcorr-mult, pairwise-mult or a cmi test for vectors.',
    data: { x, y },
  })
}

/** Ordinary least squares on standardised rows. */
export function standardResiduals(
  rows: readonly Float64Array[],
  roles: Uint8Array,
  wanted: readonly number[],
  note: (warning: Warning) => void,
): Float64Array[] {
  const z = rowsOf(rows, roles, Z).map(standardised)
  const fit = projector(z)
  if (fit.rank < z.length) note(collinear)
  return wanted.map((role) => fit.residuals(standardised(rows[roles.indexOf(role)]!)))
}

export const collinear: Warning = {
  tag: 'CollinearConditions',
  message: 'conditions of a test are collinear: some of them tell nothing that others do not',
}

const explained: Warning = {
  tag: 'ExplainedVariable',
  message:
    'a variable is a linear combination of the conditions of a test: the test says independent (value 0, p-value 1)',
}

/** Correlation of residuals; 0 where nothing is left of one of them. */
function residualCorrelation(
  pair: readonly Float64Array[],
  sizes: readonly number[],
  note: (w: Warning) => void,
): number {
  if (pair.some((row, k) => !(Math.sqrt(dot(row, row)) > NOTHING_LEFT * sizes[k]!))) {
    note(explained)
    return 0
  }
  const value = correlation(pair[0]!, pair[1]!)
  return Number.isNaN(value) ? 0 : value
}

/** A correlation of two rows with the first reordered. */
export function pearsonShuffled([x, y]: readonly Float64Array[]): (order: Int32Array) => number {
  const [a, b] = [standardised(x!), standardised(y!)]
  const n = a.length
  return (order) => {
    let [even, odd] = [0, 0]
    for (let i = 0; i + 1 < n; i += 2) {
      even += a[order[i]!]! * b[i]!
      odd += a[order[i + 1]!]! * b[i + 1]!
    }
    if (n & 1) even += a[order[n - 1]!]! * b[n - 1]!
    return (even + odd) / n
  }
}

/** A test from its residuals. */
export function residualTest<O extends TestOptions>(spec: ResidualTest<O>): IndependenceTest {
  const { options } = spec
  const random = new NumpyRandom(options.seed ?? 42)
  const warnings = new Map<string, Warning>()
  const note = (warning: Warning): void => void warnings.set(warning.tag, warning)
  const value = (samples: Samples): number => {
    checkUnivariate(spec.name, samples)
    degreesOfFreedom(samples)
    const quick = spec.quick?.(samples)
    if (quick !== undefined) return quick
    const sizes = spec.sizes?.(samples) ?? [X, Y].map(() => Math.sqrt(samples.count))
    return residualCorrelation(spec.residuals(samples, [X, Y], note), sizes, note)
  }
  const shuffled = (measured: number, samples: Samples): number => {
    const pair = spec.residuals(samples, [X, Y], note)
    const statistic = (spec.shuffled ?? pearsonShuffled)(pair, samples)
    const block = options.shuffleBlock ?? blockLength(pair.slice(0, 1))
    const next = blockShuffler(samples.count, block, random)
    const draws = new Float64Array(options.shuffles ?? 500)
    for (let i = 0; i < draws.length; i++) draws[i] = statistic(next())
    return shufflePValue(measured, draws)
  }
  const significance = options.significance ?? 'analytic'
  return {
    name: spec.name,
    significance,
    twoSided: true,
    maskType: options.maskType ?? '',
    options,
    value,
    pValue: (measured, samples) =>
      significance === 'shuffle' ? shuffled(measured, samples) : correlationPValue(measured, degreesOfFreedom(samples)),
    criterion: (samples) => akaike(spec.residuals(samples, [Y], note)[0]!, samples),
    warnings: () => [...warnings.values()],
    ...(options.confidence && {
      interval: (samples: Samples) => {
        spec.prepare?.(samples)
        return options.confidence === 'bootstrap'
          ? bootstrapInterval(samples, options, random, value)
          : correlationInterval(value(samples), degreesOfFreedom(samples), confidenceLevel(options))
      },
    }),
    ...(spec.extra && { extra: spec.extra }),
    ...(spec.shortcut && { shortcut: spec.shortcut }),
  }
}

/** Akaike's criterion less constants: X, the stand-in for Y itself, counts for the mean. */
export function akaike(residuals: Float64Array, samples: Samples): number {
  return samples.count * Math.log(dot(residuals, residuals)) + 2 * (dimensions(samples) - 1)
}
