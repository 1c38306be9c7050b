/** The values of a random program so far, and what its steps are made of. */

import { constant } from '../../src/apply.ts'
import type { Shape, Tensor } from '../../src/index.ts'
import * as t from '../../src/index.ts'
import { range, sizeOf } from '../../src/shape.ts'
import type { Dice } from './dice.ts'

/** The values of a program so far. */
export class Pool {
  readonly floats: Tensor[] = []
  readonly bools: Tensor[] = []
  /** About how large a value gets. */
  readonly #bounds = new Map<Tensor, number>()
  readonly dice: Dice
  /** Counts the keys of random leaves, within bodies too. */
  readonly #keys: { count: number }

  constructor(dice: Dice, around?: Pool) {
    this.dice = dice
    this.#keys = around === undefined ? { count: 0 } : around.#keys
  }

  key(): string {
    return `key.${this.#keys.count++}`
  }

  add(x: Tensor, bound: number): void {
    this.#bounds.set(x, bound)
    if (x.dtype === 'bool') this.bools.push(x)
    else this.floats.push(x)
  }

  /** A float value (the latest half of the time), scaled down to a bound. */
  float(bound = 3, rank?: number): Tensor {
    const fitting = rank === undefined ? this.floats : this.floats.filter(({ shape }) => shape.length === rank)
    const list = fitting.length > 0 ? fitting : this.floats
    return this.limited(this.dice.chance(0.5) ? list.at(-1)! : this.dice.pick(list), bound)
  }

  limited(x: Tensor, bound: number): Tensor {
    const own = this.#bounds.get(x) ?? 1
    return own > bound ? t.mul(x, bound / own) : x
  }

  numbers(shape: Shape, low = -1.2, high = 1.2): Tensor {
    return constant(this.dice.reals(sizeOf(shape), low, high), shape)
  }

  /** A value of a shape: one that is there, cut or repeated to fit, or numbers. */
  shaped(shape: Shape, bound = 2): Tensor {
    const same = this.floats.filter((x) => x.shape.join() === shape.join())
    if (same.length > 0 && this.dice.chance(0.7)) return this.limited(this.dice.pick(same), bound)
    if (this.dice.chance(0.3)) return this.numbers(shape)
    return fitted(this.float(bound), shape)
  }

  bool(shape: Shape): Tensor {
    const same = this.bools.filter((x) => x.shape.join() === shape.join())
    if (same.length > 0) return this.dice.pick(same)
    const wide = broadcastable(this.dice, shape)
    return this.dice.chance(0.5)
      ? constant(this.dice.reals(sizeOf(wide), 0, 2).map(Math.floor), wide, 'bool')
      : t.greater(this.shaped(wide), this.dice.real(-1, 1))
  }

  places(shape: Shape, extent: number): Tensor {
    return constant(
      range(0, sizeOf(shape)).map(() => this.dice.int(0, extent - 1)),
      shape,
      'int32',
    )
  }
}

/** The numbers of x in order, cut or repeated to fill a shape. */
export function fitted(x: Tensor, shape: Shape): Tensor {
  const [have, need] = [sizeOf(x.shape), sizeOf(shape)]
  const flat = t.reshape(x, [have])
  const long = have >= need ? flat : t.tile(flat, [Math.ceil(need / have)])
  return t.reshape(t.sliceAxis(long, 0, 0, need), shape)
}

/** A shape that broadcasts to the given one. */
export function broadcastable(dice: Dice, shape: Shape): Shape {
  const from = dice.chance(0.3) ? dice.int(0, shape.length) : 0
  return shape.slice(from).map((n) => (dice.chance(0.3) ? 1 : n))
}

/** Two shapes that broadcast, of which the first is given. */
export function partner(dice: Dice, shape: Shape): Shape {
  const shrunk = broadcastable(dice, shape)
  if (dice.chance(0.2) && sizeOf(shape) < 40 && shape.length < 5 && shrunk.length === shape.length)
    return [dice.int(1, 3), ...shrunk]
  if (sizeOf(shape) > 60 || !dice.chance(0.3)) return shrunk
  return shrunk.map((n, i) => (shape[shape.length - shrunk.length + i] === 1 ? dice.int(1, 4) : n))
}

export type Maker = (p: Pool) => readonly [Tensor, number]

export const unary =
  (fn: (x: Tensor) => Tensor, limit: number, bound: number): Maker =>
  (p) => [fn(p.float(limit)), bound]

export const binary =
  (fn: (a: Tensor, b: Tensor) => Tensor, bound: number, limit = 2): Maker =>
  (p) => {
    const a = p.float(limit)
    const b = p.dice.chance(0.1) ? a : p.shaped(partner(p.dice, a.shape), limit)
    return [p.dice.chance(0.5) ? fn(a, b) : fn(b, a), bound]
  }

export const comparison =
  (fn: (a: Tensor, b: Tensor) => Tensor): Maker =>
  (p) => {
    const a = p.float()
    return [fn(a, p.shaped(partner(p.dice, a.shape))), 1]
  }

export function someAxes(p: Pool, x: Tensor): number[] {
  const axes = range(0, x.shape.length).filter(() => p.dice.chance(0.5))
  return axes.map((axis) => (p.dice.chance(0.3) ? axis - x.shape.length : axis))
}

export const reduction =
  (
    fn: (x: Tensor, axes: readonly number[] | undefined, o: { keepDims: boolean }) => Tensor,
    bound: (n: number, b: number) => number,
  ): Maker =>
  (p) => {
    const x = p.float(2)
    const axes = p.dice.chance(0.2) ? undefined : someAxes(p, x)
    const y = fn(x, axes, { keepDims: p.dice.chance(0.5) })
    return [y, bound(sizeOf(x.shape) / sizeOf(y.shape), 2)]
  }

export const alongAxis =
  (fn: (x: Tensor, axis: number, p: Pool) => Tensor, bound: number | ((n: number) => number)): Maker =>
  (p) => {
    const given = p.float(2)
    const x = given.shape.length === 0 ? t.reshape(given, [1]) : given
    const axis = p.dice.int(-x.shape.length, x.shape.length - 1)
    return [fn(x, axis, p), typeof bound === 'number' ? bound : bound(x.shape.at(axis)!)]
  }

export const positive = (x: Tensor): Tensor => t.add(t.abs(x), 0.4)

export const divisors = (n: number): number[] => range(1, n + 1).filter((k) => n % k === 0)
