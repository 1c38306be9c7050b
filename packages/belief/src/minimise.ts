/** Smooth unconstrained minimisation in a handful of dimensions: BFGS with a backtracking line search. */

export interface Evaluation {
  readonly value: number
  readonly gradient: Float64Array
}

/**
 * A local minimum from `start` on (Nocedal & Wright 2006, algorithm 6.1; Armijo backtracking, curvature-checked update).
 * Meant for tens of parameters: the inverse Hessian is dense.
 */
export function minimise(start: Float64Array, evaluate: (at: Float64Array) => Evaluation, steps = 200): Float64Array {
  const n = start.length
  let x = Float64Array.from(start)
  let here = evaluate(x)
  let inverse = identity(n)
  for (let step = 0; step < steps; step++) {
    if (norm(here.gradient) < 1e-9) break
    let direction = apply(inverse, here.gradient)
    let slope = dot(direction, here.gradient)
    if (!(slope < 0)) {
      inverse = identity(n)
      direction = apply(inverse, here.gradient)
      slope = dot(direction, here.gradient)
    }
    const next = backtrack(x, here.value, direction, slope, evaluate)
    if (next === undefined) break
    const s = next.x.map((v, j) => v - x[j]!)
    const y = next.at.gradient.map((g, j) => g - here.gradient[j]!)
    const gain = here.value - next.at.value
    x = next.x
    here = next.at
    if (dot(s, y) > 1e-14 * norm(s) * norm(y)) update(inverse, s, y)
    if (gain < 1e-12 * (1 + Math.abs(here.value))) break
  }
  return x
}

function backtrack(
  x: Float64Array<ArrayBuffer>,
  value: number,
  direction: Float64Array,
  slope: number,
  evaluate: (at: Float64Array) => Evaluation,
): { x: Float64Array<ArrayBuffer>; at: Evaluation } | undefined {
  for (let length = 1; length > 1e-10; length /= 2) {
    const candidate = x.map((v, j) => v + length * direction[j]!)
    const at = evaluate(candidate)
    if (at.value <= value + 1e-4 * length * slope) return { x: candidate, at }
  }
  return undefined
}

/** Inverse BFGS update in place: H <- (I - r s y') H (I - r y s') + r s s', r = 1 / (y's). */
function update(inverse: Float64Array[], s: Float64Array, y: Float64Array): void {
  const rho = 1 / dot(y, s)
  const hy = inverse.map((row) => dot(row, y))
  const factor = rho * rho * dot(y, Float64Array.from(hy)) + rho
  inverse.forEach((row, i) => {
    for (let j = 0; j < row.length; j++) {
      row[j] = row[j]! + factor * s[i]! * s[j]! - rho * (hy[i]! * s[j]! + s[i]! * hy[j]!)
    }
  })
}

const identity = (n: number): Float64Array[] =>
  Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))

const apply = (inverse: Float64Array[], g: Float64Array): Float64Array =>
  Float64Array.from(inverse, (row) => -dot(row, g))

const norm = (v: Float64Array): number => Math.sqrt(dot(v, v))

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
