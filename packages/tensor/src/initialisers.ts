/** How parameters begin: initialisers are plain data, drawn when a tree is initialised. Knows nothing of trees. */

import { InputError, type Random } from '@ecotope/core'
import { type Shape, showShape, sizeOf } from './shape.ts'

/**
 * Which numbers the variance is divided by: those of inputs that meet in one output (`in`), of outputs that one input
 * reaches (`out`), the mean of both, or a number of one's own. Of weights `[out, in, ...kernel]`, as dense layers and
 * convolutions have them; transposed convolutions `[in, out, ...kernel]` give a number.
 */
export type Fan = 'in' | 'out' | 'average' | number

export type Initialiser =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly standardDeviation: number }
  /** Normal within two standard deviations; the standard deviation is that before the tails are cut. */
  | { readonly kind: 'truncatedNormal'; readonly standardDeviation: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** Mean 0, variance `scale` / fan. */
  | { readonly kind: 'scaled'; readonly distribution: 'normal' | 'uniform'; readonly scale: number; readonly fan: Fan }
  /** Rows (or columns, whichever are fewer) of length `gain`, at right angles to each other. */
  | { readonly kind: 'orthogonal'; readonly gain: number }
  /** `gain` on the diagonal of a matrix, or at the middle of a kernel where it joins a channel to itself. */
  | { readonly kind: 'identity'; readonly gain: number }
  /** Numbers from elsewhere, row-major, such as learnt ones. */
  | { readonly kind: 'values'; readonly values: Float32Array }

export interface FanOptions {
  /** Default `in` (He, LeCun). */
  readonly fan?: Fan
}

export interface GainOptions {
  /** Default 1. */
  readonly gain?: number
}

export const constantInit = (value: number): Initialiser => ({ kind: 'constant', value })
export const normalInit = (standardDeviation: number): Initialiser => ({ kind: 'normal', standardDeviation })
/** Normal numbers beyond two standard deviations are drawn again. */
export function truncatedNormalInit(standardDeviation: number): Initialiser {
  return { kind: 'truncatedNormal', standardDeviation }
}
/** Uniform in [low, high). */
export const uniformInit = (low: number, high: number): Initialiser => ({ kind: 'uniform', low, high })

/** Normal, variance 2 / fan: for ReLU-like layers (He et al. 2015, equation 10). */
export const heNormal = ({ fan = 'in' }: FanOptions = {}): Initialiser => scaledInit('normal', 2, fan)
/** Uniform, variance 2 / fan. */
export const heUniform = ({ fan = 'in' }: FanOptions = {}): Initialiser => scaledInit('uniform', 2, fan)
/** Normal, variance 1 / fan (LeCun et al. 1998, equation 16). */
export const lecunNormal = ({ fan = 'in' }: FanOptions = {}): Initialiser => scaledInit('normal', 1, fan)
/** Uniform, variance 1 / fan. */
export const lecunUniform = ({ fan = 'in' }: FanOptions = {}): Initialiser => scaledInit('uniform', 1, fan)
/** Normal, variance 2 / (in + out) times gain² (Glorot and Bengio 2010, equation 12); also known as Xavier's. */
export const glorotNormal = ({ gain = 1 }: GainOptions = {}): Initialiser => scaledInit('normal', gain ** 2, 'average')
/** Uniform, variance 2 / (in + out) times gain² (Glorot and Bengio 2010, equation 16). */
export function glorotUniform({ gain = 1 }: GainOptions = {}): Initialiser {
  return scaledInit('uniform', gain ** 2, 'average')
}
/** A random (semi-)orthogonal matrix of the first axis by all others (Saxe et al. 2014). */
export const orthogonalInit = ({ gain = 1 }: GainOptions = {}): Initialiser => ({ kind: 'orthogonal', gain })
/** What leaves its input as it is, times the gain: for matrices and for kernels of odd extents. */
export const identityInit = ({ gain = 1 }: GainOptions = {}): Initialiser => ({ kind: 'identity', gain })
/** These very numbers, row-major: parameters that were learnt before. */
export const valuesInit = (values: Float32Array): Initialiser => ({ kind: 'values', values })

function scaledInit(distribution: 'normal' | 'uniform', scale: number, fan: Fan): Initialiser {
  return { kind: 'scaled', distribution, scale, fan }
}

/** Inputs per output and outputs per input of weights `[out, in, ...kernel]`; a vector counts as one row. */
export function fansOf(shape: Shape): { readonly in: number; readonly out: number } {
  const [out = 1, inputs = 1, ...kernel] = shape.length === 1 ? [1, ...shape] : shape
  const taps = sizeOf(kernel)
  return { in: inputs * taps, out: out * taps }
}

function fanOf(shape: Shape, fan: Fan): number {
  const fans = fansOf(shape)
  const found = typeof fan === 'number' ? fan : fan === 'average' ? (fans.in + fans.out) / 2 : fans[fan]
  if (found > 0) return found
  throw new InputError('ParameterOutOfRange', `an initialiser's fan must be positive, not ${found}`)
}

type Draw<K extends Initialiser['kind']> = (
  init: Extract<Initialiser, { readonly kind: K }>,
  shape: Shape,
  random: Random,
) => Float32Array<ArrayBuffer>

const draws: { readonly [K in Initialiser['kind']]: Draw<K> } = {
  constant: ({ value }, shape) => new Float32Array(sizeOf(shape)).fill(value),
  normal: ({ standardDeviation }, shape, random) => normals(shape, standardDeviation, random),
  truncatedNormal: ({ standardDeviation }, shape, random) => {
    const within = (): number => {
      for (;;) {
        const value = random.normal()
        if (Math.abs(value) <= 2) return value
      }
    }
    return Float32Array.from({ length: sizeOf(shape) }, () => within() * standardDeviation)
  },
  uniform: ({ low, high }, shape, random) => uniforms(shape, low, high, random),
  scaled: ({ distribution, scale, fan }, shape, random) => {
    const variance = scale / fanOf(shape, fan)
    if (distribution === 'normal') return normals(shape, Math.sqrt(variance), random)
    const bound = Math.sqrt(3 * variance)
    return uniforms(shape, -bound, bound, random)
  },
  orthogonal: ({ gain }, shape, random) => {
    const rows = shape[0] ?? 1
    const columns = sizeOf(shape) / rows
    const wide = rows <= columns
    const q = wide ? orthonormalRows(rows, columns, random) : orthonormalRows(columns, rows, random)
    return Float32Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns]
      return gain * (wide ? q[row]![column]! : q[column]![row]!)
    })
  },
  identity: ({ gain }, shape) => {
    const [rows = 1, columns = 1, ...kernel] = shape
    if (shape.length < 2 || kernel.some((extent) => extent % 2 === 0)) {
      throw new InputError('ShapeMismatch', `${showShape(shape)} has no identity: it needs two axes and odd kernels`)
    }
    const taps = sizeOf(kernel)
    const out = new Float32Array(sizeOf(shape))
    for (let i = 0; i < Math.min(rows, columns); i++) out[(i * columns + i) * taps + (taps - 1) / 2] = gain
    return out
  },
  values: ({ values }, shape) => {
    if (values.length !== sizeOf(shape)) {
      throw new InputError('ShapeMismatch', `${values.length} first values do not fill ${showShape(shape)}`)
    }
    return values.slice() as Float32Array<ArrayBuffer>
  },
}

function normals(shape: Shape, standardDeviation: number, random: Random): Float32Array<ArrayBuffer> {
  return random.normals(sizeOf(shape)).map((value) => value * standardDeviation)
}

function uniforms(shape: Shape, low: number, high: number, random: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random.uniform())
}

/** Normal rows made orthonormal one after the other, twice each for float64's sake; uniform over all frames (Haar). */
function orthonormalRows(rows: number, columns: number, random: Random): Float64Array[] {
  const done: Float64Array[] = []
  for (let i = 0; i < rows; i++) {
    const row = Float64Array.from(random.normals(columns))
    for (let pass = 0; pass < 2; pass++) {
      for (const other of done) {
        const along = dot(row, other)
        for (let k = 0; k < columns; k++) row[k] = row[k]! - along * other[k]!
      }
    }
    const length = Math.sqrt(dot(row, row))
    done.push(row.map((value) => value / length))
  }
  return done
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0
  for (let k = 0; k < a.length; k++) total += a[k]! * b[k]!
  return total
}

/** First values of a leaf, row-major. */
export function draw(init: Initialiser, shape: Shape, random: Random): Float32Array<ArrayBuffer> {
  return (draws[init.kind] as Draw<Initialiser['kind']>)(init as never, shape, random)
}
