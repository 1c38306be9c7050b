/** All steps of random programs: each takes values that are there and adds one, whose size stays moderate. */

import { constant } from '../../src/apply.ts'
import type { Shape, Tensor } from '../../src/index.ts'
import * as t from '../../src/index.ts'
import { sizeOf } from '../../src/shape.ts'
import * as arranging from './arrange.ts'
import {
  alongAxis,
  binary,
  comparison,
  fitted,
  type Maker,
  Pool,
  positive,
  reduction,
  someAxes,
  unary,
} from './pool.ts'
import { conv, convTranspose, groupNorm, layerNorm, pool, resize } from './spatial.ts'

const recur =
  (long: boolean): Maker =>
  (p) => {
    const h = p.float(1)
    const length = long ? p.dice.int(17, 21) : p.dice.int(1, 4)
    const small = sizeOf(h.shape) <= 40
    const h0 = small ? h : fitted(h, [p.dice.int(1, 3), 2])
    const xs = p.shaped([length, ...h0.shape], 1)
    const outside = p.shaped(h0.shape, 1)
    const draws = p.dice.chance(0.3)
    const key = p.key()
    const { carry, ys } = t.scan(
      (s: Tensor, x: Tensor) => {
        const noise = draws ? t.mul(t.randomNormal(key, h0.shape), 0.1) : x
        const next = t.tanh(t.add(t.mul(s, outside), t.add(t.sin(x), noise)))
        return { carry: next, y: t.mul(next, x) }
      },
      h0,
      xs,
      { reverse: p.dice.chance(0.5), unroll: p.dice.pick([1, 1, 2]) },
    )
    return [p.dice.chance(0.5) ? carry : ys, 1]
  }

const checkpointed: Maker = (p) => {
  const x = p.float(1)
  const y = p.shaped(x.shape, 1)
  return [t.checkpoint((a: Tensor) => t.mul(t.sin(a), t.add(a, y)))(x), 2]
}

const inner: Maker = (p) => {
  const x = p.float(1)
  const y = p.shaped(x.shape, 1)
  const f = (a: Tensor): Tensor => t.sum(t.mul(t.sin(t.mul(a, y)), t.square(a)))
  return [t.grad(f)(x), 4]
}

const mapped: Maker = (p) => {
  const given = p.float(1)
  const x = given.shape.length === 0 ? t.reshape(given, [1]) : given
  const axis = p.dice.int(0, x.shape.length - 1)
  const w = p.shaped(x.shape.toSpliced(axis, 1), 1)
  const f = (a: Tensor): Tensor => t.mul(t.sub(a, t.mean(a)), w)
  return [t.vmap(f, { inAxes: axis, outAxes: p.dice.int(0, x.shape.length - 1) })(x), 2]
}

/** Some random steps from given values (and one from outside) to a value of a shape, within [-1, 1]. */
function body(p: Pool, inputs: readonly Tensor[], shape: Shape): Tensor {
  const inner = new Pool(p.dice, p)
  inner.add(p.float(1), 1)
  for (const x of inputs) inner.add(x, 1)
  const names = Object.keys(makers).filter((name) => !name.startsWith('in ') && name !== 'stopGradient')
  for (let i = p.dice.int(1, 3); i > 0; i--) step(inner, names)
  const y = fitted(inner.floats.at(-1)!, shape)
  return t.tanh(t.add(y, fitted(inputs[0]!, shape)))
}

/** A value small enough for loops over bodies. */
const small = (p: Pool): Tensor => {
  const x = p.float(1)
  return sizeOf(x.shape) <= 30 && x.shape.length > 0 ? x : fitted(x, [p.dice.int(1, 3), 2])
}

const inScan: Maker = (p) => {
  const h = small(p)
  const xs = p.shaped([p.dice.pick([2, 3, 17, 18]), 2], 1)
  const { carry, ys } = t.scan(
    (s: { h: Tensor; n: Tensor }, x: Tensor) => {
      const next = body(p, [s.h, x], h.shape)
      return { carry: { h: next, n: t.add(s.n, 1) }, y: t.mul(next, t.div(1, t.add(s.n, 1))) }
    },
    { h, n: constant(0) },
    xs,
    { reverse: p.dice.chance(0.5), unroll: p.dice.pick([1, 1, 3]) },
  )
  return [p.dice.chance(0.5) ? carry.h : ys, 1]
}

const inCheckpoint: Maker = (p) => {
  const [a, b] = [p.float(1), small(p)]
  return [t.checkpoint((x: Tensor, y: Tensor) => body(p, [x, y], x.shape))(a, b), 1]
}

const inVmap: Maker = (p) => {
  const x = small(p)
  const w = p.shaped([2], 1)
  const axis = p.dice.int(0, x.shape.length - 1)
  const shape = x.shape.toSpliced(axis, 1)
  return [t.vmap((a: Tensor, b: Tensor) => body(p, [a, b], shape), { inAxes: [axis, null] })(x, w), 1]
}

const inGrad: Maker = (p) => {
  const x = small(p)
  const f = (a: Tensor): Tensor => t.sum(t.mul(body(p, [a], a.shape), a))
  return [p.limited(t.tanh(t.grad(f)(x)), 1), 1]
}

const inJvp: Maker = (p) => {
  const x = small(p)
  const along = p.shaped(x.shape, 1)
  return [t.tanh(t.jvp((a: Tensor) => body(p, [a], a.shape), [x], [along]).tangent), 1]
}

/** A step for every primitive that functions give, and for what is made of several. */
export const makers: Readonly<Record<string, Maker>> = {
  neg: unary(t.neg, 3, 3),
  exp: unary(t.exp, 1.5, 4),
  log: unary((x) => t.log(positive(x)), 3, 1.5),
  sqrt: unary((x) => t.sqrt(positive(x)), 3, 2),
  abs: unary(t.abs, 3, 3),
  sin: unary(t.sin, 3, 1),
  cos: unary(t.cos, 3, 1),
  sigmoid: unary(t.sigmoid, 4, 1),
  tanh: unary(t.tanh, 3, 1),
  softplus: unary(t.softplus, 3, 3),
  square: unary(t.square, 2, 4),
  cube: unary((x) => t.pow(x, 3), 1.5, 4),
  root: unary((x) => t.pow(positive(x), 0.3), 3, 1.6),
  inverse: unary((x) => t.pow(positive(x), -2), 3, 7),
  clip: (p) => [t.clip(p.float(3), p.dice.real(-2, 0), p.dice.real(0.1, 2)), 2],
  stopGradient: unary(t.stopGradient, 3, 3),
  relu: unary(t.relu, 3, 3),
  silu: unary(t.silu, 3, 3),
  gelu: unary(t.gelu, 3, 3),
  elu: unary(t.elu, 3, 3),
  hardSwish: unary(t.hardSwish, 3, 3),
  erf: unary(t.erf, 3, 1),
  erfc: unary(t.erfc, 3, 2),
  expm1: unary(t.expm1, 1.5, 4),
  log1p: unary((x) => t.log1p(t.mul(t.tanh(x), 0.9)), 3, 2),
  tan: unary((x) => t.tan(t.tanh(x)), 3, 1.6),
  asin: unary((x) => t.asin(t.mul(t.tanh(x), 0.9)), 3, 1.2),
  acos: unary((x) => t.acos(t.mul(t.tanh(x), 0.9)), 3, 3),
  atan: unary(t.atan, 3, 1.3),
  sinh: unary(t.sinh, 1.5, 3),
  floor: unary(t.floor, 3, 3),
  ceil: unary(t.ceil, 3, 3),
  round: unary(t.round, 3, 3),
  sign: unary(t.sign, 3, 1),
  lgamma: unary((x) => t.lgamma(positive(x)), 3, 2),
  polygamma: (p) => [t.polygamma(p.dice.int(0, 2), t.add(positive(p.float(2)), 0.5)), 3],
  power: binary((a, b) => t.pow(positive(a), b), 6, 1.5),
  atan2: binary((a, b) => t.atan2(a, t.add(t.abs(b), 0.3)), 1.6),
  add: binary(t.add, 4),
  sub: binary(t.sub, 4),
  mul: binary(t.mul, 4),
  div: binary((a, b) => t.div(a, t.add(t.mul(t.sigmoid(b), 2), 0.4)), 5),
  minimum: binary(t.minimum, 2),
  maximum: binary(t.maximum, 2),
  logAddExp: binary(t.logAddExp, 3),
  greater: comparison(t.greater),
  greaterEqual: comparison(t.greaterEqual),
  less: comparison(t.less),
  equal: comparison(t.equal),
  logical: arranging.logical,
  where: arranging.where,
  sum: reduction(t.sum, (n, b) => b * Math.sqrt(n)),
  mean: reduction(t.mean, (_, b) => b),
  max: reduction(t.max, (_, b) => b),
  min: reduction(t.min, (_, b) => b),
  prod: reduction(
    (x, a, o) => t.prod(t.add(t.mul(t.tanh(x), 0.2), 1), a, o),
    () => 4,
  ),
  variance: reduction(t.variance, (_, b) => b),
  logSumExp: reduction(t.logSumExp, (n) => 2 + Math.log(n)),
  any: (p) => [t.any(p.bool(p.float().shape)), 1],
  all: (p) => [t.all(p.bool(p.float().shape)), 1],
  softmax: alongAxis((x, axis) => t.softmax(x, axis), 1),
  logSoftmax: alongAxis(
    (x, axis) => t.logSoftmax(x, axis),
    (n) => 2 + Math.log(n),
  ),
  reshape: arranging.shapeOf,
  transpose: arranging.transpose,
  slice: arranging.slice,
  pad: arranging.pad,
  concat: arranging.concat,
  expand: arranging.expand,
  reverse: (p) => {
    const x = p.float(3)
    return [t.reverse(x, someAxes(p, x)), 3]
  },
  roll: alongAxis((x, axis, p) => t.roll(x, p.dice.int(-3, 3), axis), 2),
  tile: (p) => [t.tile(p.float(2), p.dice.pick([[2], [1, 2]])), 2],
  stack: (p) => {
    const x = p.float(2)
    return [t.stack([x, p.shaped(x.shape, 2)], p.dice.int(0, x.shape.length)), 2]
  },
  layerNorm,
  matmul: arranging.matmul,
  gather: arranging.gather,
  gatherBest: arranging.gatherBest,
  scatter: arranging.scatter,
  scatterElements: arranging.scatterElements,
  sort: alongAxis((x, axis, p) => t.sort(x, axis, { descending: p.dice.chance(0.5) }), 2),
  topK: alongAxis(
    (x, axis, p) => t.topK(x, p.dice.int(1, x.shape.at(axis)!), { axis, largest: p.dice.chance(0.5) }).values,
    2,
  ),
  cumsum: alongAxis(
    (x, axis, p) => t.cumsum(x, axis, { exclusive: p.dice.chance(0.5), reverse: p.dice.chance(0.5) }),
    (n) => 2 * Math.sqrt(n),
  ),
  integers: arranging.integers,
  oneHot: arranging.oneHot,
  random: arranging.random,
  conv,
  convTranspose,
  maxPool: pool('max'),
  meanPool: pool('mean'),
  resize,
  groupNorm,
  cholesky: arranging.cholesky,
  triangularSolve: arranging.triangularSolve,
  scan: recur(false),
  loop: recur(true),
  checkpoint: checkpointed,
  grad: inner,
  vmap: mapped,
  'in scan': inScan,
  'in checkpoint': inCheckpoint,
  'in vmap': inVmap,
  'in grad': inGrad,
  'in jvp': inJvp,
}

/** No value is larger: what grows beyond is cut. */
const MOST = 400

/** Adds one random value to the pool; gives the name of its step. */
export function step(p: Pool, names: readonly string[] = Object.keys(makers)): string {
  const name = p.dice.pick(names)
  const [y, bound] = makers[name]!(p)
  if (sizeOf(y.shape) > MOST || y.shape.length > 5) {
    p.add(fitted(y, [p.dice.int(1, 3), p.dice.int(1, 4), p.dice.int(1, 5)]), bound)
  } else p.add(y, bound)
  return name
}
