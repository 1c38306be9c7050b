/** Training: forward pass, backward pass and the optimiser's update as one graph, run step by step. */

import { InputError } from '@ecotope/core'
import { constant, input } from '../apply.ts'
import { lowerProgram, PARAMETERS } from '../lower/lower.ts'
import { encodeModel } from '../onnx/encode.ts'
import { concat, reshape } from '../ops/plain.ts'
import { type Optimiser, stepNumbers, takeStep } from '../optim/transform.ts'
import { checkSize, type ParameterTree, type Traced } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { type Dense, type Feeds, toDense, toFeeds, vector } from '../run/arrays.ts'
import { type Engine, openEngine } from '../run/engine.ts'
import type { TensorMessage } from '../run/protocol.ts'
import { loadProgram, OPSET, type Runner } from '../run/runner.ts'
import { sizeOf } from '../shape.ts'
import { type InputSpecs, type InputTensors, type Program, type ProgramFunction, trace } from '../trace.ts'
import { gradients } from '../vjp/index.ts'

export interface LossOutput {
  /** Scalar. */
  readonly loss: Tensor
  /** Further outputs to report with each step, of any shape. */
  readonly aux?: Readonly<Record<string, Tensor>>
}

export interface TrainerOptions<T extends ParameterTree, B extends InputSpecs> {
  readonly parameters: T
  /** Flat vector of first values, as `initialise` gives. */
  readonly initial: Float32Array
  readonly loss: (parameters: Traced<T>, batch: InputTensors<B>) => LossOutput
  readonly batch: B
  readonly optimiser: Optimiser
  /** Default 2. */
  readonly threads?: number
  /** Plain convolutions only, no Winograd: slower, rounding as PyTorch's. Default false. */
  readonly exact?: boolean
}

export interface StepResult {
  readonly loss: number
  /** Before clipping. */
  readonly gradientNorm: number
  readonly aux: Readonly<Record<string, Dense>>
}

export interface TrainerState {
  readonly parameters: Float32Array<ArrayBuffer>
  readonly moments: readonly Float32Array<ArrayBuffer>[]
  /** Steps done. */
  readonly step: number
}

export interface Trainer<T extends ParameterTree = ParameterTree> {
  /** One update. `loss` and `aux` are those before it. A loss that is not finite is reported, not raised. */
  step(batch: Feeds, options?: { readonly learningRate?: number; readonly transfer?: boolean }): Promise<StepResult>
  /** Loss and aux without an update. */
  evaluate(batch: Feeds): Promise<{ readonly loss: number; readonly aux: Readonly<Record<string, Dense>> }>
  /** Another program on the same, live parameters, in the same worker. */
  compile<I extends InputSpecs>(fn: ProgramFunction<T, I>, inputs: I): Promise<Runner>
  parameters(): Promise<Float32Array<ArrayBuffer>>
  state(): Promise<TrainerState>
  restore(state: TrainerState): Promise<void>
  close(): Promise<void>
}

const SCHEDULE = 'schedule'
const AUX = 'aux.'
const momentName = (i: number): string => `moment${i}`

function lossProgram<T extends ParameterTree, B extends InputSpecs>(options: TrainerOptions<T, B>): Program {
  return trace<T, B>(
    (parameters, batch) => {
      const { loss, aux = {} } = options.loss(parameters, batch)
      if (sizeOf(loss.shape) !== 1) {
        throw new InputError('ShapeMismatch', `the loss must be a scalar, not [${loss.shape.join(', ')}]`)
      }
      return { loss, ...Object.fromEntries(Object.entries(aux).map(([name, value]) => [AUX + name, value])) }
    },
    { parameters: options.parameters, inputs: options.batch },
  )
}

/** The flat gradient of a program's `loss`, in the order of its parameters; zeros for those that are not trainable. */
export function flatGradient(program: Program): Tensor {
  const trainable = program.leaves.filter((_, i) => program.parameters.leaves[i]!.trainable)
  const found = new Map(gradients(program.outputs.loss!, trainable).map((g, i) => [trainable[i]!, g]))
  return concat(
    program.leaves.map((leaf) => reshape(found.get(leaf) ?? constant(0, leaf.shape), [-1])),
    0,
  )
}

/** The loss program with gradient and update: the graph of one training step. */
export function stepProgram(program: Program, optimiser: Optimiser): Program {
  const layout = program.parameters
  const flat = (name: string): Tensor => input(name, { shape: [layout.size] })
  const parameters = flat(PARAMETERS)
  const moments = optimiser.moments.map((_, i) => flat(momentName(i)))
  const numbers = input(SCHEDULE, { shape: [stepNumbers(optimiser, 1, 0).length] })
  const next = takeStep(optimiser, { parameters, gradient: flatGradient(program), moments, numbers, layout })
  const nextMoments = Object.fromEntries(next.moments.map((moment, i) => [`${momentName(i)}.next`, moment]))
  return {
    ...program,
    inputs: { ...program.inputs, [PARAMETERS]: parameters, [SCHEDULE]: numbers, ...named(moments) },
    outputs: {
      ...program.outputs,
      gradientNorm: next.gradientNorm,
      [`${PARAMETERS}.next`]: next.parameters,
      ...nextMoments,
    },
  }
}

const named = (moments: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(moments.map((moment, i) => [momentName(i), moment]))

class WorkerTrainer<T extends ParameterTree, B extends InputSpecs> implements Trainer<T> {
  readonly #engine: Engine
  readonly #options: TrainerOptions<T, B>
  readonly #program: Program
  #session = -1
  #step = 0
  #evaluator: Promise<Runner> | undefined

  constructor(options: TrainerOptions<T, B>) {
    this.#options = options
    this.#program = lossProgram(options)
    checkSize(options.initial, this.#program.parameters.size)
    this.#engine = openEngine(options)
  }

  async open(): Promise<void> {
    const { optimiser, exact = false, initial } = this.#options
    const moments = optimiser.moments.map((start) =>
      start === 'parameters' ? initial.slice() : new Float32Array(initial.length),
    )
    await this.restore({ parameters: initial.slice(), moments, step: 0 })
    const program = stepProgram(this.#program, optimiser)
    const graph = lowerProgram(program, { target: await this.#engine.target({ exact, fixedWeights: false }) })
    this.#session = await this.#engine.load(encodeModel(graph, { opset: OPSET }))
  }

  async step(
    batch: Feeds,
    options: { readonly learningRate?: number; readonly transfer?: boolean } = {},
  ): Promise<StepResult> {
    const feeds = toFeeds(batch, this.#program.inputs)
    const numbers = stepNumbers(this.#options.optimiser, this.#step + 1, options.learningRate)
    this.#step++
    const vectors = [PARAMETERS, ...this.#momentNames()]
    const request = {
      session: this.#session,
      feeds: { ...feeds, [SCHEDULE]: vector(numbers) },
      resident: Object.fromEntries(vectors.map((name) => [name, name])),
      keep: Object.fromEntries(vectors.map((name) => [`${name}.next`, name])),
    }
    const outputs = await this.#engine.run(request, options.transfer ?? false)
    return { loss: scalar(outputs.loss), gradientNorm: scalar(outputs.gradientNorm), aux: auxOf(outputs) }
  }

  async evaluate(batch: Feeds): Promise<{ loss: number; aux: Readonly<Record<string, Dense>> }> {
    this.#evaluator ??= this.#load(this.#program)
    const outputs = await (await this.#evaluator).run(batch)
    const aux = Object.entries(outputs).filter(([name]) => name.startsWith(AUX))
    return {
      loss: outputs.loss!.data[0]!,
      aux: Object.fromEntries(aux.map(([name, v]) => [name.slice(AUX.length), v])),
    }
  }

  compile<I extends InputSpecs>(fn: ProgramFunction<T, I>, inputs: I): Promise<Runner> {
    return this.#load(trace<T, I>(fn, { parameters: this.#options.parameters, inputs }))
  }

  async parameters(): Promise<Float32Array<ArrayBuffer>> {
    return toDense(await this.#engine.get(PARAMETERS)).data
  }

  async state(): Promise<TrainerState> {
    const step = this.#step
    const [parameters, ...moments] = await Promise.all(
      [PARAMETERS, ...this.#momentNames()].map(async (name) => toDense(await this.#engine.get(name)).data),
    )
    return { parameters: parameters!, moments, step }
  }

  async restore({ parameters, moments, step }: TrainerState): Promise<void> {
    for (const flat of [parameters, ...moments]) checkSize(flat, this.#program.parameters.size)
    await this.#engine.put(PARAMETERS, vector(parameters))
    await Promise.all(moments.map((moment, i) => this.#engine.put(momentName(i), vector(moment))))
    this.#step = step
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  #load(program: Program): Promise<Runner> {
    return loadProgram(this.#engine, program, { exact: this.#options.exact ?? false, live: PARAMETERS })
  }

  #momentNames(): string[] {
    return this.#options.optimiser.moments.map((_, i) => momentName(i))
  }
}

const scalar = (message: TensorMessage | undefined): number => message?.data[0] ?? Number.NaN

function auxOf(outputs: Readonly<Record<string, TensorMessage>>): Record<string, Dense> {
  const aux = Object.entries(outputs).filter(([name]) => name.startsWith(AUX))
  return Object.fromEntries(aux.map(([name, message]) => [name.slice(AUX.length), toDense(message)]))
}

/**
 * Opens a trainer: traces the loss, differentiates it, lowers the whole step and loads it into a worker.
 * Raises `InputError` where shapes do not fit, `EnvironmentError` where ONNX Runtime fails.
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
