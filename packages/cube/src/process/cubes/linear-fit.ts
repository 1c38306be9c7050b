/**
 * Least squares of models that are linear in their parameters, many columns of values with gaps on the same x: the
 * design is orthogonalised once, so that what is left of it under gaps keeps a good condition, and solved by Cholesky.
 */
import type { Evaluator } from './curves.ts'

/** Fits the `length` values from `at` on (NaN is left out); false where they do not tell the parameters well. */
export type LinearFit = (values: Float64Array, at: number, result: Float64Array, to: number) => boolean

/** A pivot of less than this share of its diagonal says that what is left of the design is (nearly) of lower rank. */
const LEAST_PIVOT = 1e-6

/** Of a model that is linear; undefined where its design has not full rank. */
export function linearFit(model: Evaluator, count: number): LinearFit | undefined {
  model.evaluate(new Float64Array(count), true)
  const offset = Float64Array.from(model.values)
  const basis = model.slopes.map((slope) => Float64Array.from(slope))
  const upper = orthogonalise(basis)
  if (upper === undefined || offset.some((value) => !Number.isFinite(value))) return undefined
  const { products, pairs } = productsOf(basis)
  const normal = new Float64Array(pairs)
  const right = new Float64Array(count)
  return (values, at, result, to) => {
    normal.fill(0)
    right.fill(0)
    for (let i = 0; i < offset.length; i++) {
      const y = values[at + i]! - offset[i]!
      if (Number.isNaN(y)) continue
      for (let k = 0; k < count; k++) right[k]! += basis[k]![i]! * y
      for (let p = 0, from = i * pairs; p < pairs; p++) normal[p]! += products[from + p]!
    }
    if (!solve(normal, right, count)) return false
    backSubstitute(upper, right, result, to)
    return true
  }
}

/** Makes the columns orthonormal (modified Gram-Schmidt, twice); the upper triangle R of D = Q R, by rows. */
function orthogonalise(columns: readonly Float64Array[]): readonly Float64Array[] | undefined {
  const n = columns.length
  const upper = columns.map(() => new Float64Array(n))
  for (const [k, column] of columns.entries()) {
    const before = Math.sqrt(dot(column, column))
    for (let pass = 0; pass < 2; pass++) {
      for (let m = 0; m < k; m++) {
        const share = dot(columns[m]!, column)
        upper[m]![k]! += share
        for (let i = 0; i < column.length; i++) column[i]! -= share * columns[m]![i]!
      }
    }
    const length = Math.sqrt(dot(column, column))
    if (!(length > 1e-10 * before)) return undefined
    upper[k]![k] = length
    for (let i = 0; i < column.length; i++) column[i]! /= length
  }
  return upper
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** For each x, the products of each two columns: the lower triangle, by rows. */
function productsOf(columns: readonly Float64Array[]): { products: Float64Array; pairs: number } {
  const n = columns.length
  const pairs = (n * (n + 1)) / 2
  const length = columns[0]!.length
  const products = new Float64Array(length * pairs)
  for (let i = 0; i < length; i++) {
    let p = i * pairs
    for (let k = 0; k < n; k++) for (let m = 0; m <= k; m++) products[p++] = columns[k]![i]! * columns[m]![i]!
  }
  return { products, pairs }
}

/** Solves a positive system in place, the matrix being the lower triangle by rows; false where it is too near to none. */
function solve(matrix: Float64Array, right: Float64Array, n: number): boolean {
  const at = (row: number, column: number): number => (row * (row + 1)) / 2 + column
  for (let j = 0; j < n; j++) {
    for (let k = 0; k <= j; k++) {
      const diagonal = matrix[at(j, k)]!
      let sum = diagonal
      for (let m = 0; m < k; m++) sum -= matrix[at(j, m)]! * matrix[at(k, m)]!
      if (j > k) matrix[at(j, k)] = sum / matrix[at(k, k)]!
      else if (!(sum > LEAST_PIVOT * diagonal)) return false
      else matrix[at(j, j)] = Math.sqrt(sum)
    }
  }
  for (let j = 0; j < n; j++) {
    for (let m = 0; m < j; m++) right[j]! -= matrix[at(j, m)]! * right[m]!
    right[j]! /= matrix[at(j, j)]!
  }
  for (let j = n - 1; j >= 0; j--) {
    for (let m = j + 1; m < n; m++) right[j]! -= matrix[at(m, j)]! * right[m]!
    right[j]! /= matrix[at(j, j)]!
  }
  return right.every(Number.isFinite)
}

/** From coefficients of the orthonormal columns to those of the design. */
function backSubstitute(upper: readonly Float64Array[], from: Float64Array, result: Float64Array, to: number): void {
  const n = upper.length
  for (let k = n - 1; k >= 0; k--) {
    let sum = from[k]!
    for (let m = k + 1; m < n; m++) sum -= upper[k]![m]! * result[to + m]!
    result[to + k] = sum / upper[k]![k]!
  }
}
