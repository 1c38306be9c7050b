import { describe, expect, it } from 'vitest'
import { cmiKnn } from '../../src/independence/cmi-knn.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { timeSeries } from '../../src/series/series.ts'
import { expectSame, golden, optionsOf, seriesOf } from './reference.ts'

describe('cmi-knn gives the values and p-values of the reference', () => {
  for (const { series, options, tests } of golden.cmiKnn.cases)
    it(`${series} ${JSON.stringify(options)}`, () =>
      expectSame(cmiKnn(optionsOf(options)), seriesOf(golden.cmiKnn, series), tests))

  it('intervals by bootstrap', async () => {
    const options = { neighbours: 0.1, confidence: 'bootstrap', confidenceSamples: 40, confidenceBlock: 3 } as const
    const tester = testerOf(cmiKnn(options), seriesOf(golden.cmiKnn, 'plain'))
    const [lower, upper] = (await tester.interval([[0, -1]], [[1, 0]], [[1, -1]], { tauMax: 2 }))!
    expect(lower).toBeCloseTo(golden.confidence.lower, 12)
    expect(upper).toBeCloseTo(golden.confidence.upper, 12)
  })

  it('scores of models for choosing a level', async () => {
    for (const { knn, steps, parents, score } of golden.criteria.cases) {
      const series = timeSeries({ columns: golden.criteria.series[steps]! })
      const tester = testerOf(cmiKnn({ neighbours: knn }), series)
      expect(await tester.criterion(1, parents, 2)).toBeCloseTo(score, 11)
    }
    const short = timeSeries({ columns: [1, 2].map((k) => [1, 5, 2, 4, 3, 8, 7].map((v) => v ** k)) })
    await expect(testerOf(cmiKnn({ neighbours: 4 }), short).criterion(1, [], 1)).rejects.toMatchObject({
      tag: 'TooFewSamples',
    })
  })
})
