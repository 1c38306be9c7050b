/** Linear least squares by Householder reflections; solutions of minimum norm where predictors are collinear. */
import { centred, dot, mean } from './moments.ts'

export interface Regression {
  /** One per row of predictors (then the intercept where there is one). */
  readonly coefficients: Float64Array
  /** Target less the fit. */
  readonly residuals: Float64Array
  /** Of the predictors (the intercept not counted). */
  readonly rank: number
}

export interface RegressOptions {
  /** Adds a constant predictor, as last coefficient. Default false. */
  readonly intercept?: boolean
}

/** Fits several targets by the same predictors. */
export interface Regressor {
  readonly rank: number
  fit(target: Float64Array): Regression
}

/** Below this ratio of the diagonal the triangle is looked at by singular values. */
const SUSPICIOUS = 1e-6
const EPS = 2.220446049250313e-16

/**
 * `rows`: predictors, each of the length of `target`. Singular values below eps times the larger number of rows and columns
 * times the largest singular value count as zero, as is the field's custom.
 */
export function regress(rows: readonly Float64Array[], target: Float64Array, options: RegressOptions = {}): Regression {
  return regressor(rows, options).fit(target)
}

export function regressor(rows: readonly Float64Array[], { intercept = false }: RegressOptions = {}): Regressor {
  if (!intercept) return plain(rows)
  const means = rows.map(mean)
  const own = plain(rows.map(centred))
  return {
    rank: own.rank,
    fit(target) {
      const middle = mean(target)
      const less = own.fit(target.map((value) => value - middle))
      const constant = means.reduce((rest, m, k) => rest - m * less.coefficients[k]!, middle)
      return { ...less, coefficients: Float64Array.from([...less.coefficients, constant]) }
    },
  }
}

/** Less than this share of a predictor apart from those before it is rounding. */
const DEPENDENT = 1e-12

export interface Projector {
  /** Of the predictors. */
  readonly rank: number
  /** What no combination of predictors explains of the target. */
  residuals(target: Float64Array): Float64Array
}

/** Residuals without coefficients: predictors that depend on those before them are passed over, which costs nothing. */
export function projector(rows: readonly Float64Array[]): Projector {
  const mirrors: Float64Array[] = []
  const scales: number[] = []
  const reflect = (k: number, values: Float64Array): void => {
    const mirror = mirrors[k]!
    const own = values.subarray(k)
    const factor = dot(mirror, own) * scales[k]!
    for (let i = 0; i < own.length; i++) own[i] = own[i]! - factor * mirror[i]!
  }
  for (const row of rows) {
    if (mirrors.length === row.length) break
    const column = row.slice()
    for (let k = 0; k < mirrors.length; k++) reflect(k, column)
    const mirror = column.subarray(mirrors.length)
    const norm = Math.sqrt(dot(mirror, mirror))
    if (!(norm > DEPENDENT * Math.sqrt(dot(row, row)))) continue
    const head = mirror[0]!
    mirror[0] = head + (head > 0 ? norm : -norm)
    scales.push(1 / (norm * (norm + Math.abs(head))))
    mirrors.push(mirror)
  }
  const rank = mirrors.length
  return {
    rank,
    residuals(target) {
      const out = target.slice()
      for (let k = 0; k < rank; k++) reflect(k, out)
      out.fill(0, 0, rank)
      for (let k = rank - 1; k >= 0; k--) reflect(k, out)
      return out
    },
  }
}

function plain(rows: readonly Float64Array[]): Regressor {
  const width = rows.length
  const length = rows[0]?.length ?? 0
  if (width === 0)
    return { rank: 0, fit: (target) => ({ coefficients: new Float64Array(0), residuals: target.slice(), rank: 0 }) }
  const { triangle, reflect, steps } = triangulate(rows)
  const diagonal = triangle.map((column, k) => Math.abs(column[k] ?? 0))
  const most = Math.max(...diagonal)
  const regular = length >= width && Math.min(...diagonal) > SUSPICIOUS * most
  const { rank, solve } = regular
    ? { rank: width, solve: (b: Float64Array): Float64Array => backSubstitute(triangle, b) }
    : pseudoSolver(triangle, EPS * Math.max(width, length))
  return {
    rank,
    fit(target) {
      const turned = target.slice()
      reflect(turned)
      const coefficients = solve(turned.subarray(0, steps))
      return { coefficients, residuals: residualsOf(rows, coefficients, target), rank }
    },
  }
}

function residualsOf(rows: readonly Float64Array[], coefficients: Float64Array, target: Float64Array): Float64Array {
  const out = target.slice()
  for (const [k, row] of rows.entries()) {
    const factor = coefficients[k]!
    for (let i = 0; i < out.length; i++) out[i] = out[i]! - factor * row[i]!
  }
  return out
}

export interface Triangle {
  /** Columns of R, each of `steps` entries. */
  readonly triangle: readonly Float64Array[]
  readonly steps: number
  /** Applies the transposed Q in place. */
  reflect(target: Float64Array): void
}

/** Householder triangle of the columns. */
export function triangulate(rows: readonly Float64Array[]): Triangle {
  const columns = rows.map((row) => row.slice())
  const length = columns[0]!.length
  const steps = Math.min(length, columns.length)
  const scales = new Float64Array(steps)
  const apply = (k: number, column: Float64Array): void => {
    const scale = scales[k]!
    if (scale === 0) return
    const mirror = mirrors[k]!
    const own = column.subarray(k)
    const factor = dot(mirror, own) * scale
    for (let i = 0; i < own.length; i++) own[i] = own[i]! - factor * mirror[i]!
  }
  const mirrors: Float64Array[] = []
  for (let k = 0; k < steps; k++) {
    const mirror = columns[k]!.slice(k)
    const norm = Math.sqrt(dot(mirror, mirror))
    const head = mirror[0]!
    const turned = head > 0 ? -norm : norm
    mirror[0] = head - turned
    const square = norm * (norm + Math.abs(head))
    scales[k] = square > 0 ? 1 / square : 0
    mirrors.push(mirror)
    for (let j = k; j < columns.length; j++) apply(k, columns[j]!)
  }
  const reflect = (target: Float64Array): void => {
    for (let k = 0; k < steps; k++) apply(k, target)
  }
  return { triangle: columns.map((column) => column.slice(0, steps)), steps, reflect }
}

function backSubstitute(triangle: readonly Float64Array[], b: Float64Array): Float64Array {
  const out = b.slice(0, triangle.length)
  for (let k = triangle.length - 1; k >= 0; k--) {
    const column = triangle[k]!
    const value = out[k]! / column[k]!
    out[k] = value
    for (let i = 0; i < k; i++) out[i] = out[i]! - value * column[i]!
  }
  return out
}

/** One-sided Jacobi rotations (Hestenes 1958) until the columns are orthogonal; then the pseudo-inverse. */
function pseudoSolver(
  columns: readonly Float64Array[],
  tolerance: number,
): { rank: number; solve: (b: Float64Array) => Float64Array } {
  const width = columns.length
  // Below the diagonal nothing but rounding is left, which is not part of the triangle.
  const w = columns.map((column, k) => column.map((value, i) => (i > k ? 0 : value)))
  const v = columns.map((_, k) => Float64Array.from({ length: width }, (_unused, i) => (i === k ? 1 : 0)))
  for (let sweep = 0; sweep < 60 && rotateAll(w, v); sweep++);
  const sizes = w.map((column) => Math.sqrt(dot(column, column)))
  const least = tolerance * Math.max(...sizes)
  const kept = sizes.flatMap((size, k) => (size > least ? [k] : []))
  return {
    rank: kept.length,
    solve(b) {
      const out = new Float64Array(width)
      for (const k of kept) {
        const factor = dot(w[k]!, b) / sizes[k]! ** 2
        for (let i = 0; i < width; i++) out[i] = out[i]! + factor * v[k]![i]!
      }
      return out
    },
  }
}

function rotateAll(w: readonly Float64Array[], v: readonly Float64Array[]): boolean {
  let turned = false
  for (let p = 0; p < w.length; p++)
    for (let q = p + 1; q < w.length; q++) {
      const [pp, qq, pq] = [dot(w[p]!, w[p]!), dot(w[q]!, w[q]!), dot(w[p]!, w[q]!)]
      if (pq === 0 || Math.abs(pq) <= 1e-16 * Math.sqrt(pp * qq)) continue
      turned = true
      const zeta = (qq - pp) / (2 * pq)
      const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta))
      const c = 1 / Math.sqrt(1 + t * t)
      rotate(w[p]!, w[q]!, c, c * t)
      rotate(v[p]!, v[q]!, c, c * t)
    }
  return turned
}

function rotate(a: Float64Array, b: Float64Array, c: number, s: number): void {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!]
    a[i] = c * x - s * y
    b[i] = s * x + c * y
  }
}
