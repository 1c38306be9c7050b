import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { input } from '../src/apply.ts'
import {
  add,
  cholesky,
  constant,
  div,
  exp,
  logDeterminant,
  matmul,
  mean,
  mul,
  type Shape,
  solve,
  square,
  sub,
  sum,
  type Tensor,
  trace,
  transpose,
  triangularSolve,
} from '../src/index.ts'
import { type LoweringTarget, portable } from '../src/lower/target.ts'
import { numbersFor, numbersOf } from './numeric.ts'
import { relativeError, testEngine, worstError } from './support.ts'

const eye = (n: number, value = 1): Tensor =>
  constant(
    Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? value : 0)),
    [n, n],
  )

/** The kernel of a Gaussian process on n points in 3 dimensions, with noise. */
function kernel(x: Tensor, noise: number): Tensor {
  const squares = sum(square(x), -1, { keepDims: true })
  const distances = sub(add(squares, transpose(squares, [1, 0])), mul(matmul(x, x, { transposeB: true }), 2))
  return add(exp(mul(distances, -0.5)), eye(x.shape[0]!, noise))
}

const batchOf = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 })
const extent = fc.integer({ min: 1, max: 8 })

describe('in float64', () => {
  test('the factor is lower, its square is the matrix, and solves solve (property)', () => {
    fc.assert(
      fc.property(batchOf, extent, extent, fc.integer({ min: 1, max: 1000 }), (batch, n, k, seed) => {
        const shapes: Shape[] = [
          [...batch, n, n],
          [n, k],
        ]
        const [a, square_, above, b, again, l, solved] = numbersOf(
          (x, y) => {
            const m = add(matmul(x!, x!, { transposeB: true }), eye(n))
            const factor = cholesky(m)
            const upper = constant(
              Array.from({ length: n * n }, (_, i) => (i % n > Math.floor(i / n) ? 1 : 0)),
              [n, n],
            )
            const solution = triangularSolve(x!, y!, { lower: false, unitDiagonal: true })
            const unit = add(mul(x!, upper), eye(n))
            return [
              m,
              matmul(factor, factor, { transposeB: true }),
              mul(factor, upper),
              add(y!, mul(solve(m, y!), 0)),
              matmul(m, solve(m, y!)),
              add(y!, mul(solution, 0)),
              matmul(unit, solution),
            ]
          },
          shapes,
          numbersFor(shapes, seed),
        )
        expect(relativeError(square_!, a!)).toBeLessThan(1e-13)
        expect(above!.every((v) => v === 0)).toBe(true)
        expect(relativeError(again!, b!)).toBeLessThan(1e-11)
        expect(relativeError(solved!, l!)).toBeLessThan(1e-11)
      }),
      { numRuns: 50 },
    )
  })

  test('the symmetric part is factored; jitter is relative to the mean of the diagonal', () => {
    const [skew, plain, raised] = numbersOf(
      () => [
        cholesky(constant([4, 3, 1, 5], [2, 2])),
        cholesky(constant([4, 2, 2, 5], [2, 2])),
        logDeterminant(constant([1, 0, 0, 3], [2, 2]), { jitter: 0.5 }),
      ],
      [],
      [],
    )
    expect(skew).toEqual(plain)
    expect(Array.from(plain!)).toEqual([2, 0, 1, 2])
    expect(raised![0]).toBeCloseTo(Math.log(2 * 4), 14)
  })

  test('a matrix that is not positive definite gives NaN from the bad pivot on, never another matrix', () => {
    const [l] = numbersOf(() => [cholesky(constant([1, 2, 0, 2, 1, 0, 0, 0, 1], [3, 3]))], [], [])
    expect(l!.map(Number.isNaN as never)).toEqual(Float64Array.of(0, 0, 0, 0, 1, 0, 0, 1, 1))
  })

  test('refuses matrices that are not square, and right-hand sides that do not fit', () => {
    const t = (...shape: number[]): Tensor => input('t', { shape })
    expect(() => cholesky(t(2, 3))).toThrow(/needs square matrices \[\.\.\., n, n\], not \[2, 3\]/)
    expect(() => triangularSolve(t(2, 3), t(2, 1))).toThrow(InputError)
    expect(() => triangularSolve(t(3, 3), t(2, 1))).toThrow(/\[2, 1\] is no right-hand side \[\.\.\., 3, k\]/)
    expect(() => triangularSolve(t(2, 3, 3), t(4, 3, 1))).toThrow(/do not broadcast/)
  })
})

describe('in float32, in ONNX Runtime', () => {
  const targets: [string, LoweringTarget][] = [
    ['node-cpu', { name: 'node-cpu', nchwcBlock: 0, winograd: false, fixedWeights: true }],
    ['portable', portable],
    ['portable without control flow', { ...portable, controlFlow: false }],
  ]

  test.each(targets)('factors and solves of 150 points are as good as the condition allows: %s', async (_, target) => {
    const n = 150
    const program = trace(
      (_p, { x, y }) => {
        const k = kernel(x, 0.1)
        const scale = div(1, mean(square(y)))
        return { l: cholesky(k), solved: mul(solve(k, y), scale), determinant: logDeterminant(k) }
      },
      { parameters: {}, inputs: { x: { shape: [n, 3] }, y: { shape: [n, 2] } } },
    )
    const [x, y] = numbersFor([
      [n, 3],
      [n, 2],
    ])
    const engine = testEngine()
    const inputs = { x: Float32Array.from(x!), y: Float32Array.from(y!) }
    expect(await worstError(engine, target, { program, inputs })).toBeLessThan(1e-4)
    await engine.close()
  })

  test('NaN is the sign of a matrix that is not positive definite', async () => {
    const engine = testEngine()
    const program = trace((_, { x }) => ({ d: logDeterminant(sub(matmul(x, x, { transposeB: true }), eye(70))) }), {
      parameters: {},
      inputs: { x: { shape: [70, 4] } },
    })
    const x = Float32Array.from(numbersFor([[70, 4]])[0]!)
    expect(await worstError(engine, portable, { program, inputs: { x } })).toBeNaN()
    await engine.close()
  })
})
