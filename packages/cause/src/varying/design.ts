/** The samples of a varying-coefficient model: a target, its causes, and what their effects vary with. */
import { InputError } from '@ecotope/core'
import { type MaskType, samplesOf } from '../series/samples.ts'
import { type Node, nodeName, type TimeSeries } from '../series/series.ts'
import { centred, deviation, mean } from '../statistics/moments.ts'

export interface VaryingDesignOptions {
  /** Variable that is affected, at lag 0. */
  readonly target: number
  /** Its causes: variables at lags. */
  readonly causes: readonly Node[]
  /** What effects vary with: `time` (steps of the common clock), or a variable at a lag. Default `time`. */
  readonly over?: 'time' | Node
  /** `x` causes, `y` the target, `z` what effects vary with. */
  readonly maskType?: MaskType
}

export interface VaryingDesign {
  readonly target: Float64Array
  /** The causes, each over its spread; first a row of ones, for the intercept. */
  readonly rows: readonly Float64Array[]
  /** What to divide a coefficient of each row by to have it on the scale of the data. */
  readonly scales: Float64Array
  readonly u: Float64Array
  readonly names: readonly string[]
}

/** Throws `InputError`: BadNode, NoCauses, NoSamples, VectorVariable, ConstantVariable, TooFewSamples. */
export function varyingDesign(series: TimeSeries, options: VaryingDesignOptions): VaryingDesign {
  const { target, causes, over = 'time', maskType = '' } = options
  if (series.vectors !== undefined)
    throw new InputError('VectorVariable', 'varying coefficients are of variables with one column', {
      hint: 'Give the components as variables of their own.',
    })
  if (causes.length === 0)
    throw new InputError('NoCauses', 'a varying-coefficient model needs a cause', { hint: 'Name at least one cause.' })
  const tauMax = Math.max(...causes.map(([, lag]) => -lag), over === 'time' ? 0 : -over[1])
  const samples = samplesOf(series, causes, [[target, 0]], over === 'time' ? [] : [over], {
    tauMax,
    cutOff: 'tau-max',
    maskType,
    removeOverlaps: false,
  })
  const { rows, nodes, count, points } = samples
  const spreads = rows.map(deviation)
  const flat = spreads.findIndex((spread, k) => !(spread > 1e-12 * Math.abs(mean(rows[k]!))))
  if (flat >= 0)
    throw new InputError('ConstantVariable', `${nodeName(series, nodes[flat]!)} is constant over ${count} samples`, {
      hint: 'Leave it out: the effect of what does not vary cannot be told from the mean.',
      data: { variable: nodes[flat]![0] },
    })
  const own = rows.length - (over === 'time' ? 1 : 2)
  return {
    target: rows[own]!,
    rows: [new Float64Array(count).fill(1), ...rows.slice(0, own).map((row, k) => overSpread(row, spreads[k]!))],
    scales: Float64Array.of(1, ...spreads.slice(0, own)),
    u: over === 'time' ? timesOf(series, points) : rows[own + 1]!,
    names: ['intercept', ...nodes.slice(0, own).map((node) => nodeName(series, node))],
  }
}

/** Causes keep their zero: the intercept is the target where all causes are 0. */
const overSpread = (row: Float64Array, spread: number): Float64Array => row.map((value) => value / spread)

function timesOf(series: TimeSeries, points: readonly Int32Array[]): Float64Array {
  return Float64Array.from(
    points.flatMap((steps, set) => [...steps].map((step) => step + series.datasets[set]!.offset)),
  )
}

/** Throws `InputError` TooFewSamples. */
export function checkSamples(count: number, needed: number): void {
  if (count >= needed) return
  throw new InputError('TooFewSamples', `${count} samples are too few: this model needs ${needed}`, {
    hint: 'Use longer series, fewer causes or fewer segments.',
    data: { samples: count, needed },
  })
}

export const totalSquares = (target: Float64Array): number =>
  centred(target).reduce((sum, value) => sum + value * value, 0)
