/** Arguments as process graphs can hold them: plain JSON, copied, so that nothing changes it later. Computes nothing. */
import { InputError } from '@ecotope/core'
import type { GraphNode } from '../process/row.ts'

/** One process with its arguments; those that are cubes stand in as `Derived`. */
export interface Step {
  readonly process: string
  readonly namespace?: string
  readonly args: Readonly<Record<string, unknown>>
}

/** Marks what is made by a step. */
export const derived: unique symbol = Symbol('derived')

/** Anything made by a step; undefined where it came from memory. */
export interface Derived {
  readonly [derived]: true
  readonly step: Step | undefined
}

export const isDerived = (value: unknown): value is Derived =>
  typeof value === 'object' && value !== null && derived in value

/** A step with arguments of its own. Throws InputError `NotJson`. */
export function stepOf(process: string, args: Readonly<Record<string, unknown>>, namespace?: string): Step {
  const copy = plain(args, process) as Step['args']
  return { process, args: copy, ...(namespace === undefined ? {} : { namespace }) }
}

/**
 * A copy as JSON has it, in which `Derived` values stay and so do infinite numbers, for which graphs have a node (see
 * `writtenNumber`). Throws InputError `NotJson` for what JSON has nothing for, such as NaN and functions.
 */
function plain(value: unknown, where: string): unknown {
  // JSON has no -0.
  if (typeof value === 'number' && !Number.isNaN(value)) return value === 0 ? 0 : value
  if (['number', 'function', 'symbol', 'bigint'].includes(typeof value) || isOpaque(value)) throw notJson(value, where)
  if (typeof value !== 'object' || value === null || isDerived(value)) return value
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON()
  if (ArrayBuffer.isView(value) || value instanceof Set)
    return Array.from(value as unknown as Iterable<unknown>, (item) => plain(item, where))
  if (Array.isArray(value)) return value.map((item) => plain(item ?? null, where))
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, where)]))
}

/** What JSON would write as an empty object without a word. */
const isOpaque = (value: unknown): boolean =>
  value instanceof RegExp || value instanceof Map || value instanceof DataView || value instanceof Promise

function notJson(value: unknown, where: string): InputError {
  const what = typeof value === 'function' ? 'a function' : String(value)
  return new InputError('NotJson', `${where}: ${what} cannot stand among the arguments of a process`, {
    hint: HINTS[typeof value] ?? 'process graphs are JSON: give texts, numbers, lists and plain objects',
    data: { process: where },
  })
}

const HINTS: Readonly<Record<string, string>> = {
  number: 'give a number, or leave the argument out',
  function: 'callbacks in TypeScript are for the methods that take one, such as reduce, apply and merge',
  bigint: 'give a number',
}

/**
 * A number as a graph has it: NaN, which is missing, as null; infinity, for which JSON has nothing either, as what 1 / 0
 * gives in a node of its own among `nodes`.
 */
export function writtenNumber(value: number, nodes: Record<string, GraphNode>): unknown {
  if (Number.isNaN(value)) return null
  if (Number.isFinite(value)) return value
  const name = value > 0 ? 'infinity' : 'negative_infinity'
  nodes[name] ??= { process_id: 'divide', arguments: { x: Math.sign(value), y: 0 } }
  return { from_node: name }
}

/** `process`, with a number where the name is taken. */
export function uniqueName(process: string, taken: Readonly<Record<string, unknown>>): string {
  let name = process
  for (let n = 2; name in taken; n++) name = `${process}${n}`
  return name
}
