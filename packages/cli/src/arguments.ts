/** Options of commands, kept in tables: parsed, checked and explained from the same rows. */
import { parseArgs } from 'node:util'
import { InputError, nearest } from '@ecotope/core'

/** One option. Without `value` it is a switch. */
export interface OptionSpec {
  /** Placeholder in the help, such as `FILE`. */
  readonly value?: string
  readonly short?: string
  /** May be given more than once. */
  readonly multiple?: boolean
  readonly text: string
}

export type OptionTable = Readonly<Record<string, OptionSpec>>

/** Options that every command has. */
export const commonOptions = {
  json: { text: 'print the result, or the error, as JSON on standard output' },
  quiet: { short: 'q', text: 'print no progress' },
  help: { short: 'h', text: 'print this help' },
} as const satisfies OptionTable

export interface Given {
  readonly positionals: readonly string[]
  /** The last text given for an option. */
  text(name: string): string | undefined
  /** Every text given for an option. */
  texts(name: string): readonly string[]
  has(name: string): boolean
}

/** Reads arguments by a table. Errors: UnknownOption, BadOption. */
export function readArguments(args: readonly string[], table: OptionTable, usage: string): Given {
  // A command may give a common option a meaning of its own (`--json FILE`).
  const all: OptionTable = { ...commonOptions, ...table }
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...(short ? { short } : {}),
      },
    ]),
  )
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  })
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = all[token.name]
    if (spec === undefined) throw unknownOption(token.rawName, all, usage)
    const text = token.value
    if (spec.value === undefined && text !== undefined) throw badOption(`${token.rawName} takes no value`, usage)
    const isOption = !token.inlineValue && text !== undefined && /^--?[a-z]/i.test(text)
    if (spec.value !== undefined && (text === undefined || text === '' || isOption))
      throw badOption(`${token.rawName} needs a value: ${token.rawName} ${spec.value}`, usage)
    const before = given.get(token.name) ?? []
    if (before.length > 0 && spec.value !== undefined && !spec.multiple)
      throw badOption(`${token.rawName} is given twice`, usage)
    given.set(token.name, [...before, text ?? ''])
  }
  return {
    positionals,
    text: (name) => given.get(name)?.at(-1),
    texts: (name) => given.get(name) ?? [],
    has: (name) => given.has(name),
  }
}

function unknownOption(raw: string, table: OptionTable, usage: string): InputError {
  const near = nearest(raw.replace(/^-+/, ''), Object.keys(table))
  return new InputError('UnknownOption', `there is no option ${raw}`, {
    hint: near === undefined ? `Usage: ${usage}` : `Did you mean --${near}?`,
    data: { option: raw, nearest: near },
  })
}

function badOption(message: string, usage: string): InputError {
  return new InputError('BadOption', message, { hint: `Usage: ${usage}` })
}

/** One of a list of words, or undefined when it is not given. */
export function oneOf<T extends string>(name: string, text: string | undefined, known: readonly T[]): T | undefined {
  if (text === undefined) return undefined
  const found = known.find((word) => word === text)
  if (found !== undefined) return found
  throw new InputError('BadOption', `--${name} ${text} is not one of: ${known.join(', ')}`, {
    data: { option: name, value: text, known },
  })
}

/** A whole number of at least `minimum`. */
export function wholeNumber(
  name: string,
  text: string | undefined,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= minimum && value <= maximum) return value
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
  throw new InputError('BadOption', `--${name} ${text} is not a whole number ${range}`, {
    data: { option: name, value: text },
  })
}

/** More threads than any machine has processors are a slip. */
const MOST_THREADS = 4096

export const threadCount = (text: string | undefined): number | undefined =>
  wholeNumber('threads', text, 1, MOST_THREADS)

const powers: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
}

/** An amount of memory such as `2GB`, `1.5 GiB` or `800MB`. */
export function memorySize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(text.trim())
  const size = match === null ? Number.NaN : Math.floor(Number(match[1]) * powers[(match[2] ?? '').toLowerCase()]!)
  if (size >= 1e6) return size
  throw new InputError('BadOption', `--memory ${text} is not an amount of memory`, {
    hint: 'Write it as 2GB, 1.5GiB or 800MB; at least 1MB.',
    data: { option: 'memory', value: text },
  })
}

/** Names separated by commas, over all mentions of an option. */
export function listed(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** `name=value` pairs. */
export function pairs(texts: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at < 1)
      throw new InputError('BadOption', `--param ${text} is not of the form NAME=VALUE`, {
        hint: 'Write it as --param epochs=60.',
        data: { option: 'param', value: text },
      })
    const name = text.slice(0, at).trim()
    if (Object.hasOwn(found, name))
      throw new InputError('BadOption', `--param ${name} is given twice`, {
        hint: `It is ${found[name]} and ${text.slice(at + 1)}; write several values as JSON: --param '${name}=["a.tif", "b.tif"]'.`,
        data: { option: 'param', name },
      })
    found[name] = text.slice(at + 1)
  }
  return found
}
