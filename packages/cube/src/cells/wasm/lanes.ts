/**
 * One register of numbers under the same names whether it holds four float32 or two float64, so that operations and
 * reducers are written once. Masks are lanes of all ones or all zeros; all ones read as a number are NaN, so `or` with
 * a mask makes lanes missing.
 */
import { type Code, f32, f64, type Local } from './assembler.ts'
import { f32x4, f64x2, i32x4, i64x2, lowerHalves, upperHalf, v128 } from './simd.ts'

/** Evaluates code once: a variable that can be read many times. */
export type Keep = (code: Code) => Code

type OfTwo = 'add' | 'sub' | 'mul' | 'div' | 'pmin' | 'pmax' | 'min' | 'max' | 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge'
type OfOne = 'abs' | 'neg' | 'sqrt' | 'ceil' | 'floor' | 'trunc' | 'nearest'

/** Whole numbers of the lanes' width, for keys that sort as numbers do. */
interface LaneIntegers {
  readonly bits: 32 | 64
  readonly eq: (a: Code, b: Code) => Code
  readonly ltS: (a: Code, b: Code) => Code
  readonly gtS: (a: Code, b: Code) => Code
  readonly leS: (a: Code, b: Code) => Code
  readonly geS: (a: Code, b: Code) => Code
  readonly add: (a: Code, b: Code) => Code
  readonly sub: (a: Code, b: Code) => Code
  readonly shl: (a: Code, bits: Code) => Code
  readonly shrS: (a: Code, bits: Code) => Code
  readonly shrU: (a: Code, bits: Code) => Code
  readonly allTrue: (a: Code) => Code
}

export interface Lanes
  extends Readonly<Record<OfTwo, (a: Code, b: Code) => Code>>,
    Readonly<Record<OfOne, (a: Code) => Code>> {
  readonly type: 'float32' | 'float64'
  readonly count: 2 | 4
  readonly bytes: 4 | 8
  readonly integers: LaneIntegers
  constant(value: number): Code
  /** One lane as a float64 number on the stack. */
  lane(a: Code, lane: number): Code
  /** `a` with one lane replaced by a float64 number. */
  withLane(a: Code, lane: number, value: Code): Code
  /** The lanes as float64 registers. */
  widened(a: Code): readonly Code[]
  /** Back from float64 registers. */
  narrowed(parts: readonly Code[]): Code
  /** One more (of a counter that starts with zero bits) in the lanes of the mask. */
  counted(counter: Code, mask: Code): Code
  /** The sum of two counters. */
  countedTogether(a: Code, b: Code): Code
  /** A counter as numbers, and as 32-bit integers. */
  countNumbers(counter: Code): Code
  countIntegers(counter: Code): Code
  /** 32-bit integers (of float64 only the two lower lanes) as numbers. */
  fromIntegers(a: Code): Code
  fromUnsigned(a: Code): Code
  /** Lanes as 32-bit integers, saturated; of float64 in the two lower lanes. */
  toIntegers(a: Code): Code
  toUnsigned(a: Code): Code
}

const ofOne = ['abs', 'neg', 'sqrt', 'ceil', 'floor', 'trunc', 'nearest'] as const
const ofTwo = ['add', 'sub', 'mul', 'div', 'pmin', 'pmax', 'min', 'max', 'eq', 'ne', 'lt', 'gt', 'le', 'ge'] as const

function pick<Table, const Names extends keyof Table>(table: Table, names: readonly Names[]): Pick<Table, Names> {
  return Object.fromEntries(names.map((name) => [name, table[name]])) as Pick<Table, Names>
}

export const FLOAT32_LANES: Lanes = {
  type: 'float32',
  count: 4,
  bytes: 4,
  integers: { bits: 32, ...i32x4 },
  ...pick(f32x4, ofOne),
  ...pick(f32x4, ofTwo),
  constant: (value) => f32x4.splat(f32.const(value)),
  lane: (a, lane) => f32.promote(f32x4.lane(a, lane)),
  withLane: (a, lane, value) => f32x4.withLane(a, lane, f32.demote(value)),
  widened: (a) => [f64x2.promoteLow(a), f64x2.promoteLow(upperHalf(a))],
  narrowed: ([low, high]) => lowerHalves(f32x4.demote(low!), f32x4.demote(high!)),
  counted: (counter, mask) => i32x4.sub(counter, mask),
  countedTogether: i32x4.add,
  countNumbers: f32x4.convertS,
  countIntegers: (counter) => counter,
  fromIntegers: f32x4.convertS,
  fromUnsigned: f32x4.convertU,
  toIntegers: i32x4.truncSatF32S,
  toUnsigned: i32x4.truncSatF32U,
}

export const FLOAT64_LANES: Lanes = {
  type: 'float64',
  count: 2,
  bytes: 8,
  integers: { bits: 64, ...i64x2 },
  ...pick(f64x2, ofOne),
  ...pick(f64x2, ofTwo),
  constant: (value) => f64x2.splat(f64.const(value)),
  lane: (a, lane) => f64x2.lane(a, lane),
  withLane: (a, lane, value) => f64x2.withLane(a, lane, value),
  widened: (a) => [a],
  narrowed: ([only]) => only!,
  countedTogether: f64x2.add,
  counted: (counter, mask) => f64x2.add(counter, v128.and(mask, f64x2.splat(f64.const(1)))),
  countNumbers: (counter) => counter,
  countIntegers: i32x4.truncSatF64S,
  fromIntegers: f64x2.convertLowS,
  fromUnsigned: f64x2.convertLowU,
  toIntegers: i32x4.truncSatF64S,
  toUnsigned: i32x4.truncSatF64U,
}

/** Lanes that are not missing. */
export const validMask = (lanes: Lanes, a: Code): Code => lanes.eq(a, a)

/** A condition in three-valued logic as two masks; missing where neither is set. */
export interface Truth {
  readonly yes: Code
  readonly no: Code
}

/** 1, 0 or missing. */
export function numberOfTruth(lanes: Lanes, { yes, no }: Truth): Code {
  return v128.or(v128.and(yes, lanes.constant(1)), v128.not(v128.or(yes, no)))
}

/** A number read as a condition. `a` is evaluated several times. */
export function truthOfNumber(lanes: Lanes, a: Code): Truth {
  const zero = lanes.constant(0)
  return { yes: v128.or(lanes.lt(a, zero), lanes.gt(a, zero)), no: lanes.eq(a, zero) }
}

export type { Local }
