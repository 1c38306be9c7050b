/** What is known about links before a search: their check, their completion, and their form inside searches. */
import { InputError } from '@ecotope/core'
import type { Node } from '../series/series.ts'
import { type Link, reversed } from './graph.ts'
import type { LagRange } from './options.ts'

/**
 * For each variable j a map from a node `i,-tau` (`2,-1`: variable 2 one step ago) to the mark of the link from it to j. `-->`,
 * `<--` and `o-o` are certain to exist (the last without direction); with `?` in the middle (`-?>`, `<?-`, `o?o`) the link may
 * be absent, but has these ends where it exists. What is not named is absent. Tests are made in the order of the map.
 */
export type LinkAssumptions = readonly ReadonlyMap<string, Link>[]

/** A node as a number: `variable * span + steps back`. */
export type NodeCode = number

/** The numbers of nodes. `span`: lags a node can have, one more than twice the largest (conditions are shifted by a lag). */
export interface NodeCoding {
  readonly variables: number
  readonly span: number
}

export const nodeCoding = (variables: number, tauMax: number): NodeCoding => ({ variables, span: 2 * tauMax + 1 })

export const codeOf = (coding: NodeCoding, variable: number, back: number): NodeCode => variable * coding.span + back

/** Steps back, not negative. */
export const backOf = (coding: NodeCoding, code: NodeCode): number => code % coding.span

export const variableOf = (coding: NodeCoding, code: NodeCode): number => Math.floor(code / coding.span)

export const nodeOf = (coding: NodeCoding, code: NodeCode): Node => {
  const back = backOf(coding, code)
  return [variableOf(coding, code), back === 0 ? 0 : -back]
}

/** `2,-1`. */
export const nodeKey = ([variable, lag]: Node): string => `${variable},${lag}`

/** Assumptions that were checked and completed: for each j the marks of links into it, in the order of testing. */
export type AssumedLinks = readonly Map<NodeCode, Link>[]

/** Marks that stay when an end in the past loses its choice: links with a lag point forward in time. */
const forward = (link: Link): Link => `-${link[1] ?? ''}>`

const MARKS: ReadonlySet<Link> = new Set(['o-o', 'o?o', '-->', '-?>', '<--', '<?-'])

/** Time says what these leave open, so they are taken where there is a lag. */
const LAGGED_MARKS: ReadonlySet<Link> = new Set([...MARKS, 'o?>', 'o->'])

/** Whether a link from i to j with this mark is tested as such: not where it can only run from j to i. */
export const mayPointToTarget = (link: Link): boolean => link !== '<--' && link !== '<?-'

/** Whether the link exists for certain. */
export const isCertain = (link: Link): boolean => link[1] === '-'

/**
 * Completes assumptions: links without lag are mirrored, links with a lag point forward. Without assumptions every link may
 * exist. Throws `InputError`: BadAssumption (unknown node, lag or mark; not one map per variable), InconsistentAssumption,
 * CyclicAssumptions.
 */
export function assumedLinks(
  given: LinkAssumptions | undefined,
  variables: number,
  { tauMin = 0, tauMax }: LagRange,
): AssumedLinks {
  const coding = nodeCoding(variables, tauMax)
  if (given === undefined) return anyLink(coding, tauMin, tauMax)
  if (given.length !== variables)
    throw new InputError('BadAssumption', `assumptions for ${given.length} variables, but there are ${variables}`, {
      hint: 'Give a map for each variable; it is empty where nothing can point to the variable.',
    })
  const links = given.map((map, j) => parsed(map, j, coding, tauMin, tauMax))
  completeAssumptions(links, coding)
  return links
}

/** Without the links of lag 0, as the choice of lagged conditions needs them. */
export const laggedOnly = (links: AssumedLinks, coding: NodeCoding): AssumedLinks =>
  links.map((map) => new Map([...map].filter(([code]) => backOf(coding, code) !== 0)))

/** Mirrors links without lag, turns those with a lag forward, and checks that no circle is left. Changes its argument. */
export function completeAssumptions(links: readonly Map<NodeCode, Link>[], coding: NodeCoding): void {
  for (const [j, map] of links.entries())
    for (const [code, link] of map) {
      if (backOf(coding, code) !== 0) {
        map.set(code, forward(link))
        continue
      }
      const i = variableOf(coding, code)
      const mirror = codeOf(coding, j, 0)
      const other = links[i]!.get(mirror)
      if (other === undefined) links[i]!.set(mirror, reversed(link))
      else if (other !== reversed(link))
        throw new InputError(
          'InconsistentAssumption',
          `the link of variables ${i} and ${j} without lag is assumed as ${link} and as ${other} from the other end`,
          { hint: `Where one end is ${link}, the other is ${reversed(link)}, or is left out.`, data: { i, j } },
        )
    }
  checkAcyclic(links, coding)
}

function anyLink(coding: NodeCoding, tauMin: number, tauMax: number): AssumedLinks {
  return Array.from({ length: coding.variables }, (_, j) => {
    const map = new Map<NodeCode, Link>()
    for (let i = 0; i < coding.variables; i++)
      for (let tau = tauMin; tau <= tauMax; tau++)
        if (tau > 0) map.set(codeOf(coding, i, tau), '-?>')
        else if (i !== j) map.set(codeOf(coding, i, 0), 'o?o')
    return map
  })
}

function parsed(
  map: ReadonlyMap<string, Link>,
  j: number,
  coding: NodeCoding,
  tauMin: number,
  tauMax: number,
): Map<NodeCode, Link> {
  return new Map(
    [...map].map(([key, link]): [NodeCode, Link] => {
      const parts = /^(\d+),(?:-?0|-([1-9]\d*))$/.exec(key)
      const [i, tau] = [Number(parts?.[1] ?? Number.NaN), Number(parts?.[2] ?? 0)]
      const known = i < coding.variables && tau >= tauMin && tau <= tauMax && !(i === j && tau === 0)
      if (known && (tau === 0 ? MARKS : LAGGED_MARKS).has(link)) return [codeOf(coding, i, tau), link]
      throw new InputError('BadAssumption', `assumption ${key} ${link} about variable ${j} cannot be used`, {
        hint:
          `Write VARIABLE,-LAG with variables from 0 to ${coding.variables - 1} and lags from ${tauMin} to ${tauMax}, and ` +
          `one of ${[...MARKS].join(' ')}; no variable has a link to itself without lag.`,
        data: { target: j, key, link },
      })
    }),
  )
}

function checkAcyclic(links: AssumedLinks, coding: NodeCoding): void {
  const state = new Uint8Array(links.length)
  const [open, done] = [1, 2]
  const visit = (j: number): boolean => {
    if (state[j] === done) return false
    if (state[j] === open) return true
    state[j] = open
    for (const [code, link] of links[j]!) {
      if (backOf(coding, code) !== 0 || (link !== '-->' && link !== '-?>')) continue
      if (visit(variableOf(coding, code))) return true
    }
    state[j] = done
    return false
  }
  const start = links.findIndex((_, j) => visit(j))
  if (start < 0) return
  throw new InputError('CyclicAssumptions', `the assumed links without lag run in a circle through variable ${start}`, {
    hint: 'A cause cannot be its own effect at one time step: take one of these links out or turn it round.',
    data: { variable: start },
  })
}
