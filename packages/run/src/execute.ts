/** Runs a recipe step by step over a store: reuses what is there, resumes what was begun, stops when asked to. */
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import {
  CancelledError,
  EnvironmentError,
  InputError,
  type ProgressEvent,
  secondsLeft,
  throwIfAborted,
  type Warning,
  type WorkOptions,
} from '@ecotope/core'
import type { Device } from '@ecotope/tensor'
import type { PlannedNode } from './graph.ts'
import { type FileHash, openHasher } from './hash.ts'
import { canonicalJson, type JsonValue } from './json.ts'
import type { Parameters } from './parameters.ts'
import { argumentsOf, type Budget, makePlan, type PlannedStep, prepare, type RunPlan, stepOf } from './plan.ts'
import type { Process, StepContext, StepResult } from './process.ts'
import type { Recipe } from './recipe.ts'
import { openStore, type Store, type StoredStep } from './store.ts'
import { inWords } from './surroundings.ts'

/** What happens to a step, for a display. */
export interface StepEvent {
  readonly node: string
  readonly description: string
  /** `resumed`: begun by an earlier run that did not end. */
  readonly state: 'reused' | 'started' | 'resumed' | 'finished'
  /** Position among the steps, from 0. */
  readonly index: number
  readonly count: number
  /** Seconds that the step took, when it is reused or finished. */
  readonly seconds?: number
}

export interface RunOptions extends WorkOptions {
  readonly processes: readonly Process[]
  /** Folder of the store. */
  readonly store: string
  /** Default 1. */
  readonly seed?: number
  /** Default: the processors of the machine. */
  readonly threads?: number
  /** Default: half of the machine's memory. */
  readonly memoryBytes?: number
  /** Where networks run. Default: the processors. */
  readonly device?: Device | undefined
  readonly onStep?: (event: StepEvent) => void
}

/** A finished step of a run. */
export interface RanStep extends StepResult {
  readonly node: string
  readonly process: string
  readonly version: string
  readonly description: string
  readonly upstream: readonly string[]
  readonly reused: boolean
  readonly seconds: number
  readonly startedAt: string
  readonly endedAt: string
  readonly files: StoredStep['files']
}

/** A finished run. */
export interface Run {
  readonly recipe: Recipe
  readonly parameters: Parameters
  readonly seed: number
  readonly files: readonly FileHash[]
  readonly steps: readonly RanStep[]
  /** The value of the result node. */
  readonly value: JsonValue
  readonly startedAt: string
  readonly endedAt: string
}

/** A refused input leaves nothing behind, unless finished steps took longer than this and are worth keeping. */
const CHEAP_SECONDS = 60

function budgetOf(options: RunOptions): Budget {
  return {
    seed: options.seed ?? 1,
    threads: options.threads ?? availableParallelism(),
    memoryBytes: options.memoryBytes ?? totalmem() / 2,
    device: options.device,
  }
}

/** The plan of a run, without running or locking anything: what is reused, what is to do, what it may cost. */
export async function planRecipe(recipe: Recipe, parameters: Parameters, options: RunOptions): Promise<RunPlan> {
  const store = await openStore(options.store, { readOnly: true })
  const { processes, signal, onWarning } = options
  const hasher = await openHasher(join(store.path, 'hashes.json'))
  const input = { recipe, parameters, processes, hasher, budget: budgetOf(options), signal, onWarning, estimates: true }
  return (await makePlan(input, await prepare(input), store)).plan
}

/**
 * Runs a recipe. Steps whose results are in the store are skipped; a step that an earlier run began is called again on
 * the same folder. One run at a time writes to a store.
 * Errors: those of `makePlan` and of the processes; StoreBusy, NotWritable, DiskFull; Cancelled (what is done is kept).
 */
export async function runRecipe(recipe: Recipe, parameters: Parameters, options: RunOptions): Promise<Run> {
  const startedAt = new Date().toISOString()
  const { processes, signal, onWarning } = options
  const hasher = await openHasher(join(options.store, 'hashes.json'))
  const budget = budgetOf(options)
  const input = { recipe, parameters, processes, hasher, budget, signal, onWarning, estimates: false }
  // Before the store is made: a wrong file name should leave nothing behind.
  const prepared = await prepare(input)
  const store = await openStore(options.store)
  const steps: RanStep[] = []
  try {
    const { graph, plan, stored } = await makePlan(input, prepared, store)
    await hasher.save()
    const results = new Map<string, StepResult>()
    for (const [index, node] of graph.order.entries()) {
      throwIfAborted(signal)
      const planned = plan.steps[index]!
      const place = { node: node.node, description: node.description, index, count: graph.order.length }
      const found = stored.get(node.node)
      if (found !== undefined) {
        for (const warning of found.warnings) onWarning?.(warning)
        options.onStep?.({ ...place, state: 'reused', seconds: found.seconds })
      }
      const done = found ?? (await runStep({ node, planned, parameters, results, store, budget, options, place }))
      results.set(node.node, { address: done.address, directory: done.directory, value: done.value })
      steps.push(ranStep(planned, done, found !== undefined))
    }
    const value = results.get(graph.result)!.value
    const endedAt = new Date().toISOString()
    return { recipe, parameters, seed: budget.seed, files: plan.files, steps, value, startedAt, endedAt }
  } catch (error) {
    const spent = steps.reduce((sum, step) => sum + step.seconds, 0)
    if (error instanceof InputError && spent < CHEAP_SECONDS) await store.removeIfNew()
    throw inWords(error)
  } finally {
    store.close()
  }
}

function ranStep(planned: PlannedStep, done: StoredStep, reused: boolean): RanStep {
  const { node, process, version, description, upstream, address } = planned
  const { directory, value, seconds, startedAt, endedAt, files } = done
  const named = { node, process, version, description, upstream, address }
  return { ...named, directory, value, reused, seconds, startedAt, endedAt, files }
}

interface StepWork {
  readonly node: PlannedNode
  readonly planned: PlannedStep
  readonly parameters: Parameters
  readonly results: ReadonlyMap<string, StepResult>
  readonly store: Store
  readonly budget: Budget
  readonly options: RunOptions
  readonly place: Pick<StepEvent, 'node' | 'description' | 'index' | 'count'>
}

async function runStep(work: StepWork): Promise<StoredStep> {
  const { node, planned, store, options, place } = work
  const started = performance.now()
  const startedAt = new Date().toISOString()
  const warnings: Warning[] = []
  const { directory, resumed } = await store.begin(planned.address)
  options.onStep?.({ ...place, state: resumed ? 'resumed' : 'started' })
  const context: StepContext = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onProgress: progressOf(node.node, started, options),
    onWarning: (warning) => {
      warnings.push(warning)
      options.onWarning?.(warning)
    },
    directory,
    step: stepOf,
    ...work.budget,
  }
  try {
    const value = await node.process.run(argumentsOf(node, work.parameters, work.results), context)
    throwIfAborted(options.signal)
    canonicalJson(value)
    const seconds = (performance.now() - started) / 1000
    const endedAt = new Date().toISOString()
    const { process, version, address } = planned
    const step = await store.finish({ address, process, version, value, seconds, startedAt, endedAt, warnings })
    options.onStep?.({ ...place, state: 'finished', seconds })
    return step
  } catch (error) {
    const told = inWords(error)
    // Only what more space, time or another attempt can mend is worth keeping half-done.
    if (!(told instanceof CancelledError || told instanceof EnvironmentError)) await store.discard(planned.address)
    throw told
  }
}

/** Passes a step's events on under its node's name, never backwards, with the time left where the step cannot say. */
function progressOf(node: string, started: number, options: RunOptions): (event: ProgressEvent) => void {
  const reached = new Map<string, { fraction: number; started: number }>()
  return (event) => {
    const named = event.step === '' ? node : event.step
    const before = reached.get(named) ?? { fraction: 0, started: reached.size === 0 ? started : performance.now() }
    const fraction = Math.max(before.fraction, Math.min(1, event.fraction))
    reached.set(named, { ...before, fraction })
    const left = event.secondsLeft ?? secondsLeft(before.started, fraction)
    options.onProgress?.({
      ...event,
      step: named,
      fraction,
      ...(Number.isFinite(left) ? { secondsLeft: left } : {}),
    })
  }
}
