/** Checks of values against the JSON schemas of openEO processes, subtypes included. A schema becomes a function once. */
import { nearest } from '@ecotope/core'
import { isObject } from '../graph/references.ts'
import { isDate, isDateTime, isInstantOfSomeCalendar, isTime } from './instants.ts'
import type { Callback, CubeValue, FeaturesValue, LabeledArray, Value } from './row.ts'

/** What is wrong with a value, in a few words, or undefined. */
export type Checker = (value: unknown) => string | undefined

export function isLabeled(value: unknown): value is LabeledArray {
  return isObject(value) && value.kind === 'labeled-array' && Array.isArray(value.values)
}

export function isCube(value: unknown): value is CubeValue {
  return isObject(value) && value.kind === 'cube' && isObject(value.node)
}

export function isFeatures(value: unknown): value is FeaturesValue {
  return isObject(value) && value.kind === 'features' && isObject(value.features)
}

export function isCallback(value: unknown): value is Callback {
  return isObject(value) && typeof value.run === 'function' && typeof value.runSync === 'function'
}

/** The elements of an array, labelled or not; undefined of anything else. */
export function elementsOf(value: unknown): readonly Value[] | undefined {
  if (Array.isArray(value)) return value as readonly Value[]
  return isLabeled(value) ? value.values : undefined
}

type JsonSchema = { readonly [key: string]: unknown }

const article: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a text',
}

const isType: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: (value) => elementsOf(value) !== undefined,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  null: (value) => value === null,
  // NaN and infinities are numbers of openEO.
  number: (value) => typeof value === 'number',
  object: (value) => isObject(value) && !isLabeled(value),
  string: (value) => typeof value === 'string',
}

/** How a value reads in a message. */
export function show(value: unknown): string {
  if (isCube(value)) return 'a data cube'
  if (isFeatures(value)) return 'geometries'
  if (isCallback(value)) return 'a process graph'
  if (isLabeled(value)) return 'a labeled array'
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

const made = new WeakMap<object, Checker>()

/** The check of a schema, or of a list of alternatives. Made once per schema object. */
export function checkerOf(schema: unknown): Checker {
  if (typeof schema !== 'object' || schema === null) return () => undefined
  const known = made.get(schema)
  if (known !== undefined) return known
  const checker = Array.isArray(schema) ? anyOf(schema) : oneChecker(schema as JsonSchema)
  made.set(schema, checker)
  return checker
}

function anyOf(schemas: readonly unknown[]): Checker {
  const checkers = schemas.map(checkerOf)
  return (value) => {
    const problems: string[] = []
    for (const check of checkers) {
      const problem = check(value)
      if (problem === undefined) return undefined
      problems.push(problem)
    }
    return inOne(problems, `${show(value)} is not `)
  }
}

/** What is wrong by every alternative, in one sentence where all say what the value is not; else by the first. */
function inOne(problems: readonly string[], start: string): string | undefined {
  const kinds = problems.filter((problem) => problem.startsWith(start)).map((problem) => problem.slice(start.length))
  if (kinds.length < problems.length || kinds.length < 2) return problems[0]
  return start + [...new Set(kinds)].join(' or ')
}

/** Rules apply to the values that they are about: `minimum` to numbers, `pattern` to texts. */
function oneChecker(schema: JsonSchema): Checker {
  const rules: Checker[] = []
  for (const key of ['anyOf', 'oneOf']) if (Array.isArray(schema[key])) rules.push(anyOf(schema[key]))
  if (Array.isArray(schema.allOf)) rules.push(...schema.allOf.map(checkerOf))
  if (schema.enum !== undefined) rules.push(enumRule(schema.enum as readonly unknown[]))
  if ('const' in schema) rules.push(enumRule([schema.const]))
  if (isObject(schema.not) && 'const' in schema.not) rules.push(notRule(schema.not.const))
  rules.push(...numberRules(schema), ...textRules(schema), ...arrayRules(schema), ...objectRules(schema))
  const subtype = typeof schema.subtype === 'string' ? subtypes[schema.subtype] : undefined
  const types = typesOf(schema)
  return (value) => {
    if (value === null && types.includes('null')) return undefined
    if (subtype !== undefined) {
      const verdict = subtype(value)
      // A list of what it ought to hold may still have too few of it.
      if (verdict !== 'unknown' && (verdict !== undefined || elementsOf(value) === undefined)) return verdict
    } else if (isCube(value) || isFeatures(value) || isCallback(value)) {
      return types.length > 0 && !types.includes('object') ? wrongType(value, types) : undefined
    }
    if (types.length > 0 && !types.some((type) => isType[type]?.(value) ?? true)) return wrongType(value, types)
    for (const rule of rules) {
      const problem = rule(value)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (typeof schema.type === 'string') return [schema.type]
  return Array.isArray(schema.type) ? (schema.type as string[]) : []
}

function wrongType(value: unknown, types: readonly string[]): string {
  return `${show(value)} is not ${types.map((type) => article[type] ?? type).join(' or ')}`
}

function enumRule(allowed: readonly unknown[]): Checker {
  const texts = allowed.map(show)
  return (value) => {
    if (texts.includes(show(value))) return undefined
    const near = typeof value === 'string' ? nearest(value, allowed.map(String)) : undefined
    return `${show(value)} is not one of ${texts.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`
  }
}

const notRule =
  (refused: unknown): Checker =>
  (value) =>
    show(value) === show(refused) ? `${show(value)} is not allowed` : undefined

const limits: Readonly<Record<string, (value: number, limit: number) => string | undefined>> = {
  minimum: (value, limit) => (value < limit ? `${value} is less than ${limit}` : undefined),
  maximum: (value, limit) => (value > limit ? `${value} is greater than ${limit}` : undefined),
  exclusiveMinimum: (value, limit) => (value <= limit ? `${value} is not greater than ${limit}` : undefined),
  exclusiveMaximum: (value, limit) => (value >= limit ? `${value} is not less than ${limit}` : undefined),
}

function numberRules(schema: JsonSchema): Checker[] {
  return Object.entries(limits).flatMap(([key, rule]) => {
    const limit = schema[key]
    if (typeof limit !== 'number') return []
    return [(value) => (typeof value === 'number' ? rule(value, limit) : undefined)]
  })
}

function textRules(schema: JsonSchema): Checker[] {
  const rules: Checker[] = []
  const { minLength, pattern } = schema
  if (typeof minLength === 'number')
    rules.push((value) => (typeof value === 'string' && value.length < minLength ? 'the text is empty' : undefined))
  if (typeof pattern === 'string') {
    const form = new RegExp(pattern)
    rules.push((value) =>
      typeof value === 'string' && !form.test(value) ? `${show(value)} does not have the form ${pattern}` : undefined,
    )
  }
  return rules
}

function arrayRules(schema: JsonSchema): Checker[] {
  const rules: ((values: readonly Value[]) => string | undefined)[] = []
  const { minItems, maxItems, uniqueItems, items } = schema
  if (typeof minItems === 'number')
    rules.push((values) =>
      values.length < minItems ? `has ${values.length} items, needs at least ${minItems}` : undefined,
    )
  if (typeof maxItems === 'number')
    rules.push((values) => (values.length > maxItems ? `has ${values.length} items, takes ${maxItems}` : undefined))
  if (uniqueItems === true)
    rules.push((values) => (new Set(values.map(show)).size < values.length ? 'repeats an item' : undefined))
  if (isObject(items) && Object.keys(items).some((key) => key !== 'description')) {
    const check = checkerOf(items)
    rules.push((values) => {
      for (let i = 0; i < values.length; i++) {
        const problem = check(values[i])
        if (problem !== undefined) return `item ${i}: ${problem}`
      }
      return undefined
    })
  }
  return rules.map((rule) => (value) => {
    const values = elementsOf(value)
    return values === undefined ? undefined : rule(values)
  })
}

function objectRules(schema: JsonSchema): Checker[] {
  const rules: Checker[] = []
  if (Array.isArray(schema.required)) {
    const names = schema.required as string[]
    rules.push((value) => {
      if (!isObject(value)) return undefined
      const absent = names.filter((name) => !(name in value))
      return absent.length > 0 ? `lacks ${absent.join(', ')}` : undefined
    })
  }
  if (isObject(schema.properties)) {
    const checks = Object.entries(schema.properties).map(([name, one]) => [name, checkerOf(one)] as const)
    rules.push((value) => {
      if (!isObject(value)) return undefined
      for (const [name, check] of checks) {
        const problem = name in value ? check(value[name]) : undefined
        if (problem !== undefined) return `${name}: ${problem}`
      }
      return undefined
    })
  }
  return rules
}

type Subtype = (value: unknown) => string | undefined | 'unknown'

const textForm =
  (name: string, test: (text: string) => boolean): Subtype =>
  (value) =>
    typeof value === 'string' && test(value) ? undefined : `${show(value)} is not ${name}`

const isBoundary = (value: unknown): boolean =>
  value === null || (typeof value === 'string' && (isInstantOfSomeCalendar(value) || isTime(value)))

const interval: Subtype = (value) => {
  const ends = elementsOf(value)
  if (ends === undefined || ends.length !== 2) return `${show(value)} is not an interval [start, end]`
  const wrong = ends.find((end) => !isBoundary(end))
  if (wrong !== undefined) return `${show(wrong)} is not a date, a time of day or null`
  return ends.every((end) => end === null) ? 'an interval without start and end; one of them may be null' : undefined
}

const cube: Subtype = (value) => (isCube(value) || isFeatures(value) ? undefined : `${show(value)} is not a data cube`)

/** Subtypes that say more than the JSON type. Others (names of bands, collections, formats) leave it to the type. */
const subtypes: Readonly<Record<string, Subtype>> = {
  'process-graph': (value) => (isCallback(value) ? undefined : `${show(value)} is not a process graph`),
  datacube: cube,
  'raster-cube': cube,
  'vector-cube': cube,
  geojson: (value) => {
    if (isFeatures(value)) return undefined
    return isObject(value) && typeof value.type === 'string' ? undefined : `${show(value)} is not GeoJSON`
  },
  'labeled-array': (value) => (isLabeled(value) ? undefined : `${show(value)} is not a labeled array`),
  'date-time': textForm('a date with time and zone, such as 2020-06-01T12:00:00Z', isDateTime),
  date: textForm('a date, such as 2020-06-01', isDate),
  time: textForm('a time of day, such as 12:00:00', isTime),
  'temporal-interval': interval,
  'temporal-intervals': (value) => {
    const list = elementsOf(value)
    if (list === undefined) return `${show(value)} is not a list of intervals`
    return list.map(interval).find((problem) => problem !== undefined)
  },
}
