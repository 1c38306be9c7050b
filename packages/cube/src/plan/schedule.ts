/**
 * What computing one region of a cube takes: which region of which node, in which order, and when each block is let go.
 * The evaluator runs schedules; the planner only measures them. Nothing is read here.
 */
import { regionsOf } from '../cells/needs.ts'
import { type ArraySource, decodedBoxes } from '../model/array-source.ts'
import { type CellNode, type CubeNode, type Fold, type SourceNode, shapeOf } from '../model/node.ts'
import {
  cellCount,
  chunkCount,
  containsRegion,
  coverRegions,
  type Region,
  regionText,
  sameRegion,
} from '../model/region.ts'
import { accessesOfNode, isPassing, kernelBytes, kernelOfNode } from './kernels.ts'
import { blockBytes, chunkBytes, consumersFirst } from './nodes.ts'
import { foldOf, type RangeFold } from './partial.ts'

export { consumersFirst } from './nodes.ts'

export interface Step {
  readonly node: CubeNode
  readonly region: Region
  /** For each input the step that makes its block; undefined where none of it is needed. */
  readonly inputs: readonly (number | undefined)[]
  /** For each input the region that is needed; the step's block may be larger. */
  readonly wanted: readonly (Region | undefined)[]
  /** Where given, the inputs are taken in piece by piece instead of by `inputs`. */
  readonly fold: Fold | undefined
  /** Steps whose blocks nobody needs after this one. */
  readonly frees: readonly number[]
}

export interface Costs {
  /** Most bytes of blocks and scratch at one time. */
  readonly peakBytes: number
  /** Bytes that sources decode: whole chunks, whatever part of them is used. */
  readonly decodedBytes: number
  /** Bytes that are read of temporary files. */
  readonly copiedBytes: number
  /** Cells of all steps: what is computed or copied; more of those that are taken in piece by piece. */
  readonly cells: number
}

export interface Schedule extends Costs {
  readonly steps: readonly Step[]
}

export interface ScheduleOptions {
  /** Nodes that can fold do so, in pieces of about these bytes, where their inputs are much larger. Default: none does. */
  readonly foldAbove?: number
  /** Order statistics fold too, in several passes. Default: they do not. */
  readonly inPasses?: boolean
}

/** One region of one node that is computed once. */
interface Instance {
  readonly node: CubeNode
  region: Region
  wanted: readonly (Region | undefined)[]
  fold: Fold | undefined
  step: number
}

/** The regions of a node's inputs that one of its own regions needs. */
export function needsOf(node: CubeNode, region: Region): readonly (Region | undefined)[] {
  if (node.kind === 'source') return []
  if (node.kind === 'blocks') return node.needs(region)
  return regionsOf(accessesOfNode(node), node.inputs.length, region)
}

/** Two regions become one where their cover is no larger than both, so that shared cells are computed once. */
function addDemand(instances: Instance[], node: CubeNode, region: Region): void {
  for (const instance of instances) {
    const cover = coverRegions(instance.region, region)
    if (cellCount(cover.shape) > cellCount(instance.region.shape) + cellCount(region.shape)) continue
    instance.region = cover
    return
  }
  instances.push({ node, region, wanted: [], fold: undefined, step: -1 })
}

const kernelScratch = (node: CellNode, region: Region): number =>
  isPassing(node) ? 0 : kernelBytes(kernelOfNode(node), region)

/** Inputs of so many pieces are taken in one go, which takes about half the time. */
const PIECES_AT_ONCE = 2

/** How a node takes in its inputs piece by piece, where all of them at once are too large. */
function foldFor(
  { node, region, wanted }: Instance,
  { foldAbove = Number.POSITIVE_INFINITY, inPasses = false }: ScheduleOptions,
): Fold | undefined {
  if (node.kind === 'source' || foldAbove === Number.POSITIVE_INFINITY) return undefined
  const bytes = node.inputs.map((input, i) => (wanted[i] === undefined ? 0 : blockBytes(input.schema, wanted[i])))
  const scratch = node.kind === 'blocks' ? node.scratchBytes?.(region) : inPasses ? kernelScratch(node, region) : 0
  const isLarge = bytes.reduce((sum, n) => sum + n, scratch ?? 0) > PIECES_AT_ONCE * foldAbove
  return isLarge ? foldOf(node, foldAbove, inPasses) : undefined
}

type Demands = Map<CubeNode, Instance[]>

/** Whether other nodes need all the inputs whole anyway, so that taking them in piece by piece would read them twice. */
const isThere = (demands: Demands, { node, wanted }: Instance): boolean =>
  wanted.every((need, i) => {
    if (need === undefined) return true
    return demands.get(node.inputs[i]!)?.some(({ region }) => containsRegion(region, need)) === true
  })

function demandsOf(root: CubeNode, region: Region, options: ScheduleOptions): Demands {
  const demands: Demands = new Map([[root, []]])
  addDemand(demands.get(root)!, root, region)
  for (const node of consumersFirst(root)) {
    for (const instance of demands.get(node) ?? []) {
      instance.wanted = needsOf(node, instance.region)
      instance.fold = isThere(demands, instance) ? undefined : foldFor(instance, options)
      if (instance.fold !== undefined) continue
      for (const [i, wanted] of instance.wanted.entries()) {
        const input = node.inputs[i]!
        if (wanted === undefined) continue
        if (!demands.has(input)) demands.set(input, [])
        addDemand(demands.get(input)!, input, wanted)
      }
    }
  }
  return demands
}

interface Draft {
  readonly node: CubeNode
  readonly region: Region
  readonly inputs: (number | undefined)[]
  readonly wanted: readonly (Region | undefined)[]
  readonly fold: Fold | undefined
  readonly frees: number[]
}

/** Inputs before consumers, depth first, so that few blocks wait. */
function order(demands: Demands, root: CubeNode): Draft[] {
  const drafts: Draft[] = []
  const visit = (instance: Instance): number => {
    if (instance.step >= 0) return instance.step
    const { node, region, wanted, fold } = instance
    const inputs = wanted.map((need, i) => {
      if (need === undefined || fold !== undefined) return undefined
      return visit(demands.get(node.inputs[i]!)!.find((other) => containsRegion(other.region, need))!)
    })
    instance.step = drafts.length
    drafts.push({ node, region, inputs, wanted, fold, frees: [] })
    return instance.step
  }
  visit(demands.get(root)![0]!)
  const last = new Map<number, number>()
  for (const [at, { inputs }] of drafts.entries())
    for (const input of inputs) if (input !== undefined) last.set(input, at)
  for (const [input, at] of last) drafts[at]!.frees.push(input)
  return drafts
}

/** Pieces of a fold that are measured; later ones are taken to cost the same. */
const SAMPLES = 3

/** How many pieces a fold takes in. */
export function piecesOf(fold: Fold, region: Region): number {
  let count = fold.count?.(region) ?? 0
  if (fold.count === undefined) for (const _ of fold.pieces(region)) count++
  return count
}

function* some<T>(all: Iterable<T>, most: number): Generator<T> {
  let left = most
  for (const one of all) {
    yield one
    if (--left === 0) return
  }
}

const known = new WeakMap<CubeNode, Map<string, Costs>>()
/** Costs that are remembered of a node. */
const KNOWN = 4096

/** Of a piece, measured once: folds within folds ask for the same again and again. */
function pieceCosts(node: CubeNode, region: Region, options: ScheduleOptions): Costs {
  const own = known.get(node) ?? new Map<string, Costs>()
  known.set(node, own)
  const key = `${regionText(region)} ${options.foldAbove} ${options.inPasses}`
  const before = own.get(key)
  if (before !== undefined) return before
  const { steps: _, ...costs } = scheduleOf(node, region, options)
  if (own.size >= KNOWN) own.clear()
  own.set(key, costs)
  return costs
}

/** Cells that could be computed while a kernel takes in one cell more of an input piece by piece than in one go. */
const WORK_OF_PIECES = 2

/** Likewise, while a cell of what was found of a range joins what was found of those before. */
const WORK_OF_JOIN = 3

function foldCosts(node: CubeNode, fold: Fold, region: Region, options: ScheduleOptions): Costs {
  let [peakBytes, decodedBytes, copiedBytes, cells] = [0, 0, 0, 0]
  const extra = node.kind === 'cells' ? WORK_OF_PIECES : 0
  const count = piecesOf(fold, region)
  for (const piece of some(fold.pieces(region), SAMPLES)) {
    let held = 0
    for (const [i, need] of piece.entries()) {
      if (need === undefined) continue
      const costs = pieceCosts(node.inputs[i]!, need, options)
      peakBytes = Math.max(peakBytes, held + costs.peakBytes)
      held += blockBytes(node.inputs[i]!.schema, need)
      decodedBytes += costs.decodedBytes
      copiedBytes += costs.copiedBytes
      cells += costs.cells + extra * cellCount(need.shape)
    }
  }
  const scale = ((fold.passes?.(region) ?? 1) * count) / Math.max(1, Math.min(count, SAMPLES))
  // The state is taken to be a few numbers for each cell of the result, unless the node knows better.
  const scratch = node.kind === 'blocks' ? (node.scratchBytes?.(region) ?? 0) : 0
  const state = fold.stateBytes?.(region) ?? Math.max(4 * 8 * cellCount(region.shape), scratch)
  const joined = 'joins' in fold ? WORK_OF_JOIN * (fold as RangeFold).joins(region) : 0
  return {
    peakBytes: peakBytes + state,
    decodedBytes: decodedBytes * scale,
    copiedBytes: copiedBytes * scale,
    cells: cells * scale + joined,
  }
}

/** Chunks that are decoded at one time for a part of each, see `ChunkReader`. */
export const PARALLEL_CHUNKS = 4
/** Reads of one region that are under way at one time. */
export const PARALLEL_READS = 4

/** Stored chunks above this size count while they are decoded. */
const LARGE_STORED = 2 ** 21

/**
 * Bytes of large stored chunks that a task holds beside its costs: one as it was read, and where it is decoded from. They
 * bound how many tasks run at one time; smaller tasks would not hold less of them.
 */
export function storedBeside(root: CubeNode): number {
  return consumersFirst(root).reduce((most, node) => {
    const { storedChunkBytes = 0 } = node.kind === 'source' ? node.source : {}
    return storedChunkBytes > LARGE_STORED ? Math.max(most, 2 * storedChunkBytes) : most
  }, 0)
}

/** Whether a source is a temporary file, of which any cells can be read without others. */
export const isSpooled = (node: CubeNode): boolean => node.kind === 'source' && node.source.handle.format === 'spool'

/** Whether a region takes whole rows (or planes ...) of chunks that are read by blocks, of which it may cut the first and last. */
function isOfRows({ blocks, chunks, schema }: ArraySource, { start, shape }: Region): boolean {
  if (blocks === undefined) return false
  const along = blocks.findIndex((side) => side > 1)
  const extent = shapeOf(schema)
  return chunks.every((side, d) => {
    const end = start[d]! + shape[d]!
    return d <= along || (start[d]! % side === 0 && (end % side === 0 || end === extent[d]))
  })
}

function sourceCosts(node: SourceNode, region: Region): Costs {
  const cells = cellCount(region.shape)
  const { chunks } = node.source
  if (isSpooled(node)) {
    const copiedBytes = blockBytes(node.schema, region)
    const peakBytes = Math.min(copiedBytes, chunkBytes(node.schema, chunks))
    return { peakBytes, decodedBytes: 0, copiedBytes, cells }
  }
  const boxes = isOfRows(node.source, region) ? node.source.blocks! : decodedBoxes(node.source, region)
  const peakBytes = Math.min(chunkCount(region, boxes), PARALLEL_CHUNKS) * chunkBytes(node.schema, boxes)
  const decodedBytes = chunkCount(region, boxes) * chunkBytes(node.schema, boxes)
  return { peakBytes, decodedBytes, copiedBytes: 0, cells }
}

function stepCosts(step: Step, steps: readonly Step[], options: ScheduleOptions): Costs {
  const { node, region } = step
  const cells = cellCount(region.shape)
  if (node.kind === 'source') return sourceCosts(node, region)
  if (step.fold !== undefined) return foldCosts(node, step.fold, region, options)
  if (node.kind === 'cells') {
    return { peakBytes: kernelScratch(node, region), decodedBytes: 0, copiedBytes: 0, cells }
  }
  // Where a node gets more than it asked for, what it asked for is a copy.
  const copies = step.wanted.map((need, i) => {
    const input = step.inputs[i]
    if (need === undefined || input === undefined || sameRegion(steps[input]!.region, need)) return 0
    return blockBytes(node.inputs[i]!.schema, need)
  })
  const scratch = copies.reduce((sum, bytes) => sum + bytes, node.scratchBytes?.(region) ?? 0)
  return { peakBytes: scratch, decodedBytes: 0, copiedBytes: 0, cells }
}

function measure(steps: readonly Step[], options: ScheduleOptions): Costs {
  let [live, peakBytes, decodedBytes, copiedBytes, cells] = [0, 0, 0, 0, 0]
  for (const step of steps) {
    const costs = stepCosts(step, steps, options)
    live += blockBytes(step.node.schema, step.region)
    peakBytes = Math.max(peakBytes, live + costs.peakBytes)
    decodedBytes += costs.decodedBytes
    copiedBytes += costs.copiedBytes
    cells += costs.cells
    for (const freed of step.frees) live -= blockBytes(steps[freed]!.node.schema, steps[freed]!.region)
  }
  return { peakBytes, decodedBytes, copiedBytes, cells }
}

/** The steps alone, without measuring them. */
export function stepsOf(root: CubeNode, region: Region, options: ScheduleOptions = {}): readonly Step[] {
  return order(demandsOf(root, region, options), root)
}

export function scheduleOf(root: CubeNode, region: Region, options: ScheduleOptions = {}): Schedule {
  const steps = stepsOf(root, region, options)
  return { steps, ...measure(steps, options) }
}
