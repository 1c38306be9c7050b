/** The row kernel of apply_kernel against sums written out: every sample type, border, step and size of weights. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DTYPES, newArray } from '../../../src/dtype.ts'
import type { Packing } from '../../../src/model/block.ts'
import type { Dimension } from '../../../src/model/dimension.ts'
import { memorySource } from '../../../src/model/memory.ts'
import type { Region } from '../../../src/model/region.ts'
import { readNode } from '../../../src/process/cubes/direct.ts'
import { type Border, kernelNode } from '../../../src/process/cubes/kernel.ts'
import type { DType } from '../../../src/types.ts'

interface Case {
  readonly dtype: DType
  readonly width: number
  readonly height: number
  /** Places of the dimensions: planes in the middle make steps between pixels, x before y turns them. */
  readonly order: readonly ('x' | 'y' | 'b')[]
  readonly reach: readonly [x: number, y: number]
  readonly isProduct: boolean
  readonly border: Border
  readonly cut: readonly [number, number, number, number]
  readonly seed: number
}

const BANDS = 2

const cases: fc.Arbitrary<Case> = fc.record({
  dtype: fc.constantFrom(...(Object.keys(DTYPES) as DType[])),
  width: fc.integer({ min: 1, max: 41 }),
  height: fc.integer({ min: 1, max: 9 }),
  order: fc.constantFrom<Case['order']>(['b', 'y', 'x'], ['y', 'x', 'b'], ['x', 'y', 'b'], ['y', 'b', 'x']),
  reach: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
  isProduct: fc.boolean(),
  border: fc.constantFrom<Border>('replicate', 'reflect', 'reflect_pixel', 'wrap', 0, -2.5),
  cut: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), fc.nat(), fc.nat()),
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
})

/** Numbers from 0 to 99, by a generator of 32 bits. */
function drawing(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * 100)
  }
}

const mod = (i: number, n: number): number => ((i % n) + n) % n

/** The pixel that stands for one beyond the border; undefined of constants. */
function beyond(i: number, n: number, border: Border): number | undefined {
  if (i >= 0 && i < n) return i
  if (typeof border === 'number') return undefined
  if (border === 'replicate') return i < 0 ? 0 : n - 1
  if (border === 'wrap') return mod(i, n)
  let k = i
  const shift = border === 'reflect' ? 1 : 0
  while (k < 0 || k >= n) {
    if (n === 1) return 0
    k = k < 0 ? -k - shift : 2 * (n - 1) - k + shift
  }
  return k
}

function made({ dtype, width, height, order, reach, isProduct, seed }: Case) {
  const draw = drawing(seed)
  const sides = { x: width, y: height, b: BANDS }
  const dims = order.map((name): Dimension => {
    const labels = Array.from({ length: sides[name] }, (_, i) => i)
    return name === 'b' ? { type: 'other', name, labels } : { type: 'spatial', name, axis: name, labels }
  })
  const packing: Packing = { dtype, nodata: 7, scale: 0.5, offset: 1 }
  const data = newArray(dtype, width * height * BANDS).map(() => draw() % 50)
  if (DTYPES[dtype].isFloat) for (let i = 0; i < data.length; i += 5) data[i] = i % 2 ? Number.NaN : Infinity
  const [row, column] = [reach[0], reach[1]].map((r) => Array.from({ length: 2 * r + 1 }, () => draw() - 50))
  const weights = column!.map((c) => row!.map((w) => (isProduct ? c * w : draw() - 50)))
  return { source: memorySource(data, { dims, packing }), data, packing, weights }
}

/** A cell by its definition, in the order of the dimensions. */
function expected(one: Case, { data, packing, weights }: ReturnType<typeof made>, at: Record<string, number>): number {
  const { width, height, order, border, reach } = one
  const sides: Record<string, number> = { x: width, y: height, b: BANDS }
  let sum = 0
  weights.forEach((line, j) => {
    line.forEach((weight, i) => {
      const x = beyond(at.x! + i - reach[0], width, border)
      const y = beyond(at.y! + j - reach[1], height, border)
      if (x === undefined || y === undefined) {
        sum += weight * Number(border)
        return
      }
      const place: Record<string, number> = { x, y, b: at.b! }
      const raw = data[order.reduce((index, name) => index * sides[name]! + place[name]!, 0)]!
      const value = raw * packing.scale + packing.offset
      sum += weight * (raw === packing.nodata || !Number.isFinite(value) ? 3 : value)
    })
  })
  return sum * 2
}

describe('apply_kernel by rows', () => {
  it('gives the sums of the definition for any part of any cube', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const plan = made(one)
        const spec = { weights: plan.weights, factor: 2, border: one.border, replaceInvalid: 3 }
        const node = kernelNode(plan.source, spec)
        const shape = one.order.map((name) => ({ x: one.width, y: one.height, b: BANDS })[name])
        const start = shape.map((side, d) => one.cut[d + 1]! % side)
        const part: Region = { start, shape: shape.map((side, d) => Math.ceil((side - start[d]!) * one.cut[0]) || 1) }
        const { data } = await readNode(node, part)
        expect(data.length).toBe(part.shape.reduce((n, side) => n * side, 1))
        data.forEach((value, i) => {
          const at: Record<string, number> = {}
          let rest = i
          for (let d = 2; d >= 0; d--) {
            at[one.order[d]!] = part.start[d]! + (rest % part.shape[d]!)
            rest = Math.floor(rest / part.shape[d]!)
          }
          const wanted = expected(one, plan, at)
          const digits = node.schema.packing.dtype === 'float32' ? 2e-7 : 1e-12
          const scale = plan.weights.flat().reduce((sum, w) => sum + Math.abs(w), 0) * 60
          expect(Math.abs(value - wanted)).toBeLessThanOrEqual(digits * scale)
        })
      }),
      { numRuns: 300 },
    )
  })

  it('says how much memory its rows take, whatever the height', () => {
    const dims = (['y', 'x'] as const).map(
      (axis): Dimension => ({ type: 'spatial', name: axis, axis, labels: Array.from({ length: 1000 }, (_, i) => i) }),
    )
    const source = memorySource(new Float32Array(1e6), { dims, packing: { dtype: 'float32', scale: 1, offset: 0 } })
    const weights = Array.from({ length: 5 }, () => [1, 2, 3, 2, 1])
    const node = kernelNode(source, { weights, factor: 1, border: 0, replaceInvalid: 0 })
    const bytes = (height: number) => node.scratchBytes!({ start: [0, 0], shape: [height, 1000] })
    expect(bytes(1000)).toBe(bytes(10))
    expect(bytes(1000)).toBeGreaterThan(5 * 1000 * 8)
    expect(bytes(1000)).toBeLessThan(12 * 1100 * 8)
  })
})
