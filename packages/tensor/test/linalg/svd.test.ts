import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { identity, type Matrix, matrix, release, setThreads, svd } from '../../src/linalg/index.ts'
import {
  diagonal,
  eps,
  expectClose,
  fill,
  golden,
  hardMatrices,
  hardMatrix,
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

/** |A - U S V^T| and the orthogonality of U and V below 50 n eps; values descend and are not negative. */
function check(a: Matrix): Float64Array {
  const [m, n] = [a.rows, a.columns]
  const k = Math.min(m, n)
  const { u, values, vt } = svd(a)
  expect([u.rows, u.columns, vt.rows, vt.columns, values.length]).toEqual([m, k, k, n, k])
  const limit = 50 * Math.max(m, n, 1) * eps
  const scaled = fill(m, k, (i, j) => u.data[i * k + j]! * values[j]!)
  expect(norm(minus(times(scaled, vt), a))).toBeLessThanOrEqual(limit * norm(a))
  expect(orthogonality(u)).toBeLessThan(limit)
  expect(orthogonality(transpose(vt))).toBeLessThan(limit)
  values.forEach((value, i) => {
    expect(value).toBeGreaterThanOrEqual(i + 1 < k ? values[i + 1]! : 0)
  })
  return values
}

describe('svd', () => {
  type Golden = Record<'a' | 'u' | 'vt', Matrix> & { values: number[] }
  const oracle = golden<Record<'tall' | 'wide' | 'hilbert', Golden>>('svd')

  test.each(['tall', 'wide', 'hilbert'] as const)('equals NumPy: %s', (name) => {
    const { a, values, u, vt } = oracle[name]
    const made = svd(a)
    const k = values.length
    expectClose(matrix(1, k, made.values), matrix(1, k, values), 20 * eps)
    if (name === 'hilbert') return
    const signs = values.map((_, j) => Math.sign(made.u.data[j]! * u.data[j]!))
    expectClose(
      fill(a.rows, k, (i, j) => made.u.data[i * k + j]! * signs[j]!),
      u,
      1e-13,
    )
    expectClose(
      fill(k, a.columns, (i, j) => made.vt.data[i * a.columns + j]! * signs[i]!),
      vt,
      1e-13,
    )
  })

  test('any shape', () => {
    fc.assert(
      fc.property(size(70), size(70), fc.integer(), (m, n, seed) => {
        check(randomMatrix(m, n, seed))
      }),
      { numRuns: 40 },
    )
  })

  test.each(Object.keys(hardMatrices))('hard: %s', (name) => {
    fc.assert(
      fc.property(size(110, 1), fc.integer(), (n, seed) => {
        check(hardMatrix(name, n, seed))
      }),
      { numRuns: 6 },
    )
  })

  test('larger, tall and wide', () => {
    check(randomMatrix(260, 120))
    check(randomMatrix(90, 200))
    check(randomMatrix(180, 180))
  })

  test('known values over fifteen orders of magnitude', () => {
    const n = 60
    const known = Float64Array.from({ length: n }, (_, i) => 10 ** (-i / 4))
    const [left, right] = [svd(randomMatrix(n, n, 1)).u, svd(randomMatrix(n, n, 2)).u]
    const values = check(times(times(left, diagonal(known)), transpose(right)))
    values.forEach((value, i) => {
      expect(Math.abs(value - known[i]!)).toBeLessThan(50 * n * eps)
    })
  })

  test('ill-conditioned, graded, clustered', () => {
    check(hilbert(50))
    check(fill(70, 50, (i, j) => 10 ** (-i / 3) * Math.sin(i * j + 1)))
    const cluster = Float64Array.from({ length: 90 }, (_, i) => 1 + Math.floor(i / 30) + (i % 3) * 1e-15)
    check(times(svd(randomMatrix(90, 90, 3)).u, diagonal(cluster)))
  })

  test('rank deficient and zero: the vectors are still orthonormal', () => {
    const values = check(times(randomMatrix(60, 4, 1), randomMatrix(4, 40, 2)))
    expect(values[4]! / values[0]!).toBeLessThan(1e-14)
    expect([...check(matrix(12, 9))]).toEqual(new Array(9).fill(0))
    check(fill(30, 30, (i, j) => (i < 10 && j < 20 ? Math.cos(i + 2 * j) : 0)))
    check(fill(60, 60, () => 1))
    check(fill(50, 50, (i, j) => (Math.floor(i / 7) === Math.floor(j / 7) ? ((i % 7) * (j % 7)) / 9 : 0)))
    check(fill(64, 64, (i, j) => ((i * 64 + j) % 31 === 0 ? Math.sin(i + j * j) : 0)))
    expect([...check(identity(40))]).toEqual(new Array(40).fill(1))
  })

  test('entries near the ends of the range', () => {
    const a = randomMatrix(25, 15)
    const { values } = svd(a)
    for (const scale of [2 ** 1010, 2 ** -1010]) {
      expect(svd({ ...a, data: a.data.map((value) => value * scale) }).values).toEqual(
        values.map((value) => value * scale),
      )
    }
  })

  test('empty and one number', () => {
    expect(svd(matrix(3, 0))).toEqual({ u: matrix(3, 0), values: new Float64Array(0), vt: matrix(0, 0) })
    expect(svd(matrix(0, 2))).toEqual({ u: matrix(0, 0), values: new Float64Array(0), vt: matrix(0, 2) })
    const { u, values, vt } = svd(matrix(1, 1, [-2]))
    expect([values[0], u.data[0]! * vt.data[0]!]).toEqual([2, -1])
  })

  test('the bytes do not depend on the number of threads', async () => {
    const a = randomMatrix(200, 180)
    const one = svd(a)
    await setThreads(2)
    expect(svd(a)).toEqual(one)
    await setThreads(1)
  })

  test('errors name the place', () => {
    expect(thrown(() => svd(matrix(1, 2, [0, -Infinity])))).toMatchObject({
      tag: 'NotFinite',
      data: { row: 0, column: 1 },
    })
    expect(thrown(() => svd({ rows: 1, columns: 2, data: new Float64Array(1) })).tag).toBe('ShapeMismatch')
  })
})
