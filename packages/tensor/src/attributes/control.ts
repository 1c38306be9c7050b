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
  /** The values of a sub-graph whose gradient computes it again. */
  readonly call: { readonly body: Body }
  /**
   * A loop over time. Inputs: first carries, sequences (time first), then what the body takes from outside. The body
   * takes carries, one element of each sequence, the same from outside, and gives carries and one element of each
   * result. Values: last carries, results stacked over time, and the carries before every step stacked over time,
   * which only gradients read.
   */
  readonly scan: Loop
}

export interface Loop {
  readonly body: Body
  /** How many of the body's inputs are carries, and how many sequences. */
  readonly carries: number
  readonly sequences: number
  /** Steps. */
  readonly length: number
  /** From the last element of the sequences to the first; results stay at their elements' places. */
  readonly reverse: boolean
  /** Steps that make one turn of a loop that is not unrolled altogether. */
  readonly unroll: number
}

export type ControlPrimitive = keyof ControlAttributes

/** Primitives with several values: their node has no value of its own, `output` nodes pick from it. */
export type TuplePrimitive = 'call' | 'scan'
