/** ONNX's elementwise operators in primitives: arithmetic, activations, comparisons, logic, casts. */

import {
  abs,
  add,
  and,
  clip,
  cos,
  div,
  equal,
  exp,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  not,
  or,
  pow,
  relu,
  sigmoid,
  sin,
  softplus,
  sqrt,
  sub,
  tanh,
  where,
} from '../../ops/plain.ts'
import {
  acos,
  asin,
  atan,
  ceil,
  cosh,
  elu,
  erf,
  floor,
  gelu,
  leakyRelu,
  log1p,
  reciprocal,
  round,
  sign,
  sinh,
  tan,
} from '../../ops/special.ts'
import type { Tensor } from '../../primitive.ts'
import { elementOf } from '../data.ts'
import { type Call, type Item, isKnown, type Rule } from '../item.ts'

/** Of floats, or of integers as integers. */
const unary =
  (fn: (x: Tensor) => Tensor): Rule =>
  (c) =>
    c.as(c.kind(0), fn(c.tensor(0)))

/** Folds any number of operands from the left. */
const arithmetic =
  (fn: (a: Tensor, b: Tensor) => Tensor): Rule =>
  (c) =>
    c.as(c.kind(0), c.tensors().reduce(fn))

const comparison =
  (fn: (a: Tensor, b: Tensor) => Tensor): Rule =>
  (c) =>
    c.as('bool', fn(c.tensor(0), c.tensor(1)))

const logic =
  (fn: (a: Tensor, b: Tensor) => Tensor): Rule =>
  (c) =>
    c.as('bool', fn(c.bool(0), c.bool(1)))

/** Powers by a known number have exact forms; the exponent may be an integer tensor. */
function power(c: Call): Item {
  const exponent = c.item(1)
  const x = c.tensor(0)
  if (isKnown(exponent) && exponent.data.length === 1 && exponent.shape.length <= x.shape.length) {
    return c.as(c.kind(0), pow(x, exponent.data[0]!))
  }
  return c.as(c.kind(0), pow(x, c.tensor(1)))
}

const towardsZero = (x: Tensor): Tensor => mul(sign(x), floor(abs(x)))

/** The remainder with the divisor's sign, or (fmod) with the dividend's. */
function modulo(c: Call): Item {
  const [a, b] = [c.tensor(0), c.tensor(1)]
  const quotient = div(a, b)
  const whole = c.integer('fmod', 0) === 1 ? towardsZero(quotient) : floor(quotient)
  return c.as(c.kind(0), sub(a, mul(b, whole)))
}

/** Limits that are known keep the primitive's own gradient rule. */
function limited(c: Call): Item {
  const bound = (i: number): number | undefined => {
    const item = c.items[i]
    return item === undefined ? (i === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : single(item)
  }
  const [low, high] = [bound(1), bound(2)]
  if (low !== undefined && high !== undefined) return c.as(c.kind(0), between(c.tensor(0), low, high))
  const above = c.has(1) ? maximum(c.tensor(0), c.tensor(1)) : c.tensor(0)
  return c.as(c.kind(0), c.has(2) ? minimum(above, c.tensor(2)) : above)
}

const single = (item: Item): number | undefined => (isKnown(item) && item.data.length === 1 ? item.data[0] : undefined)

const LARGEST = 3.4028234663852886e38

function between(x: Tensor, low: number, high: number): Tensor {
  if (low <= -LARGEST && high >= LARGEST) return x
  if (low === 0 && high >= LARGEST) return relu(x)
  return clip(x, Math.max(low, -LARGEST), Math.min(high, LARGEST))
}

function hardSigmoid(x: Tensor, alpha: number, beta: number): Tensor {
  return clip(add(mul(x, alpha), beta), 0, 1)
}

function selu(c: Call): Item {
  const alpha = c.float('alpha', 1.6732632423543772)
  return mul(elu(c.tensor(0), alpha), c.float('gamma', 1.0507009873554805))
}

/** The inverse of sinh: near 0 by that of tanh, elsewhere by the logarithm of what cannot cancel. */
function asinh(x: Tensor): Tensor {
  const near = less(abs(x), 0.5)
  const small = where(near, x, 0)
  const size = abs(where(near, 1, x))
  return where(near, atanh(div(small, hypotenuse(small))), mul(sign(x), log(add(size, hypotenuse(size)))))
}

const hypotenuse = (x: Tensor): Tensor => sqrt(add(mul(x, x), 1))

const atanh = (x: Tensor): Tensor => mul(sub(log1p(x), log1p(neg(x))), 0.5)

function acosh(x: Tensor): Tensor {
  const above = sub(x, 1)
  return log1p(add(above, sqrt(mul(above, add(x, 1)))))
}

/** Towards 0 by `bias` where the size is beyond `lambd`, else 0. */
function shrunk(c: Call): Item {
  const [x, limit, bias] = [c.tensor(0), c.float('lambd', 0.5), c.float('bias', 0)]
  return c.as(c.kind(0), where(greater(x, limit), sub(x, bias), where(less(x, -limit), add(x, bias), 0)))
}

/** Slopes broadcast towards x, as ONNX's unidirectional broadcasting has it. */
function prelu(c: Call): Item {
  const [x, slope] = [c.tensor(0), c.tensor(1)]
  return where(greater(x, 0), x, mul(x, slope))
}

function geluOf(c: Call): Item {
  const approximate = c.text('approximate', 'none')
  if (approximate !== 'none' && approximate !== 'tanh') throw c.fail(`approximate = ${approximate}`)
  return gelu(c.tensor(0), { approximate })
}

/** A choice between integers stays one: it is made by arithmetic on 0 and 1. */
function choose(c: Call): Item {
  const [condition, a, b] = [c.bool(0), c.tensor(1), c.tensor(2)]
  return c.as(c.kind(1), where(condition, a, b))
}

const finite = (x: Tensor): Tensor => less(abs(x), Number.POSITIVE_INFINITY)

function infinite(c: Call): Item {
  const x = c.tensor(0)
  const above = c.integer('detect_positive', 1) === 1 ? Number.POSITIVE_INFINITY : Number.NaN
  const below = c.integer('detect_negative', 1) === 1 ? Number.NEGATIVE_INFINITY : Number.NaN
  return c.as('bool', or(equal(x, above), equal(x, below)))
}

const castTo = (c: Call): Item => {
  const { kind } = elementOf(c.integer('to', 1), `the result of ${c.node.name}`)
  return cast(c, kind)
}

function cast(c: Call, kind: 'float' | 'int' | 'bool'): Item {
  if (kind === c.kind(0)) return c.item(0)
  return c.as(kind, kind === 'bool' ? c.bool(0) : c.tensor(0))
}

/** Dropout while importing is the identity: what is fine-tuned keeps what it has learnt. */
function dropout(c: Call): readonly Item[] {
  return [c.item(0), c.as('bool', c.bool(0))]
}

export const elementwiseRules = {
  Abs: unary(abs),
  Acos: unary(acos),
  Acosh: unary(acosh),
  Add: arithmetic(add),
  And: logic(and),
  Asin: unary(asin),
  Asinh: unary(asinh),
  Atan: unary(atan),
  Atanh: unary(atanh),
  Cast: castTo,
  CastLike: (c) => cast(c, c.kind(1)),
  Ceil: unary(ceil),
  Celu: (c) => {
    const alpha = c.float('alpha', 1)
    return mul(elu(div(c.tensor(0), alpha)), alpha)
  },
  Clip: limited,
  Cos: unary(cos),
  Cosh: unary(cosh),
  Div: arithmetic(div),
  Dropout: dropout,
  Elu: (c) => elu(c.tensor(0), c.float('alpha', 1)),
  Equal: comparison(equal),
  Erf: unary(erf),
  Exp: unary(exp),
  Floor: unary(floor),
  Gelu: geluOf,
  Greater: comparison(greater),
  GreaterOrEqual: comparison(greaterEqual),
  HardSigmoid: (c) => hardSigmoid(c.tensor(0), c.float('alpha', 0.2), c.float('beta', 0.5)),
  HardSwish: unary((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Identity: (c) => c.item(0),
  IsInf: infinite,
  IsNaN: (c) => c.as('bool', not(or(finite(c.tensor(0)), equal(abs(c.tensor(0)), Number.POSITIVE_INFINITY)))),
  LeakyRelu: (c) => leakyRelu(c.tensor(0), c.float('alpha', 0.01)),
  Less: comparison(less),
  LessOrEqual: comparison(lessEqual),
  Log: unary(log),
  Max: arithmetic(maximum),
  Mean: (c) => div(c.tensors().reduce(add), c.items.length),
  Min: arithmetic(minimum),
  Mish: unary((x) => mul(x, tanh(softplus(x)))),
  Mod: modulo,
  Mul: arithmetic(mul),
  Neg: unary(neg),
  Not: (c) => c.as('bool', not(c.bool(0))),
  Or: logic(or),
  PRelu: prelu,
  Pow: power,
  Reciprocal: unary(reciprocal),
  Relu: unary(relu),
  Round: unary(round),
  Selu: selu,
  Sigmoid: unary(sigmoid),
  Shrink: shrunk,
  Sign: unary(sign),
  Sin: unary(sin),
  Sinh: unary(sinh),
  Softplus: unary(softplus),
  Softsign: unary((x) => div(x, add(abs(x), 1))),
  Sqrt: unary(sqrt),
  Sub: arithmetic(sub),
  Sum: arithmetic(add),
  Tan: unary(tan),
  Tanh: unary(tanh),
  ThresholdedRelu: (c) => {
    const x = c.tensor(0)
    return where(greater(x, c.float('alpha', 1)), x, 0)
  },
  Where: choose,
  Xor: logic((a, b) => and(or(a, b), not(and(a, b)))),
} as const satisfies Readonly<Record<string, Rule>>
