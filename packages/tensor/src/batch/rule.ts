/** What the batching rules are made of. A mapped tensor has the mapped axis first. */

import { apply } from '../apply.ts'
import { expand, reshape, transpose } from '../ops/plain.ts'
import type { Attributes, Primitive, Tensor } from '../primitive.ts'
import { range, type Shape } from '../shape.ts'

export interface Batched {
  readonly value: Tensor
  /** Whether the first axis is the mapped one; otherwise the value is the same for all of it. */
  readonly mapped: boolean
}

export interface Batching {
  /** Extent of the mapped axis. */
  readonly size: number
  /** The same graph with other values for some of its nodes; for rules that go through an elementary form. */
  readonly run: (outputs: readonly Tensor[], bound: ReadonlyMap<Tensor, Batched>) => Batched[]
}

/** The node's value for all of the mapped axis, which comes first. Called only where an input is mapped. */
export type BatchRule<P extends Primitive> = (inputs: readonly Batched[], node: Tensor<P>, batching: Batching) => Tensor

/** As `BatchRule`, for a node with several values. */
export type BatchTuple<P extends Primitive> = (
  inputs: readonly Batched[],
  node: Tensor<P>,
  batching: Batching,
) => Batched[]

/** Repeats what is not mapped. */
export function front({ value, mapped }: Batched, size: number): Tensor {
  return mapped ? value : expand(reshape(value, [1, ...value.shape]), [size, ...value.shape])
}

export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const rest = range(0, x.shape.length).filter((axis) => axis !== from)
  return transpose(x, rest.toSpliced(to, 0, from))
}

/** `[B, ...shape]` to `[B, 1, ..., 1, ...shape]` of the given rank (without B), so that it broadcasts. */
export function align({ value, mapped }: Batched, rank: number): Tensor {
  if (!mapped) return value
  const [size, ...shape] = value.shape
  return reshape(value, [size!, ...new Array<number>(rank - shape.length).fill(1), ...shape])
}

/** The primitive itself does what is wanted: all its axes count from the end, or it has none. */
export const asItIs: BatchRule<Primitive> = ([x], node) => apply(node.op, [x!.value], node.attributes)

/** Operands broadcast. */
export const broadcasting: BatchRule<Primitive> = (inputs, node) =>
  apply(
    node.op,
    inputs.map((x) => align(x, node.shape.length)),
    node.attributes,
  )

/** Operands of one shape. */
export const sameShapes: BatchRule<Primitive> = (inputs, node, { size }) =>
  apply(
    node.op,
    inputs.map((x) => front(x, size)),
    node.attributes,
  )

/** One operand; the attributes name axes, which move by one. */
export function shifted<P extends Primitive>(shift: (attributes: Attributes[P]) => Attributes[P]): BatchRule<P> {
  return ([x], node) => apply(node.op, [x!.value], shift(node.attributes))
}

/** `[B, N, ...]` to `[B N, ...]`. */
export const merge = (x: Tensor): Tensor => reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)])

/** `[B N, ...]` to `[B, N, ...]`. */
export const unmerge = (x: Tensor, size: number): Tensor => reshape(x, [size, x.shape[0]! / size, ...x.shape.slice(1)])

/** The first axis of every operand holds independent samples: the mapped axis joins it. */
export const merging: BatchRule<Primitive> = (inputs, node, { size }) => {
  const merged = inputs.map((x) => merge(front(x, size)))
  return unmerge(apply(node.op, merged, node.attributes), size)
}

export const plusOne = (axes: readonly number[]): readonly number[] => axes.map((axis) => axis + 1)

export const withSize = (size: number, shape: Shape): Shape => [size, ...shape]
