/** Copies of boxes between arrays of any order of axes, against a copy cell by cell. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InexactValue } from '../../src/codecs/damage.ts'
import { exactly, toFloat64 } from '../../src/codecs/numbers.ts'
import { cellCount, stridesOf } from '../../src/model/region.ts'
import { copyPart, copyStrided, fillStrided, runLength } from '../../src/zarr/copy.ts'

/** A box in a source, and where it goes in a target whose axes lie in any order. */
const job = fc.integer({ min: 0, max: 4 }).chain((rank) =>
  fc
    .record({
      box: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: rank, maxLength: rank }),
      before: fc.array(fc.nat(2), { minLength: rank, maxLength: rank }),
      after: fc.array(fc.nat(2), { minLength: rank, maxLength: rank }),
      order: fc.shuffledSubarray(
        Array.from({ length: rank }, (_, d) => d),
        { minLength: rank, maxLength: rank },
      ),
    })
    .map(({ box, before, after, order }) => {
      const sourceShape = box.map((n, d) => n + before[d]! + after[d]!)
      const targetShape = box.map((n, d) => n + after[d]! + before[d]!)
      // Strides of a target that is stored with axis order[0] slowest.
      const stored = stridesOf(order.map((axis) => targetShape[axis]!))
      const targetStrides = box.map((_, d) => stored[order.indexOf(d)]!)
      return { box, before, after, sourceShape, targetShape, targetStrides }
    }),
)

const offsetOf = (start: readonly number[], strides: readonly number[]): number =>
  start.reduce((sum, from, d) => sum + from * strides[d]!, 0)

function* cellsOf(shape: readonly number[]): Generator<number[]> {
  const count = cellCount(shape)
  const strides = stridesOf(shape)
  for (let k = 0; k < count; k++) yield shape.map((n, d) => Math.floor(k / strides[d]!) % n)
}

describe('copyPart', () => {
  test('the parts of a box, one after the other, are the box', () => {
    fc.assert(
      fc.property(job, fc.integer({ min: 1, max: 40 }), ({ box, after, targetShape, targetStrides }, size) => {
        const count = cellCount(box)
        const all = Int16Array.from({ length: count }, (_, k) => k + 1)
        const to = { offset: offsetOf(after, targetStrides), strides: targetStrides }
        const [expected, target] = [new Int16Array(cellCount(targetShape)), new Int16Array(cellCount(targetShape))]
        copyStrided({ values: all, offset: 0, strides: stridesOf(box) }, { ...to, values: expected }, box)
        for (let at = 0; at < count; at += size)
          copyPart(all.subarray(at, at + size), at, { ...to, values: target }, box)
        expect(target).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('runs are as long as both places allow', () => {
    const to = { values: new Int16Array(0), offset: 0 }
    expect(runLength([2, 3, 4], { ...to, strides: [12, 4, 1] })).toBe(24)
    expect(runLength([2, 3, 4], { ...to, strides: [20, 4, 1] })).toBe(12)
    expect(runLength([2, 3, 4], { ...to, strides: [20, 5, 1] })).toBe(4)
    expect(runLength([2, 3, 4], { ...to, strides: [1, 2, 6] })).toBe(1)
    expect(runLength([], { ...to, strides: [] })).toBe(1)
  })
})

describe('copyStrided', () => {
  test('equals a copy cell by cell, for numbers and for objects', () => {
    fc.assert(
      fc.property(job, ({ box, before, after, sourceShape, targetShape, targetStrides }) => {
        const source = Int16Array.from({ length: cellCount(sourceShape) }, (_, k) => k + 1)
        const sourceStrides = stridesOf(sourceShape)
        const expected = new Int16Array(cellCount(targetShape))
        for (const at of cellsOf(box)) {
          const from = at.map((n, d) => n + before[d]!)
          const to = at.map((n, d) => n + after[d]!)
          expected[offsetOf(to, targetStrides)] = source[offsetOf(from, sourceStrides)]!
        }
        const [a, b] = [offsetOf(before, sourceStrides), offsetOf(after, targetStrides)]
        const target = new Int16Array(expected.length)
        copyStrided(
          { values: source, offset: a, strides: sourceStrides },
          { values: target, offset: b, strides: targetStrides },
          box,
        )
        expect(target).toEqual(expected)
        const objects = new Array<unknown>(expected.length).fill(0)
        copyStrided(
          { values: Array.from(source), offset: a, strides: sourceStrides },
          { values: objects, offset: b, strides: targetStrides },
          box,
        )
        expect(objects).toEqual(Array.from(expected))
      }),
      { numRuns: 300 },
    )
  })

  test.each([Uint8Array, Int8Array, Uint16Array, Uint32Array, Int32Array, Float32Array, Float64Array])(
    '%o with long rows',
    (Kind) => {
      const source = new Kind(40 * 50)
      for (let k = 0; k < source.length; k++) source[k] = k % 100
      const target = new Kind(20 * 30)
      copyStrided(
        { values: source, offset: 5 * 50 + 7, strides: [50, 1] },
        { values: target, offset: 0, strides: [30, 1] },
        [20, 30],
      )
      for (let y = 0; y < 20; y++)
        for (let x = 0; x < 30; x++) expect(target[y * 30 + x]).toBe(source[(y + 5) * 50 + x + 7])
    },
  )

  test('the bits of NaN stay', () => {
    const words = Uint32Array.of(0x7fc00001, 0xffc00123)
    const target = new Float32Array(2)
    copyStrided(
      { values: new Float32Array(words.buffer), offset: 0, strides: [1] },
      { values: target, offset: 0, strides: [1] },
      [2],
    )
    expect(new Uint32Array(target.buffer)).toEqual(words)
  })

  test('64-bit integers', () => {
    const target = new BigInt64Array(3)
    copyStrided(
      { values: BigInt64Array.of(1n, -2n, 3n), offset: 2, strides: [-1] },
      { values: target, offset: 0, strides: [1] },
      [3],
    )
    expect([...target]).toEqual([3n, -2n, 1n])
  })

  test('an empty box copies nothing', () => {
    const target = new Uint8Array(4)
    copyStrided(
      { values: new Uint8Array(0), offset: 0, strides: [4, 1] },
      { values: target, offset: 0, strides: [2, 1] },
      [0, 2],
    )
    fillStrided(9, { values: target, offset: 0, strides: [2, 1] }, [2, 0])
    expect([...target]).toEqual([0, 0, 0, 0])
  })
})

test('fillStrided fills the box and nothing else', () => {
  fc.assert(
    fc.property(job, ({ box, after, targetShape, targetStrides }) => {
      const target = new Uint8Array(cellCount(targetShape))
      fillStrided(7, { values: target, offset: offsetOf(after, targetStrides), strides: targetStrides }, box)
      const expected = new Uint8Array(target.length)
      for (const at of cellsOf(box)) {
        expected[
          offsetOf(
            at.map((n, d) => n + after[d]!),
            targetStrides,
          )
        ] = 7
      }
      expect(target).toEqual(expected)
    }),
  )
})

describe('64-bit integers as float64', () => {
  test('exact ones, also beyond 2^53', () => {
    const values = BigInt64Array.of(0n, 2n ** 53n, -(2n ** 53n), 2n ** 60n, -(2n ** 63n))
    expect([...toFloat64(values)]).toEqual([0, 2 ** 53, -(2 ** 53), 2 ** 60, -(2 ** 63)])
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => toFloat64(BigInt64Array.of(BigInt(value)))[0] === value))
  })

  test('others are refused', () => {
    for (const value of [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n]) {
      expect(() => toFloat64(BigInt64Array.of(value))).toThrow(InexactValue)
      expect(() => exactly(value)).toThrow(String(value))
    }
    expect(() => toFloat64(BigUint64Array.of(2n ** 64n - 1n))).toThrow(InexactValue)
  })
})
