/** Reductions and running results over arrays of numbers. null is missing and ignored unless asked; NaN is a number. */
import {
  arrayOf,
  callbackOf,
  callbackSchema,
  contextParameter,
  forEach,
  holds,
  labelled,
  labelsOf,
  optional,
  processError,
  required,
  schemas,
  valueRow,
  withDefault,
} from '../define.ts'
import type { Arguments, ProcessRow, Value } from '../row.ts'
import { isValid } from './comparison.ts'

const data = required('data', 'Numbers, null where missing.', schemas.numbers)
const ignoreNodata = withDefault(
  'ignore_nodata',
  'Whether missing values are left out; if not, one of them makes the result missing.',
  schemas.flag,
  true,
)

/** The numbers of `data` without the missing ones; undefined where a missing one decides the result. */
function numbersOf(args: Arguments): number[] | undefined {
  const values = arrayOf(args, 'data')
  const numbers = values.filter((value) => typeof value === 'number')
  return args.ignore_nodata === false && numbers.length < values.length ? undefined : numbers
}

/** A row that reduces numbers, at least one, to a number. No number at all gives null. */
function reducer(
  id: string,
  summary: string,
  reduce: (numbers: number[]) => number,
  category = 'statistics',
): ProcessRow {
  return valueRow({
    id,
    category: category as ProcessRow['category'],
    summary,
    chunks: 'reduction',
    parameters: [data, ignoreNodata],
    returns: { summary: 'The number, or null without any.', schema: schemas.number },
    evaluate(args) {
      const numbers = numbersOf(args)
      return numbers === undefined || numbers.length === 0 ? null : reduce(numbers)
    },
  })
}

/** Sum with Neumaier's compensation (Zeitschrift für Angewandte Mathematik und Mechanik 54, 1974). */
export function compensatedSum(numbers: Iterable<number>): number {
  let sum = 0
  let lost = 0
  for (const value of numbers) {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return Number.isFinite(lost) ? sum + lost : sum
}

export const mean = (numbers: readonly number[]): number => compensatedSum(numbers) / numbers.length

/** Sample variance (divisor n - 1), of one number NaN. */
export function variance(numbers: readonly number[]): number {
  const centre = mean(numbers)
  return compensatedSum(numbers.map((value) => (value - centre) ** 2)) / (numbers.length - 1)
}

/** Least and greatest; NaN where one is NaN. Not by spreading, which long arrays would overflow. */
const least = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.min(a, b))
const greatest = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b))

/** Quantile of sorted numbers by linear interpolation (type 7 of Hyndman and Fan, The American Statistician 50, 1996). */
export function quantileOf(sorted: ArrayLike<number>, probability: number): number {
  const position = probability * (sorted.length - 1)
  // A position that misses a whole number by rounding alone would interpolate towards a wrong neighbour.
  const below = Math.floor(position + 1e-12 * sorted.length)
  const part = Math.max(0, position - below)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return part === 0 || low === high ? low : low + part * (high - low)
}

/** Sorted copy; undefined where one is NaN, which has no place in an order. */
function sortedOf(numbers: readonly number[]): Float64Array | undefined {
  return numbers.some(Number.isNaN) ? undefined : Float64Array.from(numbers).sort()
}

export function median(numbers: readonly number[]): number {
  const sorted = sortedOf(numbers)
  if (sorted === undefined) return Number.NaN
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

function extrema(args: Arguments): Value {
  const numbers = numbersOf(args)
  return numbers === undefined || numbers.length === 0 ? [null, null] : [least(numbers), greatest(numbers)]
}

/** Probabilities from the list, the number of intervals, or the old parameter `q`. */
function probabilitiesOf(args: Arguments): number[] {
  const { probabilities, q } = args
  const given = probabilities ?? undefined
  const intervals = q ?? undefined
  if (given !== undefined && intervals !== undefined)
    throw processError('QuantilesParameterConflict', 'both probabilities and q are given', 'Give probabilities only.')
  const chosen = given ?? intervals
  if (chosen === undefined)
    throw processError('QuantilesParameterMissing', 'probabilities are missing', 'Give a list such as [0.1, 0.5, 0.9].')
  if (typeof chosen === 'number') return Array.from({ length: chosen - 1 }, (_, i) => (i + 1) / chosen)
  const list = chosen as readonly number[]
  if (list.some((value, i) => i > 0 && value < list[i - 1]!))
    throw processError('AscendingProbabilitiesRequired', 'the probabilities do not ascend', 'Sort them.')
  return [...list]
}

function quantiles(args: Arguments): Value {
  const probabilities = probabilitiesOf(args)
  const numbers = numbersOf(args)
  if (numbers === undefined || numbers.length === 0) return probabilities.map(() => null)
  const sorted = sortedOf(numbers)
  return probabilities.map((probability) => (sorted === undefined ? Number.NaN : quantileOf(sorted, probability)))
}

/** A row of running results; missing values stay where they are, or end the series where they count. */
function running(id: string, summary: string, step: (sum: number, value: number) => number): ProcessRow {
  return valueRow({
    id,
    category: 'statistics',
    summary,
    experimental: true,
    chunks: 'whole dimension',
    parameters: [data, ignoreNodata],
    returns: { summary: 'As many numbers as given.', schema: schemas.numbers },
    evaluate(args) {
      let sum: number | undefined
      let hasEnded = false
      const values = arrayOf(args, 'data').map((value) => {
        if (typeof value !== 'number') hasEnded ||= args.ignore_nodata === false
        if (hasEnded || typeof value !== 'number') return null
        sum = sum === undefined ? value : step(sum, value)
        return sum
      })
      return labelled(values, labelsOf(args, 'data'))
    },
  })
}

/** Counts elements that are valid, that a condition holds for, or all. */
function count(args: Arguments): Value | Promise<Value> {
  const values = arrayOf(args, 'data')
  const { condition } = args
  if (condition === true) return values.length
  if (condition === undefined || condition === null) return values.filter(isValid).length
  const callback = callbackOf(args, 'condition')
  const context = (args.context ?? null) as Value
  let total = 0
  const add = (verdict: Value): void => {
    if (holds(verdict, 'count')) total++
  }
  const done = forEach(values.length, (i) => {
    // Examples of openEO call the element both x and element.
    const verdict = callback.run({ x: values[i]!, element: values[i]!, context })
    return verdict instanceof Promise ? verdict.then(add) : add(verdict)
  })
  return done === undefined ? total : done.then(() => total)
}

const pair = { summary: 'Minimum and maximum, both null without any number.', schema: schemas.numbers }

export const statisticsRows: readonly ProcessRow[] = [
  reducer('mean', 'Arithmetic mean.', mean),
  reducer('median', 'The middle of the sorted numbers, the mean of the middle two of an even count.', median),
  reducer('min', 'The least number.', least),
  reducer('max', 'The greatest number.', greatest),
  reducer('sum', 'Sum of all numbers.', compensatedSum, 'math'),
  reducer('product', 'Product of all numbers.', (numbers) => numbers.reduce((a, b) => a * b), 'math'),
  reducer('sd', 'Sample standard deviation (n - 1).', (numbers) => Math.sqrt(variance(numbers))),
  reducer('variance', 'Sample variance (n - 1).', variance),
  valueRow({
    id: 'extrema',
    category: 'statistics',
    summary: 'Least and greatest number.',
    chunks: 'whole dimension',
    parameters: [data, ignoreNodata],
    returns: pair,
    evaluate: extrema,
  }),
  valueRow({
    id: 'quantiles',
    category: 'statistics',
    summary: 'Numbers below which given parts of the data lie, interpolated linearly.',
    chunks: 'whole dimension',
    parameters: [
      data,
      optional('probabilities', 'Ascending probabilities, or the number of equal intervals.', [
        { type: 'array', uniqueItems: true, items: { type: 'number', minimum: 0, maximum: 1 } },
        { type: 'integer', minimum: 2 },
      ]),
      optional('q', 'Number of equal intervals; older form.', { type: 'integer', minimum: 2 }),
      ignoreNodata,
    ],
    returns: { summary: 'One number per probability, or one less than intervals.', schema: schemas.numbers },
    errors: ['QuantilesParameterMissing', 'QuantilesParameterConflict', 'AscendingProbabilitiesRequired'],
    evaluate: quantiles,
  }),
  valueRow({
    id: 'count',
    category: 'statistics',
    summary: 'Number of elements that are valid, that fulfil a condition, or of all.',
    chunks: 'reduction',
    parameters: [
      required('data', 'Elements of any kind.', schemas.array),
      withDefault(
        'condition',
        'A process graph that gives true for what counts; true counts all; null counts valid elements.',
        [callbackSchema(['x', 'context'], { type: 'boolean' }), { type: 'boolean', const: true }, { type: 'null' }],
        null,
      ),
      contextParameter,
    ],
    returns: { summary: 'The count.', schema: schemas.realNumber },
    evaluate: count,
  }),
  running('cummax', 'Greatest number so far, element by element.', (a, b) => Math.max(a, b)),
  running('cummin', 'Least number so far, element by element.', (a, b) => Math.min(a, b)),
  running('cumproduct', 'Product so far, element by element.', (a, b) => a * b),
  running('cumsum', 'Sum so far, element by element.', (a, b) => a + b),
]
