/**
 * Linear regression that leaves predictors out: the adaptive lasso (Zou 2006), by least angle regression (Efron, Hastie,
 * Johnstone & Tibshirani 2004) and the Bayesian information criterion with the lasso's degrees of freedom (Zou et al. 2007).
 */
import { InputError } from '@ecotope/core'
import { regress } from '../statistics/least-squares.ts'
import { dot, standardised } from '../statistics/moments.ts'

/** Correlations below this share of the samples end the path. */
const LEAST_CORRELATION = 1.1920928955078125e-7
const TINY = 1.1754943508222875e-38
const EPS = 2.220446049250313e-16
/** Predictors whose new part is smaller than this are taken for copies of others. */
const DEGENERATE = 1e-7
const MOST_STEPS = 500

/**
 * Coefficients of `target` on `predictors` (with an intercept that is not returned), on their own scales; 0 where the lasso
 * leaves a predictor out, least squares on the others. Throws `InputError` TooFewSamples.
 */
export function adaptiveLasso(predictors: readonly Float64Array[], target: Float64Array): Float64Array {
  const out = new Float64Array(predictors.length)
  if (predictors.length === 0) return out
  const scaled = predictors.map(standardised)
  const y = standardised(target)
  const { coefficients } = regress(scaled, y, { intercept: true })
  const weights = scaled.map((_, k) => Math.abs(coefficients[k]!))
  const weighted = scaled.map((row, k) => row.map((value) => value * weights[k]!))
  const chosen = lassoByCriterion(weighted, y)
  const kept = [...out.keys()].filter((k) => Math.abs(chosen[k]! * weights[k]!) > 0)
  if (kept.length === 0) return out
  const fit = regress(
    kept.map((k) => predictors[k]!),
    target,
    { intercept: true },
  )
  for (const [at, k] of kept.entries()) out[k] = fit.coefficients[at]!
  return out
}

/** The point of the lasso's path with the least criterion. Rows have mean 0. */
function lassoByCriterion(rows: readonly Float64Array[], y: Float64Array): Float64Array {
  const [n, p] = [y.length, rows.length]
  if (n <= p + 1)
    throw new InputError('TooFewSamples', `${n} samples are too few to choose among ${p} predictors`, {
      hint: 'Use longer series, fewer variables or fewer lags.',
      data: { samples: n, predictors: p },
    })
  const { residuals } = regress(rows, y)
  const noise = dot(residuals, residuals) / (n - p - 1)
  let best: Float64Array = new Float64Array(p)
  let least = Number.POSITIVE_INFINITY
  for (const coefficients of lassoPath(rows, y)) {
    const left = y.slice()
    for (const [k, row] of rows.entries()) {
      const factor = coefficients[k]!
      if (factor !== 0) for (let i = 0; i < n; i++) left[i]! -= factor * row[i]!
    }
    const degrees = coefficients.reduce((count, value) => count + (Math.abs(value) > EPS ? 1 : 0), 0)
    const criterion = dot(left, left) / noise + Math.log(n) * degrees
    if (criterion < least) [best, least] = [coefficients, criterion]
  }
  return best
}

/** Where coefficients enter or leave as the penalty falls to 0, beginning with all at 0. */
export function lassoPath(rows: readonly Float64Array[], y: Float64Array): Float64Array[] {
  const gram = rows.map((a) => Float64Array.from(rows, (b) => dot(a, b)))
  const first = Float64Array.from(rows, (row) => dot(row, y))
  const path = new LassoPath(gram, first, y.length)
  while (path.step());
  return path.knots
}

class LassoPath {
  readonly knots: Float64Array[]
  readonly #gram: readonly Float64Array[]
  readonly #first: Float64Array
  readonly #samples: number
  /** Of predictors that are not active with what is left of the target. */
  readonly #correlation: Float64Array
  #active: number[] = []
  #signs: number[] = []
  #dropped = false
  #penalty = Number.POSITIVE_INFINITY

  constructor(gram: readonly Float64Array[], first: Float64Array, samples: number) {
    this.#gram = gram
    this.#first = first
    this.#samples = samples
    this.#correlation = first.slice()
    this.knots = [new Float64Array(first.length)]
  }

  #inactive(): number[] {
    return [...this.#first.keys()].filter((k) => !this.#active.includes(k))
  }

  /** One knot on; false at the end of the path. */
  step(): boolean {
    const inactive = this.#inactive()
    const next = inactive.reduce(
      (best, k) => (Math.abs(this.#correlation[k]!) > Math.abs(this.#correlation[best]!) ? k : best),
      inactive[0] ?? 0,
    )
    const most = inactive.length === 0 ? 0 : Math.abs(this.#correlation[next]!)
    const penalty = most / this.#samples
    if (penalty <= LEAST_CORRELATION || this.knots.length > MOST_STEPS) return false
    if (!this.#dropped && !this.#enter(next)) return true
    if (this.knots.length > 1 && this.#penalty < penalty) return false
    this.#penalty = penalty
    this.#advance(most)
    return true
  }

  /** False where the predictor is a combination of the active ones: it is then never asked again. */
  #enter(k: number): boolean {
    const sign = Math.sign(this.#correlation[k]!)
    const members = [...this.#active, k]
    const factor = choleskyOf(members.map((i) => members.map((j) => this.#gram[i]![j]!)))
    if (factor.at(-1)!.at(-1)! < DEGENERATE) {
      this.#correlation[k] = 0
      return false
    }
    this.#active = members
    this.#signs.push(sign)
    return true
  }

  #advance(most: number): void {
    const active = this.#active
    const direction = this.#equiangular()
    const scale = direction.scale
    const turn = this.#inactive().map((k) => {
      const product = active.reduce((sum, j, at) => sum + this.#gram[j]![k]! * direction.values[at]!, 0)
      return [k, Math.round(product * 1e15) / 1e15] as const
    })
    const catches = turn.flatMap(([k, product]) => [
      (most - this.#correlation[k]!) / (scale - product + TINY),
      (most + this.#correlation[k]!) / (scale + product + TINY),
    ])
    const before = this.knots.at(-1)!
    const crossings = active.map((k, at) => -before[k]! / (direction.values[at]! + TINY))
    const [enter, leave] = [Math.min(leastPositive(catches), most / scale), leastPositive(crossings)]
    this.#dropped = leave < enter
    const length = this.#dropped ? leave : enter
    const knot = new Float64Array(before.length)
    for (const [at, k] of active.entries()) knot[k] = before[k]! + length * direction.values[at]!
    this.knots.push(knot)
    for (const [k, product] of turn) this.#correlation[k]! -= length * product
    if (this.#dropped)
      this.#drop(
        crossings.map((value) => value === leave),
        knot,
      )
  }

  /** Direction in which all active predictors stay equally correlated with what is left. */
  #equiangular(): { readonly values: number[]; readonly scale: number } {
    const members = this.#active
    const factor = choleskyOf(members.map((i) => members.map((j) => this.#gram[i]![j]!)))
    const values = solved(factor, this.#signs)
    const scale = 1 / Math.sqrt(values.reduce((sum, value, k) => sum + value * this.#signs[k]!, 0))
    return { values: values.map((value) => value * scale), scale }
  }

  #drop(gone: readonly boolean[], knot: Float64Array): void {
    for (const [at, k] of this.#active.entries()) {
      if (!gone[at]) continue
      this.#correlation[k] = this.#first[k]! - dot(this.#gram[k]!, knot)
    }
    this.#signs = this.#signs.filter((_, at) => !gone[at])
    this.#active = this.#active.filter((_, at) => !gone[at])
  }
}

const leastPositive = (values: readonly number[]): number =>
  values.reduce((least, value) => (value > 0 && value < least ? value : least), Number.MAX_VALUE)

/** Lower triangle by rows. */
function choleskyOf(matrix: readonly (readonly number[])[]): number[][] {
  const rows: number[][] = []
  for (const [i, values] of matrix.entries()) {
    const row: number[] = []
    for (let j = 0; j <= i; j++) {
      let rest = values[j]!
      for (let k = 0; k < j; k++) rest -= row[k]! * (rows[j]?.[k] ?? row[k]!)
      row.push(j < i ? rest / rows[j]![j]! : Math.max(Math.sqrt(Math.abs(rest)), EPS))
    }
    rows.push(row)
  }
  return rows
}

function solved(factor: readonly (readonly number[])[], right: readonly number[]): number[] {
  const x = [...right]
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < i; k++) x[i]! -= factor[i]![k]! * x[k]!
    x[i]! /= factor[i]![i]!
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i]! -= factor[k]![i]! * x[k]!
    x[i]! /= factor[i]![i]!
  }
  return x
}
