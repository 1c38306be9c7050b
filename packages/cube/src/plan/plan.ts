/** A plan: how one cube is cut into tasks for one sink and one budget. What `save` runs and `explain` shows. */

import { type CubeNode, shapeOf } from '../model/node.ts'
import { chunkCount, type Region, splitRegion, wholeRegion } from '../model/region.ts'
import { DEFAULT_BUDGET } from './compute.ts'
import { fuse } from './fuse.ts'
import { blockBytes } from './nodes.ts'
import { type Costs, scheduleOf } from './schedule.ts'
import { cacheShare, foldAbove, type TaskShape, taskShape, taskShare } from './tasks.ts'

export interface PlanOptions {
  /** Bytes of all tasks that run at one time and of what they cache. Default 512 MB. */
  readonly budgetBytes?: number
  /** Default 1. */
  readonly workers?: number
  /** Boxes that the sink writes. Default: none in particular. */
  readonly chunks?: readonly number[]
  /** Bytes that a result costs while it is encoded. */
  readonly encodeBytes?: (region: Region) => number
}

export interface Plan {
  readonly root: CubeNode
  readonly whole: Region
  /** Results of tasks, cut at the cube's edges. */
  readonly shape: readonly number[]
  /** Where not even one of the sink's boxes fits in memory with what it is made from: the pieces it is made in. */
  readonly pieces?: readonly number[]
  readonly tasks: number
  readonly workers: number
  readonly budgetBytes: number
  readonly cacheBytes: number
  readonly foldAbove: number
  /** Of the costliest of the measured tasks. */
  readonly costs: Costs
}

/** Throws InputError `BudgetTooSmall`. */
export function planOf(node: CubeNode, options: PlanOptions = {}): Plan {
  const root = fuse(node)
  const { budgetBytes = DEFAULT_BUDGET, workers = 1, chunks, encodeBytes } = options
  const whole = wholeRegion(shapeOf(root.schema))
  const extent = shapeOf(root.schema)
  const base = {
    root,
    whole,
    workers,
    budgetBytes,
    cacheBytes: cacheShare(budgetBytes, workers),
    foldAbove: foldAbove(budgetBytes, workers),
  }
  if (extent.includes(0)) {
    const costs = { peakBytes: 0, decodedBytes: 0, cells: 0 }
    return { ...base, shape: extent.map((length) => Math.max(1, length)), tasks: 0, costs }
  }
  const shaped = shapeFor(root, { budgetBytes, workers }, chunks, encodeBytes)
  return { ...base, ...shaped, tasks: chunkCount(whole, shaped.shape) }
}

interface Shaped extends TaskShape {
  readonly pieces?: readonly number[]
}

type Share = { readonly budgetBytes: number; readonly workers: number }

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
  const whole = scheduleOf(root, least, { foldAbove: foldAbove(share.budgetBytes, share.workers) })
  if (whole.peakBytes + fixed <= taskShare(share.budgetBytes, share.workers))
    return taskShape(root, { ...share, ...extra, align: chunks })
  return inPieces(root, share, least, fixed) ?? taskShape(root, { ...share, ...extra, align: chunks })
}

/** One box of the sink at a time, made from pieces that fit beside it; undefined where that does not help. */
function inPieces(root: CubeNode, share: Share, box: Region, fixed: number): Shaped | undefined {
  for (const workers of share.workers > 1 ? [share.workers, 1] : [1]) {
    const budgetBytes = share.budgetBytes / workers - (fixed * 8) / 7
    if (budgetBytes <= 0) continue
    try {
      const { shape, costs } = taskShape(root, { budgetBytes, region: box })
      return { shape: box.shape, pieces: shape, costs: { ...costs, peakBytes: costs.peakBytes + fixed } }
    } catch {
      // Too small a share for one of several workers; one alone may do.
    }
  }
  return undefined
}

/** The regions of all tasks, in row-major order. */
export function regionsOfPlan({ whole, shape }: Plan): Generator<Region> {
  return splitRegion(whole, shape)
}
