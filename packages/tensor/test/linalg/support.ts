/** Matrices for the tests, plain reference products and norms. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect } from 'vitest'
import { type Matrix, matrix } from '../../src/linalg/index.ts'

export const eps = 2 ** -52

/** Numbers in (-1, 1) that depend on the seed only. */
export function randomMatrix(rows: number, columns: number, seed = 1): Matrix {
  let state = (seed * 2654435761) >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const high = state
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return ((high >>> 0) / 2 ** 32 + state / 2 ** 64) * 2 - 1
  }
  return fill(rows, columns, next)
}

export function fill(rows: number, columns: number, value: (i: number, j: number) => number): Matrix {
  const made = matrix(rows, columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) made.data[i * columns + j] = value(i, j)
  return made
}

export const hilbert = (n: number): Matrix => fill(n, n, (i, j) => 1 / (i + j + 1))

export const diagonal = (values: ArrayLike<number>): Matrix =>
  fill(values.length, values.length, (i, j) => (i === j ? values[i]! : 0))

export const transpose = (a: Matrix): Matrix => fill(a.columns, a.rows, (i, j) => a.data[j * a.columns + i]!)

/** The product term by term. */
export function times(a: Matrix, b: Matrix): Matrix {
  expect(a.columns).toBe(b.rows)
  const made = matrix(a.rows, b.columns)
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const factor = a.data[i * a.columns + k]!
      for (let j = 0; j < b.columns; j++) made.data[i * b.columns + j]! += factor * b.data[k * b.columns + j]!
    }
  }
  return made
}

export const minus = (a: Matrix, b: Matrix): Matrix =>
  fill(a.rows, a.columns, (i, j) => a.data[i * a.columns + j]! - b.data[i * a.columns + j]!)

/** Frobenius norm. */
export const norm = ({ data }: { readonly data: ArrayLike<number> }): number =>
  Math.hypot(0, Math.sqrt(Array.from(data).reduce((sum, value) => sum + value * value, 0)))

/** |Q^T Q - I| for a matrix with orthonormal columns. */
export function orthogonality(q: Matrix): number {
  return norm(minus(times(transpose(q), q), diagonal(new Float64Array(q.columns).fill(1))))
}

/** A symmetric positive definite matrix whose condition is moderate. */
export function positiveMatrix(n: number, seed = 1): Matrix {
  const a = randomMatrix(n, n, seed)
  const product = times(a, transpose(a))
  for (let i = 0; i < n; i++) product.data[i * n + i]! += 0.1
  return product
}

/** A symmetric matrix with the given eigenvalues: reflections on both sides of a diagonal. */
export function withEigenvalues(values: ArrayLike<number>, seed = 1): Matrix {
  const n = values.length
  let a = diagonal(values)
  for (let reflection = 0; reflection < 3; reflection++) {
    const v = randomMatrix(n, 1, seed + reflection)
    const unit = fill(n, n, (i, j) => (i === j ? 1 : 0) - (2 * v.data[i]! * v.data[j]!) / norm(v) ** 2)
    a = times(times(unit, a), unit)
  }
  return fill(n, n, (i, j) => (a.data[i * n + j]! + a.data[j * n + i]!) / 2)
}

/** Entry (i, j) of symmetric matrices that are hard in one way or another; `r` is random in (-1, 1). */
export const hardMatrices: Readonly<Record<string, (i: number, j: number, n: number, r: number) => number>> = {
  wholeNumbers: (_i, _j, _n, r) => Math.round(r),
  sparse: (_i, _j, _n, r) => (Math.abs(r) < 0.03 ? r : 0),
  decoupled: (i, j, _n, r) => (i === j || i - j === 1 ? Math.round(r) : 0),
  gluedWilkinson: (i, j) => (i === j ? Math.abs((i % 21) - 10) : i - j === 1 ? (i % 21 === 0 ? 1e-8 : 1) : 0),
  gluedByRounding: (i, j) => (i === j ? Math.abs((i % 21) - 10) : i - j === 1 ? (i % 21 === 0 ? 1e-14 : 1) : 0),
  gradedDown: (i, j, n, r) => r * 10 ** ((-20 * (i + j)) / n),
  gradedUp: (i, j, n, r) => r * 10 ** ((20 * (i + j)) / n - 40),
  ones: () => 1,
  blocksOfRankOne: (i, j) => (Math.floor(i / 7) === Math.floor(j / 7) ? ((i % 7) * (j % 7)) / 9 : 0),
  unitAndRounding: (i, j, _n, r) => (i === j ? 1 : 1e-16 * r),
  spike: (i, j, _n, r) => (i === 0 && j === 0 ? 1e8 : r),
  arrow: (i, j) => (i === j ? i : j === 0 ? 1 : 0),
  allSizes: (i, j, _n, r) => r * 10 ** (((i * 37 + j * 101) % 300) - 150),
}

export function hardMatrix(name: string, n: number, seed: number): Matrix {
  const [entry, r] = [hardMatrices[name]!, randomMatrix(n, n, seed)]
  const at = (i: number, j: number): number =>
    entry(Math.max(i, j), Math.min(i, j), n, r.data[Math.max(i, j) * n + Math.min(i, j)]!)
  return fill(n, n, at)
}

export const size = (max: number, min = 0): fc.Arbitrary<number> => fc.integer({ min, max })

interface PlainMatrix {
  readonly rows: number
  readonly columns: number
  readonly data: readonly number[]
}

const file = new URL('../../../../oracles/tensor/linalg.json', import.meta.url)
const goldens = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>

export const asMatrix = ({ rows, columns, data }: PlainMatrix): Matrix => matrix(rows, columns, data)

/** A section of oracles/tensor/linalg.json with its matrices as matrices. */
export function golden<T>(section: string): T {
  const revive = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    if ('rows' in value && 'data' in value) return asMatrix(value as PlainMatrix)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each)]))
  }
  return revive(goldens[section]) as T
}

/** Every entry within `tolerance` times the largest one. */
export function expectClose(actual: Matrix, expected: Matrix, tolerance: number): void {
  expect([actual.rows, actual.columns]).toEqual([expected.rows, expected.columns])
  const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-300)
  const worst = actual.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i]!)), 0)
  expect(worst / scale).toBeLessThanOrEqual(tolerance)
}

/** The tag and data of what a call throws. */
export function thrown(run: () => unknown): { readonly tag: string; readonly message: string; readonly data: unknown } {
  try {
    run()
  } catch (error) {
    return error as { tag: string; message: string; data: unknown }
  }
  throw new Error('nothing was thrown')
}
