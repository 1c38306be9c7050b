/** Processes that run a process graph on every element of an array. */
import {
  arrayOf,
  callbackOf,
  callbackSchema,
  contextParameter,
  forEach,
  holds,
  labelled,
  labelsOf,
  required,
  schemas,
  valueRow,
} from '../define.ts'
import type { Arguments, ProcessRow, Value } from '../row.ts'

const data = required('data', 'An array, with or without labels.', schemas.array)
const given = ['x', 'index', 'label', 'context']

/** The callback's values for all elements; a promise only where the callback is asynchronous. */
function mapElements(args: Arguments, name: string): Value[] | Promise<Value[]> {
  const values = arrayOf(args, 'data')
  const labels = labelsOf(args, 'data')
  const callback = callbackOf(args, name)
  const context = (args.context ?? null) as Value
  const results = new Array<Value>(values.length)
  const done = forEach(values.length, (index) => {
    const result = callback.run({ x: values[index]!, index, label: labels?.[index] ?? null, context })
    const keep = (value: Value): void => {
      results[index] = value
    }
    return result instanceof Promise ? result.then(keep) : keep(result)
  })
  return done === undefined ? results : done.then(() => results)
}

function whenDone<T>(result: Value[] | Promise<Value[]>, finish: (values: Value[]) => T): T | Promise<T> {
  return result instanceof Promise ? result.then(finish) : finish(result)
}

function filter(args: Arguments, verdicts: readonly Value[]): Value {
  const values = arrayOf(args, 'data')
  const labels = labelsOf(args, 'data')
  const keeps = verdicts.map((verdict) => holds(verdict, 'array_filter'))
  const isKept = (_: unknown, i: number): boolean => keeps[i]!
  return labelled(values.filter(isKept), labels?.filter(isKept))
}

export const functionalRows: readonly ProcessRow[] = [
  valueRow({
    id: 'array_apply',
    category: 'arrays',
    summary: 'A process graph on every element.',
    parameters: [data, required('process', 'Gives the new element.', callbackSchema(given)), contextParameter],
    returns: { summary: 'As many elements, with the same labels.', schema: schemas.array },
    evaluate: (args) => whenDone(mapElements(args, 'process'), (values) => labelled(values, labelsOf(args, 'data'))),
  }),
  valueRow({
    id: 'array_filter',
    category: 'arrays',
    summary: 'The elements that fulfil a condition.',
    chunks: 'value',
    parameters: [
      data,
      required('condition', 'Gives true for what stays.', callbackSchema(given, { type: 'boolean' })),
      contextParameter,
    ],
    returns: { summary: 'The elements that stay, with their labels.', schema: schemas.array },
    evaluate: (args) => whenDone(mapElements(args, 'condition'), (verdicts) => filter(args, verdicts)),
  }),
]
