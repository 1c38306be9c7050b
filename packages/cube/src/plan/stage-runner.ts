/**
 * The code of a task of a stage: finds a part of the result, or takes some pieces of a part into a state of its own and
 * sends what it found in them.
 */
import { isMainThread } from 'node:worker_threads'
import type { TaskRunner } from '../execute/executor.ts'
import type { Region } from '../model/region.ts'
import { addPieces, evaluateRegion } from './evaluate.ts'
import { fuse } from './fuse.ts'
import { foldOf } from './partial.ts'
import { nodeAt } from './plan.ts'
import { ChunkReader, type FailedChunk } from './reader.ts'
import { type CubeOrigin, closeSpools, openOrigin } from './runner.ts'
import { overStages, type Stages } from './stages.ts'

export interface StageContext {
  readonly cube: CubeOrigin
  readonly cacheBytes: number
  readonly foldAbove: number
  readonly skip: boolean
  /** The stages before. */
  readonly stages: Stages
  /** The node of the fused graph that is found. */
  readonly node: number
}

/** Pieces from one to another (excluded), in the pass that `progress` is of. */
export interface Share {
  readonly from: number
  readonly to: number
  readonly progress: unknown
}

export interface StagePayload {
  readonly region: Region
  /** Default: all of the region. */
  readonly share?: Share
}

export interface StageResult {
  /** Of a share what it found, else the cells. */
  readonly found: unknown
  readonly failed: readonly FailedChunk[]
}

/** Elements of an iteration from one index to another. */
function* between<T>(all: Iterable<T>, from: number, to: number): Generator<T> {
  let at = 0
  for (const one of all) {
    if (at >= to) return
    if (at++ >= from) yield one
  }
}

export async function open(context: StageContext): Promise<TaskRunner<StagePayload, StageResult>> {
  const opened = await openOrigin(context.cube)
  const fused = fuse(opened.node)
  const node = overStages(fused, context.stages, nodeAt(fused, context.node))
  const { skip, cacheBytes, foldAbove } = context
  let failed: FailedChunk[] = []
  const onFailedChunk = skip ? { onFailedChunk: (failure: FailedChunk) => void failed.push(failure) } : {}
  const reader = new ChunkReader({ cacheBytes, ...onFailedChunk })
  return {
    run: async ({ region, share }, work) => {
      failed = []
      // A worker runs one task at a time.
      const options = { ...work, reader, foldAbove, inPasses: true, alone: !isMainThread }
      if (share === undefined) return { found: (await evaluateRegion(node, region, options)).data, failed }
      const fold = foldOf(node, foldAbove, true)!
      const shared = fold.shared!(region)!
      const state = shared.resume(share.progress, share.from)
      await addPieces(node, fold, state, between(fold.pieces(region), share.from, share.to), options)
      return { found: shared.found(state), failed }
    },
    close: async () => {
      await closeSpools(node)
      await opened.close()
    },
  }
}
