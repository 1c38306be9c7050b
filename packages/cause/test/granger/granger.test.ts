import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantaneousTest } from '../../src/granger/causality.ts'
import { granger } from '../../src/granger/granger.ts'
import { chosenOrder, fitVar, selectOrder } from '../../src/granger/var-model.ts'
import { timeSeries } from '../../src/series/series.ts'
import { studentT } from '../../src/statistics/distributions.ts'
import { benjaminiHochberg } from '../../src/statistics/false-discovery.ts'
import { allNear, golden, near, sameTest } from './golden.ts'

const [first] = golden.var
const series = timeSeries({ columns: first!.series }, { names: ['a', 'b', 'c'] })

/** a -> b at lag 1, b -> c at lag 2; autocorrelation as given, each step with normal noise. */
function coupled(steps: number, autocorrelation: number, seed: number): Float64Array[] {
  const draw = random(seed)
  const all = [0, 1, 2].map(() => new Float64Array(steps + 200))
  const [a, b, c] = all as [Float64Array, Float64Array, Float64Array]
  for (let t = 2; t < steps + 200; t++) {
    a[t] = autocorrelation * a[t - 1]! + draw.normal()
    b[t] = autocorrelation * b[t - 1]! + 0.3 * a[t - 1]! + draw.normal()
    c[t] = autocorrelation * c[t - 1]! + 0.3 * b[t - 2]! + draw.normal()
  }
  return all.map((column) => column.slice(200))
}

describe('the search', () => {
  test('holds coefficients with Student t of the fitted model, [cause][effect][lag]', async () => {
    for (const { order, coefficients, t } of golden.var) {
      const df = 180 - order - 3 * order - 1
      const found = await granger(series, { order, value: 'coefficient' })
      const partial = await granger(series, { order })
      const squared = await granger(series, { order, value: 'f' })
      expect(found.tauMax).toBe(order)
      for (let lag = 0; lag < order; lag++)
        for (let effect = 0; effect < 3; effect++)
          for (let cause = 0; cause < 3; cause++) {
            const own = t[lag * 3 + cause]![effect]!
            near(found.values.get(cause, effect, lag + 1), coefficients[(lag * 3 + effect) * 3 + cause]!)
            near(partial.values.get(cause, effect, lag + 1), own / Math.sqrt(own * own + df))
            near(squared.values.get(cause, effect, lag + 1), own * own)
            near(found.pValues.get(cause, effect, lag + 1), 2 * studentT(df).sf(Math.abs(own)))
            const linked = found.pValues.get(cause, effect, lag + 1) <= 0.05
            expect(found.graph.get(cause, effect, lag + 1)).toBe(linked ? '-->' : '')
          }
      for (let i = 0; i < 9; i++) expect(found.pValues.data[i * (order + 1)]).toBe(1)
    }
  })

  test('of pairs equals grangercausalitytests', async () => {
    for (const { order, pairs } of golden.var) {
      const found = await granger(series, { order, conditional: false, test: 'chi2', links: 'pair' })
      expect(found.model).toBeUndefined()
      for (const { cause, effect, ...tests } of pairs) {
        const pair = found.pairs.find((p) => p.cause === 'abc'[cause] && p.effect === 'abc'[effect])!
        sameTest(pair.tests.f, tests.f)
        sameTest(pair.tests.chi2, tests.chi2)
        expect(pair.pValue).toBe(pair.tests.chi2.pValue)
        near(pair.strength * (180 - order), tests['likelihood-ratio'].statistic)
        for (let tau = 1; tau <= order; tau++) expect(found.pValues.get(cause, effect, tau)).toBe(pair.pValue)
      }
    }
  })

  test('lag 0, where that is asked for, is the correlation of residuals', async () => {
    const found = await granger(series, { order: 2, instantaneous: true, fdr: 'fdr-bh', bootstraps: 5 })
    const pair = fitVar(series, 2, { variables: [0, 1] })
    const alone = await granger(series, { order: 2, instantaneous: true, conditional: false })
    near(alone.pValues.get(0, 1, 0), instantaneousTest(pair, [0]).pValue)
    near(
      alone.values.get(1, 0, 0),
      pair.residualProducts[1]! / Math.sqrt(pair.residualProducts[0]! * pair.residualProducts[3]!),
    )
    expect(found.tauMin).toBe(0)
    expect(found.values.get(0, 1, 0)).toBe(found.values.get(1, 0, 0))
    expect([found.graph.get(0, 1, 0), found.graph.get(1, 0, 0)]).toEqual(['o-o', 'o-o'])
    expect(found.qValues!.get(0, 1, 0)).toBeGreaterThanOrEqual(found.pValues.get(0, 1, 0))
    expect(found.intervals!.lower.get(0, 1, 0)).toBeGreaterThan(0)
    expect((await granger(series, { order: 2 })).graph.get(0, 1, 0)).toBe('')
  })

  test('finds true links under autocorrelation, and no others', async () => {
    const strong = timeSeries({ columns: coupled(1000, 0.9, 4) }, { names: ['a', 'b', 'c'] })
    const { graph, model, whiteness, warnings, assumptions } = await granger(strong, { order: 'bic', alpha: 0.001 })
    expect(model!.order).toBe(2)
    const links = graph.nested().map((row) => row.map((lags) => lags.flatMap((link, tau) => (link ? [tau] : []))))
    expect(links).toEqual([
      [[1], [1], []],
      [[], [1], [2]],
      [[], [], [1]],
    ])
    expect(whiteness!.pValue).toBeGreaterThan(0.01)
    expect(warnings).toEqual([])
    expect(assumptions.join(' ')).toMatch(/All common causes/)
    const pairs = await granger(strong, { order: 2, conditional: false, alpha: 0.001, links: 'pair' })
    expect(pairs.graph.get(1, 2, 2)).toBe('-->')
    expect(pairs.graph.get(1, 2, 1)).toBe('')
    // Without b, a causes c.
    expect(pairs.pairs.find((p) => p.cause === 'a' && p.effect === 'c')!.pValue).toBeLessThan(0.001)
  })

  test('false positives on white noise are as rare as alpha says', async () => {
    let [links, tests] = [0, 0]
    let joint = 0
    for (let run = 0; run < 150; run++) {
      const draw = random(run)
      const columns = [0, 1, 2, 3].map(() => Float64Array.from({ length: 100 }, () => draw.normal()))
      const { graph, pairs } = await granger(timeSeries({ columns }), { order: 2 })
      links += graph.links.filter((link) => link === '-->').length
      tests += 32
      joint += pairs.filter(({ pValue }) => pValue <= 0.05).length / (150 * 12)
    }
    expect(links / tests).toBeGreaterThan(0.04)
    expect(links / tests).toBeLessThan(0.06)
    expect(Math.abs(joint - 0.05)).toBeLessThan(0.01)
  })

  test('intervals by blocks of steps hold the values', async () => {
    const found = await granger(series, { order: 2, value: 'coefficient', bootstraps: 60, seed: 3 })
    const again = await granger(series, { order: 2, value: 'coefficient', bootstraps: 60, seed: 3 })
    expect(again.intervals).toEqual(found.intervals)
    const { lower, upper } = found.intervals!
    const inside = [...found.values.data.keys()].filter(
      (k) => lower.data[k]! <= found.values.data[k]! && found.values.data[k]! <= upper.data[k]!,
    )
    expect(inside.length).toBeGreaterThanOrEqual(found.values.data.length - 2)
    expect(upper.get(0, 1, 1)).toBeGreaterThan(lower.get(0, 1, 1))
  })

  test('corrects for the number of tests', async () => {
    const found = await granger(series, { order: 2, fdr: 'fdr-bh' })
    const cross = [0, 1, 2].flatMap((i) =>
      [0, 1, 2].filter((j) => j !== i).flatMap((j) => [1, 2].map((t) => [i, j, t])),
    )
    const q = benjaminiHochberg(cross.map(([i, j, t]) => found.pValues.get(i!, j!, t!)))
    for (const [at, [i, j, t]] of cross.entries()) expect(found.qValues!.get(i!, j!, t!)).toBe(q[at])
    const joint = await granger(series, { order: 2, fdr: 'fdr-bh', links: 'pair' })
    const pairs = benjaminiHochberg(joint.pairs.map(({ pValue }) => pValue))
    for (const [at, { cause, effect }] of joint.pairs.entries())
      for (const tau of [1, 2])
        expect(joint.qValues!.get('abc'.indexOf(cause), 'abc'.indexOf(effect), tau)).toBe(pairs[at])
  })
})

test('many variables: a criterion tries no more lags than coefficients have samples for', async () => {
  const draw = random(9)
  const columns = Array.from({ length: 20 }, () => Float64Array.from({ length: 400 }, () => draw.normal()))
  const many = timeSeries({ columns })
  // Near the largest order that can be fitted Akaike's criterion falls without end.
  expect(selectOrder(many).chosen.aic).toBeGreaterThan(4)
  const { tauMax } = await granger(many)
  expect(tauMax).toBeLessThanOrEqual(4)
  expect(chosenOrder(many, 'bic', { maxOrder: 3 })).toEqual({ order: 1, none: true })
  expect(chosenOrder(many, 7, {})).toEqual({ order: 7, none: false })
})

describe('what a user should know', () => {
  test('constant variables, no lags, trends', async () => {
    const [x, y] = first!.series
    const flat = timeSeries({ columns: [x!, x!.map(() => 2), y!] }, { names: ['x', 'flat', 'y'] })
    const found = await granger(flat, { order: 1 })
    expect(found.warnings).toContainEqual({ tag: 'ConstantVariable', message: 'flat is constant and was left out' })
    expect(found.values.get(1, 0, 1)).toBe(0)
    expect(found.pValues.get(0, 1, 1)).toBe(1)
    for (const value of [...found.values.data, ...found.pValues.data]) expect(value).not.toBeNaN()
    const draw = random(1)
    const noise = [0, 1].map(() => Float64Array.from({ length: 200 }, () => draw.normal()))
    const none = await granger(timeSeries({ columns: noise }), { order: 'bic' })
    expect(none.warnings.map(({ tag }) => tag)).toContain('NoLags')
    const growing = [0, 1].map(() => Float64Array.from({ length: 100 }, (_, t) => 1.05 ** t + draw.normal()))
    const trend = await granger(timeSeries({ columns: growing }), { order: 1, conditional: false })
    expect(trend.warnings.map(({ tag }) => tag)).toContain('NotStationary')
  })

  test('residuals that are not white', async () => {
    const draw = random(5)
    const x = new Float64Array(400)
    for (let t = 3; t < 400; t++) x[t] = 0.7 * x[t - 3]! + draw.normal()
    const { warnings } = await granger(timeSeries({ columns: [x, x.map(() => draw.normal())] }), { order: 1 })
    expect(warnings.map(({ tag }) => tag)).toEqual(['ResidualsNotWhite'])
  })

  test('progress and cancellation', async () => {
    const told: number[] = []
    await granger(series, { order: 1, bootstraps: 3, onProgress: ({ fraction }) => told.push(fraction) })
    expect(told.at(-1)).toBe(1)
    const stop = new AbortController()
    stop.abort()
    await expect(granger(series, { order: 1, signal: stop.signal })).rejects.toThrow(
      expect.objectContaining({ tag: 'Cancelled' }),
    )
    await expect(granger(timeSeries({ columns: [[1, 1, 1]] }))).rejects.toThrow(
      expect.objectContaining({ tag: 'NoVariables' }),
    )
  })
})

test('tests do not change with the units of the variables', async () => {
  const unit = fc.record({
    scale: fc.constantFrom(1e-6, 0.1, 3, 1e5),
    shift: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
  })
  const expected = await granger(series, { order: 2 })
  await fc.assert(
    fc.asyncProperty(fc.tuple(unit, unit, unit), async (units) => {
      const columns = first!.series.map((column, v) =>
        column.map((value) => (value + units[v]!.shift * 1e-3) * units[v]!.scale),
      )
      const found = await granger(timeSeries({ columns }), { order: 2 })
      for (const [at, value] of found.values.data.entries()) near(value, expected.values.data[at]!, 1e-7)
      for (const [at, { pValue }] of found.pairs.entries()) near(pValue, expected.pairs[at]!.pValue, 1e-7)
    }),
    { numRuns: 20 },
  )
})

test('corrected p-values are never smaller, keep the order and are at most 1', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }), (pValues) => {
      const q = benjaminiHochberg(pValues)
      for (const [i, p] of pValues.entries()) {
        expect(q[i]).toBeGreaterThanOrEqual(p)
        expect(q[i]).toBeLessThanOrEqual(1)
        for (const [j, other] of pValues.entries()) if (p <= other) expect(q[i]!).toBeLessThanOrEqual(q[j]!)
      }
    }),
  )
  allNear(benjaminiHochberg([0.01, 0.04, 0.03, 0.5]), [0.04, 0.16 / 3, 0.16 / 3, 0.5], 1e-15)
})
