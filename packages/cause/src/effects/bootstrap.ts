/** Intervals by the block bootstrap (Künsch 1989): the same computation on time steps drawn in blocks with replacement. */
import { EcotopeError, InputError, type Warning, type WorkOptions } from '@ecotope/core'
import type { Resampling, TimeSeries } from '../series/series.ts'
import { paced } from '../work/pace.ts'

export interface BootstrapOptions extends Pick<WorkOptions, 'signal' | 'onProgress'> {
  /** Default 100. */
  readonly draws?: number
  /** Time steps that stay together; default 1. */
  readonly blockLength?: Resampling['blockLength']
  /** Default 0. */
  readonly seed?: number
}

export interface Bootstrapped<T> {
  readonly draws: readonly T[]
  readonly warnings: readonly Warning[]
}

/** Seed of one draw. The reference implementation numbers those of effects and those of mediation differently. */
export type SeedOf = (seed: number, draws: number, draw: number) => number

export const effectSeed: SeedOf = (seed, draws, draw) => seed * draws + draw
export const mediationSeed: SeedOf = (seed, _draws, draw) => seed + draw

/**
 * `run` on each draw of the time steps. Draws that fail (too few samples, a variable that came out constant) are left out
 * with a warning. Throws the error of `run` where more than half fail; `CancelledError`.
 */
export async function bootstrapped<T>(
  series: TimeSeries,
  options: BootstrapOptions,
  run: (series: TimeSeries) => T,
  seedOf: SeedOf = effectSeed,
): Promise<Bootstrapped<T>> {
  const { draws = 100, blockLength = 1, seed = 0 } = options
  if (!Number.isInteger(draws) || draws < 2)
    throw new InputError('BadBootstrap', `${draws} draws: a bootstrap needs a whole number of at least 2`)
  const pace = paced('bootstrap', options)
  const results: T[] = []
  let failure: EcotopeError | undefined
  for (let draw = 0; draw < draws; draw++) {
    try {
      results.push(run({ ...series, resampling: { blockLength, seed: seedOf(seed, draws, draw) } }))
    } catch (error) {
      if (!(error instanceof EcotopeError)) throw error
      failure = error
    }
    await pace.at((draw + 1) / draws)
  }
  if (failure !== undefined && results.length * 2 < draws) throw failure
  const lost = draws - results.length
  return {
    draws: results,
    warnings:
      failure === undefined
        ? []
        : [{ tag: 'LostDraws', message: `${lost} of ${draws} bootstrap draws failed: ${failure.message}` }],
  }
}

/** Value below which a share of the values lies (share in [0, 1]), by linear interpolation between order statistics. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!]
  return a + (b - a) * (at - low)
}

/** Two-sided interval of a level in (0, 1). */
export const intervalOf = (values: readonly number[], level: number): readonly [low: number, high: number] => {
  const upper = 1 - (1 - level) / 2
  return [percentile(values, 1 - upper), percentile(values, upper)]
}

/** Standard deviation over draws: the standard error. */
export function spreadOf(values: readonly number[]): number {
  const middle = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}
