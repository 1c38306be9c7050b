/** Whole answers of web servers: asked for again where that may help, refused in the user's words. */
import { EcotopeError, EnvironmentError, InputError } from '@ecotope/core'
import { type Answer, ask, passingOf, type RequestOptions, reasonOf, retried } from '../geotiff/http-request.ts'

/** What is asked for, and how long it is tried. */
export interface FetchRequest extends RequestOptions {
  readonly method?: string
  readonly body?: string
}

/**
 * What `take` makes of the answer to a request. What a server cannot answer for the moment, breaks off or does not go on
 * with, is asked for again. Throws `CancelledError`; `InputError`: `MissingFile`, `NoAccess`; `EnvironmentError('CannotFetch')`, and what `take` throws of ours.
 */
export const fetched = <T>(url: string, request: FetchRequest, take: (answer: Answer) => Promise<T>): Promise<T> =>
  retried(
    request,
    () => fetchOnce(url, request, take),
    (cause) => cause instanceof EcotopeError,
    (attempts, cause) => cannotFetch(url, `${reasonOf(cause)}, ${attempts} times`, cause as Error),
  )

/** Failures of a connection that will be the same a moment later. */
const LASTING = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ERR_INVALID_URL'])

async function fetchOnce<T>(url: string, request: FetchRequest, take: (answer: Answer) => Promise<T>): Promise<T> {
  const { method, body } = request
  const rest = { ...(method === undefined ? {} : { method }), ...(body === undefined ? {} : { body }) }
  const answer = await ask(url, {}, request, rest).catch(
    (cause: Error & { readonly cause?: { readonly code?: string } }) => {
      throw LASTING.has(cause.cause?.code ?? '') ? cannotFetch(url, reasonOf(cause), cause) : cause
    },
  )
  if (answer.response.ok) return take(answer)
  await answer.drop()
  throw failureOf(url, answer.response)
}

function failureOf(url: string, response: Response): Error {
  const { status, statusText } = response
  const data = { url, status }
  if (status === 404 || status === 410) {
    return new InputError('MissingFile', `there is nothing at ${url} (${status})`, { hint: 'check the address', data })
  }
  if (status === 401 || status === 403) {
    return new InputError('NoAccess', `the server does not give access to ${url} (${status})`, {
      hint: 'sign the address: put the token that the server asks for into it',
      data,
    })
  }
  return (
    passingOf(response) ?? new EnvironmentError('CannotFetch', `${url} answers with ${status} ${statusText}`, { data })
  )
}

const cannotFetch = (url: string, reason: string, cause: Error): EnvironmentError =>
  new EnvironmentError('CannotFetch', `cannot reach ${url}: ${reason}`, {
    hint: 'check the address and the network',
    data: { url },
    cause,
  })
