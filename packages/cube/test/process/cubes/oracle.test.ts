/** Cube processes against xarray, scipy and rasterio; the numbers come from oracles/cube/processes.py. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Value } from '../../../src/process/row.ts'
import {
  byParts,
  callback,
  cube,
  features,
  interpreted,
  node,
  other,
  parameter,
  raster,
  read,
  reducer,
  run,
  times,
  wrap,
} from './support.ts'

const path = new URL('../../../../../oracles/cube/processes.json', import.meta.url)
const golden = JSON.parse(readFileSync(path, 'utf8'))

function expectClose(actual: readonly Value[], expected: readonly (number | null)[], tolerance = 1e-11): void {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => {
    const wanted = expected[i]!
    if (wanted === null || typeof value !== 'number') expect([i, value]).toEqual([i, wanted])
    else expect(Math.abs(value - wanted), `cell ${i}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted)))
  })
}

describe('aggregate_temporal_period against xarray', () => {
  const { times: labels, values, cases } = golden.periods
  const data = () => cube([times(...labels), other('x', 0, 1)], values)

  it.each(Object.keys(cases))('%s: labels, means and medians', async (period) => {
    const mean = await run('aggregate_temporal_period', { data: data(), period, reducer: reducer('mean') })
    expect(mean.labels.t).toEqual(cases[period].labels)
    expectClose(mean.values, cases[period].mean)
    const median = await run('aggregate_temporal_period', { data: data(), period, reducer: reducer('median') })
    expectClose(median.values, cases[period].median)
  })

  it('gives the same where the reducer is interpreted, and by parts', async () => {
    const slow = await node('aggregate_temporal_period', {
      data: data(),
      period: 'month',
      reducer: interpreted('mean'),
    })
    expect(slow.kind).toBe('blocks')
    expectClose((await read(slow)).values, cases.month.mean)
    expectClose(await byParts(slow, 7), cases.month.mean)
    const fast = await node('aggregate_temporal_period', { data: data(), period: 'month', reducer: reducer('mean') })
    expect(fast.kind).toBe('cells')
    expectClose(await byParts(fast, 7), cases.month.mean)
  })
})

describe('apply_kernel against scipy.ndimage', () => {
  const { shape, values, kernel, cases } = golden.kernels
  const [height, width] = shape

  it.each<string | number>(cases.map((one: { border: string | number }) => one.border))('border %s', async (border) => {
    const expected = cases.find((one: { border: unknown }) => one.border === border).result
    const data = raster(width, height, values)
    const made = await node('apply_kernel', { data, kernel, factor: 2, border, replace_invalid: 0.5 })
    expectClose((await read(made)).values, expected)
    expectClose(await byParts(made, 10), expected)
  })
})

describe('fit_curve against scipy.optimize.curve_fit', () => {
  const x = golden.curves.x as number[]
  const element = (index: number) => ({
    process_id: 'array_element',
    arguments: { data: parameter('parameters'), index },
  })
  const call = (process_id: string, args: object) => ({ process_id, arguments: args })
  const from = (id: string) => ({ from_node: id })

  const season = {
    process_graph: {
      a: element(0),
      b: element(1),
      c: element(2),
      w: call('multiply', { x: (2 * Math.PI) / 365, y: parameter('x') }),
      cos: call('cos', { x: from('w') }),
      sin: call('sin', { x: from('w') }),
      bc: call('multiply', { x: from('b'), y: from('cos') }),
      cs: call('multiply', { x: from('c'), y: from('sin') }),
      abc: call('add', { x: from('a'), y: from('bc') }),
      all: { ...call('add', { x: from('abc'), y: from('cs') }), result: true },
    },
  }
  const decay = {
    process_graph: {
      a: element(0),
      b: element(1),
      c: element(2),
      t: call('divide', { x: parameter('x'), y: -100 }),
      bt: call('multiply', { x: from('b'), y: from('t') }),
      e: call('exp', { p: from('bt') }),
      ae: call('multiply', { x: from('a'), y: from('e') }),
      all: { ...call('add', { x: from('ae'), y: from('c') }), result: true },
    },
  }

  const fit = (model: object, initial: readonly number[], more: object = {}) => ({
    process_graph: {
      fit: {
        process_id: 'fit_curve',
        arguments: { data: parameter('data'), parameters: initial, function: model, ...more },
        result: true,
      },
    },
  })

  it.each([
    ['season', season],
    ['decay', decay],
  ])('%s', async (name, model) => {
    const { y, initial, fitted } = golden.curves[name]
    const data = cube([other('t', ...x), other('p', 0)], y)
    const process = fit(model, initial)
    const all = await run('apply_dimension', { data, process, dimension: 't', target_dimension: 'k' })
    expect(all.names).toEqual(['k', 'p'])
    expectClose(all.values, fitted, 1e-6)
  })

  it('gives the same where the model is interpreted', async () => {
    const { y, initial, fitted } = golden.curves.season
    const slow = {
      process_graph: {
        ...season.process_graph,
        all: { ...season.process_graph.all, result: false },
        look: { ...call('inspect', { data: from('all') }), result: true },
      },
    }
    const data = cube([other('t', ...x)], y)
    const all = await run('apply_dimension', { data, process: fit(slow, initial), dimension: 't' })
    expectClose(all.values, fitted, 1e-6)
  })

  it('predicts what it has fitted', async () => {
    const { y, initial, fitted } = golden.curves.season
    const data = cube([other('t', ...x), other('p', 0)], y)
    const made = await node('apply_dimension', { data, process: fit(season, initial), dimension: 't' })
    const predicted = await run('predict_curve', {
      parameters: wrap(made),
      function: season,
      dimension: 't',
      labels: [0, 365, 91.25],
    })
    expect(predicted.labels.t).toEqual([0, 365, 91.25])
    expectClose(predicted.values, [fitted[0] + fitted[1], fitted[0] + fitted[1], fitted[0] + fitted[2]], 1e-6)
  })

  it('reads dates as seconds', async () => {
    const dates = Array.from({ length: 5 }, (_, i) => `2020-01-0${i + 1}`)
    const data = cube([times(...dates)], [1, 2, 3, 4, 5])
    const line = {
      process_graph: {
        a: element(0),
        b: element(1),
        d: call('subtract', { x: parameter('x'), y: Date.UTC(2020, 0, 1) / 1000 }),
        n: call('divide', { x: from('d'), y: 86400 }),
        m: call('multiply', { x: from('b'), y: from('n') }),
        s: { ...call('add', { x: from('a'), y: from('m') }), result: true },
      },
    }
    const all = await run('apply_dimension', { data, process: fit(line, [0, 0]), dimension: 't' })
    expectClose(all.values, [1, 1], 1e-8)
  })
})

describe('merge_cubes against xarray', () => {
  const { a, b, t, merged, broadcast } = golden.merges
  const add = callback('add', { x: parameter('x'), y: parameter('y') })

  it('joins labels and adds overlapping cells', async () => {
    const cube1 = cube([other('b', 'p', 'q'), times('2020-01-01', '2020-01-03', '2020-01-05')], a)
    const cube2 = cube([other('b', 'q', 'r'), times('2020-01-02', '2020-01-03', '2020-01-05')], b)
    const made = await node('merge_cubes', { cube1, cube2, overlap_resolver: add })
    const all = await read(made)
    expect(all.labels).toEqual({ b: ['p', 'q', 'r'], t })
    expectClose(all.values, merged)
    expectClose(await byParts(made, 3), merged)
  })

  it('broadcasts', async () => {
    const cube1 = cube([other('b', 'p', 'q'), times('2020-01-01', '2020-01-03', '2020-01-05')], a)
    const multiply = callback('multiply', { x: parameter('x'), y: parameter('y') })
    const factor = cube([other('b', 'p', 'q')], [2, null])
    expectClose((await run('merge_cubes', { cube1, cube2: factor, overlap_resolver: multiply })).values, broadcast)
  })
})

describe('aggregate_spatial against rasterio', () => {
  const { polygons, shape, values, total, valid } = golden.zones
  const [, height, width] = shape
  const data = () => raster(width, height, values, [other('k', 0, 1)])
  const geometries = features(...polygons)

  it.each(['mean', 'sd', 'min', 'max', 'median', 'sum'])('%s', async (name) => {
    const expected = golden.zones[name].flat()
    const made = await node('aggregate_spatial', { data: data(), geometries, reducer: reducer(name) })
    const known = (list: readonly (number | null)[]) => list.filter((_, i) => total[i % total.length] > 1)
    expect(made.schema.dims.map((d) => d.name)).toEqual(['k', 'geometry'])
    expectClose(known((await read(made)).values as number[]), known(expected), 1e-9)
    expectClose(known((await byParts(made, 5)) as number[]), known(expected), 1e-9)
  })

  it('counts pixels', async () => {
    const args = { data: data(), geometries, reducer: reducer('mean'), target_dimension: 'n' }
    const all = await run('aggregate_spatial', args)
    expect(all.names).toEqual(['k', 'geometry', 'n'])
    expect(all.labels.n).toEqual(['value', 'total_count', 'valid_count'])
    const column = (k: number) => all.values.filter((_, i) => i % 3 === k)
    expect(column(1)).toEqual([...total, ...total])
    expect(column(2)).toEqual(valid.flat())
  })
})

describe('aggregate_spatial_window against coarsen of xarray', () => {
  const data = () => raster(10, 7, golden.windows.values)
  it.each([
    ['pad', { boundary: 'pad' }, [400020, 400060, 400100]],
    ['trim', { boundary: 'trim' }, [400020, 400060]],
    ['right', { boundary: 'pad', align: 'lower-right' }, [400000, 400040, 400080]],
  ])('%s', async (name, args, xs) => {
    const made = await node('aggregate_spatial_window', {
      data: data(),
      size: [4, 3],
      reducer: reducer('mean'),
      ...args,
    })
    const all = await read(made)
    expectClose(all.values, golden.windows[name])
    expectClose(await byParts(made, 2), golden.windows[name])
    expect(all.labels.x).toEqual(xs)
  })
})

describe('climatology against groupby of xarray', () => {
  const { times: labels, values, month, anomaly } = golden.normals
  it('means of months, and what differs from them', async () => {
    const data = cube([times(...labels)], values)
    const normals = await node('climatological_normal', { data, period: 'month', climatology_period: [2001, 2003] })
    expectClose((await read(normals)).values, month)
    const differs = await run('anomaly', { data, normals: wrap(normals), period: 'month' })
    expectClose(differs.values, anomaly)
    expect(differs.labels.t).toEqual(labels)
  })
})
