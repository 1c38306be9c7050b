/**
 * Computes a cube and writes it, task by task, within a memory budget. A run that is killed leaves the old output and
 * what is needed to go on; the same call again computes only what is missing.
 */
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { InputError, type WorkOptions } from '@ecotope/core'
import type { Executor, Task } from '../execute/executor.ts'
import { inlineExecutor } from '../execute/inline.ts'
import type { SinkFormat, SinkJob } from '../execute/sink.ts'
import { threadExecutor } from '../execute/threads.ts'
import { temporaryFolder } from '../format/temporary.ts'
import { asideName, refuseTarget, writeAside } from '../geotiff/aside.ts'
import { shrinkHeap } from '../model/garbage.ts'
import { type CubeNode, type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount, regionText, splitRegion, wholeRegion } from '../model/region.ts'
import type { ProcessGraph, Value } from '../process/row.ts'
import { removeItem } from '../stac/item.ts'
import { type Explanation, explainPlan } from './explain.ts'
import { findFirst, stageFiles } from './find-first.ts'
import type { GraphContext } from './graph-cube.ts'
import { changedSince, inputsOf, jobHash, refuseInput } from './inputs.ts'
import { nodeAt, type Plan, planOf, regionsOfPlan } from './plan.ts'
import { Progress } from './progress.ts'
import type { FailedChunk } from './reader.ts'
import type { SpoolPlan } from './rechunk.ts'
import { type CubeOrigin, openOrigin, type RegionPayload, type RegionResult, type RunnerContext } from './runner.ts'
import { storedBeside } from './schedule.ts'
import { createSpool, removeSpool, spoolHandle } from './spool.ts'
import type { Stages } from './stages.ts'
import { taskShare } from './tasks.ts'

export interface SaveOptions extends WorkOptions {
  readonly sink: SinkFormat
  /** Module that exports `sinks`, for workers. Default: the table of formats. */
  readonly sinkModule?: string
  /** Options of the format, as `save_result` has them. */
  readonly formatOptions?: Readonly<Record<string, unknown>>
  /** Bytes that all tasks together may take. Default 512 MB. */
  readonly budgetBytes?: number
  /** Threads. Default: one for each processor. */
  readonly workers?: number
  /** `skip`: cells that cannot be computed are missing and their chunks listed beside the output. Default `fail`. */
  readonly onError?: 'fail' | 'skip'
  /** What computes. Default: threads of this machine. It is not closed. */
  readonly executor?: Executor
  /** Plans, and writes nothing. */
  readonly dryRun?: boolean
}

export interface Saved {
  readonly path: string
  /** Empty unless failures are skipped. Also in `PATH.failed.json`. */
  readonly failed: readonly FailedChunk[]
  readonly plan: Explanation
  readonly tasks: number
  /** Tasks that an earlier run had done. */
  readonly resumed: number
}

export interface GraphSaveOptions extends SaveOptions {
  readonly parameters?: Readonly<Record<string, Value>>
  readonly folder?: string
  /** What the graph gives, where that is known, which spares making it here once more. */
  readonly node?: CubeNode
}

/** Saves the cube that a graph gives; every worker makes it from the graph again. */
export function saveGraph(graph: ProcessGraph, path: string, options: GraphSaveOptions): Promise<Saved> {
  const { parameters, folder, node, ...rest } = options
  const context: GraphContext = {
    graph,
    ...(rest.onError === 'skip' ? { onError: rest.onError } : {}),
    ...(parameters === undefined ? {} : { parameters }),
    ...(folder === undefined ? {} : { folder }),
  }
  return saveOrigin({ module: new URL('./graph-cube.ts', import.meta.url).href, context }, path, rest, node)
}

/** Saves a cube that exists only in this process, in this thread. A killed run of it starts again from nothing. */
export function saveCube(node: CubeNode, path: string, options: SaveOptions): Promise<Saved> {
  return saveOrigin({ node }, path, { ...options, workers: 1, executor: inlineExecutor() })
}

/** Saves a cube of any origin. `node`: what the origin gives, where that is known. */
export async function saveOrigin(
  origin: CubeOrigin,
  path: string,
  options: SaveOptions,
  node?: CubeNode,
): Promise<Saved> {
  const opened = await openOrigin(node === undefined ? origin : { node })
  try {
    const inputs = options.sink.format === 'memory' ? [] : await inputsOf(opened.node, origin)
    if (options.sink.format !== 'memory') {
      refuseEmptyMap(opened.node.schema, path)
      // Else it would come out at the very end. Stores are folders and see for themselves.
      if (options.sink.format !== 'Zarr') await refuseTarget(path)
      await refuseInput(inputs, path)
    }
    const { signal, onProgress, onWarning } = options
    const work: WorkOptions = {
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(onWarning === undefined ? {} : { onWarning }),
    }
    const create = (): Promise<SinkJob> =>
      options.sink.create(path, opened.node.schema, {
        ...work,
        job: jobHash(origin, inputs),
        options: options.formatOptions ?? {},
      })
    let job = await create()
    if (job.resumesFromMs !== undefined && (await changedSince(inputs, job.resumesFromMs))) {
      await job.abandon(false)
      job = await create()
    }
    return await runJob({ origin, path, options, job, work, failed: new Map(), stages: [] }, opened.node)
  } finally {
    await opened.close()
  }
}

/** A map without cells is a mistake in bounds, dates or bands; other formats would write it without a word. */
function refuseEmptyMap({ dims, grid }: CubeSchema, path: string): void {
  const empty = dims.filter(({ labels }) => labels.length === 0).map(({ name }) => name)
  if (grid === undefined || empty.length === 0) return
  throw new InputError(
    'EmptyCube',
    `${path}: the result has no cells, as nothing is left along ${empty.join(' and ')}`,
    {
      hint: 'check the bounds (longitudes from 0 to 360?), dates and bands that are asked for: the data has none of them',
      data: { path, dimensions: empty },
    },
  )
}

interface Save {
  readonly origin: CubeOrigin
  readonly path: string
  readonly options: SaveOptions
  readonly job: SinkJob
  readonly work: WorkOptions
  readonly failed: Map<string, FailedChunk>
  /** What has been found first. */
  readonly stages: Stages
}

async function runJob(save: Save, node: CubeNode): Promise<Saved> {
  const { options, job, path, work } = save
  let own: Executor | undefined
  try {
    const workers = options.executor?.workers ?? options.workers ?? availableParallelism()
    const plan = planOf(node, {
      workers,
      chunks: job.chunks,
      order: job.order,
      encodeBytes: (region) => job.encodeBytes(region),
      ...(options.budgetBytes === undefined ? {} : { budgetBytes: options.budgetBytes }),
    })
    if (options.dryRun === true) {
      await job.abandon(true)
      return savedAs(path, plan)
    }
    const isHere = options.executor === undefined && isSmall(plan)
    if (!isHere && plan.budgetBytes <= SMALL_BUDGET) shrinkHeap()
    if (options.executor === undefined) own = isHere ? inlineExecutor() : ownExecutor(save, plan)
    const executor = options.executor ?? own!
    // What is open in this thread need not be opened again.
    const opened = isHere ? { ...save, origin: { node } } : save
    // What threads of its own hold is not to add to what comes next: others begin with nothing.
    const rest = async () => own?.close()
    const { failed, resumed } = await withFiles(opened, plan, { executor, rest }, (staged, spools) =>
      runTasks(staged, plan, executor, spools),
    )
    await rest()
    const isFile = job.handle.format !== 'memory'
    if (isFile && failed.length > 0) await listFailed(path, failed)
    await job.finish({ ...work, beforePublish: () => removeItem({ path, format: options.sink.format }) })
    if (isFile && failed.length === 0) await rm(listOf(path), { force: true })
    return savedAs(path, plan, failed, resumed)
  } catch (error) {
    // With what exists only in this process no later run can go on.
    await job.abandon(!('node' in save.origin))
    throw error
  } finally {
    await own?.close()
  }
}

/** The plan is put into words only where somebody asks: that takes longer than many a small job. */
const savedAs = (path: string, plan: Plan, failed: readonly FailedChunk[] = [], resumed = 0): Saved => ({
  path,
  failed,
  tasks: plan.tasks,
  resumed,
  get plan() {
    return explainPlan(plan)
  },
})

const listOf = (path: string): string => `${path}.failed.json`

/** Lists beside the output what is missing in it: before it is there, so that no killed run leaves it without its list. */
const listFailed = (path: string, failed: readonly FailedChunk[]): Promise<void> =>
  writeAside(listOf(path), (file) => file.writeFile(`${JSON.stringify(failed, null, 2)}\n`))

/** Work that is done before a thread would have started. */
const SMALL_BYTES = 2 ** 25

const isSmall = ({ tasks, stages, costs }: Plan): boolean =>
  tasks <= 1 && stages.length === 0 && costs.peakBytes < SMALL_BYTES

/** Up to this budget, threads are not kept for the next job, nor what planning took: these would count too much. */
const SMALL_BUDGET = 192 * 2 ** 20

/** Threads, even for one worker: this one stays free for progress and cancelling. */
function ownExecutor({ origin }: Save, { workers, budgetBytes }: Plan): Executor {
  if ('node' in origin) return inlineExecutor()
  return threadExecutor({ workers, budgetBytes: taskShare(budgetBytes), shared: budgetBytes > SMALL_BUDGET })
}

const RUNNER = new URL('./runner.ts', import.meta.url).href

type Spools = NonNullable<RunnerContext['spools']>

const common = ({ origin, options, stages }: Save, plan: Plan) => ({
  cube: origin,
  cacheBytes: plan.cacheBytes,
  foldAbove: plan.foldAbove,
  inPasses: plan.inPasses,
  skip: options.onError === 'skip',
  stages,
})

/** Who computes, and what ends its threads between two parts of a job, of which the next may need fewer. */
interface Staff {
  readonly executor: Executor
  rest(): Promise<void>
}

/** Finds first and cuts anew what the plan says, in files beside the output that are gone afterwards. */
async function withFiles<T>(
  save: Save,
  plan: Plan,
  { executor, rest }: Staff,
  use: (staged: Save, spools: Spools) => Promise<T>,
) {
  // What goes to memory has no folder of its own.
  const isNeeded = plan.stages.length + plan.spools.length > 0
  const own = isNeeded && save.job.handle.format === 'memory' ? await temporaryFolder('cube') : undefined
  const path = own !== undefined ? join(own.folder, 'cube') : isNeeded ? await asideName(save.path) : save.path
  const stages = stageFiles(plan, path)
  const spools = plan.spools.map(({ node, layout, fill }, i) => ({
    node,
    fill,
    handle: spoolHandle(`${path}.spool-${i}`, nodeAt(plan.staged, node).schema, layout),
  }))
  const staged = { ...save, stages }
  try {
    await findFirst(plan, stages, {
      executor,
      cube: save.origin,
      work: save.work,
      skip: save.options.onError === 'skip',
      onFailedChunk: (failure) => save.failed.set(keyOf(failure), failure),
    })
    if (stages.length > 0) await rest()
    for (const spool of spools) await fillSpool(staged, plan, executor, spool)
    if (spools.length > 0) await rest()
    return await use(staged, spools)
  } finally {
    for (const { handle } of [...stages, ...spools]) await removeSpool(handle)
    await own?.remove()
  }
}

type Filled = Stages[number] & Pick<SpoolPlan, 'fill'>

async function fillSpool(
  save: Save,
  plan: Plan,
  executor: Executor,
  { node: part, handle, fill }: Filled,
): Promise<void> {
  const { onProgress, ...quiet } = save.work
  createSpool(handle)
  const node = nodeAt(plan.staged, part)
  const whole = wholeRegion(shapeOf(node.schema))
  const progress = new Progress('cut anew', cellCount(whole.shape), onProgress)
  const { shape, costs } = fill
  const bytes = costs.peakBytes + storedBeside(node)
  const tasks = function* (): Generator<Task<RegionPayload>> {
    for (const region of splitRegion(whole, shape)) yield { id: regionText(region), payload: { region }, bytes }
  }
  const context: RunnerContext = { ...common(save, plan), sink: handle, part }
  const outcomes = executor.run<RegionPayload, RegionResult>({ module: RUNNER, context }, tasks(), quiet)
  for await (const outcome of outcomes) {
    if ('error' in outcome) throw outcome.error
    for (const failure of outcome.result.failed) save.failed.set(keyOf(failure), failure)
    progress.add(cellCount((outcome.task.payload as RegionPayload).region.shape))
  }
}

const keyOf = (failure: FailedChunk): string => `${failure.path}#${failure.chunk.join()}`

async function runTasks(save: Save, plan: Plan, executor: Executor, spools: Spools) {
  const { job, options, work, failed } = save
  const context: RunnerContext = {
    ...common(save, plan),
    sink: job.handle,
    ...(spools.length === 0 ? {} : { spools }),
    ...(options.sinkModule === undefined ? {} : { sinkModule: options.sinkModule }),
    ...(plan.pieces === undefined ? {} : { pieces: plan.pieces }),
  }
  const { onProgress, ...quiet } = work
  const progress = new Progress('save', cellCount(plan.whole.shape), onProgress)
  let resumed = 0
  const bytes = plan.costs.peakBytes + storedBeside(plan.root)
  const tasks = function* (): Generator<Task<RegionPayload>> {
    for (const region of regionsOfPlan(plan)) {
      if (job.isDone(region)) {
        progress.skip(cellCount(region.shape))
        resumed++
      } else yield { id: regionText(region), payload: { region }, bytes }
    }
  }
  const outcomes = executor.run<RegionPayload, RegionResult>({ module: RUNNER, context }, tasks(), {
    ...quiet,
    order: job.order === 'row-major' ? 'task' : 'any',
  })
  for await (const outcome of outcomes) {
    if ('error' in outcome) throw outcome.error
    const { region } = outcome.task.payload as RegionPayload
    // What has failed is not done: a later run lists it again, or finds it mended.
    await job.write(region, outcome.result.encoded, outcome.result.failed.length === 0)
    for (const failure of outcome.result.failed) failed.set(keyOf(failure), failure)
    progress.add(cellCount(region.shape))
  }
  return { failed: [...failed.values()], resumed }
}
