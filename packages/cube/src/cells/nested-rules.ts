/** Rules of processes that run a callback on the elements of an array. */
import type { CellArgument, CellArray, ProcessGraph } from '../process/row.ts'
import { pickedArray } from './array-rules.ts'
import { call, cellOf, constant, elementsOf, isCellArray, MISSING_CELL, reduceArray } from './build.ts'
import type { Cell } from './cell.ts'
import { evaluatorOf } from './operations.ts'
import { reduced } from './reduce-rules.ts'
import { isTrue } from './reducers.ts'
import { type CellRule, type CompileNested, graphOf, type RuleArguments, type RuleTools } from './rule.ts'
import { CellTable } from './structure.ts'
import { isTruth } from './truth.ts'

type Bindings = Readonly<Record<string, CellArgument>>

/** The element of an array, its index, and its label where that is a number or where all are texts (undefined). */
function elementBindings(data: CellArray): Bindings {
  const isNumbered = data.isUnlabelled !== true && data.labels.every((value) => typeof value === 'number')
  const label = isNumbered ? ({ kind: 'label', dim: data.dim, values: data.labels as number[] } as const) : undefined
  const index: Cell = { kind: 'label', dim: data.dim, values: data.labels.map((_, i) => i) }
  return { x: data.of, index, ...(label && { label }) }
}

/** What a callback makes of the element of an array: one cell for all, made of those of each where it asks for texts. */
function elementCell(data: CellArray, graph: ProcessGraph, context: Bindings, nested: CompileNested): Cell | undefined {
  const common = nested(graph, { ...context, ...elementBindings(data) })
  const cell = typeof common === 'boolean' ? call('eq', constant(Number(common)), constant(1)) : cellOf(common)
  if (cell !== undefined || data.isUnlabelled === true || data.labels.length === 0) return cell
  const cells: Cell[] = []
  let areTruths = true
  for (const [i, label] of data.labels.entries()) {
    const named = typeof label === 'number' ? constant(label) : label
    const result = nested(graph, { ...context, x: data.of, index: constant(i), label: named })
    const one = cellOf(result)
    if (one === undefined) return undefined
    areTruths &&= typeof result === 'boolean'
    cells.push(one)
  }
  const all = unified(cells, data.dim, new CellTable())
  // Numbers of labels are not known to be true and false.
  return all && areTruths ? call('eq', all, constant(1)) : all
}

/** One cell for cells that differ in constants only: these become numbers that go with the labels of `dim`. */
function unified(cells: readonly Cell[], dim: string, table: CellTable): Cell | undefined {
  const first = cells[0]!
  const id = table.idOf(first)
  if (cells.every((cell) => table.idOf(cell) === id)) return first
  if (cells.every((cell) => cell.kind === 'constant'))
    return { kind: 'label', dim, values: cells.map(({ value }) => value) }
  if (first.kind !== 'call' || first.operation.startsWith('quantileOf')) return undefined
  const isAlike = (cell: Cell): cell is typeof first =>
    cell.kind === 'call' && cell.operation === first.operation && cell.args.length === first.args.length
  if (!cells.every(isAlike)) return undefined
  const args = first.args.map((_, k) =>
    unified(
      cells.map((cell) => cell.args[k]!),
      dim,
      table,
    ),
  )
  return args.every((arg) => arg !== undefined) ? { ...first, args } : undefined
}

/** What a nested callback makes of each element. */
function applied(data: CellArgument, graph: ProcessGraph, args: RuleArguments, nested: CompileNested): CellArgument {
  const context = { context: args.context ?? null }
  if (isCellArray(data)) {
    const of = elementCell(data, graph, context, nested)
    if (of === undefined) return undefined
    const { isPermutation: _, ...rest } = data
    return { ...rest, of: data.kept === undefined ? of : call('if', data.kept, of, MISSING_CELL) }
  }
  const results = elementsOf(data)?.map((x, index) => cellOf(nested(graph, { ...context, x, index: constant(index) })))
  return results?.every((cell) => cell !== undefined) ? results : undefined
}

/** Whether all elements are true, false or missing; numbers are no verdicts, and where one runs for each it says so. */
const areVerdicts = (array: CellArgument): boolean =>
  isCellArray(array) ? isTruth(array.of, []) : elementsOf(array)?.every((cell) => isTruth(cell, [])) === true

function count(args: RuleArguments, tools?: RuleTools): CellArgument | undefined {
  const { data, condition } = args
  if (condition === undefined || condition === null) return reduced('countValid', data, {})
  if (condition === true) return lengthOf(data)
  const graph = graphOf(condition)
  const verdicts = graph && tools?.nested && applied(data, graph, args, tools.nested)
  return areVerdicts(verdicts) ? reduced('count', verdicts, {}) : undefined
}

function lengthOf(data: CellArgument): Cell | undefined {
  if (isCellArray(data))
    return data.kept === undefined ? constant(data.labels.length) : reduceArray('count', { ...data, of: data.kept })
  return Array.isArray(data) ? constant(data.length) : undefined
}

function arrayApply(args: RuleArguments, tools?: RuleTools): CellArgument | undefined {
  const graph = graphOf(args.process)
  return graph && tools?.nested && applied(args.data, graph, args, tools.nested)
}

/** The value that a cell has at one label of `dim` in all columns; undefined where it has none. */
function valueAt(cell: Cell, dim: string, index: number): number | undefined {
  if (cell.kind === 'constant') return cell.value
  if (cell.kind === 'label') return cell.dim === dim ? cell.values[index] : undefined
  if (cell.kind !== 'call') return undefined
  const args = cell.args.map((arg) => valueAt(arg, dim, index))
  return args.every((arg) => arg !== undefined) ? evaluatorOf(cell.operation)?.(args) : undefined
}

/** The elements for which a condition holds; where it only asks for labels and positions, other labels. */
function arrayFilter(args: RuleArguments, tools?: RuleTools): CellArgument | undefined {
  const { data } = args
  const graph = graphOf(args.condition)
  if (graph === undefined || tools?.nested === undefined || !isCellArray(data)) return undefined
  const positionsMoved = data.kept !== undefined && data.isCompact !== true
  if (positionsMoved && JSON.stringify(graph).includes('"index"')) return undefined
  const condition = elementCell(data, graph, { context: args.context ?? null }, tools.nested)
  if (condition === undefined || !isTruth(condition, [])) return undefined
  const verdicts = data.labels.map((_, i) => valueAt(condition, data.dim, i))
  if (data.kept === undefined && verdicts.every((verdict) => verdict !== undefined)) {
    const indices = verdicts.flatMap((verdict, i) => (isTrue(verdict) ? [i] : []))
    return indices.length === 0 ? undefined : pickedArray(data, indices)
  }
  const kept = data.kept === undefined ? condition : call('and', data.kept, condition)
  const { isCompact: _c, isPermutation: _p, ...rest } = data
  return { ...rest, of: call('if', kept, data.of, MISSING_CELL), kept }
}

export const nestedRules: readonly (readonly [string, CellRule])[] = [
  ['count', count],
  ['array_apply', arrayApply],
  ['array_filter', arrayFilter],
]
