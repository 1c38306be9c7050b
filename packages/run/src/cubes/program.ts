/** Process graphs as files: read, checked, with parameters from a command line. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InputError, nearest } from '@ecotope/core'
import {
  type GraphProblem,
  type Program,
  parseProgram,
  processRegistry,
  runGraph,
  type UserParameter,
  type Value,
  validateGraph,
  withUserProcesses,
} from '@ecotope/cube'
import { unreadable } from '../surroundings.ts'

export interface LoadedProgram {
  readonly path: string
  readonly program: Program
  /** Where relative paths of the graph and of its parameters start: the working folder. */
  readonly folder: string
}

/** Reads a graph from a file. Throws `InputError`: `MissingFile`, `BadJson`, `ProcessGraphMissing`. */
export async function loadProgram(path: string): Promise<LoadedProgram> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new InputError('BadJson', `${path} is not JSON: ${(cause as Error).message}`, {
      hint: 'a process graph is an object of nodes, each with process_id and arguments',
      data: { path },
      cause,
    })
  }
  return { path, program: programOf(path, json), folder: resolve('.') }
}

function programOf(path: string, json: unknown): Program {
  try {
    return parseProgram(json)
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause
    const { tag, message, hint, data } = cause
    throw new InputError(tag, `${path}: ${message}`, { ...(hint && { hint }), data: { ...data, path }, cause })
  }
}

/** Everything that is wrong with a program; empty where it can run. */
export function graphProblems(
  { graph, processes, parameters }: Program,
  given: readonly string[] = [],
): GraphProblem[] {
  const registry = withUserProcesses(processRegistry, processes, runGraph)
  return validateGraph(graph, registry, { parameters: [...parameters.map(({ name }) => name), ...given] })
}

/**
 * Values of `name=value` texts: JSON where the text is some, unless the parameter is a text. A bare graph may use any
 * parameter; one with a list of parameters only these. Throws `InputError('UnknownParameter')`.
 */
export function parameterValues(
  { parameters }: Program,
  texts: Readonly<Record<string, string>>,
): Record<string, Value> {
  const names = parameters.map(({ name }) => name)
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const parameter = parameters.find((one) => one.name === name)
      if (parameter === undefined && names.length > 0) throw unknownParameter(name, names)
      return [name, parsedValue(text, parameter)]
    }),
  )
}

function parsedValue(text: string, parameter: UserParameter | undefined): Value {
  if (isText(parameter?.schema)) return text
  try {
    return JSON.parse(text) as Value
  } catch {
    return text
  }
}

/** Whether a parameter's schema allows nothing but texts. */
const isText = (schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'string'

function unknownParameter(name: string, names: readonly string[]): InputError {
  const near = nearest(name, names)
  return new InputError('UnknownParameter', `the graph has no parameter ${name}`, {
    hint: near === undefined ? `its parameters are ${names.join(', ')}` : `did you mean ${near}?`,
    data: { parameter: name, known: names },
  })
}
