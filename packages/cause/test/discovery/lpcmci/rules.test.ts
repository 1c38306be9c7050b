import { describe, expect, it } from 'vitest'
import {
  ALL_RULES,
  LAST_PRELIMINARY,
  RULES,
  type RuleName,
  SHORT_PRELIMINARY,
} from '../../../src/discovery/lpcmci/rules.ts'
import { isInSeparatingSets, isNotInSeparatingSets, keepMinimal } from '../../../src/discovery/lpcmci/votes.ts'
import { keys, linksOf, node, runWith, separated, told } from './fake.ts'

type Options = NonNullable<Parameters<typeof runWith>[2]> & {
  /** Known sets: x, y, and the nodes that separate them. */
  readonly known?: readonly (readonly [x: string, y: string, nodes: readonly string[]])[]
  readonly laggedOnly?: boolean
}

/** What the rule says of a graph of so many variables with these links. */
async function says(
  rule: RuleName,
  variables: number,
  links: readonly string[],
  options: Options = {},
): Promise<string[]> {
  const { known = [], laggedOnly = false, ...others } = options
  const { run } = runWith(variables, links, others)
  for (const [x, y, nodes] of known) separated(run, x, y, nodes)
  const before = linksOf(run)
  const claims = told(await RULES[rule](run, laggedOnly))
  expect(linksOf(run)).toEqual(before)
  return claims
}

describe('APR: ancestors that nothing separates are parents', () => {
  it('takes links that are proven from both sides', async () => {
    expect(await says('APR', 2, ['0@-1 -!> 1', '0@0 -!> 1'])).toEqual(['0@0 --> 1', '0@-1 --> 1'])
  })

  it('takes links proven from the side of the effect', async () => {
    expect(await says('APR', 2, ['0@-1 -R> 1', '1@-1 -L> 0'])).toEqual(['0@-1 --> 1'])
    expect(await says('APR', 2, ['1@0 -L> 0'])).toEqual(['1@0 --> 0'])
    expect(await says('APR', 2, ['1@0 -R> 0'])).toEqual([])
  })

  it('leaves others alone', async () => {
    expect(await says('APR', 2, ['0@-1 o!> 1', '1@-1 -?> 0', '0@0 <!> 1', '1@-1 --> 1'])).toEqual([])
  })

  it('is left out where it is told so', async () => {
    expect(await says('APR', 2, ['0@-1 -!> 1'], { withoutApr: 1 })).toEqual([])
    expect(await says('APR', 2, ['0@-1 -!> 1', '0@0 -!> 1'], { laggedOnly: true })).toEqual(['0@-1 --> 1'])
  })
})

describe('ER-08 and ER-02: ancestors of ancestors', () => {
  it('orient the link that closes a directed triangle', async () => {
    const triangle = ['0@0 -!> 1', '1@0 -?> 2', '0@0 o!o 2']
    expect(await says('ER-08', 3, triangle)).toEqual(['0@0 -!> 2'])
    expect(await says('ER-08', 3, triangle, { laggedOnly: true })).toEqual([])
    expect(await says('ER-02', 3, triangle)).toEqual(['0@0 o!> 2'])
  })

  it('put a head where only one of two links is a path', async () => {
    expect(await says('ER-08', 3, ['0@0 <!> 1', '1@0 -!> 2', '0@0 o!o 2'])).toEqual([])
    expect(await says('ER-02', 3, ['0@0 <!> 1', '1@0 -!> 2', '0@0 o!o 2'])).toEqual(['0@0 o!> 2'])
    expect(await says('ER-02', 3, ['0@0 o!> 1', '1@0 o!> 2', '0@0 o!o 2'])).toEqual([])
  })

  it('know that time runs forward', async () => {
    expect(await says('ER-08', 2, ['0@-1 -!> 1', '0@-1 o!> 0', '0@0 -!> 1'])).toEqual([])
    expect(await says('ER-08', 2, ['0@-1 -!> 0', '0@-1 o!> 1', '0@0 -!> 1'])).toEqual(['0@-1 -!> 1'])
  })
})

describe('ER-01: no new collider', () => {
  const chain = ['0@0 o!> 1', '1@0 o!o 2']
  it('orients away from a head where the middle separates', async () => {
    expect(await says('ER-01', 3, chain, { known: [['0@0', '2@0', ['1@0']]] })).toEqual(['1@0 -!> 2'])
  })
  it('waits where it does not, or no set is known, or half of them say otherwise', async () => {
    expect(await says('ER-01', 3, chain, { known: [['0@0', '2@0', []]] })).toEqual([])
    expect(await says('ER-01', 3, chain)).toEqual([])
    const half = {
      known: [
        ['0@0', '2@0', []],
        ['0@0', '2@0', ['1@0']],
      ] as const,
    }
    expect(await says('ER-01', 3, chain, half)).toEqual([])
  })
  it('is not for shielded triples', async () => {
    expect(await says('ER-01', 3, [...chain, '0@0 o!o 2'], { known: [['0@0', '2@0', ['1@0']]] })).toEqual([])
  })
})

describe('ER-03: between two parents', () => {
  const diamond = ['0@0 o-> 1', '2@0 o-> 1', '0@0 o-o 3', '2@0 o-o 3', '1@0 o-o 3']
  it('puts a head at their child', async () => {
    const claims = await says('ER-03', 4, diamond, { independent: ['0@0 2@0 | 3@0'], tauMax: 0 })
    expect([...new Set(claims)]).toEqual(['3@0 o-> 1'])
  })
  it('waits where the fourth is a collider', async () => {
    expect(await says('ER-03', 4, diamond, { independent: ['0@0 2@0 |'], tauMax: 0 })).toEqual([])
  })
})

describe('R-04: discriminating paths', () => {
  // 0 *-> 1 <-> 2 o-o 3, where 1 is a parent of 3.
  const path = ['0@0 o-> 1', '1@0 <-> 2', '1@0 --> 3', '2@0 o-o 3']
  it('say parent where the set has the node', async () => {
    expect(await says('R-04', 4, path, { known: [['0@0', '3@0', ['1@0', '2@0']]], tauMax: 0 })).toEqual(['2@0 --> 3'])
  })
  it('say hidden cause where it has not', async () => {
    expect(await says('R-04', 4, path, { independent: ['0@0 3@0 | 1@0'], tauMax: 0 })).toEqual(['2@0 <-> 3'])
  })
  it('are none where the first node is a neighbour of the last', async () => {
    expect(await says('R-04', 4, [...path, '0@0 o-o 3'], { tauMax: 0 })).toEqual([])
  })
})

describe('ER-09: another way', () => {
  // 0 o-> 1, and 0 o-o 2 o-o 3 o-> 1 around it.
  const ring = ['0@0 o-> 1', '0@0 o-o 2', '2@0 o-o 3', '3@0 o-> 1']
  const sets = ['1@0 2@0 | 0@0 3@0', '0@0 3@0 | 1@0 2@0', '0@0 3@0 | 2@0']
  it('makes a cause of what cannot be anything else', async () => {
    const claims = await says('ER-09', 4, ring, { independent: sets, tauMax: 0 })
    expect(claims).toContain('0@0 --> 1')
    expect(claims).toContain('3@0 --> 1')
  })
  it('needs sets that have the nodes', async () => {
    expect(await says('ER-09', 4, ring, { tauMax: 0 })).toEqual([])
    expect(await says('ER-09', 4, ring, { independent: sets, tauMax: 0, laggedOnly: true })).toEqual([])
  })
})

describe('ER-10: two ways', () => {
  // 0 o-> 1, and ways over 2 and over 3, which part at 0; 4 and 5 are between.
  const ways = ['0@0 o-> 1', '0@0 o-o 2', '0@0 o-o 3', '2@0 o-> 4', '3@0 o-> 5', '4@0 --> 1', '5@0 --> 1']
  const sets = ['0@0 4@0 | 2@0', '0@0 5@0 | 3@0', '2@0 3@0 | 0@0']
  it('make a cause of the node where they part', async () => {
    const claims = await says('ER-10', 6, ways, { independent: sets, tauMax: 0 })
    expect(claims).toEqual(['0@0 --> 1'])
  })
  it('need a node that separates the two ways', async () => {
    expect(await says('ER-10', 6, ways, { independent: ['0@0 4@0 | 2@0', '0@0 5@0 | 3@0'], tauMax: 0 })).toEqual([])
  })
})

describe('ER-00: colliders', () => {
  it('d orients both links into a node that separates nothing', async () => {
    const open = ['0@0 o-o 1', '1@0 o-o 2']
    const claims = await says('ER-00-d', 3, open, { independent: ['0@0 2@0 |'], tauMax: 0 })
    expect(new Set(claims)).toEqual(new Set(['0@0 o-> 1', '2@0 o-> 1']))
    expect(await says('ER-00-d', 3, open, { independent: ['0@0 2@0 | 1@0'], tauMax: 0 })).toEqual([])
  })

  it('c orients the link whose end is not proven yet', async () => {
    const claims = await says('ER-00-c', 3, ['0@0 o-o 1', '1@0 o!o 2'], { independent: ['0@0 2@0 |'], tauMax: 0 })
    expect(claims).toEqual(['2@0 o!> 1'])
    expect(await says('ER-00-c', 3, ['0@0 o-o 1', '1@0 oLo 2'], { independent: ['0@0 2@0 |'], tauMax: 0 })).toEqual([])
    const right = await says('ER-00-c', 3, ['0@0 o-o 1', '1@0 oRo 2'], { independent: ['0@0 2@0 |'], tauMax: 0 })
    expect(right).toEqual(['2@0 oR> 1'])
  })

  it('b removes a link that the known set separates', async () => {
    const links = ['0@0 o!> 1', '1@0 o!o 2']
    const known = [['0@0', '2@0', []]] as const
    expect(await says('ER-00-b', 3, links, { known, independent: ['0@0 1@0 |'], tauMax: 0 })).toEqual(['0@0 goes 1'])
    expect(await says('ER-00-b', 3, links, { known, tauMax: 0 })).toEqual(['2@0 o!> 1'])
  })

  it('a removes, or orients what it cannot remove', async () => {
    const links = ['0@0 o!o 1', '1@0 o!o 2']
    const known = [['0@0', '2@0', []]] as const
    const gone = await says('ER-00-a', 3, links, { known, independent: ['0@0 1@0 |'], tauMax: 0 })
    expect(new Set(gone)).toEqual(new Set(['0@0 goes 1']))
    const oriented = await says('ER-00-a', 3, links, { known, tauMax: 0 })
    expect(new Set(oriented)).toEqual(new Set(['0@0 o!> 1', '2@0 o!> 1']))
  })

  it('a remembers sets whose minimality is not known', async () => {
    const { run } = runWith(3, ['0@0 o!o 1', '1@0 o!o 2'], { independent: ['0@0 1@0 |'], tauMax: 0 })
    separated(run, '0@0', '2@0', [])
    await RULES['ER-00-a'](run, false)
    expect(keys(run, '0@0', '1@0')).toEqual(['?'])
  })
})

describe('votes', () => {
  it('search among neighbours of both ends, once', async () => {
    const { run, tester } = runWith(3, ['0@0 o-o 1', '1@0 o-o 2'], { independent: ['0@0 2@0 | 1@0'], tauMax: 0 })
    const [a, b, c] = ['0@0', '1@0', '2@0'].map((name) => node(run, name)) as [number, number, number]
    expect(await isInSeparatingSets(run, a, b, c)).toBe(true)
    expect(await isNotInSeparatingSets(run, c, b, a)).toBe(false)
    expect(tester.asked).toEqual(['0@0 2@0 |', '0@0 2@0 | 1@0'])
    // Other middle marks leave the neighbours as they are.
    run.memory.graph.putAt(0, 1, 0, 0)
    expect(await isInSeparatingSets(run, c, b, a)).toBe(true)
    expect(tester.asked).toHaveLength(2)
  })

  it('are about the same times as the triple', async () => {
    const { run } = runWith(2, ['0@-1 o-> 1', '1@-1 --> 1'], { tauMax: 2 })
    separated(run, '0@-1', '1@0', ['1@-1'])
    expect(await isInSeparatingSets(run, node(run, '0@-2'), node(run, '1@-2'), node(run, '1@-1'))).toBe(true)
    expect(await isInSeparatingSets(run, node(run, '0@-2'), node(run, '1@0'), node(run, '1@-1'))).toBe(false)
  })
})

describe('weakly minimal sets', () => {
  const minimise = async (
    independent: readonly string[],
    sets: string[][],
    ancestors: string[] = [],
  ): Promise<string[]> => {
    const { run } = runWith(5, [], { independent, tauMax: 0 })
    const set = (names: readonly string[]) => run.space.set(names.map((name) => node(run, name)))
    await keepMinimal(run, node(run, '0@0'), node(run, '1@0'), sets.map(set), set(ancestors))
    return keys(run, '0@0', '1@0')
  }

  it('are those of one node, or of ancestors', async () => {
    expect(await minimise([], [['2@0'], ['3@0']])).toEqual(['2@0', '3@0'])
    expect(await minimise([], [['2@0', '3@0']], ['2@0', '3@0', '4@0'])).toEqual(['2@0 3@0'])
  })

  it('lose the nodes that are not needed', async () => {
    expect(await minimise(['0@0 1@0 | 2@0 3@0', '0@0 1@0 | 2@0'], [['2@0', '3@0', '4@0']])).toEqual(['2@0'])
    expect(await minimise([], [['2@0', '3@0']])).toEqual(['2@0 3@0'])
    expect(await minimise(['0@0 1@0 | 2@0'], [['2@0', '3@0']], ['3@0'])).toEqual(['2@0 3@0'])
  })
})

describe('lists of rules', () => {
  it('name each rule once', () => {
    expect(new Set(ALL_RULES)).toEqual(new Set(Object.keys(RULES)))
    expect(ALL_RULES).toHaveLength(12)
    expect(SHORT_PRELIMINARY).toEqual(['APR', 'ER-08', 'ER-02', 'ER-01'])
    expect(LAST_PRELIMINARY).toEqual([...SHORT_PRELIMINARY, 'ER-09', 'ER-10'])
  })
})
