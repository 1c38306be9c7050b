/** Runs the stages of a plan: passes of tasks over the pieces of a node, whose findings are joined here, in their order. */
import { CancelledError, EnvironmentError, type WorkOptions } from '@ecotope/core'
import type { TypedArray } from '../dtype.ts'
import type { Executor, Task } from '../execute/executor.ts'
import type { Block } from '../model/block.ts'
import type { Fold } from '../model/node.ts'
import { chunkCount, type Region, regionText, splitRegion } from '../model/region.ts'
import { nodeAt, type Plan, stageOptions } from './plan.ts'
import { Progress } from './progress.ts'
import type { FailedChunk } from './reader.ts'
import { type CubeOrigin, missingBlock } from './runner.ts'
import { piecesOf, scheduleOf } from './schedule.ts'
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
    const node = overStages(plan.fused, before, nodeAt(plan.fused, at))
    // Not those of the tasks' own pieces: findings are joined by how they were cut here.
    const bounds = stageOptions(plan)
    const stage = stageOf(node, bounds)!
    const { cacheBytes } = plan
    const { foldAbove } = bounds
    const context = { cube: options.cube, cacheBytes, foldAbove, skip: options.skip, stages: before, node: at }
    createSpool(handle)
    const encoder = await spoolSink.encoder(handle)
    try {
      const parts = new Progress('found first', chunkCount(stage.region, stage.shape), options.work.onProgress)
      for await (const block of blocksOf(stage, context, options, parts)) await encoder.encode(block.region, block, {})
    } finally {
      await encoder.close()
    }
  }
}

/** All parts of a result, in any order. */
async function* blocksOf(
  stage: Stage,
  context: StageContext,
  options: FindOptions,
  parts: Progress,
): AsyncGenerator<Block> {
  const regions = splitRegion(stage.region, stage.shape)
  if (stage.fold === undefined) yield* apart(stage, regions, context, options, parts)
  else for (const region of regions) yield await together(stage, stage.fold, region, context, options, parts)
}

const peakBytes = ({ node, region, shape }: Stage, { foldAbove }: StageContext): number =>
  scheduleOf(node, { start: region.start, shape }, { foldAbove, inPasses: true }).peakBytes

function run(tasks: Iterable<Task<StagePayload>>, context: StageContext, { executor, work, skip }: FindOptions) {
  const { onProgress: _own, ...quiet } = work
  const onError = skip ? 'skip' : 'fail'
  return executor.run<StagePayload, StageResult>({ module: RUNNER, context }, tasks, {
    ...quiet,
    onError,
    order: 'task',
  })
}

/** Each part by one worker. */
async function* apart(
  stage: Stage,
  regions: Iterable<Region>,
  context: StageContext,
  options: FindOptions,
  parts: Progress,
): AsyncGenerator<Block> {
  const bytes = peakBytes(stage, context)
  const tasks = function* (): Generator<Task<StagePayload>> {
    for (const region of regions) yield { id: regionText(region), payload: { region }, bytes }
  }
  for await (const outcome of run(tasks(), context, options)) {
    parts.add(1)
    const { region } = outcome.task.payload as StagePayload
    if ('error' in outcome) yield missingInstead(stage, region, outcome.error, options)
    else {
      for (const failure of outcome.result.failed) options.onFailedChunk(failure)
      yield { region, data: outcome.result.found as TypedArray }
    }
  }
}

/** One part by all workers. */
async function together(
  stage: Stage,
  fold: Fold,
  region: Region,
  context: StageContext,
  options: FindOptions,
  parts: Progress,
): Promise<Block> {
  const shared = fold.shared!(region)!
  const count = piecesOf(fold, region)
  const bytes = peakBytes(stage, context)
  const tasks = Math.min(count, TASKS_PER_WORKER * options.executor.workers)
  const state = fold.begin(region)
  // How many passes it takes shows on the way.
  const step = 1 / (tasks * (fold.passes?.(region) ?? 1))
  let told = 0
  const tell = (amount: number): void => {
    parts.add(amount)
    told += amount
  }
  do {
    const progress = shared.progress(state)
    const pass = Array.from({ length: tasks }, (_, i): Task<StagePayload> => {
      const [from, to] = [Math.floor((i * count) / tasks), Math.floor(((i + 1) * count) / tasks)]
      return { id: `${from}:${to}`, payload: { region, share: { from, to, progress } }, bytes }
    })
    for await (const outcome of run(pass, context, options)) {
      if ('error' in outcome) return missingInstead(stage, region, outcome.error, options)
      for (const failure of outcome.result.failed) options.onFailedChunk(failure)
      shared.join(state, outcome.result.found)
      tell(Math.min(step, 1 - told))
    }
  } while (fold.again?.(state) === true)
  tell(1 - told)
  return fold.end(state, options.work)
}

/** Cells that could not be found, where these may be missing. */
function missingInstead({ node }: Stage, region: Region, error: Error, options: FindOptions): Block {
  if (!options.skip || error instanceof EnvironmentError || error instanceof CancelledError) throw error
  const block = missingBlock(node, region, error)
  options.onFailedChunk({ path: node.label, chunk: [], region, message: error.message })
  return block
}
