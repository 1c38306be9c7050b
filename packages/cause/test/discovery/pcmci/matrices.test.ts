import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assumedLinks, nodeCoding } from '../../../src/discovery/assumptions.ts'
import { firstCombination, nextCombination, subsets } from '../../../src/discovery/combinations.ts'
import { memberOf } from '../../../src/discovery/equivalence-member.ts'
import { LinkGraph } from '../../../src/discovery/graph.ts'
import { LagArray } from '../../../src/discovery/lag-array.ts'
import { correctedPValues, graphOf, symmetrise, testedLinks } from '../../../src/discovery/matrices.ts'

const filled = (values: readonly number[], variables: number, tauMax: number): LagArray => {
  const array = new LagArray(variables, tauMax)
  array.data.set(values)
  return array
}

describe('correction for the number of tests', () => {
  it('is that of Benjamini and Hochberg on what is included', () => {
    // By hand: ranks 1 to 4 of 4, each times 4 over its rank, then the smallest from the end.
    const p = filled([0.01, 0.04, 0.03, 0.5], 2, 0)
    expect([...correctedPValues(p, () => true).data]).toEqual([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    expect([...correctedPValues(p, (i, j) => i !== j).data]).toEqual([0.01, 0.04, 0.04, 0.5])
  })

  it('never lowers a p-value, keeps their order and stays in [0, 1]', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(values, (given) => {
        const [p, q] = [given, correctedPValues(filled(given, 2, 2), () => true).data]
        for (const [a, value] of p.entries()) {
          expect(q[a]).toBeGreaterThanOrEqual(value)
          expect(q[a]).toBeLessThanOrEqual(1)
          for (const [b, other] of p.entries()) if (value < other) expect(q[a]).toBeLessThanOrEqual(q[b]!)
        }
      }),
    )
  })

  it('takes part of tested links only', () => {
    const links = assumedLinks([new Map([['1,0', '-->']]), new Map([['0,-1', '-?>']])], 2, { tauMax: 1 })
    const coding = nodeCoding(2, 1)
    const all = testedLinks(links, coding, true)
    expect([all(1, 0, 0), all(0, 1, 0), all(0, 1, 1), all(1, 1, 1), all(0, 0, 0)]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ])
    expect(testedLinks(links, coding, false)(1, 0, 0)).toBe(false)
  })
})

describe('graphs of matrices', () => {
  it('link without direction what was found from both ends', () => {
    const p = filled([1, 1, 0.01, 0.2, 0.01, 0.01, 1, 0.01], 2, 1)
    const graph = graphOf(2, 1, (i, j, tau) => p.get(i, j, tau) <= 0.05)
    expect(graph.nested()).toEqual([
      [
        ['', ''],
        ['o-o', ''],
      ],
      [
        ['o-o', '-->'],
        ['', '-->'],
      ],
    ])
    const oneSided = graphOf(2, 0, (i, j) => i === 1 && j === 0)
    expect(oneSided.links).toEqual(['', '<--', '-->', ''])
  })

  it('are made alike from both ends by the larger p-value', () => {
    const coding = nodeCoding(2, 0)
    const [p, value] = [filled([1, 0.2, 0.4, 1], 2, 0), filled([0, 0.5, 0.3, 0], 2, 0)]
    symmetrise(assumedLinks(undefined, 2, { tauMax: 0 }), coding, p, [value])
    expect([...p.data, ...value.data]).toEqual([1, 0.4, 0.4, 1, 0, 0.3, 0.3, 0])
  })

  it('are made alike by the assumed direction', () => {
    const [p, value] = [filled([1, 0.2, 1, 1], 2, 0), filled([0, 0.5, 0, 0], 2, 0)]
    const links = assumedLinks([new Map(), new Map([['0,0', '-?>']])], 2, { tauMax: 0 })
    symmetrise(links, nodeCoding(2, 0), p, [value])
    expect([...p.data, ...value.data]).toEqual([1, 0.2, 0.2, 1, 0, 0.5, 0.5, 0])
  })
})

describe('subsets', () => {
  it('come in lexicographic order of places', () => {
    const places = firstCombination(2)
    const seen = [[...places]]
    while (nextCombination(places, 4)) seen.push([...places])
    expect(seen).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ])
    expect([...subsets(['a', 'b'])]).toEqual([[], ['a'], ['b'], ['a', 'b']])
    expect(nextCombination([], 3)).toBe(false)
  })
})

describe('a member of an equivalence class', () => {
  it('has no undirected links and no new colliders', () => {
    // A chain 0 - 1 - 2 with a directed link 3 -> 2 beside it.
    const graph = new LinkGraph(4, 1)
    for (const [i, j, link] of [
      [0, 1, 'o-o'],
      [1, 2, 'o-o'],
      [3, 2, '-->'],
    ] as const)
      graph.put(i, j, 0, link)
    graph.set(0, 0, 1, '-->')
    for (const order of [
      [0, 1, 2, 3],
      [2, 1, 0, 3],
      [1, 3, 0, 2],
    ]) {
      const member = memberOf(graph, order)
      expect(member.links).not.toContain('o-o')
      expect([member.get(3, 2, 0), member.get(0, 0, 1)]).toEqual(['-->', '-->'])
      expect(member.get(0, 1, 0) === '-->' && member.get(2, 1, 0) === '-->').toBe(false)
    }
  })

  it('leaves conflicts as they are', () => {
    const graph = new LinkGraph(2, 0)
    graph.put(0, 1, 0, 'x-x')
    expect(memberOf(graph, [0, 1]).links).toEqual(graph.links)
  })
})
