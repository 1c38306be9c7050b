/**
 * Minimisation inside bounds: L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995, SIAM J. Sci. Comput. 16; the projected subspace step of
 * Morales & Nocedal 2011, ACM TOMS 38). For a handful of parameters: the limited-memory matrix is formed in full.
 */
import { searchLine } from './gpdc-line-search.ts'

export interface Evaluation {
  readonly value: number
  readonly gradient: Float64Array
}

export interface Bounds {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

export interface Tolerances {
  /** Smallest relative fall of the value in a step. */
  readonly value: number
  /** Largest entry of the projected gradient that counts as none. */
  readonly gradient: number
}

export interface Minimum extends Evaluation {
  readonly x: Float64Array
  readonly iterations: number
  readonly evaluations: number
}

/** The settings of the field's usual implementation. */
const [MEMORY, EVALUATIONS_PER_LINE, ITERATIONS] = [10, 20, 15000]
const TOLERANCES: Tolerances = { value: 2.220446049250313e-9, gradient: 1e-5 }
const EPS = 2.220446049250313e-16
const FREE_STEP = 1e10

type Vector = Float64Array

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

const times = (matrix: readonly Vector[], v: Vector): Vector => Float64Array.from(matrix, (row) => dot(row, v))

/** All bounds are finite. `evaluate` may give an infinite value where the function is not defined. */
export function minimise(
  evaluate: (x: Vector) => Evaluation,
  start: ArrayLike<number>,
  bounds: Bounds,
  tolerances: Tolerances = TOLERANCES,
): Minimum {
  const clip = (v: Vector): Vector => v.map((value, i) => Math.max(bounds.lower[i]!, Math.min(bounds.upper[i]!, value)))
  let x = clip(Float64Array.from(start))
  let now = evaluate(x)
  let evaluations = 1
  const memory = new Memory(x.length)
  const done = (iterations: number): Minimum => ({ ...now, x, iterations, evaluations })
  if (projectedSize(x, now.gradient, bounds) <= tolerances.gradient) return done(0)
  for (let iteration = 0; iteration < ITERATIONS; ) {
    const target = subspaceMinimum(memory, x, now.gradient, bounds)
    const direction = target.map((value, i) => value - x[i]!)
    const slope = dot(now.gradient, direction)
    const [from, before] = [x, now]
    if (slope < 0) {
      const longest = iteration === 0 ? 1 : longestStep(x, direction, bounds)
      const limits = { first: Math.min(1, longest), longest, evaluations: EVALUATIONS_PER_LINE }
      const found = searchLine({ value: now.value, slope }, limits, (step) => {
        x = step === 1 ? target : clip(from.map((value, i) => value + step * direction[i]!))
        now = evaluate(x)
        evaluations++
        return { value: now.value, slope: dot(now.gradient, direction) }
      })
      if (found.ended) {
        iteration++
        if (projectedSize(x, now.gradient, bounds) <= tolerances.gradient) return done(iteration)
        const size = Math.max(Math.abs(before.value), Math.abs(now.value), 1)
        if (before.value - now.value <= tolerances.value * size) return done(iteration)
        memory.learn(from, before, x, now, -slope * found.step)
        continue
      }
    }
    // The search failed: the steps remembered are dropped, and where there were none, this is the end.
    ;[x, now] = [from, before]
    if (memory.empty) return done(iteration)
    memory.forget()
  }
  return done(ITERATIONS)
}

/** Largest entry of the step along the negative gradient that stays inside the bounds. */
function projectedSize(x: Vector, gradient: Vector, { lower, upper }: Bounds): number {
  return gradient.reduce((most, g, i) => {
    const kept = g < 0 ? Math.max(x[i]! - upper[i]!, g) : Math.min(x[i]! - lower[i]!, g)
    return Math.max(most, Math.abs(kept))
  }, 0)
}

function longestStep(x: Vector, direction: Vector, { lower, upper }: Bounds): number {
  return direction.reduce((longest, d, i) => {
    if (d === 0) return longest
    const room = (d < 0 ? lower[i]! : upper[i]!) - x[i]!
    return d < 0 ? (room >= 0 ? 0 : Math.min(longest, room / d)) : room <= 0 ? 0 : Math.min(longest, room / d)
  }, FREE_STEP)
}

/** The last steps, and the matrix that they make of a multiple of the unit matrix. */
class Memory {
  matrix: readonly Vector[]
  readonly #size: number
  #pairs: (readonly [step: Vector, change: Vector])[] = []

  constructor(size: number) {
    this.#size = size
    this.matrix = scaledUnit(size, 1)
  }

  get empty(): boolean {
    return this.#pairs.length === 0
  }

  forget(): void {
    this.#pairs = []
    this.matrix = scaledUnit(this.#size, 1)
  }

  /** `fall`: what the old slope promised over the step. Steps along which the slope did not rise are not kept. */
  learn(from: Vector, before: Evaluation, to: Vector, after: Evaluation, fall: number): void {
    const step = to.map((value, i) => value - from[i]!)
    const change = after.gradient.map((value, i) => value - before.gradient[i]!)
    if (dot(step, change) <= EPS * fall) return
    this.#pairs = [...this.#pairs, [step, change] as const].slice(-MEMORY)
    const unit = scaledUnit(this.#size, dot(change, change) / dot(step, change))
    this.matrix = this.#pairs.reduce(updated, unit)
  }
}

const scaledUnit = (size: number, scale: number): Vector[] =>
  Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (_unused, j) => (i === j ? scale : 0)))

/** The update of Broyden, Fletcher, Goldfarb and Shanno. */
function updated(matrix: readonly Vector[], [step, change]: readonly [Vector, Vector]): Vector[] {
  const image = times(matrix, step)
  const [curvature, old] = [dot(step, change), dot(step, image)]
  return matrix.map((row, i) =>
    row.map((value, j) => value - (image[i]! * image[j]!) / old + (change[i]! * change[j]!) / curvature),
  )
}

/** First minimum of the quadratic model along the projected gradient path (section 4 of the paper), and what is free there. */
function cauchyPoint(memory: Memory, x: Vector, gradient: Vector, { lower, upper }: Bounds): [Vector, boolean[]] {
  const reach = gradient.map((g, i) => {
    if (g === 0) return Number.POSITIVE_INFINITY
    return g < 0 ? (x[i]! - upper[i]!) / g : (x[i]! - lower[i]!) / g
  })
  const free = Array.from(reach, (t) => t > 0)
  const direction = gradient.map((g, i) => (free[i] ? -g : 0))
  const point = x.slice()
  const first = -dot(direction, direction)
  const start = dot(direction, times(memory.matrix, direction))
  const breaks = [...reach.keys()].filter((i) => free[i] && reach[i]! < Number.POSITIVE_INFINITY)
  breaks.sort((a, b) => reach[a]! - reach[b]!)
  let [slope, curvature, at] = [first, start, 0]
  for (const i of breaks) {
    const stretch = reach[i]! - at
    if (-slope / curvature < stretch) break
    for (const j of breaks) if (direction[j] !== 0) point[j] = x[j]! + reach[i]! * direction[j]!
    point[i] = direction[i]! > 0 ? upper[i]! : lower[i]!
    at = reach[i]!
    direction[i] = 0
    free[i] = false
    const image = times(memory.matrix, direction)
    slope = dot(gradient, direction) + dot(point, image) - dot(x, image)
    curvature = Math.max(EPS * start, dot(direction, image))
    if (direction.every((d) => d === 0)) return [point, free]
  }
  const rest = Math.max(0, -slope / curvature)
  return [point.map((value, i) => value + (direction[i] === 0 ? 0 : rest * direction[i]!)), free]
}

/** The minimum of the model over what is free at the Cauchy point, brought back inside the bounds. */
function subspaceMinimum(memory: Memory, x: Vector, gradient: Vector, bounds: Bounds): Vector {
  const [cauchy, isFree] = cauchyPoint(memory, x, gradient, bounds)
  const free = [...x.keys()].filter((i) => isFree[i])
  if (memory.empty || free.length === 0) return cauchy
  const moved = cauchy.map((value, i) => value - x[i]!)
  const image = times(memory.matrix, moved)
  const right = Float64Array.from(free, (i) => -(gradient[i]! + image[i]!))
  const step = solvePositive(
    free.map((i) => Float64Array.from(free, (j) => memory.matrix[i]![j]!)),
    right,
  )
  const { lower, upper } = bounds
  const projected = cauchy.slice()
  let inside = true
  for (const [k, i] of free.entries()) {
    const value = cauchy[i]! + step[k]!
    projected[i] = Math.max(lower[i]!, Math.min(upper[i]!, value))
    if (projected[i] === lower[i] || projected[i] === upper[i]) inside = false
  }
  if (inside) return projected
  const rises = projected.reduce((sum, value, i) => sum + (value - x[i]!) * gradient[i]!, 0) > 0
  return rises ? truncated(cauchy, free, step, bounds) : projected
}

/** As far along the step as the bounds allow. */
function truncated(cauchy: Vector, free: readonly number[], step: Vector, { lower, upper }: Bounds): Vector {
  let share = 1
  let hit = -1
  for (const [k, i] of free.entries()) {
    const d = step[k]!
    const room = (d > 0 ? upper[i]! : lower[i]!) - cauchy[i]!
    const limit = d === 0 ? 1 : room / d
    if (limit < share) [share, hit] = [Math.max(0, limit), k]
  }
  const out = cauchy.slice()
  for (const [k, i] of free.entries())
    out[i] = k === hit ? (step[k]! > 0 ? upper[i]! : lower[i]!) : cauchy[i]! + share * step[k]!
  return out
}

/** Cholesky for a few unknowns. */
function solvePositive(matrix: readonly Vector[], right: Vector): Vector {
  const n = right.length
  const l = matrix.map((row) => row.slice())
  const x = right.slice()
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) for (let i = j; i < n; i++) l[i]![j]! -= l[i]![k]! * l[j]![k]!
    const pivot = Math.sqrt(Math.max(l[j]![j]!, Number.MIN_VALUE))
    for (let i = j; i < n; i++) l[i]![j]! /= pivot
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= l[i]![k]! * x[k]!
    x[i]! /= l[i]![i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= l[k]![i]! * x[k]!
    x[i]! /= l[i]![i]!
  }
  return x
}
