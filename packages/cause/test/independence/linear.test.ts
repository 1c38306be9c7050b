/** The linear tests against the reference implementation (oracles/cause/linear.py). */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { independenceTest } from '../../src/independence/table.ts'
import type { TestOptions } from '../../src/independence/test.ts'
import { testerOf } from '../../src/independence/tester.ts'
import type { CutOff } from '../../src/series/samples.ts'
import { type Node, type TimeSeries, timeSeries } from '../../src/series/series.ts'

interface Answer {
  readonly x: Node[]
  readonly y: Node[]
  readonly z: Node[]
  readonly tauMax: number
  readonly cutOff: CutOff
  readonly value: number
  /** Null where the reference has none. */
  readonly p: number | null
  readonly dependent?: boolean
  readonly interval?: [number, number]
}

interface Golden {
  readonly series: string
  readonly test: string
  readonly options: TestOptions
  readonly answers: Answer[]
  readonly criteria: { j: number; parents: Node[]; value: number }[]
}

interface SeriesJson {
  readonly datasets: { columns: (number | null)[][]; offset: number; masks?: number[][]; types?: number[][] }[]
  readonly vectors?: Node[][]
  readonly referencePoints?: number[]
  readonly missingUpToMaxLag?: boolean
}

interface Goldens {
  readonly series: Record<string, SeriesJson>
  readonly tests: Golden[]
  readonly weighted: Golden & { deviations: number[][] }
}

const goldens: Goldens = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/linear.json', import.meta.url), 'utf8'),
)

const gapped = (column: (number | null)[]): Float64Array => Float64Array.from(column, (value) => value ?? Number.NaN)

function seriesOf({ datasets, ...options }: SeriesJson, deviations?: number[][]): TimeSeries {
  const weights = deviations?.map((column) => column.map((value) => value ** -2))
  return timeSeries(
    datasets.map((one) => ({ ...one, columns: one.columns.map(gapped), ...(weights && { weights }) })),
    options,
  )
}

const series = Object.fromEntries(Object.entries(goldens.series).map(([name, one]) => [name, seriesOf(one)]))

/** All answers of a golden in order, since shuffles come from one stream. */
async function compare(golden: Golden, own: TimeSeries, shortcut: boolean): Promise<void> {
  const options = golden.options.significance === 'threshold' ? { alpha: 0.2 } : {}
  const tester = testerOf(independenceTest(golden.test, golden.options), own, { shortcut })
  for (const [k, wanted] of golden.answers.entries()) {
    const { x, y, z, tauMax, cutOff } = wanted
    const found = await tester.ask(x, y, z, { tauMax, cutOff, ...options })
    const what = `${golden.series} ${golden.test} ${JSON.stringify(golden.options)} ${k}`
    expect(found.value, what).toBeCloseTo(wanted.value, 9)
    if (wanted.p === null) expect(found.pValue, what).toBe(0)
    else expect(found.pValue, what).toBeCloseTo(wanted.p, 9)
    // The reference has the p-value of Wilks' lambda as 1 less another.
    const exact = !('measure' in golden.options) && wanted.p !== null && wanted.p > 1e-250 && wanted.p < 1e-3
    if (exact) expect(found.pValue / wanted.p!, what).toBeCloseTo(1, 6)
    if (wanted.dependent !== undefined) expect(found.dependent, what).toBe(wanted.dependent)
    if (wanted.interval === undefined) continue
    const interval = await tester.interval(x, y, z, { tauMax })
    expect(interval?.[0], what).toBeCloseTo(wanted.interval[0], 9)
    expect(interval?.[1], what).toBeCloseTo(wanted.interval[1], 9)
  }
  for (const { j, parents, value } of golden.criteria) {
    const found = await tester.criterion(j, parents, 2)
    expect(found / value, `${golden.series} ${golden.test} criterion ${j}`).toBeCloseTo(1, 10)
  }
}

describe.each([true, false])('shortcut %s', (shortcut) => {
  test.each(
    goldens.tests.map(
      (golden) => [`${golden.test} ${JSON.stringify(golden.options)} on ${golden.series}`, golden] as const,
    ),
  )('%s', (_, golden) => compare(golden, series[golden.series]!, shortcut))
})

test('weights of the series are inverse variances of the noise', () =>
  compare(goldens.weighted, seriesOf(goldens.series[goldens.weighted.series]!, goldens.weighted.deviations), true))
