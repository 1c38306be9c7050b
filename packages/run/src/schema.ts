/** The part of JSON Schema that recipes use for their parameters: check a value, read one from text, say what is allowed. */
import { nearest } from '@ecotope/core'
import { isList, type JsonValue } from './json.ts'

export type JsonType = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string'

/** A JSON Schema as openEO uses it. `subtype` `file-path` or `uri` marks a file whose content counts, not its name. */
export interface Schema {
  readonly type?: JsonType | readonly JsonType[]
  readonly subtype?: string
  readonly description?: string
  readonly enum?: readonly JsonValue[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly [extra: string]: unknown
}

/** One schema, or several of which any may hold (openEO writes alternatives as a list). */
export type Schemas = Schema | readonly Schema[]

export function alternatives(schema: Schemas): readonly Schema[] {
  return Array.isArray(schema) ? (schema as readonly Schema[]) : [schema as Schema]
}

export function isFileSchema(schema: Schema): boolean {
  return schema.subtype === 'file-path' || schema.subtype === 'uri'
}

function typesOf(schema: Schema): readonly JsonType[] {
  if (schema.type === undefined) return []
  return typeof schema.type === 'string' ? [schema.type] : schema.type
}

const isType: Record<JsonType, (value: JsonValue) => boolean> = {
  array: (value) => Array.isArray(value),
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  null: (value) => value === null,
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  string: (value) => typeof value === 'string',
}

/** What is wrong with a value, for people, or undefined. With alternatives: what is wrong by the first. */
export function problemWith(value: JsonValue, schema: Schemas): string | undefined {
  const problems = alternatives(schema).map((one) => problemWithOne(value, one))
  return problems.includes(undefined) ? undefined : problems[0]
}

function problemWithOne(value: JsonValue, schema: Schema): string | undefined {
  const types = typesOf(schema)
  if (types.length > 0 && !types.some((type) => isType[type](value)))
    return `${show(value)} is not ${types.map((type) => article[type]).join(' or ')}`
  if (value === null) return undefined
  if (schema.enum !== undefined && !schema.enum.some((allowed) => show(allowed) === show(value))) {
    const near = typeof value === 'string' ? nearest(value, schema.enum.map(String)) : undefined
    const list = schema.enum.map(show).join(', ')
    return `${show(value)} is not one of ${list}${near === undefined ? '' : `; did you mean ${near}?`}`
  }
  if (typeof value === 'number') return problemWithNumber(value, schema)
  if (typeof value === 'string') return problemWithText(value, schema)
  return isList(value) ? problemWithList(value, schema) : undefined
}

function problemWithNumber(value: number, schema: Schema): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  const outside =
    value < (minimum ?? Number.NEGATIVE_INFINITY) ||
    value > (maximum ?? Number.POSITIVE_INFINITY) ||
    value <= (exclusiveMinimum ?? Number.NEGATIVE_INFINITY) ||
    value >= (exclusiveMaximum ?? Number.POSITIVE_INFINITY)
  if (outside) return `${value} is outside the range ${rangeText(schema)}`
  const steps = multipleOf === undefined ? 0 : value / multipleOf
  if (Math.abs(steps - Math.round(steps)) > 1e-9) return `${value} is not a multiple of ${multipleOf}`
  return undefined
}

function problemWithText(value: string, schema: Schema): string | undefined {
  if (value.length < (schema.minLength ?? 0)) return 'is empty'
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    return `${show(value)} does not have the form ${schema.description ?? schema.pattern}`
  return undefined
}

function problemWithList(value: readonly JsonValue[], schema: Schema): string | undefined {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema
  if (value.length < minItems) return `needs at least ${minItems} ${minItems === 1 ? 'item' : 'items'}`
  if (value.length > maxItems) return `takes at most ${maxItems} ${maxItems === 1 ? 'item' : 'items'}`
  if (items === undefined) return undefined
  for (const item of value) {
    const problem = problemWith(item, items)
    if (problem !== undefined) return problem
  }
  return undefined
}

const article: Record<JsonType, string> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'text',
}

/** The range of numbers that a schema allows: `1 to 10`, `above 0`, `at most 5`, or an empty text. */
export function rangeText(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  const low = minimum ?? exclusiveMinimum
  const high = maximum ?? exclusiveMaximum
  const openLow = minimum === undefined && exclusiveMinimum !== undefined
  const openHigh = maximum === undefined && exclusiveMaximum !== undefined
  if (low !== undefined && high !== undefined && !openLow && !openHigh) return `${low} to ${high}`
  const parts: string[] = []
  if (low !== undefined) parts.push(`${openLow ? 'above' : 'at least'} ${low}`)
  if (high !== undefined) parts.push(`${openHigh ? 'below' : 'at most'} ${high}`)
  return parts.join(' and ')
}

/** What a schema allows, in a few words, such as `whole number, 1 to 10` or `one of a, b`. */
export function schemaText(schema: Schemas): string {
  return alternatives(schema).map(oneSchemaText).join(', or ')
}

function oneSchemaText(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map((value) => String(value)).join(', ')}`
  const names: Record<JsonType, string> = { ...article, integer: 'whole number', number: 'number', array: 'list' }
  const plain = isFileSchema(schema) ? 'file' : ''
  const types = typesOf(schema)
    .filter((type) => type !== 'null')
    .map((type) => (type === 'array' && schema.items ? `list of ${plural(schemaText(schema.items))}` : names[type]))
  const range = rangeText(schema)
  return [plain || types.join(' or ') || 'anything', ...(range ? [range] : [])].join(', ')
}

/** `file` to `files`; what has a range or alternatives stays as it is. */
const plural = (text: string): string =>
  /^(?:file|number|whole number|object|list)$/.test(text) ? `${text}s` : text === 'text' ? 'texts' : text

/** A value read from a command-line text by its schema. Undefined where the text fits no alternative. */
export function parseText(text: string, schema: Schemas): JsonValue | undefined {
  for (const one of alternatives(schema)) {
    for (const type of typesOf(one).length === 0 ? (['string'] as const) : byStrictness(typesOf(one))) {
      const value = readers[type](text, one)
      if (value !== undefined) return value
    }
  }
  return undefined
}

/** Text fits everything, so it is tried last. */
function byStrictness(types: readonly JsonType[]): readonly JsonType[] {
  const order: readonly JsonType[] = ['null', 'boolean', 'integer', 'number', 'object', 'array', 'string']
  return [...types].sort((a, b) => order.indexOf(a) - order.indexOf(b))
}

const words: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
}

const readers: Record<JsonType, (text: string, schema: Schema) => JsonValue | undefined> = {
  null: (text) => (text === 'null' || text === '' ? null : undefined),
  boolean: (text) => words[text.toLowerCase()],
  integer: (text) => (/^[+-]?\d+(?:e\d+)?$/i.test(text) ? Number(text) : undefined),
  number: (text) => (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined),
  object: (text) => (text.trim().startsWith('{') ? parseJson(text) : undefined),
  string: (text) => text,
  array: (text, schema) => {
    if (text.trim().startsWith('[')) return parseJson(text)
    const items = text.split(',').map((item) => parseText(item.trim(), schema.items ?? { type: 'string' }))
    return items.every((item) => item !== undefined) ? items : undefined
  },
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

export function show(value: JsonValue): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value)
}
