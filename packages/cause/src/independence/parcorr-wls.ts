/** Partial correlation by weighted least squares, where the noise of variables has changing spread (Gunther et al. 2022). */
import { InputError } from '@ecotope/core'
import { EXTRA, type Samples, X, Y, Z } from '../series/samples.ts'
import type { Node } from '../series/series.ts'
import { projector } from '../statistics/least-squares.ts'
import { correlation, dot } from '../statistics/moments.ts'
import { normalScores } from '../statistics/normal-scores.ts'
import { argsort } from '../statistics/ranks.ts'
import { residualTest, rowsOf, tooFew } from './parcorr-common.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

/** What the spread of a variable's noise changes with: time, or the value of a node (its lag seen from the variable). */
export type SpreadSource = 'time' | Node

export interface ParcorrWlsOptions extends TestOptions {
  /**
   * For all variables (`time`, the default; `none`: equal spread), or for each variable that has one; the first source of a
   * variable is used. Weights of the series, where it has them, come before this: they are inverse variances of the noise.
   */
  readonly spread?: 'time' | 'none' | Readonly<Record<number, readonly SpreadSource[]>>
  /** Samples over which the size of residuals is averaged; default 10. */
  readonly window?: number
  /** Whether values become normal scores before they are tested; default false. */
  readonly robust?: boolean
}

/** X and Y are single variables. Regressions have no intercept, as in the reference: give anomalies. */
export function parcorrWls(options: ParcorrWlsOptions = {}): IndependenceTest {
  const { spread = 'time', window = 10, robust = false } = options
  if (!(Number.isInteger(window) && window >= 1))
    throw new InputError('BadWindow', `the window is ${window} samples`, { hint: 'Use a whole number of at least 1.' })
  const sourcesOf = (variable: number): readonly SpreadSource[] =>
    spread === 'time' ? ['time'] : spread === 'none' ? [] : (spread[variable] ?? [])
  // Bootstrap draws share the roles of their samples, and keep their weights: one estimate serves all.
  const known = new WeakMap<Uint8Array, readonly Float64Array[]>()
  const weightsOf = (samples: Samples): readonly Float64Array[] => {
    const found = known.get(samples.roles) ?? [X, Y].map((role) => weights(samples, role, sourcesOf, window))
    known.set(samples.roles, found)
    return found
  }
  return residualTest({
    name: 'parcorr-wls',
    options,
    sizes: (samples) =>
      [X, Y].map((role) => norm(times(samples.rows[samples.roles.indexOf(role)]!, weightsOf(samples)[role]!))),
    prepare: (samples) => void weightsOf(samples),
    extra: (x, y) => [...x, ...y].flatMap(([variable]) => sourcesOf(variable).filter((source) => source !== 'time')),
    residuals(samples, wanted) {
      const own = weightsOf(samples)
      const rows = robust
        ? samples.rows.map((row, k) => (samples.roles[k] === EXTRA ? row : normalScores(row)))
        : samples.rows
      return wanted.map((role) => {
        const weighted = (row: Float64Array): Float64Array => times(row, own[role]!)
        const z = rowsOf(rows, samples.roles, Z).map(weighted)
        return projector(z).residuals(weighted(rows[samples.roles.indexOf(role)]!))
      })
    },
    // As the reference has it, residuals that already are weighted get the weights of their new places.
    shuffled(pair, samples) {
      const own = weightsOf(samples)
      const [x, y] = robust ? pair.map(normalScores) : pair
      const right = times(y!, own[Y]!)
      return (order) => {
        const left = own[X]!.map((weight, i) => weight * x![order[i]!]!)
        return correlation(left, right)
      }
    },
  })
}

const norm = (row: Float64Array): number => Math.sqrt(dot(row, row))

const times = (row: Float64Array, factors: Float64Array): Float64Array => row.map((value, i) => value * factors[i]!)

/** Inverse standard deviations of the noise of X or Y. */
function weights(
  samples: Samples,
  role: number,
  sourcesOf: (variable: number) => readonly SpreadSource[],
  window: number,
): Float64Array {
  const row = samples.roles.indexOf(role)
  if (samples.weights !== undefined) return samples.weights[row]!.map(rootWeight)
  const [variable, lag] = samples.nodes[row]!
  const source = sourcesOf(variable)[0]
  if (source === undefined) return new Float64Array(samples.count).fill(1)
  if (samples.count < window) throw tooFew(samples.count, samples.rows.length)
  const z = samples.rows.filter((own, k) => samples.roles[k]! >= Z && own.some((value) => value !== own[0]))
  const sizes = projector(z).residuals(samples.rows[row]!).map(Math.abs)
  const spread =
    source === 'time' || z.length === 0 ? smooth(sizes, window) : byParent(samples, sizes, source, lag, window)
  if (spread.includes(0))
    throw new InputError(
      'NoSpread',
      `column ${variable} has no noise in ${window} samples on end, so that they cannot be weighted`,
      {
        hint: 'Use a longer window, or parcorr.',
        data: { column: variable, window },
      },
    )
  return spread.map((value) => 1 / value)
}

function rootWeight(weight: number): number {
  if (weight > 0 && Number.isFinite(weight)) return Math.sqrt(weight)
  throw new InputError('BadWeight', `a weight is ${weight}`, {
    hint: 'Weights are inverse variances: positive numbers. Use missing values to leave samples out.',
    data: { weight },
  })
}

/** Means of the last `window` values; 1 at the beginning, where there are fewer. */
function smooth(values: Float64Array, window: number): Float64Array {
  const out = new Float64Array(values.length).fill(1)
  for (let i = window - 1; i < values.length; i++) {
    let sum = 0
    for (let k = i - window + 1; k <= i; k++) sum += values[k]!
    out[i] = sum / window
  }
  return out
}

/** Means over samples whose parent has similar values. The parent's samples are shifted by its lag and that of the variable. */
function byParent(
  { rows, nodes, count }: Samples,
  sizes: Float64Array,
  [column, parentLag]: Node,
  lag: number,
  window: number,
): Float64Array {
  const parent = rows[nodes.findIndex((node) => node[0] === column && node[1] === parentLag)]!
  const shift = Math.abs(parentLag + lag)
  if (count - shift < window) throw tooFew(count - shift, nodes.length)
  const order = argsort(parent.subarray(shift))
  const ordered = Float64Array.from(order, (at) => sizes[shift + at]!)
  const smoothed = smooth(ordered, window)
  const out = new Float64Array(count).fill(1)
  for (const [at, from] of order.entries()) out[shift + from] = smoothed[at]!
  return out
}
