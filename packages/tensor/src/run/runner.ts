/** Runs programs or ONNX models on new inputs. Fixed weights; for live ones see the trainer. */

import { InputError } from '@ecotope/core'
import { drawsOf } from '../draw.ts'
import { planInference } from '../inference/choose.ts'
import type { Plan } from '../inference/steps.ts'
import { lowerProgram, type Storage } from '../lower/lower.ts'
import { checkMemory } from '../lower/memory.ts'
import { encodeModel } from '../onnx/encode.ts'
import { checkSize } from '../parameters.ts'
import type { Shape } from '../shape.ts'
import { PARAMETERS, type Program } from '../trace.ts'
import { type Dense, type FeedArray, type Feeds, givenShape, toDense, toFeed, toFeeds } from './arrays.ts'
import { type Engine, type EngineOptions, openEngine } from './engine.ts'
import type { RunRequest } from './protocol.ts'
import { Recent } from './recent.ts'

/** The opset in which graphs are written. */
export const OPSET = 18

export interface RunOptions {
  /** Moves the inputs' buffers instead of copying them. Default false. */
  readonly transfer?: boolean
  /** What random leaves draw depends on both. Default 0; in a trainer's runner the trainer's own. */
  readonly seed?: number
  readonly step?: number
}

export interface Runner {
  /** Runs once. Inputs given as plain arrays have the traced shape. */
  run(inputs: Feeds, options?: RunOptions): Promise<Readonly<Record<string, Dense>>>
  /** Ends the worker (of a trainer's runner: frees the session). */
  close(): Promise<void>
}

/** Traces a program for the given input shapes. */
export type ProgramByShape = (shapes: Readonly<Record<string, Shape>>) => Program

export interface RunnerOptions extends EngineOptions {
  /** Flat vector; its values become initialisers. */
  readonly parameters?: Float32Array
  /** Standard forms only, in ONNX Runtime: slower, rounding as PyTorch's. Default false. */
  readonly exact?: boolean
  /** `float16` halves the weights that are handed over, rounded to 11 bits; arithmetic stays in float32. Default `float32`. */
  readonly storage?: Storage
  /** Programs that need more are refused before they are loaded. Default no limit. */
  readonly memoryLimitBytes?: number
}

interface LoadOptions extends Pick<RunnerOptions, 'parameters' | 'exact' | 'storage' | 'memoryLimitBytes'> {
  /** The flat parameters are fed from this kept array. */
  readonly live?: string
  /** Seed and step for random leaves, unless a run brings its own. */
  readonly moment?: () => { readonly seed: number; readonly step: number }
}

/** A program that has been planned or lowered, and loaded. */
export async function loadProgram(engine: Engine, program: Program, options: LoadOptions): Promise<Runner> {
  if (options.parameters !== undefined) checkSize(options.parameters, program.parameters.size)
  const plan = planFor(engine, program, options)
  if (plan !== undefined)
    return runnerOfSession(engine, program, { session: await engine.loadPlan(plan), resident: {} })
  return lowered(engine, program, options)
}

/** The plan by which the image engine runs a program; undefined where ONNX Runtime runs it. */
function planFor({ device, threads }: Engine, program: Program, options: LoadOptions): Plan | undefined {
  const { parameters, live, exact, storage, memoryLimitBytes } = options
  const fixed = live === undefined && (parameters !== undefined || program.parameters.size === 0)
  if (!fixed || exact === true || storage === 'float16' || (device !== 'cpu' && device !== 'wasm')) return undefined
  return planInference(program, parameters ?? new Float32Array(0), {
    inputs: numbered(program.inputs, '_x'),
    outputs: numbered(program.outputs, '_y'),
    device,
    threads,
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
  })
}

async function lowered(engine: Engine, program: Program, options: LoadOptions): Promise<Runner> {
  const target = await engine.target({
    exact: options.exact ?? false,
    fixedWeights: options.parameters !== undefined,
  })
  // Names of its own, so that an input, an output and a parameter may have the same one.
  const inputNames = numbered(program.inputs, '_x')
  const outputNames = numbered(program.outputs, '_y')
  const graph = lowerProgram(program, {
    target,
    inputNames,
    outputNames,
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    storage: options.storage ?? 'float32',
  })
  const needsParameters = graph.inputs.some(({ name }) => name === PARAMETERS)
  if (needsParameters && options.live === undefined) {
    throw new InputError('MissingParameters', 'the program has parameters but none were given', {
      hint: 'Pass the flat vector as `parameters`.',
    })
  }
  checkMemory(graph, options.memoryLimitBytes)
  const session = await engine.load(encodeModel(graph, { opset: OPSET }))
  const resident: Record<string, string> = needsParameters ? { [PARAMETERS]: options.live! } : {}
  return runnerOfSession(engine, program, { session, resident, moment: options.moment })
}

interface Loaded extends Pick<RunRequest, 'session' | 'resident'> {
  readonly moment?: LoadOptions['moment'] | undefined
}

/** Runs a session that takes inputs and gives outputs by their numbers. */
function runnerOfSession(engine: Engine, program: Program, { session, resident, moment }: Loaded): Runner {
  const inputNames = numbered(program.inputs, '_x')
  const outputNames = numbered(program.outputs, '_y')
  const leaves = drawsOf(program)
  return {
    run: async (inputs, { transfer = false, ...given } = {}) => {
      const named = Object.entries(toFeeds(inputs, program.inputs))
      const feeds = Object.fromEntries(named.map(([name, feed]) => [inputNames[name]!, feed]))
      const draws = { leaves, seed: 0, step: 0, ...moment?.(), ...given }
      const outputs = await engine.run({ session, feeds, resident, keep: {}, draws }, transfer)
      return mapValues(outputNames, (name) => toDense(outputs[name]!))
    },
    close: () => engine.unload(session),
  }
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, fn: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, fn(value)]))

const numbered = (record: Readonly<Record<string, unknown>>, prefix: string): Record<string, string> =>
  Object.fromEntries(Object.keys(record).map((name, i) => [name, prefix + i]))

/** How many shapes stay loaded at once. */
export const KEPT_SHAPES = 4

/**
 * A session for a program (static shapes), for a function that traces one per set of input shapes, or for the bytes
 * of an ONNX model.
 */
export async function createRunner(
  source: Program | ProgramByShape | Uint8Array,
  options: RunnerOptions = {},
): Promise<Runner> {
  const engine = openEngine(options)
  try {
    const runner = await runnerOf(engine, source, options)
    return { run: runner.run, close: () => engine.close() }
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function runnerOf(
  engine: Engine,
  source: Program | ProgramByShape | Uint8Array,
  options: RunnerOptions,
): Promise<Pick<Runner, 'run'>> {
  if (source instanceof Uint8Array) {
    const session = await engine.load(source.slice())
    return {
      run: async (inputs, { transfer = false } = {}) => {
        const feeds = Object.fromEntries(
          Object.entries(inputs).map(([name, feed]) => [name, toFeed(name, feed, undefined)]),
        )
        return mapValues(await engine.run({ session, feeds, resident: {}, keep: {} }, transfer), toDense)
      },
    }
  }
  return typeof source === 'function' ? byShape(engine, source, options) : loadProgram(engine, source, options)
}

function byShape(engine: Engine, source: ProgramByShape, options: RunnerOptions): Pick<Runner, 'run'> {
  const loaded = new Recent<Runner>(KEPT_SHAPES, (runner) => runner.close())
  return {
    run: async (inputs, runOptions) => {
      const shapes = mapValues(inputs, (feed): Shape => givenShape(feed) ?? [(feed as FeedArray).length])
      const key = JSON.stringify(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)))
      const load = async (): Promise<Runner> => loadProgram(engine, source(shapes), options)
      return loaded.use(key, load, (runner) => runner.run(inputs, runOptions))
    },
  }
}
