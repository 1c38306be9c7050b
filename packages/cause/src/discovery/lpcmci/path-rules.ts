/** Rules 4, 9 and 10, which look along paths. */
import type { NodeCode } from '../assumptions.ts'
import { ABSENT, EMPTY, farOf, HEAD, marked, markedOf, pattern, TAIL, withFar, withNear } from './marks.ts'
import { type Claim, claim, type Rule } from './rule.ts'
import type { Run } from './run.ts'
import {
  DIRECTED,
  directedPaths,
  discriminatingPaths,
  findTriples,
  MAYBE_DIRECTED,
  triplesOfAny,
} from './structures.ts'
import { isInSeparatingSets, isNotInSeparatingSets } from './votes.ts'

const PARENT = marked(TAIL, EMPTY, HEAD)
const CONFOUNDED = marked(HEAD, EMPTY, HEAD)
const HEAD_AND_CONFLICT = markedOf('<-x')
const UNDIRECTED = pattern('o*o')

const directed = (run: Run, a: NodeCode, c: NodeCode): Claim =>
  claim(run, a, c, withNear(withFar(run.memory.graph.link(a, c), HEAD), TAIL))

/** Discriminating paths x ... a b c for b: b is a parent of c, or both share a hidden cause. */
const discriminate: Rule = async (run) => {
  const { memory } = run
  const claims: Claim[] = []
  for (const triple of findTriples(memory.graph, ['<-*', 'o-+', '-->'])) {
    const [a, b, c] = triple
    const ab = memory.graph.link(a, b)
    for (const path of discriminatingPaths(memory, triple)) {
      const start = path[path.length - 1]!
      if (await isInSeparatingSets(run, start, b, c)) claims.push(claim(run, b, c, PARENT))
      else if (ab !== HEAD_AND_CONFLICT && (await isNotInSeparatingSets(run, start, b, c))) {
        claims.push(claim(run, b, c, CONFOUNDED))
        if (ab !== CONFOUNDED) claims.push(claim(run, a, b, CONFOUNDED))
      }
    }
  }
  return claims
}

/** Whether no node of the path is a collider: from the first head on it is directed, before that separating sets say so. */
async function hasNoCollider(run: Run, path: readonly NodeCode[]): Promise<boolean> {
  for (let at = 0; at + 2 < path.length; at++) {
    if (farOf(run.memory.graph.link(path[at]!, path[at + 1]!)) === HEAD) return true
    if (!(await isInSeparatingSets(run, path[at]!, path[at + 1]!, path[at + 2]!))) return false
  }
  return true
}

/** b *-* a o-> c, and another way from b that ends in c: without the tail at a, there would be a circle or a collider. */
const tailByWay: Rule = async (run, laggedOnly) => {
  const { graph } = run.memory
  const claims: Claim[] = []
  const triples = triplesOfAny(graph, run.triples, [
    ['o*o', 'o*>', ''],
    ['<*o', 'o*>', ''],
    ['<*-', 'o*>', ''],
  ])
  for (const [b, a, c] of triples) {
    if (laggedOnly && run.space.back[a] === run.space.back[c]) continue
    if (!(await isInSeparatingSets(run, b, a, c))) continue
    if (await hasWay(run, b, a, c)) claims.push(directed(run, a, c))
  }
  return claims
}

/** Whether a - b starts a way to c that is directed from the first head on, apart from a - c. */
async function hasWay(run: Run, b: NodeCode, a: NodeCode, c: NodeCode): Promise<boolean> {
  const { graph } = run.memory
  const first = graph.link(a, b)
  for (const path of directedPaths(run.memory, b, c, UNDIRECTED[first] === 1 ? MAYBE_DIRECTED : DIRECTED)) {
    if (path.includes(a) || graph.link(a, path[1]!) !== ABSENT) continue
    if (farOf(first) === HEAD) return true
    if ((await isInSeparatingSets(run, a, b, path[1]!)) && (await hasNoCollider(run, path))) return true
  }
  return false
}

/** a o-> c and ways from a to parents of c that part at a. */
const tailByTwoWays: Rule = async (run, laggedOnly) => {
  const { graph } = run.memory
  const { space } = run
  const targets = new Map<number, { readonly a: NodeCode; readonly c: NodeCode; readonly parents: NodeCode[] }>()
  const triples = triplesOfAny(graph, run.triples, [
    ['o*>', '<*-', ''],
    ['o*>', '<*-', '***'],
  ])
  for (const [a, c, parent] of triples) {
    const target = targets.get(a * space.size + c)
    if (target) target.parents.push(parent)
    else targets.set(a * space.size + c, { a, c, parents: [parent] })
  }
  const claims: Claim[] = []
  for (const { a, c, parents } of targets.values()) {
    if (laggedOnly && space.back[a] === space.back[c]) continue
    if (await waysPart(run, a, await secondNodes(run, a, c, parents))) claims.push(directed(run, a, c))
  }
  return claims
}

/** Nodes after a on ways to parents of c that go on to c. */
async function secondNodes(run: Run, a: NodeCode, c: NodeCode, parents: readonly NodeCode[]): Promise<NodeCode[]> {
  const second = run.space.set()
  for (const parent of parents)
    for (const path of directedPaths(run.memory, a, parent, MAYBE_DIRECTED)) {
      if (path.includes(c) || run.memory.graph.link(path[path.length - 2]!, c) !== ABSENT) continue
      if (await hasNoCollider(run, [...path, c])) second.add(path[1]!)
    }
  return second.list()
}

/** Whether two of the nodes are no neighbours, and a lies between them without being a collider. */
async function waysPart(run: Run, a: NodeCode, second: readonly NodeCode[]): Promise<boolean> {
  for (let i = 0; i < second.length; i++)
    for (let j = i + 1; j < second.length; j++) {
      const [p, q] = [second[i]!, second[j]!]
      if (run.memory.graph.link(p, q) === ABSENT && (await isInSeparatingSets(run, p, a, q))) return true
    }
  return false
}

export const pathRules = {
  'R-04': discriminate,
  'ER-09': tailByWay,
  'ER-10': tailByTwoWays,
} as const satisfies Readonly<Record<string, Rule>>
