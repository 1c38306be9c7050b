import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import {
  fromRows,
  heldBytes,
  identity,
  type Matrix,
  matmul,
  matrix,
  matvec,
  release,
  syrk,
  transposed,
} from '../../src/linalg/index.ts'
import { openEngine, replaceEngine } from '../../src/linalg/workspace.ts'
import { eps, expectClose, golden, randomMatrix, size, thrown, times, transpose } from './support.ts'

afterAll(release)

const engines = [
  ['fused', true],
  ['plain', false],
] as const

describe.each(engines)('with %s kernels', (_, fused) => {
  afterEach(release)

  test('products of every shape and transposition equal the plain ones', () => {
    replaceEngine(openEngine(false, fused))
    fc.assert(
      fc.property(size(40), size(40), size(40), fc.boolean(), fc.boolean(), (m, n, k, transposeA, transposeB) => {
        const [a, b] = [randomMatrix(m, k, 3), randomMatrix(k, n, 5)]
        const left = transposeA ? transpose(a) : a
        const right = transposeB ? transpose(b) : b
        expectClose(matmul(left, right, { transposeA, transposeB }), times(a, b), 4 * (k + 1) * eps)
      }),
      { numRuns: 60 },
    )
  })

  test('blocks of every level have edges: sizes beyond mc, kc and nc', () => {
    replaceEngine(openEngine(false, fused))
    for (const [m, n, k] of [
      [211, 3, 601],
      [3, 1100, 5],
      [97, 65, 257],
    ] as const) {
      const [a, b] = [randomMatrix(m, k, 7), randomMatrix(k, n, 9)]
      expectClose(matmul(a, b), times(a, b), 4 * k * eps)
      expectClose(matmul(transpose(a), transpose(b), { transposeA: true, transposeB: true }), times(a, b), 4 * k * eps)
    }
  })

  test('syrk is exactly symmetric and equals the product', () => {
    replaceEngine(openEngine(false, fused))
    fc.assert(
      fc.property(size(120), size(30), fc.boolean(), (n, k, transposeFirst) => {
        const a = randomMatrix(n, k, 11)
        const made = syrk(transposeFirst ? transpose(a) : a, { transpose: transposeFirst })
        expectClose(made, times(a, transpose(a)), 4 * (k + 1) * eps)
        expect(made).toEqual(transpose(made))
      }),
      { numRuns: 40 },
    )
  })

  test('matvec equals a product with one column', () => {
    replaceEngine(openEngine(false, fused))
    fc.assert(
      fc.property(size(40), size(40), fc.boolean(), (m, n, transposeFirst) => {
        const [a, x] = [randomMatrix(m, n, 13), randomMatrix(n, 1, 17)]
        const y = matvec(transposeFirst ? transpose(a) : a, x.data, { transpose: transposeFirst })
        expectClose(matrix(m, 1, y), times(a, x), 4 * (n + 1) * eps)
      }),
      { numRuns: 60 },
    )
  })
})

describe('against NumPy', () => {
  const oracle = golden<
    Record<'a' | 'b' | 'c' | 'matmul' | 'scaled' | 'syrk' | 'syrkTranspose', Matrix> & { x: number[] }
  >('products')

  test('matmul, alpha, beta and syrk', () => {
    const { a, b, c } = oracle
    expectClose(matmul(a, b), oracle.matmul, 8 * eps)
    expectClose(matmul(a, b, { alpha: 2.5, add: c, beta: -0.5 }), oracle.scaled, 8 * eps)
    expectClose(syrk(a), oracle.syrk, 8 * eps)
    expectClose(syrk(a, { transpose: true }), oracle.syrkTranspose, 8 * eps)
    expectClose(matrix(5, 1, matvec(a, Float64Array.from(oracle.x))), times(a, matrix(7, 1, oracle.x)), 8 * eps)
  })
})

describe('limits', () => {
  test('empty operands', () => {
    expect(matmul(matrix(0, 3), matrix(3, 2))).toEqual(matrix(0, 2))
    expect(matmul(matrix(2, 0), matrix(0, 3))).toEqual(matrix(2, 3))
    expect(matmul(matrix(2, 0), matrix(0, 2), { add: identity(2), beta: 3 }).data).toEqual(Float64Array.of(3, 0, 0, 3))
    expect(syrk(matrix(0, 0))).toEqual(matrix(0, 0))
    expect(matvec(matrix(2, 0), new Float64Array(0))).toEqual(new Float64Array(2))
  })

  test('operands are left alone and results are their own memory', () => {
    const [a, b] = [randomMatrix(30, 30, 1), randomMatrix(30, 30, 2)]
    const [first, copyA] = [matmul(a, b), a.data.slice()]
    const bytes = first.data.slice()
    matmul(b, a)
    expect(first.data).toEqual(bytes)
    expect(a.data).toEqual(copyA)
    expect(first.data.buffer.byteLength).toBe(30 * 30 * 8)
  })

  test('NaN and infinity go through', () => {
    const made = matmul(
      fromRows([
        [Number.NaN, 1],
        [1, Number.POSITIVE_INFINITY],
      ]),
      fromRows([
        [1, 1],
        [1, 1],
      ]),
    )
    expect([...made.data]).toEqual([Number.NaN, Number.NaN, Infinity, Infinity])
  })

  test('memory is reused by later calls and given back by release', () => {
    release()
    expect(heldBytes()).toBe(0)
    const a = randomMatrix(200, 200)
    matmul(a, a)
    const held = heldBytes()
    for (let i = 0; i < 20; i++) matmul(a, a)
    expect(heldBytes()).toBe(held)
    release()
    expect(heldBytes()).toBe(0)
    expectClose(matmul(a, a), times(a, a), 1e-12)
  })

  test('transposed', () => {
    const a = randomMatrix(37, 21)
    expect(transposed(a)).toEqual(transpose(a))
    expect(transposed(transposed(a))).toEqual(a)
  })
})

describe('errors', () => {
  test('shapes that do not meet name both', () => {
    const error = thrown(() => matmul(matrix(2, 3), matrix(2, 3)))
    expect(error.tag).toBe('ShapeMismatch')
    expect(error.message).toBe('linalg.matmul: 2 x 3 times 2 x 3: 3 columns do not meet 2 rows')
    expect(thrown(() => matmul(matrix(2, 3), matrix(2, 3), { transposeB: true, add: matrix(3, 3) })).tag).toBe(
      'ShapeMismatch',
    )
    expect(thrown(() => matvec(matrix(2, 3), new Float64Array(2))).tag).toBe('ShapeMismatch')
  })

  test('matrices that are none', () => {
    expect(thrown(() => matrix(2, 2, [1, 2, 3])).message).toBe('linalg.matrix: a 2 x 2 matrix needs 4 numbers, not 3')
    expect(thrown(() => matmul({ rows: -1, columns: 0, data: new Float64Array(0) }, matrix(0, 0))).tag).toBe(
      'ShapeMismatch',
    )
    expect(thrown(() => fromRows([[1, 2], [3]])).message).toContain('row 1 has 1 numbers, row 0 has 2')
    const single = { rows: 1, columns: 1, data: new Float32Array(1) as unknown as Float64Array }
    expect(thrown(() => matmul(single, single)).message).toContain('Float64Array')
  })

  test('too large a problem says how much it needs, and the next call works', () => {
    const huge = { rows: 1, columns: 1, data: new Float64Array(1) }
    const tall = matrix(30_000, 1)
    const error = thrown(() => matmul(tall, tall, { transposeB: true }))
    expect(error.tag).toBe('OutOfMemory')
    expect(error.message).toMatch(/needs 68\d\d MiB/)
    expect(matmul(huge, huge)).toEqual(matrix(1, 1))
  })
})
