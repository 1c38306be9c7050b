/**
 * exp, ln and power on whole registers. exp and ln: argument reduction by powers of 2 in two parts (Cody and Waite),
 * then the series around 0; within 2 units in the last place. Powers of float32 go through float64 and are within
 * 1 unit; powers of float64 call Math lane by lane.
 */
import { type Code, i32 } from '../wasm/assembler.ts'
import { FLOAT64_LANES, type Keep, type Lanes } from '../wasm/lanes.ts'
import { f32x4, i32x4, i64x2, v128 } from '../wasm/simd.ts'
import type { Emitter } from './emissions.ts'

/** What depends on the width of a lane. */
interface Format {
  readonly mantissaBits: number
  readonly bias: number
  /** Numbers beyond which exp is surely 0 or infinite. */
  readonly expLimits: readonly [number, number]
  /** Terms of the series that reach the precision. */
  readonly expTerms: number
  readonly lnTerms: number
  /** ln 2 with zeros at the end, so that whole multiples are exact, and the rest. */
  readonly ln2: readonly [number, number]
  readonly leastNormal: number
  /** Bits of a float as they stand in an integer of the same width, in all lanes. */
  readonly bits: (value: number) => Code
}

const LN2 = Math.LN2

/** ln 2 cut to so many bits after the point, and what is left. */
function splitLn2(bits: number): readonly [number, number] {
  const high = Math.floor(LN2 * 2 ** bits) / 2 ** bits
  // The 64th and later bits of ln 2, which the double constant lacks.
  const beyond = 2.319046813846299e-17
  return [high, LN2 - high + beyond]
}

const FORMATS: Readonly<Record<Lanes['type'], Format>> = {
  float32: {
    mantissaBits: 23,
    bias: 127,
    expLimits: [-110, 89],
    expTerms: 7,
    lnTerms: 4,
    ln2: splitLn2(15),
    leastNormal: 2 ** -126,
    bits: (value) => f32x4.splat([0x43, ...new Uint8Array(new Float32Array([value]).buffer)]),
  },
  float64: {
    mantissaBits: 52,
    bias: 1023,
    expLimits: [-750, 710],
    expTerms: 13,
    lnTerms: 11,
    ln2: splitLn2(32),
    leastNormal: 2 ** -1022,
    bits: (value) => FLOAT64_LANES.constant(value),
  },
}

const integersOf = (lanes: Lanes) => (lanes.type === 'float32' ? i32x4 : i64x2)

/** Horner's scheme, coefficients of the lowest power first. */
function polynomial(lanes: Lanes, x: Code, coefficients: readonly number[]): Code {
  return coefficients
    .map((value): Code => lanes.constant(value))
    .reduceRight((sum, coefficient) => lanes.add(lanes.mul(sum, x), coefficient))
}

/** 2^n of whole n in the range of normal exponents: the sum with a great number leaves n + bias in the lowest bits. */
function powerOfTwo(lanes: Lanes, n: Code): Code {
  const { mantissaBits, bias } = FORMATS[lanes.type]
  const shifted = lanes.add(n, lanes.constant(1.5 * 2 ** mantissaBits + bias))
  return integersOf(lanes).shl(shifted, i32.const(mantissaBits))
}

function expOf(lanes: Lanes, keep: Keep, x: Code): Code {
  const { expLimits, expTerms, ln2 } = FORMATS[lanes.type]
  const limited = keep(lanes.pmax(lanes.pmin(x, lanes.constant(expLimits[1])), lanes.constant(expLimits[0])))
  const n = keep(lanes.nearest(lanes.mul(limited, lanes.constant(Math.LOG2E))))
  const high = lanes.sub(limited, lanes.mul(n, lanes.constant(ln2[0])))
  const r = keep(lanes.sub(high, lanes.mul(n, lanes.constant(ln2[1]))))
  const factorials = [1]
  for (let k = 1; k <= expTerms; k++) factorials.push(factorials[k - 1]! / k)
  const tail = lanes.mul(lanes.mul(r, r), polynomial(lanes, r, factorials.slice(2)))
  const value = lanes.add(lanes.constant(1), lanes.add(r, tail))
  // Two factors, as one would leave the range of exponents near overflow and among the least numbers.
  const half = keep(lanes.floor(lanes.mul(n, lanes.constant(0.5))))
  const rest = lanes.sub(n, half)
  return keep(lanes.mul(lanes.mul(value, powerOfTwo(lanes, half)), powerOfTwo(lanes, rest)))
}

function lnOf(lanes: Lanes, keep: Keep, x: Code): Code {
  const { mantissaBits, bias, lnTerms, ln2, leastNormal, bits } = FORMATS[lanes.type]
  const integers = integersOf(lanes)
  const zero = lanes.constant(0)
  const tiny = keep(lanes.lt(x, lanes.constant(leastNormal)))
  const raised = keep(v128.bitselect(lanes.mul(x, lanes.constant(2 ** (mantissaBits + 2))), x, tiny))
  // Exponent and mantissa in [sqrt(1/2), sqrt(2)).
  const root = keep(bits(Math.SQRT1_2))
  const offset = keep(integers.sub(raised, root))
  const biased = integers.shrU(integers.add(offset, bits(1)), i32.const(mantissaBits))
  const great = 2 ** mantissaBits
  const exponent = lanes.sub(v128.or(biased, bits(great)), lanes.constant(great + bias))
  const e = keep(lanes.sub(exponent, v128.and(tiny, lanes.constant(mantissaBits + 2))))
  const mantissaMask = integers.shrU(v128.ones, i32.const(lanes.bytes * 8 - mantissaBits))
  const m = integers.add(v128.and(offset, mantissaMask), root)
  // ln(1 + f) = f - f²/2 + s (f²/2 + R(s²)) with s = f / (2 + f).
  const f = keep(lanes.sub(m, lanes.constant(1)))
  const s = keep(lanes.div(f, lanes.add(f, lanes.constant(2))))
  const z = keep(lanes.mul(s, s))
  const series = Array.from({ length: lnTerms }, (_, k) => 2 / (2 * k + 3))
  const r = lanes.mul(z, polynomial(lanes, z, series))
  const square = keep(lanes.mul(lanes.constant(0.5), lanes.mul(f, f)))
  const small = lanes.add(lanes.mul(s, lanes.add(square, r)), lanes.mul(e, lanes.constant(ln2[1])))
  const inner = lanes.sub(lanes.sub(square, small), f)
  const value = keep(lanes.sub(lanes.mul(e, lanes.constant(ln2[0])), inner))
  const infinity = lanes.constant(Number.POSITIVE_INFINITY)
  const finite = keep(v128.bitselect(value, x, lanes.lt(x, infinity)))
  const atZero = keep(v128.bitselect(lanes.constant(Number.NEGATIVE_INFINITY), finite, lanes.eq(x, zero)))
  return keep(v128.or(atZero, v128.or(lanes.lt(x, zero), lanes.ne(x, x))))
}

export const emitExp = ({ lanes, keep }: Emitter, x: Code): Code => expOf(lanes, keep, x)
export const emitLn = ({ lanes, keep }: Emitter, x: Code): Code => lnOf(lanes, keep, x)

/** |x|^y by logarithms in float64, then the sign of odd powers. */
function widePower(keep: Keep, x: Code, y: Code): Code {
  const lanes = FLOAT64_LANES
  const [zero, one] = [lanes.constant(0), lanes.constant(1)]
  const size = keep(lanes.abs(x))
  const direct = expOf(lanes, keep, keep(lanes.mul(y, lnOf(lanes, keep, size))))
  const isOne = v128.or(lanes.eq(y, zero), lanes.eq(size, one))
  const magnitude = keep(v128.bitselect(one, direct, isOne))
  const half = keep(lanes.mul(y, lanes.constant(0.5)))
  const whole = keep(lanes.eq(lanes.nearest(y), y))
  const odd = v128.and(whole, lanes.ne(lanes.nearest(half), half))
  const negative = i64x2.ltS(x, v128.zero)
  const signed = v128.bitselect(lanes.neg(magnitude), magnitude, v128.and(odd, negative))
  const finite = lanes.gt(x, lanes.constant(Number.NEGATIVE_INFINITY))
  const undefinedRoot = v128.andnot(v128.and(lanes.lt(x, zero), finite), whole)
  const value = v128.or(signed, undefinedRoot)
  return keep(v128.or(value, v128.or(lanes.ne(x, x), lanes.ne(y, y))))
}

export function emitPower(e: Emitter, x: Code, y: Code): Code {
  const { lanes, keep } = e
  if (lanes.type === 'float64') return e.scalar('power', x, y)
  const exponents = lanes.widened(y)
  return lanes.narrowed(lanes.widened(x).map((part, i) => widePower(keep, keep(part), keep(exponents[i]!))))
}
