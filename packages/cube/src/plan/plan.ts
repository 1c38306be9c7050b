/** A plan: how one cube is cut into tasks for one sink and one budget. What `save` runs and `explain` shows. */

import { InputError } from '@ecotope/core'
import { DECODED_AGAIN } from '../model/array-source.ts'
import { type CubeNode, shapeOf } from '../model/node.ts'
import { cellCount, chunkCount, type Region, splitRegion, wholeRegion } from '../model/region.ts'
import { fuse } from './fuse.ts'
import { blockBytes, consumersFirst } from './nodes.ts'
import { foldOf } from './partial.ts'
import { type SpoolPlan, storedParts, wantedChunks, wastefulParts, withIdealSpools, withSpools } from './rechunk.ts'
import { type Costs, scheduleOf, storedBeside } from './schedule.ts'
import { spoolHandle, spoolScratch } from './spool.ts'
import { overStages, type StageOptions, stageHandle, stagesOf } from './stages.ts'
import {
  cacheShare,
  DEFAULT_BUDGET,
  foldAbove,
  idling,
  isTooSmall,
  lastParts,
  neededBy,
  type TaskShape,
  taskShape,
  taskShare,
  tooSmall,
} from './tasks.ts'

export interface PlanOptions {
  /** Bytes of all tasks that run at one time and of what they cache. Default 512 MB. */
  readonly budgetBytes?: number
  /** Default 1. */
  readonly workers?: number
  /** Boxes that the sink writes. Default: none in particular. */
  readonly chunks?: readonly number[]
  /** Bytes that a result costs while it is encoded. */
  readonly encodeBytes?: (region: Region) => number
  /** In which the sink takes results. Default: any. */
  readonly order?: 'any' | 'row-major'
}

export interface Plan {
  /** The fused graph. */
  readonly fused: CubeNode
  /** Nodes of `fused` whose small results are found first, in this order. */
  readonly stages: readonly number[]
  /** The fused graph with temporary files in the place of these. */
  readonly staged: CubeNode
  /** What tasks compute: that graph, with temporary files in the place of nodes that are cut anew. */
  readonly root: CubeNode
  /** Nodes of `staged` that are written to temporary files first. */
  readonly spools: readonly SpoolPlan[]
  readonly whole: Region
  /** Results of tasks, cut at the cube's edges. */
  readonly shape: readonly number[]
  /** Parts that the last tasks, one for each worker, are cut into. */
  readonly last?: readonly number[]
  /** Where not even one of the sink's boxes fits in memory with what it is made from: the pieces it is made in. */
  readonly pieces?: readonly number[]
  readonly tasks: number
  readonly workers: number
  readonly budgetBytes: number
  readonly cacheBytes: number
  readonly foldAbove: number
  /** Order statistics take several passes over what they read, as nothing else fits. */
  readonly inPasses: boolean
  /** Of the costliest of the measured tasks. */
  readonly costs: Costs
  /** Work for each cell of the result, in bytes that could be decoded meanwhile; 0 where there is nothing to do. */
  readonly pace: number
}

/** Throws InputError `BudgetTooSmall`. */
export function planOf(node: CubeNode, options: PlanOptions = {}): Plan {
  const plan = evenPlan(node, options)
  const { root, shape, budgetBytes, workers, inPasses, foldAbove, pieces, tasks } = plan
  if (options.order === 'row-major' || pieces !== undefined || tasks < 2) return plan
  const align = options.chunks === undefined ? {} : { align: options.chunks }
  const last = lastParts(root, shape, { budgetBytes, workers, inPasses, foldAbove, ...align })
  if (last === undefined) return plan
  const parted = { ...plan, last }
  return { ...parted, tasks: [...regionsOfPlan(parted)].length }
}

/** The plan whose tasks are all of a shape. */
function evenPlan(node: CubeNode, options: PlanOptions): Plan {
  const fused = fuse(node)
  const plain = planOrError(fused, options)
  const known = plain instanceof InputError ? undefined : plain
  const shape = known?.pieces ?? known?.shape ?? []
  const task = known && { ...known, regions: chunkCount(known.whole, shape), middle: middle(known.whole, shape) }
  const { budgetBytes = DEFAULT_BUDGET, workers = 1 } = options
  const stages = known?.tasks === 0 ? [] : stagesOf(fused, task, stageOptions({ budgetBytes, workers }))
  if (stages.length === 0) {
    if (plain instanceof InputError) throw plain
    return plain
  }
  const order = consumersFirst(fused)
  const handles = stages.map((i) => ({ node: i, handle: stageHandle('temporary', order[i]!) }))
  const over = planOrError(overStages(fused, handles), options)
  if (!(over instanceof InputError)) return { ...over, fused, stages }
  if (plain instanceof InputError) throw leastOf([over, plain])
  return plain
}

/** What stages of a plan may take. */
export const stageOptions = ({ budgetBytes, workers }: Pick<Plan, 'budgetBytes' | 'workers'>): StageOptions => ({
  foldAbove: foldAbove(budgetBytes, workers),
  mostBytes: taskShare(budgetBytes),
  workers,
})

/** Parts of the bytes that pieces of folds usually take. The less a piece takes, the larger a task may be. */
const PARTS_OF_PIECES = [1 / 8, 1 / 64]
/** Another size of pieces has to save this part of the time, */
const GAIN = 0.1
/** and there has to be so much work, in bytes that could be decoded meanwhile, that planning again is little. */
const MUCH_WORK = 2 ** 27

/**
 * The plan without stages: with pieces of the usual size, or smaller ones where those save time. What a piece is made
 * from may be many times what it is (the pixels under those of a coarser grid), so that tasks with large ones are small.
 */
function planOrError(fused: CubeNode, options: PlanOptions): Plan | InputError {
  const { budgetBytes = DEFAULT_BUDGET, workers = 1 } = options
  const usual = foldAbove(budgetBytes, workers)
  const plan = planWith(fused, options, usual)
  const canFold = consumersFirst(fused).some((node) => foldOf(node, usual) !== undefined)
  if (!canFold || (!(plan instanceof InputError) && (timeOf(plan) < MUCH_WORK || decodesOnce(plan)))) return plan
  return PARTS_OF_PIECES.reduce((best: Plan | InputError, part) => {
    const other = planWith(fused, options, part * usual)
    if (other instanceof InputError) return best
    return best instanceof InputError || timeOf(other) <= (1 - GAIN) * timeOf(best) ? other : best
  }, plan)
}

/** Whether tasks decode hardly more than all that is stored. */
function decodesOnce({ root, whole, shape, pieces, costs }: Plan): boolean {
  const stored = consumersFirst(root).reduce(
    (sum, { kind, schema }) => sum + (kind === 'source' ? blockBytes(schema, wholeRegion(shapeOf(schema))) : 0),
    0,
  )
  return chunkCount(whole, pieces ?? shape) * costs.decodedBytes <= DECODED_AGAIN * stored
}

/** What writing a cell of a temporary file and reading it again costs, as decoding bytes. */
const COST_OF_SPOOLS = 4

/** The time that all tasks take, in bytes that a worker could decode meanwhile, times workers. */
function timeOf({ pace, whole, tasks, workers, staged, spools }: Plan): number {
  if (tasks === 0) return 0
  const copied = spools.reduce((sum, { node }) => {
    const { schema } = nodeAt(staged, node)
    return sum + blockBytes(schema, wholeRegion(shapeOf(schema)))
  }, 0)
  return pace * cellCount(whole.shape) * idling(tasks, workers) + COST_OF_SPOOLS * copied
}

/** The plan without stages, with folds in pieces of these bytes. */
function planWith(fused: CubeNode, options: PlanOptions, pieceBytes: number): Plan | InputError {
  const { budgetBytes = DEFAULT_BUDGET, workers = 1 } = options
  const extent = shapeOf(fused.schema)
  const base = {
    fused,
    stages: [],
    staged: fused,
    root: fused,
    spools: [],
    whole: wholeRegion(extent),
    workers,
    budgetBytes,
    cacheBytes: cacheShare(budgetBytes, workers),
    foldAbove: pieceBytes,
    inPasses: false,
  }
  if (extent.includes(0)) {
    const costs = { peakBytes: 0, decodedBytes: 0, cells: 0 }
    return { ...base, shape: extent.map((length) => Math.max(1, length)), tasks: 0, costs, pace: 0 }
  }
  const known = { ...options, budgetBytes, workers, foldAbove: pieceBytes }
  const shaped = shapeOrError(fused, known)
  const plan = respooled(base, shaped, known)
  if (plan !== undefined && !(plan instanceof InputError)) return plan
  if (!(shaped instanceof InputError)) return { ...base, ...shaped, tasks: chunkCount(base.whole, shaped.shape) }
  const passing = shapeOrError(fused, { ...known, inPasses: true })
  if (passing instanceof InputError) return leastOf([passing, ...(plan === undefined ? [] : [plan])])
  return { ...base, ...passing, inPasses: true, tasks: chunkCount(base.whole, passing.shape) }
}

type Base = Omit<Plan, 'shape' | 'pieces' | 'tasks' | 'costs' | 'pace'>
type Known = PlanOptions & Share

function shapeOrError(root: CubeNode, options: Known): Shaped | InputError {
  try {
    return shapeFor(root, options, options.chunks, options.encodeBytes)
  } catch (error) {
    if (isTooSmall(error)) return error
    throw error
  }
}

/** The task in the middle of the cube. */
function middle({ shape: extent }: Region, shape: readonly number[]): Region {
  const start = extent.map((length, d) => ((Math.ceil(length / shape[d]!) - 1) >> 1) * shape[d]!)
  return { start, shape: start.map((from, d) => Math.min(shape[d]!, extent[d]! - from)) }
}

/** What asks for the least memory. */
const leastOf = (errors: readonly InputError[]): InputError =>
  errors.reduce((a, b) => (neededBy(b).needed < neededBy(a).needed ? b : a))

/**
 * The plan with nodes cut anew on disk, where tasks do not fit otherwise or would decode everything many times; an error
 * where only cutting does not fit, undefined where it would not help.
 */
function respooled(base: Base, shaped: Shaped | InputError, options: Known): Plan | InputError | undefined {
  const { fused, whole } = base
  const parts =
    shaped instanceof InputError
      ? storedParts(fused)
      : wastefulParts(fused, middle(whole, shaped.pieces ?? shaped.shape), base)
  if (parts.length === 0) return undefined
  const ideal = withIdealSpools(fused, parts)
  const better = shapeOrError(ideal, options)
  if (better instanceof InputError) return undefined
  const fills = parts.map((part) => fillOrError(nodeAt(fused, part), options))
  const unfillable = fills.filter((fill) => fill instanceof InputError)
  if (unfillable.length > 0) return unfillable.reduce((a, b) => (a === leastOf([a, b]) ? b : a))
  const shapes = fills.flatMap((fill) => (fill instanceof InputError ? [] : [fill.shape]))
  const spools = wantedChunks(fused, ideal, parts, shapes, middle(whole, better.pieces ?? better.shape))
  const handles = spools.map(
    ({ node, layout }) => [node, spoolHandle('temporary', nodeAt(fused, node).schema, layout)] as const,
  )
  const root = withSpools(fused, new Map(handles))
  return { ...base, root, spools, ...better, tasks: chunkCount(whole, better.shape) }
}

/**
 * What filling a temporary file takes. Where chunks are large, one worker whose tasks hold more of each may decode them
 * less often than many do together. Throws InputError `BudgetTooSmall`.
 */
export function fillShape(node: CubeNode, { budgetBytes, workers }: Omit<Share, 'foldAbove'>): TaskShape {
  const extraBytes = (region: Region): number => spoolScratch(blockBytes(node.schema, region))
  const many = taskShape(node, { budgetBytes, workers, extraBytes })
  const work = ({ shape, costs }: TaskShape): number => costs.decodedBytes / blockBytes(node.schema, wholeRegion(shape))
  if (workers === 1 || work(many) < 2) return many
  const one = taskShape(node, { budgetBytes, workers: 1, extraBytes })
  const abreast = Math.floor(taskShare(budgetBytes) / (many.costs.peakBytes + storedBeside(node)))
  return work(one) * Math.min(workers, Math.max(1, abreast)) < work(many) ? one : many
}

function fillOrError(node: CubeNode, share: Share): TaskShape | InputError {
  try {
    return fillShape(node, share)
  } catch (error) {
    if (isTooSmall(error)) return error
    throw error
  }
}

export function nodeAt(root: CubeNode, index: number): CubeNode {
  return consumersFirst(root)[index]!
}

interface Shaped extends TaskShape {
  readonly pieces?: readonly number[]
}

interface Share {
  readonly budgetBytes: number
  readonly workers: number
  readonly foldAbove: number
  readonly inPasses?: boolean
}

function shapeFor(
  root: CubeNode,
  share: Share,
  chunks: readonly number[] | undefined,
  encodeBytes: PlanOptions['encodeBytes'],
): Shaped {
  const extra = encodeBytes === undefined ? {} : { extraBytes: encodeBytes }
  if (chunks === undefined) return taskShape(root, { ...share, ...extra })
  const extent = shapeOf(root.schema)
  const least = { start: extent.map(() => 0), shape: chunks.map((side, d) => Math.min(side, extent[d]!)) }
  const fixed = blockBytes(root.schema, least) + (encodeBytes?.(least) ?? 0)
  const { inPasses = false } = share
  const whole = scheduleOf(root, least, { foldAbove: share.foldAbove, inPasses })
  const fits = whole.peakBytes + fixed <= taskShare(share.budgetBytes, share.workers)
  // One cell has no pieces; where it needs more than a worker's share, one worker makes as many at once as it can.
  const isCell = cellCount(least.shape) === 1
  if (fits || isCell) {
    const plain = taskShape(root, { ...share, ...extra, align: chunks })
    const pieces = isCell ? undefined : inPieces(root, share, least, fixed, [share.workers])
    return isShaped(pieces) && pieces.pace <= WORTH_PIECES * plain.pace ? pieces : plain
  }
  const pieces = inPieces(root, share, least, fixed, share.workers > 1 ? [share.workers, 1] : [1])
  if (isShaped(pieces)) return pieces
  try {
    return taskShape(root, { ...share, ...extra, align: chunks })
  } catch (error) {
    throw isTooSmall(error) && pieces !== undefined && neededBy(error).needed > neededBy(pieces).needed ? pieces : error
  }
}

/** Boxes of the sink that fit are made from pieces where these take no more than this part of the work. */
const WORTH_PIECES = 0.9

const isShaped = (found: Shaped | InputError | undefined): found is Shaped =>
  found !== undefined && !(found instanceof InputError)

/**
 * One box of the sink at a time, made from pieces that fit beside it, for the first of these numbers of workers; else
 * what budget that would take, if known.
 */
function inPieces(
  root: CubeNode,
  share: Share,
  box: Region,
  fixed: number,
  numbersOfWorkers: readonly number[],
): Shaped | InputError | undefined {
  const { inPasses = false, foldAbove } = share
  const beside = (fixed * 8) / 7
  let failure: InputError | undefined
  for (const workers of numbersOfWorkers) {
    const budgetBytes = share.budgetBytes / workers - beside
    if (budgetBytes <= 0) continue
    try {
      const { shape, costs, pace } = taskShape(root, { budgetBytes, region: box, inPasses, foldAbove })
      return { shape: box.shape, pieces: shape, costs: { ...costs, peakBytes: costs.peakBytes + fixed }, pace }
    } catch (error) {
      // Too small a share for one of several workers; one alone may do.
      if (!isTooSmall(error)) throw error
      const { needed, shape } = neededBy(error)
      failure = tooSmall(root, shape, Math.ceil(needed + beside), share.budgetBytes)
    }
  }
  return failure
}

/** The regions of all tasks: in row-major order, where the last ones are not cut into parts. */
export function* regionsOfPlan({ whole, shape, last, workers }: Plan): Generator<Region> {
  if (last === undefined) return yield* splitRegion(whole, shape)
  let left = chunkCount(whole, shape)
  for (const region of splitRegion(whole, shape)) {
    if (left-- > workers) yield region
    else yield* splitRegion(region, last)
  }
}
