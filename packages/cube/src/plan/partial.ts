/**
 * Reductions whose extent does not fit in memory: the reduced dimension is taken in ranges, each range reduced by a
 * kernel, and the results of ranges combined. Makes a `Fold` of a node of cells.
 */
import type { Cell } from '../cells/cell.ts'
import { type Kernel, kernelOf } from '../cells/kernel.ts'
import { accessesOf, regionsOf } from '../cells/needs.ts'
import { foldCells, freeDimensions } from '../cells/structure.ts'
import { type Block, FLOAT64 } from '../model/block.ts'
import type { Dimension } from '../model/dimension.ts'
import { own, release } from '../model/garbage.ts'
import type { CellNode, CubeNode, CubeSchema, Fold } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { COMBINATIONS } from './combine.ts'
import { blockBytes, consumersFirst } from './nodes.ts'

type Reduce = Extract<Cell, { kind: 'reduce' }>

/** One of the outermost reductions of a cell, and the cubes of what is kept of each range. */
interface Part {
  readonly reduce: Reduce
  /** Dimensions of the result that it depends on, by index. */
  readonly dims: readonly number[]
}

/** A node split into ranges, reductions of ranges, and what is made of their results. */
interface Split {
  readonly node: CellNode
  readonly parts: readonly Part[]
  readonly dim: string
  readonly length: number
  /** Of the reduced dimension: for each group the indices; one group where it is reduced to nothing. */
  readonly groups: readonly (readonly number[])[]
  /** Index of the reduced dimension in the result; -1 where it is gone. */
  readonly along: number
  readonly final: { readonly cell: Cell; readonly inputs: readonly CubeSchema[] }
}

const splits = new WeakMap<CellNode, Split | undefined>()
const folds = new WeakMap<CellNode, Map<number, Fold<RangeState>>>()

/** How a node takes its inputs in pieces of about these bytes; undefined where it cannot. */
export function foldOf(node: CubeNode, targetBytes: number): Fold | undefined {
  if (node.kind === 'source') return undefined
  if (node.kind === 'blocks') return node.fold
  if (!splits.has(node)) splits.set(node, splitOf(node))
  const split = splits.get(node)
  if (split === undefined) return undefined
  const known = folds.get(node) ?? new Map<number, Fold<RangeState>>()
  folds.set(node, known)
  if (!known.has(targetBytes)) known.set(targetBytes, rangeFold(split, targetBytes))
  return known.get(targetBytes) as Fold
}

/** Reductions that only elementwise operations stand above, where all go over the same dimension and can be combined. */
function splitOf(node: CellNode): Split | undefined {
  const found: Reduce[] = []
  let others = false
  const visit = (cell: Cell): void => {
    if (cell.kind === 'reduce') found.includes(cell) || found.push(cell)
    else if (cell.kind === 'call') cell.args.forEach(visit)
    else if (cell.kind !== 'constant' && cell.kind !== 'label') others = true
  }
  visit(node.cell)
  const [first] = found
  if (first === undefined || others) return undefined
  const isAlike = (reduce: Reduce): boolean =>
    reduce.dim === first.dim &&
    reduce.length === first.length &&
    JSON.stringify(reduce.groups) === JSON.stringify(first.groups) &&
    COMBINATIONS[reduce.reducer] !== undefined
  if (!found.every(isAlike)) return undefined
  const parts = found.map((reduce) => ({ reduce, dims: dimensionsOf(reduce, node) }))
  const finals = parts.map(({ dims }) => schemaOn(node, dims))
  return {
    node,
    parts,
    dim: first.dim,
    length: first.length,
    groups: first.groups ?? [Array.from({ length: first.length }, (_, i) => i)],
    along: first.groups === undefined ? -1 : node.schema.dims.findIndex(({ name }) => name === first.dim),
    final: { cell: replaced(node.cell, found), inputs: finals },
  }
}

function replaced(root: Cell, found: readonly Reduce[]): Cell {
  const visit = (cell: Cell): Cell => {
    if (cell.kind === 'reduce') return { kind: 'input', input: found.indexOf(cell) }
    return cell.kind === 'call' ? { ...cell, args: cell.args.map(visit) } : cell
  }
  return visit(root)
}

function dimensionsOf(reduce: Reduce, node: CellNode): number[] {
  const schemas = node.inputs.map((input) => input.schema)
  const free = foldCells<ReadonlySet<string>>(reduce, (cell, below) => freeDimensions(cell, below, schemas))
  return node.schema.dims.flatMap(({ name }, d) => (free.has(name) ? [d] : []))
}

function schemaOn(node: CellNode, dims: readonly number[]): CubeSchema {
  return { dims: dims.map((d) => node.schema.dims[d]!), packing: FLOAT64 }
}

const regionOn = (region: Region, dims: readonly number[]): Region => ({
  start: dims.map((d) => region.start[d]!),
  shape: dims.map((d) => region.shape[d]!),
})

/** One range of one group. */
interface Range {
  readonly group: number
  readonly indices: readonly number[]
}

/** Labels along the dimension that sources store as one piece. */
function chunkAlong({ node, dim, length }: Split): number {
  let chunk = 1
  for (const one of consumersFirst(node)) {
    if (one.kind !== 'source') continue
    const d = one.schema.dims.findIndex(({ name, labels }) => name === dim && labels.length === length)
    if (d >= 0) chunk = Math.max(chunk, one.source.chunks[d]!)
  }
  return Math.min(chunk, length)
}

/** Cuts at multiples of `step`, so that a stored chunk is in one range only. */
function rangesOf(groups: Split['groups'], step: number): Range[] {
  return groups.flatMap((indices, group) => {
    const ranges: Range[] = []
    let own: number[] = []
    for (const index of indices) {
      if (own.length > 0 && Math.floor(index / step) !== Math.floor(own[0]! / step)) {
        ranges.push({ group, indices: own })
        own = []
      }
      own.push(index)
    }
    // A group of nothing has a result too.
    if (own.length > 0 || ranges.length === 0) ranges.push({ group, indices: own })
    return ranges
  })
}

/** Kernels of all that is kept of ranges of this length. */
interface Ranges {
  readonly ranges: readonly Range[]
  readonly kernels: readonly (readonly Kernel[])[]
  /** Inputs that range `r` needs for a region of the result. */
  readonly needs: (region: Region, r: number) => readonly (Region | undefined)[]
}

function rangesWith(split: Split, step: number): Ranges {
  const { node, dim, groups, parts } = split
  const ranges = rangesOf(groups, step)
  const along: Dimension = { type: 'other', name: dim, labels: ranges.map((_, r) => r) }
  const inputs = node.inputs.map((input) => input.schema)
  const made = parts.map(({ reduce, dims }) => {
    const kept = dims.filter((d) => d !== split.along).map((d) => node.schema.dims[d]!)
    const schema: CubeSchema = { dims: [along, ...kept], packing: FLOAT64 }
    const grouped: Reduce = { ...reduce, groups: ranges.map(({ indices }) => indices) }
    const cells = COMBINATIONS[reduce.reducer]!.kept(grouped)
    return { schema, cells, accesses: cells.flatMap((cell) => accessesOf(cell, schema, inputs)) }
  })
  return {
    ranges,
    kernels: made.map(({ schema, cells }) =>
      cells.map((cell) =>
        kernelOf(
          cell,
          inputs.map((input) => ({ schema: input })),
          { schema },
        ),
      ),
    ),
    needs: (region, r) => {
      const each = made.map(({ accesses }, p) => regionsOf(accesses, inputs.length, rangeRegion(split, p, region, r)))
      return inputs.map((_, i) => each.map((regions) => regions[i]).reduce(coverOf, undefined))
    },
  }
}

function coverOf(a: Region | undefined, b: Region | undefined): Region | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const start = a.start.map((s, d) => Math.min(s, b.start[d]!))
  return {
    start,
    shape: start.map((s, d) => Math.max(a.start[d]! + a.shape[d]!, b.start[d]! + b.shape[d]!) - s),
  }
}

/** The region of the cube of ranges that holds range `r` for a region of the result. */
function rangeRegion(split: Split, part: number, region: Region, r: number): Region {
  const kept = regionOn(
    region,
    split.parts[part]!.dims.filter((d) => d !== split.along),
  )
  return { start: [r, ...kept.start], shape: [1, ...kept.shape] }
}

interface RangeState {
  readonly region: Region
  readonly ranges: Ranges
  /** Per part, per number kept, over the part's dimensions of the region. */
  readonly kept: readonly (readonly Float64Array<ArrayBuffer>[])[]
  /** Per group of the region: whether a range of it was added. */
  readonly begun: Set<number>
  next: number
}

/** Groups of a region of the result. */
function groupsOf(split: Split, region: Region): readonly [from: number, to: number] {
  if (split.along < 0) return [0, 1]
  return [region.start[split.along]!, region.start[split.along]! + region.shape[split.along]!]
}

function rangeFold(split: Split, targetBytes: number): Fold<RangeState> {
  const made = new Map<number, Ranges>()
  const withStep = (step: number): Ranges => {
    if (!made.has(step)) made.set(step, rangesWith(split, step))
    return made.get(step)!
  }
  const chosen = (region: Region): Ranges => {
    const [from, to] = groupsOf(split, region)
    let best = withStep(chunkAlong(split))
    for (let step = 2 * chunkAlong(split); step < 2 * split.length; step *= 2) {
      const ranges = withStep(step)
      const bytes = ranges.ranges.map(({ group }, r) => {
        if (group < from || group >= to) return 0
        return ranges
          .needs(region, r)
          .reduce((sum, need, i) => sum + (need ? blockBytes(split.node.inputs[i]!.schema, need) : 0), 0)
      })
      if (Math.max(...bytes) > targetBytes) return best
      best = ranges
    }
    return best
  }
  const own = ({ ranges }: Ranges, region: Region): number[] => {
    const [from, to] = groupsOf(split, region)
    return ranges.flatMap(({ group }, r) => (group >= from && group < to ? [r] : []))
  }
  return {
    *pieces(region) {
      const ranges = chosen(region)
      for (const r of own(ranges, region)) yield ranges.needs(region, r)
    },
    begin: (region) => begin(split, region, chosen(region)),
    add: (state, inputs) => add(split, state, own(state.ranges, state.region)[state.next++]!, inputs),
    end: (state) => end(split, state),
  }
}

function begin(split: Split, region: Region, ranges: Ranges): RangeState {
  const kept = split.parts.map(({ dims }, p) =>
    ranges.kernels[p]!.map(() => new Float64Array(cellCount(regionOn(region, dims).shape)).fill(Number.NaN)),
  )
  return { region, ranges, kept, begun: new Set(), next: 0 }
}

function add(split: Split, state: RangeState, r: number, inputs: readonly (Block | undefined)[]): void {
  const { group } = state.ranges.ranges[r]!
  const isFirst = !state.begun.has(group)
  state.begun.add(group)
  for (const [p, { reduce, dims }] of split.parts.entries()) {
    const region = rangeRegion(split, p, state.region, r)
    const blocks = state.ranges.kernels[p]!.map(
      (kernel) => kernel.run(region, inputs).data as Float64Array<ArrayBuffer>,
    )
    const combination = COMBINATIONS[reduce.reducer]!
    const ignoreNodata = reduce.ignoreNodata ?? true
    const places = placesOf(split, dims, state.region, group)
    const kept = state.kept[p]!
    for (let from = 0; from < blocks[0]!.length; from++) {
      const to = places(from)
      if (isFirst) for (const [k, block] of blocks.entries()) kept[k]![to] = block[from]!
      else combination.join(kept, to, blocks, from, ignoreNodata)
    }
    for (const block of blocks) release(own(block))
  }
}

/** Where cell i of a range's result is in the state: the state has the dimension of groups somewhere among the others. */
function placesOf(split: Split, dims: readonly number[], region: Region, group: number): (i: number) => number {
  const at = dims.indexOf(split.along)
  if (at < 0) return (i) => i
  const inner = cellCount(dims.slice(at + 1).map((d) => region.shape[d]!))
  const [first, count] = [region.start[split.along]!, region.shape[split.along]!]
  return (i) => (Math.floor(i / inner) * count + group - first) * inner + (i % inner)
}

function end(split: Split, state: RangeState): Block {
  const { node, final, parts } = split
  const blocks = parts.map(({ reduce, dims }, p): Block => {
    const kept = state.kept[p]!
    const { result } = COMBINATIONS[reduce.reducer]!
    const data = new Float64Array(kept[0]!.length)
    for (let i = 0; i < data.length; i++) data[i] = result(kept, i)
    return { region: regionOn(state.region, dims), data }
  })
  const kernel = kernelOf(
    final.cell,
    final.inputs.map((schema) => ({ schema })),
    { schema: node.schema },
  )
  return kernel.run(state.region, blocks)
}
