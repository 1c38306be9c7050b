/** Runs the stages of a plan: passes of tasks over the pieces of a node, whose findings are joined here, in their order. */
import { CancelledError, EnvironmentError, type WorkOptions } from '@ecotope/core'
import type { Executor, Task } from '../execute/executor.ts'
import type { Block } from '../model/block.ts'
import { nodeAt, type Plan } from './plan.ts'
import type { FailedChunk } from './reader.ts'
import { type CubeOrigin, missingBlock } from './runner.ts'
import { scheduleOf } from './schedule.ts'
import { createSpool, spoolSink } from './spool.ts'
import type { StageContext, StagePayload, StageResult } from './stage-runner.ts'
import { overStages, type Stage, type Stages, stageHandle, stageOf } from './stages.ts'

const RUNNER = new URL('./stage-runner.ts', import.meta.url).href

/** Tasks of a pass for each worker, so that all end at about the same time. */
const TASKS_PER_WORKER = 4

export interface FindOptions {
  readonly cube: CubeOrigin
  readonly executor: Executor
  readonly work: WorkOptions
  /** Whether what cannot be found is missing instead of an error. */
  readonly skip: boolean
  readonly onFailedChunk: (failure: FailedChunk) => void
}

/** Where results of a plan's stages will lie. The files are the caller's to remove. */
export function stageFiles(plan: Plan, path: string): Stages {
  return plan.stages.map((node, k) => ({
    node,
    handle: stageHandle(`${path}.stage-${k}`, nodeAt(plan.fused, node)),
  }))
}

/** Fills these files, one after the other. */
export async function findFirst(plan: Plan, files: Stages, options: FindOptions): Promise<void> {
  for (const [k, { node: at, handle }] of files.entries()) {
    const before = files.slice(0, k)
    const stage = stageOf(overStages(plan.fused, before, nodeAt(plan.fused, at)), plan.foldAbove)!
    const { cacheBytes, foldAbove } = plan
    const context = { cube: options.cube, cacheBytes, foldAbove, skip: options.skip, stages: before, node: at }
    const block = await found(stage, context, options)
    createSpool(handle)
    const encoder = await spoolSink.encoder(handle)
    await encoder.encode(stage.region, block, {})
    await encoder.close()
  }
}

async function found(stage: Stage, context: StageContext, options: FindOptions): Promise<Block> {
  try {
    return await joined(stage, context, options)
  } catch (error) {
    if (!options.skip || error instanceof EnvironmentError || error instanceof CancelledError) throw error
    const { node, region } = stage
    options.onFailedChunk({ path: node.label, chunk: [], region, message: String((error as Error).message) })
    return missingBlock(node, region)
  }
}

async function joined({ node, fold, region }: Stage, context: StageContext, options: FindOptions): Promise<Block> {
  const { executor } = options
  const { onProgress: _own, ...work } = options.work
  const shared = fold.shared!(region)!
  let count = 0
  for (const _ of fold.pieces(region)) count++
  const bytes = scheduleOf(node, region, { foldAbove: context.foldAbove, inPasses: true }).peakBytes
  const tasks = Math.min(count, TASKS_PER_WORKER * executor.workers)
  const state = fold.begin(region)
  do {
    const progress = shared.progress(state)
    const pass = Array.from({ length: tasks }, (_, i): Task<StagePayload> => {
      const [from, to] = [Math.floor((i * count) / tasks), Math.floor(((i + 1) * count) / tasks)]
      return { id: `${from}:${to}`, payload: { from, to, progress }, bytes }
    })
    const outcomes = executor.run<StagePayload, StageResult>({ module: RUNNER, context }, pass, {
      ...work,
      order: 'task',
    })
    for await (const outcome of outcomes) {
      if ('error' in outcome) throw outcome.error
      for (const failure of outcome.result.failed) options.onFailedChunk(failure)
      shared.join(state, outcome.result.found)
    }
  } while (fold.again?.(state) === true)
  return fold.end(state, work)
}
