/** Logic of three values: true, false and missing. A missing operand counts only where it could change the answer. */
import { arrayOf, required, schemas, valueRow, withDefault } from '../define.ts'
import type { Arguments, ProcessRow, Value } from '../row.ts'

type Truth = boolean | null

export const and = (a: Truth, b: Truth): Truth =>
  a === false || b === false ? false : a === null || b === null ? null : true
export const or = (a: Truth, b: Truth): Truth =>
  a === true || b === true ? true : a === null || b === null ? null : false
export const xor = (a: Truth, b: Truth): Truth => (a === null || b === null ? null : a !== b)
export const not = (a: Truth): Truth => (a === null ? null : !a)

const truthOf = (value: unknown): Truth => (typeof value === 'boolean' ? value : null)
const answer = { summary: 'true, false, or null where that is open.', schema: schemas.boolean }
const x = required('x', 'A truth value.', schemas.boolean)
const y = required('y', 'Another.', schemas.boolean)

const pairwise = (id: string, summary: string, meaning: (a: Truth, b: Truth) => Truth): ProcessRow =>
  valueRow({
    id,
    category: 'logic',
    summary,
    parameters: [x, y],
    returns: answer,
    evaluate: (args) => meaning(truthOf(args.x), truthOf(args.y)),
  })

/** `start` is the answer without any values. */
const over = (id: string, summary: string, start: boolean, meaning: (a: Truth, b: Truth) => Truth): ProcessRow =>
  valueRow({
    id,
    category: 'logic',
    summary,
    chunks: 'reduction',
    parameters: [
      required('data', 'Truth values.', schemas.booleans),
      withDefault('ignore_nodata', 'Whether missing values are left out.', schemas.flag, true),
    ],
    returns: answer,
    evaluate(args: Arguments) {
      const values = arrayOf(args, 'data').map(truthOf)
      const counted = args.ignore_nodata === false ? values : values.filter((value) => value !== null)
      return counted.reduce<Truth>(meaning, start)
    },
  })

export const logicRows: readonly ProcessRow[] = [
  pairwise('and', 'Whether both are true.', and),
  pairwise('or', 'Whether at least one is true.', or),
  pairwise('xor', 'Whether exactly one is true.', xor),
  valueRow({
    id: 'not',
    category: 'logic',
    summary: 'The opposite.',
    parameters: [x],
    returns: answer,
    evaluate: (args) => not(truthOf(args.x)),
  }),
  over('all', 'Whether every value is true; so it is without any.', true, and),
  over('any', 'Whether a value is true.', false, or),
  valueRow({
    id: 'if',
    category: 'logic',
    summary: 'One of two values, by a truth value; missing counts as false.',
    parameters: [
      required('value', 'What decides.', schemas.boolean),
      required('accept', 'The result where it is true.', schemas.any),
      withDefault('reject', 'The result otherwise.', schemas.any, null),
    ],
    returns: { summary: 'The chosen value.', schema: schemas.any },
    evaluate: (args) => ((args.value === true ? args.accept : args.reject) ?? null) as Value,
  }),
]
