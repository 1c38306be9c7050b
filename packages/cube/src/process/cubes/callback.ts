/** Callbacks of cube processes: compiled to cells where possible, else run value by value, with a probe of what they give. */
import { compacted } from '../../cells/array-rules.ts'
import { compileCallback } from '../../cells/callback.ts'
import type { Cell } from '../../cells/cell.ts'
import { isTruth } from '../../cells/truth.ts'
import type { Packing } from '../../model/block.ts'
import type { CubeNode } from '../../model/node.ts'
import type { Arguments, Callback, CellArgument, CellArray, LabeledArray, Value } from '../row.ts'
import { evaluateConstant } from './constants.ts'
import type { Label } from './labels.ts'
import { lineMaker } from './lines.ts'
import { constant, input, MISSING } from './nodes.ts'

/** What a callback compiled to: one cell, an array along a dimension, or several cells side by side. */
export type Compiled = {
  readonly isBoolean: boolean
  /** What cells of rows read: the cube, and rows made of it. */
  readonly inputs: readonly CubeNode[]
} & (
  | { readonly kind: 'cell'; readonly cell: Cell }
  | { readonly kind: 'array'; readonly array: CellArray }
  | { readonly kind: 'cells'; readonly cells: readonly Cell[] }
)

const KINDS = new Set(['input', 'constant', 'call', 'label', 'at', 'take', 'reduce', 'rename'])

export function isCell(value: unknown): value is Cell {
  return typeof value === 'object' && value !== null && KINDS.has((value as { kind?: string }).kind ?? '')
}

const isCellArray = (value: unknown): value is CellArray =>
  typeof value === 'object' && value !== null && (value as { kind?: string }).kind === 'array'

/** A plain value as an argument of a compiled callback: numbers are constants, lists element by element. */
function cellArgument(value: Value | undefined): CellArgument {
  if (typeof value === 'number') return constant(value)
  if (Array.isArray(value)) return value.map((item) => cellArgument(item as Value))
  return value as CellArgument
}

/** A result as a cell; undefined of what is none. */
function asCell(value: unknown): Cell | undefined {
  if (isCell(value)) return value
  if (value === null) return MISSING
  if (typeof value === 'boolean') return constant(Number(value))
  return typeof value === 'number' ? constant(value) : undefined
}

/**
 * Compiles a callback; `isBoolean` says of each input whether its cells are true and false. Where they are cells of one
 * cube, `base`, rows of them can be made by loops, which become further inputs.
 */
export function compile(
  callback: Callback,
  bindings: Readonly<Record<string, CellArgument>>,
  context: Value | undefined,
  isBoolean: readonly boolean[],
  base?: CubeNode,
): Compiled | undefined {
  const maker = base && lineMaker(base)
  const means = { evaluate: evaluateConstant, ...(maker && { line: maker.line }) }
  const given = compileCallback(callback, { ...bindings, context: cellArgument(context ?? null) }, means)
  // What a filter left out leaves no gap in a result.
  const result = isCellArray(given) ? compacted(given, means) : given
  if (result === undefined) return undefined
  const inputs = maker?.inputs ?? []
  const holds = (value: unknown): boolean => typeof value === 'boolean' || (isCell(value) && isTruth(value, isBoolean))
  if (isCellArray(result)) return { kind: 'array', array: result, isBoolean: holds(result.of), inputs }
  if (Array.isArray(result)) {
    const cells = result.map(asCell)
    if (cells.some((cell) => cell === undefined)) return undefined
    return { kind: 'cells', cells: cells as Cell[], isBoolean: result.length > 0 && result.every(holds), inputs }
  }
  const cell = asCell(result)
  return cell === undefined ? undefined : { kind: 'cell', cell, isBoolean: holds(result), inputs }
}

/** The array `data` of a reducer over dimension `dim` of an input. */
export const arrayAlong = (dim: string, labels: readonly Label[], of: Cell = input(0)): CellArray => ({
  kind: 'array',
  dim,
  labels,
  of,
})

export const labelled = (labels: readonly Label[], values: readonly Value[]): LabeledArray => ({
  kind: 'labeled-array',
  labels,
  values,
})

/** Made-up cells of a packing, to see what a callback gives. */
export function sampleValues(packing: Packing, length: number): Value[] {
  return Array.from({ length }, (_, i) => (packing.isBoolean ? i % 2 === 0 : i + 1))
}

/** What a callback gives for made-up values; undefined where it fails on them. */
export function probe(
  callback: Callback,
  parameters: Readonly<Record<string, Value>>,
): Value | undefined | Promise<Value | undefined> {
  try {
    const value = runner(callback)(parameters)
    return value instanceof Promise ? value.catch(() => undefined) : value
  } catch {
    return undefined
  }
}

/** Whether a graph, or a callback in it, names a process that may have to wait. */
export function isAsync(callback: Callback): boolean {
  return /"process_id":"(run_udf|load_|save_|export_)/.test(JSON.stringify(callback.graph))
}

/** Runs a callback, as a promise only where it may have to wait. */
export function runner(callback: Callback): (parameters: Readonly<Record<string, Value>>) => Value | Promise<Value> {
  return isAsync(callback) ? callback.run : callback.runSync
}

export const contextOf = (args: Arguments): Value => (args.context ?? null) as Value
