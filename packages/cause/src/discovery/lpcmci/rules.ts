/**
 * The rules that orient and remove links, one row each (Gerhardus and Runge 2020, supplement S4; Zhang 2008 for R1 to R10).
 * A rule only says what follows from the graph; orientation.ts weighs the claims of a round against each other.
 */
import { colliderRules } from './collider-rules.ts'
import { ABSENT, EMPTY, HEAD, type MarkedLink, marked, pattern, TAIL, withFar, withNear } from './marks.ts'
import { pathRules } from './path-rules.ts'
import { type Claim, claim, type Rule } from './rule.ts'
import type { Run } from './run.ts'
import { findQuadruples, findTriples, type NodeTriple, type TriplePattern, triplesOfAny } from './structures.ts'
import { isInSeparatingSets } from './votes.ts'

export type RuleName =
  | 'APR'
  | 'ER-08'
  | 'ER-02'
  | 'ER-01'
  | 'ER-00-d'
  | 'ER-00-c'
  | 'ER-03'
  | 'R-04'
  | 'ER-09'
  | 'ER-10'
  | 'ER-00-b'
  | 'ER-00-a'

interface TripleRow {
  readonly patterns: readonly TriplePattern[]
  /** Which link of the triple becomes what. */
  readonly link: readonly [from: 0 | 1 | 2, to: 0 | 1 | 2]
  readonly become: (link: MarkedLink) => MarkedLink
  /** Default: always. */
  readonly holds?: (run: Run, triple: NodeTriple) => Promise<boolean>
}

/** A rule that orients one link of each triple. */
const onTriples =
  ({ patterns, link: [from, to], become, holds }: TripleRow): Rule =>
  async (run, laggedOnly) => {
    const { graph } = run.memory
    const { back } = run.space
    const triples =
      patterns.length === 1 ? findTriples(graph, patterns[0]!) : triplesOfAny(graph, run.triples, patterns)
    const claims: Claim[] = []
    for (const triple of triples) {
      const [a, b] = [triple[from], triple[to]]
      if (laggedOnly && back[a] === back[b]) continue
      if (holds === undefined || (await holds(run, triple))) claims.push(claim(run, a, b, become(graph.link(a, b))))
    }
    return claims
  }

const directed = (link: MarkedLink): MarkedLink => withNear(withFar(link, HEAD), TAIL)
const headed = (link: MarkedLink): MarkedLink => withFar(link, HEAD)

const [PROVEN_BOTH, PROVEN_RIGHT, PROVEN_LEFT] = [pattern('-!>'), pattern('-R>'), pattern('-L>')]

/** An ancestor that no set of ancestors of its descendant separates from it is its parent. */
const ancestorParent: Rule = async (run, laggedOnly) => {
  const { graph } = run.memory
  const { space } = run
  const claims: Claim[] = []
  if (run.withoutApr > 0) return claims
  for (let j = 0; j < space.variables; j++)
    graph.places(j, (i, back) => {
      const [a, b] = [space.code(i, back), space.code(j, 0)]
      const link = graph.link(a, b)
      if (link === ABSENT || (laggedOnly && back === 0)) return
      const side = space.smaller(a, b) ? PROVEN_RIGHT : PROVEN_LEFT
      if (PROVEN_BOTH[link] === 1 || side[link] === 1) claims.push(claim(run, a, b, marked(TAIL, EMPTY, HEAD)))
    })
  return claims
}

/** a *-> b <-* c with d between all of them: d is no descendant of b. */
const betweenParents: Rule = async (run) => {
  const { graph } = run.memory
  const claims: Claim[] = []
  for (const [a, b, c, d] of findQuadruples(graph))
    if (await isInSeparatingSets(run, a, d, c)) claims.push(claim(run, d, b, headed(graph.link(d, b))))
  return claims
}

export const RULES: Readonly<Record<RuleName, Rule>> = {
  APR: ancestorParent,
  'ER-08': onTriples({ patterns: [['-*>', '-*>', 'o*+']], link: [0, 2], become: directed }),
  'ER-02': onTriples({
    patterns: [
      ['-*>', '**>', '+*o'],
      ['**>', '-*>', '+*o'],
    ],
    link: [0, 2],
    become: headed,
  }),
  'ER-01': onTriples({
    patterns: [['**>', 'o*+', '']],
    link: [1, 2],
    become: directed,
    holds: (run, [a, b, c]) => isInSeparatingSets(run, a, b, c),
  }),
  'ER-03': betweenParents,
  ...colliderRules,
  ...pathRules,
}

/** Rules at the end of a preliminary phase, in the order of trying. */
export const LAST_PRELIMINARY: readonly RuleName[] = ['APR', 'ER-08', 'ER-02', 'ER-01', 'ER-09', 'ER-10']

/** Rules within a preliminary phase, without 9 and 10. */
export const SHORT_PRELIMINARY: readonly RuleName[] = LAST_PRELIMINARY.slice(0, 4)

export const ALL_RULES: readonly RuleName[] = [
  'APR',
  'ER-08',
  'ER-02',
  'ER-01',
  'ER-00-d',
  'ER-00-c',
  'ER-03',
  'R-04',
  'ER-09',
  'ER-10',
  'ER-00-b',
  'ER-00-a',
]
