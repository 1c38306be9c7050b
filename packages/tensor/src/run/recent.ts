/** The last few results of something costly, by key: sessions by the shapes of their inputs. */

interface Entry<V> {
  readonly value: Promise<V>
  /** Resolves when nobody uses the value any more. */
  idle: Promise<unknown>
}

export class Recent<V> {
  readonly #limit: number
  readonly #dispose: (value: V) => Promise<void>
  readonly #entries = new Map<string, Entry<V>>()

  constructor(limit: number, dispose: (value: V) => Promise<void>) {
    this.#limit = limit
    this.#dispose = dispose
  }

  /** The value under `key`, made when it is not there; the one that was asked for longest ago goes. */
  get(key: string, make: () => Promise<V>): Promise<V> {
    return this.use(key, make, async (value) => value)
  }

  /** As `get`, for work during which the value is not disposed of, however many others are asked for meanwhile. */
  async use<R>(key: string, make: () => Promise<V>, work: (value: V) => Promise<R>): Promise<R> {
    const entry = this.#entries.get(key) ?? this.#begin(make)
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    const done = this.#dropOldest().then(async () => work(await this.#made(key, entry)))
    entry.idle = Promise.allSettled([entry.idle, done])
    return done
  }

  #begin(make: () => Promise<V>): Entry<V> {
    const value = make()
    // Whoever asked hears of a failure, perhaps only after another value has gone.
    value.catch(() => undefined)
    return { value, idle: Promise.resolve() }
  }

  async #made(key: string, entry: Entry<V>): Promise<V> {
    try {
      return await entry.value
    } catch (error) {
      // What failed once may succeed later.
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      throw error
    }
  }

  async #dropOldest(): Promise<void> {
    const oldest = this.#entries.size > this.#limit ? this.#entries.entries().next().value : undefined
    if (oldest === undefined) return
    const [key, { value, idle }] = oldest
    this.#entries.delete(key)
    await idle
    // A value that could not be made is an error of those who asked for it.
    const [made] = await Promise.allSettled([value])
    if (made.status === 'fulfilled') await this.#dispose(made.value)
  }

  /** The keys, oldest first. */
  get keys(): string[] {
    return [...this.#entries.keys()]
  }
}
