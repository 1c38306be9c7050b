/** Lowering of special functions: the operator where ONNX has it, else a float32 form in elementary ones. */

import { input } from '../apply.ts'
import type { SpecialPrimitive } from '../attributes/special.ts'
import type { Value } from '../onnx/graph.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import * as forms from './forms.ts'
import type { Lower, Lowering } from './target.ts'
import { lowerNodes } from './walk.ts'

const unary =
  (op: string): Lower<Primitive> =>
  (l, [x]) =>
    l.unary(op, x!)

/** Emits what a function of tensors traces to. */
export function lowerFunction(l: Lowering, inputs: readonly Value[], fn: (...inputs: Tensor[]) => Tensor): Value {
  const stand = inputs.map(({ shape, type }, i) => {
    return input(`operand ${i}`, { shape, dtype: type === 'int64' ? 'int32' : type === 'float16' ? 'float32' : type })
  })
  const output = fn(...stand)
  return lowerNodes(l, [output], new Map(stand.map((s, i) => [s, inputs[i]!]))).get(output)!
}

const form =
  (fn: (x: Tensor) => Tensor): Lower<Primitive> =>
  (l, [x]) =>
    lowerFunction(l, [x!], fn)

/** exp(x) - 1 = tanh(x / 2) (exp(x) + 1): few passes, where the processor's tanh is good to a rounding near 0. */
function expm1(l: Lowering, x: Value): Value {
  if (l.target.name !== 'node-cpu') return lowerFunction(l, [x], forms.expm1)
  return l.mul(l.unary('Tanh', l.scale(x, 0.5)), l.add(l.unary('Exp', x), l.graph.scalar(1)))
}

/** Beyond this 1 + x is x. */
const HUGE = 1e30

/** log(u) + (x - (u - 1)) / u with the rounded u = 1 + x; the limits keep 0 and infinity out of the correction. */
function log1p(l: Lowering, x: Value): Value {
  if (l.target.name !== 'node-cpu') return lowerFunction(l, [x], forms.log1p)
  const one = l.graph.scalar(1)
  const u = l.add(x, one)
  const safe = l.graph.emit('Clip', [u, l.graph.scalar(1 / HUGE), l.graph.scalar(HUGE)], x.shape)
  const lost = l.sub(l.binary('Min', x, l.graph.scalar(HUGE)), l.sub(safe, one))
  return l.add(l.unary('Log', u), l.div(lost, safe))
}

export const specialRules: { readonly [P in SpecialPrimitive]: Lower<P> } = {
  erf: unary('Erf'),
  erfc: form(forms.erfc),
  expm1: (l, [x]) => expm1(l, x!),
  log1p: (l, [x]) => log1p(l, x!),
  // The quotient is two vector kernels, `Tan` a scalar one: 4 against 11 ns per element.
  tan: (l, [x]) => (l.target.name === 'portable' ? l.unary('Tan', x!) : l.div(l.unary('Sin', x!), l.unary('Cos', x!))),
  asin: unary('Asin'),
  acos: unary('Acos'),
  atan: unary('Atan'),
  floor: unary('Floor'),
  ceil: unary('Ceil'),
  round: (l, [x]) => (l.target.name === 'portable' ? lowerFunction(l, [x!], forms.round) : l.unary('Round', x!)),
  lgamma: form(forms.lgamma),
  polygamma: (l, [x], { attributes: { order } }) => lowerFunction(l, [x!], (v) => forms.polygamma(order, v)),
  gammaSample: (l, [sample], { shape }) => l.expand(sample!, shape),
  // Not every provider broadcasts in Pow.
  power: (l, [x, y], { shape }) => l.binary('Pow', l.expand(x!, shape), l.expand(y!, shape)),
}
