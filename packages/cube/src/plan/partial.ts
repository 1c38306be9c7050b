/**
 * Reductions whose extent does not fit in memory: the reduced dimension is taken in ranges, and results of ranges are
 * combined, or order statistics found in several passes over them. Makes a `Fold` of a node of cells.
 */
import type { Cell } from '../cells/cell.ts'
import { lanesOf } from '../cells/compile/program.ts'
import { kernelOf } from '../cells/kernel.ts'
import { USUAL_PASSES } from '../cells/selection.ts'
import { foldCells, freeDimensions } from '../cells/structure.ts'
import { type Block, FLOAT32, FLOAT64 } from '../model/block.ts'
import { type CellNode, type CubeNode, type CubeSchema, type Fold, foldWithin } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { COMBINATIONS } from './combine.ts'
import { combinedPart } from './combined-part.ts'
import { blockBytes } from './nodes.ts'
import {
  chunkAlong,
  groupsOf,
  type Part,
  type PartPlan,
  type PartRun,
  type Range,
  type Reduce,
  rangesOf,
  regionOn,
  type Split,
} from './ranges.ts'
import { probabilityOf, selectedPart } from './selected-part.ts'

/** The fold of a node of cells. */
export interface RangeFold extends Fold<RangeState> {
  /** Cells of results that what is found of ranges is joined to, those of every range. */
  joins(region: Region): number
}

const splits = new WeakMap<CellNode, Split | undefined>()
const folds = new WeakMap<CellNode, Map<number, RangeFold>>()

/**
 * How a node takes its inputs in pieces of about these bytes; undefined where it cannot. With `inPasses`, order
 * statistics do so in several passes.
 */
export function foldOf(node: CubeNode, targetBytes: number, inPasses = false): Fold | undefined {
  if (node.kind === 'source') return undefined
  if (node.kind === 'blocks') return foldWithin(node, targetBytes)
  if (!splits.has(node)) splits.set(node, splitOf(node))
  const split = splits.get(node)
  if (split === undefined || (split.inPasses && !inPasses)) return undefined
  const known = folds.get(node) ?? new Map<number, RangeFold>()
  folds.set(node, known)
  if (!known.has(targetBytes)) known.set(targetBytes, rangeFold(split, targetBytes))
  return known.get(targetBytes) as Fold
}

/** Reductions that only elementwise operations stand above, where all go over the same dimension. */
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
    JSON.stringify(reduce.groups) === JSON.stringify(first.groups)
  if (!found.every(isAlike) || node.inputs.some((input) => holdsWhole(input, first.dim))) return undefined
  const parts = found.map((reduce) => ({ reduce, dims: dimensionsOf(reduce, node) }))
  return {
    node,
    parts,
    inPasses: found.some((reduce) => COMBINATIONS[reduce.reducer] === undefined),
    dim: first.dim,
    length: first.length,
    groups: first.groups ?? [Array.from({ length: first.length }, (_, i) => i)],
    along: first.groups === undefined ? -1 : node.schema.dims.findIndex(({ name }) => name === first.dim),
    final: { cell: replaced(node.cell, found), inputs: parts.map((part) => schemaOf(node, part)) },
  }
}

/** Whether a cube is made from all of a dimension, for whatever range of it: every range would repeat that. */
const holdsWhole = (node: CubeNode, dim: string): boolean =>
  (node.kind === 'blocks' && (node.wholeDimensions ?? []).some((d) => node.schema.dims[d]!.name === dim)) ||
  (node.kind === 'cells' && node.inputs.some((input) => holdsWhole(input, dim)))

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

/** What kernels of the node compute in. */
function typeOf({ cell, inputs, schema }: CellNode): 'float32' | 'float64' {
  return lanesOf(
    cell,
    inputs.map((input) => input.schema),
    schema,
  ).type
}

/** Results of a part: of order statistics in the node's own type, so that what is made of them is too. */
function schemaOf(node: CellNode, { reduce, dims }: Part): CubeSchema {
  const isExact = probabilityOf(reduce) !== undefined && typeOf(node) === 'float32'
  return { dims: dims.map((d) => node.schema.dims[d]!), packing: isExact ? FLOAT32 : FLOAT64 }
}

/** How all parts are made of the same ranges. */
interface Ranges {
  readonly ranges: readonly Range[]
  readonly parts: readonly PartPlan[]
  /** Inputs that range `r` needs for a region of the result. */
  readonly needs: (region: Region, r: number) => readonly (Region | undefined)[]
}

function rangesWith(split: Split, step: number, targetBytes: number): Ranges {
  const { node } = split
  const ranges = rangesOf(split.groups, step)
  const selected = split.parts.filter(({ reduce }) => probabilityOf(reduce) !== undefined)
  const options = { type: typeOf(node), bytes: targetBytes / Math.max(1, selected.length) }
  const parts = split.parts.map((part) =>
    selected.includes(part) ? selectedPart(split, part, ranges, options) : combinedPart(split, part, ranges),
  )
  return {
    ranges,
    parts,
    needs: (region, r) => {
      const each = parts.map((part) => part.needs(region, r))
      return node.inputs.map((_, i) => each.map((regions) => regions[i]).reduce(coverOf, undefined))
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

interface RangeState {
  readonly region: Region
  readonly own: readonly number[]
  readonly ranges: readonly Range[]
  readonly parts: readonly PartRun[]
  /** Groups of which a range was added. */
  readonly begun: Set<number>
  next: number
}

/** Ranges of the groups of a region. */
function ownRanges(split: Split, { ranges }: Ranges, region: Region): number[] {
  const [from, to] = groupsOf(split, region)
  return ranges.flatMap(({ group }, r) => (group >= from && group < to ? [r] : []))
}

/** Ranges that are measured: of many the longest ones and some of all the others. */
const MEASURED = 64

/** Of ranges of a region, those among which the costliest is. */
function samples(split: Split, ranges: Ranges, region: Region): number[] {
  const own = ownRanges(split, ranges, region)
  if (own.length <= 2 * MEASURED) return own
  const length = (r: number): number => {
    const { indices } = ranges.ranges[r]!
    return indices.length === 0 ? 0 : Math.abs(indices.at(-1)! - indices[0]!)
  }
  const longest = [...own].sort((a, b) => length(b) - length(a)).slice(0, MEASURED)
  const every = Math.ceil(own.length / MEASURED)
  return [...longest, ...own.filter((_, i) => i % every === 0)]
}

const workBytes = ({ parts }: Ranges, region: Region, r: number): number =>
  parts.reduce((sum, part) => sum + part.workBytes(region, r), 0)

/** Whole chunks are taken up to this many times the bytes that pieces should have. */
const MOST_OF_TARGET = 2

/** The longest ranges that take no more than these bytes of inputs; within stored chunks only where these take more. */
function chooser(split: Split, targetBytes: number): (region: Region) => Ranges {
  const made = new Map<number, Ranges>()
  const withStep = (step: number): Ranges => {
    if (!made.has(step)) made.set(step, rangesWith(split, step, targetBytes))
    return made.get(step)!
  }
  const fits = (region: Region, ranges: Ranges, bytes: number): boolean =>
    samples(split, ranges, region).every((r) => {
      const needs = ranges.needs(region, r)
      const read = needs.reduce((sum, need, i) => sum + (need ? blockBytes(split.node.inputs[i]!.schema, need) : 0), 0)
      return read + workBytes(ranges, region, r) <= bytes
    })
  // Planning asks several times for one region.
  const known = new WeakMap<Region, Ranges>()
  return (region) => {
    const before = known.get(region)
    if (before !== undefined) return before
    let step = chunkAlong(split)
    // Parts of chunks are decoded as often as there are parts.
    while (step > 1 && !fits(region, withStep(step), MOST_OF_TARGET * targetBytes)) step = Math.ceil(step / 2)
    while (step < split.length && fits(region, withStep(2 * step), targetBytes)) step *= 2
    const found = withStep(step)
    known.set(region, found)
    return found
  }
}

function rangeFold(split: Split, targetBytes: number): RangeFold {
  const chosen = chooser(split, targetBytes)
  return {
    passes: () => (split.inPasses ? USUAL_PASSES : 1),
    *pieces(region) {
      const ranges = chosen(region)
      for (const r of ownRanges(split, ranges, region)) yield ranges.needs(region, r)
    },
    count: (region) => ownRanges(split, chosen(region), region).length,
    joins: (region) => {
      const [from, to] = groupsOf(split, region)
      return (ownRanges(split, chosen(region), region).length * cellCount(region.shape)) / Math.max(1, to - from)
    },
    stateBytes: (region) => {
      const ranges = chosen(region)
      const work = samples(split, ranges, region).reduce((most, r) => Math.max(most, workBytes(ranges, region, r)), 0)
      return ranges.parts.reduce((sum, part) => sum + part.stateBytes(region), work)
    },
    begin: (region) => begin(split, chosen(region), region),
    add: (state, inputs) => {
      const r = state.own[state.next++]!
      const { group } = state.ranges[r]!
      const isFirst = !state.begun.has(group)
      state.begun.add(group)
      for (const part of state.parts) part.add(r, isFirst, inputs)
    },
    again: (state) => {
      state.next = 0
      state.begun.clear()
      return state.parts.map((part) => part.again()).includes(true)
    },
    end: (state) => end(split, state),
    shared: (region) => ({
      progress: ({ parts }) => parts.map((part) => part.progress()),
      resume: (progress, from) => ({ ...begin(split, chosen(region), region, progress as unknown[]), next: from }),
      found: ({ begun, parts }): Found => ({ begun: [...begun], parts: parts.map((part) => part.found()) }),
      join: (state, found) => {
        const { begun, parts } = found as Found
        const groups = begun.map((group) => ({ group, isFirst: !state.begun.has(group) }))
        for (const [p, part] of state.parts.entries()) part.join(parts[p], groups)
        for (const group of begun) state.begun.add(group)
      },
    }),
  }
}

/** What a worker found of the ranges that it took in. */
interface Found {
  readonly begun: readonly number[]
  readonly parts: readonly unknown[]
}

function begin(split: Split, ranges: Ranges, region: Region, progress?: readonly unknown[]): RangeState {
  return {
    region,
    own: ownRanges(split, ranges, region),
    ranges: ranges.ranges,
    parts: ranges.parts.map((part, p) => part.begin(region, progress?.[p])),
    begun: new Set(),
    next: 0,
  }
}

function end({ node, final, parts }: Split, { region, parts: runs }: RangeState): Block {
  const blocks = runs.map((run, p): Block => {
    const data = run.end()
    const isSingle = final.inputs[p]!.packing.dtype === 'float32'
    return { region: regionOn(region, parts[p]!.dims), data: isSingle ? Float32Array.from(data) : data }
  })
  const kernel = kernelOf(
    final.cell,
    final.inputs.map((schema) => ({ schema })),
    { schema: node.schema },
  )
  return kernel.run(region, blocks)
}
