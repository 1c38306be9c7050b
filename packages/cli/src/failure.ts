/** Errors at the command line: an exit code, one line and a hint. A stack trace only on request (ECOTOPE_DEBUG=1). */
import { CancelledError, EcotopeError, EnvironmentError, InputError } from '@ecotope/core'

export interface Failure {
  readonly exitCode: 1 | 2 | 130
  readonly text: string
  readonly json: { readonly error: { tag: string; message: string; hint?: string; data: unknown } }
}

export function failureOf(error: unknown, debug = process.env.ECOTOPE_DEBUG === '1'): Failure {
  const { tag, message, hint, data } = wordsOf(error)
  const lines = [`${tag === 'Cancelled' ? 'stopped' : 'error'}: ${message}`]
  if (hint !== undefined) lines.push(`hint: ${hint}`)
  if (debug && error instanceof Error) lines.push(traceOf(error))
  return {
    exitCode: exitCodeOf(error),
    text: `${lines.join('\n')}\n`,
    json: { error: { tag, message, ...(hint === undefined ? {} : { hint }), data } },
  }
}

/** Failures of the surroundings that the user mends as an input is mended: by another folder, or by some space. */
const MENDABLE: ReadonlySet<string> = new Set(['DiskFull', 'NotWritable', 'CannotWrite'])

function exitCodeOf(error: unknown): Failure['exitCode'] {
  if (error instanceof InputError) return 2
  if (error instanceof EnvironmentError && MENDABLE.has(error.tag)) return 2
  return error instanceof CancelledError ? 130 : 1
}

function wordsOf(error: unknown): { tag: string; message: string; hint?: string | undefined; data: unknown } {
  // A command that keeps nothing says so itself.
  if (error instanceof CancelledError && error.message !== new CancelledError().message)
    return { tag: 'Cancelled', message: error.message, data: {} }
  if (error instanceof CancelledError)
    return {
      tag: 'Cancelled',
      message: 'as you asked; what was finished is kept',
      hint: 'The same command goes on from the last finished step or epoch.',
      data: {},
    }
  if (error instanceof EcotopeError)
    return { tag: error.tag, message: oneLine(error.message), hint: error.hint, data: error.data }
  const message = error instanceof Error ? error.message : String(error)
  return {
    tag: 'Internal',
    message: `something that should not happen: ${oneLine(message)}`,
    hint: 'This is a fault of Ecotope. Run again with ECOTOPE_DEBUG=1 and report what it prints.',
    data: {},
  }
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ')

function traceOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${traceOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
