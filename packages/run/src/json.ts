/** JSON values and their canonical text, which addresses are hashes of. Not a general serialiser. */
import { createHash } from 'node:crypto'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }
export type JsonObject = { readonly [key: string]: JsonValue }

/**
 * The canonical text of a JSON value (RFC 8785): no white space, keys sorted by UTF-16 code units, numbers as ECMAScript
 * writes them. Fields that are undefined count as absent. Throws a RangeError for NaN and infinities.
 */
export function canonicalJson(value: JsonValue | undefined): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`JSON has no ${value}`)
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const entries = Object.keys(value)
    .sort((a, b) => (a < b ? -1 : 1))
    .filter((key) => value[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${entries.join(',')}}`
}

/** SHA-256 of the canonical text, as hexadecimal. */
export function hashJson(value: JsonValue): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** Array.isArray that keeps the element type of a readonly array. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
