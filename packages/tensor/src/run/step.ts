/** The graph of one training step: forward pass, backward pass, the optimiser's update, and buffers set anew. */

import { InputError } from '@ecotope/core'
import { constant, input } from '../apply.ts'
import type { BufferUpdate } from '../nn/layer.ts'
import { concat, reshape, sliceAxis } from '../ops/plain.ts'
import { type Optimiser, stepNumbers, takeStep } from '../optim/transform.ts'
import type { ParameterTree, Traced } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { sameShape, showShape, sizeOf } from '../shape.ts'
import { type InputSpecs, type InputTensors, PARAMETERS, type Program, trace } from '../trace.ts'
import { isTensor } from '../transform/tree.ts'
import { gradients } from '../vjp/index.ts'

export interface LossContext {
  /** True in `step`, false in `evaluate` and prediction: dropout and batch statistics depend on it. */
  readonly training: boolean
  /** Layers with buffers add what these become; the loss may return others instead. */
  readonly updates?: BufferUpdate[]
}

export interface LossOutput {
  /** Scalar. */
  readonly loss: Tensor
  /** Further outputs to report with each step, of any shape. */
  readonly aux?: Readonly<Record<string, Tensor>>
  /**
   * Parameters that are not trainable and their next values, such as running statistics. Only steps apply them.
   * Default: what the layers that were given the context have added to it.
   */
  readonly updates?: readonly BufferUpdate[]
}

export type LossFunction<T, B extends InputSpecs> = (
  parameters: Traced<T>,
  batch: InputTensors<B>,
  context: LossContext,
) => LossOutput

/** A traced loss. Its outputs are `loss` and `aux.NAME`. */
export interface LossProgram {
  readonly program: Program
  readonly updates: readonly BufferUpdate[]
}

export const AUX = 'aux.'
// Names that no input of a loss has by chance.
export const NUMBERS = '.schedule'
export const momentName = (i: number): string => `.moment${i}`

/** Traces a loss for the given shapes. Raises `InputError` unless the loss is a scalar. */
export function lossProgram<T extends ParameterTree, B extends InputSpecs>(
  loss: LossFunction<T, B>,
  spec: { readonly parameters: T; readonly inputs: B },
  { training }: Pick<LossContext, 'training'>,
): LossProgram {
  let updates: LossProgram['updates'] = []
  const program = trace<T, B>((parameters, batch) => {
    const collected: BufferUpdate[] = []
    const traced = loss(parameters, batch, { training, updates: collected })
    if (!isTensor(traced?.loss)) {
      throw new InputError('NotATensor', 'a loss function gives { loss, ... }, where loss is a tensor', {
        hint: 'Wrap a number with constant().',
      })
    }
    if (sizeOf(traced.loss.shape) !== 1) {
      throw new InputError('ShapeMismatch', `the loss must be a scalar, not ${showShape(traced.loss.shape)}`)
    }
    updates = traced.updates ?? collected
    const aux = Object.entries(traced.aux ?? {}).map(([name, value]) => [AUX + name, value] as const)
    return { loss: traced.loss, ...Object.fromEntries(aux) }
  }, spec)
  return { program, updates }
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

/** The flat vector with some leaves set anew. */
function withUpdates(flat: Tensor, { program, updates }: LossProgram): Tensor {
  const placed = updates.map(([leaf, next]) => {
    const at = program.parameters.leaves[program.leaves.indexOf(leaf)]
    if (at === undefined || at.trainable) {
      const what = at === undefined ? 'something that is no parameter' : `the trainable parameter ${at.path}`
      throw new InputError('UpdateMismatch', `an update sets ${what}`, {
        hint: 'Declare a buffer: parameter(shape, init, { trainable: false }).',
      })
    }
    if (!sameShape(leaf.shape, next.shape)) {
      const shapes = `${showShape(leaf.shape)}, not ${showShape(next.shape)}`
      throw new InputError('ShapeMismatch', `the update of ${at.path} must be ${shapes}`)
    }
    return { at, next }
  })
  placed.sort((a, b) => a.at.offset - b.at.offset)
  const parts: Tensor[] = []
  let end = 0
  for (const { at, next } of placed) {
    if (at.offset < end) throw new InputError('UpdateMismatch', `parameter ${at.path} has two updates`)
    if (at.offset > end) parts.push(sliceAxis(flat, 0, end, at.offset))
    parts.push(reshape(next, [-1]))
    end = at.offset + at.size
  }
  if (end < flat.shape[0]!) parts.push(sliceAxis(flat, 0, end, flat.shape[0]!))
  return parts.length === 1 ? parts[0]! : concat(parts, 0)
}

/**
 * The loss program with gradient and update. Further inputs: the flat `parameters`, the moments, and the step's numbers;
 * further outputs: `gradientNorm`, and the next parameters and moments, `NAME.next`.
 */
export function stepProgram(loss: LossProgram, optimiser: Optimiser): Program {
  const { program } = loss
  const layout = program.parameters
  const flat = (name: string): Tensor => input(name, { shape: [layout.size] })
  const parameters = flat(PARAMETERS)
  const moments = optimiser.moments.map((_, i) => flat(momentName(i)))
  const numbers = input(NUMBERS, { shape: [stepNumbers(optimiser, 1, 0).length] })
  const next = takeStep(optimiser, { parameters, gradient: flatGradient(program), moments, numbers, layout })
  const byName = (list: readonly Tensor[], suffix: string): Record<string, Tensor> =>
    Object.fromEntries(list.map((moment, i) => [momentName(i) + suffix, moment]))
  return {
    ...program,
    inputs: { ...program.inputs, [PARAMETERS]: parameters, [NUMBERS]: numbers, ...byName(moments, '') },
    outputs: {
      ...program.outputs,
      gradientNorm: next.gradientNorm,
      [`${PARAMETERS}.next`]: withUpdates(next.parameters, loss),
      ...byName(next.moments, '.next'),
    },
  }
}
