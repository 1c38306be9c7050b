import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { ancestorSet, isValid, openBackdoor, optimalNodes, validSets } from '../../src/effects/adjustment.ts'
import { type CausalGraph, nodeAt } from '../../src/effects/causal-graph.ts'
import type { GraphKind } from '../../src/effects/links.ts'
import { isOptimal } from '../../src/effects/optimality.ts'
import { ancestors } from '../../src/effects/paths.ts'
import { effectQuery, nodesOf, prunedNodes } from '../../src/effects/query.ts'
import type { Node } from '../../src/series/series.ts'
import { golden, graphOf, type LinkRow, linkGraph, plain } from './graphs.ts'

interface Row {
  readonly kind: GraphKind
  readonly variables: number
  readonly tauMax: number
  readonly links: readonly LinkRow[]
  readonly x: readonly Node[]
  readonly y: readonly Node[]
  readonly s: readonly Node[]
  readonly hidden: readonly Node[]
  readonly error?: string
  readonly projected: readonly (readonly [number, number, number, number, string])[]
  readonly reach: number
  readonly causal: boolean
  readonly mediators: readonly Node[]
  readonly forbidden: readonly Node[]
  readonly validAncestors: readonly Node[]
  readonly ancestors: readonly Node[]
  readonly pruned: readonly [Node[], Node[]]
  readonly optimal: readonly Node[] | null
  readonly minimized: readonly Node[] | null
  readonly collidersMinimized: readonly Node[] | null
  readonly ancestorSet: readonly Node[] | null
  readonly validity: readonly (readonly [Node[], boolean])[]
  readonly isOptimal?: boolean
}

const rows = golden<Row[]>('effects_graphs.json')

const queryOf = (row: Row) =>
  effectQuery(graphOf(row.kind, row.variables, row.tauMax, row.links), {
    kind: row.kind,
    from: row.x,
    to: row.y,
    condition: row.s,
    hidden: row.hidden,
  })

/** Links as the reference writes them, each once. */
function written(graph: CausalGraph): string[] {
  const out: string[] = []
  const count = graph.parents.length
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) {
      const [right, left] = [graph.parents[b]!.includes(a), graph.parents[a]!.includes(b)]
      const both = graph.spouses[a]!.includes(b)
      if (!right && !left && !both) continue
      const link = right ? (both ? '+->' : '-->') : left ? (both ? '<-+' : '<--') : '<->'
      const [i, j] = [nodeAt(graph, a), nodeAt(graph, b)]
      out.push(`${i[0]},${j[0]},${-i[1]},${-j[1]},${link}`)
    }
  return out.sort(byText)
}

const orNull = (find: () => readonly Node[]): number[][] | null => {
  try {
    return plain(find())
  } catch (error) {
    expect((error as InputError).tag).toBe('NotIdentifiable')
    return null
  }
}

describe('graphs of the reference implementation', () => {
  const kinds = [...new Set(rows.map(({ kind }) => kind))]
  test.each(kinds)('%s: projection, ancestors, sets, validity, optimality', (kind) => {
    for (const row of rows.filter((each) => each.kind === kind && each.error === undefined)) {
      const query = queryOf(row)
      expect(query.graph.tauMax).toBe(row.reach)
      expect(written(query.graph)).toEqual(row.projected.map(String).sort(byText))
      expect(query.causal).toBe(row.causal)
      expect(plain(nodesOf(query, query.mediators)).sort(byNode)).toEqual(row.mediators)
      for (const set of ['forbidden', 'validAncestors'] as const)
        expect(plain(nodesOf(query, query[set])).sort(byNode)).toEqual(row[set])
      expect(plain(nodesOf(query, ancestors(query.graph, query.y))).sort(byNode)).toEqual(row.ancestors)
      const pruned = prunedNodes(query)
      expect([pruned.from, pruned.to].map((part) => plain(part).sort(byNode))).toEqual(row.pruned)
      checkSets(row)
    }
  })

  function checkSets(row: Row): void {
    const query = queryOf(row)
    const sorted = (set: number[][] | null) => set?.sort(byNode) ?? null
    expect(sorted(orNull(() => optimalNodes(query)))).toEqual(row.optimal)
    expect(sorted(orNull(() => optimalNodes(query, 'all')))).toEqual(row.minimized)
    expect(sorted(orNull(() => optimalNodes(query, 'colliders')))).toEqual(row.collidersMinimized)
    const adjust = ancestorSet(query)
    expect(sorted(adjust ? plain(nodesOf(query, adjust)) : null)).toEqual(row.ancestorSet)
    for (const [set, valid] of row.validity) expect(isValid(query, set)).toBe(valid)
    if (row.isOptimal !== undefined) expect(isOptimal(query)).toBe(row.isOptimal)
  }
})

const byNode = (a: readonly number[], b: readonly number[]): number => a[0]! - b[0]! || a[1]! - b[1]!

describe('theory', () => {
  test('what the reference refuses is refused', () => {
    for (const row of rows.filter(({ error }) => error !== undefined))
      expect(() => queryOf(row), row.error).toThrow(InputError)
  })

  test('a valid set exists exactly where that of all ancestors is valid, and minimised sets are valid', () => {
    for (const row of rows.filter((each) => each.error === undefined)) {
      const query = queryOf(row)
      const some = validSets(query).next().done !== true
      expect(some).toBe(ancestorSet(query) !== undefined)
      for (const minimize of ['keep-parents', 'all'] as const) {
        const set = ancestorSet(query, minimize)
        if (set) expect(openBackdoor(query, [...set, ...query.s])).toBeUndefined()
      }
    }
  })
})

describe('reasons', () => {
  const names = ['sun', 'rain', 'yield']
  const confounded = linkGraph(3, 0, [
    [0, 1, 0, '-->'],
    [1, 2, 0, '+->'],
  ] as LinkRow[])

  test('a hidden common cause is named with its path', () => {
    const query = effectQuery(confounded, { kind: 'admg', from: [[1, 0]], to: [[2, 0]], names })
    try {
      optimalNodes(query)
      expect.unreachable()
    } catch (error) {
      const { tag, message, data } = error as InputError
      expect(tag).toBe('NotIdentifiable')
      expect(message).toContain('rain@0')
      expect(data.path).toBe('yield@0 <-> rain@0')
    }
  })

  test('nodes that are not there, in two roles, or hidden', () => {
    const ask = (options: object) => () =>
      effectQuery(confounded, { kind: 'admg', from: [[1, 0]], to: [[2, 0]], names, ...options })
    expect(ask({ from: [[3, 0]] })).toThrow(/no node \[3, 0\]/)
    expect(ask({ from: [[2, 0]] })).toThrow(/both cause and effect/)
    expect(ask({ condition: [[1, 0]] })).toThrow(/both condition and cause/)
    expect(ask({ hidden: [[1, 0]] })).toThrow(/rain@0 is hidden/)
    expect(ask({ from: [] })).toThrow(/needs causes/)
    expect(ask({ kind: 'dag' })).toThrow(/cannot have/)
  })
})

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
