/**
 * The choice of lagged conditions: for each variable a superset of its lagged parents by the PC algorithm that is stable
 * under reordering (PC1 of Runge et al. 2019, Detecting and quantifying causal associations, Sci. Adv. 5, algorithm S1).
 */
import { InputError } from '@ecotope/core'
import type { Tester } from '../independence/test.ts'
import type { Pace } from '../work/pace.ts'
import {
  type AssumedLinks,
  assumedLinks,
  backOf,
  laggedOnly,
  mayPointToTarget,
  type NodeCode,
  variableOf,
} from './assumptions.ts'
import { firstCombination, nextCombination } from './combinations.ts'
import type { Discovery, Link } from './graph.ts'
import type { LagArray } from './lag-array.ts'
import { checkCount, checkLevel, type SearchOptions } from './options.ts'
import { CERTAIN, Search } from './search.ts'

/** Levels that are tried where none is given. */
const LEVELS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5]

export interface ParentLimits {
  readonly maxConditions: number
  readonly maxCombinations: number
}

/** Lagged parents and what was measured of all candidates. */
export interface LaggedParents {
  /** For each variable, the strongest (largest of smallest values) first. */
  readonly parents: readonly (readonly NodeCode[])[]
  /** Value beside the largest p-value of each candidate; 0 and 1 of what was not tested. */
  readonly values: LagArray
  readonly pValues: LagArray
  readonly chosenAlpha?: readonly number[]
}

interface Chosen {
  readonly candidates: readonly NodeCode[]
  readonly parents: readonly NodeCode[]
  readonly values: Float64Array
  readonly pValues: Float64Array
}

export type ParentOptions = Pick<SearchOptions, 'pcAlpha' | 'maxConditions' | 'maxCombinations'>

/** The levels to try. Throws `InputError`: BadLevel, NoLevels. */
export function levelsOf(
  tester: Tester,
  pcAlpha: number | readonly number[] | null,
  known: readonly number[],
): readonly number[] {
  const levels = pcAlpha === null ? known : typeof pcAlpha === 'number' ? [pcAlpha] : pcAlpha
  if (levels.length === 0)
    throw new InputError('NoLevels', 'the list of levels to choose conditions by is empty', {
      hint: 'Give one level, a list of them, or null for the usual ones.',
    })
  if (tester.independence.significance !== 'threshold') for (const level of levels) checkLevel('pcAlpha', level)
  return levels
}

/** Place of the smallest score, the first where several are smallest; of one that is no number before all others. */
export const bestOf = (scores: readonly number[]): number =>
  scores.some(Number.isNaN) ? scores.findIndex(Number.isNaN) : scores.indexOf(Math.min(...scores))

/** Chooses lagged parents of all variables. Links without lag are left out of account. */
export async function chooseParents(
  search: Search,
  links: AssumedLinks,
  { pcAlpha = 0.2, maxConditions, maxCombinations }: ParentOptions,
): Promise<LaggedParents> {
  const levels = levelsOf(search.tester, pcAlpha, LEVELS)
  const scored = typeof pcAlpha !== 'number'
  const lagged = laggedOnly(links, search.coding)
  const least = Math.max(1, search.tauMin)
  const all = search.variables * Math.max(0, search.tauMax - least + 1)
  const limits = {
    maxConditions: checkCount('maxConditions', maxConditions, 0, all),
    maxCombinations: checkCount('maxCombinations', maxCombinations, 1, 1),
  }
  const { values, pValues } = search.empty()
  await search.prepare()
  const pace = search.pace('parents')
  const parents: (readonly NodeCode[])[] = []
  const chosenAlpha: number[] = []
  for (const [j, map] of lagged.entries()) {
    const tried: Chosen[] = []
    const scores: number[] = []
    for (const [k, level] of levels.entries()) {
      const part = [(j + k / levels.length) / lagged.length, 1 / levels.length / lagged.length] as const
      tried.push(await parentsOf(search, j, map, level, limits, pace, part))
      scores.push(scored ? await search.criterion(j, tried[k]!.parents) : 0)
    }
    const best = bestOf(scores)
    parents.push(tried[best]!.parents)
    chosenAlpha.push(levels[best]!)
    record(search, j, tried[best]!, values, pValues)
  }
  await pace.at(1)
  return { parents, values, pValues, ...(scored && { chosenAlpha }) }
}

function record(search: Search, j: number, chosen: Chosen, values: LagArray, pValues: LagArray): void {
  for (const [place, code] of chosen.candidates.entries()) {
    const [i, back] = [variableOf(search.coding, code), backOf(search.coding, code)]
    values.set(i, j, back, chosen.values[place]!)
    pValues.set(i, j, back, chosen.pValues[place]!)
  }
}

async function parentsOf(
  search: Search,
  j: number,
  links: ReadonlyMap<NodeCode, Link>,
  alpha: number,
  { maxConditions, maxCombinations }: ParentLimits,
  pace: Pace,
  [from, share]: readonly [number, number],
): Promise<Chosen> {
  const candidates = [...links].filter(([, link]) => mayPointToTarget(link)).map(([code]) => code)
  const certain = candidates.map((code) => links.get(code) === '-->')
  const values = new Float64Array(candidates.length)
  const pValues = new Float64Array(candidates.length).fill(-1)
  const least = new Float64Array(candidates.length).fill(Number.POSITIVE_INFINITY)
  const lost = new Uint8Array(candidates.length)
  let order = candidates.map((_, place) => place)
  for (let size = 0; size <= maxConditions && order.length > size; size++) {
    const first = (many: number): NodeCode[] => order.slice(0, many).map((place) => candidates[place]!)
    // The first tests of these are all given the first `size + 1` without the candidate, those of later ones the first `size`.
    let test = search.given(j, first(size + 1), alpha)
    for (const [rank, place] of order.entries()) {
      if (rank === size + 1) test = search.given(j, first(size), alpha)
      const subset = firstCombination(size)
      let tries = 0
      do {
        const x = candidates[place]!
        // Of the other candidates, those at these places.
        const z = (): NodeCode[] => subset.map((at) => candidates[order[at < rank ? at : at + 1]!]!)
        const quick = certain[place] ? CERTAIN : tries === 0 ? test(x) : undefined
        const asked = quick ?? search.ask(x, j, z(), alpha)
        const { value, pValue, dependent } = asked instanceof Promise ? await asked : asked
        least[place] = Math.min(Math.abs(value), least[place]!)
        if (pValue > pValues[place]!) {
          pValues[place] = pValue
          values[place] = value
        }
        if (dependent === false) lost[place] = 1
      } while (lost[place] === 0 && ++tries < maxCombinations && nextCombination(subset, order.length - 1))
      const turn = pace.at(from + share * (1 - 1 / (size + 1 + rank / order.length)))
      if (turn) await turn
    }
    order = candidates.map((_, place) => place).filter((place) => lost[place] === 0)
    // Equal ones keep the order of the assumptions.
    order.sort((a, b) => least[b]! - least[a]!)
  }
  return { candidates, parents: order.map((place) => candidates[place]!), values, pValues }
}

/**
 * Lagged parents alone: conditions for other searches. The graph shows the chosen parents, `values` and `pValues` those of the
 * test with the largest p-value. Throws `InputError` (see `assumedLinks`, `checkLags`, `levelsOf` and the test's own).
 */
export async function discoverParents(tester: Tester, options: SearchOptions): Promise<Discovery> {
  const { tauMin = 0, tauMax, pcAlpha = 0.2 } = options
  const search = new Search(tester, { tauMin: Math.max(1, tauMin), tauMax }, options)
  const links = assumedLinks(options.assumptions, search.variables, { tauMin, tauMax })
  const found = await chooseParents(search, links, options)
  const { graph } = search.empty()
  for (const [j, parents] of found.parents.entries())
    for (const code of parents) graph.set(variableOf(search.coding, code), j, backOf(search.coding, code), '-->')
  return {
    method: 'pc-stable',
    ...search.told(),
    alpha: typeof pcAlpha === 'number' ? pcAlpha : Math.max(...(found.chosenAlpha ?? [])),
    graph,
    values: found.values,
    pValues: found.pValues,
    parents: found.parents.map((codes) => search.nodes(codes)),
    ...(found.chosenAlpha && { chosenAlpha: found.chosenAlpha }),
    assumptions: PARENTS_REST_ON,
  }
}

const PARENTS_REST_ON = [
  'The chosen nodes contain the lagged parents, but also others: they serve as conditions, not as causes.',
  'Relations stay the same over time.',
]
