/** Errors as plain data, so that they cross threads and machines, and come out as what they were. */
import { CancelledError, EcotopeError, EnvironmentError, InputError } from '@ecotope/core'

export interface ErrorData {
  readonly kind: 'input' | 'environment' | 'cancelled' | 'fault'
  readonly tag: string
  readonly message: string
  readonly hint?: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly stack?: string
}

/** Functions and handles among an error's data are left out: they cannot travel. */
function plain(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => {
      const text = JSON.stringify(value) as string | undefined
      return text === undefined ? [] : [[key, JSON.parse(text) as unknown]]
    }),
  )
}

export function errorData(error: unknown): ErrorData {
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {}
  if (!(error instanceof EcotopeError)) {
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'fault', tag: 'TaskFailed', message, ...stack }
  }
  const kind =
    error instanceof CancelledError
      ? 'cancelled'
      : error instanceof InputError
        ? 'input'
        : error instanceof EnvironmentError
          ? 'environment'
          : 'fault'
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  return { kind, tag: error.tag, message: error.message, ...hint, data: plain(error.data), ...stack }
}

/** The error again; anything that was not one of Ecotope's is `TaskFailed` (a fault of ours, or of a user's function). */
export function errorOf(data: ErrorData): EcotopeError {
  if (data.kind === 'cancelled') return new CancelledError(data.message)
  const options = {
    ...(data.hint === undefined ? {} : { hint: data.hint }),
    ...(data.data === undefined ? {} : { data: data.data }),
  }
  const Kind = data.kind === 'input' ? InputError : data.kind === 'environment' ? EnvironmentError : EcotopeError
  const error = new Kind(data.tag, data.message, options)
  if (data.stack !== undefined) error.stack = data.stack
  return error
}

export function asEcotopeError(error: unknown): EcotopeError {
  if (error instanceof EcotopeError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new EcotopeError('TaskFailed', message, { cause: error })
}
