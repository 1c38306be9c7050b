/** Lagged and present values of series as one triangular factor, from which autoregressions of every order follow. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { type MaskType, type Samples, samplesOf } from '../series/samples.ts'
import { type Node, nodeName, type TimeSeries } from '../series/series.ts'
import { mean } from '../statistics/moments.ts'

export interface DesignOptions {
  /** Variables of the model; default: all. */
  readonly variables?: readonly number[]
  /** Samples whose masked values are left out: `x` the past, `y` the present. Default: masks are not used. */
  readonly maskType?: MaskType
}

/**
 * QR factor of centred and scaled columns: lag 1 of all variables, then lag 2, ..., then the present. What is left of the
 * present below the first `order * K` rows are the residuals of the model of that order.
 */
export interface Design {
  readonly series: TimeSeries
  readonly variables: readonly number[]
  readonly order: number
  readonly samples: Samples
  /** Upper triangular, over (order + 1) K columns. */
  readonly factor: linalg.Matrix
  readonly means: Float64Array
  readonly scales: Float64Array
}

/** Throws `InputError`: VectorVariable, NoSamples, ConstantVariable. */
export function designOf(series: TimeSeries, order: number, options: DesignOptions = {}): Design {
  if (series.vectors !== undefined)
    throw new InputError('VectorVariable', 'autoregressions take one column per variable', {
      hint: 'Give the components as variables of their own.',
    })
  const variables = options.variables ?? series.names.map((_, i) => i)
  const past = Array.from({ length: order }, (_, l) => variables.map((v): Node => [v, -l - 1])).flat()
  const present = variables.map((v): Node => [v, 0])
  const samples = samplesOf(series, past, present, [], {
    tauMax: order,
    cutOff: 'tau-max',
    ...(options.maskType !== undefined && { maskType: options.maskType }),
  })
  const { count, rows } = samples
  const means = Float64Array.from(rows, mean)
  const scales = Float64Array.from(rows, (row, at) => spread(row, means[at]!))
  const flat = scales.indexOf(0)
  if (flat >= 0) throw constant(series, samples.nodes[flat]!, count)
  const columns = rows.length
  const data = new Float64Array(count * columns)
  for (const [at, row] of rows.entries())
    for (let t = 0; t < count; t++) data[t * columns + at] = (row[t]! - means[at]!) / scales[at]!
  const { r } = linalg.qr({ rows: count, columns, data })
  return { series, variables, order, samples, factor: r, means, scales }
}

/** Root of the sum of squares about the mean; 0 also where only rounding is left. */
function spread(row: Float64Array, middle: number): number {
  let squares = 0
  let largest = 0
  for (const value of row) {
    squares += (value - middle) ** 2
    largest = Math.max(largest, Math.abs(value))
  }
  const root = Math.sqrt(squares)
  return root <= 1e-14 * largest * Math.sqrt(row.length) ? 0 : root
}

function constant(series: TimeSeries, node: Node, samples: number): InputError {
  return new InputError('ConstantVariable', `${nodeName(series, node)} is constant over the ${samples} samples`, {
    hint: 'Leave the variable out: a constant neither causes nor is caused.',
    data: { variable: series.names[node[0]], samples },
  })
}

/** Most lags that a model with intercept may have on series of this length (Lütkepohl 2005, section 4.3). */
export const largestOrder = (length: number, variables: number): number =>
  Math.max(0, Math.floor((length - variables - 1) / (1 + variables)))

/** Residual sums of squares and products of the model of an order up to the design's, in the series' units; K x K. */
export function residualProducts({ factor, scales, variables, order: most }: Design, order: number): Float64Array {
  const size = variables.length
  const present = most * size
  const out = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      let sum = 0
      for (let row = order * size; row < factor.rows; row++)
        sum += factor.data[row * factor.columns + present + i]! * factor.data[row * factor.columns + present + j]!
      out[i * size + j] = sum * scales[present + i]! * scales[present + j]!
    }
  return out
}

/**
 * Throws `InputError` CollinearVariables where a lagged value is a combination of those before it: naming it, and those.
 */
export function checkRank({ factor, series, samples, variables, order }: Design): void {
  const { data, columns } = factor
  for (let at = 0; at < order * variables.length; at++) {
    if (Math.abs(data[at * columns + at]!) > 1e-10) continue
    const weights = new Float64Array(at)
    for (let i = at - 1; i >= 0; i--) {
      let rest = data[i * columns + at]!
      for (let j = i + 1; j < at; j++) rest -= data[i * columns + j]! * weights[j]!
      weights[i] = rest / data[i * columns + i]!
    }
    const others = samples.nodes.slice(0, at).filter((_, i) => Math.abs(weights[i]!) > 1e-6)
    const name = nodeName(series, samples.nodes[at]!)
    const names = others.map((node) => nodeName(series, node))
    throw new InputError('CollinearVariables', `${name} is a linear combination of ${names.join(', ')}`, {
      hint: 'Leave out one of these variables, or use fewer lags.',
      data: { node: name, others: names },
    })
  }
}
