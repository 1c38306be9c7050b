/** What searches tell, refuse, and do when they are stopped. */
import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { discoverPc } from '../../../src/discovery/pc-algorithm.ts'
import { discoverParents } from '../../../src/discovery/pc-stable.ts'
import { discoverMci, discoverPcmci } from '../../../src/discovery/pcmci.ts'
import { discoverPcmciPlus } from '../../../src/discovery/pcmci-plus.ts'
import { independenceTest } from '../../../src/independence/table.ts'
import type { Tester, TestOptions } from '../../../src/independence/test.ts'
import { testerOf } from '../../../src/independence/tester.ts'
import { timeSeries } from '../../../src/series/series.ts'

/** Variable k follows its own last value and that of variable k - 1, and the present of k - 1 for odd k. */
function columnsOf(variables: number, steps: number, seed: number): Float64Array[] {
  const rng = random(seed)
  const columns = Array.from({ length: variables }, () => new Float64Array(steps))
  for (let t = 0; t < steps; t++)
    for (const [j, column] of columns.entries()) {
      const before = (k: number): number => (t > 0 && k >= 0 ? columns[k]![t - 1]! : 0)
      column[t] = rng.normal() + 0.5 * before(j) + (j % 2 === 1 ? 0.5 * columns[j - 1]![t]! : 0.3 * before(j - 1))
    }
  return columns
}

const testerFor = (columns: readonly Float64Array[], options?: TestOptions): Tester =>
  testerOf(independenceTest('parcorr', options), timeSeries({ columns }))

const searches = { discoverPcmci, discoverPcmciPlus, discoverParents, discoverPc } as const
const columns = columnsOf(4, 120, 1)

describe.each(Object.entries(searches))('%s', (_, discover) => {
  it.each([
    [{ tauMax: -1 }, 'BadLags'],
    [{ tauMax: 1, tauMin: 2 }, 'BadLags'],
    [{ tauMax: 1.5 }, 'BadLags'],
    [{ tauMax: 1, pcAlpha: 1.5 }, 'BadLevel'],
    [{ tauMax: 1, maxConditions: -1 }, 'BadCount'],
    [{ tauMax: 1, maxCombinations: 0 }, 'BadCount'],
    [{ tauMax: 1, assumptions: [] }, 'BadAssumption'],
    [{ tauMax: 100 }, 'NoSamples'],
  ])('refuses %j', async (options, tag) => {
    await expect(discover(testerFor(columns), options)).rejects.toMatchObject({ tag })
  })

  it('stops when asked', async () => {
    const stop = new AbortController()
    const search = discover(testerFor(columnsOf(120, 300, 2)), {
      tauMax: 4,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    await expect(search).rejects.toMatchObject({ tag: 'Cancelled' })
  })

  it('tells how far it is', async () => {
    const steps = new Map<string, number[]>()
    await discover(testerFor(columnsOf(12, 300, 3)), {
      tauMax: 3,
      onProgress: ({ step, fraction, secondsLeft }) => {
        steps.set(step, [...(steps.get(step) ?? []), fraction])
        expect(secondsLeft).toBeGreaterThanOrEqual(0)
      },
    })
    for (const fractions of steps.values()) expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  })

  it('says what was done', async () => {
    const found = await discover(testerFor(columns), { tauMax: 2 })
    expect(found).toMatchObject({
      test: 'parcorr',
      variables: ['x0', 'x1', 'x2', 'x3'],
      tauMax: 2,
      samples: [116, 116],
    })
    expect(found.tests).toBeGreaterThan(0)
    expect(found.seconds).toBeGreaterThan(0)
    expect(found.assumptions.length).toBeGreaterThan(0)
    expect([...found.values.data, ...found.pValues.data].every(Number.isFinite)).toBe(true)
  })

  it('treats a constant variable as independent, with a warning', async () => {
    const flat = new Float64Array(120).fill(3)
    const found = await discover(testerFor([...columns.slice(0, 2), flat]), { tauMax: 1 })
    for (let j = 0; j < 3; j++) expect([found.graph.get(2, j, 1), found.pValues.get(2, j, 1)]).toEqual(['', 1])
    expect(found.warnings).toContainEqual(expect.objectContaining({ tag: 'ConstantVariable' }))
  })
})

describe('choices of a level', () => {
  it('are made from lists, and told', async () => {
    const found = await discoverPcmci(testerFor(columns), { tauMax: 2, pcAlpha: [0.01, 0.2] })
    for (const level of found.chosenAlpha!) expect([0.01, 0.2]).toContain(level)
    const plus = await discoverPcmciPlus(testerFor(columns), { tauMax: 2, pcAlpha: null })
    expect(new Set(plus.chosenAlpha)).toEqual(new Set([plus.alpha]))
    const alone = await discoverPcmciPlus(testerFor(columns), { tauMax: 2, pcAlpha: plus.alpha })
    expect(alone.graph.links).toEqual(plus.graph.links)
  })

  it('refuse an empty list', async () => {
    const empty = { tauMax: 1, pcAlpha: [] }
    await expect(discoverPcmci(testerFor(columns), empty)).rejects.toMatchObject({ tag: 'NoLevels' })
    await expect(discoverPcmciPlus(testerFor(columns), empty)).rejects.toMatchObject({ tag: 'NoLevels' })
  })
})

it.each([discoverPcmci, discoverPcmciPlus])('a test by threshold has no p-values to correct', async (discover) => {
  const tester = testerFor(columns, { significance: 'threshold' })
  await expect(discover(tester, { tauMax: 1, fdr: 'fdr-bh' })).rejects.toMatchObject({ tag: 'ThresholdNotCorrected' })
})

it.each([[[]], [[[[0, 1]], [], [], []]], [[[[9, -1]], [], [], []]], [[[[0, -2]], [], [], []]]])(
  'MCI refuses parents %j',
  async (parents) => {
    const given = { tauMax: 1, parents: parents as [number, number][][] }
    await expect(discoverMci(testerFor(columns), given)).rejects.toMatchObject({ tag: 'BadParents' })
  },
)

describe('the order of variables', () => {
  it('plays no part in PCMCI+ by the majority rule', async () => {
    const series = columnsOf(5, 150, 9)
    const plain = await discoverPcmciPlus(testerFor(series), { tauMax: 1, pcAlpha: 0.1 })
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (order) => {
        const moved = await discoverPcmciPlus(testerFor(order.map((k) => series[k]!)), { tauMax: 1, pcAlpha: 0.1 })
        for (const [a, i] of order.entries())
          for (const [b, j] of order.entries())
            for (let tau = 0; tau <= 1; tau++) expect(moved.graph.get(a, b, tau)).toBe(plain.graph.get(i, j, tau))
      }),
      { numRuns: 8 },
    )
  })
})
