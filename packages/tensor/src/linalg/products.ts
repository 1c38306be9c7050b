/** Products of matrices and vectors. NaN and infinities go through as IEEE 754 has them. */
import { bring, fetch, product, rowMajor, transposeOf } from './blocks.ts'
import { checkMatrix, type Matrix, matrix, shapeMismatch, shapeText } from './matrix.ts'
import { fastProduct, halvingsOf, roomOf, suitsFastProduct } from './strassen.ts'
import { withWorkspace } from './workspace.ts'

export interface MatmulOptions {
  /** Uses the transpose of a, at no cost. */
  readonly transposeA?: boolean
  /** Uses the transpose of b, at no cost. */
  readonly transposeB?: boolean
  /** A factor of the product; 1 by default. */
  readonly alpha?: number
  /** A matrix that is added, times `beta` (1 by default). */
  readonly add?: Matrix
  readonly beta?: number
  /** Plain sums of products at any size, with an error bound for each entry of its own; see `matmul`. Default false. */
  readonly exact?: boolean
}

/**
 * alpha a b + beta add, as a new matrix (m x n from m x k and k x n).
 *
 * Where all extents are 1,000 and more, nothing is added, and rows of a and columns of b are finite and of like size, the
 * product is Strassen's: an eighth faster per halving, its error bounded by some 2⁻⁵² k² max|a| max|b| in every entry
 * (Higham 2002, Accuracy and Stability of Numerical Algorithms, theorem 23.3). `exact` forbids that.
 * @throws InputError `ShapeMismatch`; EnvironmentError `OutOfMemory`.
 */
export function matmul(a: Matrix, b: Matrix, options: MatmulOptions = {}): Matrix {
  checkMatrix('matmul', a)
  checkMatrix('matmul', b)
  const { transposeA = false, transposeB = false, alpha = 1, beta = 1, add, exact = false } = options
  const [m, k] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns]
  const [inner, n] = transposeB ? [b.columns, b.rows] : [b.rows, b.columns]
  if (k !== inner) {
    const text = `${shapeText(a)}${transposeA ? ' transposed' : ''} times ${shapeText(b)}${transposeB ? ' transposed' : ''}`
    throw shapeMismatch('matmul', `${text}: ${k} columns do not meet ${inner} rows`)
  }
  if (add !== undefined) {
    checkMatrix('matmul', add)
    if (add.rows !== m || add.columns !== n) {
      throw shapeMismatch('matmul', `a ${shapeText(add)} matrix cannot be added to a ${m} x ${n} product`)
    }
  }
  const extents = [m, n, k] as const
  const halvings = exact || add !== undefined ? 0 : halvingsOf(extents)
  const levels = halvings > 0 && suitsFastProduct(a, transposeA, b, transposeB) ? halvings : 0
  return withWorkspace(a.data.length + b.data.length + m * n + roomOf(extents, levels), (space) => {
    const brought = [bring(space, a), bring(space, b)] as const
    const left = transposeA ? transposeOf(brought[0]) : brought[0]
    const right = transposeB ? transposeOf(brought[1]) : brought[1]
    const at = space.take(m * n)
    if (add !== undefined) for (let i = 0; i < add.data.length; i++) space.heap[at + i] = beta * add.data[i]!
    if (levels > 0) fastProduct(space, extents, levels, alpha, left, right, rowMajor(at, n))
    else product(space, extents, alpha, left, right, rowMajor(at, n), { accumulate: add !== undefined })
    return fetch(space, m, n, at)
  })
}

export interface SyrkOptions {
  /** a^T a in place of a a^T. */
  readonly transpose?: boolean
  readonly alpha?: number
}

/** alpha a a^T (m x m), or alpha a^T a (n x n) with `transpose`; half the work of `matmul`, exactly symmetric. */
export function syrk(a: Matrix, { transpose = false, alpha = 1 }: SyrkOptions = {}): Matrix {
  checkMatrix('syrk', a)
  const [n, k] = transpose ? [a.columns, a.rows] : [a.rows, a.columns]
  return withWorkspace(a.data.length + n * n, (space) => {
    const source = bring(space, a)
    const left = transpose ? transposeOf(source) : source
    const at = space.take(n * n)
    product(space, [n, n, k], alpha, left, transposeOf(left), rowMajor(at, n), { accumulate: false, lower: true })
    const result = fetch(space, n, n, at)
    mirrorLower(result)
    return result
  })
}

/** Copies the lower triangle to the upper one. */
export function mirrorLower({ rows: n, data }: Matrix): void {
  const tile = 16
  for (let i0 = 0; i0 < n; i0 += tile) {
    for (let j0 = 0; j0 <= i0; j0 += tile) {
      for (let i = i0; i < Math.min(n, i0 + tile); i++) {
        for (let j = j0; j < Math.min(i, j0 + tile); j++) data[j * n + i] = data[i * n + j]!
      }
    }
  }
}

/** a x (or a^T x with `transpose`), a new vector. */
export function matvec(
  a: Matrix,
  x: Float64Array,
  { transpose = false }: { readonly transpose?: boolean } = {},
): Float64Array {
  checkMatrix('matvec', a)
  const [m, n] = transpose ? [a.columns, a.rows] : [a.rows, a.columns]
  if (x.length !== n) throw shapeMismatch('matvec', `a vector of ${x.length} numbers does not meet ${n} columns`)
  return withWorkspace(a.data.length + m + n, (space) => {
    const { at } = bring(space, a)
    const [atX, atY] = [bring(space, matrix(n, 1, x)).at, space.take(m)]
    space.heap.fill(0, atY, atY + m)
    const kernel = transpose ? space.kernels.transposeTimesVector : space.kernels.timesVector
    kernel(a.rows, a.columns, 1, at * 8, a.columns * 8, atX * 8, atY * 8)
    return space.heap.slice(atY, atY + m)
  })
}
