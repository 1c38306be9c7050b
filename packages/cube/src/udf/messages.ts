/** What the main side, the process of a function and its sandbox say to each other. Plain data. */
import type { UdfCode } from './source.ts'

export interface UdfDimension {
  readonly name: string
  readonly type: string
  readonly labels: readonly (string | number)[]
}

/** A typed array with its dimensions, row-major; NaN is missing. Crosses as bytes. */
export interface BlockMessage {
  readonly kind: 'block'
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>
  readonly dims: readonly UdfDimension[]
}

/** Any other value, as JSON in which NaN and infinities are `{"\u0000number": "NaN"}`. */
export interface ValueMessage {
  readonly kind: 'value'
  readonly json: string
}

export interface UdfRequest {
  readonly id: number
  /** `dims` asks which dimensions the result for the input's will have; null of a UDF that does not say. */
  readonly call: 'apply' | 'dims'
  readonly input: BlockMessage | ValueMessage
  /** JSON as in ValueMessage. */
  readonly context: string
  /** JSON of what else `apply` is told: labels, or dimensions and shape. */
  readonly info: string
}

export type UdfAnswer =
  | { readonly id: number; readonly output: BlockMessage | ValueMessage; readonly logs: readonly string[] }
  | {
      readonly id: number
      readonly error: { readonly message: string; readonly line?: number }
      readonly logs: readonly string[]
    }

/** What a process is told first. */
export interface HostStart {
  readonly code: UdfCode
  readonly memoryMb: number
}

/** What a process tells: its thread is up, has answered (in the order of requests), needs too much memory, or has ended. */
export type HostMessage =
  | { readonly state: 'up' }
  | { readonly state: 'answers'; readonly answers: readonly UdfAnswer[] }
  | { readonly state: 'memory' }
  | { readonly state: 'failed'; readonly message: string }

const MARK = '\u0000number'

/** Whether JSON has this value as it is; looks at lists of numbers quickly, as most data are. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isPlain)
  return typeof value !== 'object' || value === null
}

export function encodeJson(value: unknown): string {
  if (isPlain(value)) return JSON.stringify(value ?? null)
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? { [MARK]: String(item) } : item,
  )
}

export function decodeJson(text: string): unknown {
  if (!text.includes('\\u0000number')) return JSON.parse(text)
  return JSON.parse(text, (_, item: unknown) =>
    typeof item === 'object' && item !== null && MARK in item ? Number((item as Record<string, unknown>)[MARK]) : item,
  )
}
