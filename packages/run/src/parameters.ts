/** A recipe's parameters as given by a person: parsed by their schemas, checked, defaults filled in. */
import { isAbsolute, join, resolve } from 'node:path'
import { InputError, nearest } from '@ecotope/core'
import { isList, type JsonValue } from './json.ts'
import type { Recipe, RecipeParameter } from './recipe.ts'
import { alternatives, isFileSchema, parseText, problemWith, type Schemas, schemaText, show } from './schema.ts'

/** Parameter values by name; files as absolute paths; parameters that are optional and not given are null. */
export type Parameters = Readonly<Record<string, JsonValue>>

export interface ResolveOptions {
  /** What relative file names of given values start from. Default: the current directory. */
  readonly baseDirectory?: string
  /** Leave required parameters out where not given, for a look before there are files. */
  readonly partial?: boolean
}

/**
 * Values for all parameters of a recipe. Given texts are parsed by the parameter's schema, other values are taken as
 * they are. Errors: UnknownParameter, BadParameter, MissingParameter.
 */
export function resolveParameters(
  recipe: Recipe,
  given: Readonly<Record<string, unknown>>,
  options: ResolveOptions = {},
): Parameters {
  const names = recipe.parameters.map((parameter) => parameter.name)
  for (const name of Object.keys(given)) if (!names.includes(name)) throw unknownParameter(recipe, name)
  const base = options.baseDirectory ?? process.cwd()
  const values: Record<string, JsonValue> = {}
  const missing: string[] = []
  for (const parameter of recipe.parameters) {
    const value = given[parameter.name]
    if (value !== undefined) values[parameter.name] = withPaths(read(parameter, value), parameter.schema, base)
    else if (parameter.default !== undefined)
      values[parameter.name] = withPaths(parameter.default, parameter.schema, recipe.directory)
    else if (parameter.optional) values[parameter.name] = null
    else missing.push(parameter.name)
  }
  if (missing.length > 0 && options.partial !== true) throw missingParameters(recipe, missing)
  return values
}

function read(parameter: RecipeParameter, value: unknown): JsonValue {
  const { name, schema } = parameter
  const parsed = typeof value === 'string' ? (parseText(value, schema) ?? value) : (value as JsonValue)
  if (parsed === null && parameter.optional) return null
  const problem = problemWith(parsed, schema)
  if (problem === undefined) return parsed
  const fallback = parameter.default === undefined ? '' : ` The default is ${show(parameter.default)}.`
  throw new InputError('BadParameter', `parameter ${name}: ${problem}`, {
    hint: `${name} takes: ${schemaText(schema)}.${fallback}`,
    data: { parameter: name, value: parsed, allowed: schemaText(schema) },
  })
}

function unknownParameter(recipe: Recipe, name: string): InputError {
  const names = recipe.parameters.map((parameter) => parameter.name)
  const near = nearest(name, names)
  const list = names.length === 0 ? 'It has none.' : `It has: ${names.join(', ')}.`
  return new InputError('UnknownParameter', `recipe ${recipe.id} has no parameter ${name}`, {
    hint: near === undefined ? list : `Did you mean ${near}? ${list}`,
    data: { parameter: name, nearest: near, parameters: names },
  })
}

function missingParameters(recipe: Recipe, missing: readonly string[]): InputError {
  const first = recipe.parameters.find((parameter) => parameter.name === missing[0])!
  return new InputError('MissingParameter', `recipe ${recipe.id} needs: ${missing.join(', ')}`, {
    hint: `${first.name}: ${first.description}`,
    data: { missing },
  })
}

/** Makes file names absolute, in lists too. */
function withPaths(value: JsonValue, schema: Schemas, base: string): JsonValue {
  if (typeof value === 'string')
    return alternatives(schema).some(isFileSchema) && value !== '' ? absolute(value, base) : value
  if (!isList(value)) return value
  const items = alternatives(schema).find((one) => one.items !== undefined)?.items
  return items === undefined ? value : value.map((item) => withPaths(item, items, base))
}

function absolute(path: string, base: string): string {
  return isAbsolute(path) ? resolve(path) : resolve(join(base, path))
}

/** The files among a value, found by its schema. */
export function filesOf(value: JsonValue, schema: Schemas): string[] {
  if (typeof value === 'string') return alternatives(schema).some(isFileSchema) && value !== '' ? [value] : []
  if (!isList(value)) return []
  const items = alternatives(schema).find((one) => one.items !== undefined)?.items
  return items === undefined ? [] : value.flatMap((item) => filesOf(item, items))
}
