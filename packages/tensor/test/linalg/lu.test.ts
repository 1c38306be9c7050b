import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  fromRows,
  identity,
  lu,
  luSolve,
  type Matrix,
  matrix,
  release,
  setThreads,
  solve,
} from '../../src/linalg/index.ts'
import { eps, expectClose, fill, golden, hilbert, minus, norm, randomMatrix, size, thrown, times } from './support.ts'

afterAll(release)

/** |P A - L U| <= 50 n eps |L| |U|, and no multiplier is larger than 1. */
function check(a: Matrix): void {
  const n = a.rows
  const { factors, order } = lu(a)
  const lower = fill(n, n, (i, j) => (i === j ? 1 : j < i ? factors.data[i * n + j]! : 0))
  const upper = fill(n, n, (i, j) => (j >= i ? factors.data[i * n + j]! : 0))
  const exchanged = fill(n, n, (i, j) => a.data[order[i]! * n + j]!)
  expect(norm(minus(times(lower, upper), exchanged))).toBeLessThanOrEqual(50 * n * eps * norm(lower) * norm(upper))
  for (const value of lower.data) expect(Math.abs(value)).toBeLessThanOrEqual(1)
  expect([...order].sort((i, j) => i - j)).toEqual(Array.from({ length: n }, (_, i) => i))
}

describe('lu', () => {
  const oracle = golden<Record<'a' | 'b' | 'solution', Matrix> & { sign: number; logDeterminant: number }>('general')

  test('solves as NumPy does, and has its determinant', () => {
    const { a, b, solution } = oracle
    expectClose(solve(a, b), solution, 1e-13)
    const { factors, sign } = lu(a)
    const diagonal = Array.from({ length: 6 }, (_, i) => factors.data[i * 7]!)
    expect(diagonal.reduce((product, value) => product * Math.sign(value), sign)).toBe(oracle.sign)
    expect(diagonal.reduce((sum, value) => sum + Math.log(Math.abs(value)), 0)).toBeCloseTo(oracle.logDeterminant, 12)
  })

  test('any order: factors and residual of the solution', () => {
    fc.assert(
      fc.property(size(130, 1), size(7, 1), fc.integer(), (n, sides, seed) => {
        const [a, b] = [randomMatrix(n, n, seed), randomMatrix(n, sides, seed + 1)]
        check(a)
        const x = luSolve(lu(a), b)
        expect(norm(minus(times(a, x), b))).toBeLessThanOrEqual(50 * n * eps * norm(a) * norm(x))
      }),
      { numRuns: 30 },
    )
  })

  test('several panels, ill-conditioned, singular', () => {
    check(randomMatrix(300, 300))
    check(hilbert(50))
    check(times(randomMatrix(40, 3, 1), randomMatrix(3, 40, 2)))
    check(matrix(5, 5))
  })

  test('a permutation is found exactly', () => {
    const order = [3, 0, 4, 1, 2]
    const a = fill(5, 5, (i, j) => (order[j] === i ? 2 : 0))
    const made = lu(a)
    expect([...made.order]).toEqual(order)
    expect(made.sign).toBe(-1)
    expect(made.factors).toEqual(fill(5, 5, (i, j) => (i === j ? 2 : 0)))
  })

  test('order 0, no right side', () => {
    expect(lu(matrix(0, 0))).toEqual({ factors: matrix(0, 0), order: new Int32Array(0), sign: 1 })
    expect(solve(identity(2), matrix(2, 0))).toEqual(matrix(2, 0))
  })

  test('the bytes do not depend on the number of threads', async () => {
    const a = randomMatrix(420, 420)
    const one = lu(a)
    await setThreads(2)
    expect(lu(a)).toEqual(one)
    await setThreads(1)
  })

  test('errors name the place', () => {
    expect(
      thrown(() =>
        solve(
          fromRows([
            [1, 2],
            [2, 4],
          ]),
          matrix(2, 1),
        ),
      ),
    ).toMatchObject({
      tag: 'SingularMatrix',
      message: 'linalg.luSolve: pivot 1 is zero',
      data: { index: 1 },
    })
    expect(thrown(() => lu(matrix(1, 2))).tag).toBe('ShapeMismatch')
    expect(thrown(() => lu(matrix(1, 1, [Number.NaN]))).tag).toBe('NotFinite')
    expect(thrown(() => luSolve(lu(identity(2)), matrix(3, 1))).tag).toBe('ShapeMismatch')
  })
})
