/** Where and when: encodings of positions and dates as features. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import { type Initialiser, normalInit } from '../initialisers.ts'
import { add, concat, cos, mul, reshape, sin, sliceAxis } from '../ops/plain.ts'
import { parameter } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { range } from '../shape.ts'
import { checkAxes, layer } from './layer.ts'

export interface SinusoidOptions {
  /** The longest wavelength is 2π times this. Default 10000; Garnot and Landrieu 2020 use 1000 for days. */
  readonly base?: number
}

/** Angular frequencies base^(−2i / width) for i below width / 2. */
function frequencies(width: number, { base = 10000 }: SinusoidOptions): number[] {
  if (!Number.isInteger(width / 2) || width < 2) {
    throw new InputError('ParameterOutOfRange', `a sinusoidal encoding has an even width of at least 2, not ${width}`)
  }
  return range(0, width / 2).map((i) => base ** ((-2 * i) / width))
}

/**
 * Positions of any shape `[...]`, such as days of the year or days since a start, as `[..., width]`: sine and cosine in
 * turn, of falling frequency (Vaswani et al. 2017, section 3.5).
 */
export function sinusoidal(positions: Tensor, width: number, options: SinusoidOptions = {}): Tensor {
  const rates = frequencies(width, options)
  const angles = mul(reshape(positions, [...positions.shape, 1]), constant(rates))
  return inTurn(sin(angles), cos(angles))
}

/** As `sinusoidal`, of the positions 0 to length − 1: a constant `[length, width]`. */
export function sinusoidalTable(length: number, width: number, options: SinusoidOptions = {}): Tensor {
  const rates = frequencies(width, options)
  const values = range(0, length).flatMap((position) =>
    rates.flatMap((rate) => [Math.sin(position * rate), Math.cos(position * rate)]),
  )
  return constant(values, [length, width])
}

export interface HarmonicOptions {
  /** In the unit of the positions. Default 365.25 (days). */
  readonly period?: number
}

/**
 * Days of the year `[...]` as harmonics of the season, `[..., 2 · count]`: sine and cosine of 2π k day / period in turn,
 * k = 1 to count. The end of a year meets the start of the next.
 */
export function harmonics(days: Tensor, count: number, { period = 365.25 }: HarmonicOptions = {}): Tensor {
  const rates = range(1, count + 1).map((k) => (2 * Math.PI * k) / period)
  const angles = mul(reshape(days, [...days.shape, 1]), constant(rates))
  return inTurn(sin(angles), cos(angles))
}

/** a and b `[..., n]` as `[..., 2n]`: a₀ b₀ a₁ b₁ ... */
function inTurn(a: Tensor, b: Tensor): Tensor {
  const pairs = [...a.shape, 1]
  return reshape(concat([reshape(a, pairs), reshape(b, pairs)], a.shape.length), [
    ...a.shape.slice(0, -1),
    2 * a.shape.at(-1)!,
  ])
}

/** Adds a learnt vector for each position to x `[N, L, width]`, L up to `length`. */
export function learntPositions(
  length: number,
  width: number,
  { init = normalInit(0.02) }: { readonly init?: Initialiser } = {},
) {
  const parameters = { table: parameter([length, width], init, { decay: false }) }
  return layer('learntPositions', parameters, (p, x: Tensor) => {
    checkAxes(x, 'learntPositions', [3], 2, width)
    if (x.shape[1]! > length) {
      throw new InputError('ShapeMismatch', `learntPositions: ${x.shape[1]} positions, but the table has ${length}`)
    }
    return add(x, sliceAxis(p.table, 0, 0, x.shape[1]!))
  })
}
