import { describe, expect, test } from 'vitest'
import { crossMap } from '../../src/mapping/cross-map.ts'
import { embedded, trackOf } from '../../src/mapping/embedding.ts'
import { type PartialOptions, partialCrossMap } from '../../src/mapping/partial.ts'
import { timeSeries } from '../../src/series/series.ts'
import { coupledMaps, golden, seriesOf } from './golden.ts'

const systems = { chain: seriesOf(golden.systems.chain), triangle: seriesOf(golden.systems.triangle) }

describe('partial cross mapping', () => {
  test.each(golden.partial)('$system, E $E, lag $lag equals NumPy', async (expected) => {
    const { system, E, states, skill, direct, ...of } = expected
    const found = await partialCrossMap(systems[system], { ...of, dimension: E, surrogates: 0 })
    expect(found.states).toBe(states)
    expect(found.skill).toBeCloseTo(skill, 9)
    expect(found.direct).toBeCloseTo(direct, 9)
    expect(found.pValue).toBeUndefined()
  })

  test('a chain has less direct influence than a triangle', async () => {
    const options = { cause: 'a', effect: 'c', conditions: ['b'], dimension: 3, lag: 2, surrogates: 39 }
    const [chain, triangle] = [
      await partialCrossMap(systems.chain, options),
      await partialCrossMap(systems.triangle, options),
    ]
    expect(triangle.direct).toBeGreaterThan(chain.direct)
    expect(triangle.pValue!).toBeLessThanOrEqual(0.05)
    expect(chain.direct).toBeLessThan(chain.skill)
    expect(await partialCrossMap(systems.chain, options)).toEqual(chain)
  })

  test.each<[Partial<PartialOptions>, string]>([
    [{ conditions: [] }, 'NoConditions'],
    [{ conditions: ['a'] }, 'NoConditions'],
    [{ conditions: ['z'] }, 'UnknownVariable'],
    [{ lag: -1 }, 'BadCount'],
    [{ dimension: 219 }, 'TooFewStates'],
    [{ dimension: 0 }, 'BadEmbedding'],
    [{ signal: AbortSignal.abort() }, 'Cancelled'],
  ])('%j: %s', async (options, tag) => {
    const run = partialCrossMap(systems.chain, { cause: 'a', effect: 'c', conditions: ['b'], dimension: 2, ...options })
    await expect(run).rejects.toThrow(expect.objectContaining({ tag }))
  })
})

test('intervals by blocks of states hold the skill by the largest library', async () => {
  const series = timeSeries({ columns: coupledMaps(200, 0.2, 0, 9, 0.02) })
  const options = { dimension: 2, tauMax: 1, samples: 3, surrogates: 9, bootstraps: 50 }
  const found = await crossMap(series, options)
  const { lower, upper } = found.intervals!
  for (const [i, j, tau] of [
    [0, 1, 0],
    [0, 1, 1],
    [1, 0, 0],
  ] as const) {
    expect(lower.get(i, j, tau)).toBeLessThan(found.values.get(i, j, tau))
    expect(upper.get(i, j, tau)).toBeGreaterThan(found.values.get(i, j, tau))
  }
  expect((await crossMap(series, options)).intervals).toEqual(found.intervals)
  expect((await crossMap(series, { ...options, bootstraps: 0 })).intervals).toBeUndefined()
})

test('states have their present at the reference points', () => {
  const columns = [Array.from({ length: 10 }, (_, t) => t)]
  const sets = [{ columns }, { columns, offset: 20 }]
  const track = trackOf(timeSeries(sets, { referencePoints: [1, 5, 6, 23, 40] }))
  expect([...embedded(track, track.columns, { dimension: 3 }).rows]).toEqual([5, 6, 13])
})
