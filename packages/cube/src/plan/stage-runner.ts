/** The code of a task of a stage: takes some pieces into a state of its own and sends what it found. */
import { isMainThread } from 'node:worker_threads'
import type { TaskRunner } from '../execute/executor.ts'
import { addPieces } from './evaluate.ts'
import { fuse } from './fuse.ts'
import { nodeAt } from './plan.ts'
import { ChunkReader, type FailedChunk } from './reader.ts'
import { type CubeOrigin, closeSpools, openOrigin } from './runner.ts'
import { overStages, type Stages, stageOf } from './stages.ts'

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
export interface StagePayload {
  readonly from: number
  readonly to: number
  readonly progress: unknown
}

export interface StageResult {
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
  const { fold, region } = stageOf(node, foldAbove)!
  const shared = fold.shared!(region)!
  let failed: FailedChunk[] = []
  const onFailedChunk = skip ? { onFailedChunk: (failure: FailedChunk) => void failed.push(failure) } : {}
  const reader = new ChunkReader({ cacheBytes, ...onFailedChunk })
  return {
    run: async ({ from, to, progress }, work) => {
      failed = []
      const state = shared.resume(progress, from)
      // A worker runs one task at a time.
      const options = { ...work, reader, foldAbove, inPasses: true, alone: !isMainThread }
      await addPieces(node, fold, state, between(fold.pieces(region), from, to), options)
      return { found: shared.found(state), failed }
    },
    close: async () => {
      await closeSpools(node)
      await opened.close()
    },
  }
}
