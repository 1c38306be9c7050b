import { describe, expect, test } from 'vitest'
import { causalityTest, instantaneousTest, pairTests, whiteness } from '../../src/granger/causality.ts'
import { type Criterion, fitVar, selectOrder, sigmaOf } from '../../src/granger/var-model.ts'
import { timeSeries } from '../../src/series/series.ts'
import { allNear, golden, near, sameTest } from './golden.ts'

describe.each(golden.var)('a model of order $order equals that of statsmodels', (expected) => {
  const series = timeSeries({ columns: expected.series })
  const model = fitVar(series, expected.order)

  test('coefficients, covariance, criteria, roots', () => {
    allNear(model.intercepts, expected.intercepts)
    allNear(model.coefficients, expected.coefficients)
    allNear(sigmaOf(model), expected.sigma)
    for (const name of ['aic', 'bic', 'hq', 'fpe'] as const) near(model.criteria[name], expected.criteria[name]!)
    near(model.spectralRadius, expected.radius)
    expect(model.stable).toBe(true)
  })

  test('the order by all criteria', () => {
    const choice = selectOrder(series, { maxOrder: expected.maxOrder })
    expect(choice.chosen).toEqual(expected.chosen)
    for (const name of Object.keys(expected.tables) as Criterion[])
      allNear(choice.criteria[name], expected.tables[name]!)
  })

  test('causality of sets, F and Wald', () => {
    for (const { causing, caused, f, wald } of expected.causality) {
      const found = causalityTest(model, causing, caused)
      sameTest(found.f, f)
      sameTest(found.wald, wald)
    }
  })

  test('instantaneous causality', () => {
    for (const { some, ...wald } of expected.instantaneous) sameTest(instantaneousTest(model, some), wald)
    for (const some of [[], [0, 1, 2], [5]])
      expect(() => instantaneousTest(model, some)).toThrow(expect.objectContaining({ tag: 'BadNode' }))
  })

  test('whiteness of residuals', () => {
    for (const { lags, adjusted, ...portmanteau } of expected.whiteness)
      sameTest(whiteness(model, lags, adjusted), portmanteau)
  })

  test('pairs by grangercausalitytests', () => {
    for (const { cause, effect, ...tests } of expected.pairs) {
      const pair = fitVar(series, expected.order, { variables: [effect, cause] })
      const found = pairTests(pair, 1, 0)
      sameTest(found.f, tests.f)
      sameTest(found.chi2, tests.chi2)
      sameTest(found['likelihood-ratio'], tests['likelihood-ratio'])
      sameTest(found.wald, causalityTest(pair, [1], [0]).wald)
      sameTest(found['f-system'], causalityTest(pair, [1], [0]).f)
    }
  })
})

const columns = golden.var[0]!.series

describe('rows', () => {
  test('never cross data sets', () => {
    const cut = columns.map((column) => [column.slice(0, 80), column.slice(80)])
    const parts = timeSeries([0, 1].map((part) => ({ columns: cut.map((both) => both[part]!) })))
    const gap = timeSeries({ columns: cut.map(([a, b]) => [...a!, Number.NaN, Number.NaN, Number.NaN, ...b!]) })
    const [two, one] = [fitVar(parts, 2), fitVar(gap, 2)]
    expect(two.count).toBe(180 - 4)
    expect(one.count).toBe(two.count)
    allNear(two.coefficients, one.coefficients, 1e-12)
    sameTest(whiteness(two, 5), whiteness(one, 5))
  })

  test('with missing values are left out', () => {
    const holes = columns.map((column, i) => column.map((value, t) => (t % 37 === 5 * i ? Number.NaN : value)))
    const model = fitVar(timeSeries({ columns: holes }), 1)
    const whole = columns[0]!
      .map((_, t) => t)
      .filter((t) => t > 0 && holes.every((c) => !Number.isNaN(c[t]! + c[t - 1]!)))
    expect(model.count).toBe(whole.length)
    for (const value of model.coefficients) expect(value).not.toBeNaN()
  })

  test('whose masked past or present is unwanted are left out', () => {
    const masks = columns.map((column, i) => column.map((_, t) => i === 0 && t < 50))
    const series = timeSeries({ columns, masks })
    expect(fitVar(series, 1).count).toBe(179)
    expect(fitVar(series, 1, { maskType: 'y' }).count).toBe(130)
    expect(fitVar(series, 1, { maskType: 'x' }).count).toBe(129)
  })
})

describe('what cannot be fitted is said', () => {
  const rejects = (data: readonly (readonly number[])[], order: number): (() => void) => {
    const series = timeSeries({ columns: data }, { names: data.map((_, i) => 'abcdef'[i]!) })
    return () => fitVar(series, order)
  }
  const [x, y, z] = columns as [number[], number[], number[]]

  test.each<[string, readonly (readonly number[])[], number, string, RegExp]>([
    ['constant', [x, x.map(() => 3)], 1, 'ConstantVariable', /b@-1 is constant/],
    ['collinear', [x, y, x.map((v, t) => 2 * v - y[t]!)], 1, 'CollinearVariables', /c@-1 .* a@-1, b@-1/],
    ['copied with a lag', [x.slice(1), x.slice(0, -1)], 2, 'CollinearVariables', /a@-2 .* b@-1/],
    ['determined', [x.slice(1), x.slice(0, -1)], 1, 'PerfectFit', /^b follows/],
    ['short', [x.slice(0, 9), y.slice(0, 9), z.slice(0, 9)], 2, 'TooFewSamples', /7 samples .* 8/],
    ['order 0', [x, y], 0, 'BadOrder', /not 0/],
    ['missing', [x, y.map(() => Number.NaN)], 1, 'NoSamples', /b@/],
  ])('%s', (_, data, order, tag, message) => {
    expect(rejects(data, order)).toThrow(expect.objectContaining({ tag, message: expect.stringMatching(message) }))
  })

  test('vectors, lags and sets', () => {
    const vectors = timeSeries({ columns }, { vectors: [[[0, 0]], [[1, 0], [2, 0]]] }) // biome-ignore format: short
    expect(() => fitVar(vectors, 1)).toThrow(expect.objectContaining({ tag: 'VectorVariable' }))
    const model = fitVar(timeSeries({ columns }), 3)
    expect(() => whiteness(model, 3)).toThrow(expect.objectContaining({ tag: 'BadLags' }))
    expect(() => causalityTest(model, [3], [0])).toThrow(expect.objectContaining({ tag: 'BadNode' }))
    expect(() => causalityTest(model, [], [0])).toThrow(expect.objectContaining({ tag: 'BadNode' }))
  })
})
