/** Callbacks that compile, on random cubes with missing values: the same cells as the interpreter's. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FLOAT64, type Packing } from '../../../src/model/block.ts'
import type { CubeNode } from '../../../src/model/node.ts'
import { fuse } from '../../../src/plan/fuse.ts'
import { foldOf } from '../../../src/plan/partial.ts'
import type { Value } from '../../../src/process/row.ts'
import { byParts, callback, cube, node, other, parameter, read, times } from './support.ts'

type Arguments = Readonly<Record<string, unknown>>
type Nodes = readonly (readonly [process: string, args: Arguments])[]

const x = parameter('x')
const label = parameter('label')
const index = parameter('index')
const context = parameter('context')
const data = parameter('data')
const from = (i: number) => ({ from_node: `n${i}` })

/** A graph of nodes n0, n1, ...; the last is the result. */
const graph = (nodes: Nodes) => ({
  process_graph: Object.fromEntries(
    nodes.map(([process_id, args], i) => [
      `n${i}`,
      { process_id, arguments: args, ...(i === nodes.length - 1 && { result: true }) },
    ]),
  ),
})
const one = (process: string, more: Arguments = {}): Nodes => [[process, { data, ...more }]]

/** The same graph behind `inspect`, which no kernel is made of. */
function hidden(nodes: Nodes) {
  const seen = JSON.parse(
    JSON.stringify(nodes).replaceAll('{"from_parameter":"data"}', '{"from_node":"look"}'),
  ) as Nodes
  const { process_graph } = graph(seen)
  return { process_graph: { look: { process_id: 'inspect', arguments: { data } }, ...process_graph } }
}

const keep = (condition: unknown) => ['array_filter', { data, condition }] as const
const high = callback('gt', { x, y: 0 })
const spring = callback('date_between', { x: label, min: '2020-01-02', max: '2020-01-05' })

/** From a row to one value. */
const REDUCERS: Readonly<Record<string, Nodes>> = {
  'third of the sorted': [
    ...one('sort', { nodata: true }),
    ['array_element', { data: from(0), index: 2, return_nodata: true }],
  ],
  'second greatest': [
    ...one('sort', { asc: false }),
    ['array_element', { data: from(0), index: 1, return_nodata: true }],
  ],
  'mean of the sorted': [...one('sort'), ['mean', { data: from(0) }]],
  'count of the sorted': [...one('sort'), ['count', { data: from(0), condition: true }]],
  'position of the least': [...one('order', { nodata: true }), ['array_element', { data: from(0), index: 0 }]],
  'mean of some': [keep(high), ['mean', { data: from(0) }]],
  'count of some': [keep(high), ['count', { data: from(0), condition: true }]],
  'count of some of some': [keep(high), ['count', { data: from(0), condition: callback('lt', { x, y: 5 }) }]],
  'missing ones kept': [keep(callback('is_nodata', { x })), ['count', { data: from(0), condition: true }]],
  'second of some': [keep(high), ['array_element', { data: from(0), index: 1, return_nodata: true }]],
  'last of some sorted': [keep(high), ['sort', { data: from(0) }], ['last', { data: from(0 + 1) }]],
  'first by position': [keep(callback('gte', { x: index, y: 1 })), ['first', { data: from(0) }]],
  'sum by date': [keep(spring), ['sum', { data: from(0) }]],
  'sum by date and value': [
    keep(
      graph([
        ['date_between', { x: label, min: '2020-01-02', max: '2020-01-05' }],
        ['gt', { x, y: -2 }],
        ['and', { x: from(0), y: from(1) }],
      ]),
    ),
    ['sum', { data: from(0) }],
  ],
  argmax: [...one('max'), ['array_find', { data, value: from(0) }]],
  'last of the greatest': [...one('max'), ['array_find', { data, value: from(0), reverse: true }]],
  'contains the rounded mean': [
    ...one('mean'),
    ['round', { x: from(0) }],
    ['array_contains', { data, value: from(1) }],
  ],
  'days of growth': [
    [
      'array_apply',
      {
        data,
        process: graph([
          ['date_difference', { date1: '2019-12-30', date2: label, unit: 'day' }],
          ['multiply', { x, y: from(0) }],
        ]),
      },
    ],
    ['sum', { data: from(0) }],
  ],
  'filled mean': [...one('array_interpolate_linear'), ['mean', { data: from(0) }]],
  'without the first': [...one('array_modify', { values: [], index: 0, length: 1 }), ['min', { data: from(0) }]],
  'one replaced': [...one('array_modify', { values: [9, -9], index: 0, length: 1 }), ['max', { data: from(0) }]],
  'first above a threshold': [
    ...one('cumsum'),
    ['array_apply', { data: from(0), process: callback('gt', { x, y: 3 }) }],
    ['array_find', { data: from(1), value: true }],
  ],
  'any below, as contained': [
    ['array_apply', { data, process: callback('lt', { x, y: -5 }) }],
    ['array_contains', { data: from(0), value: true }],
  ],
  'one of several': [...one('first'), ['array_contains', { data: [1, null, -3], value: from(0) }]],
  squares: [
    ['array_apply', { data, process: callback('power', { base: x, p: 2 }) }],
    ['sum', { data: from(0) }],
  ],
  'number of labels': [...one('array_labels'), ['count', { data: from(0), condition: true }]],
  'by the place of a label': [
    ...one('array_find_label', { label: '2020-01-02' }),
    ['array_element', { data, index: from(0), return_nodata: true }],
  ],
  'mean of the running': [...one('cumsum'), ['mean', { data: from(0) }]],
  'running of the sorted': [...one('sort'), ['cumsum', { data: from(0) }], ['max', { data: from(1) }]],
  'text as a switch': [
    ['text_contains', { data: 'abc', pattern: 'b' }],
    ...one('mean'),
    ['if', { value: from(0), accept: from(1), reject: 0 }],
  ],
}

/** From a row to a row. */
const ROWS: Readonly<Record<string, Nodes>> = {
  ...Object.fromEntries(
    ['cumsum', 'cumproduct', 'cummin', 'cummax'].flatMap((id) => [
      [id, one(id)],
      [`${id}, strict`, one(id, { ignore_nodata: false })],
    ]),
  ),
  ...Object.fromEntries(
    ['sort', 'order'].flatMap((id) =>
      [true, false].flatMap((asc) =>
        [null, true, false].map((nodata) => [`${id} ${asc} ${nodata}`, one(id, { asc, nodata })]),
      ),
    ),
  ),
  turned: one('rearrange', { order: [1, 0] }),
  'rearranged by order': [...one('order', { nodata: true }), ['rearrange', { data, order: from(0) }]],
  'rearranged by another order': [
    ['array_apply', { data, process: callback('multiply', { x, y: -1 }) }],
    ['order', { data: from(0), nodata: null }],
    ['rearrange', { data, order: from(1) }],
  ],
  interpolated: one('array_interpolate_linear'),
  'interpolated anomalies': [
    ...one('mean'),
    ['array_apply', { data, context: from(0), process: callback('subtract', { x, y: context }) }],
    ['array_interpolate_linear', { data: from(1) }],
  ],
  'running of the filled': [...one('array_interpolate_linear'), ['cumsum', { data: from(0) }]],
  'two quantiles of the filled': [
    ...one('array_interpolate_linear'),
    ['quantiles', { data: from(0), probabilities: [0.2, 0.9] }],
  ],
  labelled: [...one('mean'), ['array_create_labeled', { data: [from(0), 1], labels: ['a', 'b'] }]],
  'by position': [keep(callback('lt', { x: index, y: 2 }))],
  'by date': [keep(spring)],
}

const DAYS = (length: number) =>
  Array.from({ length }, (_, i) => `2020-0${1 + Math.floor(i / 28)}-${String(1 + (i % 28)).padStart(2, '0')}`)
const maybe = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 1, arbitrary: fc.double({ min: -9, max: 9, noNaN: true }) },
  { weight: 2, arbitrary: fc.constant(null) },
)

/** Rows along t, three of them, beside dimensions before and after it. */
const cubes = fc
  .constantFrom(2, 3, 6, 50)
  .chain((length) =>
    fc
      .tuple(
        fc.array(maybe, { minLength: length * 6, maxLength: length * 6 }),
        fc.constantFrom<Packing>(FLOAT64, { dtype: 'int16', nodata: -99, scale: 0.5, offset: 1 }),
      )
      .map(([values, packing]) =>
        cube(
          [other('k', 0, 1), times(...DAYS(length)), other('z', 0, 1, 2)],
          packing === FLOAT64 ? values : values.map((value) => value && Math.round(value)),
          { packing },
        ),
      ),
  )

function expectSame(actual: readonly Value[], expected: readonly Value[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) {
    const found = actual[i]!
    if (!Number.isFinite(value) || typeof value !== 'number' || typeof found !== 'number')
      expect(found, `cell ${i}`).toBe(value)
    else
      expect(Math.abs(found - value), `cell ${i}: ${found}, ${value}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(value)),
      )
  }
}

const isInterpreted = (made: CubeNode): boolean => made.kind === 'blocks' && made.concat === undefined

async function agree(
  process: string,
  nodes: Nodes,
  name: string,
  more: Readonly<Record<string, Value>> = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(cubes, fc.constantFrom(1, 4, 1000), async (made, part) => {
      const fast = await node(process, { data: made, dimension: 't', [name]: graph(nodes), ...more })
      const slow = await node(process, { data: made, dimension: 't', [name]: hidden(nodes), ...more })
      expect([isInterpreted(fast), isInterpreted(slow)]).toEqual([false, true])
      const tolerance = fast.schema.packing.dtype === 'float32' ? 1e-5 : 1e-9
      const expected = (await read(slow)).values
      expectSame((await read(fast)).values, expected, tolerance)
      expectSame(await byParts(fast, part), expected, tolerance)
    }),
    { numRuns: 12 },
  )
}

describe('compiled as interpreted', () => {
  it.each(Object.entries(REDUCERS))('%s, of a row', (_, nodes) => agree('reduce_dimension', nodes, 'reducer'))
  it.each(Object.entries(REDUCERS))('%s, of intervals', (_, nodes) => {
    const intervals = [
      ['2020-01-01', '2020-01-03'],
      ['2020-01-01', '2021-01-01'],
    ]
    return agree('aggregate_temporal', nodes, 'reducer', { intervals, labels: ['a', 'b'] })
  })
  it('of an interval without labels', async () => {
    const made = cube([times(...DAYS(3)), other('z', 0, 1)], [1, 5, null, 4, 3, null])
    const intervals = [
      ['2020-01-01', '2020-01-04'],
      ['2030-01-01', '2030-02-01'],
    ]
    for (const [name, expected] of [
      ['second greatest', [1, 4, null, null]],
      ['count of the sorted', [2, 2, 0, 0]],
    ] as const) {
      const args = { data: made, dimension: 't', intervals, reducer: graph(REDUCERS[name]!) }
      const found = await node('aggregate_temporal', args)
      expect(isInterpreted(found)).toBe(false)
      expect((await read(found)).values).toEqual(expected)
    }
  })
  it.each(Object.entries(ROWS))('%s, row by row', (_, nodes) => agree('apply_dimension', nodes, 'process'))

  const element = (i: number) => ['array_element', { data: parameter('parameters'), index: i }] as const
  /** a + b sin(x / 2 days) */
  const wave = graph([
    element(0),
    element(1),
    ['divide', { x, y: 172800 }],
    ['sin', { x: from(2) }],
    ['multiply', { x: from(1), y: from(3) }],
    ['add', { x: from(0), y: from(4) }],
  ])
  it('curves among other processes', async () => {
    const made = cube([other('z', 0, 1, 2), times(...DAYS(12))], (i) =>
      i % 5 === 3 || (i > 12 && i < 23) ? null : (i * 31) % 17,
    )
    const fitted: Nodes = [
      ...one('array_apply', { process: callback('add', { x, y: 1 }) }),
      ['fit_curve', { data: from(0), parameters: [1, 1], function: wave }],
      ['array_element', { data: from(1), index: 1 }],
    ]
    const [fast, slow] = await Promise.all(
      [graph(fitted), hidden(fitted)].map((reducer) =>
        node('reduce_dimension', { data: made, dimension: 't', reducer }),
      ),
    )
    expect([isInterpreted(fast!), isInterpreted(slow!), fast!.schema.packing]).toEqual([false, true, FLOAT64])
    const expected = (await read(slow!)).values
    expect(expected[1]).toBeNull()
    expectSame((await read(fast!)).values, expected, 1e-7)
    expectSame(await byParts(fast!, 1), expected, 1e-7)
  })

  it('running results that are no numbers any more', async () => {
    const made = cube([times(...DAYS(5))], [Infinity, -Infinity, null, 1, 2])
    for (const process of [graph(one('cumsum')), hidden(one('cumsum'))])
      expect((await read(await node('apply_dimension', { data: made, dimension: 't', process }))).values).toEqual([
        Infinity,
        null,
        null,
        null,
        null,
      ])
  })

  it('rows that are held whole are not made again for every range of them', async () => {
    const made = cube([times(...DAYS(6)), other('z', 0, 1)], (i) => i)
    const folded = async (nodes: Nodes): Promise<boolean> => {
      const found = await node('reduce_dimension', { data: made, dimension: 't', reducer: graph(nodes) })
      return foldOf(fuse(found), 16) !== undefined
    }
    expect(await folded(one('mean'))).toBe(true)
    expect(await folded(REDUCERS['filled mean']!)).toBe(false)
    expect(
      await folded([
        ...REDUCERS['filled mean']!.slice(0, 1),
        ['array_apply', { data: from(0), process: callback('absolute', { x }) }],
        ['sum', { data: from(1) }],
      ]),
    ).toBe(false)
  })
})
