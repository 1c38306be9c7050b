import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { identity, leastSquares, type Matrix, matrix, qr, release, setThreads } from '../../src/linalg/index.ts'
import {
  eps,
  expectClose,
  fill,
  golden,
  hilbert,
  minus,
  norm,
  orthogonality,
  randomMatrix,
  size,
  thrown,
  times,
  transpose,
} from './support.ts'

afterAll(release)

/** Backward error and orthogonality below 50 n eps, R upper triangular with a diagonal that is not negative. */
function checkQr(a: Matrix): void {
  const [m, n] = [a.rows, a.columns]
  const { q, r } = qr(a)
  const most = Math.max(m, n, 1)
  expect([q.rows, q.columns, r.rows, r.columns]).toEqual([m, Math.min(m, n), Math.min(m, n), n])
  expect(norm(minus(times(q, r), a))).toBeLessThanOrEqual(50 * most * eps * norm(a))
  expect(orthogonality(q)).toBeLessThan(50 * most * eps)
  for (let i = 0; i < r.rows; i++) {
    expect(r.data[i * n + i]!).toBeGreaterThanOrEqual(0)
    for (let j = 0; j < i; j++) expect(r.data[i * n + j]).toBe(0)
  }
}

describe('qr', () => {
  test('equals NumPy up to the signs that make the diagonal positive', () => {
    const { a, q, r } = golden<Record<'a' | 'q' | 'r', Matrix>>('qr')
    const made = qr(a)
    expectClose(made.q, q, 1e-14)
    expectClose(made.r, r, 1e-14)
  })

  test('any shape', () => {
    fc.assert(
      fc.property(size(150), size(150), fc.integer(), (m, n, seed) => {
        checkQr(randomMatrix(m, n, seed))
      }),
      { numRuns: 30 },
    )
  })

  test('several blocks, tall and wide', () => {
    checkQr(randomMatrix(350, 230))
    checkQr(randomMatrix(120, 260))
  })

  test('ill-conditioned, graded, rank deficient, zero', () => {
    checkQr(hilbert(40))
    checkQr(fill(80, 60, (i, j) => 10 ** (-i / 4) * Math.cos(i * j + j)))
    checkQr(times(randomMatrix(70, 5, 1), randomMatrix(5, 50, 2)))
    checkQr(matrix(20, 10))
    checkQr(identity(35))
  })

  test('sizes of entries near the ends of the range', () => {
    const a = randomMatrix(30, 20)
    const { q, r } = qr(a)
    for (const scale of [2 ** 1010, 2 ** -1010]) {
      const scaled = qr({ ...a, data: a.data.map((value) => value * scale) })
      expect(scaled.q).toEqual(q)
      expect(scaled.r.data).toEqual(r.data.map((value) => value * scale))
    }
  })

  test('the bytes do not depend on the number of threads', async () => {
    const a = randomMatrix(300, 250)
    const one = qr(a)
    await setThreads(2)
    expect(qr(a)).toEqual(one)
    await setThreads(1)
  })

  test('errors name the place', () => {
    expect(thrown(() => qr(matrix(2, 2, [1, 2, Number.NaN, 3])))).toMatchObject({
      tag: 'NotFinite',
      data: { row: 1, column: 0 },
    })
    expect(thrown(() => qr({ rows: 2, columns: 2, data: new Float64Array(3) })).tag).toBe('ShapeMismatch')
  })
})

describe('leastSquares', () => {
  type Solved = Record<'a' | 'b' | 'x', Matrix> & { rank: number }
  const oracle = golden<Record<'tall' | 'deficient' | 'wide', Solved>>('leastSquares')

  test.each(['tall', 'deficient', 'wide'] as const)('equals NumPy: %s', (name) => {
    const { a, b, x, rank } = oracle[name]
    const made = leastSquares(a, b, { rcond: 1e-10 })
    expect(made.rank).toBe(rank)
    expectClose(made.x, x, 1e-12)
    const difference = minus(times(a, made.x), b)
    made.residuals.forEach((residual, side) => {
      const column = difference.data.filter((_, i) => i % b.columns === side)
      expect(residual).toBeCloseTo(
        column.reduce((sum, value) => sum + value * value, 0),
        12,
      )
    })
  })

  /** The gradient A^T (A x - b) is zero to rounding. */
  function checkNormal(a: Matrix, b: Matrix): Matrix {
    const { x } = leastSquares(a, b)
    const gradient = times(transpose(a), minus(times(a, x), b))
    const scale = norm(a) * (norm(a) * norm(x) + norm(b))
    expect(norm(gradient)).toBeLessThanOrEqual(50 * Math.max(a.rows, a.columns) * eps * scale)
    return x
  }

  test('any shape: the residual is orthogonal to the columns', () => {
    fc.assert(
      fc.property(size(90, 1), size(90, 1), size(5, 1), fc.integer(), (m, n, sides, seed) => {
        checkNormal(randomMatrix(m, n, seed), randomMatrix(m, sides, seed + 1))
      }),
      { numRuns: 30 },
    )
  })

  test('below full rank: of all solutions the shortest, which lies in the rows of A', () => {
    fc.assert(
      fc.property(size(40, 5), size(40, 5), size(4, 1), fc.integer(), (m, n, rank, seed) => {
        const [left, right] = [randomMatrix(m, rank, seed), randomMatrix(rank, n, seed + 1)]
        const a = times(left, right)
        const b = randomMatrix(m, 2, seed + 2)
        const made = leastSquares(a, b)
        expect(made.rank).toBe(rank)
        const x = checkNormal(a, b)
        // x is in the row space: what the orthonormal basis of the rows leaves of it is rounding.
        const basis = qr(transpose(right)).q
        const inside = times(basis, times(transpose(basis), x))
        expect(norm(minus(inside, x))).toBeLessThan(1e-10 * norm(x))
      }),
      { numRuns: 30 },
    )
  })

  test('rcond decides what counts as zero', () => {
    const a = fill(6, 3, (i, j) => (i === j ? 10 ** (-6 * j) : 0))
    const b = matrix(6, 1, [1, 1, 1, 1, 1, 1])
    expect([...leastSquares(a, b).x.data]).toEqual([1, expect.closeTo(1e6, 3), expect.closeTo(1e12, 0)])
    const short = leastSquares(a, b, { rcond: 1e-8 })
    expect(short.rank).toBe(2)
    expect(short.x.data[2]).toBe(0)
    expect(short.residuals[0]).toBeCloseTo(4, 12)
  })

  test('zero matrix, no rows, no columns, no right side', () => {
    expect(leastSquares(matrix(3, 2), matrix(3, 1, [1, 2, 2]))).toEqual({
      x: matrix(2, 1),
      rank: 0,
      residuals: Float64Array.of(9),
    })
    expect(leastSquares(matrix(0, 2), matrix(0, 1)).x).toEqual(matrix(2, 1))
    expect(leastSquares(matrix(2, 0), matrix(2, 1, [3, 4]))).toEqual({
      x: matrix(0, 1),
      rank: 0,
      residuals: Float64Array.of(25),
    })
    expect(leastSquares(identity(2), matrix(2, 0)).x).toEqual(matrix(2, 0))
  })

  test('entries near the ends of the range', () => {
    const [a, b] = [randomMatrix(20, 4, 1), randomMatrix(20, 1, 2)]
    const { x } = leastSquares(a, b)
    const large = leastSquares(
      { ...a, data: a.data.map((value) => value * 2 ** 900) },
      { ...b, data: b.data.map((value) => value * 2 ** 900) },
    )
    expect(large.x).toEqual(x)
  })

  test('errors', () => {
    expect(thrown(() => leastSquares(matrix(3, 2), matrix(2, 1))).tag).toBe('ShapeMismatch')
    expect(thrown(() => leastSquares(identity(2), matrix(2, 1), { rcond: 2 })).tag).toBe('InvalidRcond')
    expect(thrown(() => leastSquares(identity(1), matrix(1, 1, [Infinity])))).toMatchObject({
      tag: 'NotFinite',
      data: { row: 0, column: 0 },
    })
  })
})
