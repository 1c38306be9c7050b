/**
 * Eigenvectors of a symmetric tridiagonal matrix by divide and conquer: Cuppen (1981), Numer. Math. 36, with the
 * deflation of Dongarra & Sorensen (1987) and the vectors of Gu & Eisenstat (1995), SIAM J. Matrix Anal. Appl. 16.
 */
import { product, rowMajor } from '../blocks.ts'
import type { Workspace } from '../workspace.ts'
import { implicitQl } from './ql.ts'
import { secularRoot } from './secular.ts'

const smallOrder = 32
const eps = 2 ** -53

/** A problem under way: eigenvectors are rows of n numbers at `u`; `copy` and `inner` are n x n rooms. */
interface Problem {
  readonly space: Workspace
  readonly n: number
  readonly d: Float64Array
  readonly e: Float64Array
  readonly u: number
  readonly copy: number
  readonly inner: number
}

/** Numbers of workspace that `divideAndConquer` takes, the vectors not counted. */
export const divideSpace = (n: number): number => 2 * n * n

/**
 * Overwrites `d` with the eigenvalues, in no order, and the n rows at `u` with the eigenvectors in the same order; `e`,
 * the n - 1 numbers beside the diagonal, is destroyed.
 */
export function divideAndConquer(space: Workspace, d: Float64Array, e: Float64Array, u: number): void {
  const n = d.length
  space.heap.fill(0, u, u + n * n)
  solve({ space, n, d, e, u, copy: space.take(n * n), inner: space.take(n * n) }, 0, n)
}

/** Solves rows `start` to `end`, whose vectors live in the same columns. */
function solve(problem: Problem, start: number, end: number): void {
  const { d, e } = problem
  if (end - start <= smallOrder) {
    solveSmall(problem, start, end)
    return
  }
  const middle = (start + end) >> 1
  const rho = e[middle - 1]!
  d[middle - 1]! -= Math.abs(rho)
  d[middle]! -= Math.abs(rho)
  solve(problem, start, middle)
  solve(problem, middle, end)
  merge(problem, start, middle, end, rho)
}

function solveSmall({ space, n, d, e, u }: Problem, start: number, end: number): void {
  const { heap, kernels } = space
  const order = end - start
  const off = new Float64Array(order)
  off.set(e.subarray(start, end - 1))
  const row = (i: number): number => u + (start + i) * n + start
  for (let i = 0; i < order; i++) heap[row(i) + i] = 1
  implicitQl(d.subarray(start, end), off, (i, c, s) => kernels.rotate(order, row(i) * 8, row(i + 1) * 8, c, -s))
}

/** Which half of the columns an eigenvector occupies before the merge. */
type Span = 0 | 1 | 2
const firstHalf: Span = 0
const both: Span = 1
const secondHalf: Span = 2

interface Deflated {
  /** Rows that take part in the secular equation, by ascending value, and their weights. */
  readonly kept: readonly number[]
  readonly settled: readonly number[]
  readonly spans: Uint8Array
  readonly z: Float64Array
}

/** diag(d) + rho z z^T for the two solved halves, and its eigenvectors in the place of theirs. */
function merge(problem: Problem, start: number, middle: number, end: number, rho: number): void {
  const { n, u, d } = problem
  const { heap } = problem.space
  const order = end - start
  const z = new Float64Array(order)
  for (let i = start; i < end; i++) {
    z[i - start] =
      (i < middle ? heap[u + i * n + middle - 1]! : Math.sign(rho) * heap[u + i * n + middle]!) / Math.SQRT2
  }
  const size = 2 * Math.abs(rho)
  const { kept, settled, spans } = deflate(problem, start, middle, end, size, z)
  const spanOf = (i: number): Span => spans[i - start] as Span
  // By span, so that each half of the columns needs one product without the zeros of the other half.
  const grouped = kept.map((row, place) => ({ row, place })).sort((a, b) => spanOf(a.row) - spanOf(b.row))
  const copyRows = [...grouped.map(({ row }) => row), ...settled]
  const settledValues = settled.map((row) => d[row]!)
  copyRows.forEach((row, i) => {
    heap.copyWithin(problem.copy + i * order, u + row * n + start, u + row * n + end)
  })
  const k = kept.length
  const counts = [firstHalf, both, secondHalf].map((span) => kept.filter((row) => spanOf(row) === span).length)
  if (k > 0) {
    const places = new Int32Array(k)
    grouped.forEach(({ place }, column) => {
      places[place] = column
    })
    const values = innerVectors(problem, kept, z, start, size, places)
    multiply(problem, start, middle, end, counts as [number, number, number])
    d.set(values, start)
  }
  settled.forEach((_, i) => {
    const from = problem.copy + (k + i) * order
    heap.copyWithin(u + (start + k + i) * n + start, from, from + order)
    d[start + k + i] = settledValues[i]!
  })
}

/** Takes out what is solved already: weights that are negligible, and one of each pair of values that nearly agree. */
function deflate(problem: Problem, start: number, middle: number, end: number, rho: number, z: Float64Array): Deflated {
  const { space, n, d, u } = problem
  const order = Array.from({ length: end - start }, (_, i) => start + i).sort((a, b) => d[a]! - d[b]!)
  const spans = Uint8Array.from({ length: end - start }, (_, i) => (start + i < middle ? firstHalf : secondHalf))
  let largest = 0
  for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(d[i]!), Math.abs(z[i - start]!))
  const tolerance = 8 * eps * largest
  const kept: number[] = []
  const settled: number[] = []
  let pending = -1
  for (const row of order) {
    if (rho * Math.abs(z[row - start]!) <= tolerance) {
      settled.push(row)
      continue
    }
    if (pending >= 0) {
      const length = Math.hypot(z[pending - start]!, z[row - start]!)
      const [c, s] = [z[row - start]! / length, -z[pending - start]! / length]
      if (Math.abs((d[row]! - d[pending]!) * c * s) <= tolerance) {
        z[row - start] = length
        const [x, y] = [u + pending * n + start, u + row * n + start]
        space.kernels.rotate(end - start, x * 8, y * 8, c, s)
        const [before, after] = [d[pending]!, d[row]!]
        d[pending] = before * c * c + after * s * s
        d[row] = before * s * s + after * c * c
        if (spans[pending - start] !== spans[row - start]) spans[row - start] = both
        settled.push(pending)
      } else kept.push(pending)
    }
    pending = row
  }
  if (pending >= 0) kept.push(pending)
  return { kept, settled, spans, z }
}

/**
 * The eigenvalues of the kept part; their vectors, in the old ones' terms, become the k rows at `inner`, the term of
 * kept row i in column `places[i]`.
 */
function innerVectors(
  { space, d, inner }: Problem,
  kept: readonly number[],
  z: Float64Array,
  start: number,
  rho: number,
  places: Int32Array,
): Float64Array {
  const k = kept.length
  const { heap } = space
  const poles = Float64Array.from(kept, (row) => d[row]!)
  const weights = Float64Array.from(kept, (row) => z[row - start]!)
  const norm2 = weights.reduce((sum, weight) => sum + weight * weight, 0)
  if (k === 1) {
    heap[inner] = 1
    return Float64Array.of(poles[0]! + rho * norm2)
  }
  const equation = { d: poles, z2: weights.map((weight) => (weight * weight) / norm2), rho: rho * norm2 }
  const delta = (j: number): Float64Array => heap.subarray(inner + j * k, inner + (j + 1) * k)
  const values = poles.map((_, j) => secularRoot(equation, j, delta(j)))
  const exact = lowner(poles, weights, delta)
  const terms = new Float64Array(k)
  for (let j = 0; j < k; j++) {
    const row = delta(j)
    let sum = 0
    for (let i = 0; i < k; i++) {
      const term = exact[i]! / row[i]!
      terms[i] = term
      sum += term * term
    }
    const scale = 1 / Math.sqrt(sum)
    for (let i = 0; i < k; i++) row[places[i]!] = terms[i]! * scale
  }
  return values
}

/** The weights for which the computed roots are exact (Loewner's formula), which makes the vectors orthogonal. */
function lowner(poles: Float64Array, weights: Float64Array, delta: (j: number) => Float64Array): Float64Array {
  const k = poles.length
  const squares = Float64Array.from(delta(k - 1), (difference) => -difference)
  for (let j = 0; j < k - 1; j++) {
    const row = delta(j)
    const [here, next] = [poles[j]!, poles[j + 1]!]
    // Root j is paired with pole j for the poles above it and with pole j + 1 for those up to j.
    for (let i = 0; i <= j; i++) squares[i]! *= row[i]! / (poles[i]! - next)
    for (let i = j + 1; i < k; i++) squares[i]! *= row[i]! / (poles[i]! - here)
  }
  return squares.map((square, i) => Math.sign(weights[i]!) * Math.sqrt(Math.abs(square)))
}

/** New vectors = inner vectors times old ones, the two halves of the columns apart. */
function multiply(
  { space, n, u, copy, inner }: Problem,
  start: number,
  middle: number,
  end: number,
  [first, shared, second]: readonly [number, number, number],
): void {
  const k = first + shared + second
  const order = end - start
  const target = u + start * n + start
  const half = middle - start
  const overwrite = { accumulate: false }
  product(
    space,
    [k, half, first + shared],
    1,
    rowMajor(inner, k),
    rowMajor(copy, order),
    rowMajor(target, n),
    overwrite,
  )
  const left = rowMajor(inner + first, k)
  const right = rowMajor(copy + first * order + half, order)
  product(space, [k, end - middle, shared + second], 1, left, right, rowMajor(target + half, n), overwrite)
}
