/** Recipes: an openEO process graph with typed parameters and what each parameter means. Loads and checks the JSON. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError } from '@ecotope/core'
import { isObject, type JsonValue } from './json.ts'
import { problemWith, type Schemas, show } from './schema.ts'

/** A recipe's parameter: an openEO parameter and what a person wants to know before changing it. */
export interface RecipeParameter {
  readonly name: string
  readonly description: string
  readonly schema: Schemas
  readonly default?: JsonValue
  readonly optional?: boolean
  /** When to raise the value, in a sentence. */
  readonly raiseWhen?: string
  /** When to lower the value, in a sentence. */
  readonly lowerWhen?: string
  /** Heading under which the parameter is shown. */
  readonly group?: string
  /** Unit of the value, such as `px` or `m2`. */
  readonly unit?: string
  /** Shown only on request. */
  readonly advanced?: boolean
}

/** One node of an openEO process graph. */
export interface GraphNode {
  readonly process_id: string
  readonly namespace?: string
  readonly description?: string
  readonly arguments: { readonly [name: string]: JsonValue }
  readonly result?: boolean
}

export type ProcessGraph = { readonly [node: string]: GraphNode }

/** A recipe as its JSON says, and where it came from. */
export interface Recipe {
  readonly id: string
  readonly summary: string
  readonly description: string
  readonly parameters: readonly RecipeParameter[]
  readonly process_graph: ProcessGraph
  readonly returns?: { readonly description?: string; readonly schema: Schemas }
  /** Folder of the recipe: relative file names in it and in its defaults start here. */
  readonly directory: string
}

/** Loads a recipe from a folder (its `recipe.json`) or from a JSON file. Errors: MissingRecipe, BadRecipe. */
export async function loadRecipe(path: string): Promise<Recipe> {
  const file = await locate(path)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new InputError('MissingRecipe', `there is no recipe at ${path}`, {
      hint: 'Name a folder that holds a recipe.json, such as recipes/segmentation.',
      data: { path },
      cause,
    })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw badRecipe(file, `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const from = { directory: dirname(resolve(file)), file }
  return isObject(json) && typeof json.extends === 'string'
    ? extendRecipe(json, json.extends, from)
    : parseRecipe(json, from)
}

/** A recipe that is another one with other words and defaults: `extends` names it, `defaults` lists what differs. */
async function extendRecipe(
  json: { readonly [key: string]: unknown },
  base: string,
  from: { directory: string; file: string },
): Promise<Recipe> {
  const parent = await loadRecipe(join(from.directory, base))
  const defaults = isObject(json.defaults) ? json.defaults : {}
  const unknown = Object.keys(defaults).find((name) => !parent.parameters.some((parameter) => parameter.name === name))
  if (unknown !== undefined)
    throw badRecipe(from.file, `sets a default for ${unknown}, which ${parent.id} does not have`)
  const parameters = parent.parameters.map((parameter) =>
    parameter.name in defaults ? { ...parameter, default: defaults[parameter.name] } : parameter,
  )
  return parseRecipe({ ...parent, ...json, parameters, process_graph: parent.process_graph }, from)
}

async function locate(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? join(path, 'recipe.json') : path
  } catch {
    return path
  }
}

function badRecipe(file: string, problem: string): InputError {
  return new InputError('BadRecipe', `${file} ${problem}`, {
    hint: 'A recipe is an openEO process: id, summary, parameters and process_graph.',
    data: { path: file },
  })
}

/** Checks the shape of a recipe's JSON. The graph is checked against the processes at hand by `planGraph`. */
export function parseRecipe(json: unknown, from: { directory: string; file?: string }): Recipe {
  const file = from.file ?? 'the recipe'
  if (!isObject(json)) throw badRecipe(file, 'is not a JSON object')
  const { id, summary, description, parameters, process_graph, returns } = json
  if (!isObject(process_graph)) throw badRecipe(file, 'has no process_graph')
  if (parameters !== undefined && !Array.isArray(parameters)) throw badRecipe(file, 'has parameters that are no list')
  const list = (parameters ?? []) as readonly unknown[]
  return {
    id: typeof id === 'string' ? id : basename(from.directory),
    summary: typeof summary === 'string' ? summary : '',
    description: typeof description === 'string' ? description : '',
    parameters: checkedParameters(list, file),
    process_graph: checkedGraph(process_graph, file),
    ...(isObject(returns) ? { returns: returns as NonNullable<Recipe['returns']> } : {}),
    directory: from.directory,
  }
}

function checkedParameters(list: readonly unknown[], file: string): readonly RecipeParameter[] {
  const seen = new Set<string>()
  for (const parameter of list) {
    if (!isObject(parameter) || typeof parameter.name !== 'string' || parameter.name === '')
      throw badRecipe(file, 'has a parameter without a name')
    if (seen.has(parameter.name)) throw badRecipe(file, `has two parameters named ${parameter.name}`)
    seen.add(parameter.name)
    if (!isObject(parameter.schema) && !Array.isArray(parameter.schema))
      throw badRecipe(file, `has no schema for its parameter ${parameter.name}`)
    const fallback = parameter.default as JsonValue | undefined
    if (fallback === undefined || (fallback === null && parameter.optional === true)) continue
    const problem = problemWith(fallback, parameter.schema as Schemas)
    if (problem !== undefined) throw badRecipe(file, `has a bad default for ${parameter.name}: ${problem}`)
  }
  return list as readonly RecipeParameter[]
}

function checkedGraph(graph: { readonly [key: string]: unknown }, file: string): ProcessGraph {
  for (const [node, value] of Object.entries(graph)) {
    if (!/^[\w-]+$/.test(node)) throw badRecipe(file, `has a node with the odd name ${show(node)}`)
    if (!isObject(value) || typeof value.process_id !== 'string')
      throw badRecipe(file, `has a node ${node} without process_id`)
    if (value.arguments !== undefined && !isObject(value.arguments))
      throw badRecipe(file, `has a node ${node} whose arguments are no object`)
  }
  if (Object.keys(graph).length === 0) throw badRecipe(file, 'has an empty process_graph')
  const nodes = Object.entries(graph).map(([node, value]) => [node, { arguments: {}, ...(value as object) }])
  return Object.fromEntries(nodes) as ProcessGraph
}
