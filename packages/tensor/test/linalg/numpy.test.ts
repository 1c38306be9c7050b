/** Matrices of order 150, where every blocked path is taken, against NumPy. */
import { afterAll, describe, expect, test } from 'vitest'
import { hashed } from '../../../../oracles/tensor/unet.ts'
import {
  cholesky,
  choleskySolve,
  leastSquares,
  logDeterminant,
  lu,
  luSolve,
  type Matrix,
  matmul,
  matrix,
  qr,
  release,
  setThreads,
  svd,
  symmetricEigen,
  symmetricEigenvalues,
  syrk,
} from '../../src/linalg/index.ts'
import { expectClose, fill, golden } from './support.ts'

interface Larger {
  readonly n: number
  readonly eigenvalues: number[]
  readonly singularValues: number[]
  readonly rDiagonal: number[]
  readonly lowerDiagonal: number[]
  readonly logDeterminant: number
  readonly productTrace: number
  readonly solutionRow: number[]
  readonly leastSquaresRow: number[]
}

const oracle = golden<Larger>('larger')
const { n } = oracle
const [a, b] = [matrix(n, n, hashed(n * n, 1)), matrix(n, n, hashed(n * n, 2))]
const positive = syrk(a, { alpha: 1 / n })
for (let i = 0; i < n; i++) positive.data[i * (n + 1)]! += 0.01

const list = (values: ArrayLike<number>): Matrix => matrix(1, values.length, values)
const diagonalOf = (m: Matrix): Matrix => list(Array.from({ length: m.rows }, (_, i) => m.data[i * (m.columns + 1)]!))
const rowOf = (m: Matrix, i: number): Matrix => list(m.data.slice(i * m.columns, (i + 1) * m.columns))

afterAll(release)

describe.each([1, 2])('with %i threads', (threads) => {
  test('products', async () => {
    await setThreads(threads)
    const trace = diagonalOf(matmul(a, b)).data.reduce((sum, value) => sum + value, 0)
    expect(trace).toBeCloseTo(oracle.productTrace, 10)
  })

  test('cholesky, its solutions and its determinant', () => {
    const factor = cholesky(positive)
    expectClose(diagonalOf(factor.lower), list(oracle.lowerDiagonal), 1e-13)
    expect(logDeterminant(factor)).toBeCloseTo(oracle.logDeterminant, 10)
    expectClose(rowOf(choleskySolve(factor, b), 7), list(oracle.solutionRow), 1e-12)
  })

  test('LU', () => {
    expectClose(rowOf(luSolve(lu(positive), b), 7), list(oracle.solutionRow), 1e-12)
  })

  test('QR and least squares', () => {
    expectClose(diagonalOf(qr(a).r), list(oracle.rDiagonal), 1e-12)
    const some = fill(n, 40, (i, j) => a.data[i * n + j]!)
    expectClose(rowOf(leastSquares(some, b).x, 5), list(oracle.leastSquaresRow), 1e-12)
  })

  test('eigenvalues', () => {
    const symmetric = fill(n, n, (i, j) => a.data[i * n + j]! + a.data[j * n + i]!)
    expectClose(list(symmetricEigen(symmetric).values), list(oracle.eigenvalues), 1e-13)
    expectClose(list(symmetricEigenvalues(symmetric)), list(oracle.eigenvalues), 1e-13)
  })

  test('singular values', () => {
    expectClose(list(svd(a).values), list(oracle.singularValues), 1e-13)
  })
})
