import { describe, expect, it } from 'vitest'
import { updateMiddleMarks } from '../../../src/discovery/lpcmci/ancestral-phase.ts'
import {
  ancestorsOf,
  ancestralSets,
  nonAncestralSets,
  parents,
  pastNeighbours,
  possibleAncestors,
  strongestFirst,
} from '../../../src/discovery/lpcmci/neighbourhoods.ts'
import { type AncestryNews, learn, orient } from '../../../src/discovery/lpcmci/orientation.ts'
import { pairGroups } from '../../../src/discovery/lpcmci/removal.ts'
import type { Run } from '../../../src/discovery/lpcmci/run.ts'
import type { OrderedSet } from '../../../src/discovery/lpcmci/set-order.ts'
import { linksOf, node, runWith, separated } from './fake.ts'

const names = (run: Run, set: OrderedSet): string[] =>
  set
    .list()
    .map((code) => `${run.space.variable[code]}@${0 - run.space.back[code]!}`)
    .sort((a, b) => (a < b ? -1 : 1))

/** News of ancestors `[i@lag, j]`, and of nodes that are none. */
function news(run: Run, are: readonly (readonly [string, number])[], not: typeof are = []): AncestryNews {
  const sets = { ancestors: run.space.setsPerVariable(), nonAncestors: run.space.setsPerVariable() }
  for (const [x, j] of are) sets.ancestors[j]!.add(node(run, x))
  for (const [x, j] of not) sets.nonAncestors[j]!.add(node(run, x))
  return sets
}

describe('learning who is an ancestor', () => {
  it('puts a tail, and a head at the other end', () => {
    const { run } = runWith(2, ['0@0 o?o 1', '0@-1 o?> 1'])
    expect(
      learn(
        run.memory,
        news(run, [
          ['0@0', 1],
          ['0@-1', 1],
        ]),
      ),
    ).toBe(true)
    expect(linksOf(run)).toEqual(['0@0 -?> 1', '0@-1 -?> 1'])
    expect(names(run, run.memory.ancestors[1]!)).toEqual(['0@-1', '0@0'])
    expect(names(run, run.memory.nonAncestors[0]!)).toEqual(['1@0'])
  })

  it('puts a head for what is none', () => {
    const { run } = runWith(2, ['0@0 o?o 1'])
    expect(
      learn(
        run.memory,
        news(
          run,
          [],
          [
            ['0@0', 1],
            ['1@0', 0],
          ],
        ),
      ),
    ).toBe(true)
    expect(linksOf(run)).toEqual(['0@0 <?> 1'])
    expect(learn(run.memory, news(run, [], [['0@0', 1]]))).toBe(false)
  })

  it('remembers it where there is no link', () => {
    const { run } = runWith(2, [])
    expect(learn(run.memory, news(run, [['0@-1', 1]]))).toBe(false)
    expect(names(run, run.memory.ancestors[1]!)).toEqual(['0@-1'])
  })

  it('marks what contradicts itself', () => {
    const { run } = runWith(2, ['0@0 o-o 1'])
    expect(learn(run.memory, news(run, [['0@0', 1]], [['0@0', 1]]))).toBe(true)
    expect(linksOf(run)).toEqual(['0@0 x-> 1'])
    expect(names(run, run.memory.ambiguous[1]!)).toEqual(['0@0'])
  })

  it('marks what contradicts earlier news, and then leaves it', () => {
    const { run } = runWith(2, ['0@-1 o?> 1'])
    learn(run.memory, news(run, [['0@-1', 1]]))
    expect(learn(run.memory, news(run, [], [['0@-1', 1]]))).toBe(false)
    expect(linksOf(run)).toEqual(['0@-1 x?> 1'])
    expect(learn(run.memory, news(run, [['0@-1', 1]]))).toBe(false)
    expect(linksOf(run)).toEqual(['0@-1 x?> 1'])
    expect(run.memory.ancestors[1]!.size + run.memory.nonAncestors[1]!.size).toBe(0)
  })

  it('marks two that are ancestors of each other', () => {
    const { run } = runWith(2, ['0@0 o-o 1'])
    learn(
      run.memory,
      news(run, [
        ['0@0', 1],
        ['1@0', 0],
      ]),
    )
    expect(linksOf(run)).toEqual(['0@0 x-x 1'])
  })
})

describe('applying rules until nothing follows', () => {
  it('goes from one end of a chain to the other', async () => {
    const { run } = runWith(4, ['0@0 o-> 1', '1@0 o-o 2', '2@0 o-o 3'], {
      tauMax: 0,
      independent: ['0@0 2@0 | 1@0', '1@0 3@0 | 2@0'],
    })
    expect(await orient(run, ['ER-01'], false)).toBe(true)
    expect(linksOf(run)).toEqual(['0@0 o-> 1', '1@0 --> 2', '2@0 --> 3'])
    expect(await orient(run, ['ER-01'], false)).toBe(false)
  })

  it('removes links, and keeps the smallest sets that separate them', async () => {
    const { run } = runWith(4, ['0@0 o!> 1', '1@0 o!o 2'], { tauMax: 0, independent: ['0@0 1@0 | 3@0'] })
    separated(run, '0@0', '2@0', ['3@0'])
    expect(await orient(run, ['ER-00-b'], false)).toBe(true)
    expect(linksOf(run)).toEqual(['1@0 o!o 2'])
    const kept = [...run.memory.separationsNow(node(run, '0@0'), node(run, '1@0'))]
    expect(kept.map(({ nodes, minimal }) => [names(run, nodes), minimal])).toEqual([[['3@0'], true]])
  })

  it('proves links of ancestors', async () => {
    const { run } = runWith(2, ['0@-1 -!> 1'])
    expect(await orient(run, ['APR'], true)).toBe(true)
    expect(linksOf(run)).toEqual(['0@-1 --> 1'])
  })
})

describe('middle marks that follow from heads', () => {
  it('say from which side a link is proven', () => {
    const { run } = runWith(2, ['0@-1 o?> 1', '0@0 <?o 1', '1@-1 oR> 1', '1@-1 <L> 0'])
    updateMiddleMarks(run.memory)
    expect(new Set(linksOf(run))).toEqual(new Set(['0@-1 oL> 1', '0@0 <Ro 1', '1@-1 <!> 0', '1@-1 o!> 1']))
  })

  it('are both where both ends are heads', () => {
    const { run } = runWith(2, ['0@0 <?> 1'])
    updateMiddleMarks(run.memory)
    expect(linksOf(run)).toEqual(['0@0 <!> 1'])
  })
})

describe('nodes around a pair', () => {
  const links = ['0@-1 --> 0', '1@-1 --> 1', '0@-1 o?> 1', '2@0 -?> 1', '2@-1 <-> 1', '0@0 o?o 1']

  it('are parents of both, or of the later one', () => {
    const { run } = runWith(3, links, { tauMax: 2 })
    const [a, b] = [node(run, '0@-1'), node(run, '1@0')]
    expect(names(run, parents(run.memory, run.settings, a, b))).toEqual(['0@-2', '1@-1', '2@0'])
    expect(names(run, parents(run.memory, { ...run.settings, parentsOfLagged: false }, a, b))).toEqual(['1@-1', '2@0'])
    expect(names(run, parents(run.memory, { ...run.settings, parentsOfLagged: false }, b, a))).toEqual(['1@-1', '2@0'])
  })

  it('are possible ancestors, without those that are none', () => {
    const { run } = runWith(3, links, { tauMax: 2 })
    const [a, b] = [node(run, '0@-1'), node(run, '1@0')]
    expect(names(run, possibleAncestors(run.memory, b, a))).toEqual(['0@0', '1@-1', '2@0'])
    expect(names(run, pastNeighbours(run.memory, b))).toEqual(['0@-1', '0@0', '1@-1', '2@-1', '2@0'])
    const { base, candidates } = ancestralSets(run.memory, run.settings, b, a)
    expect(names(run, base)).toEqual(['0@-2', '1@-1', '2@0'])
    expect(names(run, candidates)).toEqual(['0@0'])
  })

  it('do not leave the window', () => {
    const { run } = runWith(3, links, { tauMax: 2 })
    run.memory.ancestors[1]!.add(node(run, '0@-2'))
    expect(names(run, ancestorsOf(run.memory, [node(run, '1@0')]))).toEqual(['0@-2'])
    expect(names(run, ancestorsOf(run.memory, [node(run, '1@-1')]))).toEqual([])
    expect(names(run, possibleAncestors(run.memory, node(run, '0@-2'), node(run, '1@0')))).toEqual(['1@-2'])
  })

  it('of the non-ancestral phase lie along paths that may be open', () => {
    // 0 <-> 1 <-> 2: neither end is an ancestor of 1, but a set with 1 may be needed further on.
    const { run } = runWith(4, ['0@0 <!> 1', '1@0 <!> 2', '2@0 o!o 3', '0@0 o!o 3'], { tauMax: 0 })
    const sets = nonAncestralSets(run.memory, run.settings, run.pairs, node(run, '0@0'), node(run, '3@0'))
    expect(names(run, sets.candidates)).toEqual(['1@0', '2@0'])
    expect(sets.base.size).toBe(0)
    // Kept until links go.
    run.memory.graph.putAt(0, 0, 1, 0)
    const again = nonAncestralSets(run.memory, run.settings, run.pairs, node(run, '0@0'), node(run, '3@0'))
    expect(names(run, again.candidates)).toEqual(['1@0', '2@0'])
  })

  it('are sorted by strength: untested ones first, excluded ones last', () => {
    const { run } = runWith(4, [], { tauMax: 1 })
    const y = node(run, '0@0')
    run.memory.record(node(run, '1@-1'), y, -0.7, 0.1)
    run.memory.record(node(run, '2@-1'), y, 0.3, 0.1)
    run.memory.record(node(run, '2@-1'), y, 0.9, 0.05)
    run.memory.record(node(run, '3@-1'), y, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    const set = run.space.set(['3@-1', '2@-1', '1@-1', '0@-1', '1@0'].map((name) => node(run, name)))
    expect(strongestFirst(run.memory, set, y)).toEqual(['1@0', '0@-1', '1@-1', '2@-1', '3@-1'].map((n) => node(run, n)))
  })
})

describe('pairs to test', () => {
  it('come in groups: own past, then by lag', () => {
    const { run } = runWith(2, [], { tauMax: 2 })
    const shown = pairGroups(run).map((group) =>
      group.map(([x, y]) => `${run.space.variable[x]}@${0 - run.space.back[x]!} ${run.space.variable[y]}`),
    )
    expect(shown).toEqual([
      ['0@-2 0', '0@-1 0', '1@-2 1', '1@-1 1'],
      ['0@0 1'],
      ['0@-1 1', '1@-1 0'],
      ['0@-2 1', '1@-2 0'],
    ])
    const { run: other } = runWith(2, [], { tauMax: 1, ownPastFirst: false })
    expect(pairGroups(other).map((group) => group.length)).toEqual([1, 4])
  })
})
