/** Series from cubes and links back on maps, against NumPy, pandas and statsmodels (oracles/cause/cubes.py). */
import { readFileSync } from 'node:fs'
import { random } from '@ecotope/core'
import { Cube, memorySource, parseCrs } from '@ecotope/cube'
import { describe, expect, it } from 'vitest'
import { anomalies, type ClimatologyOptions, climatology } from '../../src/cubes/climatology.ts'
import { type Detrending, detrend } from '../../src/cubes/detrend.ts'
import { laggedRegression } from '../../src/cubes/lagged-regression.ts'
import { linkMap } from '../../src/cubes/link-map.ts'
import { modesOf } from '../../src/cubes/modes.ts'
import { cubeModes, linkFeatures, regionSeries } from '../../src/cubes/regions.ts'
import { inSeason, monthsOf } from '../../src/cubes/seasons.ts'
import { LinkGraph } from '../../src/discovery/graph.ts'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { timeSeries } from '../../src/series/series.ts'

type Numbers = readonly (number | null)[]
const golden = JSON.parse(readFileSync(new URL('../../../../oracles/cause/cubes.json', import.meta.url), 'utf8'))
const array = (values: Numbers): Float64Array => Float64Array.from(values, (value) => value ?? Number.NaN)

function expectClose(actual: ArrayLike<number>, expected: Numbers, digits = 9): void {
  expect(actual.length).toBe(expected.length)
  for (const [k, value] of expected.entries()) {
    if (value === null) expect(actual[k]).toBeNaN()
    else expect(actual[k]).toBeCloseTo(value, digits)
  }
}

describe('lagged regression', () => {
  const { cells, cases } = golden.regressions
  it.each(
    cases as { name: string; lags: number[]; own: number; drivers: Numbers[]; links: Record<string, Numbers>[] }[],
  )('of series ($name), lags $lags, $own own, as statsmodels', ({ lags, own, drivers, links }) => {
    const all = Float64Array.from((cells as Numbers[]).flatMap((cell) => [...array(cell)]))
    const found = laggedRegression(all, 80, { drivers: drivers.map(array), lags, own })
    for (const [cell, expected] of links.entries()) {
      const at = (arrays: readonly Float64Array[]): number[] => arrays.map((values) => values[cell]!)
      expectClose(at(found.coefficients), expected.coefficients!)
      expectClose(at(found.pValues), expected.p!)
      expectClose(at(found.halfWidths), expected.halfWidths!)
      expectClose(at(found.correlations), expected.correlations!)
      expect(found.samples[cell]).toBe(expected.samples)
    }
  })

  it('leaves cells out that never change or are mostly missing', () => {
    const driver = Float64Array.from(random(1).normals(20))
    const gaps = new Float64Array(20).fill(Number.NaN)
    gaps.set([1, 2, 3])
    const found = laggedRegression(Float64Array.from([...new Float64Array(20).fill(2), ...gaps]), 20, {
      drivers: [driver],
      lags: [1],
    })
    expect([...found.pValues[0]!]).toEqual([Number.NaN, Number.NaN])
    expect([...found.samples]).toEqual([19, 2])
  })

  it.each([
    [{ drivers: [new Float64Array(20)], lags: [-1] }, /lags -1/],
    [{ drivers: [new Float64Array(20)], lags: [25] }, /lags 25/],
    [{ drivers: [new Float64Array(19)], lags: [1] }, /driver 0 has 19 steps/],
    [{ drivers: [], lags: [1] }, /no driver/],
  ])('refuses %#', (model, message) => {
    expect(() => laggedRegression(new Float64Array(40), 20, model)).toThrow(message)
  })
})

describe('normals of the year', () => {
  const { times, values, ...expected } = golden.normals
  it.each([
    ['month', { period: 'month' }],
    ['dekad', { period: 'dekad' }],
    ['season', { period: 'season', method: 'median' }],
    ['baseline', { period: 'month', baseline: ['2002-01-01', '2004-12-31'] }],
    ['harmonic', { method: 'harmonic' }],
  ] as [string, ClimatologyOptions][])('%s', (name, options) => {
    const normal = climatology(array(values), times, options)
    const wanted: Numbers = expected[name]
    for (const [t, value] of wanted.entries()) if (value !== null) expect(normal[t]).toBeCloseTo(value, 9)
    expectClose(
      anomalies(array(values), times, options),
      wanted.map((value, t) => (values[t] === null || value === null ? null : values[t] - value)),
    )
  })

  it('anomalies may be standardised', () => {
    expectClose(anomalies(array(values), times, { standardize: true }), expected.standardized)
  })

  it('smooth ones go round the year', () => {
    const days = Array.from({ length: 730 }, (_, t) => new Date(Date.UTC(2001, 0, 1 + t)).toISOString().slice(0, 10))
    const wave = Float64Array.from(days, (_, t) => Math.cos((2 * Math.PI * (t % 365)) / 365))
    const rest = anomalies(wave, days, { method: 'smooth', halfWindow: 5 })
    expect(Math.max(...rest.map(Math.abs))).toBeLessThan(0.01)
  })

  it('refuse what are no dates, and empty baselines', () => {
    expect(() => climatology(new Float64Array(1), ['spring'])).toThrow(/row 1: spring is not a date/)
    expect(() => climatology(new Float64Array(1), ['2001-01'], { baseline: ['1990-01', '1991-01'] })).toThrow(
      /no time lies between/,
    )
    expect(() => climatology(new Float64Array(2), ['2001-01'])).toThrow(/2 values for 1 times/)
  })
})

describe('trends', () => {
  const { values, ...expected } = golden.trends
  it.each([
    ['linear', { kind: 'linear' }],
    ['cubic', { kind: 'polynomial', degree: 3 }],
    ['average', { kind: 'moving-average', window: 7 }],
  ] as [string, Detrending][])('%s', (name, how) => {
    expectClose(detrend(array(values), how), expected[name])
  })

  it('keep what is missing missing', () => {
    const gappy = Float64Array.from([0, 1, Number.NaN, 3, 4, 5])
    expectClose(detrend(gappy), [0, 0, null, 0, 0, 0])
    expectClose(detrend(gappy, { kind: 'difference' }), [null, 1, null, null, 1, 1])
    expectClose(detrend(Float64Array.from([2, 2, 2]), { kind: 'gaussian', width: 1 }), [0, 0, 0])
  })

  it.each([
    [{ kind: 'polynomial', degree: 0 }, /degree 0/],
    [{ kind: 'moving-average', window: 4 }, /window of 4/],
    [{ kind: 'difference', step: 0 }, /over 0 steps/],
    [{ kind: 'gaussian', width: 0 }, /width 0/],
  ] as [Detrending, RegExp][])('refuse %o', (how, message) => {
    expect(() => detrend(new Float64Array(9), how)).toThrow(message)
  })
})

describe('modes', () => {
  it.each(golden.modes as { steps: number; field: Numbers; weights: Numbers; [key: string]: unknown }[])(
    'of $steps steps, as singular values give them',
    (expected) => {
      const options = { count: 3, weights: array(expected.weights) }
      const plain = modesOf(array(expected.field), expected.steps, options)
      expectClose(plain.explained, expected.explained as Numbers)
      const turned = modesOf(array(expected.field), expected.steps, { ...options, rotation: 'varimax' })
      expectClose(turned.explained, expected.rotatedExplained as Numbers, 6)
      for (let k = 0; k < 3; k++) {
        expectClose(plain.patterns[k]!, (expected.patterns as Numbers[])[k]!)
        expectClose(plain.series[k]!, (expected.series as Numbers[])[k]!)
        expectClose(turned.patterns[k]!, (expected.rotatedPatterns as Numbers[])[k]!, 5)
        expectClose(turned.series[k]!, (expected.rotatedSeries as Numbers[])[k]!, 5)
      }
      expect(plain.samplingError[0]).toBeCloseTo(plain.explained[0]! * Math.sqrt(2 / expected.steps), 12)
    },
  )

  it('leave incomplete and constant cells out', () => {
    const field = Float64Array.from(random(2).normals(60))
    for (let t = 0; t < 12; t++) field[t * 5 + 2] = 1
    field[5 + 4] = Number.NaN
    const modes = modesOf(field, 12, { count: 2 })
    expect(modes.leftOut).toBe(2)
    expect([...modes.patterns[0]!].map(Number.isNaN)).toEqual([false, false, true, false, true])
    expect(() => modesOf(field, 12, { count: 4 })).toThrow(/4 modes cannot be found in 3 complete cells/)
    expect(() => modesOf(field, 7)).toThrow(/no field/)
  })
})

describe('seasons', () => {
  it('are first letters of months', () => {
    expect([...monthsOf('DJF')]).toEqual([11, 0, 1])
    expect([...monthsOf('mam')]).toEqual([2, 3, 4])
    expect([...monthsOf([1, 12])]).toEqual([0, 11])
    for (const bad of ['J', 'XYZ', 'DFJ', [], [13]]) expect(() => monthsOf(bad)).toThrow(/is no season/)
  })

  it('choose the present', () => {
    const times = Array.from(
      { length: 24 },
      (_, t) => `${2001 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, '0')}`,
    )
    const series = inSeason(timeSeries({ columns: [new Float64Array(24)] }), times, 'MAM')
    expect([...series.referencePoints!]).toEqual([2, 3, 4, 14, 15, 16])
    expect(() => inSeason(series, times.slice(1), 'MAM')).toThrow(/23 times/)
  })
})

const geographic = parseCrs('EPSG:4326')
const STEPS = 60
const times = Array.from(
  { length: STEPS },
  (_, t) => `${2001 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, '0')}-01T00:00:00Z`,
)

/** 8 x 6 pixels; those in the west follow the driver two steps later. */
function scene(): { cube: Cube; driver: Float64Array } {
  const [height, width] = [6, 8]
  const driver = Float64Array.from(random(3).normals(STEPS))
  const noise = random(4).normals(STEPS * height * width)
  const data = Float32Array.from(noise, (value, at) => {
    const [t, x] = [Math.floor(at / (height * width)), at % width]
    return (x < 4 && t >= 2 ? 1.5 * driver[t - 2]! : 0) + value
  })
  const axis = (length: number, from: number, step: number): number[] =>
    Array.from({ length }, (_, k) => from + step * k)
  const schema = {
    dims: [
      { type: 'temporal' as const, name: 't', labels: times, calendar: 'standard' as const },
      { type: 'spatial' as const, name: 'y', axis: 'y' as const, labels: axis(height, 10.5, -1) },
      { type: 'spatial' as const, name: 'x', axis: 'x' as const, labels: axis(width, 40.5, 1) },
    ],
    grid: { crs: geographic, affine: [1, 0, 40, 0, -1, 11] as const, width, height },
    packing: { dtype: 'float32' as const, scale: 1, offset: 0 },
  }
  return { cube: new Cube(memorySource(data, schema, 'scene')), driver }
}

const square = (west: number, east: number, name: string) => ({
  geometry: {
    type: 'Polygon' as const,
    coordinates: [
      [
        [west, 5],
        [east, 5],
        [east, 11],
        [west, 11],
        [west, 5],
      ],
    ],
  },
  properties: { name },
})
const halves = { crs: geographic, label: 'halves', features: [square(40, 44, 'west'), square(44, 48, 'east')] }

describe('maps of links', () => {
  it('show where the driver acts and at which lag', async () => {
    const { cube, driver } = scene()
    const map = await linkMap(cube, [{ name: 'sst', values: driver }], { lags: [1, 2] })
    expect(map.links.map(({ label }) => label)).toEqual(['sst@-1', 'sst@-2'])
    expect(map.tested).toBe(48)
    expect(map.significant[0]).toBe(0)
    expect(map.significant[1]).toBeCloseTo(0.5, 1)
    const { data } = await map.cube.compute()
    const plane = (link: number, band: number): Float64Array =>
      Float64Array.from(data.subarray((link * 5 + band) * 48, (link * 5 + band + 1) * 48))
    for (let i = 0; i < 48; i++) if (i % 8 < 4) expect(plane(1, 4)[i]).toBeLessThan(0.05)
    expect(plane(1, 1)[0]).toBeCloseTo(1.5, 0)
  })

  it('are the same read in strips', async () => {
    const { cube, driver } = scene()
    const read = async (budgetBytes: number) =>
      (await linkMap(cube, [{ name: 'sst', values: driver }], { budgetBytes })).cube.compute()
    expect((await read(1)).data).toEqual((await read(1e9)).data)
  })

  it('need one band, drivers of the right length and can be stopped', async () => {
    const { cube } = scene()
    await expect(linkMap(cube, [{ name: 'sst', values: [1, 2] }])).rejects.toThrow(/driver 0 has 2 steps/)
    await expect(linkMap(cube.mean('t'), [{ name: 'sst', values: [1] }])).rejects.toThrow(/cube of time, y and x/)
    await expect(
      linkMap(cube, [{ name: 'sst', values: new Float64Array(STEPS) }], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ tag: 'Cancelled' })
  })
})

describe('regions', () => {
  it('give series by region and together', async () => {
    const { cube } = scene()
    const { byRegion, joint, regions } = await regionSeries(cube, halves)
    expect(regions).toEqual(['west', 'east'])
    expect(joint.names).toEqual(['west', 'east'])
    const { data } = await cube.compute()
    let sum = 0
    for (let y = 0; y < 6; y++) for (let x = 0; x < 4; x++) sum += data[y * 8 + x]!
    expect(joint.datasets[0]!.columns[0]![0]).toBeCloseTo(sum / 24, 4)
    expect(byRegion.datasets[1]!.columns[0]).toEqual(joint.datasets[0]!.columns[1])
  })

  it('carry strengths back to features', () => {
    const graph = new LinkGraph(2, 1)
    graph.put(0, 1, 1, '-->')
    const values = new LagArray(2, 1)
    values.set(0, 1, 1, 0.4)
    const found = {
      variables: ['a', 'b'],
      tauMin: 0,
      tauMax: 1,
      alpha: 0.05,
      graph,
      values,
      pValues: new LagArray(2, 1, 0.01),
    } as never
    const { features } = linkFeatures(halves, [found, found], { from: 'a', to: 'b', lag: 1 })
    expect(features[1]!.properties).toEqual({ name: 'east', strength: 0.4, p: 0.01, link: '-->' })
    expect(() => linkFeatures(halves, [found, found], { from: 'a', to: 'c', lag: 1 })).toThrow(/no link from a to c/)
    expect(() => linkFeatures(halves, [found], { from: 'a', to: 'b', lag: 1 })).toThrow(/1 searches for 2 features/)
  })

  it('modes of a cube weigh by latitude', async () => {
    const { cube, driver } = scene()
    const modes = await cubeModes(cube, { count: 2 })
    expect(modes.timeSeries.names).toEqual(['mode 1', 'mode 2'])
    const [first] = modes.series
    const shifted = Array.from({ length: STEPS - 2 }, (_, t) => first![t + 2]! * driver[t]!)
    expect(Math.abs(shifted.reduce((a, b) => a + b, 0)) / STEPS).toBeGreaterThan(0.7)
    await expect(cubeModes(cube.mean('t'))).rejects.toThrow(/cube of time, y and x/)
  })
})
