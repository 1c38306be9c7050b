import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { pairTests, residualsOf } from '../../src/granger/causality.ts'
import { withoutLink } from '../../src/granger/simulate.ts'
import { type SpectralOptions, type SpectralPair, spectralGranger } from '../../src/granger/spectral.ts'
import { frequenciesOf, overFrequencies, processOf, spectralMeasures } from '../../src/granger/spectral-measure.ts'
import { fitVar } from '../../src/granger/var-model.ts'
import { timeSeries } from '../../src/series/series.ts'
import { allNear, golden, near } from './golden.ts'

const columns = golden.var[0]!.series

describe.each(golden.spectral)('a model of $variables.length variables, order $order', (expected) => {
  const model = fitVar(timeSeries({ columns }), expected.order, { variables: expected.variables })
  const pairs = expected.pairs.map(({ cause, effect }) => [cause, effect] as const)

  test('measures by frequency equal those by spectral factorisation', () => {
    const found = spectralMeasures(processOf(model), frequenciesOf(33), pairs)
    for (const [at, { measure, byFrequency }] of expected.pairs.entries()) {
      near(found[at]!.measure, measure, 1e-10)
      allNear(found[at]!.byFrequency, byFrequency, 1e-9)
    }
  })

  test('their mean over frequencies is the measure of the time domain', () => {
    for (const { measure, byFrequency } of spectralMeasures(processOf(model), frequenciesOf(257), pairs)) {
      near(overFrequencies(byFrequency), measure, 1e-12)
      expect(measure).toBeGreaterThanOrEqual(0)
      for (const value of byFrequency) expect(value).toBeGreaterThan(-1e-12)
    }
  })
})

describe('bands by simulated series', () => {
  /** a -> b only, with a rhythm of 5 steps in a. */
  function rhythm(steps: number, seed: number): Float64Array[] {
    const draw = random(seed)
    const [a, b] = [new Float64Array(steps), new Float64Array(steps)]
    for (let t = 2; t < steps; t++) {
      a[t] = 0.6 * a[t - 1]! - 0.8 * a[t - 2]! + draw.normal()
      b[t] = 0.5 * b[t - 1]! + 0.25 * a[t - 1]! + draw.normal()
    }
    return [a, b]
  }

  test('the link stands out at its frequency, the other direction does not', async () => {
    const { pairs, frequencies, warnings } = await spectralGranger(timeSeries({ columns: rhythm(400, 2) }), {
      order: 2,
      frequencies: 65,
      surrogates: 60,
      bootstraps: 40,
    })
    const [forth, back] = pairs as [SpectralPair, SpectralPair]
    const peak = forth.byFrequency.indexOf(Math.max(...forth.byFrequency))
    expect(frequencies[peak]!).toBeGreaterThan(0.16)
    expect(frequencies[peak]!).toBeLessThan(0.24)
    expect(forth.byFrequency[peak]!).toBeGreaterThan(forth.overallThreshold!)
    expect(forth.pValue!).toBeLessThan(0.05)
    expect(back.pValue!).toBeGreaterThan(0.05)
    expect(forth.interval!.lower[peak]!).toBeLessThan(forth.byFrequency[peak]!)
    expect(forth.interval!.upper[peak]!).toBeGreaterThan(forth.byFrequency[peak]!)
    for (const [f, value] of forth.threshold!.entries())
      expect(value, `${f}`).toBeLessThanOrEqual(forth.overallThreshold!)
    expect(warnings).toEqual([])
  })

  test('the same seed gives the same bands; gaps are kept', async () => {
    const columns = rhythm(200, 4).map((column) => column.map((value, t) => (t % 50 === 7 ? Number.NaN : value)))
    const gaps = timeSeries([{ columns }, { columns: rhythm(60, 5) }])
    const options = { order: 2, frequencies: 17, surrogates: 10, conditional: false, seed: 9 }
    const [one, two] = [await spectralGranger(gaps, options), await spectralGranger(gaps, options)]
    expect(one.pairs).toEqual(two.pairs)
    expect(one.pairs).toHaveLength(2)
  })

  test('a model refitted without a link obeys the condition at least cost', () => {
    const model = fitVar(timeSeries({ columns }), 2)
    const less = withoutLink(model, 0, 1)
    expect([0, 1].map((lag) => less.coefficients[(lag * 3 + 1) * 3])).toEqual([0, 0])
    const squares = (fit: typeof model): number => residualsOf(fit)[1]!.reduce((sum, value) => sum + value * value, 0)
    near(
      (model.count * Math.log(squares(less) / squares(model))) / pairTests(model, 0, 1)['likelihood-ratio'].statistic,
      1,
    )
    allNear(residualsOf(less)[0]!, residualsOf(model)[0]!, 1e-12)
  })
})

describe('what has no spectrum', () => {
  test('trends, single variables, bad options', async () => {
    const growing = [1.05, 1.04].map((rate, v) =>
      Float64Array.from({ length: 80 }, (_, t) => rate ** t + ((t * (7 + v)) % 5)),
    )
    const rejected = async (
      data: readonly ArrayLike<number>[],
      options: SpectralOptions,
      tag: string,
    ): Promise<void> => {
      await expect(spectralGranger(timeSeries({ columns: data }), options)).rejects.toThrow(
        expect.objectContaining({ tag }),
      )
    }
    await rejected(growing, { order: 1 }, 'NotStationary')
    await rejected([columns[0]!], {}, 'NoVariables')
    await rejected(columns, { frequencies: 1 }, 'BadCount')
    const stop = new AbortController()
    stop.abort()
    await rejected(columns, { signal: stop.signal }, 'Cancelled')
  })
})
