/** The matrix of the linear algebra: dense, float64, row-major, in ordinary memory. Checks of what callers pass. */
import { InputError } from '@ecotope/core'

/** `rows` x `columns` numbers; entry (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float64Array
}

/**
 * A matrix over `data`, which is taken over (not copied) when it is a Float64Array; without `data`, of zeros.
 * @throws InputError `ShapeMismatch` where `data` has another length than rows * columns.
 */
export function matrix(rows: number, columns: number, data?: ArrayLike<number>): Matrix {
  const numbers = data === undefined ? new Float64Array(rows * columns) : data
  const made = { rows, columns, data: numbers instanceof Float64Array ? numbers : Float64Array.from(numbers) }
  checkMatrix('matrix', made)
  return made
}

/** A matrix from its rows, which have one length; `fromRows([[1, 2], [3, 4]])`. */
export function fromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0
  const data = new Float64Array(rows.length * columns)
  rows.forEach((row, i) => {
    if (row.length !== columns)
      throw shapeMismatch('fromRows', `row ${i} has ${row.length} numbers, row 0 has ${columns}`)
    data.set(row, i * columns)
  })
  return { rows: rows.length, columns, data }
}

/** The unit matrix of order n. */
export function identity(n: number): Matrix {
  const unit = matrix(n, n)
  for (let i = 0; i < n; i++) unit.data[i * n + i] = 1
  return unit
}

/** A new matrix with rows and columns exchanged. */
export function transposed(a: Matrix): Matrix {
  checkMatrix('transposed', a)
  const { rows, columns } = a
  const data = new Float64Array(rows * columns)
  // Tiles of 16 keep both sides in the first-level cache.
  const tile = 16
  for (let i0 = 0; i0 < rows; i0 += tile) {
    for (let j0 = 0; j0 < columns; j0 += tile) {
      const [i1, j1] = [Math.min(rows, i0 + tile), Math.min(columns, j0 + tile)]
      for (let i = i0; i < i1; i++) for (let j = j0; j < j1; j++) data[j * rows + i] = a.data[i * columns + j]!
    }
  }
  return { rows: columns, columns: rows, data }
}

export function shapeMismatch(name: string, why: string, data: Readonly<Record<string, unknown>> = {}): InputError {
  return new InputError('ShapeMismatch', `linalg.${name}: ${why}`, { data: { operation: name, ...data } })
}

export const shapeText = ({ rows, columns }: Matrix): string => `${rows} x ${columns}`

export function checkMatrix(name: string, a: Matrix): void {
  const whole = Number.isInteger(a.rows) && Number.isInteger(a.columns) && a.rows >= 0 && a.columns >= 0
  if (!whole) throw shapeMismatch(name, `${shapeText(a)} is no shape of a matrix`)
  if (!(a.data instanceof Float64Array)) throw shapeMismatch(name, 'the data must be a Float64Array')
  if (a.data.length !== a.rows * a.columns) {
    throw shapeMismatch(name, `a ${shapeText(a)} matrix needs ${a.rows * a.columns} numbers, not ${a.data.length}`)
  }
}

export function checkSquare(name: string, a: Matrix): void {
  checkMatrix(name, a)
  if (a.rows !== a.columns) {
    throw shapeMismatch(name, `the matrix must be square, not ${shapeText(a)}`, { shape: [a.rows, a.columns] })
  }
}

export function checkFinite(name: string, a: Matrix): void {
  for (let i = 0; i < a.rows; i++) checkFiniteRow(name, a, i, 0, a.columns)
}

/** For symmetric matrices, whose upper triangle nobody reads. */
export function checkFiniteLower(name: string, a: Matrix): void {
  for (let i = 0; i < a.rows; i++) checkFiniteRow(name, a, i, 0, i + 1)
}

/** Columns `first` to `end` of row i. */
export function checkFiniteRow(name: string, a: Matrix, i: number, first: number, end: number): void {
  const start = i * a.columns
  // A product with 0 is 0 for finite numbers only, and NaN stays NaN in a sum.
  let sum = 0
  for (let j = first; j < end; j++) sum += a.data[start + j]! * 0
  if (sum === 0) return
  const column = first + a.data.subarray(start + first, start + end).findIndex((value) => !Number.isFinite(value))
  throw new InputError('NotFinite', `linalg.${name}: entry (${i}, ${column}) is ${a.data[start + column]}`, {
    data: { operation: name, row: i, column },
    hint: 'Fill or drop what is missing before you factorise.',
  })
}

export function singular(name: string, index: number, why: string): InputError {
  return new InputError('SingularMatrix', `linalg.${name}: ${why} ${index} is zero`, {
    data: { operation: name, index },
    hint: 'The system has no unique solution: use leastSquares for the shortest one.',
  })
}

export function largestOf(data: Float64Array): number {
  let largest = 0
  for (const value of data) largest = Math.max(largest, Math.abs(value))
  return largest
}

/**
 * A power of two near the largest entry, 1 for zeros: divided by it, squares neither overflow nor vanish beside others,
 * and no digit is lost.
 */
export function scaleFor(largest: number): number {
  return largest === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(largest)))
}

export const scaleOf = (data: Float64Array): number => scaleFor(largestOf(data))

export const divided = (a: Matrix, by: number): Matrix => ({ ...a, data: a.data.map((value) => value / by) })
