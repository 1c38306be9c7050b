/**
 * The transforms of Winograd's F(4 x 4, 3 x 3) (Lavin and Gray 2016) for four channels at once, at the points 0,
 * +-sqrt(1/2), +-sqrt(2) and infinity: their powers stay near 1, which keeps the rounding error of a network at about
 * twice that of direct convolutions.
 */
import {
  advance,
  type Code,
  count,
  declareMany,
  defineFunction,
  i32,
  integers,
  type Local,
  type WasmFunction,
} from '../../linalg/wasm/assembler.ts'
import { range } from '../../shape.ts'
import { f32x4 } from './f32x4.ts'
import { accumulator, unmeasured } from './moments.ts'

const A = Math.SQRT1_2
const B = Math.SQRT2
const POINTS = [0, A, -A, B, -B] as const

/** The kernel's transform: rows of [1, p, p^2] over the product of the differences to the other points. */
export const KERNEL_TRANSFORM: readonly (readonly number[])[] = [
  ...POINTS.map((p) => {
    const scale = POINTS.filter((q) => q !== p).reduce((product, q) => product * (p - q), 1)
    return [1 / scale, p / scale, (p * p) / scale]
  }),
  [0, 0, 1],
]

const { add, sub, mul, all, relaxedMadd: madd, relaxedNmadd: nmadd } = f32x4
const six = range(0, 6)
const four = range(0, 4)

type Line = (load: (i: number) => Code, put: (i: number, value: Code) => Code) => Code

interface Constants {
  readonly code: Code
  readonly of: (value: number) => Code
}

/** Numbers in locals, so that they are made once and not in every turn of a loop. */
function constants(declare: (type: 'v128') => Local, values: readonly number[]): Constants {
  const locals = new Map(values.map((value) => [value, declare('v128')] as const))
  return {
    code: [...locals].map(([value, local]) => local.set(all(value))),
    of: (value) => locals.get(value)!.get,
  }
}

/** Six numbers of an image along one axis, transformed. */
function inputLine(d: readonly Local[], t: readonly Local[], c: Constants): Line {
  const [even, odd] = [t[0]!, t[1]!]
  /** The values at p and -p, q being the square of the other point. */
  const pair = (put: (i: number, value: Code) => Code, i: number, p: number, q: number): Code => [
    even.set(nmadd(d[2]!.get, c.of(q), d[4]!.get)),
    odd.set(nmadd(d[1]!.get, c.of(q), d[3]!.get)),
    put(i, madd(odd.get, c.of(p), even.get)),
    put(i + 1, nmadd(odd.get, c.of(p), even.get)),
  ]
  return (load, put) => [
    d.map((local, i) => local.set(load(i))),
    put(0, madd(d[2]!.get, c.of(-2.5), add(d[0]!.get, d[4]!.get))),
    pair(put, 1, A, 2),
    pair(put, 3, B, 0.5),
    put(5, madd(d[3]!.get, c.of(-2.5), add(d[1]!.get, d[5]!.get))),
  ]
}

export interface InputShape {
  /** Numbers of a pixel: channels, filled up. */
  readonly depth: number
  /** Numbers from position to position of the result. */
  readonly position: number
}

/** Kernel (tiles, to, six row addresses): windows of 6 x 6 pixels, four apart, to `[position][tile][channel]`. */
export function inputFunction(name: string, { depth, position }: InputShape): WasmFunction {
  const parameters = integers('tiles', 'to', 'r0', 'r1', 'r2', 'r3', 'r4', 'r5')
  return defineFunction(name, parameters, undefined, (p, declare) => {
    const rows = [p.r0, p.r1, p.r2, p.r3, p.r4, p.r5]
    const between = six.map(() => declareMany(declare, 'v128', 6))
    const d = declareMany(declare, 'v128', 6)
    const [tile, v] = declareMany(declare, 'i32', 2)
    const c = constants(declare, [-2.5, 2, 0.5, A, B])
    const line = inputLine(d, declareMany(declare, 'v128', 2), c)
    return [
      c.code,
      count(tile!, i32.const(0), p.tiles.get, i32.const(1), [
        count(v!, i32.const(0), i32.const(depth / 4), i32.const(1), [
          six.map((x) =>
            line(
              (y) => f32x4.load(rows[y]!.get, x * depth * 4),
              (y, value) => between[y]![x]!.set(value),
            ),
          ),
          six.map((y) =>
            line(
              (x) => between[y]![x]!.get,
              (x, value) => f32x4.store(p.to.get, value, (y * 6 + x) * position * 4),
            ),
          ),
          rows.map((row) => advance(row, i32.const(16))),
          advance(p.to, i32.const(16)),
        ]),
        rows.map((row) => advance(row, i32.const(3 * depth * 4))),
      ]),
    ]
  })
}

/** Six products along one axis to four outputs. */
function outputLine(m: readonly Local[], t: readonly Local[], c: Constants): Line {
  const [sumA, gapA, sumB, gapB] = [t[0]!, t[1]!, t[2]!, t[3]!]
  return (load, put) => [
    m.map((local, i) => local.set(load(i))),
    sumA.set(add(m[1]!.get, m[2]!.get)),
    gapA.set(sub(m[1]!.get, m[2]!.get)),
    sumB.set(add(m[3]!.get, m[4]!.get)),
    gapB.set(sub(m[3]!.get, m[4]!.get)),
    put(0, add(m[0]!.get, add(sumA.get, sumB.get))),
    put(1, madd(gapB.get, c.of(B), mul(gapA.get, c.of(A)))),
    put(2, madd(sumB.get, c.of(B * B), mul(sumA.get, c.of(A * A)))),
    put(3, madd(gapB.get, c.of(B ** 3), madd(gapA.get, c.of(A ** 3), m[5]!.get))),
  ]
}

export interface OutputShape {
  /** Numbers from tile to tile, and from position to position, of the products. */
  readonly tile: number
  readonly position: number
  /** Numbers from pixel to pixel of the image. */
  readonly pixel: number
  readonly measured: boolean
}

/**
 * Kernel (tiles, from, to, row, vectors, bias, block, fresh): products to 4 x 4 pixels of the image a tile, plus the
 * bias; `row` is the bytes from row to row. Where it is measured, moments go to the block's entries.
 */
export function outputFunction(name: string, { tile, position, pixel, measured }: OutputShape): WasmFunction {
  const parameters = integers('tiles', 'from', 'to', 'row', 'vectors', 'bias', 'block', 'fresh')
  return defineFunction(name, parameters, undefined, (p, declare) => {
    const between = four.map(() => declareMany(declare, 'v128', 6))
    const m = declareMany(declare, 'v128', 6)
    const [i, v, at, entry, bias] = declareMany(declare, 'i32', 5)
    const c = constants(declare, [A, B, A * A, B * B, A ** 3, B ** 3])
    const line = outputLine(m, declareMany(declare, 'v128', 4), c)
    const [value, summand] = declareMany(declare, 'v128', 2)
    const sums = measured ? accumulator(declare, entry!, p.fresh) : unmeasured
    const store = (y: number, x: number, code: Code): Code => [
      value!.set(add(code, summand!.get)),
      f32x4.store(at!.get, value!.get, x * pixel * 4),
      sums.add(value!, y === 0 && x === 0),
    ]
    return [
      c.code,
      count(i!, i32.const(0), p.tiles.get, i32.const(1), [
        entry!.set(p.block.get),
        bias!.set(p.bias.get),
        count(v!, i32.const(0), p.vectors.get, i32.const(1), [
          summand!.set(f32x4.load(bias!.get)),
          six.map((x) =>
            line(
              (y) => f32x4.load(p.from.get, (y * 6 + x) * position * 4),
              (y, code) => between[y]![x]!.set(code),
            ),
          ),
          at!.set(p.to.get),
          sums.begin,
          four.map((y) => [
            line(
              (x) => between[y]![x]!.get,
              (x, code) => store(y, x, code),
            ),
            advance(at!, p.row.get),
          ]),
          sums.end,
          advance(p.from, i32.const(16)),
          advance(p.to, i32.const(16)),
          advance(bias!, i32.const(16)),
        ]),
        p.fresh.set(i32.const(0)),
        advance(p.from, i32.sub(i32.const(tile * 4), i32.shl(p.vectors.get, 4))),
        advance(p.to, i32.sub(i32.const(pixel * 16), i32.shl(p.vectors.get, 4))),
      ]),
    ]
  })
}
