/** The PC algorithm (Spirtes and Glymour 1991) for time series, and for data without time. */
import type { Tester } from '../independence/test.ts'
import type { Node } from '../series/series.ts'
import { assumedLinks } from './assumptions.ts'
import type { Discovery } from './graph.ts'
import { symmetrise } from './matrices.ts'
import { allConditions, codesOf } from './mci.ts'
import { checkCount, checkLevel } from './options.ts'
import { orientSkeleton, type PcmciPlusOptions } from './pcmci-plus.ts'
import { Search } from './search.ts'
import { findSkeleton, type Neighbours, shownSets } from './skeleton.ts'

type Unused = 'pcAlpha' | 'resetLaggedLinks' | 'fdr' | 'fdrContemporaneous'

export interface PcOptions extends Omit<PcmciPlusOptions, Unused> {
  /** Level of all phases; default 0.01. */
  readonly pcAlpha?: number
  /** Where separating sets are sought: among all neighbours (default), or those without lag, as PCMCI+ does. */
  readonly neighbours?: Neighbours
  /** Further conditions of each variable, the most important first. */
  readonly laggedParents?: readonly (readonly Node[])[]
}

/** Throws `InputError`: BadLags, BadLevel, BadCount, those of `assumedLinks`, and the test's own; `CancelledError`. */
export async function discoverPc(tester: Tester, options: PcOptions): Promise<Discovery> {
  const { pcAlpha = 0.01, neighbours = 'all', laggedParents } = options
  const search = new Search(tester, options, options)
  if (tester.independence.significance !== 'threshold') checkLevel('pcAlpha', pcAlpha)
  const links = assumedLinks(options.assumptions, search.variables, options)
  const everything = Number.POSITIVE_INFINITY
  const maxConditionsX = checkCount('maxConditionsX', options.maxConditionsX, 0, everything)
  const most = neighbours === 'all' ? allConditions(search) : search.variables
  const shared = {
    alpha: pcAlpha,
    maxConditionsY: checkCount('maxConditionsY', options.maxConditionsY, 0, everything),
    maxConditionsX,
    maxConditionsLaggedX: checkCount('maxConditionsLaggedX', options.maxConditionsLaggedX, 0, maxConditionsX),
    ...(laggedParents && { parents: codesOf(search, laggedParents) }),
  }
  const skeleton = await findSkeleton(search, links, {
    ...shared,
    neighbours,
    maxConditions: checkCount('maxConditions', options.maxConditions, 0, most),
    maxCombinations: checkCount('maxCombinations', options.maxCombinations, 1, everything),
  })
  const { colliderRule = 'majority', markConflicts = true } = options
  const ambiguousTriples = await orientSkeleton(
    search,
    skeleton,
    { ...shared, colliderRule, markConflicts },
    neighbours,
  )
  symmetrise(links, search.coding, skeleton.pValues, [skeleton.values])
  return {
    method: 'pc',
    ...search.told(),
    alpha: pcAlpha,
    graph: skeleton.graph,
    values: skeleton.values,
    pValues: skeleton.pValues,
    separatingSets: shownSets(search, skeleton.separatingSets),
    ambiguousTriples,
    assumptions: PC_RESTS_ON,
  }
}

const PC_RESTS_ON = [
  'All common causes of the variables are among the variables (causal sufficiency).',
  'Every cause leaves a dependence (faithfulness) and every dependence has a cause (Markov condition).',
  'Links without lag form no circles; where the data cannot tell their direction, they stay o-o.',
]

/** Rows are samples without order: links have no lags. Throws as `discoverPc` does. */
export function discoverPcWithoutTime(
  tester: Tester,
  options: Omit<PcOptions, 'tauMin' | 'tauMax' | 'neighbours' | 'laggedParents'> = {},
): Promise<Discovery> {
  return discoverPc(tester, { ...options, tauMin: 0, tauMax: 0 })
}
