/** Skeletons, colliders and rules on graphs drawn by hand, with tests that know the truth. */
import { describe, expect, it } from 'vitest'
import type { ColliderRule } from '../../../src/discovery/colliders.ts'
import { orientColliders, orienter } from '../../../src/discovery/colliders.ts'
import type { Discovery, Link, Triple } from '../../../src/discovery/graph.ts'
import { LinkGraph } from '../../../src/discovery/graph.ts'
import { orientByRules } from '../../../src/discovery/orientation.ts'
import { discoverPc, discoverPcWithoutTime } from '../../../src/discovery/pc-algorithm.ts'
import { Search } from '../../../src/discovery/search.ts'
import type { Tester, TestResult } from '../../../src/independence/test.ts'
import type { Node } from '../../../src/series/series.ts'
import { timeSeries } from '../../../src/series/series.ts'

type Independent = (x: Node, y: Node, z: readonly Node[]) => boolean

/** Knows which nodes are independent; answers at once, or later. */
function knowing(variables: number, independent: Independent, later = false): Tester {
  const series = timeSeries({ columns: Array.from({ length: variables }, () => [0, 1, 2]) })
  let made = 0
  return {
    series,
    independence: { name: 'known', significance: 'analytic', twoSided: true, options: {} },
    ask(x, y, z, { alpha = 0.05 }) {
      made++
      const apart = independent(x[0]!, y[0]!, z) || independent(y[0]!, x[0]!, z)
      const answer: TestResult = { value: apart ? 0 : 0.5, pValue: apart ? 0.9 : 0, dependent: !apart, samples: 3 }
      return later && alpha > 0 ? Promise.resolve(answer) : answer
    },
    interval: () => Promise.resolve(undefined),
    criterion: () => Promise.resolve(0),
    get made() {
      return made
    },
    recalled: 0,
    warnings: [],
  }
}

/** Independence in a graph of directed links, by moral ancestral graphs. */
function separated(links: readonly (readonly [number, number])[], variables: number): Independent {
  return ([x], [y], z) => {
    const given = new Set(z.map(([k]) => k))
    const ancestors = new Set([x, y, ...given])
    for (let round = 0; round < variables; round++) for (const [a, b] of links) if (ancestors.has(b)) ancestors.add(a)
    const inside = links.filter(([a, b]) => ancestors.has(a) && ancestors.has(b))
    const married = inside.flatMap(([a, b]) => inside.filter(([, c]) => c === b).map(([c]) => [a, c] as const))
    const reached = new Set([x])
    for (let round = 0; round < variables; round++)
      for (const [a, b] of [...inside, ...married])
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const)
          if (reached.has(from) && !given.has(to)) reached.add(to)
    return !reached.has(y)
  }
}

const linksOf = ({ graph, variables }: Pick<Discovery, 'graph' | 'variables'>): string[] => {
  const found: string[] = []
  for (let i = 0; i < variables.length; i++)
    for (let j = i + 1; j < variables.length; j++)
      if (graph.get(i, j, 0) !== '') found.push(`${i} ${graph.get(i, j, 0)} ${j}`)
  return found
}

describe('the PC algorithm with tests that know the truth', () => {
  const cases: readonly (readonly [string, number, readonly (readonly [number, number])[], readonly string[]])[] = [
    [
      'a chain',
      3,
      [
        [0, 1],
        [1, 2],
      ],
      ['0 o-o 1', '1 o-o 2'],
    ],
    [
      'a collider',
      3,
      [
        [0, 2],
        [1, 2],
      ],
      ['0 --> 2', '1 --> 2'],
    ],
    [
      'what follows a collider',
      4,
      [
        [0, 2],
        [1, 2],
        [2, 3],
      ],
      ['0 --> 2', '1 --> 2', '2 --> 3'],
    ],
    [
      'a kite',
      4,
      [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ],
      ['0 o-o 1', '0 o-o 2', '1 --> 3', '2 --> 3'],
    ],
    [
      'two ways to one',
      4,
      [
        [0, 3],
        [1, 3],
        [2, 3],
        [0, 1],
        [0, 2],
      ],
      ['0 o-o 1', '0 o-o 2', '0 --> 3', '1 --> 3', '2 --> 3'],
    ],
  ]

  describe.each(['majority', 'conservative', 'none'] as const)('rule %s', (colliderRule: ColliderRule) => {
    it.each(cases)('finds %s', async (_, variables, links, expected) => {
      for (const later of [false, true]) {
        const tester = knowing(variables, separated(links, variables), later)
        const found = await discoverPcWithoutTime(tester, { colliderRule })
        expect(linksOf(found)).toEqual(expected)
        expect(found.ambiguousTriples).toEqual([])
        expect(found.tests).toBe(tester.made)
      }
    })
  })

  it('finds lagged links and keeps their separating sets', async () => {
    // 0 drives itself and, one step later, 1; nothing else.
    const dependent = (x: Node, y: Node, z: readonly Node[]): boolean => {
      const has = (variable: number, lag: number): boolean => z.some(([v, l]) => v === variable && l === lag)
      if (x[0] === 1 && y[0] === 1) return !has(0, -1) && !has(0, -2)
      if (x[0] === 0 && y[0] === 0) return true
      return x[0] === 0 ? x[1] === -1 || !has(0, -1) : !has(0, x[1] - 1) && !has(0, -1)
    }
    const tester = knowing(2, (x, y, z) => y[1] === 0 && !dependent(x, y, z))
    const found = await discoverPc(tester, { tauMax: 1, neighbours: 'all' })
    expect(found.graph.get(0, 1, 1)).toBe('-->')
    expect(found.graph.get(1, 1, 1)).toBe('')
    expect(found.separatingSets?.get('1,-1,1')).toEqual([[0, -1]])
  })
})

const drawn = (variables: number, links: readonly (readonly [number, number, Link])[], tauMax = 0): LinkGraph => {
  const graph = new LinkGraph(variables, tauMax)
  for (const [i, j, link] of links) graph.put(i, j, 0, link)
  return graph
}

describe('orientation', () => {
  const search = (variables: number, tauMax = 0): Search =>
    new Search(
      knowing(variables, () => true),
      { tauMax },
    )

  it('goes on from lagged links', () => {
    const graph = drawn(2, [[0, 1, 'o-o']], 1)
    graph.set(0, 0, 1, '-->')
    orientByRules(search(2, 1), graph, [], true)
    expect(graph.get(0, 1, 0)).toBe('-->')
  })

  it('leaves ambiguous triples alone', () => {
    const graph = drawn(3, [
      [0, 1, '-->'],
      [1, 2, 'o-o'],
    ])
    const triple: Triple = [[0, 0], 1, 2]
    orientByRules(search(3), graph, [triple], true)
    expect(graph.get(1, 2, 0)).toBe('o-o')
    orientByRules(search(3), graph, [], true)
    expect(graph.get(1, 2, 0)).toBe('-->')
  })

  it('avoids circles', () => {
    const graph = drawn(3, [
      [0, 1, '-->'],
      [1, 2, '-->'],
      [0, 2, 'o-o'],
    ])
    orientByRules(search(3), graph, [], true)
    expect(graph.get(0, 2, 0)).toBe('-->')
  })

  it('follows two chains to one end', () => {
    const graph = drawn(4, [
      [0, 1, 'o-o'],
      [0, 2, 'o-o'],
      [0, 3, 'o-o'],
      [1, 3, '-->'],
      [2, 3, '-->'],
    ])
    orientByRules(search(4), graph, [], true)
    expect([graph.get(0, 3, 0), graph.get(0, 1, 0)]).toEqual(['-->', 'o-o'])
  })

  it('marks conflicts, or keeps what came first', async () => {
    // 0 o-o 1 o-o 2 o-o 3, whose both triples count as colliders.
    const chain = [
      [0, 1, 'o-o'],
      [1, 2, 'o-o'],
      [2, 3, 'o-o'],
    ] as const
    const options = { neighbours: 'all', alpha: 0.05, rule: 'none' } as const
    const limits = { maxConditionsY: 9, maxConditionsX: 9, maxConditionsLaggedX: 9 }
    const [marked, first] = [drawn(4, chain), drawn(4, chain)]
    await orientColliders(search(4), marked, new Map(), { ...options, ...limits, markConflicts: true })
    await orientColliders(search(4), first, new Map(), { ...options, ...limits, markConflicts: false })
    expect([marked.get(0, 1, 0), marked.get(1, 2, 0), marked.get(3, 2, 0)]).toEqual(['-->', 'x-x', '-->'])
    expect(first.get(1, 2, 0)).not.toBe('x-x')
  })

  it('takes the same direction twice without conflict', () => {
    const graph = drawn(2, [[0, 1, 'o-o']])
    const orient = orienter(graph, true)
    orient(0, 1)
    orient(0, 1)
    expect(graph.links).toEqual(['', '-->', '<--', ''])
    orient(1, 0)
    expect(graph.links).toEqual(['', 'x-x', 'x-x', ''])
  })
})
