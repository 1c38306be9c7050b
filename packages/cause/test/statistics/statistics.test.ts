/** Distributions, regressions, ranks and block lengths against SciPy and the reference (oracles/cause/distributions.py). */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { autocorrelation, blockLength, envelope } from '../../src/statistics/autocorrelation.ts'
import { correlationInterval, correlationPValue } from '../../src/statistics/correlation.ts'
import { fitCurve } from '../../src/statistics/curve-fit.ts'
import {
  binomial,
  chiSquared,
  type Distribution,
  fisherF,
  gammaDistribution,
  logChoose,
  normal,
  studentT,
} from '../../src/statistics/distributions.ts'
import { projector, regress } from '../../src/statistics/least-squares.ts'
import { solveLinear } from '../../src/statistics/linear-system.ts'
import { correlation, deviation, dot, mean, standardised, sum } from '../../src/statistics/moments.ts'
import { normalScores } from '../../src/statistics/normal-scores.ts'
import { normalityStatistic } from '../../src/statistics/normality.ts'
import { argsort, ranks, type Ties } from '../../src/statistics/ranks.ts'
import { betaI, digamma, erf, erfc, gamma, gammaP, gammaQ, logBeta, logGamma } from '../../src/statistics/special.ts'

interface Continuous {
  points: [number[], number, number, number, number][]
  quantiles: [number[], number, number][]
}
interface Goldens extends Record<'studentT' | 'normal' | 'chiSquared' | 'fisherF', Continuous> {
  binomial: number[][]
  binomialQuantiles: number[][]
  gamma: [number, number, number, number][]
  erfc: [number, number, number][]
  correlation: [number, number, number][]
  normality: [number[], number][]
  normalScores: [number[], number[]]
  ranks: Record<Ties, [number[], number[]]>
  leastSquares: { z: number[][]; y: number[]; coefficients: number[]; residuals: number[]; rank: number }[]
  blockLengths: { x: number[]; length: number }[]
}

const goldens: Goldens = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/distributions.json', import.meta.url), 'utf8'),
)

/** Equal but for a relative error; what underflows in one may be tiny in the other. */
function close(found: number, wanted: number, relative: number, what: unknown): void {
  const error = Math.abs(found - wanted) / Math.max(Math.abs(wanted), 1e-300)
  expect(found === wanted || error < relative, `${JSON.stringify(what)}: ${found}, not ${wanted}`).toBe(true)
}

const families: Record<'studentT' | 'normal' | 'chiSquared' | 'fisherF', (parameters: number[]) => Distribution> = {
  studentT: ([df]) => studentT(df!),
  normal: () => normal,
  chiSquared: ([df]) => chiSquared(df!),
  fisherF: ([a, b]) => fisherF(a!, b!),
}

describe.each(Object.keys(families) as (keyof typeof families)[])('%s', (name) => {
  test('density and tails', () => {
    for (const [parameters, x, cdf, sf, density] of goldens[name].points) {
      const own = families[name](parameters)
      close(own.cdf(x), cdf, 1e-12, [name, parameters, x, 'cdf'])
      close(own.sf(x), sf, 1e-12, [name, parameters, x, 'sf'])
      close(own.density(x), density, 1e-11, [name, parameters, x, 'density'])
    }
  })

  test('quantiles', () => {
    for (const [parameters, p, x] of goldens[name].quantiles)
      close(families[name](parameters).quantile(p), x, 2e-10, [name, parameters, p])
  })

  test('ends', () => {
    const own = families[name]([3, 4])
    const [low, high] = [own.quantile(0), own.quantile(1)]
    expect([own.cdf(low), own.sf(low), own.cdf(high), own.sf(high)]).toEqual([0, 1, 1, 0])
    expect(own.quantile(Number.NaN)).toBeNaN()
    expect([own.upperQuantile(1), own.upperQuantile(0)]).toEqual([low, high])
    close(own.sf(own.upperQuantile(1e-100)), 1e-100, 1e-10, name)
  })
})

test('a gamma distribution scales', () => {
  close(gammaDistribution(3, 5).cdf(10), gammaDistribution(3, 1).cdf(2), 1e-14, 'gamma')
  close(gammaDistribution(1, 2).sf(6), Math.exp(-3), 1e-14, 'exponential')
})

test('binomial', () => {
  for (const [n, p, k, cdf, sf, mass] of goldens.binomial as [number, number, number, number, number, number][]) {
    const own = binomial(n, p)
    close(own.cdf(k), cdf, 1e-12, [n, p, k, 'cdf'])
    close(own.sf(k), sf, 1e-12, [n, p, k, 'sf'])
    close(own.mass(k), mass, 1e-12, [n, p, k, 'mass'])
  }
  for (const [n, p, q, k] of goldens.binomialQuantiles) expect(binomial(n!, p!).quantile(q!)).toBe(k)
  const certain = binomial(4, 1)
  expect([certain.mass(4), certain.mass(3), certain.cdf(3), certain.cdf(-1), certain.sf(-1), certain.sf(4)]).toEqual([
    1, 0, 0, 0, 1, 0,
  ])
  close(Math.exp(logChoose(10, 3)), 120, 1e-12, 'choose')
})

test('gamma functions', () => {
  for (const [x, log, psi, value] of goldens.gamma) {
    close(logGamma(x), log, 1e-13, ['logGamma', x])
    close(digamma(x), psi, 1e-13, ['digamma', x])
    close(gamma(Math.min(x, 150)), value, 1e-12, ['gamma', x])
  }
  expect(logGamma(2)).toBe(0)
  close(logGamma(1 + 2 ** -30), -0.5772156649015329 * 2 ** -30, 1e-8, 'near one')
  close(logBeta(2, 3), Math.log(1 / 12), 1e-13, 'logBeta')
})

test('error function', () => {
  for (const [x, complement, value] of goldens.erfc) {
    close(erfc(x), complement, 1e-13, ['erfc', x])
    close(erf(x), value, 1e-13, ['erf', x])
  }
})

test('incomplete functions at and beyond their ends', () => {
  expect([gammaP(2, 0), gammaQ(2, 0), gammaP(2, Infinity), gammaQ(2, Infinity)]).toEqual([0, 1, 1, 0])
  expect([betaI(2, 3, 0), betaI(2, 3, 1)]).toEqual([0, 1])
  expect([gammaP(2, -1), gammaQ(2, -1), betaI(2, 3, -1)]).toEqual([Number.NaN, Number.NaN, Number.NaN])
})

test('the incomplete beta function is its own mirror image', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 300, noNaN: true }),
      fc.double({ min: 0.1, max: 300, noNaN: true }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (a, b, x) => Math.abs(betaI(a, b, x) + betaI(b, a, 1 - x) - 1) < 1e-12,
    ),
  )
})

describe('correlations', () => {
  test('p-values', () => {
    for (const [r, df, p] of goldens.correlation) close(correlationPValue(r, df), p, 1e-11, [r, df])
    expect([correlationPValue(0, 5), correlationPValue(1, 5), correlationPValue(-1, 5)]).toEqual([1, 0, 0])
  })

  test('p-values fall with the size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0, max: 0.99, noNaN: true }), (df, r) => {
        const [nearer, farther] = [correlationPValue(r, df), correlationPValue(-r - 0.01, df)]
        expect(farther).toBeLessThanOrEqual(nearer)
        expect(farther).toBeGreaterThanOrEqual(0)
        expect(nearer).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('intervals hold the value, and nothing else where it is certain', () => {
    const [low, high] = correlationInterval(0.3, 40, 0.9)
    expect(low).toBeLessThan(0.3)
    expect(high).toBeGreaterThan(0.3)
    expect(correlationInterval(1, 40, 0.9)).toEqual([1, 1])
  })

  test('constant rows have none', () => {
    expect(correlation(Float64Array.of(1, 1, 1), Float64Array.of(1, 2, 3))).toBeNaN()
    expect(correlation(Float64Array.of(1, 2, 3), Float64Array.of(2, 4, 6))).toBeCloseTo(1, 15)
  })
})

describe('least squares', () => {
  test.each(goldens.leastSquares.map((one, k) => [k, one] as const))('case %i', (_, { z, y, ...wanted }) => {
    const rows = z.map((row) => Float64Array.from(row))
    const found = regress(rows, Float64Array.from(y))
    expect(found.rank).toBe(wanted.rank)
    for (const [k, value] of wanted.coefficients.entries()) close(found.coefficients[k]!, value, 1e-5, k)
    const projected = projector(rows)
    const residuals = projected.residuals(Float64Array.from(y))
    expect(projected.rank).toBe(wanted.rank)
    for (const [k, value] of wanted.residuals.entries()) {
      expect(found.residuals[k]).toBeCloseTo(value, 10)
      expect(residuals[k]).toBeCloseTo(value, 10)
    }
  })

  test('an intercept is as a row of ones', () => {
    const [x, y] = [Float64Array.of(1, 2, 4, 7), Float64Array.of(3, 1, 5, 2)]
    const own = regress([x], y, { intercept: true })
    const ones = regress([x, new Float64Array(4).fill(1)], y)
    for (const k of [0, 1]) expect(own.coefficients[k]).toBeCloseTo(ones.coefficients[k]!, 12)
    for (const k of y.keys()) expect(own.residuals[k]).toBeCloseTo(ones.residuals[k]!, 12)
  })

  test('without predictors everything is left', () => {
    const y = Float64Array.of(3, 1)
    expect(regress([], y)).toEqual({ coefficients: new Float64Array(0), residuals: y, rank: 0 })
  })

  test('residuals are orthogonal to predictors', () => {
    const value = fc.integer({ min: -100, max: 100 })
    const row = fc.array(value, { minLength: 12, maxLength: 12 }).map((values) => Float64Array.from(values))
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), row, (rows, y) => {
        const { residuals } = regress(rows, y)
        for (const own of rows) expect(Math.abs(dot(own, residuals))).toBeLessThan(1e-6)
      }),
    )
  })
})

test('linear systems, unknowns that nothing determines included', () => {
  const matrix = Float64Array.of(0, 2, 9, 1, 1, 9)
  expect([...solveLinear(matrix, 3, Float64Array.of(4, 5))]).toEqual([3, 2])
  expect([...solveLinear(Float64Array.of(2, 0, 0, 0), 2, Float64Array.of(4, 0))]).toEqual([2, 0])
})

test('moments', () => {
  const values = Float64Array.from({ length: 1001 }, (_, i) => i / 10)
  expect(sum(values)).toBeCloseTo(50050, 8)
  expect(mean(values)).toBeCloseTo(50, 12)
  expect(deviation(Float64Array.of(1, 3))).toBe(1)
  expect([...standardised(Float64Array.of(1, 3))]).toEqual([-1, 1])
  expect([...standardised(Float64Array.of(3, 3))]).toEqual([0, 0])
})

describe('ranks', () => {
  test.each(Object.keys(goldens.ranks) as Ties[])('%s', (ties) => {
    const [values, wanted] = goldens.ranks[ties]
    expect([...ranks(values, ties)]).toEqual(wanted)
  })

  test('the order is stable, missing values last', () => {
    expect([...argsort([2, Number.NaN, 1, 2, 1])]).toEqual([2, 4, 0, 3, 1])
  })

  test('normal scores', () => {
    const [values, wanted] = goldens.normalScores
    for (const [k, score] of normalScores(Float64Array.from(values)).entries()) close(score, wanted[k]!, 1e-12, k)
  })

  test('tables of many lengths', () => {
    for (let n = 2; n < 80; n++)
      expect(normalScores(Float64Array.from({ length: n }, (_, i) => i)).at(-1)).toBeCloseTo(4.2649, 3)
  })
})

test('distance from a normal distribution', () => {
  for (const [values, wanted] of goldens.normality)
    close(normalityStatistic(Float64Array.from(values)), wanted, 1e-11, values.length)
})

describe('block lengths', () => {
  test('as the reference', () => {
    for (const { x, length } of goldens.blockLengths) expect(blockLength([Float64Array.from(x)])).toBe(length)
  })

  test('the longest of several rows, at least 1, at most a tenth', () => {
    const rows = goldens.blockLengths.filter(({ x }) => x.length === 237).map(({ x }) => Float64Array.from(x))
    const each = rows.map((row) => blockLength([row]))
    expect(blockLength(rows)).toBe(Math.max(...each))
    expect(blockLength([Float64Array.of(1, 2, 3)])).toBe(1)
    expect(blockLength([new Float64Array(50)])).toBe(1)
  })

  test('the envelope of a wave is its height', () => {
    const wave = Float64Array.from({ length: 64 }, (_, t) => 3 * Math.cos((2 * Math.PI * 4 * t) / 64))
    for (const value of envelope(wave)) expect(value).toBeCloseTo(3, 10)
  })

  test('autocorrelation begins with 1', () => {
    expect(autocorrelation(Float64Array.of(1, -1, 1, -1, 1), 2)[0]).toBe(1)
    expect(autocorrelation(Float64Array.of(1, -1, 1, -1, 1), 2)[1]).toBeCloseTo(-1, 12)
  })
})

describe('curves', () => {
  const line = Array.from({ length: 20 }, (_, t) => 2 * 0.8 ** t)

  test('the parameters that made the values', () => {
    const fit = fitCurve(([a, b]) => Float64Array.from(line, (value, t) => a! * b! ** t - value), Float64Array.of(1, 1))
    expect(fit.converged).toBe(true)
    expect(fit.parameters[0]).toBeCloseTo(2, 6)
    expect(fit.parameters[1]).toBeCloseTo(0.8, 6)
  })

  test('a perfect start stays', () => {
    const fit = fitCurve(([a]) => Float64Array.of(a! - 1, 0), Float64Array.of(1))
    expect([...fit.parameters]).toEqual([1])
  })

  test('residuals without a number end it', () => {
    expect(fitCurve(([a]) => Float64Array.of(Math.sqrt(-1 - a! ** 2)), Float64Array.of(1)).converged).toBe(false)
  })
})
