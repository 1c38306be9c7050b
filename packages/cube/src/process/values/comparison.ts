/** Comparisons. A missing operand gives a missing result; types are compared strictly; NaN equals nothing. */
import { required, schemas, valueRow, withDefault } from '../define.ts'
import type { Arguments, ParameterRow, ProcessRow, Value } from '../row.ts'

/** What a capital sigma becomes at the end of a word only. */
const FINAL_SIGMA = 'ς'

/** Folds case for comparisons of texts, the same in every locale and of every character wherever it stands. */
export const foldCase = (text: string): string => text.toLowerCase().replaceAll(FINAL_SIGMA, 'σ')

/** Whether two values are the same; null where one is missing. Arrays and objects equal nothing. */
export function equals(x: unknown, y: unknown, delta?: number, isCaseSensitive = true): boolean | null {
  if (x === null || x === undefined || y === null || y === undefined) return null
  if (typeof x === 'number' && typeof y === 'number')
    return delta === undefined || x === y ? x === y : Math.abs(x - y) <= delta
  if (typeof x === 'string' && typeof y === 'string' && !isCaseSensitive) return foldCase(x) === foldCase(y)
  return typeof x !== 'object' && typeof y !== 'object' && x === y
}

/** Finite numbers and everything else that is not null. */
export function isValid(value: unknown): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : value !== null && value !== undefined
}

const x = required('x', 'First value.', schemas.scalar)
const y = required('y', 'Second value.', schemas.scalar)
const anything = required('x', 'What is looked at.', schemas.any)
const verdict = { summary: 'The answer; null where a value is missing.', schema: schemas.boolean }

function comparison(
  id: string,
  summary: string,
  parameters: readonly ParameterRow[],
  evaluate: (args: Arguments) => Value,
): ProcessRow {
  return valueRow({ id, category: 'comparison', summary, parameters, returns: verdict, evaluate })
}

/** An order of numbers; what is not a number compares false, unless equal values count. */
function ordering(
  id: string,
  summary: string,
  holds: (x: number, y: number) => boolean,
  withEqual: boolean,
): ProcessRow {
  return comparison(id, summary, [x, y], (args) => compare(args.x, args.y, holds, withEqual))
}

function compare(a: unknown, b: unknown, holds: (x: number, y: number) => boolean, withEqual: boolean): boolean | null {
  const same = equals(a, b)
  if (same === null) return null
  if (typeof a === 'number' && typeof b === 'number') return holds(a, b)
  return withEqual && same
}

function equality(args: Arguments): boolean | null {
  const delta = typeof args.delta === 'number' ? args.delta : undefined
  return equals(args.x, args.y, delta, args.case_sensitive !== false)
}

const equalityParameters = [
  x,
  y,
  withDefault(
    'delta',
    'Numbers that differ by at most this count as equal.',
    { type: ['number', 'null'], exclusiveMinimum: 0 },
    null,
  ),
  withDefault('case_sensitive', 'Whether texts that differ in case alone differ.', schemas.flag, true),
]

function between(args: Arguments): boolean | null {
  const { min, max } = args
  if (args.x === null || args.x === undefined) return null
  if (typeof args.x !== 'number' || typeof min !== 'number' || typeof max !== 'number') return false
  return args.x >= min && (args.exclude_max === true ? args.x < max : args.x <= max)
}

export const comparisonRows: readonly ProcessRow[] = [
  comparison('eq', 'Whether two values are equal.', equalityParameters, equality),
  comparison('neq', 'Whether two values differ.', equalityParameters, (args) => {
    const same = equality(args)
    return same === null ? null : !same
  }),
  ordering('gt', 'Whether the first number is greater.', (a, b) => a > b, false),
  ordering('gte', 'Whether the first number is greater, or both are equal.', (a, b) => a >= b, true),
  ordering('lt', 'Whether the first number is less.', (a, b) => a < b, false),
  ordering('lte', 'Whether the first number is less, or both are equal.', (a, b) => a <= b, true),
  comparison(
    'between',
    'Whether a number lies within limits, both included.',
    [
      required('x', 'The number.', schemas.any),
      required('min', 'Lower limit.', schemas.realNumber),
      required('max', 'Upper limit.', schemas.realNumber),
      withDefault('exclude_max', 'Whether the upper limit itself lies outside.', schemas.flag, false),
    ],
    between,
  ),
  comparison('is_nan', 'Whether the value is NaN.', [anything], (args) => Number.isNaN(args.x)),
  comparison('is_nodata', 'Whether the value is missing.', [anything], (args) => (args.x ?? null) === null),
  comparison('is_valid', 'Whether the value is there and, of numbers, finite.', [anything], (args) => isValid(args.x)),
  {
    ...comparison('is_infinite', 'Whether the number is infinite.', [anything], ({ x: value }) => {
      return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
    }),
    experimental: true,
  },
]
