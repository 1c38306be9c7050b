/** Kernels on pixels whose channels lie side by side: copies, sums of windows, softmax, to planes and back. */
import {
  advance,
  type Code,
  count,
  declareMany,
  defineFunction,
  i32,
  integers,
  type Local,
} from '../../linalg/wasm/assembler.ts'
import { range } from '../../shape.ts'
import { vectors } from '../layout.ts'
import { bits, f32x4 } from './f32x4.ts'
import { exp, log } from './functions.ts'
import { makerOf } from './maker.ts'
import { accumulator, unmeasured } from './moments.ts'
import type { Registry } from './registry.ts'

const vector = i32.const(16)
const zero = i32.const(0)
const one = i32.const(1)

/** Kernel (runs, vectors, from, to, stepFrom, stepTo): runs of whole vectors, steps in bytes from run to run. */
export function addCopy(registry: Registry): string {
  const parameters = integers('runs', 'vectors', 'from', 'to', 'stepFrom', 'stepTo')
  return registry.add('copy', (name) =>
    defineFunction(name, parameters, undefined, (p, declare) => {
      const [run, v, a, b] = declareMany(declare, 'i32', 4)
      return count(run!, zero, p.runs.get, one, [
        a!.set(p.from.get),
        b!.set(p.to.get),
        count(v!, zero, p.vectors.get, one, [
          f32x4.store(b!.get, f32x4.load(a!.get)),
          advance(a!, vector),
          advance(b!, vector),
        ]),
        advance(p.from, p.stepFrom.get),
        advance(p.to, p.stepTo.get),
      ])
    }),
  )
}

/**
 * Kernel (n, vectors, from, to, stepFrom, stepTo, bias, block, fresh): n pixels plus the bias to an image; steps in
 * bytes. Where it is measured, moments go to the block's entries.
 */
export function addFinish(registry: Registry, measured: boolean): string {
  const parameters = integers('n', 'vectors', 'from', 'to', 'stepFrom', 'stepTo', 'bias', 'block', 'fresh')
  return registry.add(`finish ${measured}`, (name) =>
    defineFunction(name, parameters, undefined, (p, declare) => {
      const [x, v, a, b, summand, entry] = declareMany(declare, 'i32', 6)
      const value = declare('v128')
      const sums = measured ? accumulator(declare, entry!, p.fresh) : unmeasured
      return count(x!, zero, p.n.get, one, [
        a!.set(p.from.get),
        b!.set(p.to.get),
        summand!.set(p.bias.get),
        entry!.set(p.block.get),
        count(v!, zero, p.vectors.get, one, [
          value.set(f32x4.add(f32x4.load(a!.get), f32x4.load(summand!.get))),
          f32x4.store(b!.get, value.get),
          sums.begin,
          sums.add(value, true),
          sums.end,
          [a!, b!, summand!].map((local) => advance(local, vector)),
        ]),
        p.fresh.set(zero),
        advance(p.from, p.stepFrom.get),
        advance(p.to, p.stepTo.get),
      ])
    }),
  )
}

export type Combine = 'max' | 'sum' | 'weighted'

export interface WindowShape {
  readonly combine: Combine
  readonly rows: number
  readonly columns: number
  /** Bytes from tap to tap of a row, and from window to window. */
  readonly tap: number
  readonly step: number
  readonly channels: number
}

/**
 * Kernel (n, to, pixel, weights, bias, row addresses): each channel's combination of a window. Weights are
 * `[taps][channels]`; `pixel` is the bytes from pixel to pixel of the result.
 */
export function addWindow(registry: Registry, shape: WindowShape): string {
  const { combine, rows, columns, tap, step, channels } = shape
  const names = range(0, rows).map((i) => `row${i}` as const)
  const bytes = vectors(channels) * 16
  return registry.add(`window ${JSON.stringify(shape)}`, (name) =>
    defineFunction(name, integers('n', 'to', 'pixel', 'weights', 'bias', ...names), undefined, (p, declare) => {
      const [x, v, at, w, b] = declareMany(declare, 'i32', 5)
      const sum = declare('v128')
      const lines = names.map((row) => p[row]!)
      const add = (value: Code, i: number): Code => {
        if (combine === 'weighted') return f32x4.relaxedMadd(value, f32x4.load(w!.get, i * bytes), sum.get)
        return combine === 'max' ? f32x4.max(sum.get, value) : f32x4.add(sum.get, value)
      }
      const taps = lines.flatMap((line) => range(0, columns).map((k) => f32x4.load(line.get, k * tap)))
      const first = combine === 'weighted' ? f32x4.load(b!.get) : taps[0]!
      const others = combine === 'weighted' ? taps : taps.slice(1)
      return count(x!, zero, p.n.get, one, [
        at!.set(p.to.get),
        w!.set(p.weights.get),
        b!.set(p.bias.get),
        count(v!, zero, i32.const(vectors(channels)), one, [
          sum.set(first),
          others.map((value, i) => sum.set(add(value, i))),
          f32x4.store(at!.get, sum.get),
          [at!, w!, b!, ...lines].map((local) => advance(local, vector)),
        ]),
        lines.map((line) => advance(line, i32.const(step - bytes))),
        advance(p.to, p.pixel.get),
      ])
    }),
  )
}

/** Kernel (n, from, to, pixel): n pixels' values, of so many channels and one after the other, as softmax over channels. */
export function addSoftmax(registry: Registry, channels: number, logarithm: boolean): string {
  const whole = vectors(channels)
  const rest = channels % 4
  return registry.add(`softmax ${channels} ${logarithm}`, (name) =>
    defineFunction(name, integers('n', 'from', 'to', 'pixel'), undefined, (p, declare) => {
      const x = declare('i32')
      const make = makerOf(declare)
      const [peak, sum, value] = declareMany(declare, 'v128', 3)
      const load = (v: number): Code => {
        const loaded = f32x4.load(p.from.get, v * 16)
        if (rest === 0 || v < whole - 1) return loaded
        return bits.select(loaded, make.all(Number.NEGATIVE_INFINITY), f32x4.lanes(rest))
      }
      const each = range(0, whole)
      const folded = (local: Local, join: (a: Code, b: Code) => Code): Code => [
        local.set(join(local.get, f32x4.shuffle(local.get, local.get, [2, 3, 0, 1]))),
        local.set(join(local.get, f32x4.shuffle(local.get, local.get, [1, 0, 3, 2]))),
      ]
      const away = (v: number): Code => f32x4.sub(load(v), peak!.get)
      const result = (v: number): Code =>
        logarithm ? f32x4.sub(away(v), sum!.get) : f32x4.div(exp(make, away(v)), sum!.get)
      const tailed = (v: number): Code =>
        rest === 0 || v < whole - 1 ? result(v) : bits.and(result(v), f32x4.lanes(rest))
      const body = count(x, zero, p.n.get, one, [
        peak!.set(load(0)),
        each.slice(1).map((v) => peak!.set(f32x4.max(peak!.get, load(v)))),
        folded(peak!, f32x4.max),
        sum!.set(make.all(0)),
        each.map((v) => [value!.set(exp(make, away(v))), sum!.set(f32x4.add(sum!.get, value!.get))]),
        folded(sum!, f32x4.add),
        logarithm ? sum!.set(log(make, sum!)) : [],
        each.map((v) => f32x4.store(p.to.get, tailed(v), v * 16)),
        advance(p.from, i32.const(whole * 16)),
        advance(p.to, p.pixel.get),
      ])
      return [make.constants(), body]
    }),
  )
}

/** Kernel (n, from, to): the largest of n pixels one after the other, and of what is there already. */
export function addPeak(registry: Registry, channels: number): string {
  const whole = vectors(channels)
  return registry.add(`peak ${channels}`, (name) =>
    defineFunction(name, integers('n', 'from', 'to'), undefined, (p, declare) => {
      const [x, v, at] = declareMany(declare, 'i32', 3)
      return count(x!, zero, p.n.get, one, [
        at!.set(p.to.get),
        count(v!, zero, i32.const(whole), one, [
          f32x4.store(at!.get, f32x4.max(f32x4.load(at!.get), f32x4.load(p.from.get))),
          [at!, p.from].map((local) => advance(local, vector)),
        ]),
      ])
    }),
  )
}

/** The transpose of four vectors. */
const transposed = (
  rows: readonly Local[],
  declare: (type: 'v128') => Local,
): { code: Code; rows: readonly Local[] } => {
  const [a, b, c, d] = rows.map((row) => row.get) as [Code, Code, Code, Code]
  const half = range(0, 4).map(() => declare('v128'))
  const out = range(0, 4).map(() => declare('v128'))
  const pairs: readonly (readonly [Code, Code, readonly number[]])[] = [
    [a, b, [0, 4, 1, 5]],
    [c, d, [0, 4, 1, 5]],
    [a, b, [2, 6, 3, 7]],
    [c, d, [2, 6, 3, 7]],
  ]
  const joins: readonly (readonly [number, number, readonly number[]])[] = [
    [0, 1, [0, 1, 4, 5]],
    [0, 1, [2, 3, 6, 7]],
    [2, 3, [0, 1, 4, 5]],
    [2, 3, [2, 3, 6, 7]],
  ]
  const code = [
    pairs.map(([x, y, order], i) => half[i]!.set(f32x4.shuffle(x, y, order))),
    joins.map(([x, y, order], i) => out[i]!.set(f32x4.shuffle(half[x]!.get, half[y]!.get, order))),
  ]
  return { code, rows: out }
}

/** Kernel (n, from, plane, to, pixel): n (a multiple of 4) pixels of four planes `plane` bytes apart, to pixels. */
export function addGather(registry: Registry, channels: number): string {
  return registry.add(`gather ${channels}`, (name) =>
    defineFunction(name, integers('n', 'from', 'plane', 'to', 'pixel'), undefined, (p, declare) => {
      const x = declare('i32')
      const planes = declareMany(declare, 'v128', 4)
      const turned = transposed(planes, declare)
      const plane = (i: number): Code => i32.add(p.from.get, i32.mul(p.plane.get, i32.const(i)))
      return count(x, zero, p.n.get, i32.const(4), [
        planes.map((local, i) => local.set(i < channels ? f32x4.load(plane(i)) : f32x4.all(0))),
        turned.code,
        turned.rows.map((row) => [f32x4.store(p.to.get, row.get), advance(p.to, p.pixel.get)]),
        advance(p.from, vector),
      ])
    }),
  )
}

/** Kernel (n, from, pixel, to, plane): the way back. */
export function addScatter(registry: Registry, channels: number): string {
  return registry.add(`scatter ${channels}`, (name) =>
    defineFunction(name, integers('n', 'from', 'pixel', 'to', 'plane'), undefined, (p, declare) => {
      const x = declare('i32')
      const pixels = declareMany(declare, 'v128', 4)
      const turned = transposed(pixels, declare)
      const plane = (i: number): Code => i32.add(p.to.get, i32.mul(p.plane.get, i32.const(i)))
      return count(x, zero, p.n.get, i32.const(4), [
        pixels.map((local) => [local.set(f32x4.load(p.from.get)), advance(p.from, p.pixel.get)]),
        turned.code,
        turned.rows.slice(0, channels).map((row, i) => f32x4.store(plane(i), row.get)),
        advance(p.to, vector),
      ])
    }),
  )
}
