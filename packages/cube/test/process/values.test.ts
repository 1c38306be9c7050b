/** What the specifications of openEO say of missing values, NaN, empty arrays, labels and errors, case by case. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProcessGraph, Value } from '../../src/process/row.ts'
import { labeled, run, tagOf } from './support.ts'

type Row = readonly [process: string, args: Readonly<Record<string, Value>>, result: Value]

const table = (rows: readonly Row[]): void => {
  test.each(rows.map(([process, args, result]) => [process, args, result] as const))(
    '%s of %j',
    async (process, args, result) => {
      expect(await run(process, args)).toEqual(result)
    },
  )
}

describe('missing and odd values of reductions', () => {
  const reducers = ['mean', 'median', 'min', 'max', 'sum', 'product', 'sd', 'variance', 'first', 'last']
  test.each(reducers)('%s', async (id) => {
    expect(await run(id, { data: [] })).toBeNull()
    expect(await run(id, { data: [null, null] })).toBeNull()
    expect(await run(id, { data: [null, 2, null], ignore_nodata: false })).toBeNull()
    expect(await run(id, { data: [Number.NaN, Number.NaN] })).toBeNaN()
    expect(await run(id, { data: [null, 3, 5, null] })).toEqual(await run(id, { data: [3, 5] }))
    expect(await run(id, { data: labeled({ a: 3, b: 5 }) })).toEqual(await run(id, { data: [3, 5] }))
  })
  table([
    ['min', { data: [1, Number.NaN, 3] }, Number.NaN],
    ['max', { data: [Number.NEGATIVE_INFINITY, 2] }, 2],
    ['sum', { data: [Number.POSITIVE_INFINITY, 1] }, Number.POSITIVE_INFINITY],
    ['sum', { data: [0.1, 0.2, 0.3, 1e100, -1e100] }, 0.6],
    ['median', { data: [3, Number.NaN, 1] }, Number.NaN],
    ['median', { data: [4] }, 4],
    ['variance', { data: [5] }, Number.NaN],
    ['variance', { data: [1e9 + 1, 1e9 + 2, 1e9 + 3] }, 1],
    ['extrema', { data: [null] }, [null, null]],
    ['extrema', { data: [2, null, 1] }, [1, 2]],
    ['quantiles', { data: [null, null], probabilities: [0.1, 0.9] }, [null, null]],
    ['quantiles', { data: [1, Number.NaN], probabilities: [0.5] }, [Number.NaN]],
    ['quantiles', { data: [1, 2, 3, 4, 5], probabilities: [0, 0.1, 0.3, 1] }, [1, 1.4, 2.2, 5]],
    ['quantiles', { data: [2, 4, 4, 4, 5, 5, 7, 9], q: 4 }, [4, 4.5, 5.5]],
    ['quantiles', { data: [7], probabilities: 4 }, [7, 7, 7]],
    ['count', { data: [1, null, Number.NaN, Number.POSITIVE_INFINITY, 'a', [null], false] }, 4],
    ['count', { data: [1, null, Number.NaN], condition: true }, 3],
    ['first', { data: [null, Number.NaN, 1] }, Number.NaN],
    ['first', { data: [], ignore_nodata: false }, null],
    ['first', { data: [null, 1], ignore_nodata: false }, null],
    ['cummin', { data: [3, null, 4, 2] }, [3, null, 3, 2]],
    ['cumsum', { data: [1, Number.NaN, 2] }, [1, Number.NaN, Number.NaN]],
    ['cumproduct', { data: [] }, []],
    ['cummax', { data: [null, 2, 1], ignore_nodata: false }, [null, null, null]],
  ])
  test('running results keep labels', async () => {
    expect(await run('cumsum', { data: labeled({ a: 1, b: 2 }) })).toEqual(labeled({ a: 1, b: 3 }))
  })
  test.each([
    [{}, 'QuantilesParameterMissing'],
    [{ probabilities: [0.5], q: 2 }, 'QuantilesParameterConflict'],
    [{ probabilities: [0.5, 0.1] }, 'AscendingProbabilitiesRequired'],
    [{ probabilities: [0.5, 1.1] }, 'ProcessParameterInvalid'],
    [{ probabilities: 1 }, 'ProcessParameterInvalid'],
  ] as const)('quantiles with %j end with %s', async (more, tag) => {
    expect(await tagOf('quantiles', { data: [1, 2], ...more })).toBe(tag)
  })
})

describe('count with a condition', () => {
  test.each(['x', 'element'])('by the name %s', async (name) => {
    const condition: ProcessGraph = {
      gt: {
        process_id: 'gt',
        arguments: { x: { from_parameter: name }, y: { from_parameter: 'context' } },
        result: true,
      },
    }
    expect(await run('count', { data: [1, 5, null, 7], context: 4 }, { condition })).toBe(2)
  })
})

describe('arithmetic', () => {
  table([
    ['add', { x: Number.POSITIVE_INFINITY, y: null }, null],
    ['divide', { x: 1, y: 0 }, Number.POSITIVE_INFINITY],
    ['divide', { x: -1, y: 0 }, Number.NEGATIVE_INFINITY],
    ['divide', { x: 0, y: 0 }, Number.NaN],
    ['mod', { x: -1, y: 3 }, 2],
    ['mod', { x: 1, y: -3 }, -2],
    ['mod', { x: -6, y: 3 }, 0],
    ['int', { x: -0.4 }, 0],
    ['int', { x: Number.NEGATIVE_INFINITY }, Number.NEGATIVE_INFINITY],
    ['round', { x: 2.5 }, 2],
    ['round', { x: 1.5 }, 2],
    ['round', { x: 15, p: -1 }, 20],
    ['round', { x: 25, p: -1 }, 20],
    ['round', { x: 1e300, p: 20 }, 1e300],
    ['round', { x: 5, p: -400 }, 0],
    ['linear_scale_range', { x: -3, inputMin: 0, inputMax: 10, outputMin: 5, outputMax: 7 }, 5],
    ['linear_scale_range', { x: 2, inputMin: 10, inputMax: 0 }, 0.8],
    ['linear_scale_range', { x: Number.NaN, inputMin: 0, inputMax: 1 }, Number.NaN],
    ['linear_scale_range', { x: Number.POSITIVE_INFINITY, inputMin: 0, inputMax: 1, outputMax: 255 }, 255],
    ['normalized_difference', { x: 8, y: 2 }, 0.6],
    ['normalized_difference', { x: 0, y: 0 }, Number.NaN],
    ['artanh', { x: 1 }, Number.POSITIVE_INFINITY],
    ['artanh', { x: -1 }, Number.NEGATIVE_INFINITY],
    ['exp', { p: Number.NEGATIVE_INFINITY }, 0],
    ['log', { x: 8, base: null }, null],
    ['log', { x: 1000, base: 10 }, 3],
    ['e', {}, Math.E],
    ['pi', {}, Math.PI],
  ])
  test('no result is -0', async () => {
    for (const [id, x] of [
      ['ceil', -0.4],
      ['multiply', 0],
      ['round', -0.2],
    ] as const)
      expect(Object.is(await run(id, id === 'multiply' ? { x: -1, y: x } : { x }), 0)).toBe(true)
  })
  test('swapped limits', async () => expect(await tagOf('clip', { x: 1, min: 2, max: 1 })).toBe('MinMaxSwapped'))
  test('the remainder has the sign of the divisor and its quotient is whole', async () => {
    const pair = fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: -1e3, max: 1e3 }))
    await fc.assert(
      fc.asyncProperty(pair, async ([x, y]) => {
        fc.pre(y !== 0)
        const rest = (await run('mod', { x, y })) as number
        expect(Math.abs(rest)).toBeLessThan(Math.abs(y))
        expect(rest * y).toBeGreaterThanOrEqual(0)
        expect(Math.abs(((x - rest) / y) % 1)).toBe(0)
      }),
    )
  })
})

describe('comparison', () => {
  const date = '2018-01-01T00:00:00Z'
  table([
    ['eq', { x: 'A', y: null }, null],
    ['eq', { x: 5, y: 5.01, delta: 0.1 }, true],
    ['eq', { x: 'a', y: 'A', delta: 2 }, false],
    ['eq', { x: true, y: true }, true],
    ['neq', { x: date, y: '2018-01-01T00:00:00+00:00' }, true],
    ['gt', { x: 'b', y: 'a' }, false],
    ['gt', { x: Number.POSITIVE_INFINITY, y: 1 }, true],
    ['gt', { x: null, y: 'a' }, null],
    ['lt', { x: Number.NaN, y: 1 }, false],
    ['lt', { x: Number.NEGATIVE_INFINITY, y: Number.POSITIVE_INFINITY }, true],
    ['lt', { x: false, y: true }, false],
    ['gte', { x: date, y: date }, true],
    ['lte', { x: true, y: true }, true],
    ['lte', { x: Number.POSITIVE_INFINITY, y: Number.POSITIVE_INFINITY }, true],
    ['between', { x: 0.5, min: 1, max: 0 }, false],
    ['between', { x: Number.NaN, min: 0, max: 1 }, false],
    ['between', { x: '1', min: 0, max: 2 }, false],
    ['between', { x: null, min: 1, max: 0 }, null],
    ['between', { x: 5, min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }, true],
    ['is_nan', { x: Number.NaN }, true],
    ['is_nan', { x: 'NaN' }, false],
    ['is_nan', { x: null }, false],
    ['is_valid', { x: Number.NaN }, false],
    ['is_valid', { x: Number.POSITIVE_INFINITY }, false],
    ['is_valid', { x: '' }, true],
    ['is_valid', { x: {} }, true],
    ['is_nodata', { x: Number.NaN }, false],
  ])
})

describe('logic of three values', () => {
  const truths = [true, false, null]
  const least = (values: readonly Value[]): Value =>
    values.includes(false) ? false : values.includes(null) ? null : true
  const greatest = (values: readonly Value[]): Value =>
    values.includes(true) ? true : values.includes(null) ? null : false
  test.each(truths.flatMap((x) => truths.map((y) => [x, y] as const)))('of %s and %s', async (x, y) => {
    expect(await run('and', { x, y })).toBe(least([x, y]))
    expect(await run('or', { x, y })).toBe(greatest([x, y]))
    expect(await run('xor', { x, y })).toBe(x === null || y === null ? null : x !== y)
  })
  test('all and any reduce like and and or', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...truths)), async (data) => {
        expect(await run('all', { data, ignore_nodata: false })).toBe(least(data))
        expect(await run('any', { data, ignore_nodata: false })).toBe(greatest(data))
        const known = data.filter((value) => value !== null)
        expect(await run('all', { data })).toBe(least(known))
        expect(await run('any', { data })).toBe(greatest(known))
      }),
    )
  })
  table([
    ['if', { value: null, accept: 1 }, null],
    ['if', { value: false, accept: 1, reject: [2] }, [2]],
    ['if', { value: true, accept: null, reject: 3 }, null],
    ['not', { x: null }, null],
  ])
})

describe('arrays', () => {
  const ab = labeled({ a: 1, b: 2 })
  table([
    ['array_append', { data: ab, value: 3, label: 'c' }, labeled({ a: 1, b: 2, c: 3 })],
    ['array_append', { data: ab, value: 3 }, { kind: 'labeled-array', labels: ['a', 'b', 2], values: [1, 2, 3] }],
    ['array_append', { data: [], value: null }, [null]],
    ['array_concat', { array1: ab, array2: labeled({ c: 3 }) }, labeled({ a: 1, b: 2, c: 3 })],
    ['array_concat', { array1: ab, array2: [3] }, [1, 2, 3]],
    ['array_create', {}, []],
    ['array_create', { data: [1, 'a'], repeat: 2 }, [1, 'a', 1, 'a']],
    ['array_element', { data: ab, label: 'b' }, 2],
    ['array_element', { data: ab, index: 0 }, 1],
    ['array_element', { data: ab, label: 'c', return_nodata: true }, null],
    ['array_element', { data: [1], index: 5, return_nodata: true }, null],
    ['array_find', { data: [1, null, 2], value: null }, null],
    ['array_find', { data: [Number.NaN], value: Number.NaN }, null],
    ['array_find', { data: ['x', 'y', 'x'], value: 'x', reverse: true }, 2],
    ['array_find', { data: [[1]], value: [1] }, null],
    ['array_find_label', { data: ab, label: 'b' }, 1],
    ['array_labels', { data: ab }, ['a', 'b']],
    ['array_interpolate_linear', { data: [Number.NaN, 1, Number.NaN, 3, null] }, [Number.NaN, 1, 2, 3, null]],
    ['array_interpolate_linear', { data: [null, 1, null] }, [null, 1, null]],
    ['array_modify', { data: ab, values: labeled({ c: 9 }), index: 1, length: 1 }, labeled({ a: 1, c: 9 })],
    ['array_modify', { data: ab, values: [9], index: 2 }, [1, 2, 9]],
    ['array_modify', { data: ab, values: [], index: 0, length: 1 }, labeled({ b: 2 })],
    ['array_modify', { data: [1], values: [2], index: 1 }, [1, 2]],
    ['array_contains', { data: [Number.NaN], value: Number.NaN }, false],
    ['rearrange', { data: ab, order: [1, 0] }, labeled({ b: 2, a: 1 })],
    ['sort', { data: labeled({ a: 2, b: 1 }) }, labeled({ b: 1, a: 2 })],
    ['sort', { data: [2, Number.NaN, null, 1], asc: false, nodata: false }, [null, 2, 1, Number.NaN]],
    [
      'sort',
      { data: ['2020-01-01T02:00:00+02:00', '2020-01-01T01:00:00Z', '2019-12-31'] },
      ['2019-12-31', '2020-01-01T02:00:00+02:00', '2020-01-01T01:00:00Z'],
    ],
  ])
  test('interpolation along dates', async () => {
    const data = labeled({ '2020-01-01': 0, '2020-01-02': null, '2020-01-11': 10 })
    const filled = labeled({ '2020-01-01': 0, '2020-01-02': 1, '2020-01-11': 10 })
    expect(await run('array_interpolate_linear', { data })).toEqual(filled)
  })
  test.each<[string, Readonly<Record<string, Value>>, string]>([
    ['array_append', { data: [1], value: 2, label: 'a' }, 'ArrayNotLabeled'],
    ['array_append', { data: ab, value: 2, label: 'a' }, 'LabelExists'],
    ['array_append', { data: { kind: 'labeled-array', labels: [1], values: [5] }, value: 2 }, 'LabelExists'],
    ['array_concat', { array1: ab, array2: ab }, 'ArrayLabelConflict'],
    ['array_element', { data: [1] }, 'ArrayElementParameterMissing'],
    ['array_element', { data: ab, index: 0, label: 'a' }, 'ArrayElementParameterConflict'],
    ['array_element', { data: [1], label: 'a' }, 'ArrayNotLabeled'],
    ['array_element', { data: [1], index: 1 }, 'ArrayElementNotAvailable'],
    ['array_element', { data: ab, label: 'c' }, 'ArrayElementNotAvailable'],
    ['array_element', { data: [1], index: -1 }, 'ProcessParameterInvalid'],
    ['array_modify', { data: [1], values: [2], index: 2 }, 'ArrayElementNotAvailable'],
    ['array_modify', { data: ab, values: labeled({ b: 1 }), index: 0 }, 'ArrayLabelConflict'],
    ['array_create_labeled', { data: [1, 2], labels: ['a'] }, 'ArrayLengthMismatch'],
    ['array_create_labeled', { data: [1, 2], labels: ['a', 'a'] }, 'ProcessParameterInvalid'],
    ['rearrange', { data: [1], order: [1] }, 'ArrayElementNotAvailable'],
  ])('%s of %j ends with %s', async (process, args, tag) => {
    expect(await tagOf(process, args)).toBe(tag)
  })
  test('sorting is rearranging by order, whatever the data', async () => {
    const element = fc.option(fc.double({ noNaN: true }), { nil: null })
    const nodata = fc.constantFrom(true, false, null)
    await fc.assert(
      fc.asyncProperty(fc.array(element), fc.boolean(), nodata, async (data, asc, where) => {
        const order = (await run('order', { data, asc, nodata: where })) as number[]
        const sorted = (await run('sort', { data, asc, nodata: where })) as (number | null)[]
        expect(await run('rearrange', { data, order })).toEqual(sorted)
        expect(new Set(order).size).toBe(where === null ? data.filter((value) => value !== null).length : data.length)
        const numbers = sorted.filter((value) => value !== null)
        for (let i = 1; i < numbers.length; i++)
          expect(asc ? numbers[i - 1]! <= numbers[i]! : numbers[i - 1]! >= numbers[i]!).toBe(true)
      }),
    )
  })
})

describe('texts', () => {
  table([
    ['text_find', { data: 'a🌍b', pattern: 'b' }, 2],
    ['text_find', { data: 'abc', pattern: '' }, 0],
    ['text_find', { data: 'İstanbul', pattern: 'STAN', case_sensitive: false }, 1],
    ['text_find', { data: 'İ🌍İx', pattern: 'X', case_sensitive: false }, 3],
    ['text_find', { data: 'aİ', pattern: 'i̇', case_sensitive: false }, 1],
    ['text_find', { data: 'x🌍', pattern: '🌍', case_sensitive: false }, 1],
    ['text_contains', { data: 'οδοσαι', pattern: 'ΟΔΟΣ', case_sensitive: false }, true],
    ['text_begins', { data: 'ΟΔΟΣΑΙ', pattern: 'οδος', case_sensitive: false }, true],
    ['eq', { x: 'ΟΔΟΣ', y: 'οδος', case_sensitive: false }, true],
    ['text_begins', { data: 'ÄB', pattern: 'ä', case_sensitive: false }, true],
    ['text_ends', { data: null, pattern: 'a' }, null],
    ['text_contains', { data: 'a.b', pattern: '.' }, true],
    ['text_concat', { data: ['a', 1.5, true, null], separator: false }, 'afalse1.5falsetruefalsenull'],
  ])
})

describe('dates', () => {
  const noon = '2020-06-01T12:00:00Z'
  table([
    ['date_shift', { date: '2020-03-31', value: -1, unit: 'month' }, '2020-02-29'],
    ['date_shift', { date: '2020-01-31T10:00:00+05:30', value: 13, unit: 'month' }, '2021-02-28T10:00:00+05:30'],
    ['date_shift', { date: '2016-02-29', value: 4, unit: 'year' }, '2020-02-29'],
    ['date_shift', { date: '2020-01-01T00:00:00.5Z', value: -500, unit: 'millisecond' }, '2020-01-01T00:00:00Z'],
    ['date_shift', { date: '2016-12-31T23:59:60Z', value: 1, unit: 'day' }, '2017-01-01T23:59:59Z'],
    ['date_shift', { date: '2020-01-01', value: 30, unit: 'hour' }, '2020-01-02'],
    ['date_shift', { date: '0001-01-01', value: 1, unit: 'week' }, '0001-01-08'],
    ['date_difference', { date1: '2020-01-31', date2: '2020-02-29', unit: 'month' }, 1],
    ['date_difference', { date1: '2020-01-01', date2: '2020-01-16T12:00:00Z', unit: 'month' }, 0.5],
    ['date_difference', { date1: '2020-01-01', date2: '2022-07-02T12:00:00Z', unit: 'year' }, 2.5],
    ['date_difference', { date1: '2020-03-01', date2: '2020-01-01', unit: 'month' }, -2],
    ['date_difference', { date1: '2020-01-01', date2: '2020-01-01', unit: 'year' }, 0],
    ['date_difference', { date1: '2020-01-01', date2: '2020-01-08', unit: 'week' }, 1],
    ['date_difference', { date1: noon, date2: '2020-06-01T12:00:00.25Z', unit: 'millisecond' }, 250],
    ['date_between', { x: noon, min: '2020-06-01', max: '2020-06-02' }, true],
    ['date_between', { x: noon, min: '2020-06-01T00:00:00Z', max: noon, exclude_max: true }, false],
    ['date_between', { x: noon, min: '2020-06-01T14:00:00+02:00', max: noon }, true],
    ['date_between', { x: noon, min: '2021-01-01', max: '2020-01-01' }, false],
    ['date_between', { x: '12:00:00', min: '06:00:00', max: '18:00:00' }, true],
    ['date_between', { x: noon, min: '12:00:01', max: '18:00:00' }, false],
    ['date_between', { x: '18:00:00', min: '06:00:00', max: '18:00:00', exclude_max: true }, false],
  ])
  test.each(['2020-13-01', '2021-02-29', '2020-01-01T25:00:00Z', '2020-01-01T00:00:00', 'today'])(
    '%s is no date',
    async (date) => {
      expect(await tagOf('date_shift', { date, value: 1, unit: 'day' })).toBe('ProcessParameterInvalid')
    },
  )
  test('a difference undoes a shift', async () => {
    const seconds = fc.integer({ min: -2e9, max: 4e9 })
    const unit = fc.constantFrom('second', 'minute', 'hour', 'day', 'week', 'month', 'year')
    await fc.assert(
      fc.asyncProperty(seconds, fc.integer({ min: -300, max: 300 }), unit, async (at, value, name) => {
        const date = new Date(at * 1000).toISOString().replace('.000', '')
        const shifted = (await run('date_shift', { date, value, unit: name })) as string
        const difference = (await run('date_difference', { date1: date, date2: shifted, unit: name })) as number
        expect(difference).toBeCloseTo(value, 9)
      }),
    )
  })
})

describe('process graphs on elements', () => {
  const x = { from_parameter: 'x' }
  const double: ProcessGraph = { m: { process_id: 'multiply', arguments: { x, y: 2 }, result: true } }
  const big: ProcessGraph = {
    g: { process_id: 'gt', arguments: { x, y: { from_parameter: 'context' } }, result: true },
  }
  test('array_apply keeps labels', async () => {
    expect(await run('array_apply', { data: labeled({ a: 1, b: null }) }, { process: double })).toEqual(
      labeled({ a: 2, b: null }),
    )
  })
  test('array_filter keeps those that are true, with labels', async () => {
    expect(await run('array_filter', { data: [1, 5, null, 9], context: 4 }, { condition: big })).toEqual([5, 9])
    expect(await run('array_filter', { data: labeled({ a: 1, b: 5 }), context: 4 }, { condition: big })).toEqual(
      labeled({ b: 5 }),
    )
  })
  test.each(['array_filter', 'count'])(
    '%s refuses conditions that give numbers, and leaves missing ones out',
    async (id) => {
      await expect(run(id, { data: [1, 5] }, { condition: double })).rejects.toMatchObject({
        tag: 'ProcessParameterInvalid',
        message: expect.stringContaining(`the condition of ${id} gives 2, which is neither true nor false`),
      })
      const none = id === 'count' ? 0 : []
      expect(await run(id, { data: [null, 3], context: 4 }, { condition: big })).toEqual(none)
    },
  )
})
