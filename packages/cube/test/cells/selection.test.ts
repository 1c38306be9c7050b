import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantileOfSorted } from '../../src/cells/reducers.ts'
import { digitBits, Selection, type SelectionOptions, selectionBytes } from '../../src/cells/selection.ts'
import type { TypedArray } from '../../src/dtype.ts'

/** The quantile of each column of a table of `columns` columns, whose rows pass in stretches of `rows`. */
function selected(data: TypedArray, columns: number, rows: number, options: SelectionOptions) {
  const selection = new Selection(columns, options)
  const count = data.length / columns
  let passes = 0
  do {
    passes++
    for (let first = 0; first < count; first += rows)
      for (let c = 0; c < columns; c++)
        selection.add(c, {
          data,
          from: first * columns + c,
          step: columns,
          count: Math.min(rows, count - first),
        })
  } while (selection.again())
  return { results: [...selection.results()], passes }
}

/** What is said of the same columns by sorting them. */
function sorted(data: Float32Array | Float64Array, columns: number, { probability, ignoreNodata }: SelectionOptions) {
  return Array.from({ length: columns }, (_, c) => {
    const column = Float64Array.from(data.filter((_x, i) => i % columns === c))
    const valid = column.filter((x) => !Number.isNaN(x)).sort()
    return valid.length < column.length && !ignoreNodata ? Number.NaN : quantileOfSorted(valid, probability)
  })
}

const SPECIAL = [0, -0, 1, -1, 1e-45, -1e-45, 5e-324, -5e-324, 1e38, -1e38, 1.5, 1.500001]
const special = fc.constantFrom(...SPECIAL, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
const number = fc.oneof(special, fc.double(), fc.integer({ min: -300, max: 300 }))

/** Zeros of both signs are one number. */
const unsigned = (values: readonly number[]): number[] => values.map((x) => (x === 0 ? 0 : x))

describe('selection in passes', () => {
  test('is what sorting says, whatever is kept', () => {
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(0, 0.1, 0.25, 0.5, 0.9, 1),
        fc.boolean(),
        fc.constantFrom(0, 40, 2000, 2 ** 22),
        (values, columns, rows, probability, ignoreNodata, bytes) => {
          const data = Float64Array.from(values.slice(0, values.length - (values.length % columns)))
          const options = { probability, ignoreNodata, type: 'float64', bytes } as const
          const { results, passes } = selected(data, columns, rows, options)
          expect(unsigned(results)).toEqual(unsigned(sorted(data, columns, options)))
          expect(passes).toBeLessThanOrEqual(8)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('of single precision in four digits at most, rounded as single precision is', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 60 }), fc.constantFrom(0, 64), (values, bytes) => {
        const data = Float32Array.from(values)
        const options = { probability: 0.5, ignoreNodata: true, type: 'float32', bytes } as const
        const { results, passes } = selected(data, 1, 5, options)
        expect(passes).toBeLessThanOrEqual(4)
        const valid = data.filter((x) => !Number.isNaN(x)).sort()
        const [low, high] = [valid[(valid.length - 1) >> 1]!, valid[valid.length >> 1]!]
        const middle = low === high ? low : Math.fround(Math.fround(low * 0.5) + Math.fround(high * 0.5))
        expect(unsigned(results)).toEqual(unsigned([valid.length === 0 ? Number.NaN : middle]))
      }),
      { numRuns: 300 },
    )
  })

  test('of integers and of numbers that are packed, those that mean missing left out', () => {
    const short = { uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array }
    const types = { ...short, uint32: Uint32Array, int32: Int32Array, float32: Float32Array }
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(types) as (keyof typeof types)[])),
        fc.array(fc.oneof(fc.integer({ min: -40000, max: 70000 }), fc.integer()), { minLength: 1, maxLength: 90 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(0, 0.3, 0.5, 1),
        fc.constantFrom(0, 2 ** 22),
        fc.constantFrom(undefined, 0, -5, 7, -9999, 255),
        (type, values, columns, probability, bytes, nodata) => {
          const data = types[type].from(values.slice(0, values.length - (values.length % columns)))
          const packing = { scale: 0.1, offset: -3, ...(nodata === undefined ? {} : { nodata }) }
          const options = { probability, ignoreNodata: true, type, bytes, packing } as const
          const { results, passes } = selected(data, columns, 7, options)
          const meant = Float64Array.from(data, (x) => (x === nodata ? Number.NaN : x * 0.1 - 3))
          expect(results).toEqual(sorted(meant, columns, options))
          if (type in short && bytes > 0) expect(passes).toBe(1)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('several selections that share the values find the same', () => {
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 2, maxLength: 120 }),
        fc.constantFrom('float32', 'float64'),
        fc.constantFrom(0.1, 0.5, 1),
        fc.boolean(),
        fc.constantFrom(0, 40, 2000, 2 ** 22),
        (values, type, probability, ignoreNodata, bytes) => {
          const data = type === 'float32' ? Float32Array.from(values) : Float64Array.from(values)
          const options = { probability, ignoreNodata, type, bytes } as const
          const whole = new Selection(1, options)
          do {
            const parts = [0, 1, 2].map((k) => {
              const part = new Selection(1, options, structuredClone(whole.progress()))
              part.add(0, { data, from: k, step: 3, count: Math.ceil((data.length - k) / 3) })
              return structuredClone(part.found())
            })
            for (const part of parts) whole.join(part)
          } while (whole.again())
          // Zeros of both signs are one value, of which either may be in the middle.
          const unsigned = (results: Iterable<number>): number[] => Array.from(results, (value) => value + 0)
          expect(unsigned(whole.results())).toEqual(unsigned(selected(data, 1, 7, options).results))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('few values are kept after one pass, many are counted again', () => {
    const data = Float64Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5003) / 7)
    const options = { probability: 0.5, ignoreNodata: true, type: 'float64' } as const
    expect(selected(data, 1, 100, { ...options, bytes: 2 ** 20 }).passes).toBe(2)
    expect(selected(data, 1, 100, { ...options, bytes: 0 }).passes).toBe(8)
  })

  test('counts take half of the memory, kept values the other', () => {
    expect(digitBits(1, 2 ** 20)).toBe(16)
    expect(digitBits(2, 2 ** 20)).toBe(8)
    expect(selectionBytes(1, 2 ** 20)).toBe(2 ** 20)
    expect(selectionBytes(100, 2 ** 20)).toBe(100 * 2048 + 2 ** 19)
  })
})
