/** LiNGAM against the authors' software, and on models whose truth is known. */
import { readFileSync } from 'node:fs'
import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adaptiveLasso, lassoPath } from '../../src/direction/adaptive-lasso.ts'
import type { OrderCriterion } from '../../src/direction/autoregression.ts'
import { causalOrder, directLingam, errorsOf } from '../../src/direction/direct-lingam.ts'
import { independenceOf } from '../../src/direction/error-independence.ts'
import { slopePValues } from '../../src/direction/slope-tests.ts'
import { varLingam } from '../../src/direction/var-lingam.ts'
import { timeSeries } from '../../src/series/series.ts'
import { standardised } from '../../src/statistics/moments.ts'

interface Fitted {
  readonly columns: number[][]
  readonly order: number[]
  readonly matrix: number[][]
}

interface Golden {
  readonly linear: Fitted & { readonly errors: number[][] }
  readonly knowledge: Fitted & { readonly matrix_given: number[][] }
  readonly gauss: Fitted
  readonly lasso: { readonly columns: number[][]; readonly coefficients: number[]; readonly path: number[][] }[]
  readonly series: number[][]
  readonly var: {
    readonly lags: number
    readonly criterion: OrderCriterion | 'none'
    readonly prune: boolean
    readonly order: number[]
    readonly matrices: number[][][]
    readonly errors: number[][]
  }[]
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/direction.json', import.meta.url), 'utf8'),
)
const arrays = (columns: number[][]): Float64Array[] => columns.map((column) => Float64Array.from(column))

function expectMatrix(found: readonly ArrayLike<number>[], expected: number[][], digits = 9): void {
  for (const [i, row] of expected.entries())
    for (const [j, value] of row.entries()) {
      expect(found[i]![j]).toBeCloseTo(value, digits)
      expect(found[i]![j] === 0).toBe(value === 0)
    }
}

describe('DirectLiNGAM against the authors', () => {
  test.each(['linear', 'gauss'] as const)('%s', (name) => {
    const { columns, order, matrix } = golden[name]
    const found = directLingam(arrays(columns))
    expect(found.order).toEqual(order)
    expectMatrix(found.matrix, matrix)
  })

  test('with knowledge of paths', () => {
    const { matrix_given: knowledge, order, matrix } = golden.knowledge
    const found = directLingam(arrays(golden.linear.columns), { knowledge })
    expect(found.order).toEqual(order)
    expectMatrix(found.matrix, matrix)
  })

  test('independence of errors', async () => {
    const columns = arrays(golden.linear.columns)
    const found = await independenceOf(errorsOf(columns, directLingam(columns)))
    for (const [i, row] of golden.linear.errors.entries())
      for (const [j, value] of row.entries()) if (i !== j) expect(found[i]![j]).toBeCloseTo(value, 9)
  })
})

test('the adaptive lasso and the path of the lasso', () => {
  for (const { columns, coefficients, path } of golden.lasso) {
    const rows = arrays(columns)
    const [predictors, target] = [rows.slice(0, -1), rows.at(-1)!]
    expectMatrix([adaptiveLasso(predictors, target)], [coefficients])
    const found = lassoPath(predictors.map(standardised), standardised(target))
    expect(found.length).toBe(path.length)
    for (const [k, knot] of path.entries())
      for (const [j, value] of knot.entries()) expect(found[k]![j]).toBeCloseTo(value, 9)
  }
})

describe('VAR-LiNGAM against the authors', () => {
  const series = timeSeries({ columns: golden.series })
  test.each(golden.var.map((row) => [`${row.lags} lags, ${row.criterion}, prune ${row.prune}`, row] as const))(
    '%s',
    async (_, { lags, criterion, prune, order, matrices, errors }) => {
      const found = await varLingam(series, { tauMax: lags, criterion, prune, intercept: false })
      expect(found.order).toEqual(order)
      expect(found.lags).toBe(matrices.length - 1)
      for (const [tau, matrix] of matrices.entries())
        for (const [effect, row] of matrix.entries())
          for (const [cause, value] of row.entries()) expect(found.values.get(cause, effect, tau)).toBeCloseTo(value, 9)
      for (const [i, row] of errors.entries())
        for (const [j, value] of row.entries())
          if (i !== j && !prune) expect(found.errorPValues[i]![j]).toBeCloseTo(value, 8)
    },
  )
})

describe('truth', () => {
  /** Uniform noise, three variables 2 -> 0 -> 1 and a lag from 1 to 2, not centred. */
  function made(seed: number, steps: number): number[][] {
    const draw = random(seed)
    const columns = [0, 1, 2].map(() => new Array<number>(steps).fill(0))
    const noise = (): number => 2 * draw.uniform() - 1
    for (let t = 1; t < steps; t++) {
      columns[2]![t] = 5 + 0.5 * (columns[1]![t - 1]! - 3) + noise()
      columns[0]![t] = 0.8 * columns[2]![t]! + noise()
      columns[1]![t] = -0.7 * columns[0]![t]! + 0.3 * columns[1]![t - 1]! + noise()
    }
    return columns.map((column) => column.slice(50))
  }

  test('links, lags, p-values and confidence', async () => {
    const found = await varLingam(timeSeries({ columns: made(1, 900) }), { tauMax: 2, bootstraps: 20 })
    expect(found.order).toEqual([2, 0, 1])
    expect(found.graph.get(2, 0, 0)).toBe('-->')
    expect(found.graph.get(0, 2, 0)).toBe('<--')
    expect(found.values.get(2, 0, 0)).toBeCloseTo(0.8, 1)
    expect(Math.abs(found.values.get(0, 1, 0) + 0.7)).toBeLessThan(0.12)
    expect(found.values.get(1, 2, 1)).toBeCloseTo(0.5, 1)
    expect(found.pValues.get(1, 2, 1)).toBeLessThan(1e-10)
    expect(found.pValues.get(0, 2, 0)).toBe(1)
    expect(found.confidence!.get(2, 0, 0)).toBeGreaterThan(0.9)
    expect(found.confidence!.get(0, 2, 0)).toBeLessThan(0.1)
    expect(found.warnings).toEqual([])
  })

  test('what a linear model cannot say shows in the errors', async () => {
    const draw = random(4)
    const columns: number[][] = [[], []]
    for (let t = 0; t < 600; t++) {
      const hidden = (draw.uniform() - 0.5) * 4
      columns[0]!.push(hidden + draw.uniform())
      columns[1]!.push(hidden ** 2 + draw.uniform())
    }
    const found = await varLingam(timeSeries({ columns }, { names: ['a', 'b'] }))
    expect(found.warnings[0]?.tag).toBe('DependentErrors')
  })

  test('a run can be stopped, and tells how far it is', async () => {
    const stop = new AbortController()
    const fractions: number[] = []
    const run = varLingam(timeSeries({ columns: made(2, 400) }), {
      bootstraps: 2000,
      signal: stop.signal,
      onProgress: ({ fraction }) => {
        fractions.push(fraction)
        if (fractions.length === 3) stop.abort()
      },
    })
    await expect(run).rejects.toMatchObject({ name: 'Cancelled' })
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  })
})

describe('properties', () => {
  test('the order does not depend on scales or shifts', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 50, noNaN: true }), { minLength: 6, maxLength: 6 }), (scales) => {
        const columns = arrays(golden.linear.columns).map((column, k) => column.map((v) => scales[k]! * v - scales[k]!))
        expect(causalOrder(columns)).toEqual(golden.linear.order)
      }),
      { numRuns: 15 },
    ))

  test('p-values of slopes are those of one regression at a time for one predictor', () => {
    const [x, y] = [Float64Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(1.1, 1.9, 3.2, 3.8, 5.3, 5.9)]
    // statsmodels OLS: t = 23.42..., df 4.
    expect(slopePValues([x], y)[0]).toBeLessThan(1e-4)
    const flat = slopePValues([x], Float64Array.of(1, -1, 1, -1, 1, -1))[0]!
    expect(flat).toBeGreaterThan(0.5)
  })
})

describe('bad input', () => {
  const noise = (seed: number, n = 40): Float64Array => {
    const draw = random(seed)
    return Float64Array.from({ length: n }, () => draw.uniform())
  }
  const tagged = (tag: string) => expect.objectContaining({ tag })

  test('constant, collinear, too short', () => {
    expect(() => directLingam([noise(1), new Float64Array(40)])).toThrow(tagged('ConstantVariable'))
    expect(() => directLingam([noise(1), noise(1).map((v) => 2 * v + 1)])).toThrow(tagged('CollinearVariables'))
    expect(() => directLingam([noise(1, 3), noise(2, 3)])).toThrow(tagged('TooFewSamples'))
    expect(() => adaptiveLasso([noise(1, 4), noise(2, 4), noise(3, 4)], noise(4, 4))).toThrow(tagged('TooFewSamples'))
  })

  test('knowledge that contradicts itself', () => {
    const columns = [noise(1), noise(2), noise(3)]
    const both = [
      [undefined, 1, undefined],
      [1, undefined, undefined],
      [undefined, undefined, undefined],
    ]
    expect(() => directLingam(columns, { knowledge: both })).toThrow(tagged('BadKnowledge'))
    const circle = [
      [undefined, undefined, 1],
      [1, undefined, undefined],
      [undefined, 1, undefined],
    ]
    expect(() => directLingam(columns, { knowledge: circle })).toThrow(tagged('BadKnowledge'))
    expect(() => directLingam(columns, { knowledge: [[]] })).toThrow(tagged('BadKnowledge'))
  })

  test('series', async () => {
    const of = (columns: Float64Array[], tauMax = 1) => varLingam(timeSeries({ columns }), { tauMax })
    await expect(of([noise(1), new Float64Array(40).fill(3)])).rejects.toMatchObject({ tag: 'ConstantVariable' })
    await expect(of([noise(1), noise(2)], 15)).rejects.toMatchObject({ tag: 'TooFewSamples' })
    await expect(of([noise(1), new Float64Array(40).fill(Number.NaN)])).rejects.toMatchObject({ tag: 'NoSamples' })
    await expect(of([noise(1), noise(1)])).rejects.toMatchObject({ tag: 'CollinearVariables' })
    await expect(of([noise(1)], 0)).rejects.toMatchObject({ tag: 'BadCount' })
    const vectors = timeSeries(
      { columns: [noise(1), noise(2)] },
      {
        vectors: [
          [
            [0, 0],
            [1, 0],
          ],
        ],
      },
    )
    await expect(varLingam(vectors)).rejects.toMatchObject({ tag: 'VectorVariable' })
  })
})
