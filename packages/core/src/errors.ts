/** Tagged errors: what went wrong, the data a caller needs, and what to do next. Not a logging facility. */

export interface ErrorOptions {
  /** What the user can do about it, in one sentence. */
  readonly hint?: string
  /** The fields a caller may want to read (`path`, `expected`, `actual`, ...). */
  readonly data?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** Base of every error that Ecotope raises on purpose; `tag` identifies the case for programs. */
export class EcotopeError extends Error {
  readonly tag: string
  readonly hint: string | undefined
  readonly data: Readonly<Record<string, unknown>>

  constructor(tag: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = tag
    this.tag = tag
    this.hint = options.hint
    this.data = options.data ?? {}
  }
}

/** The input (a file, a parameter, a graph) is at fault and the user can mend it. The command line exits with 2. */
export class InputError extends EcotopeError {}

/** The surroundings are at fault: a lost worker, a missing library. The command line exits with 1, or with 2 where the user can mend it (a full disk, a folder that cannot be written). */
export class EnvironmentError extends EcotopeError {}

/** The user asked to stop. The command line exits with 130. */
export class CancelledError extends EcotopeError {
  constructor(message = 'cancelled') {
    super('Cancelled', message)
  }
}

/** Throws `CancelledError` when the signal has been raised. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CancelledError()
}

/** The candidate that is nearest in edit distance, or undefined where none is near enough to be a slip. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 2)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
