/** The float64 reference interpreter: what a program means, without ONNX. For tests and small problems. */

import { InputError } from '@ecotope/core'
import { onBehalf } from '../apply.ts'
import type { Body, TuplePrimitive } from '../attributes/control.ts'
import { type CompositePrimitive, compose } from '../compositions.ts'
import { draw, randomLeaves } from '../draw.ts'
import { checkSize } from '../parameters.ts'
import { type Attributes, type Tensor, topological } from '../primitive.ts'
import { showShape, sizeOf } from '../shape.ts'
import type { Program } from '../trace.ts'
import type { Float64Dense } from './array.ts'
import { tupleReferences } from './control.ts'
import { type Evaluate, type EvaluatedPrimitive, type EvaluateTuple, isComposite, referenceRules } from './index.ts'

function evaluateNode<P extends EvaluatedPrimitive>(node: Tensor<P>, inputs: readonly Float64Dense[]): Float64Dense {
  return (referenceRules[node.op] as Evaluate<P>)(inputs, node)
}

function evaluateTuple<P extends TuplePrimitive>(node: Tensor<P>, inputs: readonly Float64Dense[]): Float64Dense[] {
  return (tupleReferences[node.op] as EvaluateTuple<P>)(inputs, node, evaluateBody)
}

/** The values of a closed sub-graph. */
function evaluateBody(body: Body, inputs: readonly Float64Dense[]): Float64Dense[] {
  return evaluateNodes(body.outputs, new Map(body.inputs.map((leaf, i) => [leaf, inputs[i]!])))
}

/** The values of `outputs`; leaves must be bound already. */
export function evaluateNodes(outputs: readonly Tensor[], bound: Map<Tensor, Float64Dense>): Float64Dense[] {
  const tuples = new Map<Tensor, Float64Dense[]>()
  for (const node of topological(outputs)) {
    if (bound.has(node)) continue
    if (node.op in tupleReferences) {
      const inputs = node.inputs.map((input) => bound.get(input)!)
      tuples.set(node, evaluateTuple(node as Tensor<TuplePrimitive>, inputs))
    } else if (node.op === 'output') {
      bound.set(node, tuples.get(node.inputs[0]!)![(node as Tensor<'output'>).attributes.index]!)
    } else if (isComposite(node.op)) {
      const attributes = node.attributes as Attributes[CompositePrimitive]
      // On behalf of the node: no stack is captured for each part.
      const composed = onBehalf(node, () => compose(node.op as CompositePrimitive, node.inputs, attributes))
      bound.set(node, evaluateNodes([composed], bound)[0]!)
    } else {
      const inputs = node.inputs.map((input) => bound.get(input)!)
      bound.set(node, evaluateNode(node as Tensor<EvaluatedPrimitive>, inputs))
    }
  }
  return outputs.map((output) => bound.get(output)!)
}

export interface EvaluateOptions {
  /** Of the random numbers (default 0); integers from 0 on. */
  readonly seed?: number
  readonly step?: number
}

/** Runs a program in float64. `inputs` by name, row-major; `parameters` is the flat vector. */
export function evaluate(
  program: Program,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  parameters: ArrayLike<number> = [],
  { seed = 0, step = 0 }: EvaluateOptions = {},
): Record<string, Float64Dense> {
  checkSize(parameters, program.parameters.size)
  const flat = Float64Array.from(parameters)
  const bound = new Map<Tensor, Float64Dense>()
  for (const [name, node] of Object.entries(program.inputs)) bound.set(node, bind(name, node, inputs[name]))
  program.leaves.forEach((leaf, i) => {
    const { offset, size, shape } = program.parameters.leaves[i]!
    bound.set(leaf, { shape, data: flat.slice(offset, offset + size) })
  })
  for (const { draw: leaf, leaves } of randomLeaves(Object.values(program.outputs))) {
    const data = Float64Array.from(draw(seed, step, leaf))
    for (const node of leaves) bound.set(node, { shape: leaf.shape, data })
  }
  const names = Object.keys(program.outputs)
  const values = evaluateNodes(Object.values(program.outputs), bound)
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]))
}

function bind(name: string, { shape }: Tensor, data: ArrayLike<number> | undefined): Float64Dense {
  if (data?.length !== sizeOf(shape)) {
    const given = data === undefined ? 'missing' : `${data.length} numbers`
    throw new InputError('ShapeMismatch', `input ${name} must be ${showShape(shape)}, but is ${given}`, {
      data: { name },
    })
  }
  return { shape, data: Float64Array.from(data) }
}
