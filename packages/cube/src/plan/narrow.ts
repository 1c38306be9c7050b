/**
 * Moves selections of labels down to where cells come from: a band that nobody uses is not read. Sources that can leave
 * labels out do so, concatenations drop inputs, cells in between are rewritten. Crops in space come by regions.
 */
import type { Cell } from '../cells/cell.ts'
import type { Dimension } from '../model/dimension.ts'
import { type BlockNode, type CellNode, type CubeNode, dimensionIndex, type SourceNode } from '../model/node.ts'
import { cutSchema } from '../process/cubes/labels.ts'
import { concatNode } from '../process/cubes/nodes.ts'
import { rewrite, simplified } from './fuse.ts'
import { consumersFirst } from './nodes.ts'
import { substitute } from './substitute.ts'
import { type Mask, usedLabels } from './used.ts'

type Used = Map<CubeNode, readonly Mask[]>

/** Whether selections can be passed into a node from outside. */
const isOpen = (node: CubeNode): node is SourceNode | BlockNode =>
  (node.kind === 'source' && node.source.narrow !== undefined) || (node.kind === 'blocks' && node.concat !== undefined)

/** What all consumers together use of each node that can be narrowed; a node of blocks may use anything. */
function usedOf(root: CubeNode): Used {
  const used: Used = new Map()
  const everything = (node: CubeNode) => node.schema.dims.map(({ labels }) => new Uint8Array(labels.length).fill(1))
  if (isOpen(root)) used.set(root, everything(root))
  for (const node of consumersFirst(root)) {
    if (!node.inputs.some(isOpen)) continue
    const uses = node.kind === 'cells' ? usedLabels(node) : node.inputs.map(everything)
    for (const [i, input] of node.inputs.entries()) {
      if (!isOpen(input)) continue
      const before = used.get(input)
      used.set(input, before === undefined ? uses[i]! : before.map((mask, d) => either(mask, uses[i]![d]!)))
    }
  }
  return used
}

const either = (a: Mask, b: Mask): Mask => a.map((one, i) => one | b[i]!)

/** Positions of the ones. */
function indicesOf(mask: Mask): number[] {
  const found: number[] = []
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1) found.push(i)
  return found
}

/** What was left of a dimension: indices of the labels that are kept, by dimension. */
type Kept = readonly (readonly number[] | undefined)[]

export function narrowSources(root: CubeNode): CubeNode {
  const used = usedOf(root)
  const kept = new Map<CubeNode, Kept>()
  const replaced = new Map<CubeNode, CubeNode>()
  for (const [node, indices] of used) {
    const { narrow, kept: left } = narrowNode(node, indices)
    if (left.every((labels) => labels === undefined)) continue
    replaced.set(node, narrow)
    kept.set(narrow, left)
  }
  if (replaced.size === 0) return root
  return rewrite(root, (node, original) => {
    const narrow = replaced.get(original)
    if (narrow !== undefined) return narrow
    return node.kind === 'cells' ? reindexed(node, original.inputs, kept) : node
  })
}

function narrowNode(node: CubeNode, used: readonly Mask[]): { narrow: CubeNode; kept: Kept } {
  let narrow = node
  const kept = used.map((mask, d) => {
    const indices = indicesOf(mask)
    if (indices.length === 0 || indices.length === node.schema.dims[d]!.labels.length) return undefined
    const less = selectFrom(narrow, d, indices)
    if (less === undefined) return undefined
    narrow = less
    return indices
  })
  return { narrow, kept }
}

/** The node with only some labels of a dimension, where leaving out the others saves reading them. */
function selectFrom(node: CubeNode, d: number, indices: readonly number[]): CubeNode | undefined {
  if (node.kind === 'cells') return selectCells(node, d, indices)
  if (node.kind === 'blocks') return node.concat === undefined ? undefined : selectConcat(node, d, indices)
  const source = node.source.narrow?.(d, indices)
  return source && { ...node, source, schema: source.schema }
}

function selectCells(node: CellNode, d: number, indices: readonly number[]): CubeNode {
  const cell: Cell = { kind: 'take', dim: node.schema.dims[d]!.name, indices, of: node.cell }
  return narrowSources(simplified({ ...node, schema: cutSchema(node.schema, d, indices), cell }))
}

/** The same by a kernel, for inputs of a concatenation that cannot do it themselves. */
function selected(node: CubeNode, d: number, indices: readonly number[]): CubeNode {
  const { labels, name } = node.schema.dims[d]!
  if (indices.length === labels.length) return node
  const schema = cutSchema(node.schema, d, indices)
  const cell: Cell = { kind: 'take', dim: name, indices, of: { kind: 'input', input: 0 } }
  return selectFrom(node, d, indices) ?? { kind: 'cells', label: node.label, inputs: [node], schema, cell }
}

function selectConcat(node: BlockNode, d: number, indices: readonly number[]): CubeNode | undefined {
  const { dim } = node.concat!
  const along = dimensionIndex(node.schema, dim)
  const dimension = cutSchema(node.schema, d, indices).dims[along]!
  if (along !== d) {
    const parts = node.inputs.map((input) => selectFrom(input, d, indices))
    // Where no input can leave anything out, selecting here would only copy.
    if (parts.every((part) => part === undefined)) return undefined
    return joined(
      node,
      node.inputs.map((input, i) => parts[i] ?? selected(input, d, indices)),
      dim,
      dimension,
    )
  }
  let start = 0
  const parts: CubeNode[] = []
  for (const input of node.inputs) {
    const length = input.schema.dims[d]!.labels.length
    const own = indices.filter((index) => index >= start && index < start + length).map((index) => index - start)
    if (own.length > 0) parts.push(selected(input, d, own))
    start += length
  }
  return joined(node, parts, dim, dimension)
}

function joined(node: BlockNode, parts: readonly CubeNode[], dim: string, dimension: Dimension): CubeNode {
  return concatNode(parts, dim, node.label, dimension)
}

/** A cell whose inputs lost labels: indices of what is left stand for the indices before. */
function reindexed(node: CellNode, before: readonly CubeNode[], kept: ReadonlyMap<CubeNode, Kept>): CubeNode {
  if (node.inputs.every((input) => !kept.has(input))) return node
  const cell = substitute(node.cell, (i) => {
    let of: Cell = { kind: 'input', input: i }
    for (const [d, labels] of (kept.get(node.inputs[i]!) ?? []).entries()) {
      if (labels === undefined) continue
      const { name, labels: all } = before[i]!.schema.dims[d]!
      const indices = new Array<number>(all.length).fill(-1)
      for (const [at, index] of labels.entries()) indices[index] = at
      of = { kind: 'take', dim: name, indices, of }
    }
    return of
  })
  return simplified({ ...node, cell })
}
