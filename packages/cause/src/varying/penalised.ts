/**
 * Curves of coefficients by penalised splines: y = sum over k of b_k(u) x_k + noise, with the roughness of each b_k punished by as
 * much as restricted likelihood (Wood 2011, JRSS B 73) or generalised cross-validation asks for.
 */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { minimise } from '../independence/gpdc-optimise.ts'
import { dot } from '../statistics/moments.ts'
import { type Basis, FREE, roughness } from './basis.ts'

export type Smoothness = 'reml' | 'gcv'

/** A term: a whole curve, or one constant coefficient. */
export type TermKind = 'curve' | 'constant'

export interface Problem {
  readonly rows: readonly Float64Array[]
  readonly kinds: readonly TermKind[]
  readonly u: Float64Array
  readonly basis: Basis
}

/** The model's matrix and its products, made once for many targets. */
export interface Prepared {
  readonly problem: Problem
  /** n x p. */
  readonly x: linalg.Matrix
  readonly cross: linalg.Matrix
  /** First column of each term, and p at the end. */
  readonly starts: readonly number[]
  /** Of the curves among the terms. */
  readonly curves: readonly number[]
  /** Of one curve, row-major. */
  readonly rough: Float64Array
}

export interface PenalisedFit {
  /** Of the basis, all terms one after another. */
  readonly coefficients: Float64Array
  /** (X'X + S)^-1: times the noise's variance, the covariance of coefficients (Wahba 1983). */
  readonly inverse: linalg.Matrix
  /** One penalty per curve. */
  readonly penalties: Float64Array
  /** Degrees of freedom of each term. */
  readonly freedom: Float64Array
  readonly residualSquares: number
  /** Of the noise: residual squares over samples less degrees of freedom. */
  readonly variance: number
  readonly residuals: Float64Array
  /** The criterion at its minimum. */
  readonly score: number
}

/** Bounds of log penalties, on terms of unit size. */
const [SOFT, HARD] = [Math.log(1e-6), Math.log(1e7)]
const TOLERANCES = { value: 1e-13, gradient: 1e-6 }

export function prepared(problem: Problem): Prepared {
  const { rows, kinds, u, basis } = problem
  const starts = [0]
  for (const kind of kinds) starts.push(starts.at(-1)! + (kind === 'curve' ? basis.size : 1))
  const x = linalg.matrix(u.length, starts.at(-1)!)
  const local = new Float64Array(4)
  for (let i = 0; i < u.length; i++) {
    const first = basis.at(u[i]!, local)
    for (const [k, kind] of kinds.entries()) {
      const [at, value] = [i * x.columns + starts[k]!, rows[k]![i]!]
      if (kind === 'constant') x.data[at] = value
      else for (let m = 0; m < 4; m++) x.data[at + first + m] = value * local[m]!
    }
  }
  const curves = kinds.flatMap((kind, k) => (kind === 'curve' ? [k] : []))
  return { problem, x, cross: linalg.syrk(x, { transpose: true }), starts, curves, rough: roughness(basis.size) }
}

/** What a target needs of the matrix. */
interface Target {
  readonly products: Float64Array
  readonly squares: number
}

interface Solved {
  readonly coefficients: Float64Array
  readonly inverse: linalg.Matrix
  readonly logDeterminant: number
}

function solvedAt(
  { cross, starts, curves, problem, rough }: Prepared,
  penalties: Float64Array,
  products: Float64Array,
): Solved {
  const [p, size] = [cross.rows, problem.basis.size]
  const whole = { rows: p, columns: p, data: cross.data.slice() }
  for (const [c, k] of curves.entries())
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++)
        whole.data[(starts[k]! + a) * p + starts[k]! + b]! += penalties[c]! * rough[a * size + b]!
  const factor = linalg.cholesky(whole)
  if (factor.relativeJitter > 0)
    throw new InputError('CollinearVariables', 'the causes cannot be told apart, or nothing is known of a stretch', {
      hint: 'Leave out causes that are combinations of others, or use fewer segments.',
    })
  const inverse = linalg.choleskySolve(factor, linalg.identity(p))
  const coefficients = linalg.choleskySolve(factor, { rows: p, columns: 1, data: products }).data
  return { inverse, coefficients, logDeterminant: linalg.logDeterminant(factor) }
}

/** Coefficients of a term and its roughness matrix times them. */
function roughOf({ starts, rough }: Prepared, k: number, coefficients: Float64Array): [Float64Array, Float64Array] {
  const own = coefficients.subarray(starts[k], starts[k + 1])
  return [own, linalg.matvec({ rows: own.length, columns: own.length, data: rough }, own)]
}

/** Trace of inverse times roughness, over the block of a term. */
function roughTrace({ starts, problem, rough }: Prepared, k: number, inverse: linalg.Matrix): number {
  const [at, size, p] = [starts[k]!, problem.basis.size, inverse.rows]
  let sum = 0
  for (let a = 0; a < size; a++)
    for (let b = Math.max(0, a - 2); b <= Math.min(size - 1, a + 2); b++)
      sum += inverse.data[(at + a) * p + at + b]! * rough[a * size + b]!
  return sum
}

interface Scored {
  readonly value: number
  readonly gradient: Float64Array
}

/** Twice the negative restricted log-likelihood with the noise's variance profiled out, up to a constant. */
function reml(ready: Prepared, penalties: Float64Array, { products, squares }: Target): Scored {
  const { coefficients, inverse, logDeterminant } = solvedAt(ready, penalties, products)
  const [n, size] = [ready.x.rows, ready.problem.basis.size]
  const free = n - (ready.x.columns - ready.curves.length * (size - FREE))
  const deviance = squares - dot(coefficients, products)
  const rank = size - FREE
  const logs = penalties.reduce((sum, penalty) => sum + rank * Math.log(penalty), 0)
  const gradient = Float64Array.from(ready.curves, (k, c) => {
    const [own, rough] = roughOf(ready, k, coefficients)
    return penalties[c]! * ((free * dot(own, rough)) / deviance + roughTrace(ready, k, inverse)) - rank
  })
  return { value: free * Math.log(deviance / free) + logDeterminant - logs, gradient }
}

/** n times the logarithm of the generalised cross-validation score (Craven & Wahba 1979). */
function gcv(ready: Prepared, penalties: Float64Array, { products, squares }: Target): Scored {
  const { coefficients, inverse } = solvedAt(ready, penalties, products)
  const n = ready.x.rows
  const hat = linalg.matmul(inverse, ready.cross)
  let freedom = 0
  for (let a = 0; a < hat.rows; a++) freedom += hat.data[a * (hat.rows + 1)]!
  const image = linalg.matvec(ready.cross, coefficients)
  const residual = squares - 2 * dot(coefficients, products) + dot(coefficients, image)
  const missed = products.map((value, a) => value - image[a]!)
  const gradient = Float64Array.from(ready.curves, (k, c) => {
    const [, rough] = roughOf(ready, k, coefficients)
    const wide = new Float64Array(products.length)
    wide.set(rough, ready.starts[k])
    const turned = linalg.matvec(inverse, wide)
    const loss = 2 * penalties[c]! * dot(missed, turned)
    const lost = -penalties[c]! * hatTrace(ready, k, inverse, hat)
    return n * (loss / residual + (2 * lost) / (n - freedom))
  })
  return { value: n * Math.log((n * residual) / (n - freedom) ** 2), gradient }
}

/** Trace of inverse S inverse X'X: the rows of the term's block of the hat matrix against the inverse. */
function hatTrace({ starts, problem, rough }: Prepared, k: number, inverse: linalg.Matrix, hat: linalg.Matrix): number {
  const [at, size, p] = [starts[k]!, problem.basis.size, inverse.rows]
  let sum = 0
  for (let a = 0; a < size; a++)
    for (let b = Math.max(0, a - 2); b <= Math.min(size - 1, a + 2); b++) {
      let own = 0
      for (let m = 0; m < p; m++) own += hat.data[(at + b) * p + m]! * inverse.data[m * p + at + a]!
      sum += rough[a * size + b]! * own
    }
  return sum
}

const criteria: Readonly<Record<Smoothness, typeof reml>> = { reml, gcv }

/**
 * Fit with penalties chosen by the criterion, from `start` (logs) where given; or with given penalties. Throws `InputError`
 * CollinearVariables.
 */
export function fitPenalised(
  ready: Prepared,
  target: Float64Array,
  smoothness: Smoothness | Float64Array,
  start?: Float64Array,
): PenalisedFit {
  const made: Target = { products: linalg.matvec(ready.x, target, { transpose: true }), squares: dot(target, target) }
  const given = smoothness instanceof Float64Array
  const criterion = criteria[given ? 'reml' : smoothness]
  const penalties = given ? smoothness : chosen(ready, made, smoothness, start)
  const { coefficients, inverse } = solvedAt(ready, penalties, made.products)
  const fitted = linalg.matvec(ready.x, coefficients)
  const residuals = target.map((value, i) => value - fitted[i]!)
  const freedom = freedomOf(ready, inverse)
  const all = freedom.reduce((sum, value) => sum + value, 0)
  const residualSquares = dot(residuals, residuals)
  return {
    ...{ coefficients, inverse, penalties, freedom, residualSquares, residuals },
    variance: residualSquares / (target.length - all),
    score: criterion(ready, penalties, made).value,
  }
}

/** Cross-validation has several minima where noise looks like structure: it also starts where likelihood ends. */
const startsBefore: Readonly<Record<Smoothness, Smoothness | undefined>> = { reml: undefined, gcv: 'reml' }

function chosen(ready: Prepared, target: Target, smoothness: Smoothness, start?: Float64Array): Float64Array {
  const count = ready.curves.length
  if (count === 0) return new Float64Array(0)
  const bounds = { lower: new Float64Array(count).fill(SOFT), upper: new Float64Array(count).fill(HARD) }
  const before = startsBefore[smoothness]
  const starts =
    start !== undefined
      ? [start]
      : [new Float64Array(count), ...(before ? [chosen(ready, target, before).map(Math.log)] : [])]
  const ends = starts.map((from) =>
    minimise((logs) => criteria[smoothness](ready, logs.map(Math.exp), target), from, bounds, TOLERANCES),
  )
  return ends.reduce((best, end) => (end.value < best.value ? end : best)).x.map(Math.exp)
}

function freedomOf({ starts, cross }: Prepared, inverse: linalg.Matrix): Float64Array {
  const p = cross.rows
  return Float64Array.from({ length: starts.length - 1 }, (_, k) => {
    let sum = 0
    for (let a = starts[k]!; a < starts[k + 1]!; a++)
      for (let b = 0; b < p; b++) sum += inverse.data[a * p + b]! * cross.data[b * p + a]!
    return sum
  })
}
