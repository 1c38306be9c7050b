/**
 * Elementary functions of four float32 at once as WebAssembly: one row per operation of `Formula`. Errors are a few
 * units in the last place; NaN and infinities go through as in IEEE 754.
 */
import type { Code, Local } from '../../linalg/wasm/assembler.ts'
import type { Elementary } from '../formula.ts'
import { bits, f32x4, i32x4 } from './f32x4.ts'
import type { Maker } from './maker.ts'

const { add, sub, mul, div, relaxedMadd: madd, relaxedNmadd: nmadd, abs, neg } = f32x4

/** Operands are locals, so that a rule may read them twice. The code leaves one vector. */
type Rule = (x: readonly Local[], numbers: readonly number[], make: Maker) => Code

/** Puts a value into a local of its own, for what follows to read. */
function held(make: Maker, value: Code, use: (local: Local) => Code): Code {
  const local = make.declare('v128')
  return [local.set(value), use(local)]
}

/** c[0] + c[1] x + c[2] x^2 + ... */
function polynomial(make: Maker, x: Code, coefficients: readonly number[]): Code {
  const last = make.all(coefficients[coefficients.length - 1]!)
  return coefficients.slice(0, -1).reduceRight<Code>((sum, c) => madd(sum, x, make.all(c)), last)
}

const factorials = (n: number): number => (n < 2 ? 1 : n * factorials(n - 1))

/**
 * exp(r) for |r| <= log(2) / 2: the Taylor polynomial of degree 7, its last power replaced by the lower ones that are
 * nearest to it there (x^7 - T7(x) / 64 with Chebyshev's T7), within 2^-28.
 */
function expCoefficients(): readonly number[] {
  const reach = Math.LN2 / 2
  const taylor = Array.from({ length: 7 }, (_, k) => 1 / factorials(k))
  const last = reach ** 7 / factorials(7) / 64
  const lower = [0, 7, 0, -56, 0, 112, 0]
  return taylor.map((c, k) => c + (last * lower[k]!) / reach ** k)
}
const EXP = expCoefficients()

/** The high part has few bits, so that its products with whole numbers are exact. */
const LN2_HIGH = 0.693359375
const LN2_LOW = Math.LN2 - LN2_HIGH

/** Added to a number, it leaves the nearest whole number in the low bits, 127 more, ready to become an exponent. */
const ROUNDING = 1.5 * 2 ** 23 + 127

interface Scaled {
  readonly code: Code
  /** exp(sign x) = fraction * scale. */
  readonly fraction: Code
  readonly scale: Code
}

/** exp(sign x) where a result below 2^-126 may be that and one above 2^127.5 infinite: in two factors. */
function scaledExp(make: Maker, x: Code, sign: 1 | -1): Scaled {
  const [v, t, n] = [make.declare('v128'), make.declare('v128'), make.declare('v128')]
  const [low, high] = sign === 1 ? [-87.3, 89] : [-89, 87.3]
  const code = [
    v.set(f32x4.quickMax(f32x4.quickMin(x, make.all(high)), make.all(low))),
    t.set(madd(v.get, make.all(sign * Math.LOG2E), make.all(ROUNDING))),
    n.set(sub(t.get, make.all(ROUNDING))),
    v.set(madd(n.get, make.all(-sign * LN2_HIGH), v.get)),
    v.set(madd(n.get, make.all(-sign * LN2_LOW), v.get)),
  ]
  const fraction = polynomial(
    make,
    v.get,
    EXP.map((c, k) => c * sign ** k),
  )
  return { code, fraction, scale: i32x4.shl(t.get, 23) }
}

/** exp(x) over the whole range, denormals and infinity too: 2^n as the product of two powers. */
function exp(make: Maker, x: Code): Code {
  const [v, t, n] = [make.declare('v128'), make.declare('v128'), make.declare('v128')]
  const half = make.declare('v128')
  const power = (k: Code): Code => i32x4.shl(i32x4.add(k, make.whole(127)), 23)
  return [
    v.set(f32x4.quickMax(f32x4.quickMin(x, make.all(89)), make.all(-104))),
    t.set(f32x4.nearest(mul(v.get, make.all(Math.LOG2E)))),
    v.set(nmadd(t.get, make.all(LN2_LOW), nmadd(t.get, make.all(LN2_HIGH), v.get))),
    n.set(i32x4.truncate(t.get)),
    half.set(i32x4.shr(n.get, 1)),
    mul(mul(polynomial(make, v.get, EXP), power(half.get)), power(i32x4.sub(n.get, half.get))),
  ]
}

const SMALLEST_NORMAL = 2 ** -126
/** The bits of sqrt(1/2). */
const ROOT_HALF = 0x3f3504f3

/** log(m) of m in [sqrt(1/2), sqrt(2)] as 2 atanh(s), s = (m - 1) / (m + 1), plus e log(2). */
function log(make: Maker, x: Local): Code {
  const [tiny, v, e] = [make.declare('v128'), make.declare('v128'), make.declare('v128')]
  const [m, s, q] = [make.declare('v128'), make.declare('v128'), make.declare('v128')]
  const one = make.all(1)
  return [
    // Denormals are lifted by 24 powers of two.
    tiny.set(f32x4.less(x.get, make.all(SMALLEST_NORMAL))),
    v.set(bits.select(mul(x.get, make.all(2 ** 24)), x.get, tiny.get)),
    e.set(i32x4.shr(i32x4.sub(v.get, make.whole(ROOT_HALF)), 23)),
    m.set(i32x4.sub(v.get, i32x4.shl(e.get, 23))),
    e.set(sub(i32x4.toFloat(e.get), bits.and(make.all(24), tiny.get))),
    s.set(div(sub(m.get, one), add(m.get, one))),
    q.set(mul(s.get, s.get)),
    q.set(mul(mul(q.get, s.get), polynomial(make, q.get, [2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11]))),
    s.set(madd(e.get, make.all(LN2_HIGH), add(add(s.get, s.get), madd(e.get, make.all(LN2_LOW), q.get)))),
    s.set(bits.select(make.all(Number.NEGATIVE_INFINITY), s.get, f32x4.equal(x.get, make.all(0)))),
    s.set(bits.select(make.all(Number.NaN), s.get, f32x4.less(x.get, make.all(0)))),
    bits.select(s.get, x.get, f32x4.less(x.get, make.all(Number.POSITIVE_INFINITY))),
  ]
}

/** x or 1 over 1 + exp(-x). */
function logistic(make: Maker, x: Code, numerator: Code): Code {
  const { code, fraction, scale } = scaledExp(make, x, -1)
  return [code, div(numerator, madd(fraction, scale, make.all(1)))]
}

/** 1 - 2 / (exp(2x) + 1); near 0, where that cancels, Taylor. */
function tanh(make: Maker, x: Local): Code {
  const { code, fraction, scale } = scaledExp(make, add(x.get, x.get), 1)
  const series = [1, -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925]
  const far = make.declare('v128')
  return [
    code,
    far.set(sub(make.all(1), div(make.all(2), madd(fraction, scale, make.all(1))))),
    held(make, mul(x.get, x.get), (q) =>
      bits.select(mul(x.get, polynomial(make, q.get, series)), far.get, f32x4.less(abs(x.get), make.all(0.35))),
    ),
  ]
}

/** exp(x) - 1; near 0, where the difference cancels, Taylor. */
function expm1(make: Maker, x: Local): Code {
  const series = Array.from({ length: 7 }, (_, k) => 1 / factorials(k + 1))
  const near = mul(x.get, polynomial(make, x.get, series))
  return bits.select(near, sub(exp(make, x.get), make.all(1)), f32x4.less(abs(x.get), make.all(0.4)))
}

/** log(1 + y) for y in [0, 1], the rounding of 1 + y made good: log(u) + (y - (u - 1)) / u. */
function log1p(make: Maker, y: Local): Code {
  const one = make.all(1)
  return held(make, add(y.get, one), (u) => add(log(make, u), div(sub(y.get, sub(u.get, one)), u.get)))
}

function softplus(make: Maker, x: Local): Code {
  return held(make, exp(make, neg(abs(x.get))), (tail) => add(f32x4.max(x.get, make.all(0)), log1p(make, tail)))
}

/** Abramowitz and Stegun (1964), 7.1.26: 1 - t p(t) exp(-x^2), within 1.5e-7; Taylor near 0. */
function erf(make: Maker, x: Local): Code {
  const tail = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429]
  const series = Array.from({ length: 8 }, (_, k) => {
    return ((2 / Math.sqrt(Math.PI)) * (-1) ** k) / (factorials(k) * (2 * k + 1))
  })
  return held(make, mul(x.get, x.get), (q) =>
    held(make, div(make.all(1), madd(abs(x.get), make.all(0.3275911), make.all(1))), (t) =>
      held(make, nmadd(mul(t.get, polynomial(make, t.get, tail)), exp(make, neg(q.get)), make.all(1)), (far) =>
        bits.select(
          mul(x.get, polynomial(make, q.get, series)),
          bits.select(neg(far.get), far.get, f32x4.less(x.get, make.all(0))),
          f32x4.less(abs(x.get), make.all(0.7)),
        ),
      ),
    ),
  )
}

/** Whole powers by squaring; also -1/2, 1/2. */
function power(make: Maker, x: Local, exponent: number): Code {
  if (exponent < 0) return div(make.all(1), power(make, x, -exponent))
  if (exponent === 0.5) return f32x4.sqrt(x.get)
  if (exponent === 0) return make.all(1)
  if (exponent === 1) return x.get
  return exponent % 2 === 1
    ? mul(power(make, x, exponent - 1), x.get)
    : mul(power(make, x, exponent / 2), power(make, x, exponent / 2))
}

/** Exponents for which `power` has a form. */
export const isWholePower = (exponent: number): boolean =>
  Math.abs(exponent) === 0.5 || (Number.isInteger(exponent) && Math.abs(exponent) <= 8)

type Operands<T extends readonly unknown[]> = (...operands: T) => Code
const one =
  (fn: Operands<[Code]>): Rule =>
  ([a]) =>
    fn(a!.get)
const two =
  (fn: Operands<[Code, Code]>): Rule =>
  ([a, b]) =>
    fn(a!.get, b!.get)

export const functions: Readonly<Record<Elementary, Rule>> = {
  neg: one(neg),
  abs: one(abs),
  sqrt: one(f32x4.sqrt),
  floor: one(f32x4.floor),
  ceil: one(f32x4.ceil),
  round: one(f32x4.nearest),
  exp: ([x], _, make) => exp(make, x!.get),
  expm1: ([x], _, make) => expm1(make, x!),
  log: ([x], _, make) => log(make, x!),
  sigmoid: ([x], _, make) => logistic(make, x!.get, make.all(1)),
  tanh: ([x], _, make) => tanh(make, x!),
  softplus: ([x], _, make) => softplus(make, x!),
  erf: ([x], _, make) => erf(make, x!),
  relu: ([x], _, make) => f32x4.quickMax(x!.get, make.all(0)),
  silu: ([x], _, make) => logistic(make, x!.get, x!.get),
  power: ([x], [exponent], make) => power(make, x!, exponent!),
  clip: ([x], [low, high], make) => f32x4.quickMin(f32x4.quickMax(x!.get, make.all(low!)), make.all(high!)),
  add: two(add),
  sub: two(sub),
  mul: two(mul),
  div: two(div),
  minimum: two(f32x4.min),
  maximum: two(f32x4.max),
  greater: two(f32x4.greater),
  greaterEqual: two(f32x4.greaterEqual),
  less: two(f32x4.less),
  equal: two(f32x4.equal),
  same: two((a, b) => bits.not(bits.xor(a, b))),
  and: two(bits.and),
  or: two(bits.or),
  not: one(bits.not),
  toFloat: ([mask], _, make) => bits.and(mask!.get, make.all(1)),
  affine: ([a, b, c]) => madd(a!.get, b!.get, c!.get),
  where: ([mask, a, b]) => bits.select(a!.get, b!.get, mask!.get),
}

export { exp, log }
