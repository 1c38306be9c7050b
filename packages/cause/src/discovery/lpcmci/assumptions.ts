/** What is known about links before LPCMCI starts. Other searches know no heads without tails; these are in ../assumptions.ts. */
import { InputError } from '@ecotope/core'
import type { LinkAssumptions, NodeCode } from '../assumptions.ts'
import { type Link, reversed } from '../graph.ts'
import { ABSENT, farOf, HEAD, type MarkedLink, MIRROR, markedOf, nearOf, TAIL } from './marks.ts'
import type { NodeSpace } from './node-space.ts'

/** For each variable the link from each node; 0 where there is none. */
export type AssumedMarks = readonly ReadonlyMap<NodeCode, MarkedLink>[]

const LAGGED: ReadonlySet<Link> = new Set(['', '-->', '-?>', '<->', '<?>', 'o->', 'o?>'])
const CONTEMPORANEOUS: ReadonlySet<Link> = new Set([
  ...[...LAGGED].flatMap((link) => [link, reversed(link)]),
  'o-o',
  'o?o',
])

type Marks = Map<NodeCode, MarkedLink>[]

/**
 * Checked and completed: what is not named is absent, links without lag are mirrored. Throws `InputError`: BadAssumption,
 * InconsistentAssumption, CyclicAssumptions.
 */
export function assumedMarks(
  given: LinkAssumptions | undefined,
  space: NodeSpace,
  tauMin: number,
): AssumedMarks | undefined {
  if (given === undefined) return undefined
  if (given.length !== space.variables)
    throw new InputError(
      'BadAssumption',
      `assumptions for ${given.length} variables, but there are ${space.variables}`,
      {
        hint: 'Give a map for each variable; it is empty where it has no links.',
      },
    )
  const marks: Marks = given.map(() => new Map())
  for (const [j, map] of given.entries())
    for (const [key, link] of map) marks[j]!.set(parsed(key, link, j, space, tauMin), markedOf(link))
  mirror(marks, space)
  checkCycles(marks, space)
  for (let j = 0; j < space.variables; j++)
    for (let i = 0; i < space.variables; i++)
      for (let back = 0; back <= space.tauMax; back++) {
        const code = space.code(i, back)
        if (!marks[j]!.has(code)) marks[j]!.set(code, ABSENT)
      }
  return marks
}

function parsed(key: string, link: Link, j: number, space: NodeSpace, tauMin: number): NodeCode {
  const parts = /^(\d+),(?:-?0|-([1-9]\d*))$/.exec(key)
  const [i, back] = [Number(parts?.[1] ?? Number.NaN), Number(parts?.[2] ?? 0)]
  const known = i < space.variables && back >= tauMin && back <= space.tauMax && !(i === j && back === 0)
  const allowed = back === 0 ? CONTEMPORANEOUS : LAGGED
  if (known && allowed.has(link)) return space.code(i, back)
  throw new InputError('BadAssumption', `assumption ${key} ${link} about variable ${j} cannot be used`, {
    hint: known
      ? `Links ${back === 0 ? 'without lag' : 'with a lag'} are one of ${[...allowed].filter(Boolean).join(' ')} or empty.`
      : `Write VARIABLE,-LAG with variables from 0 to ${space.variables - 1} and lags from ${tauMin} to ${space.tauMax}; no variable has a link to itself without lag.`,
    data: { target: j, key, link },
  })
}

function mirror(marks: Marks, space: NodeSpace): void {
  for (const [j, map] of marks.entries())
    for (const [code, link] of map) {
      if (space.back[code]! > 0) continue
      const i = space.variable[code]!
      const other = marks[i]!.get(space.code(j, 0))
      if (other === undefined) marks[i]!.set(space.code(j, 0), MIRROR[link]!)
      else if (other !== MIRROR[link])
        throw new InputError(
          'InconsistentAssumption',
          `the link of variables ${i} and ${j} without lag is assumed twice, differently`,
          {
            hint: 'Seen from the other end the link is the same, mirrored (-?> is <?-); one end may be left out.',
            data: { i, j },
          },
        )
    }
}

/** Nothing may be assumed to be its own ancestor, nor an ancestor where it is assumed not to be one. */
function checkCycles(marks: Marks, space: NodeSpace): void {
  const reach = (from: NodeCode): Set<NodeCode> => {
    const seen = new Set<NodeCode>()
    const open = [from]
    for (let node = open.pop(); node !== undefined; node = open.pop())
      for (const effect of effects(marks, space, node)) {
        if (seen.has(effect)) continue
        seen.add(effect)
        open.push(effect)
      }
    return seen
  }
  for (let j = 0; j < space.variables; j++) {
    if (!reach(space.code(j, 0)).has(space.code(j, 0))) continue
    throw new InputError('CyclicAssumptions', `the assumed links without lag run in a circle through variable ${j}`, {
      hint: 'A cause cannot be its own effect at one time step: take one of these links out or turn it round.',
      data: { variable: j },
    })
  }
  for (const [j, map] of marks.entries())
    for (const [code, link] of map)
      if (link !== ABSENT && nearOf(link) === HEAD && reach(code).has(space.code(j, 0)))
        throw new InputError(
          'CyclicAssumptions',
          `variable ${space.variable[code]} at lag ${space.back[code]} is assumed not to cause variable ${j}, but other links lead there`,
          { hint: 'Take one of these assumptions out.', data: { i: space.variable[code]!, j, tau: space.back[code]! } },
        )
}

/** Nodes that this one is assumed to be an ancestor of, by one link. */
function effects(marks: Marks, space: NodeSpace, cause: NodeCode): NodeCode[] {
  const [i, back] = [space.variable[cause]!, space.back[cause]!]
  return marks.flatMap((map, j) =>
    Array.from({ length: back + 1 }, (_, lag) => lag)
      .filter((lag) => {
        const link = map.get(space.code(i, lag))
        return link !== undefined && link !== ABSENT && nearOf(link) === TAIL && farOf(link) === HEAD
      })
      .map((lag) => space.code(j, back - lag)),
  )
}
