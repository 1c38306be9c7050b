import type { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LinkGraph } from '../../src/discovery/graph.ts'
import { causalGraph, indexOf, nodeAt, topologicalOrder } from '../../src/effects/causal-graph.ts'
import { linkGraphOf } from '../../src/effects/links.ts'
import { openLinks, opennessOf, possiblyAncestral } from '../../src/effects/marks.ts'
import { MOST_MEMBERS, membersOf } from '../../src/effects/members.ts'
import { ancestors, arrowPath, descendants, mediators, openPath } from '../../src/effects/paths.ts'
import { isAncestral, isVisible, unrolled } from '../../src/effects/visibility.ts'
import type { Node } from '../../src/series/series.ts'
import { type LinkRow, linkGraph, timeGraph } from './graphs.ts'

const tagOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return (error as InputError).tag
  }
  return 'none'
}

const rows = (...links: LinkRow[]): LinkRow[] => links

describe('reading graphs', () => {
  test('nested arrays and LinkGraph are the same', () => {
    const graph = linkGraph(3, 2, rows([0, 1, 1, '-->'], [1, 2, 0, '-->']))
    const [a, b] = [graph, graph.nested()].map((each) => causalGraph(each, { kind: 'stationary-dag' }))
    expect(a).toEqual(b)
    expect(
      linkGraphOf([
        ['', '-->'],
        ['<--', ''],
      ]).get(0, 1, 0),
    ).toBe('-->')
  })

  test.each([
    ['not square', [['', ''], ['']], 'BadGraph'],
    [
      'lags that differ',
      [
        [[''], ['', '']],
        [[''], ['']],
      ],
      'BadGraph',
    ],
    ['too deep', [[[['']]]], 'BadGraph'],
    ['empty', [], 'BadGraph'],
  ])('%s', (_name, graph, tag) => {
    expect(tagOf(() => linkGraphOf(graph))).toBe(tag)
  })

  test.each([
    ['an arrow to the past', linkGraph(2, 1, rows([0, 1, 1, '<--'])), 'BadLink'],
    ['an open link', linkGraph(2, 1, rows([0, 1, 0, 'o-o'])), 'BadLink'],
    ['a variable with itself', linkGraph(2, 1, rows([0, 0, 0, '-->'])), 'BadLink'],
    ['a circle', linkGraph(3, 0, rows([0, 1, 0, '-->'], [1, 2, 0, '-->'], [2, 0, 0, '-->'])), 'CyclicGraph'],
    ['a hidden cause in a DAG', linkGraph(2, 1, rows([0, 1, 1, '<->'])), 'BadLink'],
  ])('%s is refused', (_name, graph, tag) => {
    expect(tagOf(() => causalGraph(graph, { kind: 'stationary-dag' }))).toBe(tag)
  })

  test('lags where there are none, nodes that are not there, arrows back in time', () => {
    expect(tagOf(() => causalGraph(linkGraph(2, 1, []), { kind: 'dag' }))).toBe('BadGraph')
    expect(tagOf(() => causalGraph([['']], { kind: 'time-dag' }))).toBe('BadGraph')
    expect(tagOf(() => causalGraph(timeGraph(2, 1, rows([0, 1, 0, 1, '-->'])), { kind: 'time-dag' }))).toBe('BadLink')
    const graph = linkGraph(2, 1, rows([0, 1, 1, '-->']))
    expect(tagOf(() => causalGraph(graph, { kind: 'stationary-dag', hidden: [[2, 0]] }))).toBe('BadNode')
    expect(tagOf(() => causalGraph(graph, { kind: 'stationary-dag', hidden: [[0, -5]] }))).toBe('BadNode')
  })

  test('half a link without lag is enough', () => {
    const graph = new LinkGraph(2, 0)
    graph.set(1, 0, 0, '-->')
    const made = causalGraph(graph, { kind: 'stationary-dag' })
    expect(made.parents[0]).toEqual([1])
  })
})

describe('nodes in time', () => {
  test('numbers and nodes go back and forth', () => {
    const graph = causalGraph(linkGraph(3, 2, []), { kind: 'stationary-dag', tauMax: 4 })
    for (let index = 0; index < 15; index++) expect(indexOf(graph, nodeAt(graph, index))).toBe(index)
    expect(nodeAt(graph, 7)).toEqual([1, -2])
  })

  test('what was before the window joins its first nodes', () => {
    const graph = causalGraph(linkGraph(2, 1, rows([0, 1, 1, '-->'], [0, 0, 1, '-->'])), { kind: 'stationary-dag' })
    const at = (node: Node): number => indexOf(graph, node)
    expect(graph.parents[at([1, 0])]).toEqual([at([0, -1])])
    // 0 at lag 2 causes 0 and 1 at lag 1.
    expect(graph.spouses[at([1, -1])]).toEqual([at([0, -1])])
    expect(graph.spouses[at([1, 0])]).toEqual([])
  })

  test('a hidden mediator becomes an arrow, a hidden cause a spouse', () => {
    const chain = linkGraph(3, 0, rows([0, 1, 0, '-->'], [1, 2, 0, '-->']))
    const through = causalGraph(chain, { kind: 'dag', hidden: [[1, 0]] })
    expect(through.parents[2]).toEqual([0])
    const fork = linkGraph(3, 0, rows([1, 0, 0, '-->'], [1, 2, 0, '-->']))
    expect(causalGraph(fork, { kind: 'dag', hidden: [[1, 0]] }).spouses[0]).toEqual([2])
    const collider = linkGraph(3, 0, rows([0, 1, 0, '-->'], [2, 1, 0, '-->']))
    const none = causalGraph(collider, { kind: 'dag', hidden: [[1, 0]] })
    expect([none.parents[2], none.spouses[2]]).toEqual([[], []])
  })

  test('an arrow of +-> leads through hidden nodes', () => {
    const chain = linkGraph(3, 1, rows([0, 1, 1, '+->'], [1, 2, 0, '-->']))
    const hidden: Node[] = [0, -1, -2].map((lag) => [1, lag === 0 ? 0 : lag])
    const graph = causalGraph(chain, { kind: 'stationary-admg', tauMax: 2, hidden })
    const [from, to] = [indexOf(graph, [0, -1]), indexOf(graph, [2, 0])]
    expect(graph.parents[to]).toContain(from)
    expect(graph.spouses[to]).toContain(from)
  })
})

/** Random acyclic graphs without lags, with hidden causes. */
const admgs = fc
  .array(
    fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.constantFrom('-->', '<->', '+->')),
    {
      maxLength: 12,
    },
  )
  .map((links) =>
    linkGraph(
      6,
      0,
      links.filter(([i, j]) => i < j).map(([i, j, mark]): LinkRow => [i, j, 0, mark]),
    ),
  )

describe('paths', () => {
  /** Open paths by brute force over simple paths, with colliders open where a descendant is given (Richardson 2003). */
  function isConnected(graph: ReturnType<typeof causalGraph>, from: number, to: number, given: Set<number>): boolean {
    const aboveGiven = ancestors(graph, given)
    const go = (at: number, head: boolean | undefined, seen: readonly number[]): boolean => {
      if (at === to) return true
      const steps: [number, boolean, boolean][] = [
        ...graph.parents[at]!.map((n): [number, boolean, boolean] => [n, true, false]),
        ...graph.children[at]!.map((n): [number, boolean, boolean] => [n, false, true]),
        ...graph.spouses[at]!.map((n): [number, boolean, boolean] => [n, true, true]),
      ]
      return steps.some(([next, headHere, headThere]) => {
        if (seen.includes(next)) return false
        if (head !== undefined) {
          const isCollider = head && headHere
          if (isCollider ? !aboveGiven.has(at) : given.has(at)) return false
        }
        return go(next, headThere, [...seen, next])
      })
    }
    return go(from, undefined, [from])
  }

  test('walks that return from conditions find just the open paths', () => {
    fc.assert(
      fc.property(admgs, fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), (links, conditions) => {
        const graph = causalGraph(links, { kind: 'admg' })
        const given = new Set(conditions)
        const path = openPath(graph, new Set([0]), new Set([5]), { conditions })
        expect(path !== undefined).toBe(isConnected(graph, 0, 5, given))
        if (path) expect([path.start, path.steps.at(-1)!.node]).toEqual([0, 5])
      }),
      { numRuns: 400 },
    )
  })

  test('ancestors and descendants mirror one another, mediators lie between', () => {
    fc.assert(
      fc.property(admgs, (links) => {
        const graph = causalGraph(links, { kind: 'admg' })
        for (let a = 0; a < 6; a++)
          for (let b = 0; b < 6; b++) expect(ancestors(graph, [b]).has(a)).toBe(descendants(graph, [a]).has(b))
        for (const node of mediators(graph, new Set([0]), new Set([5])))
          expect(descendants(graph, [0]).has(node) && ancestors(graph, [5]).has(node)).toBe(true)
        const order = topologicalOrder(graph)
        for (const [place, node] of order.entries())
          for (const parent of graph.parents[node]!) expect(order.indexOf(parent)).toBeLessThan(place)
        const path = arrowPath(graph, new Set([0]), new Set([5]))
        expect(path !== undefined).toBe(descendants(graph, [0]).has(5))
      }),
      { numRuns: 100 },
    )
  })
})

describe('open graphs', () => {
  test('how much is open', () => {
    expect(opennessOf(linkGraph(2, 1, rows([0, 1, 1, '-->'], [0, 1, 0, '<->'])))).toBe('resolved')
    expect(opennessOf(linkGraph(2, 1, rows([0, 1, 0, 'x-x'])))).toBe('cpdag')
    expect(opennessOf(linkGraph(2, 1, rows([0, 1, 1, 'o-o'])))).toBe('pag')
    expect(opennessOf(linkGraph(2, 1, rows([0, 1, 1, 'o->'])))).toBe('pag')
    expect(opennessOf(linkGraph(3, 1, rows([0, 1, 0, 'o-o'], [1, 2, 1, '<->'])))).toBe('pag')
    expect(tagOf(() => opennessOf(linkGraph(2, 1, rows([0, 1, 1, 'o?o']))))).toBe('BadLink')
  })

  test('choices: time orders links at lags', () => {
    const graph = linkGraph(2, 1, rows([0, 1, 1, 'o-o'], [0, 1, 0, 'o->']))
    expect(openLinks(graph, 'pag').map(({ choices }) => choices)).toEqual([
      ['-->', '<->'],
      ['-->', '<->'],
    ])
  })

  test('too many graphs are not looked at', () => {
    const clique = linkGraph(
      9,
      0,
      Array.from({ length: 9 }, (_, i) => Array.from({ length: 9 }, (_u, j): LinkRow => [i, j, 0, 'o-o']))
        .flat()
        .filter(([i, j]) => Number(i) < Number(j)),
    )
    expect(tagOf(() => membersOf(clique))).toBe('TooManyMembers')
    expect(MOST_MEMBERS).toBeLessThan(362_880)
  })

  test('a circle that no orientation avoids', () => {
    const circle = linkGraph(3, 1, rows([0, 1, 0, '-->'], [1, 2, 0, '-->'], [2, 0, 0, '-->'], [0, 1, 1, 'o->']))
    expect(tagOf(() => membersOf(circle))).toBe('CyclicGraph')
  })

  test('any orientation, or that of a class', () => {
    const path = linkGraph(3, 0, rows([0, 1, 0, 'o-o'], [1, 2, 0, 'o-o']))
    expect(membersOf(path).graphs.length).toBe(3)
    expect(membersOf(path, { unoriented: 'any' }).graphs.length).toBe(4)
    expect(membersOf(path, { unoriented: 'any' }).warnings[0]!.tag).toBe('NotAnEquivalenceClass')
  })

  test('links that cannot lead to an effect are not oriented', () => {
    const graph = linkGraph(4, 1, rows([0, 1, 1, '-->'], [1, 2, 0, '-->'], [2, 3, 0, 'o-o']))
    expect(openLinks(possiblyAncestral(graph, [1]), 'cpdag')).toEqual([])
    expect(openLinks(possiblyAncestral(graph, [2]), 'cpdag').length).toBe(1)
    expect(possiblyAncestral(graph, [1]).get(0, 1, 1)).toBe('-->')
  })
})

describe('ancestral graphs', () => {
  test('a common cause beside a chain of arrows is not ancestral', () => {
    const chain = rows([0, 1, 1, '-->'], [1, 2, 1, '-->'])
    expect(isAncestral(unrolled(linkGraph(3, 2, chain), 5))).toBe(true)
    expect(isAncestral(unrolled(linkGraph(3, 2, [...chain, [0, 2, 2, '<->']]), 5))).toBe(false)
  })

  test('an arrow is visible where a node enters its tail that is not linked with its head', () => {
    const at = (graph: ReturnType<typeof unrolled>, [variable, lag]: Node): number => variable * graph.steps - lag
    const alone = unrolled(linkGraph(2, 1, rows([0, 1, 1, '-->'])), 4)
    expect(isVisible(alone, at(alone, [0, -1]), at(alone, [1, 0]))).toBe(false)
    const memory = unrolled(linkGraph(2, 1, rows([0, 1, 1, '-->'], [0, 0, 1, '-->'])), 4)
    expect(isVisible(memory, at(memory, [0, -1]), at(memory, [1, 0]))).toBe(true)
    // 2 enters 0 by way of the collider 1, which is a parent of the head 3.
    const collider = unrolled(
      linkGraph(4, 0, rows([0, 3, 0, '-->'], [0, 1, 0, '<->'], [1, 3, 0, '-->'], [2, 1, 0, '-->'])),
      1,
    )
    expect(isVisible(collider, 0, 3)).toBe(true)
  })
})
