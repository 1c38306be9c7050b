import { describe, expect, test } from 'vitest'
import { registry } from '../../src/process/registry.ts'
import type { Value } from '../../src/process/row.ts'
import { checkerOf } from '../../src/process/schema.ts'

type Check = readonly [schema: unknown, good: readonly unknown[], bad: readonly unknown[]]

const labeled: Value = { kind: 'labeled-array', labels: ['a'], values: [1] }
const cube = { kind: 'cube', node: {} }
const features = { kind: 'features', features: {} }
const callback = { graph: {}, run: () => null, runSync: () => null }

const checks: readonly Check[] = [
  [{ type: 'number' }, [1, Number.NaN, Number.POSITIVE_INFINITY], ['1', null, true, [1], labeled]],
  [{ type: ['number', 'null'] }, [1, null], ['1']],
  [{ type: 'integer', minimum: 0 }, [0, 3], [-1, 0.5, Number.NaN]],
  [{ type: 'number', exclusiveMinimum: 0 }, [1e-9], [0, -1]],
  [{ type: 'number', maximum: 1 }, [1, Number.NaN], [1.1]],
  [{ type: 'boolean' }, [true], [0, null]],
  [{ type: 'string', minLength: 1 }, ['a'], ['', 1]],
  [{ type: 'string', pattern: '^a' }, ['ab'], ['ba']],
  [{ type: 'string', enum: ['day', 'week'] }, ['day'], ['days']],
  [{ type: 'boolean', const: true }, [true], [false]],
  [{ type: 'number', not: { const: 0 } }, [1, -1], [0]],
  [{ type: 'array', items: { type: 'number' } }, [[], [1], labeled], [['a'], [null], 1, { a: 1 }]],
  [{ type: 'array', minItems: 2, maxItems: 2 }, [[1, 2]], [[1], [1, 2, 3]]],
  [{ type: 'array', uniqueItems: true }, [[1, '1']], [[1, 1]]],
  [{ type: 'array', subtype: 'labeled-array' }, [labeled], [[1]]],
  [
    { type: 'object', required: ['west'], properties: { west: { type: 'number' } } },
    [{ west: 1 }],
    [{}, { west: 'a' }],
  ],
  [{ type: 'object', subtype: 'datacube' }, [cube, features], [{}, [1], labeled]],
  [{ type: 'object', subtype: 'geojson' }, [features, { type: 'Point' }], [{}, cube]],
  [{ type: 'object', subtype: 'process-graph' }, [callback], [{}, cube]],
  [{ type: 'string', subtype: 'date' }, ['2020-02-29'], ['2021-02-29', '2020-02', '2020-02-29T00:00:00Z']],
  [{ type: 'string', subtype: 'date-time' }, ['2020-02-29T23:59:60.5+01:00'], ['2020-02-29', '2020-02-29T24:00:00Z']],
  [{ type: 'string', subtype: 'time' }, ['12:00:00'], ['25:00:00', '12:00']],
  [
    { type: 'array', subtype: 'temporal-interval' },
    [
      ['2020-01-01', null],
      [null, '12:00:00'],
    ],
    [['2020'], ['a', null], [null, null]],
  ],
  [{ type: 'array', subtype: 'temporal-intervals' }, [[['2020-01-01', null]], []], [[['a', null]], [[null, null]], 3]],
  [{ type: 'array', subtype: 'temporal-intervals', minItems: 1 }, [[['2020-01-01', null]]], [[]]],
  [[{ type: 'number' }, { type: 'null' }], [1, null], ['a']],
  [{ anyOf: [{ type: 'number' }, { type: 'string' }] }, [1, 'a'], [null, true]],
  [{}, [1, null, cube, callback, [cube]], []],
]

describe('schemas', () => {
  test.each(checks)('%j', (schema, good, bad) => {
    const check = checkerOf(schema)
    for (const value of good) expect(check(value), JSON.stringify(value)).toBeUndefined()
    for (const value of bad) expect(check(value), JSON.stringify(value)).toEqual(expect.any(String))
  })

  test('problems are told in words', () => {
    expect(checkerOf({ type: 'string', enum: ['month', 'year'] })('monht')).toBe(
      '"monht" is not one of "month", "year"; did you mean month?',
    )
    expect(checkerOf({ type: 'array', items: { type: 'number' } })([1, 'a'])).toBe('item 1: "a" is not a number')
  })
})

describe('the registry', () => {
  const rows = [...registry.values()]
  test.each(rows.map((row) => [row.id, row] as const))('%s is told in full', (_, row) => {
    expect(row.summary).toMatch(/^[A-Z0-9e].{4}/)
    for (const { name, summary } of row.parameters) expect(summary, name).not.toBe('')
    const places = row.parameters.findIndex(({ optional }) => optional === true)
    const later = places < 0 ? [] : row.parameters.slice(places)
    expect(new Set(row.parameters.map(({ name }) => name)).size).toBe(row.parameters.length)
    // A default has to be a value that the parameter takes.
    for (const parameter of later)
      if (parameter.default !== undefined && parameter.default !== null)
        expect(checkerOf(parameter.schema)(parameter.default), parameter.name).toBeUndefined()
  })
})

test('what fits no alternative is told what it could be', () => {
  const check = checkerOf([{ type: 'string' }, { type: 'array', minItems: 1 }, { type: 'string' }])
  expect(check(5)).toBe('5 is not a text or an array')
  expect(check([])).toBe('[] is not a text')
})
