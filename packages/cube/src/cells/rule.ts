/** What a rule of `rules.ts` is given and gives. */
import type { CellArgument, CellArray, ProcessGraph } from '../process/row.ts'
import { call, isCellArray } from './build.ts'
import type { Cell } from './cell.ts'

export type RuleArguments = Readonly<Record<string, CellArgument>>

/** Compiles a callback within the callback (of `count`, `array_apply`). */
export type CompileNested = (
  graph: ProcessGraph,
  bindings: Readonly<Record<string, CellArgument>>,
) => CellArgument | undefined

/**
 * What no cell can say of itself, as it depends on a whole row of cells in their order: done by a loop over rows, whose
 * result is an input of the cells that use it.
 */
export type Line =
  /** The result so far, element by element. */
  | { readonly kind: 'running'; readonly of: 'sum' | 'product' | 'min' | 'max'; readonly ignoresNodata: boolean }
  /** The elements by size, or their positions; missing ones at the end (`true` or null) or the start. */
  | { readonly kind: 'sort' | 'order'; readonly isAscending: boolean; readonly nodata: boolean | null }
  /** The elements of the first array at the positions that the second holds. */
  | { readonly kind: 'pick' }
  /** Gaps between known elements filled on straight lines. */
  | { readonly kind: 'interpolate' }
  /** The elements of the first array for which the second is true, one after the other. */
  | { readonly kind: 'compact' }
  /** The parameters of a curve through the elements, of which labels tell the x; from initial ones. */
  | { readonly kind: 'fit'; readonly graph: ProcessGraph; readonly initial: readonly number[] }

/** Makes an array of others along the same dimension; undefined where there is no way to. */
export type MakeLine = (line: Line, arrays: readonly CellArray[]) => CellArray | undefined

/** What rules may use beside their arguments. */
export interface RuleTools {
  readonly nested?: CompileNested
  readonly line?: MakeLine
}

export type CellRule = (args: RuleArguments, tools?: RuleTools) => CellArgument | undefined

/** A nested callback among arguments: `{ process_graph }` as it stands. */
export const graphOf = (argument: unknown): ProcessGraph | undefined =>
  typeof argument === 'object' && argument !== null && 'process_graph' in argument
    ? (argument.process_graph as ProcessGraph)
    : undefined

/** An array all of whose elements are there. */
export const wholeArray = (argument: CellArgument): CellArray | undefined =>
  isCellArray(argument) && argument.kept === undefined ? argument : undefined

export const isThere = (cell: Cell): Cell => call('not', call('is_nodata', cell))

/** The option of that name, if it is true or false. */
export function flagOf(args: RuleArguments, name: string, otherwise: boolean): boolean | undefined {
  const flag = args[name] ?? otherwise
  return typeof flag === 'boolean' ? flag : undefined
}
