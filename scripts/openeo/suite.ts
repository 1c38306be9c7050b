/** Files of openEO test cases: read, references to other files filled in. Knows nothing of how cases are run. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '@ecotope/core'
import JSON5 from 'json5'

export type Json = { readonly [key: string]: unknown }

export interface Case {
  /** Process and number from 1, such as `mean#3`. */
  readonly id: string
  readonly process: string
  readonly arguments: Json
  /** Undefined where the case only says what is thrown. */
  readonly returns: { readonly value: unknown } | undefined
  /** An error code, or true for any error. */
  readonly throws: string | true | undefined
  readonly required: readonly string[]
  readonly delta: number
}

/** Precision of numbers that the suite asks for where a case does not say otherwise. */
const DELTA = 1e-10

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** All cases of the `.json5` and `.json` files of a folder, by file name. Errors (InputError): NoSuchFolder, BadCase. */
export function readCases(folder: string): Case[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new InputError('NoSuchFolder', `there is no folder ${folder}`, {
      hint: 'Give a folder of openEO test files, such as the folder tests of github.com/Open-EO/openeo-processes.',
    })
  const files = readdirSync(folder).filter((name) => /\.json5?$/.test(name))
  return files.sort().flatMap((name) => casesOf(join(folder, name)))
}

function casesOf(path: string): Case[] {
  const file = parse(path)
  if (!isJson(file) || typeof file.id !== 'string' || !Array.isArray(file.tests)) return []
  const process = file.id
  return file.tests.map((test: unknown, i): Case => {
    if (!isJson(test) || !isJson(test.arguments ?? {}))
      throw new InputError('BadCase', `${path}: case ${i + 1} is not an object with arguments`)
    const filled = fill(test, dirname(path)) as Json
    return {
      id: `${process}#${i + 1}`,
      process,
      arguments: (filled.arguments ?? {}) as Json,
      returns: 'returns' in filled ? { value: filled.returns } : undefined,
      throws: filled.throws === undefined || filled.throws === false ? undefined : (filled.throws as string | true),
      required: Array.isArray(filled.required) ? (filled.required as string[]) : [],
      delta: typeof filled.delta === 'number' ? filled.delta : typeof file.delta === 'number' ? file.delta : DELTA,
    }
  })
}

/** JSON and JSON5 as values, other files as text. */
function parse(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new InputError('BadCase', `${path} cannot be read`, { cause })
  }
  if (!/\.json5?$/.test(path)) return text
  try {
    return JSON5.parse<unknown>(text)
  } catch (cause) {
    throw new InputError('BadCase', `${path} is not JSON5: ${cause instanceof Error ? cause.message : ''}`, { cause })
  }
}

/** The value with every `{ $ref }` replaced by the file it names, relative to the file that it stands in. */
function fill(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, folder))
  if (!isJson(value)) return value
  if (typeof value.$ref !== 'string')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, folder)]))
  if (/^https?:/.test(value.$ref)) throw new InputError('BadCase', `${value.$ref} is not fetched`)
  const named = value.$ref.startsWith('file:') ? fileURLToPath(value.$ref) : value.$ref
  const path = isAbsolute(named) ? named : resolve(folder, named)
  return fill(parse(path), dirname(path))
}
