/** Short ways to write cells, and to read arguments of compiled callbacks. */
import type { CellArgument, CellArray } from '../process/row.ts'
import type { Cell, Reducer } from './cell.ts'
import type { OperationName } from './operations.ts'

export const constant = (value: number): Cell => ({ kind: 'constant', value })
export const MISSING_CELL: Cell = constant(Number.NaN)

export const call = (operation: OperationName, ...args: readonly Cell[]): Cell => ({ kind: 'call', operation, args })

/** (x - y) / (x + y). */
export const normalizedDifference = (x: Cell, y: Cell): Cell =>
  call('divide', call('subtract', x, y), call('add', x, y))

export interface ReduceOptions {
  readonly ignoreNodata?: boolean | undefined
  readonly probability?: number | undefined
}

/** Reduces a short list of cells. */
export function reduceList(reducer: Reducer, cells: readonly Cell[], options: ReduceOptions = {}): Cell {
  const args = reducer === 'quantile' ? [constant(options.probability ?? 0.5), ...cells] : cells
  return { kind: 'call', operation: `${reducer}Of${options.ignoreNodata === false ? '!' : ''}`, args }
}

/** Reduces an array along its dimension. */
export function reduceArray(reducer: Reducer, array: CellArray, options: ReduceOptions = {}): Cell {
  return {
    kind: 'reduce',
    reducer,
    dim: array.dim,
    length: array.labels.length,
    ...(options.ignoreNodata === false ? { ignoreNodata: false } : {}),
    ...(options.probability === undefined ? {} : { probability: options.probability }),
    of: array.of,
  }
}

/** The element of an array at an index. */
export const elementAt = (array: CellArray, index: number): Cell => ({
  kind: 'at',
  dim: array.dim,
  index,
  of: array.of,
})

const CELL_KINDS = new Set(['input', 'constant', 'call', 'label', 'at', 'take', 'reduce', 'rename'])

export function isCellArray(argument: unknown): argument is CellArray {
  return typeof argument === 'object' && argument !== null && 'kind' in argument && argument.kind === 'array'
}

export function isCell(argument: unknown): argument is Cell {
  return (
    typeof argument === 'object' && argument !== null && 'kind' in argument && CELL_KINDS.has(argument.kind as string)
  )
}

/** An argument as one cell: booleans are 0 and 1, null is missing, a list of one is its element; else undefined. */
export function cellOf(argument: CellArgument): Cell | undefined {
  if (isCell(argument)) return argument
  if (argument === null) return MISSING_CELL
  if (typeof argument === 'boolean') return constant(Number(argument))
  if (Array.isArray(argument) && argument.length === 1) return cellOf(argument[0])
  return undefined
}

/** The number of a constant argument. */
export function numberOf(argument: CellArgument): number | undefined {
  return isCell(argument) && argument.kind === 'constant' ? argument.value : undefined
}

/** Lists of more cells than this are left to the interpreter. */
const LONGEST_LIST = 256

/** The elements of an array or a list as cells; undefined where that cannot be. */
export function elementsOf(argument: CellArgument): readonly Cell[] | undefined {
  if (isCellArray(argument)) {
    if (argument.labels.length > LONGEST_LIST || argument.kept !== undefined) return undefined
    return argument.labels.map((_, index) => elementAt(argument, index))
  }
  if (!Array.isArray(argument) || argument.length > LONGEST_LIST) return undefined
  const cells = argument.map((element: CellArgument) => (Array.isArray(element) ? undefined : cellOf(element)))
  return cells.every((cell) => cell !== undefined) ? cells : undefined
}
