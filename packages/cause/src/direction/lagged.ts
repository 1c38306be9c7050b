/** Present and past values of all variables as columns, over the steps that have all of them. */
import { InputError } from '@ecotope/core'
import { type MaskType, samplesOf } from '../series/samples.ts'
import { type Node, nodeName, type TimeSeries } from '../series/series.ts'

export interface Lagged {
  /** One array per variable. */
  readonly present: readonly Float64Array[]
  /** `[lag - 1][variable]`. */
  readonly past: readonly (readonly Float64Array[])[]
  readonly count: number
}

export interface LaggedOptions {
  /** `x` the present, `y` the past; default: masks are not used. */
  readonly maskType?: MaskType
}

/** Throws `InputError`: VectorVariable, NoSamples, ConstantVariable. */
export function laggedOf(series: TimeSeries, lags: number, { maskType = '' }: LaggedOptions = {}): Lagged {
  if (series.vectors !== undefined)
    throw new InputError('VectorVariable', 'this method takes one column per variable', {
      hint: 'Give the components as variables of their own.',
    })
  const size = series.names.length
  const at = (lag: number): Node[] => series.names.map((_, v): Node => [v, -lag])
  const past = Array.from({ length: lags }, (_, l) => at(l + 1)).flat()
  const { rows, nodes, count } = samplesOf(series, at(0), past, [], { tauMax: lags, cutOff: 'tau-max', maskType })
  const constant = rows.findIndex((row) => row.every((value) => value === row[0]))
  if (constant >= 0)
    throw new InputError(
      'ConstantVariable',
      `${nodeName(series, nodes[constant]!)} is constant over ${count} samples`,
      {
        hint: 'Leave the variable out: a cause has to vary to be found.',
        data: { variable: nodes[constant]![0] },
      },
    )
  return {
    present: rows.slice(0, size),
    past: Array.from({ length: lags }, (_, l) => rows.slice((l + 1) * size, (l + 2) * size)),
    count,
  }
}

/** Throws `InputError` TooFewSamples where a regression on `predictors` would have no freedom left. */
export function checkFreedom(count: number, predictors: number): void {
  if (count > predictors + 2) return
  throw new InputError('TooFewSamples', `${count} samples are too few for regressions on ${predictors} predictors`, {
    hint: 'Use longer series, fewer variables or fewer lags.',
    data: { samples: count, predictors },
  })
}
