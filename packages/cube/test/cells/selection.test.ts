import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantileOfSorted } from '../../src/cells/reducers.ts'
import { digitBits, Selection, type SelectionOptions, selectionBytes } from '../../src/cells/selection.ts'

/** The quantile of each column of a table of `columns` columns, whose rows pass in stretches of `rows`. */
function selected(data: Float32Array | Float64Array, columns: number, rows: number, options: SelectionOptions) {
  const selection = new Selection(columns, options)
  const count = data.length / columns
  let passes = 0
  do {
    passes++
    for (let first = 0; first < count; first += rows)
      for (let c = 0; c < columns; c++)
        selection.add(c, {
          data: data as Float64Array<ArrayBuffer>,
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
