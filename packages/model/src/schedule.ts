/** Learning rates over a run. */

export interface Schedule {
  readonly peak: number
  readonly totalSteps: number
  /** Steps of linear increase at the start. */
  readonly warmUpSteps: number
  /** Last learning rate as a share of the peak, in [0, 1]. */
  readonly floor: number
}

/** Cosine decay after a linear warm-up (Loshchilov and Hutter 2017, eq. 5, one cycle). `step` counts from 0. */
export function cosineRate({ peak, totalSteps, warmUpSteps, floor }: Schedule, step: number): number {
  if (step < warmUpSteps) return (peak * (step + 1)) / warmUpSteps
  const done = Math.min(1, (step - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps))
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done)))
}
