/** Training: one graph per step and shape of batch, run step by step in a worker that keeps parameters and moments. */

import { InputError, throwIfAborted } from '@ecotope/core'
import { drawsOf } from '../draw.ts'
import { checkMemory, lowerStep } from '../lower/memory.ts'
import { encodeModel } from '../onnx/encode.ts'
import { type Optimiser, stepNumbers } from '../optim/transform.ts'
import { checkSize, layoutOf, type ParameterTree } from '../parameters.ts'
import { showShape } from '../shape.ts'
import { type InputSpecs, PARAMETERS, type Program, type ProgramFunction, trace } from '../trace.ts'
import { type Dense, type Feeds, givenShape, toDense, toFeeds, vector } from './arrays.ts'
import { culprit, describeCulprit, flagged, type NonFinite } from './diagnose.ts'
import { type Engine, type EngineOptions, openEngine } from './engine.ts'
import type { Draws, TensorMessage } from './protocol.ts'
import { Recent } from './recent.ts'
import { KEPT_SHAPES, loadProgram, OPSET, type Runner } from './runner.ts'
import { AUX, flatGradient, type LossFunction, lossProgram, momentName, NUMBERS, stepProgram } from './step.ts'

export interface TrainerOptions<T extends ParameterTree, B extends InputSpecs> extends EngineOptions {
  readonly parameters: T
  /** Flat vector of first values, as `initialise` gives. */
  readonly initial: Float32Array
  readonly loss: LossFunction<T, B>
  /** The usual shapes; batches that bring other extents of the same axes along get a graph of their own. */
  readonly batch: B
  readonly optimiser: Optimiser
  /** With the number of the step it decides what random leaves draw. Default 0. */
  readonly seed?: number
  /** Plain convolutions only, no Winograd: slower, rounding as PyTorch's. Default false. */
  readonly exact?: boolean
  /** A step that needs more is refused before it is loaded. Default no limit. */
  readonly memoryLimitBytes?: number
}

export interface TrainerMemory {
  /** Parameters and moments. */
  readonly stateBytes: number
  /** One step on the usual batch, state included: an estimate, see `docs/programs.md`. */
  readonly stepBytes: number
}

export interface StepOptions {
  /** For optimisers that leave it to the step. */
  readonly learningRate?: number
  /** Moves the batch's buffers instead of copying them. Default false. */
  readonly transfer?: boolean
  /** Raised before the step begins, it ends in `CancelledError`; a step that has begun is finished. */
  readonly signal?: AbortSignal
}

export interface StepResult {
  /** Before the update. */
  readonly loss: number
  /** Before clipping. */
  readonly gradientNorm: number
  readonly aux: Readonly<Record<string, Dense>>
  /** False where the loss or the gradient's norm is not finite: parameters, moments and step are then as before. */
  readonly applied: boolean
}

export interface TrainerState {
  readonly parameters: Float32Array<ArrayBuffer>
  readonly moments: readonly Float32Array<ArrayBuffer>[]
  /** Steps done. */
  readonly step: number
}

export interface Trainer<T extends ParameterTree = ParameterTree> {
  /** One update; steps run in the order in which they are asked for. */
  step(batch: Feeds, options?: StepOptions): Promise<StepResult>
  /** Loss and aux without an update, not in training. Random leaves draw what the next step would. */
  evaluate(batch: Feeds): Promise<{ readonly loss: number; readonly aux: Readonly<Record<string, Dense>> }>
  /**
   * The primitive of which a step on this batch first makes a number that is not finite (at the present parameters, with
   * the draws of the next step), or the input or parameter that holds one already; undefined where all is finite. Slow.
   */
  diagnose(batch: Feeds): Promise<NonFinite | undefined>
  /**
   * Another program on the same, live parameters, in the same worker. A function that is compiled again for the same
   * inputs shares the session; it ends when each has been closed.
   */
  compile<I extends InputSpecs>(fn: ProgramFunction<T, I>, inputs: I): Promise<Runner>
  memory(): Promise<TrainerMemory>
  parameters(): Promise<Float32Array<ArrayBuffer>>
  state(): Promise<TrainerState>
  restore(state: TrainerState): Promise<void>
  close(): Promise<void>
}

/** A step's graph, loaded. */
interface StepSession {
  readonly session: number
  /** The loss's own inputs. */
  readonly inputs: Program['inputs']
  readonly draws: Draws['leaves']
  readonly bytes: number
}

/** A program beside the loss, and how many hold it. */
interface Compiled {
  readonly runner: Promise<Runner>
  users: number
}

class WorkerTrainer<T extends ParameterTree, B extends InputSpecs> implements Trainer<T> {
  readonly #engine: Engine
  readonly #options: TrainerOptions<T, B>
  /** The kept vectors: parameters, then moments. */
  readonly #vectors: readonly string[]
  readonly #size: number
  readonly #steps = new Recent<StepSession>(KEPT_SHAPES, ({ session }) => this.#engine.unload(session))
  readonly #evaluators = new Recent<Runner>(KEPT_SHAPES, (runner) => runner.close())
  readonly #compiled = new WeakMap<object, Map<string, Compiled>>()
  #step = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: TrainerOptions<T, B>) {
    this.#options = options
    this.#size = layoutOf(options.parameters).size
    this.#vectors = [PARAMETERS, ...options.optimiser.moments.map((_, i) => momentName(i))]
    checkSize(options.initial, this.#size)
    this.#engine = openEngine(options)
  }

  async open(): Promise<void> {
    const { optimiser, initial, batch } = this.#options
    const moments = optimiser.moments.map((start) =>
      start === 'parameters' ? initial.slice() : new Float32Array(initial.length),
    )
    await this.restore({ parameters: initial.slice(), moments, step: 0 })
    await this.#stepFor(batch)
  }

  step(batch: Feeds, options: StepOptions = {}): Promise<StepResult> {
    const done = this.#queue.then(() => this.#oneStep(batch, options))
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #oneStep(batch: Feeds, { learningRate, transfer = false, signal }: StepOptions): Promise<StepResult> {
    throwIfAborted(signal)
    const { session, inputs, draws } = await this.#stepFor(this.#specsOf(batch))
    const numbers = stepNumbers(this.#options.optimiser, this.#step + 1, learningRate)
    const feeds = { ...toFeeds(batch, inputs), [NUMBERS]: vector(numbers) }
    const resident = Object.fromEntries(this.#vectors.map((name) => [name, name]))
    const keep = Object.fromEntries(this.#vectors.map((name) => [`${name}.next`, name]))
    const guard = ['loss', 'gradientNorm']
    const request = { session, feeds, resident, keep, guard, draws: { leaves: draws, ...this.#moment() } }
    const outputs = await this.#engine.run(request, transfer)
    const [loss, gradientNorm] = guard.map((name) => scalar(outputs[name])) as [number, number]
    const applied = Number.isFinite(loss) && Number.isFinite(gradientNorm)
    if (applied) this.#step++
    return { loss, gradientNorm, aux: auxOf(outputs, toDense), applied }
  }

  async evaluate(batch: Feeds): Promise<{ loss: number; aux: Readonly<Record<string, Dense>> }> {
    const specs = this.#specsOf(batch)
    const load = async (): Promise<Runner> => {
      const { parameters, loss } = this.#options
      return this.#load(lossProgram(loss, { parameters, inputs: specs }, { training: false }).program)
    }
    const outputs = await this.#evaluators.use(keyOf(specs), load, (evaluator) => evaluator.run(batch))
    return { loss: outputs.loss!.data[0]!, aux: auxOf(outputs, (value) => value) }
  }

  async diagnose(batch: Feeds): Promise<NonFinite | undefined> {
    await this.#queue
    const { parameters, loss: fn } = this.#options
    const { program } = lossProgram(fn, { parameters, inputs: this.#specsOf(batch) }, { training: true })
    const loss = program.outputs.loss!
    const ends = [loss, flatGradient(program)]
    const watched = flagged(program, ends)
    const runner = await this.#load(watched.program)
    try {
      const { flags } = await runner.run(batch)
      const node = culprit(watched.nodes, flags!.data, ends)
      return node === undefined ? undefined : describeCulprit(node, node.id > loss.id ? 'gradient' : 'loss')
    } finally {
      await runner.close()
    }
  }

  async compile<I extends InputSpecs>(fn: ProgramFunction<T, I>, inputs: I): Promise<Runner> {
    const byShape = this.#compiled.get(fn) ?? new Map<string, Compiled>()
    this.#compiled.set(fn, byShape)
    const key = JSON.stringify(Object.entries(inputs))
    const shared = byShape.get(key) ?? {
      runner: this.#load(trace<T, I>(fn, { parameters: this.#options.parameters, inputs })),
      users: 0,
    }
    byShape.set(key, shared)
    shared.users++
    let held = true
    const close = async (): Promise<void> => {
      if (!held) return
      held = false
      if (--shared.users > 0) return
      byShape.delete(key)
      await (await shared.runner).close()
    }
    try {
      const { run } = await shared.runner
      return { run, close }
    } catch (error) {
      byShape.delete(key)
      throw error
    }
  }

  async memory(): Promise<TrainerMemory> {
    const { bytes } = await this.#stepFor(this.#options.batch)
    return { stateBytes: 4 * this.#size * this.#vectors.length, stepBytes: bytes }
  }

  async parameters(): Promise<Float32Array<ArrayBuffer>> {
    return toDense(await this.#engine.get(PARAMETERS)).data
  }

  async state(): Promise<TrainerState> {
    await this.#queue
    const step = this.#step
    const flat = this.#vectors.map(async (name) => toDense(await this.#engine.get(name)).data)
    const [parameters, ...moments] = await Promise.all(flat)
    return { parameters: parameters!, moments, step }
  }

  async restore({ parameters, moments, step }: TrainerState): Promise<void> {
    const expected = this.#options.optimiser.moments.length
    if (moments.length !== expected || !Number.isInteger(step) || step < 0) {
      throw new InputError(
        'StateMismatch',
        `this optimiser's state has ${expected} moments and a count of steps, not ${moments.length} and ${step}`,
        { hint: 'Restore what state() of a trainer with the same optimiser gave.' },
      )
    }
    for (const flat of [parameters, ...moments]) checkSize(flat, this.#size)
    await this.#queue
    await this.#engine.put(PARAMETERS, vector(parameters))
    await Promise.all(moments.map((moment, i) => this.#engine.put(momentName(i), vector(moment))))
    this.#step = step
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  /** What decides the draws of the next step. */
  #moment(): { readonly seed: number; readonly step: number } {
    return { seed: this.#options.seed ?? 0, step: this.#step }
  }

  #stepFor(specs: B): Promise<StepSession> {
    return this.#steps.get(keyOf(specs), async () => {
      const { parameters, loss: fn, optimiser, exact = false, memoryLimitBytes } = this.#options
      const loss = lossProgram(fn, { parameters, inputs: specs }, { training: true })
      const program = stepProgram(loss, optimiser)
      const target = await this.#engine.target({ exact, fixedWeights: false })
      const graph = lowerStep(program, target)
      const bytes = checkMemory(graph, memoryLimitBytes)
      const kept = this.#vectors.map((name) => `${name}.next`)
      const session = await this.#engine.load(encodeModel(graph, { opset: OPSET }), kept)
      return { session, inputs: loss.program.inputs, draws: drawsOf(program), bytes }
    })
  }

  #load(program: Program): Promise<Runner> {
    const { exact = false, memoryLimitBytes } = this.#options
    const limit = memoryLimitBytes === undefined ? {} : { memoryLimitBytes }
    return loadProgram(this.#engine, program, { exact, ...limit, live: PARAMETERS, moment: () => this.#moment() })
  }

  /** The batch's specification with the extents that the batch brings along. */
  #specsOf(batch: Feeds): B {
    const { batch: declared } = this.#options
    const specs = Object.entries(declared).map(([name, spec]) => {
      const shape = givenShape(batch[name]) ?? spec.shape
      if (shape.length !== spec.shape.length) {
        const shapes = `${spec.shape.length} axes as in ${showShape(spec.shape)}, not ${showShape(shape)}`
        throw new InputError('ShapeMismatch', `input ${name} must have ${shapes}`, {
          data: { name, expected: spec.shape, actual: shape },
        })
      }
      return [name, { ...spec, shape }]
    })
    return Object.fromEntries(specs) as B
  }
}

const keyOf = (specs: InputSpecs): string =>
  JSON.stringify(Object.entries(specs).map(([name, { shape }]) => [name, shape]))

const scalar = (message: TensorMessage | undefined): number => message?.data[0] ?? Number.NaN

function auxOf<V>(outputs: Readonly<Record<string, V>>, convert: (value: V) => Dense): Record<string, Dense> {
  const aux = Object.entries(outputs).filter(([name]) => name.startsWith(AUX))
  return Object.fromEntries(aux.map(([name, value]) => [name.slice(AUX.length), convert(value)]))
}

/**
 * Opens a trainer: traces the loss, differentiates it, lowers the whole step and loads it into a worker.
 * Raises `InputError` where shapes do not fit or the device is unknown, `EnvironmentError` where the device is missing or
 * ONNX Runtime fails.
 */
export async function createTrainer<T extends ParameterTree, B extends InputSpecs>(
  options: TrainerOptions<T, B>,
): Promise<Trainer<T>> {
  const trainer = new WorkerTrainer(options)
  try {
    await trainer.open()
    return trainer
  } catch (error) {
    await trainer.close()
    throw error
  }
}
