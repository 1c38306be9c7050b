/** The WebAssembly kernels one by one against plain loops, fused and not, and the assembler's encodings. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assemble, count, defineFunction, f64, i32, when } from '../../src/linalg/wasm/assembler.ts'
import { buildKernels, instantiate, type Kernels } from '../../src/linalg/wasm/kernels.ts'
import { eps, randomMatrix, size } from './support.ts'

interface Rig {
  readonly kernels: Kernels
  readonly heap: Float64Array
}

function rig(fused: boolean): Rig {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536 })
  return { kernels: instantiate(buildKernels(false, fused).module, memory), heap: new Float64Array(memory.buffer) }
}

const close = (actual: number, expected: number, terms: number): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(8 * (terms + 1) * eps)
}

/** Places of vectors and a matrix, odd so that no alignment helps. */
const [atX, atY, atA] = [3, 1001, 2003]

describe.each([
  ['fused', true],
  ['plain', false],
] as const)('%s', (_, fused) => {
  const { kernels, heap } = rig(fused)
  const put = (at: number, numbers: ArrayLike<number>): Float64Array => {
    heap.set(numbers, at)
    return heap.slice(at, at + numbers.length)
  }

  test('dot, axpy, scale, rotate', () => {
    fc.assert(
      fc.property(size(40), (n) => {
        const x = put(atX, randomMatrix(n, 1, 1).data)
        const y = put(atY, randomMatrix(n, 1, 2).data)
        close(
          kernels.dot(n, atX * 8, atY * 8),
          x.reduce((sum, value, i) => sum + value * y[i]!, 0),
          n,
        )
        kernels.axpy(n, 0.75, atX * 8, atY * 8)
        for (let i = 0; i < n; i++) close(heap[atY + i]!, y[i]! + 0.75 * x[i]!, 1)
        kernels.scale(n, -2, atX * 8)
        for (let i = 0; i < n; i++) expect(heap[atX + i]!).toBe(-2 * x[i]!)
        put(atX, x)
        put(atY, y)
        kernels.rotate(n, atX * 8, atY * 8, 0.6, 0.8)
        for (let i = 0; i < n; i++) {
          close(heap[atX + i]!, 0.6 * x[i]! + 0.8 * y[i]!, 1)
          close(heap[atY + i]!, 0.6 * y[i]! - 0.8 * x[i]!, 1)
        }
      }),
    )
  })

  test('nothing beyond the vector is written', () => {
    put(atY, [1, 2, 3, 4, 5, 6, 7])
    kernels.axpy(5, 1, atX * 8, atY * 8)
    kernels.scale(5, 2, atY * 8)
    expect([...heap.slice(atY + 5, atY + 7)]).toEqual([6, 7])
  })

  test('matrix times vector, both ways', () => {
    fc.assert(
      fc.property(size(23), size(23), (m, n) => {
        const row = n + 3
        const a = put(atA, randomMatrix(m, row, 3).data)
        const x = put(atX, randomMatrix(Math.max(m, n), 1, 4).data)
        const y = put(atY, randomMatrix(Math.max(m, n), 1, 5).data)
        kernels.timesVector(m, n, 0.5, atA * 8, row * 8, atX * 8, atY * 8)
        for (let i = 0; i < y.length; i++) {
          let expected = y[i]!
          if (i < m) for (let j = 0; j < n; j++) expected += 0.5 * a[i * row + j]! * x[j]!
          close(heap[atY + i]!, expected, n)
        }
        put(atY, y)
        kernels.transposeTimesVector(m, n, -1, atA * 8, row * 8, atX * 8, atY * 8)
        for (let j = 0; j < y.length; j++) {
          let expected = y[j]!
          if (j < n) for (let i = 0; i < m; i++) expected -= a[i * row + j]! * x[i]!
          close(heap[atY + j]!, expected, m)
        }
      }),
    )
  })

  test('symmetric matrix times vector reads the lower half only', () => {
    fc.assert(
      fc.property(size(40), (n) => {
        const row = n + 1
        const a = put(atA, randomMatrix(n, row, 6).data)
        for (let i = 0; i < n; i++) for (let j = i + 1; j < row; j++) heap[atA + i * row + j] = Number.NaN
        const x = put(atX, randomMatrix(n, 1, 7).data)
        const y = put(atY, randomMatrix(n, 1, 8).data)
        kernels.symmetricTimesVector(n, atA * 8, row * 8, atX * 8, atY * 8)
        for (let i = 0; i < n; i++) {
          let expected = y[i]!
          for (let j = 0; j < n; j++) expected += a[Math.max(i, j) * row + Math.min(i, j)]! * x[j]!
          close(heap[atY + i]!, expected, n)
        }
      }),
    )
  })

  test('small triangular solves by rows and by columns agree with substitution', () => {
    fc.assert(
      fc.property(size(20, 1), size(19, 1), fc.boolean(), (n, columns, unit) => {
        const t = put(atA, randomMatrix(n, n, 9).data)
        for (let i = 0; i < n; i++) heap[atA + i * (n + 1)] = t[i * (n + 1)] = 2 + i / n
        const b = randomMatrix(n, columns, 10).data
        const expected = b.slice()
        for (let c = 0; c < columns; c++) {
          for (let i = 0; i < n; i++) {
            let value = expected[i * columns + c]!
            for (let j = 0; j < i; j++) value -= t[i * n + j]! * expected[j * columns + c]!
            expected[i * columns + c] = unit ? value : value / t[i * (n + 1)]!
          }
        }
        const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
        put(atX, b)
        kernels.solveRows(n, columns, atA * 8, n * 8, 8, unit ? 1 : 0, atX * 8, columns * 8)
        expected.forEach((value, i) => {
          close(heap[atX + i]! / scale, value / scale, n * n)
        })
        for (let i = 0; i < n; i++) for (let c = 0; c < columns; c++) heap[atX + c * n + i] = b[i * columns + c]!
        kernels.solveColumns(n, columns, atA * 8, n * 8, 8, unit ? 1 : 0, atX * 8, n * 8, 8)
        for (let i = 0; i < n; i++) {
          for (let c = 0; c < columns; c++) {
            close(heap[atX + c * n + i]! / scale, expected[i * columns + c]! / scale, n * n)
          }
        }
      }),
    )
  })

  test('small Cholesky factor, and the row where it ends', () => {
    put(atA, [4, 9, 9, 2, 5, 9, 2, 3, 6])
    expect(kernels.smallCholesky(3, atA * 8, 24)).toBe(-1)
    expect([...heap.slice(atA, atA + 9)]).toEqual([2, 9, 9, 1, 2, 9, 1, 1, 2])
    put(atA, [4, 0, 0, 2, 1, 0, 2, 3, 6])
    expect(kernels.smallCholesky(3, atA * 8, 24)).toBe(1)
    put(atA, [Number.NaN])
    expect(kernels.smallCholesky(1, atA * 8, 8)).toBe(0)
  })
})

describe('assembler', () => {
  const run = (build: Parameters<typeof defineFunction>[3]): number => {
    const made = defineFunction('f', {}, 'f64', build as never)
    const bytes = assemble([made], { maximum: 1, shared: false })
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports
    return (f as () => number)()
  }

  test('numbers go through memory unchanged', () => {
    fc.assert(
      fc.property(fc.double(), size(8000), (number, place) => {
        const back = run(() => [f64.store(i32.const(8), f64.const(number), place), f64.load(i32.const(8), place)])
        expect(back).toBe(number)
      }),
    )
  })

  test('loops count, also not at all', () => {
    const sum = (to: number): number =>
      run((_, declare) => {
        const [i, total] = [declare('i32'), declare('f64')]
        const add = total.set(f64.add(total.get, f64.const(1.5)))
        return [count(i, i32.const(0), i32.const(to), i32.const(2), add), total.get]
      })
    expect([0, 1, 2, 5, 300, 70_000].map(sum)).toEqual([0, 1.5, 1.5, 4.5, 225, 52_500])
  })

  test('signed constants of one to five bytes', () => {
    for (const value of [0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)]) {
      const sign = run((_, declare) => {
        const out = declare('f64')
        const isBelow = when(i32.ltS(i32.const(value), i32.const(0)), out.set(f64.const(-1)), out.set(f64.const(1)))
        const isZero = when(i32.eqz(i32.const(value)), out.set(f64.const(0)))
        return [isBelow, isZero, out.get]
      })
      expect(sign).toBe(Math.sign(value))
    }
  })

  test('the modules are valid, with and without relaxed SIMD, shared or not', () => {
    for (const shared of [false, true]) {
      for (const fused of [false, true]) {
        expect(buildKernels(shared, fused).tiles.fused).toBe(fused)
      }
      expect(buildKernels(shared).tiles.mr).toBeGreaterThan(4)
    }
  })
})
