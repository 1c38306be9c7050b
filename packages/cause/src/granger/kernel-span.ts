/** Directions that a kernel spans over samples: eigenvectors of its centred matrix, less those of another span. */
import { linalg } from '@ecotope/tensor'

/** `polynomial`: (1 + x.y)^degree; `gaussian`: exp(-|x - y|^2 / (2 width^2)). */
export type Kernel =
  | { readonly kind: 'polynomial'; readonly degree: number }
  | { readonly kind: 'gaussian'; readonly width: number }

/** Orthonormal directions over n samples, one row each. */
export interface Span {
  readonly directions: linalg.Matrix
  /** Largest eigenvalue of the centred kernel. */
  readonly size: number
}

/** Rows whose inner products are the kernel: monomials with their weights, or the kernel's own root. */
type Features = linalg.Matrix

/** Largest number of monomials per sample that is still better than the matrix of all samples. */
const SHARE = 0.5

/** Features of samples (`columns` of n values), centred: n x D. Of a Gaussian kernel, and of many monomials, a root of the matrix. */
export function centredFeatures(columns: readonly Float64Array[], kernel: Kernel): Features {
  const n = columns[0]!.length
  const width = kernel.kind === 'polynomial' ? choose(columns.length + kernel.degree, kernel.degree) - 1 : n
  const made =
    kernel.kind === 'polynomial' && width <= SHARE * n
      ? monomials(columns, kernel.degree)
      : rootOf(centredTwice(kernelMatrix(columns, kernel)))
  return centredColumns(made)
}

const choose = (n: number, k: number): number => {
  let out = 1
  for (let i = 1; i <= k; i++) out = (out * (n - k + i)) / i
  return Math.round(out)
}

/** All monomials of degree 1 to `degree`, weighted so that inner products (with the constant) are (1 + x.y)^degree. */
function monomials(columns: readonly Float64Array[], degree: number): Features {
  const n = columns[0]!.length
  const rows: Float64Array[] = []
  const grow = (from: number, left: number, powers: readonly number[], values: Float64Array): void => {
    if (from === columns.length) {
      const used = powers.reduce((a, b) => a + b, 0)
      if (used === 0) return
      const weight = Math.sqrt(factorial(degree) / [degree - used, ...powers].reduce((all, k) => all * factorial(k), 1))
      rows.push(values.map((value) => value * weight))
      return
    }
    let now = values
    for (let power = 0; power <= left; power++) {
      grow(from + 1, left - power, [...powers, power], now)
      now = now.map((value, t) => value * columns[from]![t]!)
    }
  }
  grow(0, degree, [], new Float64Array(n).fill(1))
  return linalg.transposed(linalg.fromRows(rows))
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

function kernelMatrix(columns: readonly Float64Array[], kernel: Kernel): linalg.Matrix {
  const points = linalg.transposed(linalg.fromRows(columns))
  const products = linalg.syrk(points)
  const n = points.rows
  if (kernel.kind === 'polynomial')
    return { ...products, data: products.data.map((value) => (1 + value) ** kernel.degree) }
  const out = linalg.matrix(n, n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let distance = 0
      for (const column of columns) distance += (column[i]! - column[j]!) ** 2
      const value = Math.exp(-distance / (2 * kernel.width ** 2))
      out.data[i * n + j] = value
      out.data[j * n + i] = value
    }
  return out
}

/** The matrix of the features less their mean. */
function centredTwice(a: linalg.Matrix): linalg.Matrix {
  const n = a.rows
  const means = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let j = 0; j < n; j++) sum += a.data[i * n + j]!
    return sum / n
  })
  const all = means.reduce((x, y) => x + y, 0) / n
  return { ...a, data: a.data.map((value, at) => value - means[Math.floor(at / n)]! - means[at % n]! + all) }
}

/** Columns whose inner products of rows are the matrix; directions of (numerically) no size are dropped. */
function rootOf(a: linalg.Matrix): Features {
  const { values, vectors } = linalg.symmetricEigen(a)
  const n = a.rows
  const largest = values.at(-1)!
  const kept = [...values.keys()].filter((k) => values[k]! > 1e-14 * largest)
  const out = linalg.matrix(n, kept.length)
  for (const [at, k] of kept.entries()) {
    const scale = Math.sqrt(values[k]!)
    for (let i = 0; i < n; i++) out.data[i * kept.length + at] = vectors.data[i * n + k]! * scale
  }
  return out
}

function centredColumns(a: Features): Features {
  const out = { ...a, data: a.data.slice() }
  for (let j = 0; j < a.columns; j++) {
    let sum = 0
    for (let i = 0; i < a.rows; i++) sum += a.data[i * a.columns + j]!
    for (let i = 0; i < a.rows; i++) out.data[i * a.columns + j]! -= sum / a.rows
  }
  return out
}

/** Eigenvectors of the features' matrix whose eigenvalue is above `share` of `size`, by default the largest. */
export function spanOf(features: Features, share: number, size?: number): Span {
  const gram = linalg.syrk(features, { transpose: true })
  const { values, vectors } = linalg.symmetricEigen(gram)
  const largest = values.at(-1) ?? 0
  const kept = [...values.keys()].filter((k) => values[k]! > share * (size ?? largest))
  const chosen = linalg.matrix(vectors.rows, kept.length)
  for (let i = 0; i < vectors.rows; i++)
    for (const [at, k] of kept.entries())
      chosen.data[i * kept.length + at] = vectors.data[i * vectors.columns + k]! / Math.sqrt(values[k]!)
  return { directions: linalg.matmul(chosen, features, { transposeA: true, transposeB: true }), size: largest }
}

/** Features less what the span says about them. */
export function without(features: Features, { directions }: Span): Features {
  if (directions.rows === 0) return features
  const told = linalg.matmul(directions, linalg.matmul(directions, features), { transposeA: true })
  return { ...features, data: features.data.map((value, i) => value - told.data[i]!) }
}
