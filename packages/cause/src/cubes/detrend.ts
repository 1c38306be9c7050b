/** Series without what changes slowly. */
import { InputError } from '@ecotope/core'
import { regress } from '../statistics/least-squares.ts'

export type Detrending =
  | { readonly kind: 'linear' }
  /** A polynomial of this degree, from 1 up. */
  | { readonly kind: 'polynomial'; readonly degree: number }
  /** Mean of a window of so many steps around each (odd). */
  | { readonly kind: 'moving-average'; readonly window: number }
  /** Gaussian kernel of this standard deviation in steps. */
  | { readonly kind: 'gaussian'; readonly width: number }
  /** Change from so many steps before; the first ones are NaN. */
  | { readonly kind: 'difference'; readonly step?: number }

/**
 * The values less their trend; NaN stays NaN and does not count. A `difference` loses its first steps.
 * Throws `InputError` BadTrend.
 */
export function detrend(values: Float64Array, how: Detrending = { kind: 'linear' }): Float64Array {
  if (how.kind === 'difference') return difference(values, how.step ?? 1)
  const trend =
    how.kind === 'linear'
      ? polynomial(values, 1)
      : how.kind === 'polynomial'
        ? polynomial(values, how.degree)
        : local(values, weightsOf(how))
  return values.map((value, t) => value - trend[t]!)
}

const bad = (what: string): InputError => new InputError('BadTrend', what)

function difference(values: Float64Array, step: number): Float64Array {
  if (!Number.isInteger(step) || step < 1) throw bad(`a difference over ${step} steps is not possible`)
  return values.map((value, t) => (t < step ? Number.NaN : value - values[t - step]!))
}

function polynomial(values: Float64Array, degree: number): Float64Array {
  if (!Number.isInteger(degree) || degree < 1) throw bad(`a polynomial of degree ${degree} is not possible`)
  const known = Array.from(values.keys()).filter((t) => !Number.isNaN(values[t]!))
  if (known.length <= degree) throw bad(`${known.length} values do not make a trend of degree ${degree}`)
  // Legendre-like scaling to [-1, 1] keeps high powers apart.
  const at = (t: number): number => (values.length === 1 ? 0 : (2 * t) / (values.length - 1) - 1)
  const powers = (list: readonly number[]): Float64Array[] =>
    Array.from({ length: degree }, (_, k) => Float64Array.from(list, (t) => at(t) ** (k + 1)))
  const { coefficients } = regress(
    powers(known),
    Float64Array.from(known, (t) => values[t]!),
    { intercept: true },
  )
  return values.map((_, t) => {
    let sum = coefficients[degree]!
    for (let k = 0; k < degree; k++) sum += coefficients[k]! * at(t) ** (k + 1)
    return sum
  })
}

function weightsOf(how: Extract<Detrending, { kind: 'moving-average' | 'gaussian' }>): Float64Array {
  if (how.kind === 'moving-average') {
    if (!Number.isInteger(how.window) || how.window < 3 || how.window % 2 === 0)
      throw bad(`a moving window of ${how.window} steps is not odd and at least 3`)
    return new Float64Array((how.window - 1) / 2 + 1).fill(1)
  }
  if (!(how.width > 0)) throw bad(`a kernel of width ${how.width} is not possible`)
  return Float64Array.from({ length: Math.ceil(4 * how.width) + 1 }, (_, k) => Math.exp(-0.5 * (k / how.width) ** 2))
}

/** Weighted means of what is there; at the ends of what there is of the window. */
function local(values: Float64Array, weights: Float64Array): Float64Array {
  return values.map((_, t) => {
    let [sum, total] = [0, 0]
    for (let step = 1 - weights.length; step < weights.length; step++) {
      const value = values[t + step]
      if (value === undefined || Number.isNaN(value)) continue
      const weight = weights[Math.abs(step)]!
      sum += weight * value
      total += weight
    }
    return sum / total
  })
}
