/**
 * Logistic regression of classes with a quadratic penalty (as scikit-learn fits it by default: C = 1, intercepts free), by
 * Newton steps with backtracking. It ends where the reference ends, which its deviance shows in the sixth digit.
 */
import { solveLinear } from './linear-system.ts'

const TOLERANCE = 1e-4
const MOST_STEPS = 100
const EPS = 2.220446049250313e-16

interface Problem {
  /** Columns of predictors; the last is all ones and not penalised. */
  readonly columns: readonly Float64Array[]
  /** Class of each sample, from 0. */
  readonly labels: Int32Array
  /** Linear predictors: one for two classes, else one per class. */
  readonly outputs: number
  readonly penalty: number
}

/** Twice the negative log-likelihood of the fitted model. `labels` are 0 .. classes - 1, of at least two classes. */
export function logisticDeviance(predictors: readonly Float64Array[], labels: Int32Array, classes: number): number {
  const n = labels.length
  const columns = [...predictors, new Float64Array(n).fill(1)]
  const problem: Problem = { columns, labels, outputs: classes === 2 ? 1 : classes, penalty: 1 / n }
  const raw = fit(problem)
  let deviance = 0
  for (let i = 0; i < n; i++) {
    const p = probabilities(raw, i)
    const own = problem.outputs === 1 ? (labels[i] === 1 ? p[0]! : 1 - p[0]!) : p[labels[i]!]!
    deviance -= 2 * Math.log(Math.min(1 - EPS, Math.max(EPS, own)))
  }
  return deviance
}

/** Coefficients: of all outputs for the first predictor, then for the second, ... */
function fit(problem: Problem): Float64Array[] {
  const size = problem.columns.length * problem.outputs
  // The likelihood of several classes does not change when all intercepts do: the last stays at 0.
  const free = problem.outputs === 1 ? size : size - 1
  let coefficients: Float64Array = new Float64Array(size)
  let raw = predict(problem, coefficients)
  let loss = lossOf(problem, coefficients, raw)
  let gradient = gradientOf(problem, coefficients, raw)
  for (let step = 0; step < MOST_STEPS; step++) {
    const hessian = hessianOf(problem, raw)
    const newton = new Float64Array(size)
    newton.set(
      solveLinear(
        hessian,
        size,
        gradient.subarray(0, free).map((value) => -value),
      ),
    )
    const slope = gradient.reduce((sum, value, k) => sum + (k < free ? value * newton[k]! : 0), 0)
    const moved = backtrack(problem, { coefficients, raw, loss, gradient, newton, slope })
    if (moved === undefined) break
    ;({ coefficients, raw, loss, gradient } = moved)
    const steepest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    if (steepest <= TOLERANCE && 0.5 * quadratic(hessian, newton, free) <= TOLERANCE) break
  }
  return raw
}

interface State {
  readonly coefficients: Float64Array
  readonly raw: Float64Array[]
  readonly loss: number
  readonly gradient: Float64Array
}

/** Halves the step until the loss falls enough; undefined where it does not. */
function backtrack(problem: Problem, from: State & { newton: Float64Array; slope: number }): State | undefined {
  const direction = predict(problem, from.newton)
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + Math.abs(value), 0)
  for (let t = 1; t > 2 ** -21; t /= 2) {
    const coefficients = from.coefficients.map((value, k) => value + t * from.newton[k]!)
    const raw = from.raw.map((values, k) => values.map((value, i) => value + t * direction[k]![i]!))
    const loss = lossOf(problem, coefficients, raw)
    const gradient = gradientOf(problem, coefficients, raw)
    const gain = loss - from.loss
    const rounding = Math.abs(gain) <= Math.abs(from.loss) * 16 * EPS
    if (gain <= (t * from.slope) / 2048 || (rounding && total(gradient) < total(from.gradient)))
      return { coefficients, raw, loss, gradient }
  }
  return undefined
}

function predict({ columns, outputs }: Problem, coefficients: Float64Array): Float64Array[] {
  return Array.from({ length: outputs }, (_, k) => {
    const out = new Float64Array(columns[0]!.length)
    for (const [c, column] of columns.entries()) {
      const factor = coefficients[c * outputs + k]!
      if (factor !== 0) for (let i = 0; i < out.length; i++) out[i] = out[i]! + factor * column[i]!
    }
    return out
  })
}

function probabilities(raw: readonly Float64Array[], i: number): number[] {
  if (raw.length === 1) return [1 / (1 + Math.exp(-raw[0]![i]!))]
  const values = raw.map((row) => row[i]!)
  const most = Math.max(...values)
  const powers = values.map((value) => Math.exp(value - most))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((value) => value / sum)
}

/** Mean negative log-likelihood and penalty. */
function lossOf(
  { columns, labels, outputs, penalty }: Problem,
  coefficients: Float64Array,
  raw: Float64Array[],
): number {
  let sum = 0
  for (let i = 0; i < labels.length; i++) {
    const values = outputs === 1 ? [0, raw[0]![i]!] : raw.map((row) => row[i]!)
    const most = Math.max(...values)
    sum += most + Math.log(values.reduce((total, value) => total + Math.exp(value - most), 0)) - values[labels[i]!]!
  }
  const penalised = coefficients.subarray(0, (columns.length - 1) * outputs)
  return sum / labels.length + 0.5 * penalty * penalised.reduce((total, value) => total + value * value, 0)
}

function gradientOf(
  { columns, labels, outputs, penalty }: Problem,
  coefficients: Float64Array,
  raw: Float64Array[],
): Float64Array {
  const out = new Float64Array(coefficients.length)
  for (let i = 0; i < labels.length; i++) {
    const p = probabilities(raw, i)
    for (let k = 0; k < outputs; k++) {
      const excess = p[k]! - (outputs === 1 ? labels[i]! : Number(labels[i] === k))
      for (let c = 0; c < columns.length; c++) out[c * outputs + k]! += excess * columns[c]![i]!
    }
  }
  const penalised = (columns.length - 1) * outputs
  return out.map((value, k) => value / labels.length + (k < penalised ? penalty * coefficients[k]! : 0))
}

function hessianOf({ columns, labels, outputs, penalty }: Problem, raw: Float64Array[]): Float64Array {
  const size = columns.length * outputs
  const out = new Float64Array(size * size)
  for (let i = 0; i < labels.length; i++) {
    const p = probabilities(raw, i)
    for (let k = 0; k < outputs; k++)
      for (let l = 0; l < outputs; l++) {
        const weight = p[k]! * (Number(k === l) - p[l]!)
        for (let c = 0; c < columns.length; c++) {
          const value = weight * columns[c]![i]!
          if (value === 0) continue
          for (let d = 0; d < columns.length; d++)
            out[(c * outputs + k) * size + d * outputs + l]! += value * columns[d]![i]!
        }
      }
  }
  for (let k = 0; k < out.length; k++) out[k] = out[k]! / labels.length
  for (let k = 0; k < (columns.length - 1) * outputs; k++) out[k * size + k]! += penalty
  return out
}

function quadratic(hessian: Float64Array, step: Float64Array, free: number): number {
  let sum = 0
  for (let a = 0; a < free; a++)
    for (let b = 0; b < free; b++) sum += step[a]! * hessian[a * step.length + b]! * step[b]!
  return sum
}
