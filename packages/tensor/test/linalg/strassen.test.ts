/** The product by seven halves: at small sizes term by term, at its own against the plain product; when it is chosen. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { bring, rowMajor, transposeOf } from '../../src/linalg/blocks.ts'
import { type Matrix, matmul, matrix, release, setThreads } from '../../src/linalg/index.ts'
import { fastProduct, halvingsOf, levelsOf, roomOf, suitsFastProduct } from '../../src/linalg/strassen.ts'
import { withWorkspace } from '../../src/linalg/workspace.ts'
import { eps, expectClose, fill, randomMatrix, size, times, transpose } from './support.ts'

afterEach(release)

function halved(a: Matrix, b: Matrix, levels: number, alpha = 1, transposeA = false, transposeB = false): Matrix {
  const extents = [a.rows, b.columns, a.columns] as const
  const [m, n, k] = extents
  return withWorkspace(m * k + k * n + m * n + roomOf(extents, levels), (space) => {
    const left = transposeA ? transposeOf(bring(space, transpose(a))) : bring(space, a)
    const right = transposeB ? transposeOf(bring(space, transpose(b))) : bring(space, b)
    const at = space.take(m * n)
    space.heap.fill(Number.NaN, at, at + m * n)
    fastProduct(space, extents, levels, alpha, left, right, rowMajor(at, n))
    return matrix(m, n, space.heap.slice(at, at + m * n))
  })
}

test('any extents, orientations and number of halvings', () => {
  fc.assert(
    fc.property(
      fc.tuple(size(40, 1), size(40, 1), size(40, 1)),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(1, -0.5),
      fc.boolean(),
      fc.boolean(),
      ([m, n, k], levels, alpha, transposeA, transposeB) => {
        const [a, b] = [randomMatrix(m, k, 3), randomMatrix(k, n, 5)]
        const expected = times(
          fill(m, k, (i, j) => alpha * a.data[i * k + j]!),
          b,
        )
        expectClose(halved(a, b, levels, alpha, transposeA, transposeB), expected, 18 ** levels * 4 * (k + 1) * eps)
      },
    ),
    { numRuns: 150 },
  )
})

describe('matmul of 1,001 x 1,007 by 1,007 x 1,003 numbers', () => {
  const [m, n, k] = [1001, 1003, 1007]
  const [a, b] = [randomMatrix(m, k, 7), randomMatrix(k, n, 9)]

  test('is fast, close to the plain product, and the same for any number of threads', async () => {
    expect(levelsOf([m, n, k])).toBe(1)
    const plain = matmul(a, b, { exact: true })
    const fast = matmul(a, b)
    expect(fast.data.some((value, i) => value !== plain.data[i])).toBe(true)
    expectClose(fast, plain, 100 * Math.sqrt(k) * eps)
    await setThreads(2)
    expect(matmul(a, b)).toEqual(fast)
  })

  test('is plain where something is added, and where entries are not finite', () => {
    const zero = matrix(m, n)
    const plain = matmul(a, b, { exact: true })
    expect(matmul(a, b, { add: zero })).toEqual(plain)
    const holed = matrix(m, k, a.data.slice())
    holed.data[5] = Number.POSITIVE_INFINITY
    const made = matmul(holed, b)
    expect(made.data.slice(0, n).every((value) => !Number.isFinite(value))).toBe(true)
    expect(made.data.subarray(n)).toEqual(plain.data.subarray(n))
  })
})

test('the smallest extent decides on halving', () => {
  expect(levelsOf([999, 5000, 5000])).toBe(0)
  expect(levelsOf([5000, 1000, 5000])).toBe(1)
  expect(levelsOf([5000, 5000, 1999])).toBe(1)
  expect(levelsOf([2000, 2000, 2000])).toBe(2)
})

test('a product that only fits plainly is plain', () => {
  expect(halvingsOf([12_000, 12_000, 12_000])).toBe(4)
  expect(halvingsOf([12_500, 12_500, 12_500])).toBe(0)
})

describe('operands that do not suit', () => {
  const dense = randomMatrix(200, 200, 3)
  const with_ = (change: (value: number, i: number, j: number) => number): Matrix =>
    fill(200, 200, (i, j) => change(dense.data[i * 200 + j]!, i, j))

  test.each<readonly [string, Matrix]>([
    ['a row of another unit', with_((value, i) => (i === 7 ? value * 1e-3 : value))],
    ['a triangle', with_((value, i, j) => (j <= i ? value : 0))],
    ['one large number', with_((value, i, j) => (i === 3 && j === 4 ? 1e3 : value))],
    ['NaN', with_((value, i, j) => (i === 3 && j === 4 ? Number.NaN : value))],
    ['infinity', with_((value, i, j) => (i === 3 && j === 4 ? Number.NEGATIVE_INFINITY : value))],
    ['numbers near overflow', with_((value) => value * 1e300)],
    ['numbers near underflow', with_((value) => value * 1e-300)],
    ['zeros', matrix(200, 200)],
  ])('%s', (_, a) => {
    expect(suitsFastProduct(dense, false, dense, true)).toBe(true)
    expect(suitsFastProduct(a, false, dense, false)).toBe(false)
    // On the right, what counts are columns.
    expect(suitsFastProduct(dense, false, transpose(a), false)).toBe(false)
    expect(suitsFastProduct(transpose(a), true, dense, false)).toBe(false)
    expect(suitsFastProduct(dense, false, a, true)).toBe(false)
  })

  test('a column of another unit on the left mixes within each sum, and suits', () => {
    expect(
      suitsFastProduct(
        with_((value, _, j) => (j === 7 ? value * 1e-3 : value)),
        false,
        dense,
        false,
      ),
    ).toBe(true)
  })
})
