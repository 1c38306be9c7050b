/** Options of LPCMCI and their check. Names in brackets are those of the pseudocode in Gerhardus and Runge (2020). */
import type { WorkOptions } from '@ecotope/core'
import { InputError } from '@ecotope/core'
import type { LinkAssumptions } from '../assumptions.ts'
import { checkCount, checkLags, checkLevel, type LagRange } from '../options.ts'

export interface LpcmciOptions extends LagRange, WorkOptions {
  /**
   * For each variable j a map from a node `i,-tau` to what is known of the link from it to j; what is not named is absent.
   * Ends: `-` is an ancestor, `<` or `>` is not, `o` unknown; middle: `-` the link exists, `?` it may. Links without lag are
   * given from both ends, links with a lag point forward (`-->`, `-?>`, `<->`, `<?>`, `o->`, `o?>`).
   */
  readonly assumptions?: LinkAssumptions
  /** Level, or threshold of the value, of all tests; default 0.05. */
  readonly alpha?: number
  /** Preliminary phases that find ancestors to condition on (k of LPCMCI(k)); default 1. */
  readonly preliminaryPhases?: number
  /** Largest search set of conditions among the neighbours of the earlier node; default 0. */
  readonly maxConditionsX?: number
  /** Most conditions beside the default ones; default: no limit. */
  readonly maxConditions?: number
  /** The same for the phase in which conditions need not be ancestors; default: no limit. */
  readonly maxConditionsNonAncestral?: number
  /** Most sets of conditions that are tried for each pair and size; default: no limit. */
  readonly maxCombinations?: number
  /** Pairs with more candidates than this are not tested in the non-ancestral phase; default: no limit. */
  readonly maxCandidates?: number
  /** Whether preliminary phases end with all rules, those of colliders among them; default true. */
  readonly preliminaryColliders?: boolean
  /** Whether tests are conditioned on the parents of the earlier node too; default true. */
  readonly parentsOfLagged?: boolean
  /** Whether to end after the preliminary phases; default false. */
  readonly preliminaryOnly?: boolean
  /** Whether a pair is tested no more once a set separates it; default true. */
  readonly stopOnceSeparated?: boolean
  /** Whether the non-ancestral phase is left out; default false. */
  readonly skipNonAncestral?: boolean
  /** Whether rules vote over sets of possible ancestors only, rather than of all neighbours; default true. */
  readonly ancestralVotes?: boolean
  /** Links without lag are oriented: 0 only by the last rules, 1 also at the end of each phase, 2 also within; default 1. */
  readonly orientContemporaneous?: 0 | 1 | 2
  /** Whether middle marks follow from new orientations (rule MMR); default true. */
  readonly updateMiddleMarks?: boolean
  /** Whether rules 9 and 10 take part in preliminary phases before their end: 1 or 0; default 1. */
  readonly preliminaryRules?: 0 | 1
  /** Whether all links count as proven before the rules are applied a last time; default true. */
  readonly fixBeforeLastRules?: boolean
  /** Whether links of a variable to its own past are tested first; default true. */
  readonly ownPastFirst?: boolean
  /** Whether ancestors are remembered from one phase to the next only where they are still adjacent; default true. */
  readonly rememberOnlyParents?: boolean
  /** Rule APR (ancestors' links are proven) is used: 0 always, 1 only after the last ancestral phase, 2 never; default 0. */
  readonly withoutApr?: 0 | 1 | 2
}

/** Every option given. */
export type LpcmciSettings = Required<Omit<LpcmciOptions, keyof WorkOptions | 'assumptions'>>

const DEFAULTS: Omit<LpcmciSettings, keyof LagRange> = {
  alpha: 0.05,
  preliminaryPhases: 1,
  maxConditionsX: 0,
  maxConditions: Number.POSITIVE_INFINITY,
  maxConditionsNonAncestral: Number.POSITIVE_INFINITY,
  maxCombinations: Number.POSITIVE_INFINITY,
  maxCandidates: Number.POSITIVE_INFINITY,
  preliminaryColliders: true,
  parentsOfLagged: true,
  preliminaryOnly: false,
  stopOnceSeparated: true,
  skipNonAncestral: false,
  ancestralVotes: true,
  orientContemporaneous: 1,
  updateMiddleMarks: true,
  preliminaryRules: 1,
  fixBeforeLastRules: true,
  ownPastFirst: true,
  rememberOnlyParents: true,
  withoutApr: 0,
}

/** Options that are counts, and their least value. */
const COUNTS = {
  preliminaryPhases: 0,
  maxConditionsX: 0,
  maxConditions: 0,
  maxConditionsNonAncestral: 0,
  maxCombinations: 1,
  maxCandidates: 0,
} as const

/** Options that choose a variant, and its highest number. */
const VARIANTS = { orientContemporaneous: 2, preliminaryRules: 1, withoutApr: 2 } as const

const keysOf = <T extends object>(record: T): (keyof T & string)[] => Object.keys(record) as (keyof T & string)[]

/** Throws `InputError`: BadLags, BadLevel, BadCount, BadVariant. */
export function lpcmciSettings(options: LpcmciOptions, threshold: boolean): LpcmciSettings {
  const given = Object.fromEntries(
    keysOf(DEFAULTS).map((key) => [key, options[key] ?? DEFAULTS[key]]),
  ) as unknown as typeof DEFAULTS
  if (!threshold) checkLevel('alpha', given.alpha)
  for (const key of keysOf(COUNTS)) checkCount(key, given[key], COUNTS[key], 0)
  // The only count that is no limit.
  if (given.preliminaryPhases === Number.POSITIVE_INFINITY) checkCount('preliminaryPhases', Number.NaN, 0, 0)
  for (const key of keysOf(VARIANTS)) {
    if (Number.isInteger(given[key]) && given[key] >= 0 && given[key] <= VARIANTS[key]) continue
    throw new InputError(
      'BadVariant',
      `${key} is ${given[key]}, but variants are numbered from 0 to ${VARIANTS[key]}`,
      {
        data: { name: key, variant: given[key] },
      },
    )
  }
  return { ...given, ...checkLags(options) }
}
