/** A plan: how one cube is cut into tasks for one sink and one budget. What `save` runs and `explain` shows. */

import { InputError } from '@ecotope/core'
import { type CubeNode, shapeOf } from '../model/node.ts'
import { cellCount, chunkCount, type Region, splitRegion, wholeRegion } from '../model/region.ts'
import { COST_OF_SPOOLS, decodesOnce, quickest, timeOf, wholeBytes } from './estimate.ts'
import { fuse } from './fuse.ts'
import { blockBytes, consumersFirst } from './nodes.ts'
import { foldOf } from './partial.ts'
import {
  isStored,
  type SpoolPlan,
  storedParts,
  wantedChunks,
  wastefulParts,
  withIdealSpools,
  withSpools,
} from './rechunk.ts'
import { type Costs, scheduleOf, storedBeside } from './schedule.ts'
import { spoolHandle, spoolScratch } from './spool.ts'
import { overStages, type StageOptions, stageHandle, stagesOf } from './stages.ts'
import {
  cacheShare,
  DEFAULT_BUDGET,
  foldAbove,
  isTooSmall,
  lastParts,
  MUCH_WORK,
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
  const plan = stagedPlan(fuse(node), options)
  const isAgain = timeOf(plan) >= MUCH_WORK && !decodesOnce(plan)
  return isAgain ? viaFiles(plan, options) : plan
}

function stagedPlan(fused: CubeNode, options: PlanOptions): Plan {
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
/**
 * The plan without stages: with pieces of the usual size, or smaller ones where those save time. What a piece is made
 * from may be many times what it is (the pixels under those of a coarser grid), so that tasks with large ones are small.
 */
function planOrError(fused: CubeNode, options: PlanOptions): Plan | InputError {
  const { budgetBytes = DEFAULT_BUDGET, workers = 1 } = options
  const usual = foldAbove(budgetBytes, workers)
  const plan = planWith(fused, options, usual, true)
  const canFold = consumersFirst(fused).some((node) => foldOf(node, usual) !== undefined)
  const isGood = (one: Plan): boolean => one.spools.length === 0 && decodesOnce(one)
  if (!canFold || (!(plan instanceof InputError) && (timeOf(plan) < MUCH_WORK || isGood(plan)))) return plan
  const others = PARTS_OF_PIECES.map((part) => planWith(fused, options, part * usual))
  return quickest([plan, ...others])
}

/** The plan without stages, with folds in pieces of these bytes. */
function planWith(fused: CubeNode, options: PlanOptions, pieceBytes: number, isThorough = false): Plan | InputError {
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
    const costs = { peakBytes: 0, decodedBytes: 0, copiedBytes: 0, cells: 0 }
    return { ...base, shape: extent.map((length) => Math.max(1, length)), tasks: 0, costs, pace: 0 }
  }
  const known = { ...options, budgetBytes, workers, foldAbove: pieceBytes, isThorough }
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
  return parts.length === 0 ? undefined : overFiles(base, parts, options)
}

/** The plan with these nodes cut anew on disk; an error where only cutting does not fit, undefined where nothing does. */
function overFiles(base: Base, parts: readonly number[], options: Known): Plan | InputError | undefined {
  const { staged, whole } = base
  const ideal = withIdealSpools(staged, parts)
  const better = shapeOrError(ideal, options)
  if (better instanceof InputError) return undefined
  const fills = parts.map((part) => fillOrError(nodeAt(staged, part), options))
  const unfillable = fills.filter((fill) => fill instanceof InputError)
  if (unfillable.length > 0) return unfillable.reduce((a, b) => (a === leastOf([a, b]) ? b : a))
  const fitting = fills.flatMap((fill) => (fill instanceof InputError ? [] : [fill]))
  const spools = wantedChunks(staged, ideal, parts, fitting, middle(whole, better.pieces ?? better.shape))
  const handles = spools.map(
    ({ node, layout }) => [node, spoolHandle('temporary', nodeAt(staged, node).schema, layout)] as const,
  )
  const root = withSpools(staged, new Map(handles))
  return { ...base, root, spools, ...better, tasks: chunkCount(whole, better.shape) }
}

/** Places for files between that are tried, those of the least bytes. */
const MOST_CANDIDATES = 4

/**
 * A plan whose tasks decode the same again and again, or one with files between that takes less time: stored parts cut
 * anew, or what is computed of them, from which tasks of another shape take what they need.
 */
function viaFiles(plan: Plan, options: PlanOptions): Plan {
  const { staged, budgetBytes, workers, inPasses } = plan
  const usual = foldAbove(budgetBytes, workers)
  const copied = (parts: readonly number[]): number =>
    parts.reduce((sum, part) => sum + wholeBytes(nodeAt(staged, part)), 0)
  const candidates = [storedParts(staged), ...cutsBetween(staged).map((node) => [node])]
    .filter((parts) => parts.length > 0 && COST_OF_SPOOLS * copied(parts) < timeOf(plan))
    .sort((a, b) => copied(a) - copied(b))
    .slice(0, MOST_CANDIDATES)
  const { pieces: _, ...base } = plan
  const others = candidates.flatMap((parts) =>
    [...new Set([usual, plan.foldAbove])].flatMap((pieceBytes) => {
      const known = { ...options, budgetBytes, workers, foldAbove: pieceBytes, inPasses }
      return overFiles({ ...base, root: staged, spools: [], foldAbove: pieceBytes }, parts, known) ?? []
    }),
  )
  return quickest([plan, ...others]) as Plan
}

/** Computed nodes between which and their consumers a file may help: at neighbourhoods and warps, and before the sink. */
function cutsBetween(root: CubeNode): number[] {
  const order = consumersFirst(root)
  const at = new Set(order.flatMap((node) => (node.kind === 'blocks' ? [node, ...node.inputs] : [])))
  at.add(root)
  const stored = new Set(order.filter(isStored))
  return order.flatMap((node, i) => (at.has(node) && !stored.has(node) ? [i] : []))
}

/**
 * What filling a temporary file takes. Where chunks are large, one worker whose tasks hold more of each may decode them
 * less often than many do together. Throws InputError `BudgetTooSmall`.
 */
export function fillShape(node: CubeNode, { budgetBytes, workers, foldAbove, inPasses }: Filling): TaskShape {
  const folding = {
    isThorough: true,
    ...(foldAbove === undefined ? {} : { foldAbove }),
    ...(inPasses === undefined ? {} : { inPasses }),
  }
  const extraBytes = (region: Region): number => spoolScratch(blockBytes(node.schema, region))
  const many = taskShape(node, { budgetBytes, workers, extraBytes, ...folding })
  const work = ({ shape, costs }: TaskShape): number => costs.decodedBytes / blockBytes(node.schema, wholeRegion(shape))
  if (workers === 1 || work(many) < 2) return many
  const one = taskShape(node, { budgetBytes, workers: 1, extraBytes, ...folding })
  const abreast = Math.floor(taskShare(budgetBytes) / (many.costs.peakBytes + storedBeside(node)))
  return work(one) * Math.min(workers, Math.max(1, abreast)) < work(many) ? one : many
}

type Memory = Pick<Share, 'budgetBytes' | 'workers'>
type Filling = Memory & Partial<Share>

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
  readonly isThorough?: boolean
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
  const { inPasses = false, foldAbove, isThorough = false } = share
  const beside = (fixed * 8) / 7
  let failure: InputError | undefined
  for (const workers of numbersOfWorkers) {
    const budgetBytes = share.budgetBytes / workers - beside
    if (budgetBytes <= 0) continue
    try {
      const { shape, costs, pace } = taskShape(root, { budgetBytes, region: box, inPasses, foldAbove, isThorough })
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
