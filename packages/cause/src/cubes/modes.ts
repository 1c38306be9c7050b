/** Climate modes: the few patterns that most of a field's variance moves in, as series and maps. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'

export interface ModesOptions extends WorkOptions {
  /** Number of modes; default 4. */
  readonly count?: number
  /** `varimax` (Kaiser 1958) rotates the modes so that each is large at few cells; default `none`. */
  readonly rotation?: 'none' | 'varimax'
  /** Weight of each cell, such as its area; default 1. The square root scales the cell. */
  readonly weights?: Float64Array
  /** Whether cells are divided by their standard deviation (correlations, not covariances); default false. */
  readonly standardize?: boolean
}

export interface Modes {
  /** Series of unit variance, the strongest mode first. */
  readonly series: readonly Float64Array[]
  /** Change of each cell per standard deviation of the series, in its units; NaN where the cell was left out. */
  readonly patterns: readonly Float64Array[]
  /** Share of the (weighted) variance that each mode explains, in [0, 1]. */
  readonly explained: Float64Array
  /** Sampling error of that share: share times sqrt(2 / T) (North et al. 1982, equation 24); for unrotated modes. */
  readonly samplingError: Float64Array
  /** Cells left out because a value is missing or they never change. */
  readonly leftOut: number
}

/**
 * Principal components of a field `[t][cell]` (T x P), also known as empirical orthogonal functions (Lorenz 1956; Hannachi et
 * al. 2007). The sign of a mode is such that its pattern's largest value is positive. Takes memory for T x P and for the
 * smaller of T x T and P x P. Throws `InputError`: BadField, TooManyModes.
 */
export function modesOf(field: Float64Array, steps: number, options: ModesOptions = {}): Modes {
  const { count = 4, rotation = 'none' } = options
  const cells = field.length / steps
  if (!Number.isInteger(cells) || steps < 3)
    throw new InputError('BadField', `${field.length} values are no field of ${steps} time steps`)
  const prepared = prepare(field, steps, cells, options)
  const { used, data } = prepared
  if (used.length < count || steps <= count)
    throw new InputError(
      'TooManyModes',
      `${count} modes cannot be found in ${used.length} complete cells and ${steps} time steps`,
      {
        hint: 'Ask for fewer modes, or fill the gaps of the cells.',
        data: { cells: used.length, steps },
      },
    )
  throwIfAborted(options.signal)
  const components = principal(data, steps, used.length, count)
  throwIfAborted(options.signal)
  const turned = rotation === 'none' ? components : varimax(components, used.length)
  return described(turned, prepared, steps, cells)
}

interface Prepared {
  /** Cells that are complete and change. */
  readonly used: Int32Array
  /** Centred, scaled, weighted: [t][used]. */
  readonly data: Float64Array
  /** What a prepared value was multiplied by. */
  readonly scales: Float64Array
  readonly total: number
}

function prepare(
  field: Float64Array,
  steps: number,
  cells: number,
  { weights, standardize = false }: ModesOptions,
): Prepared {
  const [used, means, scales]: [number[], number[], number[]] = [[], [], []]
  for (let cell = 0; cell < cells; cell++) {
    let sum = 0
    for (let t = 0; t < steps; t++) sum += field[t * cells + cell]!
    const mean = sum / steps
    let squares = 0
    for (let t = 0; t < steps; t++) squares += (field[t * cells + cell]! - mean) ** 2
    const weight = weights?.[cell] ?? 1
    if (!(squares > 0) || !(weight > 0)) continue
    used.push(cell)
    means.push(mean)
    scales.push(Math.sqrt(weight) / (standardize ? Math.sqrt(squares / (steps - 1)) : 1))
  }
  const data = new Float64Array(steps * used.length)
  let total = 0
  for (let t = 0; t < steps; t++)
    for (const [k, cell] of used.entries()) {
      const value = (field[t * cells + cell]! - means[k]!) * scales[k]!
      data[t * used.length + k] = value
      total += value * value
    }
  return { used: Int32Array.from(used), data, scales: Float64Array.from(scales), total: total / (steps - 1) }
}

interface Components {
  /** Series of unit variance. */
  readonly series: Float64Array[]
  /** Loadings: covariance of each prepared cell with the series. */
  readonly loadings: Float64Array[]
}

/** By the eigenvectors of whichever of the two product matrices is smaller. */
function principal(data: Float64Array, steps: number, cells: number, count: number): Components {
  const field = linalg.matrix(steps, cells, data)
  const inTime = steps <= cells
  const { values, vectors } = linalg.symmetricEigen(linalg.syrk(field, { transpose: !inTime }))
  const n = values.length
  const pick = (k: number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => vectors.data[i * n + (n - 1 - k)]!)
  const own = Array.from({ length: count }, (_, k) => pick(k))
  const across = own.map((vector, k) => {
    const length = Math.sqrt(Math.max(values[n - 1 - k]!, Number.MIN_VALUE))
    return product(field, vector, inTime).map((value) => value / length)
  })
  const [inSteps, inCells] = inTime ? [own, across] : [across, own]
  return {
    series: inSteps.map((vector) => vector.map((value) => value * Math.sqrt(steps - 1))),
    loadings: inCells.map((vector, k) =>
      vector.map((value) => value * Math.sqrt(Math.max(0, values[n - 1 - k]!) / (steps - 1))),
    ),
  }
}

/** X^T v or X v. */
function product({ rows, columns, data }: linalg.Matrix, vector: Float64Array, transpose: boolean): Float64Array {
  const out = new Float64Array(transpose ? columns : rows)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      if (transpose) out[j] = out[j]! + data[i * columns + j]! * vector[i]!
      else out[i] = out[i]! + data[i * columns + j]! * vector[j]!
    }
  return out
}

const MOST_TURNS = 500

/** Pairs of modes are turned so that the variance of squared loadings (Kaiser-normalised) grows, until none turns any more. */
function varimax({ series, loadings }: Components, cells: number): Components {
  const count = loadings.length
  const communalities = Float64Array.from({ length: cells }, (_, i) =>
    Math.sqrt(loadings.reduce((sum, l) => sum + l[i]! ** 2, 0)),
  )
  const scaled = loadings.map((l) => l.map((value, i) => (communalities[i]! > 0 ? value / communalities[i]! : 0)))
  const [s, l, n] = [series.map((x) => x.slice()), loadings.map((x) => x.slice()), scaled]
  for (let round = 0; round < MOST_TURNS; round++) {
    let largest = 0
    for (let a = 0; a < count; a++)
      for (let b = a + 1; b < count; b++) {
        const angle = kaiserAngle(n[a]!, n[b]!)
        largest = Math.max(largest, Math.abs(angle))
        for (const list of [s, l, n]) turn(list[a]!, list[b]!, angle)
      }
    if (largest < 1e-10) break
  }
  const strength = l.map((loading) => loading.reduce((sum, value) => sum + value * value, 0))
  const order = [...strength.keys()].sort((a, b) => strength[b]! - strength[a]!)
  return { series: order.map((k) => s[k]!), loadings: order.map((k) => l[k]!) }
}

/** Kaiser (1958), equation 14. */
function kaiserAngle(x: Float64Array, y: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const u = x[i]! ** 2 - y[i]! ** 2
    const v = 2 * x[i]! * y[i]!
    a += u
    b += v
    c += u * u - v * v
    d += 2 * u * v
  }
  return Math.atan2(d - (2 * a * b) / x.length, c - (a * a - b * b) / x.length) / 4
}

function turn(x: Float64Array, y: Float64Array, angle: number): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i]!, y[i]!]
    x[i] = cos * p + sin * q
    y[i] = cos * q - sin * p
  }
}

function described(
  { series, loadings }: Components,
  { used, scales, total }: Prepared,
  steps: number,
  cells: number,
): Modes {
  const explained = Float64Array.from(
    loadings,
    (loading) => loading.reduce((sum, value) => sum + value * value, 0) / total,
  )
  const patterns = loadings.map((loading) => {
    const pattern = new Float64Array(cells).fill(Number.NaN)
    for (const [k, cell] of used.entries()) pattern[cell] = loading[k]! / scales[k]!
    return pattern
  })
  const signs = loadings.map(
    (loading) => Math.sign(loading.reduce((top, value) => (Math.abs(value) > Math.abs(top) ? value : top), 0)) || 1,
  )
  return {
    series: series.map((values, k) => values.map((value) => signs[k]! * value)),
    patterns: patterns.map((values, k) => values.map((value) => signs[k]! * value)),
    explained,
    samplingError: explained.map((share) => share * Math.sqrt(2 / steps)),
    leftOut: cells - used.length,
  }
}
