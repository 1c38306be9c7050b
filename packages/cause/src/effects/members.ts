/** The graphs that a partly oriented one stands for: all orientations without circles and without new colliders. */
import { InputError, type Warning } from '@ecotope/core'
import { type Link, LinkGraph, reversed } from '../discovery/graph.ts'
import { linksOf, type OpenLink, type Openness, openLinks, opennessOf, rightMark } from './marks.ts'

export interface Members {
  readonly openness: Openness
  readonly open: readonly OpenLink[]
  /** At least one. */
  readonly graphs: readonly LinkGraph[]
  readonly warnings: readonly Warning[]
}

/** Graphs that are looked at before the search is given up. */
export const MOST_MEMBERS = 4096

export interface MemberOptions {
  /**
   * What links without a known direction stand for: `class`: all members of an equivalence class; `any`: any orientation, as
   * where directions were never looked for. Default: a class where the graph can be one, else any.
   */
  readonly unoriented?: 'class' | 'any'
}

/**
 * All members of the equivalence class (Meek 1995 for CPDAGs; Zhang 2008 for PAGs): orientations of open links that make no
 * circle of arrows and no collider between nodes without link that the graph does not have already. A graph without hidden
 * causes whose open links are not all open in that class was not oriented to the end (as by searches that leave links without
 * lag as they are): then all orientations without circles, with a warning.
 * Throws `InputError`: TooManyMembers, BadLink, CyclicGraph.
 */
export function membersOf(graph: LinkGraph, { unoriented }: MemberOptions = {}): Members {
  const openness = opennessOf(graph)
  const open = openLinks(graph, openness)
  if (open.length === 0) return { openness, open, graphs: [graph], warnings: [] }
  const strict = unoriented === 'any' ? [] : enumerate(graph, open, true)
  const isClass = strict.length > 0 && (unoriented === 'class' || openness === 'pag' || areAllOpen(strict, open))
  if (isClass) return { openness, open, graphs: strict, warnings: conflictWarnings(open) }
  const loose = enumerate(graph, open, false)
  if (loose.length === 0)
    throw new InputError('CyclicGraph', 'every orientation of the open links makes a circle of arrows', {
      hint: 'Drop or turn one of the links without lag.',
    })
  const message = 'links without a known direction are taken as possible in either: the graph is no equivalence class'
  return { openness, open, graphs: loose, warnings: [{ tag: 'NotAnEquivalenceClass', message }] }
}

/** Whether each open link takes each of its directions in some member. */
const areAllOpen = (members: readonly LinkGraph[], open: readonly OpenLink[]): boolean =>
  open.every(({ i, j, lag, choices }) =>
    choices.every((choice) => members.some((member) => member.get(i, j, lag) === choice)),
  )

const conflictWarnings = (open: readonly OpenLink[]): Warning[] =>
  open.some(({ link }) => link.includes('x'))
    ? [{ tag: 'ConflictingLinks', message: 'conflicting links (x-x) are taken as possible in either direction' }]
    : []

function enumerate(graph: LinkGraph, open: readonly OpenLink[], checkColliders: boolean): LinkGraph[] {
  const found: LinkGraph[] = []
  const go = (current: LinkGraph, at: number): void => {
    if (hasCircle(current)) return
    const next = open[at]
    if (next === undefined) {
      if (found.length >= MOST_MEMBERS) throw tooMany(open)
      found.push(current)
      return
    }
    for (const choice of next.choices) {
      const oriented = current.copy()
      oriented.put(next.i, next.j, next.lag, choice)
      if (checkColliders && !next.link.includes('x') && hasNewCollider(graph, oriented, next)) continue
      go(oriented, at + 1)
    }
  }
  go(mirroredCopy(graph), 0)
  return found
}

function mirroredCopy(graph: LinkGraph): LinkGraph {
  const out = new LinkGraph(graph.variables, graph.tauMax)
  for (const { i, j, lag, link } of linksOf(graph)) out.put(i, j, lag, link)
  return out
}

const tooMany = (open: readonly OpenLink[]): InputError =>
  new InputError('TooManyMembers', `${open.length} open links leave more than ${MOST_MEMBERS} graphs to look at`, {
    hint: 'Orient some links that you know, or drop variables that do not matter for this effect.',
    data: { open },
  })

/** Whether arrows without lag, or arrows and a common cause of one's own effect, run in a circle. */
function hasCircle(graph: LinkGraph): boolean {
  const below = (start: number): Set<number> => {
    const seen = new Set<number>()
    const queue = [start]
    while (queue.length > 0) {
      const i = queue.pop()!
      for (let j = 0; j < graph.variables; j++)
        if (graph.get(i, j, 0) === '-->' && !seen.has(j)) {
          seen.add(j)
          queue.push(j)
        }
    }
    return seen
  }
  for (let i = 0; i < graph.variables; i++) if (below(i).has(i)) return true
  return false
}

interface Neighbour {
  readonly variable: number
  readonly lag: number
  /** The link from the neighbour to the node. */
  readonly link: Link
}

/** Whether an end of a link just oriented has become a collider of two nodes without link, which it was not before. */
function hasNewCollider(before: LinkGraph, after: LinkGraph, { i, j, lag }: OpenLink): boolean {
  const isNew = (node: number, other: Neighbour): boolean =>
    rightMark(other.link) === '>' &&
    neighboursOf(after, node).some((third) => {
      if (third.variable === other.variable && third.lag === other.lag) return false
      if (rightMark(third.link) !== '>' || areLinked(after, third, other)) return false
      const was = (each: Neighbour): string => rightMark(linkAt(before, each.variable, node, each.lag))
      return !(was(third) === '>' && was(other) === '>') && was(third) !== 'x'
    })
  if (isNew(j, { variable: i, lag, link: after.get(i, j, lag) })) return true
  return lag === 0 && isNew(i, { variable: j, lag, link: after.get(j, i, 0) })
}

const linkAt = (graph: LinkGraph, i: number, j: number, lag: number): Link =>
  graph.get(i, j, lag) || (lag === 0 ? reversed(graph.get(j, i, 0)) : '')

function neighboursOf(graph: LinkGraph, node: number): Neighbour[] {
  const out: Neighbour[] = []
  for (let variable = 0; variable < graph.variables; variable++)
    for (let lag = 0; lag <= graph.tauMax; lag++) {
      const link = graph.get(variable, node, lag)
      if (link !== '') out.push({ variable, lag, link })
    }
  return out
}

function areLinked(graph: LinkGraph, a: Neighbour, b: Neighbour): boolean {
  const [early, late] = a.lag >= b.lag ? [a, b] : [b, a]
  const lag = early.lag - late.lag
  return linkAt(graph, early.variable, late.variable, lag) !== ''
}
