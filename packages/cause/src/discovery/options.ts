/** Options that the searches share, and the check of those that are numbers. */
import { InputError, type WorkOptions } from '@ecotope/core'
import type { LinkAssumptions } from './assumptions.ts'

export interface LagRange {
  /** Smallest lag that is tested, in time steps; default 0. */
  readonly tauMin?: number
  /** Largest lag that is tested, in time steps. */
  readonly tauMax: number
}

export interface SearchOptions extends LagRange, WorkOptions {
  /**
   * Level (or threshold of the value) by which conditions are chosen and, in searches of the PC kind, links are removed. A
   * list: the level of the best score by the test's criterion; null: the list that the method is known for.
   */
  readonly pcAlpha?: number | readonly number[] | null
  /** Level, or threshold of the value, of links in the graph; default 0.05. */
  readonly alpha?: number
  /** Most conditions in the subsets that are tried; default: as many as there are. */
  readonly maxConditions?: number
  /** Subsets of each size that are tried in choosing conditions; default 1. */
  readonly maxCombinations?: number
  /** Most parents of Y that a test is conditioned on; default: all. */
  readonly maxConditionsY?: number
  /** Most parents of X that a test is conditioned on; default: all. */
  readonly maxConditionsX?: number
  /** Correction of p-values for the number of tests (Benjamini and Hochberg 1995); default `none`. */
  readonly fdr?: FdrMethod
  /** Whether links without lag take part in that correction; default false. */
  readonly fdrContemporaneous?: boolean
  /** What is known about links; default: nothing. */
  readonly assumptions?: LinkAssumptions
}

export type FdrMethod = 'none' | 'fdr-bh'

/** Throws `InputError` BadLags unless 0 <= tauMin <= tauMax, both whole. */
export function checkLags({ tauMin = 0, tauMax }: LagRange): { readonly tauMin: number; readonly tauMax: number } {
  if (Number.isInteger(tauMin) && Number.isInteger(tauMax) && tauMin >= 0 && tauMin <= tauMax) return { tauMin, tauMax }
  throw new InputError('BadLags', `lags from ${tauMin} to ${tauMax} cannot be tested`, {
    hint: 'The smallest lag must not be below 0 nor above the largest; both are whole numbers of time steps.',
    data: { tauMin, tauMax },
  })
}

/** Throws `InputError` BadLevel unless the level is in [0, 1]. */
export function checkLevel(name: string, level: number): number {
  if (level >= 0 && level <= 1) return level
  throw new InputError('BadLevel', `${name} is ${level}, but levels are between 0 and 1`, { data: { name, level } })
}

/** A count, or `fallback` where none was given. Throws `InputError` BadCount where it is below `least` or not whole. */
export function checkCount(name: string, count: number | undefined, least: number, fallback: number): number {
  if (count === undefined) return fallback
  if (count >= least && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY)) return count
  throw new InputError('BadCount', `${name} is ${count}, but it must be a whole number not below ${least}`, {
    data: { name, count },
  })
}
