/** Which links each step of J-PCMCI+ may find: contexts cause, and are never caused by, the system. */
import {
  type AssumedLinks,
  backOf,
  completeAssumptions,
  type NodeCode,
  type NodeCoding,
  variableOf,
} from './assumptions.ts'
import type { Link } from './graph.ts'
import type { Roles } from './jpcmci-context.ts'

type Keep = (i: number, back: number, j: number) => boolean

function filtered(links: AssumedLinks, coding: NodeCoding, keep: Keep): Map<NodeCode, Link>[] {
  return links.map(
    (map, j) => new Map([...map].filter(([code]) => keep(variableOf(coding, code), backOf(coding, code), j))),
  )
}

function completed(links: Map<NodeCode, Link>[], coding: NodeCoding): AssumedLinks {
  completeAssumptions(links, coding)
  return links
}

/**
 * Links of contexts and dummies to the system point to it. Nothing points to dummies; dummies and contexts in space have no
 * lags; contexts in space and in time are not linked.
 */
export function exogenous(links: AssumedLinks, coding: NodeCoding, roles: Roles): Map<NodeCode, Link>[] {
  const [system, dummies] = [new Set(roles.system), new Set(roles.dummies)]
  const [time, space] = [new Set(roles.timeContexts), new Set(roles.spaceContexts)]
  const keep: Keep = (i, back, j) => {
    if (dummies.has(j)) return false
    if (back > 0 && (dummies.has(i) || space.has(i))) return false
    if (system.has(j)) return true
    if (i === j && back === 0) return false
    return !system.has(i) && !(space.has(j) && time.has(i)) && !(time.has(j) && space.has(i))
  }
  return filtered(links, coding, keep).map((map, j) =>
    system.has(j)
      ? new Map([...map].map(([code, link]) => [code, system.has(variableOf(coding, code)) ? link : `-${link[1]}>`]))
      : map,
  )
}

/** For the search of links of observed contexts: dummies are out of it. */
export function contextLinks(links: AssumedLinks, coding: NodeCoding, roles: Roles): AssumedLinks {
  const dummies = new Set(roles.dummies)
  return completed(
    filtered(links, coding, (i, back) => back > 0 || !dummies.has(i)),
    coding,
  )
}

/** For each variable the nodes that are certain parents from now on. */
export type Found = readonly (readonly NodeCode[])[]

/** For the search of links of dummies: those of observed contexts are what was found. */
export function dummyLinks(links: AssumedLinks, coding: NodeCoding, roles: Roles, contexts: Found): AssumedLinks {
  const observed = new Set(roles.contexts)
  const open = filtered(links, coding, (i, _, j) => !observed.has(i) && !observed.has(j))
  for (const [j, map] of open.entries())
    for (const code of contexts[j]!) {
      // Contexts of one kind may be linked without lag, and nothing says in which direction.
      const mutual = backOf(coding, code) === 0 && observed.has(j)
      map.set(code, mutual ? 'o-o' : '-->')
    }
  return completed(open, coding)
}

/** For the search of links within the system: those of contexts and dummies are what was found. */
export function systemLinks(links: AssumedLinks, coding: NodeCoding, roles: Roles, found: Found): AssumedLinks {
  const system = new Set(roles.system)
  const own = filtered(links, coding, (i, _, j) => system.has(i) && system.has(j))
  for (const j of roles.system) for (const code of found[j]!) own[j]!.set(code, '-->')
  return completed(own, coding)
}
