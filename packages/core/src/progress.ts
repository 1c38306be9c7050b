/** Progress of long work, as plain events. How it is shown is the caller's business. */

export interface ProgressEvent {
  /** The step's name, such as `train` or `predict`. */
  readonly step: string
  /** Part of this step that is done, in [0, 1]. */
  readonly fraction: number
  /** What is happening, for people. */
  readonly message?: string
  readonly epoch?: number
  readonly epochs?: number
  readonly loss?: number
  /** Estimated seconds until this step ends. */
  readonly secondsLeft?: number
}

export type OnProgress = (event: ProgressEvent) => void

/** Something the user should know although the work goes on. */
export interface Warning {
  readonly tag: string
  readonly message: string
}

export type OnWarning = (warning: Warning) => void

/** What every long operation accepts. */
export interface WorkOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
  readonly onWarning?: OnWarning
}

/** Seconds left from the share that is done, by the mean pace so far. */
export function secondsLeft(startedMs: number, fraction: number, nowMs: number = performance.now()): number {
  if (fraction <= 0) return Number.POSITIVE_INFINITY
  return ((nowMs - startedMs) / 1000 / fraction) * (1 - Math.min(1, fraction))
}
