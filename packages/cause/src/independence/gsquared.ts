/** The G-squared test of discrete variables: twice the number of samples times their conditional mutual information. */
import { InputError } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { type Samples, X, Y, Z } from '../series/samples.ts'
import { chiSquared } from '../statistics/distributions.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { coded, combined } from './contingency.ts'
import { pairwiseSum } from './pairwise-sum.ts'
import { checkUnivariate } from './parcorr-common.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

export interface GSquaredOptions extends TestOptions {
  /** Values are 0 to `symbols` - 1, samples with others count nowhere. Default: the values that samples have. */
  readonly symbols?: number
}

interface Measured {
  readonly value: number
  readonly degrees: number
}

/** Frequencies of Y (rows) and X (columns). */
interface Table {
  readonly cells: Float64Array
  readonly ys: Float64Array
  readonly xs: Float64Array
  readonly total: number
}

function tableOf(cells: Float64Array, width: number): Table {
  const xs = new Float64Array(width)
  const ys = new Float64Array(cells.length / width)
  for (const [at, frequency] of cells.entries()) {
    const y = Math.floor(at / width)
    ys[y] = ys[y]! + frequency
    xs[at % width] = xs[at % width]! + frequency
  }
  return { cells, ys, xs, total: xs.reduce((sum, n) => sum + n, 0) }
}

const xlogy = (x: number, y: number): number => (x === 0 ? 0 : x * Math.log(y))

function statistic({ cells, ys, xs, total }: Table): number {
  const terms = cells.map((observed, at) => {
    const expected = (ys[Math.floor(at / xs.length)]! * xs[at % xs.length]!) / total
    return xlogy(observed, observed) - xlogy(observed, expected)
  })
  return 2 * pairwiseSum(terms)
}

/** Of a table: empty rows and columns leave no freedom (Bishop et al. 1975). */
function freedom({ ys, xs }: Table): number {
  const filled = (sums: Float64Array): number => sums.reduce((n, sum) => n + (sum > 0 ? 1 : 0), 0)
  return (filled(ys) - 1) * (filled(xs) - 1)
}

/** The sum over combinations of Z, in the order of the last row of Z first. */
function measure(samples: Samples, { symbols }: GSquaredOptions): Measured {
  checkUnivariate('gsquared', samples)
  const roles = samples.roles.filter((role) => role <= Z)
  const { codes, sizes } = coded(samples, symbols)
  const of = (role: number): number[] => [...roles.keys()].filter((row) => roles[row] === role)
  const [x, y] = [of(X), of(Y)]
  const z = of(Z).reverse()
  const [zCodes] = combined(
    z.map((row) => codes[row]!),
    z.map((row) => sizes[row]!),
    samples.count,
  )
  const width = sizes[x[0]!]!
  const tables = new Map<number, Float64Array>()
  for (const [t, code] of zCodes.entries()) {
    const [a, b] = [codes[x[0]!]![t]!, codes[y[0]!]![t]!]
    if (code < 0 || a < 0 || b < 0) continue
    const cells = tables.get(code) ?? new Float64Array(width * sizes[y[0]!]!)
    const at = b * width + a
    cells[at] = cells[at]! + 1
    tables.set(code, cells)
  }
  let [value, degrees] = [0, 0]
  for (const [, cells] of [...tables].sort(([a], [b]) => a - b)) {
    const table = tableOf(cells, width)
    value += statistic(table)
    degrees += freedom(table)
  }
  return { value, degrees: Math.max(degrees, 1) }
}

function significanceOf({ significance = 'analytic' }: GSquaredOptions): 'analytic' | 'threshold' {
  if (significance !== 'shuffle') return significance
  throw new InputError('NoShuffleTest', 'gsquared has no shuffle test', {
    hint: 'cmi-symb is the same measure with permutations.',
  })
}

/** X and Y are single variables. Significance: `analytic` (chi-squared) or `threshold`. Throws `InputError` NotDiscrete, Multivariate. */
export function gsquared(options: GSquaredOptions = {}): IndependenceTest {
  const random = new NumpyRandom(options.seed ?? 42)
  const value = (samples: Samples): number => measure(samples, options).value
  return {
    name: 'gsquared',
    significance: significanceOf(options),
    twoSided: false,
    maskType: options.maskType ?? '',
    options,
    value,
    pValue: (statistic, samples) => chiSquared(measure(samples, options).degrees).sf(statistic),
    ...(options.confidence && { interval: (samples) => bootstrapInterval(samples, options, random, value) }),
  }
}
