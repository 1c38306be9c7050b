/** Varying-coefficient models against numbers made another way, and on processes whose truth is known. */
import { readFileSync } from 'node:fs'
import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { type Node, timeSeries } from '../../src/series/series.ts'
import { type VaryingModel, type VaryingOptions, varyingCoefficients } from '../../src/varying/varying.ts'

interface Fit {
  readonly curves: { readonly values: number[]; readonly errors: number[] }[]
  readonly variance: number
  readonly freedom: number
  readonly penalties: number[]
  readonly score: number
}

interface Case {
  readonly grid: number[]
  readonly fixed: Omit<Fit, 'score'>
  readonly reml: Fit
  readonly gcv: Fit
}

interface Golden {
  readonly columns: number[][]
  readonly time: Case
  readonly covariate: Case
  readonly kernel: {
    readonly grid: number[]
    readonly bandwidth: number
    readonly left_out: number
    readonly curves: number[][]
  }
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/varying.json', import.meta.url), 'utf8'),
)
const series = timeSeries({ columns: golden.columns }, { names: ['x', 'z', 'y'] })
const causes: Node[] = [
  [0, -1],
  [1, 0],
]

function expectFit(found: VaryingModel, fit: Omit<Fit, 'score'>, tolerance: number): void {
  const near = (a: number, b: number): void =>
    expect(Math.abs(a - b)).toBeLessThan(tolerance * Math.max(1, Math.abs(b)))
  near(found.variance, fit.variance)
  near(found.freedom, fit.freedom)
  for (const [k, { values, errors }] of fit.curves.entries())
    for (const [g, value] of values.entries()) {
      near(found.curves[k]!.values[g]!, value)
      near(found.curves[k]!.errors[g]!, errors[g]!)
    }
}

describe('splines against SciPy', () => {
  const cases = { time: {}, covariate: { over: [1, -1] } } as const satisfies Record<string, Partial<VaryingOptions>>
  const names = Object.keys(cases) as (keyof typeof cases)[]
  const ask = (name: keyof typeof cases, more: Partial<VaryingOptions>): Promise<VaryingModel> =>
    varyingCoefficients(series, { target: 2, causes, segments: 6, grid: golden[name].grid, ...cases[name], ...more })

  test.each(names)('given penalties, over %s', async (name) => {
    expectFit(await ask(name, { smoothness: [2, 0.5, 30] }), golden[name].fixed, 1e-9)
  })

  // Criteria are flat at their minima: penalties agree less well than scores do.
  test.each(names.flatMap((name) => (['reml', 'gcv'] as const).map((smoothness) => [name, smoothness] as const)))(
    'over %s by %s',
    async (name, smoothness) => {
      const found = await ask(name, { smoothness })
      expect(Math.abs(found.score - golden[name][smoothness].score)).toBeLessThan(2e-7)
      expectFit(found, golden[name][smoothness], 1e-4)
    },
  )
})

test('local linear fits and their bandwidth against explicit leaving out', async () => {
  const { grid, bandwidth, left_out, curves } = golden.kernel
  const found = await varyingCoefficients(series, { target: 2, causes, method: 'kernel', grid, bootstraps: 0 })
  expect(found.bandwidth).toBeCloseTo(bandwidth, 10)
  expect(found.score).toBeCloseTo(left_out, 9)
  for (const [k, curve] of curves.entries())
    for (const [g, value] of curve.entries()) expect(found.curves[k]!.values[g]).toBeCloseTo(value, 9)
})

/** x drives y by an effect that swings, z by a constant one, w not at all. */
function swinging(seed: number, n: number, swing = 1) {
  const draw = random(seed)
  const columns = [0, 1, 2, 3].map(() => new Float64Array(n))
  for (let t = 0; t < n; t++) {
    for (const k of [0, 1, 2]) columns[k]![t] = draw.normal()
    const effect = swing * Math.sin((2 * Math.PI * t) / n)
    columns[3]![t] = effect * (columns[0]![t - 1] ?? 0) + 0.6 * columns[1]![t]! + 0.5 * draw.normal()
  }
  return timeSeries({ columns }, { names: ['x', 'z', 'w', 'y'] })
}

const three: Node[] = [
  [0, -1],
  [1, 0],
  [2, 0],
]

describe.each(['splines', 'kernel'] as const)('truth: %s', (method) => {
  test('curves, bands and tests', async () => {
    const n = 300
    const found = await varyingCoefficients(swinging(1, n), { target: 3, causes: three, method })
    const [, x, z, w] = found.curves
    const truth = found.grid.map((t) => Math.sin((2 * Math.PI * t) / n))
    const inside = (curve: typeof x, of: (g: number) => number, band: 'pointwise' | 'simultaneous'): number =>
      found.grid.reduce((count, _, g) => {
        const { lower, upper } = curve![band]
        return count + (lower[g]! <= of(g) && of(g) <= upper[g]! ? 1 : 0)
      }, 0) / found.grid.length
    expect(inside(x, (g) => truth[g]!, 'simultaneous')).toBeGreaterThan(0.9)
    expect(inside(z, () => 0.6, 'simultaneous')).toBe(1)
    expect(inside(w, () => 0, 'pointwise')).toBeGreaterThan(0.8)
    expect(x!.constancy!.pValue).toBeLessThan(0.01)
    expect(z!.constancy!.pValue).toBeGreaterThan(0.02)
    expect(x!.name).toBe('x@-1')
    expect(found.explained).toBeGreaterThan(0.5)
    for (let g = 0; g < 101; g++) expect(x!.simultaneous.upper[g]!).toBeGreaterThanOrEqual(x!.pointwise.upper[g]!)
    if (method === 'splines') {
      expect(z!.absence!.pValue).toBeLessThan(1e-6)
      expect(w!.absence!.pValue).toBeGreaterThan(0.01)
    }
  })
})

test('tests of constancy hold their level', async () => {
  let small = 0
  for (let seed = 0; seed < 60; seed++) {
    const found = await varyingCoefficients(swinging(100 + seed, 150, 0), {
      ...{ target: 3, causes: [[1, 0]], segments: 6, draws: 100, grid: [10, 100] },
    })
    if (found.curves[1]!.constancy!.pValue < 0.1) small++
  }
  expect(small).toBeLessThan(17)
})

test('simultaneous bands hold whole curves', async () => {
  let held = 0
  for (let seed = 0; seed < 24; seed++) {
    const found = await varyingCoefficients(swinging(200 + seed, 160), {
      ...{
        target: 3,
        causes: [
          [0, -1],
          [1, 0],
        ],
        segments: 8,
        draws: 300,
        grid: Array.from({ length: 20 }, (_, g) => 1 + 8 * g),
      },
    })
    const { lower, upper } = found.curves[1]!.simultaneous
    const truth = found.grid.map((t) => Math.sin((2 * Math.PI * t) / 160))
    if (truth.every((value, g) => lower[g]! <= value && value <= upper[g]!)) held++
  }
  expect(held).toBeGreaterThanOrEqual(19)
})

test('redrawn series say what the F distribution says', async () => {
  const options = {
    target: 3,
    causes: [
      [0, -1],
      [1, 0],
    ] as Node[],
    segments: 5,
    draws: 100,
  }
  const found = await varyingCoefficients(swinging(3, 150), { ...options, bootstraps: 24 })
  expect(found.curves[1]!.constancy).toMatchObject({ method: 'bootstrap', pValue: 1 / 25 })
  const quick = await varyingCoefficients(swinging(3, 150), options)
  expect(Math.abs(found.curves[2]!.constancy!.pValue - quick.curves[2]!.constancy!.pValue)).toBeLessThan(0.15)
  const again = await varyingCoefficients(swinging(3, 150), { ...options, bootstraps: 24 })
  expect(again.curves).toEqual(found.curves)
})

test('several data sets, gaps, a constant intercept', async () => {
  const whole = swinging(5, 200)
  const columns = whole.datasets[0]!.columns
  const parts = timeSeries(
    [
      { columns: columns.map((column) => column.subarray(0, 120)) },
      {
        columns: columns.map((column, k) => column.subarray(120).map((v, i) => (k === 1 && i === 9 ? Number.NaN : v))),
        offset: 120,
      },
    ],
    { names: whole.names },
  )
  const found = await varyingCoefficients(parts, { target: 3, causes: three.slice(0, 2), varyingIntercept: false })
  expect(found.samples).toBe(119 + 79 - 1)
  expect(found.grid[100]).toBe(199)
  expect(found.curves[0]!.freedom).toBeCloseTo(1, 1)
  expect(new Set(found.curves[0]!.values).size).toBe(1)
  expect(found.curves[1]!.constancy!.pValue).toBeLessThan(0.01)
})

test('autocorrelated residuals are told of', async () => {
  const draw = random(7)
  let level = 0
  const y = Array.from({ length: 300 }, () => {
    level = 0.9 * level + draw.normal()
    return level
  })
  const x = y.map(() => draw.normal())
  const told: string[] = []
  const found = await varyingCoefficients(timeSeries({ columns: [x, y] }), {
    ...{ target: 1, causes: [[0, 0]], segments: 4 },
    onWarning: ({ tag }) => told.push(tag),
  })
  expect(found.warnings[0]?.tag).toBe('AutocorrelatedResiduals')
  expect(told).toEqual(['AutocorrelatedResiduals'])
})

describe('bad input', () => {
  const wide = swinging(9, 60)
  const ask = (options: Partial<VaryingOptions>, of = wide) =>
    varyingCoefficients(of, { target: 3, causes: three, ...options })
  const column = (make: (i: number) => number): number[] => Array.from({ length: 60 }, (_, i) => make(i))
  const noise = column((i) => Math.sin(i * i))

  test.each<[string, Partial<VaryingOptions>]>([
    ['NoCauses', { causes: [] }],
    ['BadNode', { causes: [[7, 0]] }],
    ['BadGrid', { grid: [-4] }],
    ['BadSmoothness', { smoothness: [1, -1, 1, 1] }],
    ['BadBandwidth', { method: 'kernel', bandwidth: -1 }],
    ['TooFewSamples', { method: 'kernel', bandwidth: 2 }],
    ['TooFewSamples', { segments: 60 }],
    ['BadCount', { segments: 0 }],
    ['BadLevel', { level: 2 }],
  ])('%s', async (tag, options) => {
    await expect(ask(options)).rejects.toMatchObject({ tag })
  })

  test('constant, collinear, missing', async () => {
    const with3 = (third: number[]) =>
      timeSeries({ columns: [noise, noise.map((v) => 2 * v), third, noise.toReversed()] })
    await expect(ask({}, with3(column(() => 4)))).rejects.toMatchObject({ tag: 'ConstantVariable' })
    const same: Node[] = [
      [0, 0],
      [1, 0],
    ]
    await expect(ask({ causes: same }, with3(noise))).rejects.toMatchObject({ tag: 'CollinearVariables' })
    await expect(ask({}, with3(column(() => Number.NaN)))).rejects.toMatchObject({ tag: 'NoSamples' })
  })

  test('can be stopped', async () => {
    await expect(ask({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'Cancelled' })
  })
})
