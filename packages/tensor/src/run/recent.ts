/** The last few results of something costly, by key: sessions by the shapes of their inputs. */

export class Recent<V> {
  readonly #limit: number
  readonly #dispose: (value: V) => Promise<void>
  readonly #entries = new Map<string, Promise<V>>()

  constructor(limit: number, dispose: (value: V) => Promise<void>) {
    this.#limit = limit
    this.#dispose = dispose
  }

  /** The value under `key`, made when it is not there; the one that was asked for longest ago goes. */
  async get(key: string, make: () => Promise<V>): Promise<V> {
    const entry = this.#entries.get(key) ?? make()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    const oldest = this.#entries.size > this.#limit ? this.#entries.entries().next().value : undefined
    if (oldest !== undefined) {
      this.#entries.delete(oldest[0])
      await this.#dispose(await oldest[1])
    }
    try {
      return await entry
    } catch (error) {
      // What failed once may succeed later.
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      throw error
    }
  }

  /** The keys, oldest first. */
  get keys(): string[] {
    return [...this.#entries.keys()]
  }
}
