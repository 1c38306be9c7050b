/** What is told of long work: the part of a step that is done, and the time left by the pace of this run. */
import { type OnProgress, secondsLeft } from '@ecotope/core'

export class Progress {
  readonly #step: string
  readonly #total: number
  readonly #onProgress: OnProgress | undefined
  readonly #started = performance.now()
  #before = 0
  #done = 0

  /** `total`: all that there is to do, in the units of `add`. */
  constructor(step: string, total: number, onProgress: OnProgress | undefined) {
    this.#step = step
    this.#total = total
    this.#onProgress = onProgress
  }

  /** Was done by an earlier run. */
  skip(amount: number): void {
    this.#before += amount
  }

  add(amount: number): void {
    this.#done += amount
    const left = this.#total - this.#before
    this.#onProgress?.({
      step: this.#step,
      fraction: (this.#done + this.#before) / this.#total,
      secondsLeft: secondsLeft(this.#started, this.#done / left),
    })
  }
}
