/** Intervals of values by lag from series redrawn in blocks, and the correction of p-values for the number of tests. */
import { InputError } from '@ecotope/core'
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
    const redrawn = measured(() => measure({ ...series, resampling: { blockLength, seed: seed + draw } }))
    if (redrawn) found.push(redrawn)
    await at((draw + 1) / draws)
  }
  if (found.length === 0)
    throw new InputError('NoIntervals', `no model could be fitted to any of ${draws} redrawn series`, {
      hint: 'Use longer blocks or longer series.',
      data: { draws },
    })
  const [lower, upper] = [found[0]!.copy(), found[0]!.copy()]
  const column = new Float64Array(found.length)
  for (let cell = 0; cell < lower.data.length; cell++) {
    for (const [draw, values] of found.entries()) column[draw] = values.data[cell]!
    column.sort()
    lower.data[cell] = quantile(column, (1 - confidenceLevel) / 2)
    upper.data[cell] = quantile(column, (1 + confidenceLevel) / 2)
  }
  return { lower, upper }
}

/** What redrawing may bring forth where series hold few different values: such draws tell nothing. */
const unlucky: readonly string[] = ['ConstantVariable', 'CollinearVariables', 'PerfectFit']

function measured(measure: () => LagArray): LagArray | undefined {
  try {
    return measure()
  } catch (error) {
    if (error instanceof InputError && unlucky.includes(error.tag)) return undefined
    throw error
  }
}

/** Of sorted values, linear between neighbours. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const place = Math.max(0, Math.min(1, p)) * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return place === below ? low : low + (place - below) * (sorted[below + 1]! - low)
}
