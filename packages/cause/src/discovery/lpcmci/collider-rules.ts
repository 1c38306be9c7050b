/** Rules R0 a to d: links into the middle of a triple that no separating set of its ends contains, and links that go. */
import type { NodeCode } from '../assumptions.ts'
import {
  ABSENT,
  CIRCLE,
  CONFLICT,
  EMPTY,
  farOf,
  HEAD,
  type MarkedLink,
  middleOf,
  TAIL,
  UNCLEAR,
  withFar,
} from './marks.ts'
import { parents } from './neighbourhoods.ts'
import { frozenOrder } from './node-space.ts'
import { type Claim, claim, type Rule } from './rule.ts'
import type { Run } from './run.ts'
import type { OrderedSet } from './set-order.ts'
import { findTriples, type NodeTriple, orderedTriples, triplesOfAny } from './structures.ts'
import { now } from './tests.ts'
import { isNotInSeparatingSets } from './votes.ts'

const headed = (run: Run, a: NodeCode, b: NodeCode): Claim =>
  claim(run, a, b, withFar(run.memory.graph.link(a, b), HEAD))

/** Sets that separate the ends of a triple and of which no single node can be left out, in the order of the reference. */
const minimalSets = (run: Run, [a, , c]: NodeTriple): OrderedSet[] =>
  frozenOrder(
    run.space,
    run.memory
      .separations(a, c)
      .filter(({ minimal }) => minimal)
      .map(({ nodes }) => nodes),
  )

/**
 * Whether one of the sets, with the parents of both, separates end and middle too, where their link is not proven yet. The
 * sets that do are remembered; whether they are minimal is not known.
 */
async function separates(run: Run, end: NodeCode, middle: NodeCode, sets: readonly OrderedSet[]): Promise<boolean> {
  const { memory, space, settings, tests } = run
  const mark = middleOf(memory.graph.link(end, middle))
  if (mark === EMPTY || mark === UNCLEAR) return false
  const ends = space.set([end, middle])
  const always = parents(memory, settings, end, middle).difference(ends)
  const later = Math.min(space.back[end]!, space.back[middle]!)
  const [x, y] = space.back[end]! >= space.back[middle]! ? [end, middle] : [middle, end]
  let any = false
  for (const set of sets) {
    const all = set.union(always).difference(ends).list()
    const window = all.filter((code) => space.back[code]! >= later && space.back[code]! - later <= space.tauMax)
    const given = space.set(window.map((code) => code - later))
    const list = given.list()
    const answer = tests.ask(memory, x - later, y - later, list, [], () => list)
    const { dependent } = now(answer) ? answer : await answer
    if (dependent) continue
    memory.separate(x - later, y - later, given.copy(), false)
    any = true
  }
  return any
}

const unsettled = (link: MarkedLink): boolean =>
  farOf(link) === TAIL || farOf(link) === CONFLICT || middleOf(link) === UNCLEAR

/** a *-* b *-* c: links that go, and colliders. */
const removeAndCollide: Rule = async (run) => {
  const { graph } = run.memory
  const claims: Claim[] = []
  for (const triple of findTriples(graph, ['***', '***', ''])) {
    const [a, b, c] = triple
    const sets = minimalSets(run, triple)
    const [ab, cb] = [graph.link(a, b), graph.link(c, b)]
    const withoutAB = await separates(run, a, b, sets)
    if (withoutAB) claims.push(claim(run, a, b, ABSENT))
    const withoutCB = await separates(run, c, b, sets)
    if (withoutCB) claims.push(claim(run, c, b, ABSENT))
    const collider = farOf(ab) === HEAD && farOf(cb) === HEAD
    if (withoutAB || withoutCB || unsettled(ab) || unsettled(cb) || collider) continue
    if (!(await isNotInSeparatingSets(run, a, b, c))) continue
    if (farOf(ab) !== HEAD) claims.push(headed(run, a, b))
    if (farOf(cb) !== HEAD) claims.push(headed(run, c, b))
  }
  return claims
}

/** Triples whose second link is known not to be separable by ancestors of c. */
function provenSide(run: Run, first: string): NodeTriple[] {
  const { graph } = run.memory
  const { space } = run
  return orderedTriples(run.triples, [
    findTriples(graph, [first, 'o!+', '']),
    findTriples(graph, [first, 'oR+', '']).filter(([, b, c]) => space.smaller(b, c)),
    findTriples(graph, [first, 'oL+', '']).filter(([, b, c]) => space.smaller(c, b)),
  ])
}

/** a *-> b o-+ c: the link of a and b goes, or c does not follow from b. */
const removeOrHead: Rule = async (run) => {
  const { graph } = run.memory
  const claims: Claim[] = []
  for (const triple of provenSide(run, '**>')) {
    const [a, b, c] = triple
    if (await separates(run, a, b, minimalSets(run, triple))) claims.push(claim(run, a, b, ABSENT))
    else if (middleOf(graph.link(a, b)) !== UNCLEAR && (await isNotInSeparatingSets(run, a, b, c)))
      claims.push(headed(run, c, b))
  }
  return claims
}

/** a *-* b o-+ c, where a and b are neighbours for certain. */
const headOnProven: Rule = async (run) => {
  const claims: Claim[] = []
  for (const [a, b, c] of provenSide(run, '*-*'))
    if (await isNotInSeparatingSets(run, a, b, c)) claims.push(headed(run, c, b))
  return claims
}

/** a *-o b o-* c and a *-> b o-* c, all neighbours for certain: the rule R0 of FCI. */
const collide: Rule = async (run) => {
  const { graph } = run.memory
  const claims: Claim[] = []
  const triples = triplesOfAny(graph, run.triples, [
    ['*-o', 'o-*', ''],
    ['*->', 'o-*', ''],
  ])
  for (const [a, b, c] of triples) {
    if (!(await isNotInSeparatingSets(run, a, b, c))) continue
    claims.push(headed(run, c, b))
    if (farOf(graph.link(a, b)) === CIRCLE) claims.push(headed(run, a, b))
  }
  return claims
}

export const colliderRules = {
  'ER-00-a': removeAndCollide,
  'ER-00-b': removeOrHead,
  'ER-00-c': headOnProven,
  'ER-00-d': collide,
} as const satisfies Readonly<Record<string, Rule>>
