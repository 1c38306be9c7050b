/**
 * How threads keep step: at the start of the memory a generation (which run this is), how many arrivals at the end of
 * a step there have been, whether something failed, and for every step the next unit of work that nobody has taken.
 */
const GENERATION = 0
const ARRIVED = 1
const FAILED = 2
const NEXT = 4

/** Looks before sleeping: a step often ends on all threads within microseconds. */
const SPINS = 4000

/** Numbers of 32 bits at the start of the memory. */
export const controlNumbers = (steps: number): number => NEXT + steps

export class Control {
  readonly #cells: Int32Array
  readonly #threads: number
  readonly #steps: number

  constructor(memory: WebAssembly.Memory, threads: number, steps: number) {
    this.#cells = new Int32Array(memory.buffer, 0, controlNumbers(steps))
    this.#threads = threads
    this.#steps = steps
  }

  /** Begins a run; the threads that wait for it go on. Returns its number. */
  begin(): number {
    this.#cells.fill(0, NEXT)
    Atomics.store(this.#cells, FAILED, 0)
    const generation = Atomics.add(this.#cells, GENERATION, 1) + 1
    if (this.#threads > 1) Atomics.notify(this.#cells, GENERATION)
    return generation
  }

  /** Sleeps until a run after `last` has begun. Returns its number. */
  awaitRun(last: number): number {
    while (Atomics.load(this.#cells, GENERATION) === last) Atomics.wait(this.#cells, GENERATION, last)
    return last + 1
  }

  /** A unit of a step that nobody has taken yet. */
  take(step: number): number {
    return Atomics.add(this.#cells, NEXT + step, 1)
  }

  get failed(): boolean {
    return Atomics.load(this.#cells, FAILED) !== 0
  }

  fail(): void {
    Atomics.store(this.#cells, FAILED, 1)
  }

  /** Waits until every thread has done its part of a step. */
  arrive(generation: number, step: number): void {
    if (this.#threads === 1) return
    const wanted = (((generation - 1) * this.#steps + step + 1) * this.#threads) | 0
    const now = (Atomics.add(this.#cells, ARRIVED, 1) + 1) | 0
    if (now === wanted) {
      Atomics.notify(this.#cells, ARRIVED)
      return
    }
    const missing = (): number => (wanted - Atomics.load(this.#cells, ARRIVED)) | 0
    for (let spin = 0; spin < SPINS; spin++) if (missing() <= 0) return
    for (
      let seen = Atomics.load(this.#cells, ARRIVED);
      ((wanted - seen) | 0) > 0;
      seen = Atomics.load(this.#cells, ARRIVED)
    ) {
      Atomics.wait(this.#cells, ARRIVED, seen)
    }
  }
}
