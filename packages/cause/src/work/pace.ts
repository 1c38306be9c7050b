/** Long searches stay answerable: they stop when asked, tell how far they are and let the event loop turn. */
import { type OnProgress, secondsLeft, throwIfAborted, type WorkOptions } from '@ecotope/core'

const TURN_MS = 40

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export interface Pace {
  /**
   * Call it after each small piece of work; `fraction` in [0, 1] of the whole. Costs nothing but a look at the clock, save
   * for every 40 ms. Throws `CancelledError`.
   */
  at(fraction: number, message?: string): void | Promise<void>
}

/** `step`: what progress events are named by. */
export function paced(step: string, { signal, onProgress }: Pick<WorkOptions, 'signal' | 'onProgress'> = {}): Pace {
  const started = performance.now()
  let last = started
  const tell = (fraction: number, now: number, message: string | undefined, say: OnProgress): void =>
    say({ step, fraction, secondsLeft: secondsLeft(started, fraction, now), ...(message !== undefined && { message }) })
  return {
    at(fraction, message) {
      const now = performance.now()
      if (now - last < TURN_MS && fraction < 1) return undefined
      last = now
      throwIfAborted(signal)
      if (onProgress) tell(Math.min(1, fraction), now, message, onProgress)
      return turn()
    },
  }
}
