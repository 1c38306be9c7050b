/**
 * Reducers over groups of labels, as aggregate_temporal has them. A reducer is compiled for each group; where all
 * groups give the same cell but for the group's length, that is one cell with grouped reductions, else each group is a
 * cube of its own. What does not compile is interpreted.
 */
import type { Cell } from '../../cells/cell.ts'
import { partsOf } from '../../cells/structure.ts'
import type { Dimension } from '../../model/dimension.ts'
import { type CubeNode, dimensionIndex } from '../../model/node.ts'
import type { Callback, Value } from '../row.ts'
import { alongNode } from './along.ts'
import { probedPacking, resultPacking } from './apply.ts'
import { after } from './arguments.ts'
import { arrayAlong, type Compiled, compile, isAsync, labelled, probe, runner, sampleValues } from './callback.ts'
import { cutDimension, enumerated, type Label, withDims } from './labels.ts'
import { cellNode, concatNode, constant, MISSING, selectNode } from './nodes.ts'
import { unitsOfRows } from './units.ts'

export type Groups = readonly (readonly number[])[]

/** Groups compiled one by one at most; beyond, reducers that look at labels are interpreted. */
const MOST_COMPILED = 64

/**
 * The cell with its reductions over `dim` made reductions over groups, its picks of an element picks of each group's.
 * Undefined where `dim` is looked at in another way: below a reduction, or by its labels.
 */
function grouped(cell: Cell, dim: string, groups: Groups): Cell | undefined {
  switch (cell.kind) {
    case 'constant':
      return cell
    case 'call': {
      const args = cell.args.map((arg) => grouped(arg, dim, groups))
      return args.includes(undefined) ? undefined : { ...cell, args: args as Cell[] }
    }
    case 'reduce':
      if (cell.dim !== dim || cell.groups !== undefined || looksAt(cell.of, dim)) return undefined
      return { ...cell, groups }
    case 'at': {
      if (cell.dim !== dim || looksAt(cell.of, dim)) return undefined
      return { kind: 'take', dim, indices: groups.map((group) => group[cell.index] ?? -1), of: cell.of }
    }
    default:
      return undefined
  }
}

/** Whether a cell changes the scope of `dim` or reads its labels. */
function looksAt(cell: Cell, dim: string): boolean {
  if (cell.kind === 'rename' || ('dim' in cell && cell.dim === dim)) return true
  return partsOf(cell).some((part) => looksAt(part, dim))
}

/** Text that is the same for cells that differ in the length of `dim` only. */
function shapeless(cell: Cell, dim: string): string {
  return JSON.stringify(cell, (key, value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
    const isReduce = key !== '' && typeof value === 'object' && value !== null && value.kind === 'reduce'
    return isReduce && value.dim === dim ? { ...value, length: 0 } : value
  })
}

function compileGroups(
  node: CubeNode,
  reducer: Callback,
  dim: string,
  groups: Groups,
  context: Value,
): { cell: Cell; isBoolean: boolean } | undefined {
  const labels = node.schema.dims[dimensionIndex(node.schema, dim)]!.labels as readonly Label[]
  const isByLabel = JSON.stringify(reducer.graph).includes('label')
  if (isByLabel && groups.length > MOST_COMPILED) return undefined
  const lengths = new Set<number>()
  let found: { cell: Cell; isBoolean: boolean; text: string } | undefined
  for (const group of groups) {
    if (group.length === 0 || (!isByLabel && lengths.has(group.length))) continue
    lengths.add(group.length)
    const data = arrayAlong(
      dim,
      group.map((i) => labels[i]!),
    )
    const compiled = compile(reducer, { data }, context, [node.schema.packing.isBoolean ?? false])
    if (compiled?.kind !== 'cell') return undefined
    const wrapped = { kind: 'call', operation: 'top', args: [compiled.cell] } as const
    const text = shapeless(wrapped, dim)
    if (found !== undefined && found.text !== text) return undefined
    found ??= { ...compiled, text }
  }
  const cell = found === undefined ? undefined : grouped(found.cell, dim, groups)
  return cell === undefined ? undefined : { cell, isBoolean: found!.isBoolean }
}

/** More groups than this make more nodes than is worth planning. */
const MOST_APART = 256

interface GroupCall {
  readonly node: CubeNode
  readonly reducer: Callback
  readonly dim: string
  readonly target: Dimension
  readonly context: Value
  readonly label: string
}

/** The cell of a group, with what it reads; of a group without labels what the reducer says of none. */
function groupCell(call: GroupCall, group: readonly number[], labels: readonly Label[]): Compiled | undefined {
  const { node, reducer, dim, context, label } = call
  if (group.length > 0) {
    const part = selectNode(label, node, dim, group)
    const own = group.map((i) => labels[i]!)
    return compile(reducer, { data: arrayAlong(dim, own) }, context, [node.schema.packing.isBoolean ?? false], part)
  }
  const value = isAsync(reducer) ? undefined : probe(reducer, { data: labelled([], []), context })
  if (value !== null && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const cell = value === null ? MISSING : constant(Number(value))
  return { kind: 'cell', cell, isBoolean: typeof value === 'boolean', inputs: [node] }
}

/** Each group reduced by itself, one after the other along the target. */
function apart(call: GroupCall, groups: Groups): CubeNode | undefined {
  const { node, dim, target, label } = call
  if (groups.length > MOST_APART) return undefined
  const d = dimensionIndex(node.schema, dim)
  const labels = node.schema.dims[d]!.labels as readonly Label[]
  const cells: (Compiled & { kind: 'cell' })[] = []
  for (const group of groups) {
    const compiled = groupCell(call, group, labels)
    if (compiled?.kind !== 'cell') return undefined
    cells.push(compiled)
  }
  const isBoolean = cells.some((compiled, g) => compiled.isBoolean && groups[g]!.length > 0)
  const isAlike = cells.every((compiled, g) => compiled.isBoolean === isBoolean || isUnknown(compiled, groups[g]!))
  if (!isAlike || cells.length === 0) return undefined
  const packing = resultPacking(isBoolean, ...cells.flatMap(({ inputs }) => inputs.map(({ schema }) => schema.packing)))
  const parts = cells.map(({ cell, inputs }, g) => {
    const dims = node.schema.dims.map((dimension, i) => (i === d ? cutDimension(target, [g]) : dimension))
    return cellNode(label, inputs, cell, { ...withDims(node.schema, dims), packing })
  })
  return concatNode(parts, target.name, label, target)
}

/** Nothing of no labels is as good as a truth value as it is as a number. */
const isUnknown = ({ cell }: Compiled & { kind: 'cell' }, group: readonly number[]): boolean =>
  group.length === 0 && cell.kind === 'constant' && Number.isNaN(cell.value)

/** One value for each group of labels along a dimension. `target` takes the place of the dimension. */
export function groupNode(
  node: CubeNode,
  reducer: Callback,
  dim: string,
  groups: Groups,
  target: Dimension,
  context: Value,
  label: string,
): CubeNode | Promise<CubeNode> {
  const { schema } = node
  const dims = schema.dims.map((dimension) => (dimension.name === dim ? target : dimension))
  const grouped = unitsOfRows(schema, withDims(schema, dims), reducer, dim)
  const compiled = compileGroups(node, reducer, dim, groups, context)
  if (compiled !== undefined) {
    const packing = resultPacking(compiled.isBoolean, schema.packing)
    return cellNode(label, [node], compiled.cell, { ...grouped, packing })
  }
  const separate = apart({ node, reducer, dim, target, context, label }, groups)
  if (separate !== undefined) return { ...separate, schema: { ...grouped, packing: separate.schema.packing } }
  const labels = schema.dims[dimensionIndex(schema, dim)]!.labels as readonly Label[]
  const longest = groups.reduce((most, group) => Math.max(most, group.length), 1)
  const data = labelled(enumerated(longest), sampleValues(schema.packing, longest))
  const run = runner(reducer)
  const one = (values: readonly Value[], g: number): Value | Promise<Value> => {
    const group = groups[g]!
    const members = group.map((i) => values[i]!)
    const row = labelled(
      group.map((i) => labels[i]!),
      members,
    )
    return run({ data: row, context })
  }
  const waits = isAsync(reducer)
  return after(probe(reducer, { data, context }), (sample) =>
    alongNode({
      label,
      node,
      dim,
      target: target.name,
      schema: { ...grouped, packing: probedPacking(sample) },
      run: (values, from, to) => {
        const results = enumerated(to - from).map((i) => one(values, from + i))
        return waits ? Promise.all(results) : (results as Value[])
      },
      isAsync: waits,
    }),
  )
}
