/** Intervals of values by lag from series redrawn in blocks, and the correction of p-values for the number of tests. */
import type { LagArray } from '../discovery/lag-array.ts'
import type { TimeSeries } from '../series/series.ts'

export interface IntervalOptions {
  readonly blockLength?: number
  readonly confidenceLevel?: number
  readonly seed?: number
}

export interface Draws {
  readonly draws: number
  at(fraction: number): void | Promise<void>
  measure(redrawn: TimeSeries): LagArray
}

/** Percentiles of `measure` over series redrawn in blocks of steps; undefined without draws. */
export async function intervalsOf(
  series: TimeSeries,
  options: IntervalOptions,
  { draws, at, measure }: Draws,
): Promise<{ readonly lower: LagArray; readonly upper: LagArray } | undefined> {
  if (draws === 0) return undefined
  const { blockLength = 'cube-root', confidenceLevel = 0.9, seed = 42 } = options
  const found: LagArray[] = []
  for (let draw = 0; draw < draws; draw++) {
    found.push(measure({ ...series, resampling: { blockLength, seed: seed + draw } }))
    await at((draw + 1) / draws)
  }
  const [lower, upper] = [found[0]!.copy(), found[0]!.copy()]
  const column = new Float64Array(draws)
  for (let cell = 0; cell < lower.data.length; cell++) {
    for (let draw = 0; draw < draws; draw++) column[draw] = found[draw]!.data[cell]!
    column.sort()
    lower.data[cell] = quantile(column, (1 - confidenceLevel) / 2)
    upper.data[cell] = quantile(column, (1 + confidenceLevel) / 2)
  }
  return { lower, upper }
}

/** Of sorted values, linear between neighbours. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const place = Math.max(0, Math.min(1, p)) * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return place === below ? low : low + (place - below) * (sorted[below + 1]! - low)
}

/** Adjusted p-values (Benjamini and Hochberg 1995), in the order given. */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[b]! - pValues[a]!)
  const out = [...pValues]
  let least = 1
  for (const [place, i] of order.entries()) {
    least = Math.min(least, pValues[i]! * (pValues.length / (pValues.length - place)))
    out[i] = least
  }
  return out
}
