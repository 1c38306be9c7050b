/**
 * PCMCI+ (Runge 2020, Discovering contemporaneous and lagged causal relations in autocorrelated nonlinear time series
 * datasets, UAI): lagged parents, then a skeleton with subsets of neighbours without lag, colliders, and orientation rules.
 */
import type { Tester } from '../independence/test.ts'
import { type AssumedLinks, assumedLinks, backOf, mayPointToTarget } from './assumptions.ts'
import { type ColliderOptions, type ColliderRule, orientColliders } from './colliders.ts'
import { memberOf } from './equivalence-member.ts'
import type { Discovery, LinkGraph, Triple } from './graph.ts'
import type { LagArray } from './lag-array.ts'
import { correctedPValues, eachLink, symmetrise, testedLinks } from './matrices.ts'
import { allConditions, type Parents } from './mci.ts'
import { checkCount, type SearchOptions } from './options.ts'
import { orientByRules } from './orientation.ts'
import { bestOf, chooseParents, levelsOf } from './pc-stable.ts'
import { checkCorrection, Search } from './search.ts'
import { findSkeleton, type PairConditions, type Skeleton, type SkeletonOptions, shownSets } from './skeleton.ts'

/** Levels that are tried where `pcAlpha` is null. */
const LEVELS = [0.001, 0.005, 0.01, 0.025, 0.05]

export interface PcmciPlusOptions extends Omit<SearchOptions, 'alpha'> {
  /** Default `majority`. */
  readonly colliderRule?: ColliderRule
  /** Whether links that rules orient both ways are marked `x-x` (default), so that the order of variables plays no part. */
  readonly markConflicts?: boolean
  /** Whether lagged links that the choice of parents dropped are tested again; default false. */
  readonly resetLaggedLinks?: boolean
  /** Most parents of X that tests of a link with a lag are conditioned on; default: `maxConditionsX`. */
  readonly maxConditionsLaggedX?: number
}

/** What skeleton and orientation share. */
export interface PhaseOptions extends PairConditions, Pick<SkeletonOptions, 'sources'> {
  readonly alpha: number
  readonly maxConditions: number
  readonly colliderRule: ColliderRule
  readonly markConflicts: boolean
  readonly resetLaggedLinks: boolean
}

/** Options as the phases want them. Throws `InputError` BadCount. */
export function phaseOptions(search: Search, alpha: number, parents: Parents, options: PcmciPlusOptions): PhaseOptions {
  const all = allConditions(search)
  const maxConditionsX = checkCount('maxConditionsX', options.maxConditionsX, 0, all)
  return {
    alpha,
    parents,
    maxConditions: checkCount('maxConditions', options.maxConditions, 0, search.variables),
    maxConditionsY: checkCount('maxConditionsY', options.maxConditionsY, 0, all),
    maxConditionsX,
    maxConditionsLaggedX: checkCount('maxConditionsLaggedX', options.maxConditionsLaggedX, 0, maxConditionsX),
    colliderRule: options.colliderRule ?? 'majority',
    markConflicts: options.markConflicts ?? true,
    resetLaggedLinks: options.resetLaggedLinks ?? false,
  }
}

/** Links that the skeleton phase tests: lagged ones from chosen parents (or all again), and those without lag. */
function skeletonLinks(search: Search, links: AssumedLinks, options: PhaseOptions): AssumedLinks {
  if (options.resetLaggedLinks) return links
  return links.map((map, j) => {
    const kept = (options.parents?.[j] ?? []).filter((code) => map.has(code) && mayPointToTarget(map.get(code)!))
    const present = [...map.keys()].filter((code) => backOf(search.coding, code) === 0)
    return new Map([...kept, ...present].map((code) => [code, map.get(code)!]))
  })
}

/**
 * The skeleton, and the matrices with what it measured: `values` and `pValues` of the choice of parents stay where it tested
 * nothing (these two are changed).
 */
export async function plusSkeleton(
  search: Search,
  links: AssumedLinks,
  measured: { readonly values: LagArray; readonly pValues: LagArray },
  options: PhaseOptions,
): Promise<Skeleton> {
  const tested = skeletonLinks(search, links, options)
  const { colliderRule: _rule, markConflicts: _conflicts, resetLaggedLinks: _reset, ...rest } = options
  const skeleton = await findSkeleton(search, tested, {
    ...rest,
    neighbours: 'contemporaneous',
    maxCombinations: Number.POSITIVE_INFINITY,
  })
  symmetrise(tested, search.coding, skeleton.pValues, [skeleton.values])
  const { values, pValues } = measured
  const take = (i: number, j: number, tau: number): void => {
    values.set(i, j, tau, skeleton.values.get(i, j, tau))
    pValues.set(i, j, tau, skeleton.pValues.get(i, j, tau))
  }
  for (let i = 0; i < search.variables; i++) for (let j = 0; j < search.variables; j++) take(i, j, 0)
  eachLink(tested, search.coding, (i, j, tau, link) => {
    if (mayPointToTarget(link)) take(i, j, tau)
  })
  return { ...skeleton, values, pValues }
}

/** Marks of assumptions become those of links: what may exist and was not removed exists. */
export function settle(graph: LinkGraph): void {
  for (const [at, link] of graph.links.entries())
    if (link[1] === '?') graph.links[at] = `${link[0] ?? ''}-${link[2] ?? ''}`
}

/** Orients what the skeleton left open; returns ambiguous triples. Changes the skeleton. */
export async function orientSkeleton(
  search: Search,
  { graph, separatingSets }: Pick<Skeleton, 'graph' | 'separatingSets'>,
  { colliderRule, ...options }: Omit<PhaseOptions, 'maxConditions' | 'resetLaggedLinks' | 'sources'>,
  neighbours: ColliderOptions['neighbours'] = 'contemporaneous',
): Promise<Triple[]> {
  settle(graph)
  const ambiguous = await orientColliders(search, graph, separatingSets, { ...options, neighbours, rule: colliderRule })
  orientByRules(search, graph, ambiguous, options.markConflicts)
  return ambiguous
}

/**
 * Lagged links and links without lag, these with their direction where it follows from the data. `pcAlpha` is the level of all
 * phases, 0.01 where it is not given; of several the one whose graph fits best by the test's criterion (null: 0.001, 0.005,
 * 0.01, 0.025 and 0.05). Throws as `discoverPcmci` does.
 */
export async function discoverPcmciPlus(tester: Tester, options: PcmciPlusOptions): Promise<Discovery> {
  const { pcAlpha = 0.01 } = options
  const search = new Search(tester, options, options)
  const links = assumedLinks(options.assumptions, search.variables, options)
  checkCorrection(tester, options.fdr ?? 'none')
  const levels = levelsOf(tester, pcAlpha, LEVELS)
  const tried: Found[] = []
  const scores: number[] = []
  for (const level of levels) {
    const found = await searchAt(search, links, level, options)
    tried.push(found)
    scores.push(typeof pcAlpha === 'number' ? 0 : await score(search, found))
  }
  const best = bestOf(scores)
  const chosen = typeof pcAlpha === 'number' ? undefined : new Array<number>(search.variables).fill(levels[best]!)
  return {
    method: 'pcmci+',
    ...search.told(),
    ...tried[best]!,
    ...(chosen && { chosenAlpha: chosen }),
    assumptions: PLUS_RESTS_ON,
  }
}

const PLUS_RESTS_ON = [
  'All common causes of the variables are among the variables (causal sufficiency).',
  'Every cause leaves a dependence (faithfulness) and every dependence has a cause (Markov condition).',
  'Relations stay the same over time.',
  'Links without lag form no circles; where the data cannot tell their direction, they stay o-o.',
]

type Found = Pick<
  Discovery,
  'alpha' | 'graph' | 'values' | 'pValues' | 'qValues' | 'parents' | 'separatingSets' | 'ambiguousTriples'
>

async function searchAt(search: Search, links: AssumedLinks, level: number, options: PcmciPlusOptions): Promise<Found> {
  const { parents, ...measured } = await chooseParents(search, links, { ...options, pcAlpha: level })
  const phases = phaseOptions(search, level, parents, options)
  const skeleton = await plusSkeleton(search, links, measured, phases)
  const { values, pValues, graph } = skeleton
  const qValues =
    options.fdr === 'fdr-bh'
      ? correctedPValues(pValues, testedLinks(links, search.coding, options.fdrContemporaneous ?? false))
      : undefined
  const ambiguousTriples = await orientSkeleton(search, skeleton, phases)
  return {
    alpha: level,
    graph,
    values,
    pValues,
    ...(qValues && { qValues }),
    parents: parents.map((codes) => search.nodes(codes)),
    separatingSets: shownSets(search, skeleton.separatingSets),
    ambiguousTriples,
  }
}

/** Mean score of the models of all variables by their parents, in one member of the class that the graph stands for. */
async function score(search: Search, { graph, values }: Found): Promise<number> {
  const { variables, tauMax } = search
  const strength = new Float64Array(variables)
  for (let i = 0; i < variables; i++)
    for (let j = 0; j < variables; j++)
      for (let tau = 0; tau <= tauMax; tau++) strength[j]! += Math.abs(values.get(i, j, tau))
  // So that the order of variables plays no part: the strongest linked are oriented first.
  const order = Array.from(strength, (_, j) => j).sort((a, b) => strength[a]! - strength[b]!)
  const member = memberOf(graph, order.reverse())
  let sum = 0
  for (let j = 0; j < variables; j++) {
    const parents: number[] = []
    for (let i = 0; i < variables; i++)
      for (let tau = 0; tau <= tauMax; tau++) if (member.get(i, j, tau) === '-->') parents.push(search.code(i, tau))
    sum += await search.criterion(j, parents)
  }
  return sum / variables
}
