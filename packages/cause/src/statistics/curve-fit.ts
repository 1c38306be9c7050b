/**
 * Nonlinear least squares by the method of Levenberg and Marquardt with a trust region (More 1978), for few parameters.
 * Steps, tolerances and forward differences are those of MINPACK's `lmdif`, so that fits that end early end alike.
 */
import { regressor, triangulate } from './least-squares.ts'
import { dot } from './moments.ts'

const EPS = 2.220446049250313e-16
const TOLERANCE = 1.49012e-8
const FACTOR = 100

export interface CurveFit {
  readonly parameters: Float64Array
  /** Whether it converged before the limit of evaluations. */
  readonly converged: boolean
}

type Residuals = (parameters: Float64Array) => Float64Array

interface Model {
  readonly jacobian: readonly Float64Array[]
  readonly residuals: Float64Array
  /** Lengths that steps are measured in, one per parameter. */
  readonly scale: Float64Array
}

const norm = (values: Float64Array): number => Math.sqrt(dot(values, values))
const scaled = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, k) => value * b[k]!)

function differences(residuals: Residuals, at: Float64Array, here: Float64Array): Float64Array[] {
  return Array.from(at, (value, k) => {
    const step = Math.sqrt(EPS) * Math.abs(value) || Math.sqrt(EPS)
    const moved = at.slice()
    moved[k] = value + step
    return residuals(moved).map((r, i) => (r - here[i]!) / step)
  })
}

/** Minimises the sum of squares of `residuals` from `start`. */
export function fitCurve(residuals: Residuals, start: Float64Array): CurveFit {
  const most = 200 * (start.length + 1)
  let x = start.slice()
  let here = residuals(x)
  let size = norm(here)
  let scale: Float64Array | undefined
  let [lambda, radius, evaluations] = [0, 0, 1]
  for (;;) {
    const jacobian = differences(residuals, x, here)
    evaluations += x.length
    const lengths = Float64Array.from(jacobian, norm)
    const first = scale === undefined
    if (scale === undefined) {
      scale = lengths.map((length) => length || 1)
      radius = FACTOR * norm(scaled(scale, x)) || FACTOR
    }
    if (size === 0 || jacobian.every((column) => dot(column, here) === 0)) return { parameters: x, converged: true }
    scale = scale.map((value, k) => Math.max(value, lengths[k]!))
    const model = { jacobian, residuals: here, scale }
    for (let accepted = false; !accepted; ) {
      const step = trustStep(model, radius, lambda)
      const moved = x.map((value, k) => value - step.step[k]!)
      const length = norm(scaled(scale, step.step))
      if (first && evaluations === x.length + 1) radius = Math.min(radius, length)
      const there = residuals(moved)
      evaluations++
      const judged = judge(model, step, length, size, norm(there))
      ;[radius, lambda] = resized(judged, radius, length, step.lambda)
      accepted = judged.ratio >= 1e-4
      if (accepted) {
        x = moved
        here = there
        size = norm(there)
      }
      const small = Math.abs(judged.actual) <= TOLERANCE && judged.predicted <= TOLERANCE && judged.ratio <= 2
      if (small || radius <= TOLERANCE * norm(scaled(scale, x))) return { parameters: x, converged: true }
      if (evaluations >= most || !Number.isFinite(size)) return { parameters: x, converged: false }
    }
  }
}

interface Judged {
  readonly actual: number
  readonly predicted: number
  readonly ratio: number
  readonly slope: number
  readonly worse: boolean
}

function judge(model: Model, { step, lambda }: Step, length: number, size: number, sizeThere: number): Judged {
  const linear = new Float64Array(model.residuals.length)
  for (const [k, column] of model.jacobian.entries())
    for (let i = 0; i < linear.length; i++) linear[i] = linear[i]! + column[i]! * step[k]!
  const [own, damping] = [norm(linear) / size, (Math.sqrt(lambda) * length) / size]
  const actual = 0.1 * sizeThere < size ? 1 - (sizeThere / size) ** 2 : -1
  const predicted = own ** 2 + damping ** 2 * 2
  return {
    actual,
    predicted,
    ratio: predicted === 0 ? 0 : actual / predicted,
    slope: -(own ** 2 + damping ** 2),
    worse: !(0.1 * sizeThere < size),
  }
}

function resized(
  { ratio, actual, slope, worse }: Judged,
  radius: number,
  length: number,
  lambda: number,
): [number, number] {
  if (ratio <= 0.25) {
    const wanted = actual >= 0 ? 0.5 : (0.5 * slope) / (slope + 0.5 * actual)
    const shrink = worse || wanted < 0.1 ? 0.1 : wanted
    return [shrink * Math.min(radius, length / 0.1), lambda / shrink]
  }
  return lambda === 0 || ratio >= 0.75 ? [length / 0.5, lambda * 0.5] : [radius, lambda]
}

interface Step {
  readonly step: Float64Array
  readonly lambda: number
}

/** The damped step whose scaled length is within a tenth of the radius, and its damping. */
function trustStep(model: Model, radius: number, before: number): Step {
  const { jacobian, residuals, scale } = model
  const free = regressor(jacobian)
  let step = free.fit(residuals).coefficients
  let length = norm(scaled(scale, step))
  let excess = length - radius
  if (excess <= 0.1 * radius) return { step, lambda: 0 }
  const gradient = norm(Float64Array.from(jacobian, (column, k) => dot(column, residuals) / scale[k]!))
  let low = free.rank === jacobian.length ? excess / (radius * inverseLength(jacobian, scale, step, length) ** 2) : 0
  let high = gradient / radius || Number.MIN_VALUE / Math.min(radius, 0.1)
  let lambda = Math.min(Math.max(before, low), high) || gradient / length
  for (let i = 1; ; i++) {
    if (lambda === 0) lambda = Math.max(2.2250738585072014e-308, 0.001 * high)
    const columns = damped(jacobian, scale, Math.sqrt(lambda))
    const target = new Float64Array(residuals.length + scale.length)
    target.set(residuals)
    step = regressor(columns).fit(target).coefficients
    length = norm(scaled(scale, step))
    const last = excess
    excess = length - radius
    if (Math.abs(excess) <= 0.1 * radius || (low === 0 && excess <= last && last < 0) || i === 10) break
    const correction = excess / (radius * inverseLength(columns, scale, step, length) ** 2)
    if (excess > 0) low = Math.max(low, lambda)
    if (excess < 0) high = Math.min(high, lambda)
    lambda = Math.max(low, lambda + correction)
  }
  return { step, lambda }
}

/** The Jacobian with the scaled identity, times `root`, below it. */
const damped = (jacobian: readonly Float64Array[], scale: Float64Array, root: number): Float64Array[] =>
  jacobian.map((column, k) => {
    const out = new Float64Array(column.length + scale.length)
    out.set(column)
    out[column.length + k] = root * scale[k]!
    return out
  })

/** Length of the solution w of R' w = D D step / length, R the triangle of the columns. */
function inverseLength(
  columns: readonly Float64Array[],
  scale: Float64Array,
  step: Float64Array,
  length: number,
): number {
  const { triangle } = triangulate(columns)
  const w = step.map((value, k) => (scale[k]! ** 2 * value) / length)
  for (let k = 0; k < w.length; k++) {
    for (let i = 0; i < k; i++) w[k] = w[k]! - triangle[k]![i]! * w[i]!
    w[k] = w[k]! / triangle[k]![k]!
  }
  return norm(w)
}
