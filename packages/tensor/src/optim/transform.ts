/**
 * What optimisers are made of: transformations of an update, chained as in optax. An update is a sum of scaled flat
 * vectors, so that scalings (clipping, learning rates, bias corrections) cost no pass over the parameters.
 */

import { InputError } from '@ecotope/core'
import type { Operand } from '../apply.ts'
import { add, mul, sliceAxis, sqrt, square, sum } from '../ops/plain.ts'
import type { ParameterLayout } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'

/** `factor` (a number, or a tensor of one element) times `direction`, a flat vector of the layout's size. */
export interface Term {
  readonly factor: Operand
  readonly direction: Tensor
}

/** The sum of its terms. It begins as the gradient and ends as what is added to the parameters. */
export type Update = readonly Term[]

export interface OptimiserStep {
  readonly update: Update
  /** Before this step, flat. */
  readonly parameters: Tensor
  /** This transformation's own flat vectors. */
  readonly moments: readonly Tensor[]
  /** What `numbers` gave for this step, each of shape `[1]`. */
  readonly numbers: readonly Tensor[]
  readonly layout: ParameterLayout
  /** The gradient as the loss gave it, and its Euclidean norm. */
  readonly gradient: Tensor
  readonly gradientNorm: Tensor
}

export interface Transformed {
  readonly update: Update
  readonly moments: readonly Tensor[]
}

/**
 * A transformation of updates with its state; a chain of them that ends in a learning rate is an optimiser.
 * Leaves whose update is zero must keep it: so those that are not trainable, whose gradient is zero, never change.
 */
export interface Optimiser {
  /** The flat vectors that it keeps, by what they begin as. */
  readonly moments: readonly ('zeros' | 'parameters')[]
  /**
   * Numbers that change from step to step, computed in JavaScript. `step` counts from 1; `learningRate` is what the
   * caller asked for in this very step, if anything.
   */
  readonly numbers: (step: number, learningRate: number | undefined) => readonly number[]
  readonly transform: (step: OptimiserStep) => Transformed
  /** Which of the moments is an average of the parameters, if one is. */
  readonly average?: number
}

/** A transformation without state or numbers. */
export function stateless(transform: (step: OptimiserStep) => Update): Optimiser {
  return { moments: [], numbers: () => [], transform: (step) => ({ update: transform(step), moments: [] }) }
}

/** The transformations one after the other. */
export function chain(...parts: readonly Optimiser[]): Optimiser {
  const starts = parts.flatMap(({ moments }) => moments)
  const counts = parts.map((part) => part.numbers(1, 0).length)
  const before = (i: number): number => parts.slice(0, i).reduce((n, { moments }) => n + moments.length, 0)
  const averaging = parts.findIndex(({ average }) => average !== undefined)
  return {
    moments: starts,
    numbers: (step, learningRate) => parts.flatMap((part) => part.numbers(step, learningRate)),
    ...(averaging < 0 ? {} : { average: before(averaging) + parts[averaging]!.average! }),
    transform: (step) => {
      let update = step.update
      let number = 0
      const moments: Tensor[] = []
      parts.forEach((part, i) => {
        const own = {
          moments: step.moments.slice(moments.length, moments.length + part.moments.length),
          numbers: step.numbers.slice(number, number + counts[i]!),
        }
        number += counts[i]!
        const next = part.transform({ ...step, ...own, update })
        moments.push(...next.moments)
        update = next.update
      })
      return { update, moments }
    },
  }
}

/** The product of factors; numbers are multiplied while tracing. */
export function times(a: Operand, b: Operand): Operand {
  if (a === 1) return b
  if (b === 1) return a
  return typeof a === 'number' && typeof b === 'number' ? a * b : mul(a, b)
}

export function scaled(update: Update, factor: Operand): Update {
  return update.map((term) => ({ ...term, factor: times(term.factor, factor) }))
}

/** An update of one term as it is, another as its value. */
export function single(update: Update): Term {
  const [head] = update
  return update.length === 1 && head !== undefined ? head : { factor: 1, direction: flatUpdate(update) }
}

/** The flat vector that an update stands for. */
export function flatUpdate(update: Update): Tensor {
  const [head, ...rest] = update.map(({ factor, direction }) => (factor === 1 ? direction : mul(direction, factor)))
  if (head === undefined) throw new InputError('ParameterOutOfRange', 'an update has at least one term')
  return rest.reduce<Tensor>((total, term) => add(total, term), head)
}

/** The numbers of one step as they are fed to the graph of `takeStep`; never empty. */
export function stepNumbers(optimiser: Optimiser, step: number, learningRate?: number): Float32Array<ArrayBuffer> {
  const numbers = optimiser.numbers(step, learningRate)
  return Float32Array.from(numbers.length === 0 ? [0] : numbers)
}

export interface FlatStep {
  readonly parameters: Tensor
  readonly gradient: Tensor
  readonly moments: readonly Tensor[]
  /** `stepNumbers` of this step. */
  readonly numbers: Tensor
  readonly layout: ParameterLayout
}

/** One step on flat vectors: the next parameters and moments, and the Euclidean norm of the gradient. */
export function takeStep(
  optimiser: Optimiser,
  { parameters, gradient, moments, numbers, layout }: FlatStep,
): { readonly parameters: Tensor; readonly moments: readonly Tensor[]; readonly gradientNorm: Tensor } {
  const gradientNorm = sqrt(sum(square(gradient)))
  const count = optimiser.numbers(1, 0).length
  const next = optimiser.transform({
    update: [{ factor: 1, direction: gradient }],
    parameters,
    moments,
    numbers: Array.from({ length: count }, (_, i) => sliceAxis(numbers, 0, i, i + 1)),
    layout,
    gradient,
    gradientNorm,
  })
  return {
    parameters: flatUpdate([{ factor: 1, direction: parameters }, ...next.update]),
    moments: next.moments,
    gradientNorm,
  }
}

/** Raises `InputError` unless `value` lies in [low, high) or, with `closed`, in [low, high]. */
export function checkRange(name: string, value: number, low: number, high: number, closed = false): void {
  if (value >= low && (value < high || (closed && value === high))) return
  const interval = `[${low}, ${high}${closed ? ']' : ')'}`
  throw new InputError('ParameterOutOfRange', `${name} must lie in ${interval}, not ${value}`, {
    data: { name, low, high, actual: value },
  })
}

/** Raises `InputError` unless `value` is positive and finite. */
export function checkPositive(name: string, value: number): void {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return
  throw new InputError('ParameterOutOfRange', `${name} must be positive and finite, not ${value}`, {
    data: { name, actual: value },
  })
}

/** Raises `InputError` unless `value` is an integer of at least `low`. */
export function checkCount(name: string, value: number, low: number): void {
  if (Number.isSafeInteger(value) && value >= low) return
  throw new InputError('ParameterOutOfRange', `${name} must be an integer of at least ${low}, not ${value}`, {
    data: { name, low, actual: value },
  })
}
