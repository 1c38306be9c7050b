/** Steps of a random program that multiply matrices, move elements, look them up, choose among them. */

import { constant } from '../../src/apply.ts'
import type { Tensor } from '../../src/index.ts'
import * as t from '../../src/index.ts'
import { range, sizeOf } from '../../src/shape.ts'
import { alongAxis, broadcastable, divisors, fitted, type Maker, type Pool, partner } from './pool.ts'

function matrixOf(p: Pool): Tensor {
  const x = p.float(2)
  if (x.shape.length >= 2) return x
  return t.reshape(x, x.shape.length === 0 ? [1, 1] : p.dice.chance(0.5) ? [1, -1] : [-1, 1])
}

export const matmul: Maker = (p) => {
  const a = matrixOf(p)
  const [transposeA, transposeB] = [p.dice.chance(0.3), p.dice.chance(0.3)]
  const k = a.shape.at(transposeA ? -2 : -1)!
  const n = p.dice.int(1, 4)
  const lead = p.dice.chance(0.5) ? [] : partner(p.dice, a.shape.slice(0, -2))
  const b = p.shaped([...lead, ...(transposeB ? [n, k] : [k, n])], 1)
  return [t.matmul(a, b, { transposeA, transposeB }), 1.5 * Math.sqrt(k)]
}

const eye = (n: number): Tensor =>
  constant(
    range(0, n * n).map((i) => (i % (n + 1) === 0 ? 1.5 : 0)),
    [n, n],
  )

function squareOf(p: Pool): Tensor {
  const n = p.dice.int(1, 4)
  const lead = p.dice.chance(0.5) ? [] : [p.dice.int(1, 3)]
  return p.shaped([...lead, n, n], 1)
}

export const cholesky: Maker = (p) => {
  const x = squareOf(p)
  const a = t.add(t.matmul(x, x, { transposeB: true }), eye(x.shape.at(-1)!))
  return [t.cholesky(a, p.dice.chance(0.3) ? { jitter: 1e-3 } : {}), 2]
}

export const triangularSolve: Maker = (p) => {
  const x = squareOf(p)
  const l = t.add(t.mul(x, 0.5), eye(x.shape.at(-1)!))
  const lead = p.dice.chance(0.5) ? x.shape.slice(0, -2) : p.dice.chance(0.5) ? [2, 1] : []
  const b = p.shaped([...lead, x.shape.at(-1)!, p.dice.int(1, 3)], 1)
  const [lower, transpose, unitDiagonal] = [p.dice.chance(0.5), p.dice.chance(0.5), p.dice.chance(0.3)]
  return [t.triangularSolve(l, b, { lower, transpose, unitDiagonal }), 3]
}

export const gather: Maker = alongAxis((x, axis, p) => {
  const shape = p.dice.pick([[], [3], [1], [2, 2]])
  return t.gather(x, p.places(shape, x.shape.at(axis)!), axis)
}, 2)

/** Indices that depend on the data. */
export const gatherBest: Maker = alongAxis((x, axis, p) => {
  const by = fitted(p.float(), x.shape)
  const indices = p.dice.chance(0.5)
    ? t.argSort(by, axis, { descending: p.dice.chance(0.5) })
    : t.topK(by, p.dice.int(1, x.shape.at(axis)!), { axis, largest: p.dice.chance(0.5) }).indices
  return t.gatherElements(x, indices, axis)
}, 2)

export const scatter: Maker = alongAxis((x, axis, p) => {
  const at = axis < 0 ? axis + x.shape.length : axis
  const indices = p.dice.pick([[], [3], [2, 2]])
  const updates = p.shaped([...x.shape.slice(0, at), ...indices, ...x.shape.slice(at + 1)], 1)
  return t.scatterAdd(x, p.places(indices, x.shape[at]!), updates, axis)
}, 4)

export const scatterElements: Maker = alongAxis((x, axis, p) => {
  const at = axis < 0 ? axis + x.shape.length : axis
  const shape = x.shape.with(at, p.dice.int(1, 4))
  return t.scatterAddElements(x, p.places(shape, x.shape[at]!), p.shaped(shape, 1), axis)
}, 4)

/** Whole numbers that depend on the data, and back. */
export const integers: Maker = (p) => {
  const x = p.float(3)
  const [a, b] = [t.cast(t.round(x), 'int32'), t.cast(t.floor(p.shaped(x.shape, 3)), 'int32')]
  const fns = [t.add, t.sub, t.mul, t.minimum, t.maximum]
  const y = t.clip(p.dice.pick(fns)(t.neg(a), t.abs(b)), -4, 5)
  const total = p.dice.chance(0.4) && y.shape.length > 0 ? p.dice.pick([t.sum, t.max])(y, 0) : y
  return [t.cast(total, 'float32'), 6]
}

export const oneHot: Maker = alongAxis(
  (x, axis, p) => t.oneHot(p.dice.pick([t.argMax, t.argMin])(x, axis), x.shape.at(axis)! + p.dice.int(-1, 2) || 1),
  1,
)

export const random: Maker = (p) => {
  const shape = p.float().shape
  const key = p.key()
  return [p.dice.chance(0.5) ? t.randomNormal(key, shape) : t.randomUniform(key, shape, { low: -1 }), 3]
}

export const shapeOf: Maker = (p) => {
  const x = p.float(3)
  const factors = divisors(sizeOf(x.shape))
  const a = p.dice.pick(factors)
  const b = p.dice.pick(divisors(sizeOf(x.shape) / a))
  return [t.reshape(x, p.dice.pick([[a, -1], [b, a, -1], [-1], [a, 1, -1, b], [1, a, b, 1, -1]])), 3]
}

export const transpose: Maker = (p) => {
  const x = p.float(3)
  return [t.transpose(x, p.dice.shuffle(range(0, x.shape.length))), 3]
}

export const slice: Maker = (p) => {
  const x = p.float(3)
  const starts = x.shape.map((n) => (p.dice.chance(0.5) ? 0 : p.dice.int(0, n - 1)))
  return [
    t.slice(
      x,
      starts,
      x.shape.map((n, i) => (p.dice.chance(0.5) ? n : p.dice.int(starts[i]! + 1, n))),
    ),
    3,
  ]
}

export const pad: Maker = (p) => {
  const x = p.float(3)
  const counts = (most: (n: number) => number): number[] =>
    x.shape.map((n) => (p.dice.chance(0.5) ? 0 : p.dice.int(0, Math.min(2, most(n)))))
  const mode = p.dice.pick(['constant', 'edge', 'reflect', 'wrap'] as const)
  const most = mode === 'reflect' ? (n: number) => n - 1 : mode === 'wrap' ? (n: number) => n : () => 2
  if (mode === 'constant') return [t.pad(x, counts(most), counts(most), p.dice.pick([0, 1.5])), 3]
  return [t.padMode(x, counts(most), counts(most), mode), 3]
}

export const concat: Maker = alongAxis((x, axis, p) => {
  const at = axis < 0 ? axis + x.shape.length : axis
  const other = p.shaped(x.shape.with(at, p.dice.int(1, 3)), 2)
  return t.concat(p.dice.chance(0.5) ? [x, other] : p.dice.chance(0.5) ? [x, other, x] : [other, x], axis)
}, 2)

export const expand: Maker = (p) => {
  const x = p.float(3)
  const wide = x.shape.map((n) => (n === 1 && p.dice.chance(0.6) ? p.dice.int(1, 3) : n))
  return [t.expand(x, p.dice.chance(0.3) && sizeOf(wide) < 50 && wide.length < 5 ? [2, ...wide] : wide), 3]
}

export const where: Maker = (p) => {
  const a = p.float(3)
  return [
    t.where(p.bool(a.shape), a, p.dice.chance(0.3) ? p.dice.real(-1, 1) : p.shaped(broadcastable(p.dice, a.shape), 3)),
    3,
  ]
}

export const logical: Maker = (p) => {
  const a = p.bool(p.float().shape)
  const b = p.bool(a.shape)
  return [p.dice.pick([t.and(a, b), t.or(a, b), t.not(a)]), 1]
}
