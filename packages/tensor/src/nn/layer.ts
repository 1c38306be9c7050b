/**
 * What a layer is: a tree of parameters, plain data, beside the function that applies them. Layers are made by
 * functions, hold no state and nest as their trees do.
 */

import { InputError } from '@ecotope/core'
import { scope } from '../apply.ts'
import { add } from '../ops/plain.ts'
import type { ParameterTree, Traced } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { showShape } from '../shape.ts'

/** What layers do differently in training, and where they leave what is to be kept from it. */
export interface Context {
  readonly training: boolean
  /** Sets the random numbers of this application apart from those of others. Default none. */
  readonly key?: string
  /** Layers with buffers add what these become after the step. A trainer's loss gets a context that has it. */
  readonly updates?: BufferUpdate[]
}

/** A leaf that is not trainable, and its next value. */
export type BufferUpdate = readonly [leaf: Tensor, next: Tensor]

/** The context of layers that are given none. */
const PREDICTING: Context = { training: false }

export interface Layer<T extends ParameterTree = ParameterTree, X = Tensor, Y = Tensor> {
  readonly parameters: T
  /** Default context: not training. */
  readonly apply: (parameters: Traced<T>, x: X, context?: Context) => Y
}

/** A layer of any tree, as combinators take them. */
export interface AnyLayer<X = Tensor, Y = Tensor> {
  readonly parameters: ParameterTree
  readonly apply: (parameters: never, x: X, context?: Context) => Y
}

/** Makes a layer whose function runs in a scope of the given name. */
export function layer<T extends ParameterTree, X = Tensor, Y = Tensor>(
  name: string,
  parameters: T,
  apply: (parameters: Traced<T>, x: X, context: Context) => Y,
): Layer<T, X, Y> {
  return {
    parameters,
    apply: (p, x, context = PREDICTING) => scope(name, () => apply(p, x, context)),
  }
}

/** A part of a sequence: a layer, or a function without parameters such as `relu`. */
export type Part = AnyLayer | ((x: Tensor) => Tensor)
export type Parts = readonly Part[] | { readonly [name: string]: Part }

type NoParameters = Readonly<Record<never, never>>
export type ParametersOf<P> = P extends AnyLayer ? P['parameters'] : NoParameters
type AsTree<T> = T extends ParameterTree ? T : never
export type SequenceParameters<P extends Parts> = AsTree<{ readonly [K in keyof P]: ParametersOf<P[K]> }>

/** One part after the other; names (or numbers) are those of the parts, in the tree and in messages. */
export function sequential<const P extends Parts>(parts: P): Layer<SequenceParameters<P>> {
  const entries = Object.entries(parts as { readonly [name: string]: Part })
  const trees = entries.map(([name, part]) => [name, typeof part === 'function' ? {} : part.parameters] as const)
  const parameters = Array.isArray(parts) ? trees.map(([, tree]) => tree) : Object.fromEntries(trees)
  return {
    parameters: parameters as never,
    apply: (p, x, context) => {
      const leaves = p as unknown as { readonly [name: string]: never }
      return entries.reduce(
        (h, [name, part]) =>
          scope(name, () => (typeof part === 'function' ? part(h) : part.apply(leaves[name]!, h, context))),
        x,
      )
    },
  }
}

/** x + inner(x) (He et al. 2016, equation 1). */
export function residual<T extends ParameterTree>(inner: Layer<T>): Layer<T> {
  return { parameters: inner.parameters, apply: (p, x, context) => add(x, inner.apply(p, x, context)) }
}

/** Raises `InputError` unless x has so many axes and, where `size` is given, that extent along `axis`. */
export function checkAxes(x: Tensor, what: string, ranks: readonly number[], axis = 0, size?: number): void {
  const at = axis < 0 ? axis + x.shape.length : axis
  if (ranks.includes(x.shape.length) && (size === undefined || x.shape[at] === size)) return
  const path = x.scope === '' ? '' : ` (from ${x.scope})`
  const extent = size === undefined ? '' : ` with ${size} along axis ${axis}`
  throw new InputError(
    'ShapeMismatch',
    `${what}: needs ${ranks.join(' or ')} axes${extent}, not ${showShape(x.shape)}${path}`,
    {
      data: { expected: size, actual: x.shape },
    },
  )
}

/** Raises `InputError` unless a mask is bool: numbers would be taken for shares, and what is added to scores for nonsense. */
export function checkMask(mask: Tensor, what: string): void {
  if (mask.dtype === 'bool') return
  throw new InputError('DTypeMismatch', `${what}: needs bool, not ${mask.dtype}`, {
    hint: 'True is what may be seen: greater(mask, 0.5) for a mask of ones and zeros.',
    data: { dtype: mask.dtype },
  })
}
