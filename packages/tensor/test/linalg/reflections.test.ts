/** Reflections, pivoted columns and the two halves of the symmetric eigenproblem, each by itself. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { bring, fetch, rowMajor } from '../../src/linalg/blocks.ts'
import { applyQ, factorColumns } from '../../src/linalg/columns.ts'
import { divideAndConquer, divideSpace } from '../../src/linalg/eigen/divide.ts'
import { implicitQl } from '../../src/linalg/eigen/ql.ts'
import { applyReflections, reduce, reductionSpace } from '../../src/linalg/eigen/tridiagonal.ts'
import { identity, type Matrix, matrix, release } from '../../src/linalg/index.ts'
import { applyBlock, blockRoomSpace, reflect, takeBlockRoom } from '../../src/linalg/reflections.ts'
import { withWorkspace } from '../../src/linalg/workspace.ts'
import {
  diagonal,
  eps,
  expectClose,
  fill,
  minus,
  norm,
  orthogonality,
  randomMatrix,
  size,
  times,
  transpose,
} from './support.ts'

afterEach(release)

/** I - tau v v^T. */
const reflection = (v: ArrayLike<number>, tau: number): Matrix =>
  fill(v.length, v.length, (i, j) => (i === j ? 1 : 0) - tau * v[i]! * v[j]!)

describe('reflect', () => {
  test.each(['first', 'last'] as const)('maps a vector to a multiple of its %s axis', (pivot) => {
    fc.assert(
      fc.property(size(30, 1), fc.integer(), (n, seed) => {
        const x = randomMatrix(n, 1, seed)
        withWorkspace(n, (space) => {
          const { at } = bring(space, x)
          const { tau, beta } = reflect(space, n, at, pivot)
          const v = space.heap.slice(at, at + n)
          const axis = pivot === 'first' ? 0 : n - 1
          expect(v[axis]).toBe(1)
          expect(orthogonality(reflection(v, tau))).toBeLessThan(20 * n * eps)
          const mapped = times(reflection(v, tau), x)
          expectClose(
            mapped,
            fill(n, 1, (i) => (i === axis ? beta : 0)),
            20 * n * eps,
          )
        })
      }),
    )
  })

  test('a vector that is on the axis already is left alone', () => {
    withWorkspace(3, (space) => {
      const { at } = bring(space, matrix(3, 1, [-2, 0, 0]))
      expect(reflect(space, 3, at, 'first')).toEqual({ tau: 0, beta: -2 })
    })
  })
})

describe('applyBlock', () => {
  test('is the product of the reflections, in either order', () => {
    fc.assert(
      fc.property(size(9), size(25, 10), size(8), fc.boolean(), (k, n, count, reversed) => {
        const vectors = randomMatrix(k, n, 3)
        const tau = Float64Array.from(
          { length: k },
          (_, i) => 2 / norm({ data: vectors.data.slice(i * n, (i + 1) * n) }) ** 2,
        )
        const rows = randomMatrix(count, n, 4)
        const each = Array.from(tau, (value, i) => reflection(vectors.data.slice(i * n, (i + 1) * n), value))
        const expected = (reversed ? each.reverse() : each).reduce((made, h) => times(made, h), rows)
        withWorkspace(k * n + count * n + blockRoomSpace(count), (space) => {
          const [v, target] = [bring(space, vectors), bring(space, rows)]
          applyBlock(space, takeBlockRoom(space, count), { v, length: n, tau }, reversed, count, target)
          expectClose(fetch(space, count, n, target.at), expected, 1e-13)
        })
      }),
    )
  })
})

describe('factorColumns', () => {
  function factor(a: Matrix, pivoting: boolean) {
    const [m, n] = [a.rows, a.columns]
    const most = Math.max(m, n)
    return withWorkspace(m * n + m * m + n + blockRoomSpace(most), (space) => {
      const columns = bring(space, transpose(a)).at
      const [small, room] = [space.take(n), takeBlockRoom(space, most)]
      const { r, order } = factorColumns(space, [n, m], columns, small, room, pivoting)
      const { at } = bring(space, identity(m))
      applyQ(space, { length: m, at: columns, tau: new Float64Array(0), r, order }, room, false, m, at)
      expect(fetch(space, m, m, at)).toEqual(identity(m))
      return { r: matrix(Math.min(m, n), n, r), order }
    })
  }

  test('R^T R is A^T A in the order of the columns', () => {
    fc.assert(
      fc.property(size(60, 1), size(60, 1), fc.boolean(), fc.integer(), (m, n, pivoting, seed) => {
        const a = randomMatrix(m, n, seed)
        const { r, order } = factor(a, pivoting)
        const ordered = fill(m, n, (i, j) => a.data[i * n + order[j]!]!)
        expectClose(times(transpose(r), r), times(transpose(ordered), ordered), 50 * (m + n) * eps)
        expect([...order].sort((i, j) => i - j)).toEqual(Array.from({ length: n }, (_, i) => i))
        if (!pivoting) expect([...order]).toEqual(Array.from({ length: n }, (_, i) => i))
      }),
      { numRuns: 40 },
    )
  })

  test('pivots do not grow, and each is the longest column of what is left', () => {
    const a = fill(50, 40, (i, j) => Math.cos(i * j) * 10 ** (-j / 5))
    const { r } = factor(a, true)
    for (let k = 0; k < 40; k++) {
      const pivot = Math.abs(r.data[k * 41]!)
      for (let j = k; j < 40; j++) {
        const left = norm({
          data: Array.from({ length: Math.min(j, 39) - k + 1 }, (_, i) => r.data[(k + i) * 40 + j]!),
        })
        expect(left).toBeLessThanOrEqual(pivot * (1 + 1e-6) + 1e-15)
      }
    }
  })

  test("Kahan's matrix: norms that cancel are computed afresh", () => {
    const [n, s] = [60, 0.95]
    const c = Math.sqrt(1 - s * s)
    const kahan = fill(n, n, (i, j) => s ** i * (i === j ? 1 : j > i ? -c : 0) * (1 - j * 1e-14))
    const { r } = factor(kahan, true)
    for (let k = 1; k < n; k++)
      expect(Math.abs(r.data[k * (n + 1)]!)).toBeLessThanOrEqual(Math.abs(r.data[(k - 1) * (n + 1)]!) * (1 + 1e-7))
  })
})

describe('reduce', () => {
  test('T = Q^T A Q with the Q that applyReflections applies', () => {
    fc.assert(
      fc.property(size(110, 1), fc.integer(), (n, seed) => {
        const half = randomMatrix(n, n, seed)
        const a = fill(n, n, (i, j) => half.data[Math.max(i, j) * n + Math.min(i, j)]!)
        withWorkspace(2 * n * n + reductionSpace(n) + blockRoomSpace(n), (space) => {
          const { at } = bring(space, a)
          const { diagonal: d, offDiagonal, tau } = reduce(space, n, at)
          const u = bring(space, identity(n)).at
          applyReflections(space, n, at, tau, n, u)
          const q = transpose(fetch(space, n, n, u))
          const t = fill(n, n, (i, j) => (i === j ? d[i]! : Math.abs(i - j) === 1 ? offDiagonal[Math.min(i, j)]! : 0))
          expect(orthogonality(q)).toBeLessThan(50 * n * eps)
          expect(norm(minus(times(times(q, t), transpose(q)), a))).toBeLessThan(50 * n * eps * norm(a))
        })
      }),
      { numRuns: 20 },
    )
  })
})

describe('divideAndConquer', () => {
  function check(d: Float64Array, e: Float64Array): void {
    const n = d.length
    const t = fill(n, n, (i, j) => (i === j ? d[i]! : Math.abs(i - j) === 1 ? e[Math.min(i, j)]! : 0))
    const values = d.slice()
    const rows = withWorkspace(n * n + divideSpace(n), (space) => {
      const u = rowMajor(space.take(n * n), n)
      divideAndConquer(space, values, e.slice(), u.at)
      return fetch(space, n, n, u.at)
    })
    const scale = norm(t) || 1
    expect(orthogonality(transpose(rows))).toBeLessThan(50 * n * eps)
    expect(norm(minus(times(times(rows, t), transpose(rows)), diagonal(values)))).toBeLessThan(50 * n * eps * scale)
    const [ql, room] = [d.slice(), new Float64Array(n)]
    room.set(e)
    implicitQl(ql, room)
    values.sort()
    ql.sort().forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThan(50 * n * eps * scale)
    })
  }

  test('random, with signs of every kind beside the diagonal', () => {
    fc.assert(
      fc.property(size(200, 2), fc.integer(), (n, seed) => {
        const numbers = randomMatrix(2, n, seed).data
        check(numbers.slice(0, n), numbers.slice(n, 2 * n - 1))
      }),
      { numRuns: 15 },
    )
  })

  test('nothing beside the diagonal, or nothing on it', () => {
    check(
      Float64Array.from({ length: 100 }, (_, i) => (i * 7) % 10),
      new Float64Array(99),
    )
    check(new Float64Array(129), new Float64Array(128).fill(1))
    check(new Float64Array(70), new Float64Array(69))
  })

  test('the cut is where the coupling is: zero, tiny, huge, negative', () => {
    for (const coupling of [0, 1e-300, 1e-17, 1e8, -1, -1e-9]) {
      const e = new Float64Array(79).fill(1)
      e[39] = coupling
      check(
        Float64Array.from({ length: 80 }, (_, i) => Math.abs(i - 40)),
        e,
      )
    }
  })

  test('a constant diagonal whose halves have the same values', () => {
    check(new Float64Array(128).fill(2), new Float64Array(127).fill(-1))
  })
})
