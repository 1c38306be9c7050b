/** Samples of discrete variables as codes, and how often their combinations occur. */
import { InputError } from '@ecotope/core'
import { type Samples, Z } from '../series/samples.ts'

/** A row is not discrete where more than this share of its samples differ, beyond a few. */
const MOST_DISTINCT_SHARE = 0.5
const FEW_DISTINCT = 20
/** Tables up to this many cells are dense. */
const MOST_CELLS = 2 ** 20

export interface Coded {
  /** Code of each sample, in the order of values; -1 where the value is none of the symbols. */
  readonly codes: readonly Int32Array[]
  /** Number of symbols of each row. */
  readonly sizes: readonly number[]
}

/**
 * Codes of the rows of X, Y and Z. `symbols`: values are 0 to symbols - 1, others are left out; default: as the samples have
 * them. Throws `InputError` NotDiscrete.
 */
export function coded(samples: Samples, symbols: number | undefined): Coded {
  const rows = samples.rows.filter((_, row) => samples.roles[row]! <= Z)
  for (const [row, values] of rows.entries()) checkDiscrete(values, samples, row)
  if (symbols !== undefined)
    return {
      codes: rows.map((row) => Int32Array.from(row, (v) => (Number.isInteger(v) && v >= 0 && v < symbols ? v : -1))),
      sizes: rows.map(() => symbols),
    }
  const levels = rows.map((row) => [...new Set(row)].sort((a, b) => a - b))
  return {
    codes: rows.map((row, index) => {
      const codeOf = new Map(levels[index]!.map((level, code) => [level, code]))
      return Int32Array.from(row, (value) => codeOf.get(value)!)
    }),
    sizes: levels.map(({ length }) => length),
  }
}

function checkDiscrete(values: Float64Array, { nodes, count }: Samples, row: number): void {
  const distinct = new Set(values).size
  if (distinct <= Math.max(FEW_DISTINCT, MOST_DISTINCT_SHARE * count)) return
  const [variable, lag] = nodes[row] ?? [row, 0]
  throw new InputError(
    'NotDiscrete',
    `variable ${variable} at lag ${lag} has ${distinct} different values in ${count} samples: it is not discrete`,
    {
      hint: 'Bring it into classes, or use a test for continuous (cmi-knn) or mixed data (cmi-knn-mixed).',
      data: { variable, lag, distinct, samples: count },
    },
  )
}

/**
 * One code per sample for the combination of rows, in the order of the first row, then the second, ...; -1 where one of them
 * has none. `size`: number of codes; of all combinations where these are few enough, else of those that occur.
 */
export function combined(
  rows: readonly Int32Array[],
  sizes: readonly number[],
  count: number,
): readonly [Int32Array, number] {
  let codes = new Int32Array(count)
  let size = 1
  for (const [index, row] of rows.entries()) {
    const next = size * sizes[index]!
    const keys = new Float64Array(count)
    for (let t = 0; t < count; t++) keys[t] = codes[t]! < 0 || row[t]! < 0 ? -1 : codes[t]! * sizes[index]! + row[t]!
    if (next <= MOST_CELLS) {
      codes = Int32Array.from(keys)
      size = next
      continue
    }
    const occurring = [...new Set(keys)].filter((key) => key >= 0).sort((a, b) => a - b)
    const codeOf = new Map(occurring.map((key, code) => [key, code]))
    codes = Int32Array.from(keys, (key) => codeOf.get(key) ?? -1)
    size = occurring.length
  }
  return [codes, size]
}
