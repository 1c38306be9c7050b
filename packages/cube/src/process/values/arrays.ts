/** Arrays made, joined, cut and searched. Labels stay with their elements where a process keeps both. */
import { nearest } from '@ecotope/core'
import {
  arrayOf,
  labelled,
  labelsOf,
  optional,
  processError,
  required,
  schemas,
  valueRow,
  withDefault,
} from '../define.ts'
import { timestampOf } from '../instants.ts'
import type { Arguments, LabeledArray, ParameterRow, ProcessRow, Value } from '../row.ts'
import { equals } from './comparison.ts'

type Labels = LabeledArray['labels']

const data = required('data', 'An array, with or without labels.', schemas.array)
const newArray = { summary: 'The new array.', schema: schemas.array }

function row(
  id: string,
  summary: string,
  parameters: readonly ParameterRow[],
  returns: ProcessRow['returns'],
  evaluate: (args: Arguments) => Value,
  errors: readonly string[] = [],
): ProcessRow {
  const listed = errors.length === 0 ? {} : { errors }
  return valueRow({ id, category: 'arrays', summary, chunks: 'value', parameters, returns, ...listed, evaluate })
}

function append(args: Arguments): Value {
  const values = [...arrayOf(args, 'data'), (args.value ?? null) as Value]
  const labels = labelsOf(args, 'data')
  const given = (args.label ?? undefined) as string | number | undefined
  if (labels === undefined) {
    if (given === undefined) return values
    throw processError('ArrayNotLabeled', 'a label is given, but the array has no labels', 'Leave label out.')
  }
  const label = given ?? labels.length
  if (labels.includes(label)) throw processError('LabelExists', `the array has an element labelled ${label} already`)
  return labelled(values, [...labels, label])
}

function refuseShared(first: Labels, second: Labels): void {
  const shared = first.find((label) => second.includes(label))
  if (shared === undefined) return
  throw processError('ArrayLabelConflict', `both arrays have an element labelled ${shared}`, 'Relabel one of them.')
}

function concat(args: Arguments): Value {
  const values = [...arrayOf(args, 'array1'), ...arrayOf(args, 'array2')]
  const [first, second] = [labelsOf(args, 'array1'), labelsOf(args, 'array2')]
  if (first === undefined || second === undefined) return values
  refuseShared(first, second)
  return labelled(values, [...first, ...second])
}

/** Position of a value, or -1; arrays, objects and null are found nowhere. */
function positionOf(args: Arguments): number {
  const values = arrayOf(args, 'data')
  const isMatch = (value: Value): boolean => equals(value, args.value) === true
  return args.reverse === true ? values.findLastIndex(isMatch) : values.findIndex(isMatch)
}

const orNull = (position: number): Value => (position < 0 ? null : position)

function createLabeled(args: Arguments): Value {
  const values = arrayOf(args, 'data')
  const labels = arrayOf(args, 'labels') as Labels
  if (values.length !== labels.length)
    throw processError('ArrayLengthMismatch', `there are ${values.length} values, but ${labels.length} labels`)
  return labelled([...values], [...labels])
}

function element(args: Arguments): Value {
  const values = arrayOf(args, 'data')
  const labels = labelsOf(args, 'data')
  const index = (args.index ?? undefined) as number | undefined
  const label = (args.label ?? undefined) as string | number | undefined
  if (index === undefined && label === undefined)
    throw processError('ArrayElementParameterMissing', 'neither index nor label is given', 'Give one of them.')
  if (index !== undefined && label !== undefined)
    throw processError('ArrayElementParameterConflict', 'index and label are both given', 'Give only one of them.')
  if (label !== undefined && labels === undefined)
    throw processError('ArrayNotLabeled', `the array has no labels, so none is ${label}`, 'Give index instead.')
  const position = index ?? labels!.indexOf(label!)
  if (position >= 0 && position < values.length) return values[position]!
  if (args.return_nodata === true) return null
  const near = typeof label === 'string' ? nearest(label, labels!.map(String)) : undefined
  throw processError(
    'ArrayElementNotAvailable',
    label === undefined
      ? `the array has ${values.length} elements, none of number ${index}`
      : `the array has no element labelled ${label}`,
    near === undefined ? 'Set return_nodata to get a missing value instead.' : `Did you mean ${near}?`,
  )
}

/** First or last element, of those that are not missing where these are ignored. */
function edge(args: Arguments, side: 'first' | 'last'): Value {
  const values = arrayOf(args, 'data')
  const isWanted = (value: Value): boolean => args.ignore_nodata === false || value !== null
  return (side === 'first' ? values.find(isWanted) : values.findLast(isWanted)) ?? null
}

/** Where elements lie on the axis to interpolate along: their dates or numbers where all labels are such, else 0, 1, ... */
export function axisOf(length: number, labels: Labels | undefined): number[] {
  const numbers = labels?.map(Number)
  const axis = numbers?.every(Number.isFinite) ? numbers : labels?.map((label) => timestampOf(String(label)))
  const isOrdered = axis?.every((at, i) => Number.isFinite(at) && (i === 0 || at !== axis[i - 1])) ?? false
  return isOrdered ? axis! : Array.from({ length }, (_, i) => i)
}

/** Fills gaps (null and NaN) between known numbers linearly; those before the first and after the last stay. */
export function interpolateLinear(values: readonly Value[], axis: readonly number[]): Value[] {
  const filled = [...values]
  let previous = -1
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'number' || Number.isNaN(value)) continue
    if (previous >= 0)
      for (let gap = previous + 1; gap < i; gap++) {
        const part = (axis[gap]! - axis[previous]!) / (axis[i]! - axis[previous]!)
        const start = values[previous] as number
        filled[gap] = start + part * (value - start)
      }
    previous = i
  }
  return filled
}

function modify(args: Arguments): Value {
  const values = arrayOf(args, 'data')
  const inserted = arrayOf(args, 'values')
  // By an example of the specification, nothing to put in and no length means one element to take out.
  const length = (args.length ?? (inserted.length === 0 ? 1 : 0)) as number
  const index = args.index as number
  if (index > values.length)
    throw processError('ArrayElementNotAvailable', `the array has ${values.length} elements, so none at ${index}`)
  const splice = <T>(of: readonly T[], by: readonly T[]): T[] => [
    ...of.slice(0, index),
    ...by,
    ...of.slice(index + length),
  ]
  const labels = labelsOf(args, 'data') ?? (values.length === 0 ? [] : undefined)
  const others = labelsOf(args, 'values') ?? (inserted.length === 0 ? [] : undefined)
  const isLabeled = labelsOf(args, 'data') !== undefined || labelsOf(args, 'values') !== undefined
  const all = splice(values, inserted)
  if (!isLabeled || labels === undefined || others === undefined) return all
  refuseShared(labels, others)
  return labelled(all, splice(labels, others))
}

const matchParameters = [data, required('value', 'The value to look for.', schemas.any)]

export const arrayRows: readonly ProcessRow[] = [
  row(
    'array_append',
    'An array with one more element at its end.',
    [
      data,
      required('value', 'The element.', schemas.any),
      withDefault('label', 'Its label; by default its number.', { type: ['number', 'string', 'null'] }, null),
    ],
    newArray,
    append,
    ['LabelExists', 'ArrayNotLabeled'],
  ),
  row(
    'array_concat',
    'Two arrays, one after the other; labelled where both are.',
    [required('array1', 'The first.', schemas.array), required('array2', 'The second.', schemas.array)],
    newArray,
    concat,
    ['ArrayLabelConflict'],
  ),
  row(
    'array_contains',
    'Whether an array has an element equal to a value.',
    matchParameters,
    { summary: 'The answer.', schema: schemas.flag },
    (args) => positionOf(args) >= 0,
  ),
  row(
    'array_create',
    'An array of given elements, repeated as often as wanted.',
    [
      withDefault('data', 'The elements.', schemas.any, []),
      withDefault('repeat', 'How many times.', { type: 'integer', minimum: 1 }, 1),
    ],
    newArray,
    (args) => {
      // openEO lets a single value stand for an array of it.
      const values = Array.isArray(args.data) || labelsOf(args, 'data') ? arrayOf(args, 'data') : [args.data as Value]
      return Array.from({ length: args.repeat as number }, () => values).flat() as readonly Value[]
    },
  ),
  {
    ...row(
      'array_create_labeled',
      'An array of values with labels.',
      [
        required('data', 'The values.', schemas.array),
        required('labels', 'A label for each.', { type: 'array', uniqueItems: true, items: schemas.label }),
      ],
      { summary: 'The labelled array.', schema: { type: 'array', subtype: 'labeled-array' } },
      createLabeled,
      ['ArrayLengthMismatch'],
    ),
    experimental: true,
  },
  row(
    'array_element',
    'One element, by its number or label.',
    [
      data,
      optional('index', 'Its number, from 0.', schemas.count),
      optional('label', 'Its label.', schemas.label),
      withDefault('return_nodata', 'Whether an absent element is missing instead of an error.', schemas.flag, false),
    ],
    { summary: 'The element.', schema: schemas.any },
    element,
    ['ArrayElementNotAvailable', 'ArrayElementParameterMissing', 'ArrayElementParameterConflict', 'ArrayNotLabeled'],
  ),
  row(
    'array_find',
    'The number of the first element (or the last) that equals a value.',
    [...matchParameters, withDefault('reverse', 'Whether to look for the last.', schemas.flag, false)],
    { summary: 'The number, null where there is none.', schema: { type: ['integer', 'null'], minimum: 0 } },
    (args) => orNull(positionOf(args)),
  ),
  {
    ...row(
      'array_find_label',
      'The number of the element with a label.',
      [data, required('label', 'The label.', schemas.label)],
      { summary: 'The number, null where there is none.', schema: { type: ['integer', 'null'], minimum: 0 } },
      (args) => orNull(labelsOf(args, 'data')?.indexOf(args.label as string | number) ?? -1),
    ),
    experimental: true,
  },
  row(
    'array_interpolate_linear',
    'Fills gaps between known numbers on straight lines.',
    [required('data', 'Numbers with gaps; labels, where there are any, are the axis.', schemas.numbers)],
    { summary: 'As many numbers; gaps at the ends stay.', schema: schemas.numbers },
    (args) => {
      const values = arrayOf(args, 'data')
      const labels = labelsOf(args, 'data')
      return labelled(interpolateLinear(values, axisOf(values.length, labels)), labels)
    },
  ),
  row(
    'array_labels',
    'The labels of an array, or its numbers from 0.',
    [data],
    { summary: 'As many labels as elements.', schema: { type: 'array', items: schemas.label } },
    (args) => [...(labelsOf(args, 'data') ?? arrayOf(args, 'data').keys())],
  ),
  {
    ...row(
      'array_modify',
      'Replaces, inserts or removes elements at a place.',
      [
        data,
        required('values', 'What is put in.', schemas.array),
        required('index', 'The element to put it before.', schemas.count),
        optional('length', 'How many elements from there are taken out; by default none.', schemas.count),
      ],
      newArray,
      modify,
      ['ArrayElementNotAvailable', 'ArrayLabelConflict'],
    ),
    experimental: true,
  },
  ...(['first', 'last'] as const).map((side) =>
    row(
      side,
      `The ${side} element.`,
      [data, withDefault('ignore_nodata', 'Whether missing elements are passed over.', schemas.flag, true)],
      { summary: 'The element; null where there is none.', schema: schemas.any },
      (args) => edge(args, side),
    ),
  ),
]
