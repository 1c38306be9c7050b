import type { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { bootstrapped, intervalOf, percentile, spreadOf } from '../../src/effects/bootstrap.ts'
import { effectMatrices } from '../../src/effects/effect-matrices.ts'
import { fitLinearMediation, LinearMediation, mediationIntervals } from '../../src/effects/linear-mediation.ts'
import { fitNaturalEffects } from '../../src/effects/natural-effects.ts'
import { givenCoefficients, pathCoefficients, pathEffects } from '../../src/effects/path-effects.ts'
import { fitPredictor } from '../../src/effects/prediction.ts'
import { effectQuery } from '../../src/effects/query.ts'
import { kernelRidge } from '../../src/effects/regressors/kernel-ridge.ts'
import { linear } from '../../src/effects/regressors/linear.ts'
import { fitTotalEffect } from '../../src/effects/total-effect.ts'
import { type Node, timeSeries } from '../../src/series/series.ts'
import { type LinkRow, linkGraph } from './graphs.ts'
import { graphOfProcess, type Process, simulate } from './simulate.ts'

const tagOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return (error as InputError).tag
  }
  return 'none'
}

/** x --> m --> y and x --> y. */
const triangle: Process = {
  names: ['x', 'm', 'y'],
  terms: [
    [[[0, -1], 0.4]],
    [[[0, -1], 0.7]],
    [
      [[1, 0], 0.5],
      [[0, -1], 0.2],
    ],
  ],
}
const series = simulate(triangle, 600, 1)
const graph = graphOfProcess(triangle)
const query = effectQuery(graph, { kind: 'stationary-dag', from: [[0, -1]], to: [[2, 0]] })
const parents: Node[][] = triangle.terms.map((own) => own.map(([node]) => node))

/** Coefficients of three variables up to lag 2, without circles at lag 0. */
const coefficients = fc
  .array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 27, maxLength: 27 })
  .map((values) => {
    const out = new LagArray(3, 2)
    for (let i = 0, k = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        for (let tau = 0; tau < 3; tau++, k++) if (tau > 0 || i < j) out.set(i, j, tau, values[k]!)
    return out
  })

describe('effects of coefficients', () => {
  test('are what a pulse leaves behind', () => {
    fc.assert(
      fc.property(coefficients, fc.integer({ min: 0, max: 2 }), (phi, source) => {
        const psi = effectMatrices(phi)
        const pulse = Array.from({ length: 3 }, () => [0, 0, 0])
        for (let t = 0; t < 3; t++)
          for (let j = 0; j < 3; j++) {
            let value = t === 0 && j === source ? 1 : 0
            for (let i = 0; i < 3; i++) for (let s = 0; s <= t; s++) value += phi.get(i, j, s) * pulse[t - s]![i]!
            pulse[t]![j] = value
          }
        for (let t = 0; t < 3; t++)
          for (let j = 0; j < 3; j++) expect(Math.abs(psi.get(source, j, t) - pulse[t]![j]!)).toBeLessThan(1e-12)
      }),
    )
  })

  test('direct and mediated parts make up the whole', () => {
    fc.assert(
      fc.property(coefficients, (phi) => {
        const model = new LinearMediation(phi)
        for (let tau = 0; tau < 3; tau++) {
          const through = model.mediated(0, tau, 2, [1])
          const apart = model.mediatedButNot(0, tau, 2, [1], [0])
          const self = model.effect(0, tau, 2) - model.effectsWithout([0]).get(0, 2, tau)
          expect(model.mediated(0, tau, 2, [0, 1])).toBeCloseTo(self + apart, 10)
          expect(model.effect(0, tau, 2) - through).toBeCloseTo(model.effectsWithout([1]).get(0, 2, tau), 12)
        }
        expect(model.averageEffects().length).toBe(3)
        expect(Math.max(...model.averageEffects({ lags: 'all' }))).toBeLessThanOrEqual(
          Math.max(...model.averageEffects()),
        )
      }),
    )
  })

  test('are those of paths in the graph', () => {
    const mediation = fitLinearMediation(series, parents, { standardize: false })
    const links = parents.map((own, j) =>
      own.map((node) => [node, mediation.coefficient(node[0], node[1], j)] as const),
    )
    const along = givenCoefficients(query, links)
    expect(pathEffects(query, along)[0]![0]).toBeCloseTo(mediation.effect(0, 1, 2), 12)
    expect(pathEffects(query, along, 'direct')[0]![0]).toBeCloseTo(mediation.coefficient(0, 1, 2), 12)
    expect(pathEffects(query, along, [[1, 0]])[0]![0]).toBeCloseTo(mediation.mediated(0, 1, 2, [1]), 12)
  })

  test('circles without lag that have no solution are refused', () => {
    const phi = new LagArray(2, 0)
    phi.set(0, 1, 0, 1)
    phi.set(1, 0, 0, 1)
    expect(tagOf(() => effectMatrices(phi))).toBe('CyclicGraph')
  })
})

describe('linear mediation of series', () => {
  test('what does not fit is refused', () => {
    expect(tagOf(() => fitLinearMediation(series, parents.slice(1)))).toBe('BadVariables')
    expect(tagOf(() => fitLinearMediation(series, [[[0, -3]], [], []], { tauMax: 2 }))).toBe('BadLags')
    const short = timeSeries({ columns: [1, 2, 3].map((k) => [1, 2, 3, 4].map((v) => Math.cos(k * v))) })
    expect(
      tagOf(() =>
        fitLinearMediation(short, [
          [
            [0, -1],
            [1, -1],
            [2, -1],
          ],
          [],
          [],
        ]),
      ),
    ).toBe('TooFewSamples')
    expect(tagOf(() => fitLinearMediation(series, parents).effect(0, 9, 1))).toBe('BadLags')
  })

  test('collinear parents are warned of, variables without parents have no effects on them', () => {
    const [x, m, y] = series.datasets[0]!.columns
    const twins = timeSeries({ columns: [x!, x!.slice(), y!, m!] })
    const model = fitLinearMediation(twins, [
      [],
      [],
      [
        [0, -1],
        [1, -1],
      ],
      [],
    ])
    expect(model.warnings).toEqual([{ tag: 'Collinear', message: 'the parents of x2 are collinear' }])
    expect(model.effects.data.every(Number.isFinite)).toBe(true)
    expect(model.effect(2, 1, 0)).toBe(0)
  })

  test('intervals hold the estimate and shrink with the level', async () => {
    const ask = (level: number) =>
      mediationIntervals(series, parents, (m) => [m.effect(0, 1, 2)], { draws: 60, blockLength: 5, level })
    const [wide, narrow] = [(await ask(0.95)).intervals[0]!, (await ask(0.5)).intervals[0]!]
    const value = fitLinearMediation(series, parents).effect(0, 1, 2)
    expect(wide.low).toBeLessThan(value)
    expect(wide.high).toBeGreaterThan(value)
    expect(narrow.high - narrow.low).toBeLessThan(wide.high - wide.low)
    expect(narrow.standardError).toBe(wide.standardError)
  })
})

describe('natural effects', () => {
  test('of linear models are those of paths', () => {
    const effects = fitNaturalEffects(query, series, { estimator: linear() })
    const along = pathCoefficients(query, series)
    const direct = pathEffects(query, along, 'direct')[0]![0]!
    const through = pathEffects(query, along, [[1, 0]])[0]![0]!
    expect(Math.abs(effects.direct(0, 1) - direct)).toBeLessThan(0.02)
    expect(Math.abs(effects.indirect(0, 1) - through)).toBeLessThan(0.02)
    expect(effects.total(0, 1)).toBeCloseTo(effects.direct(0, 1) + effects.indirect(0, 1), 9)
    expect(effects.direct(1, 0)).toBeCloseTo(-effects.direct(0, 1), 9)
  })

  test('depend on the reference where the law is bent', () => {
    const bent = simulate(
      {
        ...triangle,
        terms: [
          [],
          [[[0, -1], 1]],
          [
            [[1, 0], 1, (v) => v * v],
            [[0, -1], 0.2],
          ],
        ],
      },
      500,
      4,
    )
    const effects = fitNaturalEffects(query, bent, { estimator: kernelRidge({ alpha: 0.1 }) })
    expect(effects.indirect(0, 1)).toBeGreaterThan(0.4)
    expect(effects.indirect(-1, 0)).toBeLessThan(-0.4)
    expect(Math.abs(effects.direct(0, 1) - 0.2)).toBeLessThan(0.4)
  })

  test('curves per unit, smoothed', () => {
    const effects = fitNaturalEffects(query, series, { estimator: linear() })
    const curve = effects.directCurve({ from: -1, to: 1, steps: 4, width: 3, perUnit: true })
    expect(curve.length).toBe(5)
    // The window ends at three widths, so that its weights sum to a little less than 1.
    for (const value of curve) expect(Math.abs(value / effects.direct(0, 1) - 1)).toBeLessThan(0.01)
  })

  test('what cannot be asked', () => {
    const ask = (options: object, own = query) =>
      tagOf(() => fitNaturalEffects(own, series, { estimator: linear(), ...options }))
    expect(ask({ mediators: [[0, 0]] })).toBe('NoMediators')
    expect(ask({ adjustment: [[1, 0]] })).toBe('InvalidAdjustment')
    const instant = effectQuery(graph, { kind: 'stationary-dag', from: [[1, 0]], to: [[2, 0]] })
    expect(ask({}, instant)).toBe('NoMediators')
    expect(ask({ totalIfUnmediated: true }, instant)).toBe('none')
    const two = effectQuery(graph, {
      kind: 'stationary-dag',
      from: [
        [0, -1],
        [0, -2],
      ],
      to: [[2, 0]],
    })
    expect(ask({}, two)).toBe('BadEffect')
  })
})

describe('adjustment by hand', () => {
  test('valid sets are taken, others refused or, if one insists, used', () => {
    const valid = fitTotalEffect(query, series, { adjustment: [[0, -2]] })
    expect(Math.abs(valid.coefficients![0]![0]! - 0.55)).toBeLessThan(0.15)
    expect(tagOf(() => fitTotalEffect(query, series, { adjustment: [[1, 0]] }))).toBe('InvalidAdjustment')
    const direct = fitTotalEffect(query, series, { adjustment: [[1, 0]], evenIfInvalid: true })
    expect(Math.abs(direct.coefficients![0]![0]! - 0.2)).toBeLessThan(0.15)
  })

  test('interventions have the right size', () => {
    const fit = fitTotalEffect(query, series)
    expect(tagOf(() => fit.predict([[1, 2]]))).toBe('BadIntervention')
    expect(tagOf(() => fit.predict([[1]], { conditions: [[1]] }))).toBe('BadIntervention')
    const given = effectQuery(graph, { kind: 'stationary-dag', from: [[0, -1]], to: [[2, 0]], condition: [[0, -2]] })
    expect(tagOf(() => fitTotalEffect(given, series).predict([[1]]))).toBe('BadIntervention')
    const middle = fit.predict([[0]])[0]![0]!
    const most = fit.predict([[0]], { aggregate: (values) => Math.max(...values) })[0]![0]!
    expect(most).toBeGreaterThan(middle - 1e-9)
  })

  test('another graph’s series', () => {
    const two = timeSeries({
      columns: [
        [1, 2, 3],
        [3, 1, 2],
      ],
    })
    expect(tagOf(() => fitTotalEffect(query, two))).toBe('BadVariables')
    expect(tagOf(() => pathCoefficients(query, two))).toBe('BadVariables')
  })

  test('vectors have one coefficient per component; paths are for single numbers', () => {
    const [x, m, y] = series.datasets[0]!.columns
    const vectors: Node[][] = [
      [
        [0, 0],
        [1, 0],
      ],
      [[2, 0]],
    ]
    const wide = timeSeries({ columns: [x!, m!, y!] }, { vectors })
    const pair = effectQuery(linkGraph(2, 1, [[0, 1, 0, '-->']] as LinkRow[]), {
      kind: 'stationary-dag',
      from: [[0, 0]],
      to: [[1, 0]],
    })
    const fit = fitTotalEffect(pair, wide)
    expect(fit.coefficients![0]!.length).toBe(2)
    expect(fit.predict([[1, 1]]).length).toBe(1)
    expect(tagOf(() => pathCoefficients(pair, wide))).toBe('VectorVariables')
  })
})

describe('bootstrap', () => {
  test('percentiles between order statistics', () => {
    expect([0, 0.25, 0.5, 1].map((share) => percentile([4, 1, 3, 2], share))).toEqual([1, 1.75, 2.5, 4])
    expect(intervalOf([0, 1, 2, 3, 4], 0.5)).toEqual([1, 3])
    expect(spreadOf([1, 3])).toBeCloseTo(Math.SQRT2, 12)
  })

  test('draws that fail are counted; too many are an error', async () => {
    let calls = 0
    const some = await bootstrapped(series, { draws: 10 }, () => {
      if (calls++ === 3) fitLinearMediation(series, [])
      return 1
    })
    expect(some.draws.length).toBe(9)
    expect(some.warnings[0]!.message).toContain('1 of 10')
    await expect(bootstrapped(series, { draws: 10 }, () => fitLinearMediation(series, []))).rejects.toThrow(
      /parents of 0 variables/,
    )
    await expect(bootstrapped(series, { draws: 1 }, () => 1)).rejects.toThrow(/at least 2/)
    await expect(bootstrapped(series, { draws: 3 }, () => Promise.reject)).resolves.toBeDefined()
  })
})

describe('forecasts', () => {
  const steps = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k)
  const predictors = new Map<number, Node[]>([
    [1, [[0, -1]]],
    [0, []],
  ])

  test('beat the mean where there is something to know', () => {
    const made = fitPredictor(series, predictors, { train: steps(0, 400), test: steps(401, 600) })
    const errorOf = (target: number): number => {
      const { predicted, observed } = made.predict(target)
      return observed.reduce((sum, value, i) => sum + (value - predicted[i]!) ** 2, 0) / observed.length
    }
    expect(errorOf(1)).toBeLessThan(1.3)
    expect(new Set(made.predict(0).predicted).size).toBe(1)
    expect(made.predict(1, simulate(triangle, 50, 9)).steps.length).toBe(49)
  })

  test('what goes wrong is said', () => {
    const options = { train: steps(0, 400), test: steps(400, 600) }
    expect(fitPredictor(series, predictors, options).warnings[0]!.tag).toBe('TestOverlapsTraining')
    expect(tagOf(() => fitPredictor(series, predictors, options).predict(2))).toBe('UnknownTarget')
    expect(tagOf(() => fitPredictor(series, predictors, { ...options, tauMax: 0 }))).toBe('BadLags')
    const two = timeSeries([{ columns: [[1, 2]] }, { columns: [[1, 2]] }])
    expect(tagOf(() => fitPredictor(two, new Map(), options))).toBe('SeveralDataSets')
    expect(tagOf(() => fitPredictor(series, predictors, { train: [], test: [] }))).toBe('NoSamples')
  })
})
