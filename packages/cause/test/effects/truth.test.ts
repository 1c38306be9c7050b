import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LinkGraph, reversed } from '../../src/discovery/graph.ts'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { isObstacle, isValid, optimalNodes, optimalParts, validSets } from '../../src/effects/adjustment.ts'
import { effectMatrices } from '../../src/effects/effect-matrices.ts'
import { effectOf } from '../../src/effects/effect-of.ts'
import { linksOf } from '../../src/effects/marks.ts'
import { membersOf } from '../../src/effects/members.ts'
import { possibleEffects } from '../../src/effects/possible-effects.ts'
import { effectQuery, nodesOf } from '../../src/effects/query.ts'
import type { Node } from '../../src/series/series.ts'
import { graphOfProcess, type Process, simulate, type Term } from './simulate.ts'

/** Random stable linear processes of four variables, links without lag from smaller to larger variables. */
const processes = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
      ),
      {
        minLength: 4,
        maxLength: 8,
      },
    ),
    fc.integer({ min: 1, max: 10_000 }),
  )
  .map(([links, seed]) => {
    const terms = Array.from({ length: 4 }, () => new Map<string, Term>())
    for (const [i, j, lag, up] of links) {
      if (lag === 0 && i >= j) continue
      const weight = (i === j ? 0.25 : 0.35) * (up ? 1 : -1)
      terms[j]!.set(`${i},${lag}`, [[i, lag === 0 ? 0 : -lag], weight])
    }
    const process: Process = { names: ['a', 'b', 'c', 'd'], terms: terms.map((own) => [...own.values()]) }
    return { process, seed }
  })

function trueEffects({ terms }: Process): LagArray {
  const coefficients = new LagArray(terms.length, 6)
  for (const [j, own] of terms.entries()) for (const [[i, lag], value] of own) coefficients.set(i, j, -lag, value)
  return effectMatrices(coefficients)
}

const isStable = (process: Process): boolean => trueEffects(process).data.every((value) => Math.abs(value) < 3)

describe('simulated processes with known effects', () => {
  test('estimates by adjustment and along paths are near the truth', async () => {
    await fc.assert(
      fc.asyncProperty(processes, fc.integer({ min: 0, max: 2 }), async ({ process, seed }, tau) => {
        fc.pre(isStable(process))
        const series = simulate(process, 2000, seed)
        const from: Node = [0, tau === 0 ? 0 : -tau]
        const result = await effectOf(series, graphOfProcess(process), {
          from: [from],
          to: [[3, 0]],
          mediated: true,
          bootstrap: { draws: 30 },
        })
        const truth = trueEffects(process).get(0, 3, tau)
        const [total, direct] = [result.total[0]!, result.direct![0]!]
        expect(Math.abs(total.value - truth)).toBeLessThan(6 * total.standardError + 1e-9)
        const link = process.terms[3]!.find(([[i, lag]]) => i === 0 && lag === from[1])?.[1] ?? 0
        expect(Math.abs(direct.value - link)).toBeLessThan(6 * direct.standardError + 1e-9)
      }),
      { numRuns: 40 },
    )
  })

  test('with a hidden variable, what is not refused is near the truth', async () => {
    let [refused, right] = [0, 0]
    await fc.assert(
      fc.asyncProperty(processes, async ({ process, seed }) => {
        const more: Record<number, Term[]> = { 1: [[[0, 0], 0.4]], 3: [[[0, -1], 0.4]] }
        const free = process.terms.map((own) => own.filter(([[i]]) => seed % 3 > 0 || i !== 0))
        const changed = {
          ...process,
          terms: free.map((own, j) => (seed % 3 === 0 ? [...own, ...(more[j] ?? [])] : own)),
        }
        return check(changed, seed)
      }),
      { numRuns: 40, seed: 7 },
    )
    expect(refused).toBeGreaterThan(0)
    expect(right).toBeGreaterThan(refused)

    async function check(process: Process, seed: number): Promise<void> {
      fc.pre(isStable(process))
      const series = simulate(process, 2000, seed)
      const question = { from: ['b@-1'], to: ['d'], hidden: ['a'], bootstrap: { draws: 30 } }
      try {
        const { total } = await effectOf(series, graphOfProcess(process), question)
        expect(Math.abs(total[0]!.value - trueEffects(process).get(1, 3, 1))).toBeLessThan(
          6 * total[0]!.standardError + 1e-9,
        )
        right++
      } catch (error) {
        if ((error as { tag?: string }).tag !== 'NotIdentifiable') throw error
        refused++
      }
    }
  })
})

describe('optimal sets', () => {
  test('are valid wherever a valid set exists, and no valid set leaves less variance in simulated series', () => {
    fc.assert(
      fc.property(processes, ({ process }) => {
        const query = effectQuery(graphOfProcess(process), {
          kind: 'stationary-dag',
          from: [[1, -1]],
          to: [[3, 0]],
          hidden: [0, -1, -2, -3].map((lag): Node => [0, lag]).slice(0, 2),
        })
        const parts = optimalParts(query)
        const exists = validSets(query).next().done !== true
        expect(isObstacle(parts)).toBe(!exists)
        if (exists) expect(isValid(query, optimalNodes(query))).toBe(true)
        for (const minimize of ['all', 'colliders'] as const)
          if (exists) {
            const small = optimalNodes(query, minimize)
            expect(isValid(query, small)).toBe(true)
            expect(small.length).toBeLessThanOrEqual(optimalNodes(query).length)
          }
      }),
      { numRuns: 150 },
    )
  })

  test('every listed set is valid and none is listed twice', () => {
    fc.assert(
      fc.property(processes, ({ process }) => {
        const query = effectQuery(graphOfProcess(process), { kind: 'stationary-dag', from: [[1, 0]], to: [[3, 0]] })
        const seen = new Set<string>()
        let count = 0
        for (const set of validSets(query)) {
          const nodes = nodesOf(query, set)
          expect(isValid(query, nodes)).toBe(true)
          expect(seen.has(String(nodes))).toBe(false)
          seen.add(String(nodes))
          if (++count === 50) break
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('equivalence classes', () => {
  /** All orientations of links without lag, without circles, that have the same colliders between nodes without link. */
  function classOf(graph: LinkGraph): LinkGraph[] {
    const open = [...linksOf(graph)].filter(({ lag }) => lag === 0)
    const out: LinkGraph[] = []
    for (let bits = 0; bits < 2 ** open.length; bits++) {
      const other = graph.copy()
      for (const [k, { i, j }] of open.entries()) other.put(i, j, 0, (bits >> k) & 1 ? '-->' : '<--')
      if (isAcyclic(other) && colliders(other) === colliders(graph)) out.push(other)
    }
    return out
  }

  function isAcyclic(graph: LinkGraph): boolean {
    const left = new Set(Array.from({ length: graph.variables }, (_, i) => i))
    for (;;) {
      const root = [...left].find((j) => [...left].every((i) => graph.get(i, j, 0) !== '-->'))
      if (root === undefined) return left.size === 0
      left.delete(root)
    }
  }

  function colliders(graph: LinkGraph): string {
    const out: string[] = []
    const linked = (a: Node, b: Node): boolean => {
      const [early, late] = a[1] <= b[1] ? [a, b] : [b, a]
      const lag = late[1] - early[1]
      return lag <= graph.tauMax && graph.get(early[0], late[0], lag) !== ''
    }
    for (let k = 0; k < graph.variables; k++) {
      const into: Node[] = []
      for (let i = 0; i < graph.variables; i++)
        for (let lag = 0; lag <= graph.tauMax; lag++) if (graph.get(i, k, lag) === '-->') into.push([i, -lag])
      for (const a of into) for (const b of into) if (String(a) < String(b) && !linked(a, b)) out.push(`${a};${k};${b}`)
    }
    return out.sort((a, b) => (a < b ? -1 : 1)).join(' ')
  }

  const keyOf = (graph: LinkGraph): string => graph.links.join()

  test('members of a CPDAG are those of its class', () => {
    fc.assert(
      fc.property(processes, ({ process }) => {
        const dag = graphOfProcess(process)
        const all = classOf(dag)
        const pattern = dag.copy()
        for (const { i, j, lag } of linksOf(dag)) {
          if (lag > 0) continue
          if (all.some((each) => each.get(i, j, 0) !== dag.get(i, j, 0))) {
            pattern.set(i, j, 0, 'o-o')
            pattern.set(j, i, 0, 'o-o')
          }
        }
        const members = membersOf(pattern)
        expect(new Set(members.graphs.map(keyOf))).toEqual(new Set(all.map(keyOf)))
        expect(members.warnings).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('the truth is among the possible effects', async () => {
    await fc.assert(
      fc.asyncProperty(processes, async ({ process, seed }) => {
        fc.pre(isStable(process))
        const dag = graphOfProcess(process)
        const open = dag.copy()
        for (const { i, j, lag } of linksOf(dag)) if (lag === 0) open.put(i, j, 0, 'o-o')
        const { effects } = await possibleEffects(simulate(process, 2000, seed), open, { from: [[1, 0]], to: [[3, 0]] })
        const truth = trueEffects(process).get(1, 3, 0)
        expect(effects[0]!.values.some((value) => Math.abs(value - truth) < 0.2)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('links are mirrored', () => expect(reversed('o->')).toBe('<-o'))
})
