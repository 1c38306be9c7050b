/**
 * The log marginal likelihood of a Gaussian process and its gradient (Rasmussen & Williams 2006, equations 5.8 and 5.9), by
 * the full matrix or, where few smooth curves span it, by a factor of low rank.
 */
import { linalg } from '@ecotope/tensor'
import { inverseFrom } from './gpdc-inverse.ts'
import type { KernelPoint, LogParameter, ParameterKind } from './gpdc-kernel.ts'
import { factorKernel } from './gpdc-low-rank.ts'

export interface Evidence {
  /** Natural logarithm; -Infinity where the matrix is not positive definite. */
  readonly value: number
  /** By the logarithm of each parameter. */
  readonly gradient: Float64Array
  /** The matrix's inverse times the target: residuals are `noise` times these. */
  readonly weights: Float64Array
}

export interface EvidenceProblem {
  /** Conditions, one array each. */
  readonly z: readonly Float64Array[]
  readonly target: Float64Array
  readonly parameters: readonly LogParameter[]
  /** Added to the diagonal beside the noise. */
  readonly nugget: number
}

/** Below this noise the low-rank factor's own error would show. */
const LEAST_NOISE = 1e-3
/** Up to this share of the samples the low rank pays. */
const RANK_SHARE = 0.22

/** Evidence at one point after another; remembers where a low rank was too much to hope for. */
export function evidenceOf(problem: EvidenceProblem): (point: KernelPoint) => Evidence {
  const { z, target } = problem
  const n = target.length
  let hopeless = 0
  const room: Room = {}
  return (point) => {
    const noise = point.noise + problem.nugget
    const size = point.lengths.reduce((product, length) => product * length, 1)
    if (noise >= LEAST_NOISE && size > hopeless) {
      const scaled = z.map((row, k) => row.map((value) => value / point.lengths[k]!))
      const factor = factorKernel(scaled, Math.max(1e-15, 1e-13 * noise), Math.ceil(RANK_SHARE * n))
      if (factor !== undefined) return byLowRank(problem, point, noise, scaled, factor)
      // The rank falls about as the volume of the length scales grows.
      hopeless = 2 * size
    }
    return byFullMatrix(problem, point, noise, room)
  }
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function gradientOf(
  { parameters }: EvidenceProblem,
  slopes: Readonly<Record<ParameterKind, (axis: number) => number>>,
): Float64Array {
  return Float64Array.from(parameters, ({ kind, axis, fixed }) => {
    return fixed ? 0 : slopes[kind](axis)
  })
}

function byLowRank(
  problem: EvidenceProblem,
  { variance, noise: own }: KernelPoint,
  noise: number,
  scaled: readonly Float64Array[],
  u: linalg.Matrix,
): Evidence {
  const { target } = problem
  const [n, r] = [target.length, u.rows]
  const gram = linalg.syrk(u)
  const inner = { rows: r, columns: r, data: gram.data.map((value) => variance * value) }
  for (let i = 0; i < r; i++) inner.data[i * (r + 1)]! += noise
  const factor = linalg.cholesky(inner)
  const inverse = linalg.choleskySolve(factor, linalg.identity(r))
  const uy = linalg.matvec(u, target)
  const back = linalg.matvec(u, linalg.matvec(inverse, uy), { transpose: true })
  const weights = target.map((value, i) => (value - variance * back[i]!) / noise)
  const determinant = (n - r) * Math.log(noise) + linalg.logDeterminant(factor)
  let trace = 0
  for (let i = 0; i < r; i++) trace += inverse.data[i * (r + 1)]!
  const uw = linalg.matvec(u, weights)
  const length = (axis: number): number =>
    lengthSlope({ scaled: axis < 0 ? scaled : [scaled[axis]!], u, inverse, weights, uw, variance, noise })
  return {
    value: -0.5 * dot(target, weights) - 0.5 * determinant - (n / 2) * Math.log(2 * Math.PI),
    weights,
    gradient: gradientOf(problem, {
      variance: () => 0.5 * (variance * dot(uw, uw) - (r - noise * trace)),
      noise: () => 0.5 * own * (dot(weights, weights) - ((n - r) / noise + trace)),
      length,
    }),
  }
}

interface LowRankParts {
  readonly scaled: readonly Float64Array[]
  readonly u: linalg.Matrix
  readonly inverse: linalg.Matrix
  readonly weights: Float64Array
  readonly uw: Float64Array
  readonly variance: number
  readonly noise: number
}

/**
 * The kernel times squared distances is a sum of the kernel between diagonal matrices, |z - z'|^2 = z^2 - 2 z z' + z'^2, and so
 * its trace with the inverse needs products of the factor only.
 */
function lengthSlope({ scaled, u, inverse, weights, uw, variance, noise }: LowRankParts): number {
  const [r, n] = [u.rows, u.columns]
  const squares = new Float64Array(n)
  for (const row of scaled) for (let i = 0; i < n; i++) squares[i]! += row[i]! * row[i]!
  const weighted = (by: Float64Array): linalg.Matrix => {
    const data = new Float64Array(r * n)
    for (let k = 0; k < r; k++) for (let i = 0; i < n; i++) data[k * n + i] = u.data[k * n + i]! * by[i]!
    return linalg.matmul({ rows: r, columns: n, data }, u, { transposeB: true })
  }
  const pull = (by: Float64Array): Float64Array =>
    linalg.matvec(
      u,
      weights.map((value, i) => value * by[i]!),
    )
  const p = weighted(squares)
  let quadratic = 2 * dot(pull(squares), uw)
  let traces = 0
  for (let i = 0; i < r; i++) traces += p.data[i * (r + 1)]!
  traces = (2 * (traces - noise * dot(p.data, inverse.data))) / variance
  for (const row of scaled) {
    const [q, pulled] = [weighted(row), pull(row)]
    quadratic -= 2 * dot(pulled, pulled)
    traces -= 2 * dot(linalg.matmul(inverse, q).data, q.data)
  }
  return 0.5 * (variance * quadratic + ((variance * variance) / noise) * traces)
}

/** What evaluations at several points share. */
interface Room {
  /** Squared distances over all conditions, lower triangle in a full matrix. */
  squares?: Float64Array
  kernel?: Float64Array
}

function byFullMatrix(
  problem: EvidenceProblem,
  { variance, lengths, noise: own }: KernelPoint,
  noise: number,
  room: Room,
): Evidence {
  const { z, target, parameters } = problem
  const n = target.length
  const alike = parameters.every(({ kind, axis }) => kind !== 'length' || axis < 0)
  const shrink = alike ? 1 / lengths[0]! ** 2 : 1
  if (room.squares === undefined || !alike) room.squares = squaredDistances(z, alike ? undefined : lengths)
  room.kernel ??= new Float64Array(n * n)
  const { squares, kernel } = room
  fillKernel(kernel, squares, n, shrink, variance)
  // The diagonal is known and nobody but the factorisation reads it.
  for (let i = 0; i < n; i++) kernel[i * (n + 1)] = variance + noise
  const factor = factorOf({ rows: n, columns: n, data: kernel })
  if (factor === undefined)
    return { value: Number.NEGATIVE_INFINITY, gradient: new Float64Array(parameters.length), weights: target }
  const weights = linalg.choleskySolve(factor, { rows: n, columns: 1, data: target }).data
  const inverse = inverseFrom(factor.lower).data
  const parts = { kernel, inverse, weights }
  let trace = 0
  for (let i = 0; i < n; i++) trace += inverse[i * (n + 1)]!
  return {
    value: -0.5 * dot(target, weights) - 0.5 * linalg.logDeterminant(factor) - (n / 2) * Math.log(2 * Math.PI),
    weights,
    gradient: gradientOf(problem, {
      variance: () => varianceSlope(parts, variance),
      noise: () => 0.5 * own * (dot(weights, weights) - trace),
      length: (axis) =>
        axis < 0
          ? shrink * lengthTrace(parts, squares)
          : lengthTrace(parts, squaredDistances([z[axis]!], lengths.subarray(axis, axis + 1))),
    }),
  }
}

/** Lower triangle, row by row in a full matrix; in units of `lengths` where given. */
function squaredDistances(z: readonly Float64Array[], lengths?: Float64Array): Float64Array {
  const n = z[0]!.length
  const out = new Float64Array(n * n)
  for (const [k, values] of z.entries()) {
    const scale = lengths === undefined ? 1 : 1 / lengths[k]!
    for (let i = 0; i < n; i++) {
      const [at, own] = [i * n, values[i]!]
      for (let j = 0; j < i; j++) {
        const d = (own - values[j]!) * scale
        out[at + j]! += d * d
      }
    }
  }
  return out
}

function fillKernel(kernel: Float64Array, squares: Float64Array, n: number, shrink: number, variance: number): void {
  const factor = -0.5 * shrink
  for (let i = 0; i < n; i++) {
    const [from, to] = [i * n, i * n + i]
    for (let at = from; at < to; at++) kernel[at] = variance * Math.exp(factor * squares[at]!)
  }
}

/** Undefined where the matrix itself is not positive definite. */
function factorOf(whole: linalg.Matrix): linalg.CholeskyFactor | undefined {
  try {
    const factor = linalg.cholesky(whole)
    return factor.relativeJitter === 0 ? factor : undefined
  } catch {
    return undefined
  }
}

interface FullParts {
  /** Lower triangle; the diagonal is not read. */
  readonly kernel: Float64Array
  readonly inverse: Float64Array
  readonly weights: Float64Array
}

/** Half the trace of (w w^T - inverse) times the kernel. */
function varianceSlope({ kernel, inverse, weights }: FullParts, variance: number): number {
  const n = weights.length
  let total = 0
  for (let i = 0; i < n; i++) {
    const [at, own] = [i * n, weights[i]!]
    for (let j = 0; j < i; j++) total += (own * weights[j]! - inverse[at + j]!) * kernel[at + j]!
    total += 0.5 * variance * (own * own - inverse[at + i]!)
  }
  return total
}

/** The same with the kernel times squared distances, which are 0 on the diagonal. */
function lengthTrace({ kernel, inverse, weights }: FullParts, squares: Float64Array): number {
  const n = weights.length
  let total = 0
  for (let i = 0; i < n; i++) {
    const [from, own] = [i * n, weights[i]!]
    for (let j = 0; j < i; j++) {
      const at = from + j
      total += (own * weights[j]! - inverse[at]!) * kernel[at]! * squares[at]!
    }
  }
  return total
}
