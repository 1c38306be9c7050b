/** PCMCI and its simpler relatives: they differ in what a link is conditioned on. */
import { InputError } from '@ecotope/core'
import type { Tester } from '../independence/test.ts'
import type { Node } from '../series/series.ts'
import { assumedLinks, type NodeCode } from './assumptions.ts'
import type { Discovery } from './graph.ts'
import { codesOf, type MciOptions, type Parents, testLinks } from './mci.ts'
import type { SearchOptions } from './options.ts'
import { chooseParents } from './pc-stable.ts'
import { Search } from './search.ts'

const REST_ON = [
  'All common causes of the variables are among the variables (causal sufficiency).',
  'Every cause leaves a dependence (faithfulness) and every dependence has a cause (Markov condition).',
  'Relations stay the same over time.',
]

const UNDIRECTED = 'Links without lag are found, but not their direction.'

const ONE_PAST = (what: string): string => `Links are conditioned on ${what} only: common causes can look like links.`

/**
 * PCMCI (Runge et al. 2019, Sci. Adv. 5): lagged parents are chosen for each variable, then each link is tested given the
 * parents of both its ends. `pcAlpha` defaults to 0.2; null tries 0.05, 0.1, 0.2, 0.3, 0.4 and 0.5 for each variable.
 * Throws `InputError`: BadLags, BadLevel, BadCount, NoLevels, NoCriterion, ThresholdNotCorrected, those of `assumedLinks`, and
 * the test's own; `CancelledError` when the signal says so.
 */
export async function discoverPcmci(tester: Tester, options: SearchOptions): Promise<Discovery> {
  const search = new Search(tester, options, options)
  const links = assumedLinks(options.assumptions, search.variables, options)
  const { parents, chosenAlpha } = await chooseParents(search, links, options)
  const found = await testLinks(search, links, parents, options)
  return {
    method: 'pcmci',
    ...search.told(),
    ...found,
    parents: parents.map((codes) => search.nodes(codes)),
    ...(chosenAlpha && { chosenAlpha }),
    assumptions: [...REST_ON, UNDIRECTED],
  }
}

export interface GivenParentsOptions extends SearchOptions, MciOptions {
  /** For each variable the nodes to condition on, the most important first. */
  readonly parents: readonly (readonly Node[])[]
}

/** Each link given parents that are known already (MCI). Throws as `discoverPcmci` does, and `InputError` BadParents. */
export async function discoverMci(tester: Tester, options: GivenParentsOptions): Promise<Discovery> {
  const { variables } = new Search(tester, options)
  const good = ([variable, lag]: Node): boolean =>
    variable >= 0 && variable < variables && lag <= 0 && -lag <= options.tauMax && Number.isInteger(lag)
  const bad = options.parents.findIndex((nodes) => !nodes.every(good))
  if (options.parents.length === variables && bad < 0)
    return withParents('mci', tester, options, (search) => codesOf(search, options.parents), [...REST_ON, UNDIRECTED])
  const what = bad < 0 ? `are given for ${options.parents.length} variables` : `of variable ${bad} name an unknown node`
  throw new InputError('BadParents', `parents ${what}`, {
    hint: `Give a list for each of the ${variables} variables, of nodes with lags from 0 to -${options.tauMax}.`,
    data: { variable: bad },
  })
}

/** Each link given the whole past of its target (full conditional independence). Throws as `discoverPcmci` does. */
export function discoverFullCi(tester: Tester, options: SearchOptions & MciOptions): Promise<Discovery> {
  return withParents('fullci', tester, unlimited(options), (search) => pasts(search, () => true), [
    ...REST_ON,
    UNDIRECTED,
  ])
}

/** Each link given the past of its target alone (bivariate conditional independence). Throws as `discoverPcmci` does. */
export function discoverBivCi(tester: Tester, options: SearchOptions & MciOptions): Promise<Discovery> {
  const own = (search: Search): Parents => pasts(search, (i, j) => i === j)
  return withParents('bivci', tester, unlimited(options), own, [ONE_PAST("the target's own past"), REST_ON[2]!])
}

/** Each link given nothing: lagged dependence. Throws as `discoverPcmci` does. */
export function laggedDependence(tester: Tester, options: SearchOptions & MciOptions): Promise<Discovery> {
  const none = (search: Search): Parents => pasts(search, () => false)
  const rests = ['Links are conditioned on nothing: they are dependences, not causes.', REST_ON[2]!]
  return withParents('dependence', tester, unlimited(options), none, rests)
}

/** Conditions of the target are all taken, those of the source never: pasts of targets are the method. */
const unlimited = (options: SearchOptions & MciOptions): SearchOptions & MciOptions => ({
  ...options,
  maxConditionsY: Number.POSITIVE_INFINITY,
  maxConditionsX: 0,
})

function pasts(search: Search, take: (i: number, j: number) => boolean): NodeCode[][] {
  const least = Math.max(1, search.tauMin)
  return Array.from({ length: search.variables }, (_, j) => {
    const past: NodeCode[] = []
    for (let i = 0; i < search.variables; i++)
      if (take(i, j)) for (let tau = least; tau <= search.tauMax; tau++) past.push(search.code(i, tau))
    return past
  })
}

async function withParents(
  method: string,
  tester: Tester,
  options: SearchOptions & MciOptions,
  parentsFor: (search: Search) => Parents,
  assumptions: readonly string[],
): Promise<Discovery> {
  const search = new Search(tester, options, options)
  const links = assumedLinks(options.assumptions, search.variables, options)
  const parents = parentsFor(search)
  const found = await testLinks(search, links, parents, options)
  return {
    method,
    ...search.told(),
    ...found,
    parents: parents.map((codes) => search.nodes(codes)),
    assumptions,
  }
}
