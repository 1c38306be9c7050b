/** Reverse mode. Its rules are written in primitives, so that gradients can be differentiated again. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import { add } from '../ops/plain.ts'
import { type Primitive, type Tensor, topological } from '../primitive.ts'
import { sizeOf } from '../shape.ts'
import { controlVjps } from './control.ts'
import { indexingVjps } from './indexing.ts'
import { matrixVjps } from './matrix.ts'
import { plainVjps } from './plain.ts'
import { spatialVjps } from './spatial.ts'
import { specialVjps } from './special.ts'

export type Pullback = (output: Tensor, cotangent: Tensor, wrt: readonly Tensor[]) => Tensor[]

/** The gradients of a node's inputs from the gradient `g` of its value; null where none flows. */
export type Vjp<P extends Primitive> = (node: Tensor<P>, g: Tensor, pullback: Pullback) => readonly (Tensor | null)[]

export const vjpRules: { readonly [P in Primitive]: Vjp<P> } = {
  ...plainVjps,
  ...specialVjps,
  ...indexingVjps,
  ...spatialVjps,
  ...matrixVjps,
  ...controlVjps,
}

function apply<P extends Primitive>(node: Tensor<P>, g: Tensor): readonly (Tensor | null)[] {
  return (vjpRules[node.op] as Vjp<P>)(node, g, pullback)
}

/**
 * Gradients of a scalar `output` with respect to any nodes of its graph, in their order; zeros where it does not
 * depend on them. The nodes of `wrt` are taken as independent: nothing flows through them to what they came from.
 */
export function grad(output: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (sizeOf(output.shape) !== 1) {
    throw new InputError('ShapeMismatch', `grad: the output must be a scalar, not [${output.shape.join(', ')}]`)
  }
  return pullback(output, constant(1, output.shape), wrt)
}

/** As `grad`, for an output of any shape and a given gradient of it. */
export function pullback(output: Tensor, cotangent: Tensor, wrt: readonly Tensor[]): Tensor[] {
  const order = topological([output])
  const targets = new Set(wrt)
  const depends = new Set<Tensor>()
  for (const node of order) {
    if (targets.has(node) || node.inputs.some((input) => depends.has(input))) depends.add(node)
  }
  const gradients = new Map<Tensor, Tensor>([[output, cotangent]])
  for (const node of order.reverse()) {
    const g = gradients.get(node)
    if (g === undefined || targets.has(node) || !depends.has(node)) continue
    gradients.delete(node)
    apply(node, g).forEach((part, i) => {
      const input = node.inputs[i]!
      if (part === null || !depends.has(input)) return
      const before = gradients.get(input)
      gradients.set(input, before === undefined ? part : add(before, part))
    })
  }
  return wrt.map((node) => gradients.get(node) ?? constant(0, node.shape))
}

/** A function that gives `fn`'s scalar and its gradients with respect to each argument. */
export function valueAndGrad(
  fn: (...args: Tensor[]) => Tensor,
): (...args: Tensor[]) => { value: Tensor; gradients: Tensor[] } {
  return (...args) => {
    const value = fn(...args)
    return { value, gradients: grad(value, args) }
  }
}
