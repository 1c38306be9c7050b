/** Weighted means in the SIMD kernel, along columns and box by box, against sums written out. */
import { describe, expect, it } from 'vitest'
import { average } from '../../src/warp/areas.ts'
import { BSPLINE, KEYS, lanczos, TRIANGLE, widened } from '../../src/warp/filters.ts'
import type { Kernel, Patch, Target } from '../../src/warp/kernels.ts'
import { formula } from './formula.ts'

const [WIDTH, HEIGHT, PLANES] = [61, 47, 3]
type Floats = typeof Float32Array | typeof Float64Array

/** Planes with holes at different places, the last without any, between samples that nobody asks for. */
function patchOf(Type: Floats): Patch {
  const data = new Type(7 + PLANES * (WIDTH * HEIGHT + 5)).fill(-1e9)
  for (let p = 0; p < PLANES; p++)
    data.set(formula(WIDTH, HEIGHT, 97 + p, p < PLANES - 1), 7 + p * (WIDTH * HEIGHT + 5))
  const seen = { column: 0, row: 0, width: WIDTH, height: HEIGHT }
  const place = { column: 0, row: 0, width: WIDTH, height: HEIGHT, sourceWidth: WIDTH, sourceHeight: HEIGHT, seen }
  return { data, start: 7, planes: PLANES, apart: WIDTH * HEIGHT + 5, ...place }
}

/** Pixels of 3.1 by 2.7 samples from a little outside of the source on; `corner` 0 for corners, 0.5 for centres. */
function lattice(columns: number, rows: number, corner: number): readonly [xs: Float64Array, ys: Float64Array] {
  const xs = new Float64Array(columns * rows)
  const ys = xs.slice()
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      xs[j * columns + i] = -4.3 + (i + corner) * 3.1
      ys[j * columns + i] = -2.2 + (j + corner) * 2.7
    }
  }
  return [xs, ys]
}

const [SCALE_X, SCALE_Y] = [1 / 3.1, 1 / 2.7]
const none = (): void => undefined

const KERNELS: readonly (readonly [name: string, corners: boolean, of: (isUpright: boolean) => Kernel])[] = [
  ['average', true, (isUpright) => average(SCALE_X, SCALE_Y, none, isUpright)],
  ['bilinear', false, (isUpright) => widened(TRIANGLE, 1, SCALE_X, SCALE_Y, isUpright)],
  ['cubic', false, (isUpright) => widened(KEYS, 2, SCALE_X, SCALE_Y, isUpright)],
  ['cubic spline', false, (isUpright) => widened(BSPLINE, 2, SCALE_X, SCALE_Y, isUpright)],
  ['cubic spline, finer', false, (isUpright) => widened(BSPLINE, 2, 1.5, 1.2, isUpright)],
  ['lanczos', false, (isUpright) => lanczos(SCALE_X, SCALE_Y, isUpright)],
  ['lanczos, finer', false, (isUpright) => lanczos(1.5, 1.2, isUpright)],
]

const [COLUMNS, ROWS] = [22, 20]

function run(kernel: Kernel, patch: Patch, corners: boolean, Type: Floats): Float32Array | Float64Array {
  const data = new Type(PLANES * 600).fill(5)
  const pitch = COLUMNS + (corners ? 1 : 0)
  const [xs, ys] = lattice(pitch, ROWS + (corners ? 1 : 0), corners ? 0 : 0.5)
  const place = { column: 0, row: 0, left: 1, top: 1, width: COLUMNS - 1, height: ROWS - 1, pitch }
  const target: Target = { data, start: 3, apart: 600, stride: 25, ...place }
  kernel(patch, xs, ys, target)
  return data
}

describe('means of boxes', () => {
  it.each(KERNELS)('are the same along columns and box by box, %s', (_, corners, of) => {
    for (const Type of [Float32Array, Float64Array]) {
      const patch = patchOf(Type)
      const along = run(of(true), patch, corners, Type)
      const each = run(of(false), patch, corners, Type)
      expect(along.some(Number.isNaN) && each.some((v) => v > 5)).toBe(true)
      along.forEach((v, i) => {
        if (Number.isNaN(v)) expect(each[i]).toBeNaN()
        else expect(Math.abs(v - each[i]!)).toBeLessThan(Type === Float32Array ? 1e-5 : 1e-10)
      })
      // What lies beside the wanted pixels is left alone.
      for (const at of [0, 2, 3 + COLUMNS - 1, 599]) expect([along[at], each[at]]).toEqual([5, 5])
    }
  })

  it('are those of planes each by itself', () => {
    const patch = patchOf(Float32Array)
    for (const [, corners, of] of KERNELS) {
      const together = run(of(true), patch, corners, Float32Array)
      const alone = run(of(true), { ...patch, start: patch.start + patch.apart, planes: 1 }, corners, Float32Array)
      expect(together.subarray(600, 1200)).toEqual(alone.subarray(0, 600))
    }
  })

  it('are sums of the parts of what is there', () => {
    const patch = patchOf(Float64Array)
    const values = run(average(SCALE_X, SCALE_Y, none, true), patch, true, Float64Array)
    const part = (k: number, from: number, to: number): number => Math.min(k + 1, to) - Math.max(k, from)
    for (const [i, j] of [
      [4, 5],
      [11, 9],
    ] as const) {
      const [x, y] = [-4.3 + (i + 1) * 3.1, -2.2 + (j + 1) * 2.7]
      let [sum, weights] = [0, 0]
      for (let r = Math.floor(y); r < y + 2.7; r++) {
        for (let c = Math.floor(x); c < x + 3.1; c++) {
          const v = patch.data[patch.start + r * WIDTH + c]!
          const weight = part(c, x, x + 3.1) * part(r, y, y + 2.7)
          if (!Number.isNaN(v)) [sum, weights] = [sum + weight * v, weights + weight]
        }
      }
      expect(values[3 + j * 25 + i]).toBeCloseTo(sum / weights, 9)
    }
  })

  it('keep infinite samples', () => {
    const patch = patchOf(Float32Array)
    patch.data.fill(1)
    patch.data[patch.start + 20 * WIDTH + 20] = Number.POSITIVE_INFINITY
    patch.data[patch.start + 20 * WIDTH + 21] = Number.NaN
    for (const isUpright of [true, false]) {
      const values = run(average(SCALE_X, SCALE_Y, none, isUpright), patch, true, Float32Array)
      expect(new Set(values.subarray(0, 600))).toEqual(new Set([5, Number.NaN, 1, Number.POSITIVE_INFINITY]))
    }
  })

  it('are of any size: a pixel of a thousand samples', () => {
    const [width, height] = [2300, 1100]
    const data = new Float32Array(width * height).map((_, i) => (i % 7 === 0 ? Number.NaN : Math.floor(i / width) % 4))
    const place = { column: 0, row: 0, width, height }
    const patch = {
      ...place,
      data,
      start: 0,
      planes: 1,
      apart: 0,
      sourceWidth: width,
      sourceHeight: height,
      seen: place,
    }
    const xs = Float64Array.from({ length: 6 }, (_, i) => (i % 3) * 1100)
    const ys = Float64Array.from({ length: 6 }, (_, i) => Math.floor(i / 3) * 1000)
    const target = { start: 0, apart: 2, stride: 2, column: 0, row: 0, left: 0, top: 0, width: 2, height: 1, pitch: 3 }
    for (const isUpright of [true, false]) {
      const out = new Float32Array(2)
      average(1 / 1100, 1 / 1000, none, isUpright)(patch, xs, ys, { ...target, data: out })
      for (const [i, v] of out.entries()) {
        let [sum, count] = [0, 0]
        for (let r = 0; r < 1000; r++)
          for (const w of data.subarray(r * width + i * 1100, r * width + (i + 1) * 1100))
            if (!Number.isNaN(w)) [sum, count] = [sum + w, count + 1]
        expect(v).toBeCloseTo(sum / count, 5)
      }
    }
  })
})
