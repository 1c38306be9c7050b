import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  cholesky,
  choleskySolve,
  fromRows,
  identity,
  logDeterminant,
  type Matrix,
  matrix,
  release,
  type TriangularOptions,
  triangularSolve,
} from '../../src/linalg/index.ts'
import {
  diagonal,
  eps,
  expectClose,
  fill,
  golden,
  hilbert,
  minus,
  norm,
  positiveMatrix,
  randomMatrix,
  size,
  thrown,
  times,
  transpose,
} from './support.ts'

afterAll(release)

type Names = 'a' | 'b' | 'lower' | 'solution' | 'forward' | 'backward' | 'unit' | 'upper'
const oracle = golden<Record<Names, Matrix> & { logDeterminant: number }>('positive')

/** |L L^T - A| / (n eps |A|). */
function backwardError(a: Matrix, lower: Matrix): number {
  return norm(minus(times(lower, transpose(lower)), a)) / (Math.max(1, a.rows) * eps * norm(a))
}

describe('cholesky', () => {
  test('equals NumPy', () => {
    const factor = cholesky(oracle.a)
    expectClose(factor.lower, oracle.lower, 20 * eps)
    expect(factor.jitter).toBe(0)
    expectClose(choleskySolve(factor, oracle.b), oracle.solution, 1e-12)
    expect(logDeterminant(factor)).toBeCloseTo(oracle.logDeterminant, 12)
  })

  test('backward error on random matrices of any order', () => {
    fc.assert(
      fc.property(size(200, 1), fc.integer(), (n, seed) => {
        const a = positiveMatrix(n, seed)
        const { lower, jitter } = cholesky(a)
        expect(jitter).toBe(0)
        expect(backwardError(a, lower)).toBeLessThan(50)
        for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(lower.data[i * n + j]).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  test('graded over sixty orders of magnitude, row by row', () => {
    const n = 120
    const scale = (i: number): number => 10 ** (30 - i / 2)
    const base = positiveMatrix(n, 3)
    const a = fill(n, n, (i, j) => base.data[i * n + j]! * scale(i) * scale(j))
    const { lower, jitter } = cholesky(a)
    expect(jitter).toBe(0)
    const product = times(lower, transpose(lower))
    const relative = fill(n, n, (i, j) => (product.data[i * n + j]! - a.data[i * n + j]!) / (scale(i) * scale(j)))
    expect(norm(relative) / norm(base)).toBeLessThan(50 * n * eps)
  })

  test('reads the lower triangle only', () => {
    const a = positiveMatrix(60)
    const half = fill(60, 60, (i, j) => (j > i ? 7 : a.data[i * 60 + j]!))
    expect(cholesky(half)).toEqual(cholesky(a))
  })

  test('orders 0 and 1', () => {
    expect(cholesky(matrix(0, 0)).lower).toEqual(matrix(0, 0))
    expect(logDeterminant(cholesky(matrix(0, 0)))).toBe(0)
    expect(cholesky(matrix(1, 1, [4])).lower.data).toEqual(Float64Array.of(2))
  })
})

describe('jitter', () => {
  test('a semidefinite matrix gets the least power of ten that works, and says so', () => {
    const n = 50
    const v = randomMatrix(n, 3, 5)
    const a = times(v, transpose(v))
    const { lower, jitter, relativeJitter } = cholesky(a)
    const mean = a.data.reduce((sum, value, i) => sum + (i % (n + 1) === 0 ? value : 0), 0) / n
    expect(relativeJitter).toBeGreaterThanOrEqual(1e-12)
    expect(relativeJitter).toBeLessThanOrEqual(1e-10)
    expect(jitter / (relativeJitter * mean)).toBeCloseTo(1, 12)
    const shifted = fill(n, n, (i, j) => a.data[i * n + j]! + (i === j ? jitter : 0))
    expect(backwardError(shifted, lower)).toBeLessThan(50)
  })

  test('the Hilbert matrix of order 14 needs some', () => {
    expect(cholesky(hilbert(10)).jitter).toBe(0)
    const { relativeJitter } = cholesky(hilbert(20))
    expect(relativeJitter).toBe(1e-12)
  })

  test('an indefinite matrix names its row', () => {
    const values = new Float64Array(100).fill(1)
    values[70] = -1e-3
    const error = thrown(() => cholesky(diagonal(values)))
    expect(error.tag).toBe('NotPositiveDefinite')
    expect(error.message).toBe('linalg.cholesky: the matrix is not positive definite at row 70')
    expect(error.data).toMatchObject({ pivot: 70, pivotWithJitter: 70 })
    expect(thrown(() => cholesky(matrix(3, 3))).data).toMatchObject({ pivot: 0 })
  })
})

describe('triangular solves', () => {
  test('equal SciPy', () => {
    const { lower, b } = oracle
    expectClose(triangularSolve(lower, b), oracle.forward, 1e-13)
    expectClose(triangularSolve(lower, b, { transpose: true }), oracle.backward, 1e-13)
    expectClose(triangularSolve(lower, b, { unitDiagonal: true }), oracle.unit, 1e-13)
    expectClose(triangularSolve(transpose(lower), b, { lower: false }), oracle.upper, 1e-13)
  })

  const flags = fc.record({ lower: fc.boolean(), transpose: fc.boolean(), unitDiagonal: fc.boolean() })

  test('residuals for every shape and flag', () => {
    fc.assert(
      fc.property(size(150, 1), size(20, 1), flags, (n, columns, options) => {
        const full = randomMatrix(n, n, 21)
        const t = fill(n, n, (i, j) => (i === j ? 2 + Math.abs(full.data[i * n + i]!) : full.data[i * n + j]! / n))
        const b = randomMatrix(n, columns, 23)
        const x = triangularSolve(t, b, options)
        const op = operator(t, options)
        expect(norm(minus(times(op, x), b)) / (norm(op) * norm(x))).toBeLessThan(50 * n * eps)
      }),
      { numRuns: 40 },
    )
  })

  /** The triangle that the options describe, with zeros elsewhere. */
  function operator(
    t: Matrix,
    { lower = true, transpose: flipped = false, unitDiagonal = false }: TriangularOptions,
  ): Matrix {
    const { rows: n } = t
    const triangle = fill(n, n, (i, j) => {
      if (i === j) return unitDiagonal ? 1 : t.data[i * n + j]!
      return j < i === lower ? t.data[i * n + j]! : 0
    })
    return flipped ? transpose(triangle) : triangle
  }

  test('the other triangle may hold anything', () => {
    const t = fromRows([
      [2, Number.NaN],
      [1, 4],
    ])
    expect([...triangularSolve(t, matrix(2, 1, [2, 5])).data]).toEqual([1, 1])
  })

  test('no right side and order 0', () => {
    expect(triangularSolve(identity(3), matrix(3, 0))).toEqual(matrix(3, 0))
    expect(triangularSolve(matrix(0, 0), matrix(0, 2), { lower: false })).toEqual(matrix(0, 2))
  })
})

describe('errors', () => {
  test('name the place', () => {
    expect(thrown(() => cholesky(matrix(2, 3))).message).toBe('linalg.cholesky: the matrix must be square, not 2 x 3')
    expect(
      thrown(() =>
        cholesky(
          fromRows([
            [1, 0],
            [Number.NaN, 1],
          ]),
        ),
      ),
    ).toMatchObject({
      tag: 'NotFinite',
      message: 'linalg.cholesky: entry (1, 0) is NaN',
    })
    expect(
      thrown(() =>
        triangularSolve(
          fromRows([
            [1, 0],
            [3, 0],
          ]),
          matrix(2, 1),
        ),
      ),
    ).toMatchObject({
      tag: 'SingularMatrix',
      data: { index: 1 },
    })
    expect(
      thrown(() =>
        triangularSolve(
          fromRows([
            [1, 0],
            [Infinity, 1],
          ]),
          matrix(2, 1),
        ),
      ),
    ).toMatchObject({
      tag: 'NotFinite',
      data: { row: 1, column: 0 },
    })
    expect(thrown(() => triangularSolve(identity(2), matrix(3, 1))).tag).toBe('ShapeMismatch')
    expect(thrown(() => choleskySolve(cholesky(identity(2)), matrix(2, 1, [1, Number.NaN]))).tag).toBe('NotFinite')
  })
})
