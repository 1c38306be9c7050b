/** The vote: ties, frequencies and intervals, against plain counting. */
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aggregate } from '../../src/discovery/aggregation.ts'
import { type Discovery, type Link, LinkGraph } from '../../src/discovery/graph.ts'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { packDiscovery, unpackDiscovery } from '../../src/discovery/packed.ts'

const MARKS: readonly Link[] = ['', '-->', '<--', 'o-o', 'x-x', 'o->', '<->']

function discovery(links: readonly Link[], values: readonly number[], extra: Partial<Discovery> = {}): Discovery {
  const [array, pValues] = [new LagArray(1, links.length - 1), new LagArray(1, links.length - 1)]
  array.data.set(values)
  return {
    ...{ method: 'pcmci+', test: 'parcorr', variables: ['a'], tauMin: 0, tauMax: links.length - 1, alpha: 0.05 },
    ...{ tests: 3, seconds: 1, samples: [10, 12], assumptions: ['Stationary.'], warnings: [] },
    graph: new LinkGraph(1, links.length - 1, links),
    values: array,
    pValues,
    ...extra,
  }
}

/** One entry, voted on by runs with these links. */
function vote(links: readonly Link[], aggregation: 'majority' | 'no-edge-majority' = 'majority'): [Link, number] {
  const found = aggregate(
    links.map((link) => discovery([link], [0])),
    { aggregation },
  )
  return [found.discovery.graph.get(0, 0, 0), found.frequency.get(0, 0, 0)]
}

describe('votes', () => {
  test('the most frequent outcome wins', () => {
    expect(vote(['-->', '-->', ''])).toEqual(['-->', 2 / 3])
    expect(vote(['', '', 'o-o'])).toEqual(['', 2 / 3])
  })

  test('ties go to the most cautious; its frequency is that of all that lead', () => {
    expect(vote(['-->', ''])).toEqual(['', 1])
    expect(vote(['-->', 'x-x'])).toEqual(['x-x', 1])
    expect(vote(['-->', 'o-o', '-->', 'o-o', '<--'])).toEqual(['o-o', 0.8])
    expect(vote(['-->', '<--'])).toEqual(['x-x', 1])
    expect(vote(['x-x', 'o-o'])).toEqual(['x-x', 1])
  })

  test('no link needs half of the votes where adjacency is voted on first', () => {
    expect(vote(['', '', '-->', '<--', 'o-o'], 'majority')).toEqual(['', 0.4])
    expect(vote(['', '', '-->', '-->', 'o-o'], 'no-edge-majority')).toEqual(['-->', 0.4])
    expect(vote(['', '', '-->', '<--'], 'no-edge-majority')).toEqual(['', 0.5])
    expect(vote(['', '-->', '<--'], 'no-edge-majority')).toEqual(['x-x', 2 / 3])
  })

  test('properties: the winner has the most votes, shares sum to 1, the order of runs plays no part', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...MARKS), { minLength: 1, maxLength: 12 }), (links) => {
        const counts = new Map<Link, number>()
        for (const link of links) counts.set(link, (counts.get(link) ?? 0) + 1)
        const most = Math.max(...counts.values())
        const leaders = [...counts].filter(([, count]) => count === most).map(([link]) => link)
        const [link, frequency] = vote(links)
        expect(frequency).toBeCloseTo((most * leaders.length) / links.length, 12)
        if (leaders.length === 1) expect(link).toBe(leaders[0])
        else expect(['', 'x-x', 'o-o']).toContain(link)
        expect(vote(links.toReversed())).toEqual([link, frequency])
        const { shares } = aggregate(links.map((own) => discovery([own], [0])))
        expect([...shares.values()].reduce((sum, share) => sum + share.get(0, 0, 0), 0)).toBeCloseTo(1, 12)
      }),
    )
  })
})

describe('numbers', () => {
  test('mean and interpolated percentiles over runs', () => {
    const found = aggregate(
      [1, 2, 3, 4, 10].map((value) => discovery(['-->'], [value])),
      { confidenceLevel: 0.8 },
    )
    const { values, intervals } = found.discovery
    expect(values.get(0, 0, 0)).toBe(4)
    expect(intervals!.lower.get(0, 0, 0)).toBeCloseTo(1.4, 12)
    expect(intervals!.upper.get(0, 0, 0)).toBeCloseTo(7.6, 12)
    expect(found.discovery.tests).toBe(15)
    expect(found.discovery.samples).toEqual([10, 12])
  })

  test('a single run is its own summary', () => {
    const one = discovery(['-->', ''], [0.25, -1])
    const found = aggregate([one])
    expect(found.discovery.graph.links).toEqual(['-->', ''])
    expect([...found.discovery.intervals!.lower.data]).toEqual([0.25, -1])
    expect([...found.frequency.data]).toEqual([1, 1])
  })

  test('warnings of runs are told once', () => {
    const warnings = [{ tag: 'ConstantVariable', message: 'a is constant' }]
    const found = aggregate([discovery([''], [0], { warnings }), discovery([''], [0], { warnings })])
    expect(found.discovery.warnings).toEqual(warnings)
  })
})

test('a discovery survives the way between threads', () => {
  const intervals = { lower: new LagArray(1, 1, -1), upper: new LagArray(1, 1, 1) }
  const sets = new Map([['0,-1,0', [[0, 0] as const]]])
  const one = discovery(['-->', ''], [0.25, -1], { intervals, qValues: new LagArray(1, 1, 0.5), separatingSets: sets })
  expect(unpackDiscovery(structuredClone(packDiscovery(one)))).toEqual(one)
})

test('bad input', () => {
  const one = discovery([''], [0])
  expect(() => aggregate([])).toThrow(expect.objectContaining({ tag: 'NoRuns' }))
  expect(() => aggregate([one, discovery(['', ''], [0, 0])])).toThrow(expect.objectContaining({ tag: 'RunsDiffer' }))
  for (const confidenceLevel of [0, 1, -1, Number.NaN])
    expect(() => aggregate([one], { confidenceLevel })).toThrow(expect.objectContaining({ tag: 'BadLevel' }))
  expect(() => aggregate([one], { aggregation: 'plurality' as never })).toThrow(InputError)
})
