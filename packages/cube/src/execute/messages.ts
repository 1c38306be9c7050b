/** What a thread executor and its threads say to each other, and which memory moves with it instead of being copied. */

import type { JobSpec } from './executor.ts'
import type { ErrorData } from './failures.ts'

export type Request =
  | { readonly kind: 'open'; readonly id: number; readonly job: JobSpec }
  | { readonly kind: 'run'; readonly id: number; readonly payload: unknown }
  | { readonly kind: 'close'; readonly id: number }

export type Reply =
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorData }
  | { readonly kind: 'warning'; readonly tag: string; readonly message: string }

/** Results are shallow: arrays within a few levels of plain objects. */
const DEPTH = 5

/**
 * The buffers in a result that can move to another thread: those that an array has to itself. Parts of larger buffers
 * (Node's pool of small ones among them) are copied, since moving takes the whole buffer.
 */
export function transferable(value: unknown, depth = DEPTH, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteLength } = value
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) found.add(buffer)
  } else if (value instanceof ArrayBuffer) {
    found.add(value)
  } else if (typeof value === 'object' && value !== null && depth > 0) {
    for (const part of Array.isArray(value) ? value : Object.values(value)) transferable(part, depth - 1, found)
  }
  return found
}
