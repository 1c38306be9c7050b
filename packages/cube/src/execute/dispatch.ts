/**
 * What all executors have in common: pulling tasks as there is room, retries, order, cancellation, back-pressure. An
 * implementation adds only its slots (the process itself, threads, machines), each of which runs one task at a time.
 */
import { CancelledError, type EcotopeError, EnvironmentError, secondsLeft, throwIfAborted } from '@ecotope/core'
import type { JobSpec, Outcome, RunOptions, Task } from './executor.ts'
import { asEcotopeError } from './failures.ts'

/** A place that runs one task of one job at a time. */
export interface Slot {
  /** Rejects with an `EnvironmentError` where the surroundings failed. Begins when those asked for before have ended. */
  run(task: Task): Promise<unknown>
  /** False once it is lost (a dead thread); a new slot takes its place. */
  readonly alive: boolean
  /** Releases it: `busy` where a task was running whose result nobody waits for any longer. */
  release(busy: boolean): Promise<void>
}

export interface Slots {
  readonly count: number
  /** Tasks that wait at a slot for the end of the one before, so that it never waits for an answer. Default 0. */
  readonly queued?: number
  /** Bound of the sum of `bytes` of tasks that run or whose results wait; a larger task runs alone. */
  readonly budgetBytes: number
  open(job: JobSpec, options: RunOptions): Promise<Slot>
}

interface Entry {
  readonly task: Task
  readonly index: number
  attempts: number
  outcome?: Outcome
}

/** Results that wait while an earlier task is not done, per slot: bounds memory where results must keep an order. */
const AHEAD = 4

class Dispatch {
  readonly #slots: Slots
  readonly #job: JobSpec
  readonly #options: RunOptions
  readonly #tasks: AsyncIterator<Task> | Iterator<Task>
  /** What each open slot has to do, in its order; the first is running. */
  readonly #queues = new Map<Slot, Entry[]>()
  readonly #waiting: Entry[] = []
  readonly #retries: Entry[] = []
  readonly #started = performance.now()
  #opening = 0
  /** Tasks that are pulled and not begun. */
  readonly #upcoming: Task[] = []
  #pulling = false
  #ended = false
  #count = 0
  #delivered = 0
  #bytes = 0
  #failure: EcotopeError | undefined
  #wake: () => void = () => undefined
  #closed = false

  constructor(slots: Slots, job: JobSpec, tasks: Iterable<Task> | AsyncIterable<Task>, options: RunOptions) {
    this.#slots = slots
    this.#job = job
    this.#options = options
    this.#tasks = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]()
  }

  async *outcomes(): AsyncGenerator<Outcome> {
    const { signal } = this.#options
    const abort = () => this.#fail(new CancelledError())
    signal?.addEventListener('abort', abort)
    try {
      throwIfAborted(signal)
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure
        const entry = this.#take()
        if (entry !== undefined) {
          this.#delivered++
          this.#report()
          yield entry.outcome!
          this.#bytes -= entry.task.bytes
          continue
        }
        if (this.#isDone()) return
        // The promise is made first: what the pump starts may call #wake before it is awaited.
        const changed = new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#pump()
        await changed
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      await this.#close()
    }
  }

  #isDone(): boolean {
    return this.#ended && this.#upcoming.length === 0 && this.#held === 0
  }

  /** Tasks that have begun and whose outcomes nobody has yet. */
  get #held(): number {
    return this.#count - this.#delivered
  }

  /** The next outcome that may be delivered. */
  #take(): Entry | undefined {
    if (this.#options.order !== 'task') return this.#waiting.shift()
    const at = this.#waiting.findIndex((entry) => entry.index === this.#delivered)
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]
  }

  #fail(error: EcotopeError): void {
    this.#failure ??= error
    this.#wake()
  }

  #report(): void {
    const { onProgress } = this.#options
    if (onProgress === undefined) return
    // The length of the iterable is unknown here: who made the tasks turns counts into fractions.
    const total = this.#ended ? this.#count + this.#upcoming.length : undefined
    const fraction = total === undefined || total === 0 ? 0 : this.#delivered / total
    onProgress({
      step: 'tasks',
      fraction,
      message: `${this.#delivered} tasks done`,
      ...(fraction > 0 ? { secondsLeft: secondsLeft(this.#started, fraction) } : {}),
    })
  }

  /** Starts whatever there is room for. */
  #pump(): void {
    while (!this.#closed && this.#failure === undefined) {
      const slot = this.#free()
      if (slot === undefined) return
      const entry = this.#retries.shift() ?? this.#admit()
      if (entry === undefined) return
      void this.#start(entry, slot)
    }
  }

  /** Where the next task goes: to an idle slot, to a new one, or behind another task. */
  #free(): Slot | 'new' | undefined {
    const { count, queued = 0 } = this.#slots
    let shortest: Slot | undefined
    let least = Number.POSITIVE_INFINITY
    for (const [slot, { length }] of this.#queues) if (length < least) [shortest, least] = [slot, length]
    if (least === 0) return shortest
    if (this.#queues.size + this.#opening < count) return 'new'
    // The last tasks go to whoever is free first.
    return least <= queued && this.#upcoming.length > count ? shortest : undefined
  }

  /** A new task, where one is known and there is room for its bytes. */
  #admit(): Entry | undefined {
    const [next] = this.#upcoming
    if (next === undefined) {
      void this.#pull()
      return undefined
    }
    const held = this.#held
    const isFull = held > 0 && this.#bytes + next.bytes > this.#slots.budgetBytes
    const ahead = this.#options.order === 'task' ? AHEAD * this.#slots.count : 2 * this.#slots.count
    if (isFull || held >= ahead) return undefined
    this.#upcoming.shift()
    this.#bytes += next.bytes
    void this.#pull()
    return { task: next, index: this.#count++, attempts: 0 }
  }

  /** Gets tasks until enough are known. Synchronous iterables are pulled at once. */
  async #pull(): Promise<void> {
    const { count, queued = 0 } = this.#slots
    const wanted = queued > 0 ? count + 1 : 1
    if (this.#pulling || this.#ended || this.#upcoming.length >= wanted) return
    this.#pulling = true
    try {
      while (!this.#ended && !this.#closed && this.#upcoming.length < wanted) {
        const result = await this.#tasks.next()
        if (result.done === true) this.#ended = true
        else this.#upcoming.push(result.value)
        this.#pump()
      }
    } catch (error) {
      this.#ended = true
      this.#fail(asEcotopeError(error))
    }
    this.#pulling = false
    this.#pump()
    this.#wake()
  }

  async #start(entry: Entry, place: Slot | 'new'): Promise<void> {
    entry.attempts++
    try {
      if (place !== 'new') this.#queues.get(place)!.push(entry)
      const slot = place === 'new' ? await this.#open(entry) : place
      if (slot !== undefined) await this.#run(entry, slot)
    } catch (error) {
      this.#settleFailure(entry, asEcotopeError(error))
    }
    this.#pump()
    this.#wake()
  }

  /** A new slot for a task; undefined where the job has ended meanwhile. */
  async #open(entry: Entry): Promise<Slot | undefined> {
    this.#opening++
    try {
      const slot = await this.#slots.open(this.#job, this.#options)
      if (!this.#closed) {
        this.#queues.set(slot, [entry])
        return slot
      }
      await slot.release(false)
      return undefined
    } finally {
      this.#opening--
    }
  }

  async #run(entry: Entry, slot: Slot): Promise<void> {
    const queue = this.#queues.get(slot)!
    try {
      const running = slot.run(entry.task)
      this.#pump()
      const result = await running
      this.#settle(entry, { task: entry.task, result, attempts: entry.attempts })
    } catch (error) {
      // With a lost slot all its tasks end; those behind the first had not begun and are none the worse for it.
      if (queue.includes(entry)) throw error
    } finally {
      if (queue.includes(entry)) queue.splice(queue.indexOf(entry), 1)
      if (!slot.alive) this.#lose(slot)
    }
  }

  /** Another slot takes over what a lost one had not begun. */
  #lose(slot: Slot): void {
    const queue = this.#queues.get(slot)
    if (queue === undefined || this.#closed) return
    this.#queues.delete(slot)
    for (const entry of queue.splice(0)) {
      entry.attempts--
      this.#retries.push(entry)
    }
    void slot.release(false)
  }

  #settle(entry: Entry, outcome: Outcome): void {
    if (this.#closed) return
    entry.outcome = outcome
    this.#waiting.push(entry)
  }

  #settleFailure(entry: Entry, error: EcotopeError): void {
    if (this.#closed) return
    const { attempts = 3, onError = 'fail' } = this.#options
    if (error instanceof EnvironmentError && entry.attempts < attempts) this.#retries.push(entry)
    else if (onError === 'fail' || error instanceof CancelledError) this.#fail(error)
    else this.#settle(entry, { task: entry.task, error, attempts: entry.attempts })
  }

  async #close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#queues].map(([slot, { length }]) => slot.release(length > 0)))
    // A generator of tasks may hold resources of its own; one that is being asked is left to end by itself.
    if (!this.#pulling && !this.#ended) await this.#tasks.return?.()
  }
}

/** Runs tasks on slots. Ends with an error where the job is cancelled or, unless failures are skipped, a task fails. */
export function dispatch<Payload, Result>(
  slots: Slots,
  job: JobSpec,
  tasks: Iterable<Task<Payload>> | AsyncIterable<Task<Payload>>,
  options: RunOptions = {},
): AsyncGenerator<Outcome<Result>> {
  return new Dispatch(slots, job, tasks, options).outcomes() as AsyncGenerator<Outcome<Result>>
}
