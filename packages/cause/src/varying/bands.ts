/** Bands around curves: pointwise, and simultaneous by the largest deviation of simulated curves (Ruppert, Wand & Carroll 2003). */
import { random } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { normal } from '../statistics/distributions.ts'

export interface Band {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** `size`: standard errors on either side. */
export function bandOf(values: Float64Array, errors: Float64Array, size: number): Band {
  return {
    lower: values.map((value, g) => value - size * errors[g]!),
    upper: values.map((value, g) => value + size * errors[g]!),
  }
}

export const pointwiseSize = (level: number): number => normal.upperQuantile((1 - level) / 2)

/**
 * Standard errors on either side that hold a whole curve with probability `level`: of noise of unit variance, `rows` make the
 * deviation of the curve at each point (points x noise). Draws are the same for the same seed.
 */
export function simultaneousSize(rows: linalg.Matrix, level: number, draws: number, seed: number): number {
  const draw = random(seed).split('simultaneous')
  const sizes = Float64Array.from({ length: rows.rows }, (_, g) => {
    let sum = 0
    for (let a = 0; a < rows.columns; a++) sum += rows.data[g * rows.columns + a]! ** 2
    return Math.sqrt(sum)
  })
  const most = Float64Array.from({ length: draws }, () => {
    const noise = Float64Array.from({ length: rows.columns }, () => draw.normal())
    const moved = linalg.matvec(rows, noise)
    return moved.reduce((largest, value, g) => Math.max(largest, Math.abs(value) / sizes[g]!), 0)
  }).sort()
  return Math.max(pointwiseSize(level), most[Math.min(draws - 1, Math.ceil(level * draws) - 1)]!)
}
