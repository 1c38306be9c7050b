/** How many threads the linear algebra uses: one until it is told otherwise. */
import { EnvironmentError, InputError } from '@ecotope/core'
import { startHelper } from '#linalg-threads'
import { currentEngine, openEngine, replaceEngine } from '../workspace.ts'
import { helpersOn } from './helpers.ts'

const most = 16

/**
 * Sets the number of threads of all later calls, 1 to 16 (1 at the start). Results have the same bytes whatever the
 * number. The working memory is given back and made anew.
 *
 * More than one need shared memory, which a page has only when it is isolated from other origins
 * (`crossOriginIsolated`); on a page's main thread the caller spins while helpers finish.
 * @throws InputError `InvalidThreads`; EnvironmentError `ThreadsUnavailable`.
 */
export async function setThreads(count: number): Promise<void> {
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new InputError('InvalidThreads', `threads must be a whole number from 1 to ${most}, not ${count}`, {
      data: { actual: count },
    })
  }
  if (count === threads()) return
  if (count > 1 && globalThis.crossOriginIsolated === false) {
    throw new EnvironmentError('ThreadsUnavailable', 'this page has no shared memory', {
      hint: 'Serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
    })
  }
  release()
  if (count === 1) return
  const engine = openEngine(true)
  const { module } = engine.source
  const starts = Array.from({ length: count - 1 }, (_, slot) => startHelper({ module, memory: engine.memory, slot }))
  const settled = await Promise.allSettled(starts)
  const stops = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const helpers = helpersOn(engine.memory, stops.length, () => {
    for (const stop of stops) stop()
  })
  const failure = settled.find((each) => each.status === 'rejected')
  if (failure !== undefined) {
    helpers.close()
    throw new EnvironmentError('ThreadsUnavailable', 'a helper thread of the linear algebra could not be started', {
      cause: failure.reason,
    })
  }
  replaceEngine({ ...engine, helpers })
}

/** The number of threads in use. */
export function threads(): number {
  return 1 + (currentEngine().helpers?.count ?? 0)
}

/** Gives the working memory back and ends the helper threads; the next call begins with one thread and a new memory. */
export function release(): void {
  replaceEngine(undefined)?.helpers?.close()
}
