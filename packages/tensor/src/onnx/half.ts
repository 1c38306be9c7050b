/** 16-bit floating-point numbers (IEEE 754 binary16, and bfloat16) as bit patterns in a `Uint16Array`. */

import { InputError } from '@ecotope/core'

const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)

/** The nearest binary16 (ties to even); beyond 65504 infinity, as IEEE 754 has it. */
export function toHalf(x: number): number {
  float[0] = x
  const all = bits[0]!
  const sign = (all >>> 16) & 0x8000
  const exponent = (all >>> 23) & 0xff
  const fraction = all & 0x7fffff
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200)
  const e = exponent - 112
  if (e >= 31) return sign | 0x7c00
  // Subnormal halves keep fewer bits: the implicit one becomes explicit.
  if (e < -10) return sign
  const [whole, drop] = e > 0 ? [(e << 23) | fraction, 13] : [fraction | 0x800000, 14 - e]
  const kept = whole >>> drop
  const rest = whole & ((1 << drop) - 1)
  const tie = 1 << (drop - 1)
  return sign | (kept + (rest > tie || (rest === tie && (kept & 1) === 1) ? 1 : 0))
}

/** Each number as its nearest binary16. Raises `InputError` where a finite one would become infinite. */
export function toHalves(values: ArrayLike<number>, what: string): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, (x) => {
    const half = toHalf(x)
    if ((half & 0x7fff) === 0x7c00 && Number.isFinite(x)) {
      throw new InputError('ParameterOutOfRange', `${what} holds ${x}, which float16 (to 65504) cannot`, {
        hint: "Store it as float32: storage: 'float32'.",
      })
    }
    return half
  })
}

export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 31
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

export function fromBfloat16(pattern: number): number {
  bits[0] = pattern << 16
  return float[0]!
}
