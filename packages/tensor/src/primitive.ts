/**
 * The closed set of primitives, their attributes, and the node of the graph that tracing builds.
 * Rules live in tables keyed by `Primitive`; this file holds none.
 */

import type { ControlAttributes } from './attributes/control.ts'
import type { IndexingAttributes } from './attributes/indexing.ts'
import type { MatrixAttributes } from './attributes/matrix.ts'
import type { PlainAttributes } from './attributes/plain.ts'
import type { SpatialAttributes } from './attributes/spatial.ts'
import type { SpecialAttributes } from './attributes/special.ts'
import type { Shape } from './shape.ts'
import type { Source } from './source.ts'

export type { Grouping, Pooling, Stencil, Window } from './attributes/spatial.ts'

/** Element types. Arithmetic is on `float32` (`float64` in the reference interpreter); `bool` comes from comparisons. */
export type DType = 'float32' | 'int32' | 'bool'

export interface TensorSpec {
  readonly shape: Shape
  /** Default `float32`. */
  readonly dtype?: DType
}

export type None = Readonly<Record<never, never>>

/** Attributes per primitive, by family; each table has one file per family. */
export type Attributes = PlainAttributes &
  SpatialAttributes &
  SpecialAttributes &
  IndexingAttributes &
  ControlAttributes &
  MatrixAttributes

export type Primitive = keyof Attributes

/** A symbolic array: one application of a primitive. Immutable; made by the functions of `ops.ts` only. */
export interface Tensor<P extends Primitive = Primitive> {
  /** Counts nodes in the order of their making: what came before a function was traced has a smaller number. */
  readonly id: number
  readonly op: P
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes[P]
  readonly shape: Shape
  readonly dtype: DType
  /** The layer in which it was traced, such as `encoder.0`; empty outside any. */
  readonly scope: string
  /** The stack at the time; `userLine` of `source.ts` reads it. */
  readonly source: Source
}

/** The nodes that the outputs need, every node after its inputs; not beyond those for which `stop` holds. */
export function topological(outputs: Iterable<Tensor>, stop: (node: Tensor) => boolean = () => false): Tensor[] {
  const order: Tensor[] = []
  const seen = new Set<Tensor>()
  for (const output of outputs) {
    const stack: { node: Tensor; next: number }[] = [{ node: output, next: 0 }]
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      if (top.next === 0 && seen.has(top.node)) {
        stack.pop()
        continue
      }
      seen.add(top.node)
      const input = stop(top.node) ? undefined : top.node.inputs[top.next++]
      if (input === undefined) {
        order.push(top.node)
        stack.pop()
      } else if (!seen.has(input)) stack.push({ node: input, next: 0 })
    }
  }
  return order
}
