/** Rules of processes that reduce arrays, of rows of cells and of lists made in the callback. */
import type { CellArgument } from '../process/row.ts'
import { elementsOf, isCellArray, numberOf, type ReduceOptions, reduceArray, reduceList } from './build.ts'
import type { Cell, Reducer } from './cell.ts'
import { type CellRule, flagOf, type RuleArguments } from './rule.ts'

/** Reduces an array or a list; undefined where `data` is neither. */
export function reduced(reducer: Reducer, data: CellArgument, options: ReduceOptions): Cell | undefined {
  if (isCellArray(data)) {
    // Elements that are not there look like missing ones, which must not count then.
    return data.kept !== undefined && options.ignoreNodata === false ? undefined : reduceArray(reducer, data, options)
  }
  const cells = elementsOf(data)
  return cells && reduceList(reducer, cells, options)
}

const ignoresNodata = (args: RuleArguments): boolean | undefined => flagOf(args, 'ignore_nodata', true)

const reduction =
  (reducer: Reducer): CellRule =>
  (args) => {
    const ignoreNodata = ignoresNodata(args)
    return ignoreNodata === undefined ? undefined : reduced(reducer, args.data, { ignoreNodata })
  }

/** Probabilities as given, or those that cut into `q` equal parts. */
function probabilitiesOf(args: RuleArguments): readonly number[] | undefined {
  const { probabilities, q } = args
  if (Array.isArray(probabilities)) {
    if (q !== undefined && q !== null) return undefined
    const list = probabilities.map((probability: CellArgument) => numberOf(probability) ?? Number.NaN)
    return list.every((p, i) => p >= 0 && p <= 1 && (i === 0 || p >= list[i - 1]!)) ? list : undefined
  }
  const parts = numberOf(probabilities ?? undefined) ?? numberOf(q ?? undefined)
  if (parts === undefined || !Number.isInteger(parts) || parts < 2) return undefined
  if (probabilities !== undefined && probabilities !== null && q !== undefined && q !== null) return undefined
  return Array.from({ length: parts - 1 }, (_, i) => (i + 1) / parts)
}

function quantiles(args: RuleArguments): CellArgument | undefined {
  const probabilities = probabilitiesOf(args)
  const ignoreNodata = ignoresNodata(args)
  if (probabilities === undefined || ignoreNodata === undefined) return undefined
  const cells = probabilities.map((probability) => reduced('quantile', args.data, { ignoreNodata, probability }))
  return cells.every((cell) => cell !== undefined) ? cells : undefined
}

function extrema(args: RuleArguments): CellArgument | undefined {
  const ignoreNodata = ignoresNodata(args)
  if (ignoreNodata === undefined) return undefined
  const cells = (['min', 'max'] as const).map((reducer) => reduced(reducer, args.data, { ignoreNodata }))
  return cells.every((cell) => cell !== undefined) ? cells : undefined
}

const REDUCTIONS: readonly Reducer[] = [
  ...(['sum', 'mean', 'product', 'min', 'max', 'variance', 'sd', 'median', 'first', 'last', 'any', 'all'] as const),
]

export const reduceRules: readonly (readonly [string, CellRule])[] = [
  ...REDUCTIONS.map((reducer) => [reducer, reduction(reducer)] as const),
  ['quantiles', quantiles],
  ['extrema', extrema],
]
