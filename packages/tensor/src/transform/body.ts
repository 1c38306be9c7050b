/** Closed sub-graphs from functions, and back: what a body takes from outside becomes inputs of it. */

import { apply, input, nextId } from '../apply.ts'
import type { Body, TuplePrimitive } from '../attributes/control.ts'
import { type Tensor, type TensorSpec, topological } from '../primitive.ts'
import { substitute } from './substitute.ts'

export interface Closed {
  /** Inputs: the given ones, then one for each of `draws`, then one for each of `captured`. */
  readonly body: Body
  /** Random leaves that were made inside. */
  readonly draws: readonly Tensor[]
  /** Nodes from outside, and those inside that depend on no input. */
  readonly captured: readonly Tensor[]
}

/** Constants up to here are written into the body; longer ones are taken from outside, where they exist once. */
const SHORT = 1024

const isShortConstant = (node: Tensor): boolean =>
  node.op === 'constant' && (node as Tensor<'constant'>).attributes.data.length <= SHORT

export const placeholder = (name: string, { shape, dtype = 'float32' }: TensorSpec): Tensor =>
  input(name, { shape, dtype })

/** Closes the graph of `outputs` over `inputs`. Nodes older than `start` are outside. */
export function closeOver(inputs: readonly Tensor[], outputs: readonly Tensor[], start: number): Closed {
  const outside = (node: Tensor): boolean => node.id < start
  const known = new Set(inputs)
  const order = topological(outputs, (node) => outside(node) && !known.has(node))
  const draws = order.filter((node) => isRandom(node) && !outside(node))
  const inner = new Set<Tensor>([...inputs, ...draws])
  const captured = new Set<Tensor>()
  const capture = (node: Tensor): void => {
    if (!inner.has(node) && !isShortConstant(node)) captured.add(node)
  }
  for (const node of order) {
    if (inner.has(node) || !node.inputs.some((from) => inner.has(from)) || outside(node)) continue
    inner.add(node)
    node.inputs.forEach(capture)
  }
  outputs.forEach(capture)
  const taken = [...draws, ...captured]
  const leaves = taken.map((node, i) => placeholder(`outer.${i}`, node))
  const replaced = new Map(taken.map((node, i) => [node, leaves[i]!]))
  return {
    body: { inputs: [...inputs, ...leaves], outputs: substitute(outputs, replaced) },
    draws,
    captured: [...captured],
  }
}

const isRandom = (node: Tensor): boolean => (node.op as string) === 'random'

/** Traces `fn` with placeholders of the given shapes and closes it. */
export function traceBody(specs: readonly TensorSpec[], fn: (inputs: readonly Tensor[]) => readonly Tensor[]): Closed {
  const start = nextId()
  const inputs = specs.map((spec, i) => placeholder(`inner.${i}`, spec))
  return closeOver(inputs, fn(inputs), start)
}

/** The outputs of a body for the given inputs, as nodes of the graph around it. */
export function inline(body: Body, inputs: readonly Tensor[]): Tensor[] {
  return substitute(body.outputs, new Map(body.inputs.map((leaf, i) => [leaf, inputs[i]!])))
}

/** The value `index` of a node with several. */
export function pick(tuple: Tensor<TuplePrimitive>, index: number, { shape, dtype = 'float32' }: TensorSpec): Tensor {
  return apply('output', [tuple], { index, shape, dtype })
}
