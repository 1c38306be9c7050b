/** Short forms for writing process rows: common schemas, parameters, errors. */
import { InputError } from '@ecotope/core'
import type { Arguments, Callback, LabeledArray, ParameterRow, ProcessRow, Value } from './row.ts'
import { elementsOf, isCallback, isLabeled, show } from './schema.ts'

/** Schemas that many rows share; one object each, so that their checks are made once. */
export const schemas = {
  any: {},
  number: { type: ['number', 'null'] },
  realNumber: { type: 'number' },
  integer: { type: 'integer' },
  count: { type: 'integer', minimum: 0 },
  boolean: { type: ['boolean', 'null'] },
  flag: { type: 'boolean' },
  text: { type: ['string', 'null'] },
  plainText: { type: 'string' },
  scalar: { type: ['number', 'boolean', 'string', 'null'] },
  array: { type: 'array', items: {} },
  numbers: { type: 'array', items: { type: ['number', 'null'] } },
  booleans: { type: 'array', items: { type: ['boolean', 'null'] } },
  label: { type: ['number', 'string'] },
  datacube: { type: 'object', subtype: 'datacube' },
} as const

/** A required parameter. */
export function required(name: string, summary: string, schema: unknown): ParameterRow {
  return { name, summary, schema }
}

/** An optional parameter with a default. */
export function withDefault(name: string, summary: string, schema: unknown, value: Value): ParameterRow {
  return { name, summary, schema, optional: true, default: value }
}

/** An optional parameter whose absence has a meaning of its own. */
export function optional(name: string, summary: string, schema: unknown): ParameterRow {
  return { name, summary, schema, optional: true }
}

/** A parameter of a callback, for `callbackSchema`. */
const callbackParameterSummaries: Readonly<Record<string, string>> = {
  x: 'The element.',
  y: 'The other element.',
  data: 'The elements along the dimension, labelled.',
  index: 'The number of the element, from 0.',
  label: 'The label of the element, if it has one.',
  labels: 'All labels.',
  context: 'What the caller gave as context.',
}

/** The schema of a callback that is given these parameters; its result has to follow `returns`. */
export function callbackSchema(names: readonly string[], returns: unknown = {}): unknown {
  return {
    type: 'object',
    subtype: 'process-graph',
    parameters: names.map((name) => ({
      name,
      description: callbackParameterSummaries[name] ?? '',
      schema: {},
      ...(name === 'context' || name === 'label' ? { optional: true, default: null } : {}),
    })),
    returns: { description: 'The value that takes the place.', schema: returns },
  }
}

export const contextParameter: ParameterRow = withDefault('context', 'Handed on to the process graph.', {}, null)

/** A row of a process on values. */
export function valueRow(row: Omit<ProcessRow, 'chunks'> & { readonly chunks?: ProcessRow['chunks'] }): ProcessRow {
  return { chunks: 'cell', ...row }
}

/** An error that openEO defines for a process. The node is added where the graph runs. */
export function processError(code: string, message: string, hint?: string): InputError {
  return new InputError(code, message, hint === undefined ? {} : { hint })
}

/** An argument as a callback, which the schema has already made sure of. */
export function callbackOf(args: Arguments, name: string): Callback {
  const value = args[name]
  if (!isCallback(value)) throw processError('ProcessParameterInvalid', `argument ${name} is not a process graph`)
  return value
}

/** Whether a condition holds by what its process graph gives. Throws where that is neither true, false nor missing. */
export function holds(verdict: Value, process: string): boolean {
  if (typeof verdict === 'boolean' || verdict === null) return verdict === true
  throw processError(
    'ProcessParameterInvalid',
    `the condition of ${process} gives ${show(verdict)}, which is neither true nor false`,
    'End it with a comparison, such as gt or neq.',
  )
}

/** The elements of an array argument. */
export function arrayOf(args: Arguments, name: string): readonly Value[] {
  const values = elementsOf(args[name])
  if (values === undefined) throw processError('ProcessParameterInvalid', `argument ${name} is not an array`)
  return values
}

/** The labels of an array argument; undefined where it has none. */
export function labelsOf(args: Arguments, name: string): LabeledArray['labels'] | undefined {
  const value = args[name]
  return isLabeled(value) ? value.labels : undefined
}

/** Values with labels, or plain where there are none. */
export function labelled(values: readonly Value[], labels: LabeledArray['labels'] | undefined): Value {
  return labels === undefined ? values : { kind: 'labeled-array', labels, values }
}

/** Steps through elements, waiting only where `step` does. */
export function forEach(length: number, step: (i: number) => void | Promise<void>, from = 0): void | Promise<void> {
  for (let i = from; i < length; i++) {
    const pending = step(i)
    if (pending instanceof Promise) return pending.then(() => forEach(length, step, i + 1))
  }
}
