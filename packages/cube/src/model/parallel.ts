/** A few asynchronous things at a time. */

/** Calls `use` for every item, at most `limit` at once. The first failure ends it, after what runs has ended. */
export async function inParallel<T>(items: Iterable<T>, limit: number, use: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failure: { readonly error: unknown } | undefined
  const lane = async (): Promise<void> => {
    for (;;) {
      if (failure !== undefined) return
      const next = iterator.next()
      if (next.done === true) return
      try {
        await use(next.value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
  if (failure !== undefined) throw failure.error
}
