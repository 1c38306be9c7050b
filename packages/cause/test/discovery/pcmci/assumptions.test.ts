import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assumedLinks,
  backOf,
  codeOf,
  type LinkAssumptions,
  laggedOnly,
  nodeCoding,
  nodeKey,
  nodeOf,
  variableOf,
} from '../../../src/discovery/assumptions.ts'
import { reversed } from '../../../src/discovery/graph.ts'

const known = (...maps: readonly Record<string, string>[]): LinkAssumptions =>
  maps.map((map) => new Map(Object.entries(map)))

/** Links as text, to look at: `i,-tau mark` for each target. */
const shown = (given: LinkAssumptions | undefined, variables: number, tauMax: number, tauMin = 0): string[][] =>
  assumedLinks(given, variables, { tauMin, tauMax }).map((map) =>
    [...map].map(([code, link]) => `${nodeKey(nodeOf(nodeCoding(variables, tauMax), code))} ${link}`),
  )

describe('assumptions about links', () => {
  it('allow every link where none are given', () => {
    expect(shown(undefined, 2, 2)).toEqual([
      ['0,-1 -?>', '0,-2 -?>', '1,0 o?o', '1,-1 -?>', '1,-2 -?>'],
      ['0,0 o?o', '0,-1 -?>', '0,-2 -?>', '1,-1 -?>', '1,-2 -?>'],
    ])
    expect(shown(undefined, 2, 2, 2)).toEqual([
      ['0,-2 -?>', '1,-2 -?>'],
      ['0,-2 -?>', '1,-2 -?>'],
    ])
  })

  it('are mirrored without lag and point forward with one', () => {
    expect(shown(known({ '1,0': '-->', '1,-1': 'o?o' }, { '1,-2': 'o-o' }, {}), 3, 2)).toEqual([
      ['1,0 -->', '1,-1 -?>'],
      ['1,-2 -->', '0,0 <--'],
      [],
    ])
    expect(shown(known({ '1,-1': 'o?>' }, { '0,0': 'o?o' }), 2, 1)).toEqual([['1,-1 -?>', '1,0 o?o'], ['0,0 o?o']])
  })

  it('can be cut to those with a lag', () => {
    const coding = nodeCoding(2, 1)
    const links = assumedLinks(undefined, 2, { tauMax: 1 })
    expect(laggedOnly(links, coding).map((map) => [...map.keys()].map((code) => backOf(coding, code)))).toEqual([
      [1, 1],
      [1, 1],
    ])
  })

  it.each([
    ['too few maps', known({}), 'BadAssumption'],
    ['an unknown variable', known({ '2,-1': '-->' }, {}), 'BadAssumption'],
    ['a lag too large', known({ '1,-3': '-->' }, {}), 'BadAssumption'],
    ['a positive lag', known({ '1,1': '-->' }, {}), 'BadAssumption'],
    ['an unknown mark', known({ '1,-1': '==>' }, {}), 'BadAssumption'],
    ['a mark of lagged links without lag', known({ '1,0': 'o?>' }, {}), 'BadAssumption'],
    ['a link to itself', known({ '0,0': 'o-o' }, {}), 'BadAssumption'],
    ['no node', known({ one: '-->' }, {}), 'BadAssumption'],
    ['ends that disagree', known({ '1,0': '-->' }, { '0,0': 'o-o' }), 'InconsistentAssumption'],
    ['a circle of two', known({ '1,0': '-->' }, { '0,0': '-->' }), 'InconsistentAssumption'],
  ])('are refused with %s', (_, given, tag) => {
    expect(() => assumedLinks(given, 2, { tauMax: 2 })).toThrow(expect.objectContaining({ tag }))
  })

  it('are refused where links without lag run in a circle', () => {
    const circle = known({ '2,0': '-?>' }, { '0,0': '-->' }, { '1,0': '-?>' })
    expect(() => assumedLinks(circle, 3, { tauMax: 1 })).toThrow(expect.objectContaining({ tag: 'CyclicAssumptions' }))
    const lagged = known({ '2,-1': '-?>' }, { '0,0': '-->' }, { '1,0': '-?>' })
    expect(assumedLinks(lagged, 3, { tauMax: 1 })).toHaveLength(3)
  })

  it('end as links that agree from both sides', () => {
    const marks = fc.constantFrom('o-o', 'o?o', '-->', '-?>')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(4), fc.nat(2), marks), { maxLength: 12 }), (links) => {
        const maps = Array.from({ length: 5 }, () => new Map<string, string>())
        // From lower to higher variables there is no circle.
        for (const [i, j, back, mark] of links)
          if (i < j || back > 0) maps[j]!.set(nodeKey([i, back === 0 ? 0 : -back]), mark)
        const coding = nodeCoding(5, 2)
        const completed = assumedLinks(maps, 5, { tauMax: 2 })
        for (const [j, map] of completed.entries())
          for (const [code, link] of map) {
            if (backOf(coding, code) > 0) expect(link).toMatch(/^-[-?]>$/)
            else expect(completed[variableOf(coding, code)]!.get(codeOf(coding, j, 0))).toBe(reversed(link))
          }
      }),
    )
  })
})
