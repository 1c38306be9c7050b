/** Whole answers of web servers: asked for again where that may help, refused in the user's words. */
import { EcotopeError, EnvironmentError, InputError } from '@ecotope/core'
import { passingOf, retried } from '../geotiff/http-request.ts'

/**
 * What `take` makes of the answer to a request. What a server cannot answer for the moment, or breaks off, is asked for
 * again. Throws `InputError`: `MissingFile`, `NoAccess`; `EnvironmentError('CannotFetch')`, and what `take` throws of ours.
 */
export const fetched = <T>(url: string, request: RequestInit, take: (response: Response) => Promise<T>): Promise<T> =>
  retried(
    {},
    () => fetchOnce(url, request, take),
    (cause) => cause instanceof EcotopeError || request.signal?.aborted === true,
    (attempts, cause) => cannotFetch(url, `${reasonOf(cause as Error)}, ${attempts} times`, cause as Error),
  )

/** Failures of a connection that will be the same a moment later. */
const LASTING = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ERR_INVALID_URL'])

async function fetchOnce<T>(url: string, request: RequestInit, take: (response: Response) => Promise<T>): Promise<T> {
  const response = await fetch(url, request).catch((cause: Error & { readonly cause?: { readonly code?: string } }) => {
    throw LASTING.has(cause.cause?.code ?? '') ? cannotFetch(url, reasonOf(cause), cause) : cause
  })
  if (response.ok) return take(response)
  await response.body?.cancel()
  throw failureOf(url, response)
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

const reasonOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message)
