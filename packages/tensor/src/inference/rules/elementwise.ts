/** Elementwise primitives: they become expressions, and cost nothing until something reads them. */
import type { Primitive, Tensor } from '../../primitive.ts'
import { applied, broadcastTo, type Elementary } from '../formula.ts'
import { Unsupported } from '../layout.ts'
import { asImage, imageExtent, type Planner, type Value } from '../planner.ts'
import { isWholePower } from '../wasm/functions.ts'
import type { Rule } from './rule.ts'

/** One operand: each channel range by itself, so that a join stays one that is read lazily. */
export function mapped(
  planner: Planner,
  node: Tensor,
  input: Value,
  op: Elementary,
  numbers: readonly number[] = [],
): Value {
  const image = asImage(planner, input)
  if (image.parts.length === 1) {
    return planner.elementwise(node, applied(op, [image.parts[0]!.expression], numbers))
  }
  const parts = image.parts.map((part) => ({ ...part, expression: applied(op, [part.expression], numbers) }))
  return { ...image, parts }
}

const one =
  (op: Elementary): Rule<Primitive> =>
  (planner, node, [x]) =>
    mapped(planner, node, x!, op)

const several =
  (op: Elementary): Rule<Primitive> =>
  (planner, node, inputs) => {
    const extent = imageExtent(node.shape)
    const operands = inputs.map((input) => planner.operand(input, node.shape, extent))
    return planner.elementwise(node, applied(op, operands))
  }

/** Masks have ones in all bits, and as a number that is NaN. */
const equal: Rule<Primitive> = (planner, node, inputs) => {
  const masks = node.inputs[0]!.dtype === 'bool'
  return several(masks ? 'same' : 'equal')(planner, node, inputs)
}

export const elementwiseRules = {
  neg: one('neg'),
  exp: one('exp'),
  log: one('log'),
  sqrt: one('sqrt'),
  abs: one('abs'),
  sigmoid: one('sigmoid'),
  tanh: one('tanh'),
  softplus: one('softplus'),
  relu: one('relu'),
  silu: one('silu'),
  erf: one('erf'),
  expm1: one('expm1'),
  floor: one('floor'),
  ceil: one('ceil'),
  round: one('round'),
  not: one('not'),
  add: several('add'),
  sub: several('sub'),
  mul: several('mul'),
  div: several('div'),
  minimum: several('minimum'),
  maximum: several('maximum'),
  greater: several('greater'),
  greaterEqual: several('greaterEqual'),
  less: several('less'),
  equal,
  and: several('and'),
  or: several('or'),
  where: several('where'),
} as const

export const powConstant: Rule<'powConstant'> = (planner, node, [x]) => {
  const { exponent } = node.attributes
  if (!isWholePower(exponent)) throw new Unsupported(`powers of ${exponent}`)
  return mapped(planner, node, x!, 'power', [exponent])
}

export const clip: Rule<'clip'> = (planner, node, [x]) =>
  mapped(planner, node, x!, 'clip', [node.attributes.low, node.attributes.high])

export const cast: Rule<'cast'> = (planner, node, [x]) => {
  const from = node.inputs[0]!.dtype
  if (node.dtype === from) return x!
  if (node.dtype !== 'float32' || from !== 'bool') throw new Unsupported(`numbers of type ${node.dtype}`)
  return mapped(planner, node, x!, 'toFloat')
}

export const expand: Rule<'expand'> = (planner, node, [x]) => {
  const image = asImage(planner, x!)
  if (image.shape.length !== node.shape.length) throw new Unsupported('expansion to more axes')
  return planner.elementwise(node, broadcastTo(planner.expression(image), imageExtent(node.shape)))
}
