/** Runs programs or ONNX models on new inputs. Fixed weights; for live ones see the trainer. */

import { InputError } from '@ecotope/core'
import { lowerProgram, PARAMETERS } from '../lower/lower.ts'
import { encodeModel } from '../onnx/encode.ts'
import { checkSize } from '../parameters.ts'
import type { Shape } from '../shape.ts'
import type { Program } from '../trace.ts'
import { type Dense, type Feeds, toDense, toFeed, toFeeds } from './arrays.ts'
import { type Engine, openEngine } from './engine.ts'

/** The opset in which graphs are written. */
export const OPSET = 18

export interface Runner {
  /** Runs once. Inputs given as plain arrays have the traced shape; `transfer` moves their buffers instead of copying. */
  run(inputs: Feeds, options?: { readonly transfer?: boolean }): Promise<Readonly<Record<string, Dense>>>
  /** Ends the worker (of a trainer's runner: frees the session). */
  close(): Promise<void>
}

/** Traces a program for the given input shapes. */
export type ProgramByShape = (shapes: Readonly<Record<string, Shape>>) => Program

export interface RunnerOptions {
  /** Flat vector; its values become initialisers. */
  readonly parameters?: Float32Array
  /** Default 2. */
  readonly threads?: number
  /** Standard forms only: slower, rounding as PyTorch's. Default false. */
  readonly exact?: boolean
}

/** A program that has been lowered and loaded. `live`: the flat parameters are fed from this kept array. */
export async function loadProgram(
  engine: Engine,
  program: Program,
  options: { readonly parameters?: Float32Array; readonly exact?: boolean; readonly live?: string },
): Promise<Runner> {
  if (options.parameters !== undefined) checkSize(options.parameters, program.parameters.size)
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
  })
  const needsParameters = graph.inputs.some(({ name }) => name === PARAMETERS)
  if (needsParameters && options.live === undefined) {
    throw new InputError('MissingParameters', 'the program has parameters but none were given', {
      hint: 'Pass the flat vector as `parameters`.',
    })
  }
  const session = await engine.load(encodeModel(graph, { opset: OPSET }))
  const resident: Record<string, string> = needsParameters ? { [PARAMETERS]: options.live! } : {}
  return {
    run: async (inputs, { transfer = false } = {}) => {
      const given = Object.entries(toFeeds(inputs, program.inputs))
      const feeds = Object.fromEntries(given.map(([name, feed]) => [inputNames[name]!, feed]))
      const outputs = await engine.run({ session, feeds, resident, keep: {} }, transfer)
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
const KEPT_SHAPES = 4

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
  const loaded = new Map<string, Promise<Runner>>()
  const runnerFor = async (shapes: Readonly<Record<string, Shape>>): Promise<Runner> => {
    const key = JSON.stringify(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)))
    const runner = loaded.get(key) ?? loadProgram(engine, source(shapes), options)
    loaded.delete(key)
    loaded.set(key, runner)
    const oldest = loaded.size > KEPT_SHAPES ? loaded.entries().next().value : undefined
    if (oldest !== undefined) {
      loaded.delete(oldest[0])
      await (await oldest[1]).close()
    }
    return runner
  }
  return {
    run: async (inputs, runOptions) => {
      const runner = await runnerFor(mapValues(inputs, (feed) => ('shape' in feed ? feed.shape : [feed.length])))
      return runner.run(inputs, runOptions)
    },
  }
}
