/** Attributes of functions within functions: identities that transforms hold on to, closed sub-graphs, loops. */

import type { DType, None, Tensor } from '../primitive.ts'
import type { Shape } from '../shape.ts'

/** A closed sub-graph: its outputs depend on nothing but its inputs (`input` leaves) and constants. */
export interface Body {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

export interface ControlAttributes {
  /** The same values as a node of its own, so that a transform can tell an argument from what it came from. */
  readonly identity: None
  /**
   * x, token: the values of x, but not before the token is there. No optimiser may merge it with x itself, so that
   * what follows from it is computed again (see `checkpoint`).
   */
  readonly barrier: None
  /** One value of a node that has several. */
  readonly output: { readonly index: number; readonly shape: Shape; readonly dtype: DType }
}

export type ControlPrimitive = keyof ControlAttributes

/** Primitives with several values: their node has no value of its own, `output` nodes pick from it. */
export type TuplePrimitive = never
