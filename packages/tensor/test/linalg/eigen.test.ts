import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { implicitQl } from '../../src/linalg/eigen/ql.ts'
import { secularRoot } from '../../src/linalg/eigen/secular.ts'
import {
  identity,
  type Matrix,
  matrix,
  release,
  setThreads,
  symmetricEigen,
  symmetricEigenvalues,
} from '../../src/linalg/index.ts'
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
  withEigenvalues,
} from './support.ts'

afterAll(release)

const symmetric = (n: number, seed = 1): Matrix => {
  const a = randomMatrix(n, n, seed)
  return fill(n, n, (i, j) => a.data[i * n + j]! + a.data[j * n + i]!)
}

/** |A V - V D| / (n eps |A|) and |V^T V - I| / (n eps) stay below 50; values ascend. */
function check(a: Matrix): Float64Array {
  const n = a.rows
  const { values, vectors } = symmetricEigen(a)
  for (let i = 1; i < n; i++) expect(values[i]!).toBeGreaterThanOrEqual(values[i - 1]!)
  const scaled = fill(n, n, (i, j) => vectors.data[i * n + j]! * values[j]!)
  expect(norm(minus(times(a, vectors), scaled))).toBeLessThanOrEqual(50 * n * eps * norm(a))
  expect(orthogonality(vectors)).toBeLessThan(50 * n * eps)
  const alone = symmetricEigenvalues(a)
  const most = Math.max(...values.map(Math.abs))
  values.forEach((value, i) => {
    expect(Math.abs(value - alone[i]!)).toBeLessThanOrEqual(50 * n * eps * most)
  })
  return values
}

describe('symmetricEigen', () => {
  const oracle = golden<Record<'random' | 'hilbert', { a: Matrix; values: number[]; vectors: Matrix }>>('eigen')

  test.each(['random', 'hilbert'] as const)('equals NumPy: %s', (name) => {
    const { a, values, vectors } = oracle[name]
    const n = a.rows
    const made = symmetricEigen(a)
    expectClose(matrix(1, n, made.values), matrix(1, n, values), 20 * eps)
    if (name === 'random') {
      const signs = values.map((_, j) => Math.sign(made.vectors.data[j]! * vectors.data[j]!))
      expectClose(
        fill(n, n, (i, j) => made.vectors.data[i * n + j]! * signs[j]!),
        vectors,
        1e-13,
      )
    }
  })

  test('random matrices of any order', () => {
    fc.assert(
      fc.property(size(150, 1), fc.integer(), (n, seed) => {
        check(symmetric(n, seed))
      }),
      { numRuns: 25 },
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

  test('an order that needs several levels, panels and blocks', () => {
    check(symmetric(301))
  })

  test('known values, clustered in groups that differ by rounding', () => {
    const known = Float64Array.from({ length: 140 }, (_, i) => Math.floor(i / 20) + (i % 3) * 1e-15)
    const values = check(withEigenvalues(known))
    known.sort().forEach((value, i) => {
      expect(Math.abs(values[i]! - value)).toBeLessThan(140 * eps * 7)
    })
  })

  test('values graded over thirty orders of magnitude', () => {
    check(withEigenvalues(Float64Array.from({ length: 100 }, (_, i) => 10 ** (-i * 0.3))))
    check(hilbert(60))
  })

  test('rank one, zero and multiples of the unit matrix', () => {
    const v = randomMatrix(90, 1)
    const values = check(times(v, transpose(v)))
    expect(values[89]!).toBeCloseTo(norm(v) ** 2, 10)
    expect([...check(matrix(70, 70))]).toEqual(new Array(70).fill(0))
    const unit = symmetricEigen(identity(80))
    expect([...unit.values]).toEqual(new Array(80).fill(1))
    expect(orthogonality(unit.vectors)).toBe(0)
  })

  test('diagonal, and the second difference with its cosines', () => {
    const values = check(diagonal(Float64Array.from({ length: 100 }, (_, i) => (i * 37) % 100)))
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(i, 12)
    })
    const n = 200
    const difference = fill(n, n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0))
    check(difference).forEach((value, i) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((i + 1) * Math.PI) / (n + 1)), 12)
    })
  })

  test('Wilkinson matrices, whose largest values come in pairs that agree to the last bit', () => {
    check(fill(101, 101, (i, j) => (i === j ? Math.abs(i - 50) : Math.abs(i - j) === 1 ? 1 : 0)))
  })

  test('entries near the ends of the range neither overflow nor vanish', () => {
    const a = symmetric(50)
    const { values } = symmetricEigen(a)
    for (const scale of [2 ** 1010, 2 ** -1010]) {
      const scaled = symmetricEigen(fill(50, 50, (i, j) => a.data[i * 50 + j]! * scale))
      expect(scaled.values).toEqual(values.map((value) => value * scale))
    }
  })

  test('reads the lower triangle only', () => {
    const a = symmetric(70)
    const half = fill(70, 70, (i, j) => (j > i ? 9 : a.data[i * 70 + j]!))
    expect(symmetricEigen(half)).toEqual(symmetricEigen(a))
  })

  test('orders 0 and 1', () => {
    expect(symmetricEigen(matrix(0, 0))).toEqual({ values: new Float64Array(0), vectors: matrix(0, 0) })
    expect(symmetricEigenvalues(matrix(0, 0))).toEqual(new Float64Array(0))
    expect(symmetricEigen(matrix(1, 1, [-3]))).toEqual({ values: Float64Array.of(-3), vectors: identity(1) })
  })

  test('the bytes do not depend on the number of threads', async () => {
    const a = symmetric(260)
    const one = symmetricEigen(a)
    await setThreads(2)
    expect(symmetricEigen(a)).toEqual(one)
    await setThreads(1)
  })

  test('errors name the place', () => {
    expect(thrown(() => symmetricEigen(matrix(2, 3))).tag).toBe('ShapeMismatch')
    expect(thrown(() => symmetricEigen(matrix(2, 2, [1, 0, Number.NaN, 1])))).toMatchObject({
      tag: 'NotFinite',
      data: { row: 1, column: 0 },
    })
    expect(thrown(() => symmetricEigenvalues(matrix(1, 1, [Infinity]))).tag).toBe('NotFinite')
  })
})

describe('secularRoot', () => {
  const positive = fc.double({ min: 1e-6, max: 1, noNaN: true })

  test('roots lie between their poles and solve the equation', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(positive, positive), { minLength: 2, maxLength: 40 }), positive, (items, rho) => {
        const d = Float64Array.from(items, ([gap]) => gap)
        for (let i = 1; i < d.length; i++) d[i]! += d[i - 1]!
        const total = items.reduce((sum, [, weight]) => sum + weight, 0)
        const z2 = Float64Array.from(items, ([, weight]) => weight / total)
        const delta = new Float64Array(d.length)
        let sum = 0
        for (let j = 0; j < d.length; j++) {
          const root = secularRoot({ d, z2, rho }, j, delta)
          sum += root - d[j]!
          expect(delta[j]!).toBeLessThanOrEqual(0)
          if (j < d.length - 1) expect(delta[j + 1]!).toBeGreaterThanOrEqual(0)
          const terms = [1 / rho, ...z2.map((weight, i) => weight / delta[i]!)]
          const scale = terms.reduce((most, term) => most + Math.abs(term), 0)
          expect(Math.abs(terms.reduce((most, term) => most + term, 0))).toBeLessThan(1e-13 * scale * d.length)
        }
        // The trace of diag(d) + rho z z^T.
        expect(sum).toBeCloseTo(rho, 10)
      }),
    )
  })
})

describe('implicitQl', () => {
  test('rotations turn the unit matrix into the eigenvectors', () => {
    fc.assert(
      fc.property(size(30, 1), fc.integer(), (n, seed) => {
        const numbers = randomMatrix(2, n, seed).data
        const t = fill(n, n, (i, j) =>
          i === j ? numbers[i]! : Math.abs(i - j) === 1 ? numbers[n + Math.min(i, j)]! : 0,
        )
        const [d, e] = [numbers.slice(0, n), numbers.slice(n)]
        const q = identity(n)
        implicitQl(d, e, (i, c, s) => {
          for (let j = 0; j < n; j++) {
            const [x, y] = [q.data[i * n + j]!, q.data[(i + 1) * n + j]!]
            q.data[i * n + j] = c * x - s * y
            q.data[(i + 1) * n + j] = s * x + c * y
          }
        })
        expect(norm(minus(times(times(q, t), transpose(q)), diagonal(d)))).toBeLessThan(50 * n * eps * (norm(t) + 1))
        expect(orthogonality(q)).toBeLessThan(50 * n * eps)
      }),
    )
  })
})
