/** A small validator of JSON schemas (draft 7, what STAC's schemas use), so that items are checked by STAC's own rules. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { dataFolder } from '../data.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Schema = { readonly [key: string]: Json }

const root = join(dataFolder, 'stac_examples')

/** What GeoJSON's own schemas say, as far as items need it; those are not among the data. */
const GEOJSON: Readonly<Record<string, Schema>> = {
  'https://geojson.org/schema/Feature.json': {
    type: 'object',
    required: ['type', 'properties', 'geometry'],
    properties: { type: { const: 'Feature' } },
  },
  'https://geojson.org/schema/Geometry.json': {
    type: 'object',
    required: ['type', 'coordinates'],
    properties: { type: { enum: ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon'] } },
  },
  'http://json-schema.org/draft-07/schema': {},
}

const isObject = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Problems of a document by a schema file of the STAC specification, such as `item-spec/json-schema/item.json`. */
export function problemsOf(document: unknown, file: string): string[] {
  const path = join(root, file)
  return check(document as Json, load(path), path, '')
}

function load(path: string): Schema {
  // The schemas are of 1.1.0-beta.1; the release has the same rules.
  return JSON.parse(readFileSync(path, 'utf8').replaceAll('1.1.0-beta.1', '1.1.0')) as Schema
}

function follow(ref: string, path: string): [schema: Json, path: string] {
  const [address, pointer = ''] = ref.split('#') as [string, string?]
  if (address in GEOJSON) return [GEOJSON[address]!, path]
  const file = address === '' ? path : resolve(dirname(path), address)
  let found: Json = load(file)
  for (const part of pointer.split('/').filter((text) => text !== '')) found = (found as Schema)[part]!
  return [found, file]
}

const TYPES: Readonly<Record<string, (value: Json) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  string: (value) => typeof value === 'string',
  array: (value) => Array.isArray(value),
  object: isObject,
}

const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b)

function check(value: Json, schema: Json, path: string, at: string): string[] {
  if (schema === true) return []
  if (schema === false) return [`${at}: not allowed`]
  const s = schema as Schema
  const problems: string[] = []
  const say = (text: string): void => void problems.push(`${at || '/'}: ${text}`)
  const sub = (part: Json, inner: Json = value, where = at): string[] => check(inner, part, path, where)
  if (typeof s.$ref === 'string') {
    const [target, file] = follow(s.$ref, path)
    return check(value, target, file, at)
  }
  const types = s.type === undefined ? [] : ([s.type].flat() as string[])
  if (types.length > 0 && !types.some((type) => TYPES[type]!(value))) say(`is not ${types.join(' or ')}`)
  if (s.const !== undefined && !same(value, s.const)) say(`is not ${JSON.stringify(s.const)}`)
  if (Array.isArray(s.enum) && !s.enum.some((one) => same(value, one))) say(`is none of ${JSON.stringify(s.enum)}`)
  for (const part of (s.allOf ?? []) as readonly Json[]) problems.push(...sub(part))
  const any = s.anyOf as readonly Json[] | undefined
  if (any !== undefined && !any.some((part) => sub(part).length === 0)) say(`fits none of ${any.length} alternatives`)
  const one = s.oneOf as readonly Json[] | undefined
  if (one !== undefined && one.filter((part) => sub(part).length === 0).length !== 1)
    say('fits not exactly one alternative')
  if (s.not !== undefined && sub(s.not).length === 0) say('is what it must not be')
  if (s.if !== undefined) problems.push(...sub((sub(s.if).length === 0 ? s.then : s.else) ?? true))
  problems.push(
    ...checkText(value, s, say),
    ...checkList(value, s, say, sub, at),
    ...checkObject(value, s, say, sub, at),
  )
  return problems
}

type Say = (text: string) => void
type Sub = (part: Json, inner?: Json, where?: string) => string[]

function checkText(value: Json, s: Schema, say: Say): string[] {
  if (typeof value === 'number') {
    if (typeof s.minimum === 'number' && value < s.minimum) say(`is less than ${s.minimum}`)
    if (typeof s.maximum === 'number' && value > s.maximum) say(`is greater than ${s.maximum}`)
  }
  if (typeof value !== 'string') return []
  if (typeof s.minLength === 'number' && value.length < s.minLength) say('is too short')
  if (typeof s.pattern === 'string' && !new RegExp(s.pattern).test(value)) say(`does not match ${s.pattern}`)
  if (s.format === 'date-time' && Number.isNaN(Date.parse(value))) say('is no instant')
  if (s.format === 'iri' && !URL.canParse(value)) say('is no address')
  return []
}

function checkList(value: Json, s: Schema, say: Say, sub: Sub, at: string): string[] {
  if (!Array.isArray(value)) return []
  const list = value as readonly Json[]
  if (typeof s.minItems === 'number' && list.length < s.minItems) say('has too few elements')
  if (typeof s.maxItems === 'number' && list.length > s.maxItems) say('has too many elements')
  if (s.uniqueItems === true && new Set(list.map((one) => JSON.stringify(one))).size < list.length)
    say('repeats elements')
  if (s.contains !== undefined && !list.some((one) => sub(s.contains!, one).length === 0)) say('lacks an element')
  const { items } = s
  if (items === undefined) return []
  return list.flatMap((one, i) => sub(Array.isArray(items) ? (items[i] ?? true) : items, one, `${at}/${i}`))
}

function checkObject(value: Json, s: Schema, say: Say, sub: Sub, at: string): string[] {
  if (!isObject(value)) return []
  for (const name of (s.required ?? []) as readonly string[]) if (!(name in value)) say(`lacks ${name}`)
  if (typeof s.minProperties === 'number' && Object.keys(value).length < s.minProperties) say('has too few members')
  const known = (s.properties ?? {}) as Schema
  return Object.entries(value).flatMap(([name, inner]) => {
    const patterns = Object.entries((s.patternProperties ?? {}) as Schema).filter(([pattern]) =>
      new RegExp(pattern).test(name),
    )
    const rules = [...(name in known ? [known[name]!] : []), ...patterns.map(([, part]) => part)]
    const all = rules.length > 0 || s.additionalProperties === undefined ? rules : [s.additionalProperties]
    return all.flatMap((part) => sub(part, inner, `${at}/${name}`))
  })
}
