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

/** Names the first number that is NaN or infinite; called where a kernel found that there is one. */
export function notFinite(name: string, a: Matrix): InputError {
  const at = a.data.findIndex((value) => !Number.isFinite(value))
  return notFiniteAt(name, Math.floor(at / a.columns), at % a.columns, a.data[at]!)
}

export function notFiniteAt(name: string, row: number, column: number, value: number): InputError {
  return new InputError('NotFinite', `linalg.${name}: entry (${row}, ${column}) is ${value}`, {
    data: { operation: name, row, column },
    hint: 'Fill or drop what is missing before you factorise.',
  })
}

export function checkFinite(name: string, a: Matrix): void {
  // A product with 0 is 0 for finite numbers only, and NaN stays NaN in a sum.
  let sum = 0
  for (const value of a.data) sum += value * 0
  if (sum !== 0) throw notFinite(name, a)
}

export function singular(name: string, index: number, why: string): InputError {
  return new InputError('SingularMatrix', `linalg.${name}: ${why} ${index} is zero`, {
    data: { operation: name, index },
    hint: 'The system has no unique solution: use leastSquares for the shortest one.',
  })
}
