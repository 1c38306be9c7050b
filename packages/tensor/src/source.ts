/** Where in the user's code a node was traced. Reads stacks; knows nothing of graphs. */

/** This package's own sources: their frames are not the user's. */
const own = new URL('.', import.meta.url).href
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/|https?:\/\/|\/)[^()]+?):(\d+):\d+\)?$/

/** Deep enough for a layer within layers. */
const DEPTH = 40

/** A stack that is turned into text only when someone asks for it. */
export interface Source {
  readonly stack?: string
}

interface StackTraces {
  stackTraceLimit?: number
  captureStackTrace?(holder: object): void
}

/** The stack at this moment; empty on engines that cannot say. */
export function captureSource(): Source {
  const traces = Error as StackTraces
  if (traces.captureStackTrace === undefined) return {}
  const holder: Source = {}
  const limit = traces.stackTraceLimit ?? 10
  traces.stackTraceLimit = DEPTH
  traces.captureStackTrace(holder)
  traces.stackTraceLimit = limit
  return holder
}

/** The innermost line of a stack outside this package, as `path:line`; undefined where there is none. */
export function userLine({ stack }: Source): string | undefined {
  for (const text of stack?.split('\n') ?? []) {
    const frame = FRAME.exec(text.trim())
    if (frame === null) continue
    const path = frame[1]!
    const url = path.startsWith('/') ? `file://${path}` : path
    if (url.startsWith(own) || url.includes('/node_modules/')) continue
    return `${decodeURIComponent(url.replace(/^file:\/\//, '').replace(/\?.*$/, ''))}:${frame[2]}`
  }
  return undefined
}

/** `network.ts:41` of `/home/me/network.ts:41`. */
export const shortLine = (line: string): string => line.slice(line.lastIndexOf('/') + 1)
