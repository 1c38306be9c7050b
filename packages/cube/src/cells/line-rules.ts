/** Rules of processes for which whole rows of cells have to be seen in their order: done by loops over rows. */
import type { CellArgument, CellArray } from '../process/row.ts'
import { pickedArray } from './array-rules.ts'
import { isCellArray, numberOf } from './build.ts'
import {
  type CellRule,
  flagOf,
  graphOf,
  isThere,
  type Line,
  type RuleArguments,
  type RuleTools,
  wholeArray,
} from './rule.ts'

type Running = Extract<Line, { kind: 'running' }>['of']

/** An array of which missing elements at the end are not there. */
const shortened = (array: CellArray): CellArray => ({ ...array, kept: isThere(array.of), isCompact: true })

/** An array whose elements that are there lie at their places. */
const placedArray = (data: CellArgument): CellArray | undefined =>
  isCellArray(data) && (data.kept === undefined || data.isCompact === true) ? data : undefined

const running =
  (of: Running): CellRule =>
  (args, tools) => {
    const data = placedArray(args.data)
    const ignoresNodata = flagOf(args, 'ignore_nodata', true)
    if (data === undefined || ignoresNodata === undefined) return undefined
    const result = tools?.line?.({ kind: 'running', of, ignoresNodata }, [data])
    if (result === undefined) return undefined
    const labelled = data.isUnlabelled === true ? { ...result, isUnlabelled: true } : result
    return data.kept === undefined ? labelled : shortened(labelled)
  }

/** Where missing values go: true to the end, false to the start, null nowhere. */
function optionsOf(args: RuleArguments): { isAscending: boolean; nodata: boolean | null } | undefined {
  const isAscending = flagOf(args, 'asc', true)
  const nodata = args.nodata ?? null
  if (isAscending === undefined || (nodata !== null && typeof nodata !== 'boolean')) return undefined
  return { isAscending, nodata }
}

const sorting =
  (kind: 'sort' | 'order'): CellRule =>
  (args, tools) => {
    const options = optionsOf(args)
    // To sort leaves out what is missing, there or not; positions are those among elements that are there.
    const data = kind === 'sort' && isCellArray(args.data) ? args.data : placedArray(args.data)
    if (options === undefined || data === undefined) return undefined
    if (data.kept !== undefined && options.nodata !== null) return undefined
    const made = tools?.line?.({ kind, ...options }, [data])
    if (made === undefined) return undefined
    const result = { ...made, isUnlabelled: true, ...(kind === 'order' && { isPermutation: true }) }
    return options.nodata === null ? shortened(result) : result
  }

/** Positions that the graph tells, within the array. */
function positionsIn(order: CellArgument, length: number): number[] | undefined {
  if (!Array.isArray(order)) return undefined
  const positions = order.map((position: CellArgument) => numberOf(position) ?? -1)
  const isWithin = (at: number): boolean => Number.isInteger(at) && at >= 0 && at < length
  return positions.length > 0 && positions.every(isWithin) ? positions : undefined
}

function rearrange(args: RuleArguments, tools?: RuleTools): CellArgument | undefined {
  const { order } = args
  const data = wholeArray(args.data)
  if (data === undefined) return undefined
  const positions = positionsIn(order, data.labels.length)
  if (positions !== undefined) return pickedArray(data, positions)
  if (!isCellArray(order) || order.isPermutation !== true || order.dim !== data.dim) return undefined
  if (order.labels.length > data.labels.length) return undefined
  const made = tools?.line?.({ kind: 'pick' }, [data, order])
  if (made === undefined) return undefined
  const result = { ...made, isUnlabelled: true }
  // Which elements are there is told by the positions; those picked may be missing themselves.
  return order.kept === undefined ? result : { ...result, kept: order.kept, isCompact: true }
}

const interpolateLinear: CellRule = (args, tools) => {
  const data = wholeArray(args.data)
  return data === undefined || data.isUnlabelled === true ? undefined : tools?.line?.({ kind: 'interpolate' }, [data])
}

function fitCurve(args: RuleArguments, tools?: RuleTools): CellArgument | undefined {
  const data = wholeArray(args.data)
  const graph = graphOf(args.function)
  if (data === undefined || data.isUnlabelled === true || graph === undefined) return undefined
  if (!Array.isArray(args.parameters) || flagOf(args, 'ignore_nodata', true) !== true) return undefined
  const initial = args.parameters.map((parameter: CellArgument) => numberOf(parameter) ?? Number.NaN)
  if (initial.length === 0 || initial.some(Number.isNaN)) return undefined
  const fitted = tools?.line?.({ kind: 'fit', graph, initial }, [data])
  return fitted && { ...fitted, isUnlabelled: true }
}

export const lineRules: readonly (readonly [string, CellRule])[] = [
  ['cumsum', running('sum')],
  ['cumproduct', running('product')],
  ['cummin', running('min')],
  ['cummax', running('max')],
  ['sort', sorting('sort')],
  ['order', sorting('order')],
  ['rearrange', rearrange],
  ['array_interpolate_linear', interpolateLinear],
  ['fit_curve', fitCurve],
]
