/** Time series as causal discovery takes them: one or more data sets of the same variables, with masks and missing values. */
import { InputError } from '@ecotope/core'

/** A variable at a lag: `[variable, lag]`, the lag in time steps and never positive (`[2, -1]`: variable 2 one step ago). */
export type Node = readonly [variable: number, lag: number]

/** A stretch of time steps. All arrays are columns of `length`; missing values are NaN. */
export interface DataSet {
  readonly length: number
  readonly columns: readonly Float64Array[]
  /** 1 where a value is masked. */
  readonly masks?: readonly Uint8Array[]
  /** 1 where a value is discrete (for tests of mixed data). */
  readonly types?: readonly Uint8Array[]
  /** Weight of each value: the inverse of the variance of its noise (for weighted tests). */
  readonly weights?: readonly Float64Array[]
  /** Time step of the first row on the common clock of all data sets. */
  readonly offset: number
}

/** Draws time steps in blocks with replacement instead of taking each once (bootstrap aggregation). */
export interface Resampling {
  /** Steps in a block; `cube-root` of the number of samples. */
  readonly blockLength: number | 'cube-root'
  readonly seed: number
  /** Of a child of that seed: `[b]` is draw b of many. Default: the seed itself. */
  readonly spawnKey?: readonly number[]
}

/** Immutable. Rows are never compared across data sets: a lag stays inside its own. */
export interface TimeSeries {
  /** Of variables, as results name them. */
  readonly names: readonly string[]
  readonly datasets: readonly DataSet[]
  /** The columns (with lags) that make up each variable, where some are vectors. Default: variable i is column i. */
  readonly vectors?: readonly (readonly Node[])[]
  /** Steps of the common clock that may serve as the present; default: all. */
  readonly referencePoints?: Int32Array
  /** Whether a missing value also removes the samples that follow it up to the largest lag. */
  readonly missingUpToMaxLag: boolean
  readonly resampling?: Resampling
}

export interface DataSetInput {
  /** One array per column. */
  readonly columns: readonly ArrayLike<number>[]
  readonly masks?: readonly ArrayLike<number | boolean>[]
  readonly types?: readonly ArrayLike<number | boolean>[]
  readonly weights?: readonly ArrayLike<number>[]
  readonly offset?: number
}

export interface TimeSeriesOptions {
  readonly names?: readonly string[]
  readonly vectors?: readonly (readonly Node[])[]
  readonly referencePoints?: ArrayLike<number>
  readonly missingUpToMaxLag?: boolean
}

/** Columns are copied. Throws `InputError`: NoVariables, DuplicateName, ColumnLength, BadVector, BadName, BadValue. */
export function timeSeries(input: DataSetInput | readonly DataSetInput[], options: TimeSeriesOptions = {}): TimeSeries {
  const inputs = 'columns' in input ? [input] : input
  const width = inputs[0]?.columns.length ?? 0
  if (width === 0)
    throw new InputError('NoVariables', 'the series have no variables', { hint: 'Give at least one column.' })
  const datasets = inputs.map((given, index) => dataset(given, index, width))
  const count = options.vectors?.length ?? width
  const names = options.names ?? Array.from({ length: count }, (_, i) => `x${i}`)
  checkNames(names, count)
  checkVectors(options.vectors, width)
  return {
    names: [...names],
    datasets,
    missingUpToMaxLag: options.missingUpToMaxLag ?? false,
    ...(options.vectors && { vectors: options.vectors }),
    ...(options.referencePoints && { referencePoints: Int32Array.from(options.referencePoints) }),
  }
}

function dataset(given: DataSetInput, index: number, width: number): DataSet {
  const length = given.columns[0]?.length ?? 0
  const check = (what: string, columns: readonly ArrayLike<unknown>[]): void => {
    const at = columns.findIndex((column) => column.length !== length)
    if (columns.length === width && at < 0) return
    const actual =
      columns.length === width ? `column ${at} has ${columns[at]!.length} rows` : `there are ${columns.length} columns`
    throw new InputError(
      'ColumnLength',
      `data set ${index}: ${what} should be ${width} columns of ${length} rows, but ${actual}`,
      {
        hint: 'Every variable needs a value, or NaN, at each time step.',
        data: { dataset: index, what },
      },
    )
  }
  check('values', given.columns)
  for (const what of ['masks', 'types', 'weights'] as const) if (given[what]) check(what, given[what])
  const columns = given.columns.map((column) => Float64Array.from(column))
  checkFinite(columns, index)
  return {
    length,
    columns,
    offset: given.offset ?? 0,
    ...(given.masks && { masks: given.masks.map(flags) }),
    ...(given.types && { types: given.types.map(flags) }),
    ...(given.weights && { weights: given.weights.map((column) => Float64Array.from(column)) }),
  }
}

const flags = (column: ArrayLike<number | boolean>): Uint8Array => Uint8Array.from(column, (value) => (value ? 1 : 0))

/** Squares of larger values, and of columns whose largest value is smaller, are beyond the range of numbers. */
const LARGEST = 1e150

function checkFinite(columns: readonly Float64Array[], index: number): void {
  for (const [variable, column] of columns.entries()) {
    let most = 0
    for (const [row, value] of column.entries()) {
      const size = Math.abs(value)
      if (size > most) most = size
      if (!(size > LARGEST)) continue
      const problem = size === Number.POSITIVE_INFINITY ? 'is infinite' : `is ${value}, too large to compute with`
      throw new InputError('BadValue', `data set ${index}, column ${variable}, row ${row}: the value ${problem}`, {
        hint: 'Replace it by NaN where it is missing, or use another unit.',
        data: { dataset: index, column: variable, row },
      })
    }
    if (most > 0 && most < 1 / LARGEST)
      throw new InputError('BadValue', `data set ${index}, column ${variable}: no value is larger than ${most}`, {
        hint: 'Use a unit in which values are of ordinary size.',
        data: { dataset: index, column: variable },
      })
  }
}

function checkNames(names: readonly string[], count: number): void {
  if (names.length !== count)
    throw new InputError('BadName', `${names.length} names for ${count} variables`, {
      hint: 'Give one name per variable.',
    })
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name))
      throw new InputError('DuplicateName', `two variables are named ${name}`, {
        hint: 'Give each variable a name of its own.',
        data: { name },
      })
    seen.add(name)
  }
}

function checkVectors(vectors: TimeSeriesOptions['vectors'], width: number): void {
  for (const [variable, nodes] of (vectors ?? []).entries()) {
    const bad = nodes.find(([column, lag]) => column < 0 || column >= width || lag > 0)
    if (nodes.length > 0 && bad === undefined) continue
    const what =
      bad === undefined
        ? 'has no components'
        : `names [${bad}], but columns are 0 to ${width - 1} and lags not positive`
    throw new InputError('BadVector', `vector variable ${variable} ${what}`, { data: { variable } })
  }
}

/** Number of variables (vectors count once). */
export const variableCount = (series: TimeSeries): number => series.names.length

/** `rain@-2`. */
export const nodeName = (series: Pick<TimeSeries, 'names'>, [variable, lag]: Node): string =>
  `${series.names[variable] ?? variable}@${lag}`
