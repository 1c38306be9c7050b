/** Orders of arrays: numbers by size (NaN last), dates by instant, ties in the order given. */
import { arrayOf, labelled, labelsOf, processError, required, schemas, valueRow, withDefault } from '../define.ts'
import { timestampOf } from '../instants.ts'
import type { Arguments, LabeledArray, ProcessRow, Value } from '../row.ts'

const parameters = [
  required('data', 'Numbers or dates, null where missing.', {
    type: 'array',
    items: {
      anyOf: [
        { type: ['number', 'null'] },
        { type: 'string', subtype: 'date-time', format: 'date-time' },
        { type: 'string', subtype: 'date', format: 'date' },
      ],
    },
  }),
  withDefault('asc', 'Whether the least comes first.', schemas.flag, true),
  withDefault(
    'nodata',
    'Where missing values go: true to the end, false to the start, null nowhere.',
    schemas.boolean,
    null,
  ),
]

const keyOf = (value: Value): number => (typeof value === 'string' ? timestampOf(value) : (value as number))

/** Positions of the elements in their order. */
export function orderOf(values: readonly Value[], isAscending: boolean, nodata: boolean | null): number[] {
  const keys = values.map(keyOf)
  const compare = (a: number, b: number): number => {
    const [first, second] = [keys[a]!, keys[b]!]
    if (Number.isNaN(first) || Number.isNaN(second)) return Number(Number.isNaN(first)) - Number(Number.isNaN(second))
    const ascending = first < second ? -1 : first > second ? 1 : 0
    return isAscending ? ascending : -ascending
  }
  const positions = [...values.keys()]
  const sorted = positions.filter((i) => values[i] !== null).sort(compare)
  const missing = nodata === null ? [] : positions.filter((i) => values[i] === null)
  return nodata === false ? [...missing, ...sorted] : [...sorted, ...missing]
}

function order(args: Arguments): number[] {
  return orderOf(arrayOf(args, 'data'), args.asc !== false, (args.nodata ?? null) as boolean | null)
}

/** Elements at positions, with their labels. */
function take(args: Arguments, positions: readonly number[]): Value {
  const values = arrayOf(args, 'data')
  const labels = labelsOf(args, 'data')
  const beyond = positions.find((position) => position >= values.length)
  if (beyond !== undefined)
    throw processError('ArrayElementNotAvailable', `the array has ${values.length} elements, none of number ${beyond}`)
  return labelled(
    positions.map((i) => values[i]!),
    labels && (positions.map((i) => labels[i]!) as LabeledArray['labels']),
  )
}

const row = (
  id: string,
  summary: string,
  rows: ProcessRow['parameters'],
  returns: ProcessRow['returns'],
  evaluate: (args: Arguments) => Value,
): ProcessRow =>
  valueRow({ id, category: 'arrays', summary, chunks: 'whole dimension', parameters: rows, returns, evaluate })

export const sortingRows: readonly ProcessRow[] = [
  row(
    'order',
    'The numbers of the elements in the order of their size.',
    parameters,
    { summary: 'A permutation, from 0.', schema: { type: 'array', items: schemas.count } },
    order,
  ),
  row(
    'rearrange',
    'Elements in the order that a permutation gives.',
    [
      required('data', 'An array.', schemas.array),
      required('order', 'Numbers of elements, from 0.', { type: 'array', items: schemas.count }),
    ],
    { summary: 'As many elements as numbers.', schema: schemas.array },
    (args) => take(args, arrayOf(args, 'order') as readonly number[]),
  ),
  row('sort', 'Elements by size.', parameters, { summary: 'The sorted elements.', schema: schemas.array }, (args) =>
    take(args, order(args)),
  ),
]
