/** Products and triangular solves on blocks of the workspace with every kind of stride, and the workspace itself. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Block,
  bring,
  from,
  product,
  rowMajor,
  solveLower,
  solveUpper,
  transposeOf,
} from '../../src/linalg/blocks.ts'
import { heldBytes, type Matrix, matrix, release, setThreads } from '../../src/linalg/index.ts'
import { currentEngine, openEngine, type Workspace, withWorkspace } from '../../src/linalg/workspace.ts'
import { eps, expectClose, fill, minus, norm, randomMatrix, size, thrown, times, transpose } from './support.ts'

afterEach(release)

/** The matrix in the workspace in one of eight ways: reversed rows, reversed columns, transposed. */
interface Layout {
  readonly flipRows: boolean
  readonly flipColumns: boolean
  readonly transposed: boolean
}

const layouts = fc.record({ flipRows: fc.boolean(), flipColumns: fc.boolean(), transposed: fc.boolean() })

function place(space: Workspace, a: Matrix, { flipRows, flipColumns, transposed }: Layout): Block {
  const [m, n] = [a.rows, a.columns]
  const stored = fill(m, n, (i, j) => a.data[(flipRows ? m - 1 - i : i) * n + (flipColumns ? n - 1 - j : j)]!)
  const block = transposed ? transposeOf(bring(space, transpose(stored))) : bring(space, stored)
  const { row, column } = block
  return {
    at: block.at + (flipRows ? (m - 1) * row : 0) + (flipColumns ? (n - 1) * column : 0),
    row: flipRows ? -row : row,
    column: flipColumns ? -column : column,
  }
}

const read = ({ heap }: Workspace, m: number, n: number, { at, row, column }: Block): Matrix =>
  fill(m, n, (i, j) => heap[at + i * row + j * column]!)

describe('product', () => {
  test('any strides of all three operands', () => {
    fc.assert(
      fc.property(size(20, 1), size(20, 1), size(20), layouts, layouts, layouts, (m, n, k, la, lb, lc) => {
        const [a, b, c] = [randomMatrix(m, k, 1), randomMatrix(k, n, 2), randomMatrix(m, n, 3)]
        withWorkspace(m * k + k * n + m * n, (space) => {
          const [x, y, z] = [place(space, a, la), place(space, b, lb), place(space, c, lc)]
          product(space, [m, n, k], -0.5, x, y, z)
          const expected = fill(m, n, (i, j) => c.data[i * n + j]! - 0.5 * times(a, b).data[i * n + j]!)
          expectClose(read(space, m, n, z), expected, 8 * (k + 1) * eps)
          product(space, [m, n, k], 1, x, y, z, { accumulate: false })
          expect(norm(minus(read(space, m, n, z), times(a, b)))).toBeLessThan(8 * (k + 1) * (m + n) * eps)
        })
      }),
      { numRuns: 80 },
    )
  })

  test('lower leaves the tiles above the diagonal alone, with threads too', async () => {
    const n = 250
    const a = randomMatrix(n, 40)
    const expected = times(a, transpose(a))
    for (const count of [1, 2, 3]) {
      await setThreads(count)
      withWorkspace(n * 40 + n * n, (space) => {
        const block = bring(space, a)
        const at = space.take(n * n)
        space.heap.fill(7, at, at + n * n)
        product(space, [n, n, 40], 1, block, transposeOf(block), rowMajor(at, n), { accumulate: false, lower: true })
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const value = space.heap[at + i * n + j]!
            if (j <= i) expect(Math.abs(value - expected.data[i * n + j]!)).toBeLessThan(1e-12)
            else if (j > i + 8) expect(value).toBe(7)
          }
        }
      })
    }
  })

  test('no terms: zeros, or what was there', () => {
    withWorkspace(4, (space) => {
      const c = bring(space, matrix(2, 2, [1, 2, 3, 4]))
      product(space, [2, 2, 0], 1, c, c, c)
      expect([...read(space, 2, 2, c).data]).toEqual([1, 2, 3, 4])
      product(space, [2, 1, 0], 1, c, c, c, { accumulate: false })
      expect([...read(space, 2, 2, c).data]).toEqual([0, 2, 0, 4])
    })
  })
})

describe('triangular solves', () => {
  const flipless = fc.record({
    flipRows: fc.constant(false),
    flipColumns: fc.constant(false),
    transposed: fc.boolean(),
  })

  test('lower and upper, right sides by rows or by columns', () => {
    fc.assert(
      fc.property(
        size(90, 1),
        size(12, 1),
        fc.boolean(),
        fc.boolean(),
        flipless,
        flipless,
        (n, sides, upper, unit, lt, lb) => {
          const numbers = randomMatrix(n, n, 5)
          const entry = (i: number, j: number): number =>
            i === j ? 1.5 + numbers.data[i * n + i]! / 4 : numbers.data[i * n + j]! / n
          const t = fill(n, n, (i, j) => (i === j || j < i !== upper ? entry(i, j) : 0))
          const effective = fill(n, n, (i, j) => (unit && i === j ? 1 : t.data[i * n + j]!))
          const b = randomMatrix(n, sides, 6)
          withWorkspace(n * n + n * sides, (space) => {
            const [x, y] = [place(space, t, lt), place(space, b, lb)]
            const solve = upper ? solveUpper : solveLower
            solve(space, n, sides, x, unit, y)
            const solution = read(space, n, sides, y)
            expect(norm(minus(times(effective, solution), b))).toBeLessThan(
              50 * n * eps * norm(effective) * norm(solution),
            )
          })
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('the workspace', () => {
  test('areas are aligned to 64 bytes, apart, and beyond the packing space', () => {
    withWorkspace(1000, (space) => {
      const starts = [space.take(3), space.take(1), space.take(500), space.take(0), space.take(7)]
      for (const start of starts) expect(start % 8).toBe(0)
      for (let i = 1; i < starts.length; i++)
        expect(starts[i]!).toBeGreaterThanOrEqual(starts[i - 1]! + [3, 1, 500, 0][i - 1]!)
      expect(starts[0]! * 8).toBeGreaterThanOrEqual(currentEngine().work * 8)
      expect(() => space.take(1e6)).toThrow('workspace too small')
    })
  })

  test('memory grows as needed and never by less than is asked for', () => {
    withWorkspace(10, () => undefined)
    const before = heldBytes()
    withWorkspace(3e6, ({ heap, take }) => {
      const at = take(3e6)
      heap[at + 3e6 - 1] = 1
      expect(heap[at + 3e6 - 1]).toBe(1)
    })
    expect(heldBytes() - before).toBeGreaterThan(3e6 * 8 - before)
    expect(thrown(() => withWorkspace(6e8, () => undefined))).toMatchObject({ tag: 'OutOfMemory' })
  })

  test('an error in a call does not spoil the next', () => {
    expect(() =>
      withWorkspace(10, () => {
        throw new Error('stop')
      }),
    ).toThrow('stop')
    withWorkspace(10, (space) => expect(space.take(10)).toBeGreaterThan(0))
  })

  test('shared and unshared memories', () => {
    expect(openEngine(false).memory.buffer).toBeInstanceOf(ArrayBuffer)
    expect(openEngine(true).memory.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  test('from moves the corner, transposeOf exchanges strides', () => {
    const block = rowMajor(100, 10)
    expect(from(block, 2, 3)).toEqual({ at: 123, row: 10, column: 1 })
    expect(transposeOf(from(block, 2, 3))).toEqual({ at: 123, row: 1, column: 10 })
  })
})
