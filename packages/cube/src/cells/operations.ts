/**
 * Elementwise operations of cells and what they mean on float64 numbers. Missing is NaN, booleans are 0 and 1, a
 * condition is true where it is neither 0 nor missing. How each becomes SIMD instructions: `compile/emissions.ts`.
 */
import type { Reducer } from './cell.ts'
import { isTrue, REDUCERS, reduceValues } from './reducers.ts'

export interface OperationRow {
  /** Least and greatest number of arguments. */
  readonly arity: readonly [number, number]
  /** Whether the result is 0, 1 or missing. */
  readonly isBoolean: boolean
  readonly evaluate: (...args: readonly number[]) => number
}

const TRUE = 1
const FALSE = 0
const MISSING = Number.NaN

/** One argument. NaN in gives NaN out for all of these without saying so. */
const unary = (evaluate: (x: number) => number): OperationRow => ({
  arity: [1, 1],
  isBoolean: false,
  evaluate: (x) => evaluate(x!),
})

const binary = (evaluate: (x: number, y: number) => number): OperationRow => ({
  arity: [2, 2],
  isBoolean: false,
  evaluate: (x, y) => evaluate(x!, y!),
})

/** Missing where one of the two is. */
const comparison = (holds: (x: number, y: number) => boolean): OperationRow => ({
  arity: [2, 2],
  isBoolean: true,
  evaluate: (x, y) => (Number.isNaN(x!) || Number.isNaN(y!) ? MISSING : Number(holds(x!, y!))),
})

/** Never missing. */
const test = (holds: (x: number) => boolean): OperationRow => ({
  arity: [1, 1],
  isBoolean: true,
  evaluate: (x) => Number(holds(x!)),
})

/** The nearest whole number, of halves the even one. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x)
  const rest = x - below
  if (rest < 0.5) return below
  if (rest > 0.5) return below + 1
  return below % 2 === 0 ? below : below + 1
}

/** The remainder with the sign of the divisor; of the divisor 0: infinite, of an infinite divisor: x. */
export function floorModulo(x: number, y: number): number {
  if (y === 0) return x / 0
  const rest = x % y
  if (!Number.isFinite(y) || rest === 0) return rest
  return rest < 0 === y < 0 ? rest : rest + y
}

function and(args: readonly number[]): number {
  let result = TRUE
  for (const x of args) {
    if (x === 0) return FALSE
    if (Number.isNaN(x)) result = MISSING
  }
  return result
}

const not = (x: number): number => (Number.isNaN(x) ? MISSING : Number(x === 0))

/** Missing as soon as one argument is, where JavaScript would have an answer (x to the power of 0). */
const power = (x: number, y: number): number =>
  Number.isNaN(x) || Number.isNaN(y) ? MISSING : Math.abs(x) === 1 && !Number.isFinite(y) ? 1 : x ** y

/** Logarithm to any base, exact for powers of 2 and 10. */
function logarithm(x: number, base: number): number {
  if (base === 10) return Math.log10(x)
  if (base === 2) return Math.log2(x)
  return Math.log(x) / Math.log(base)
}

export const OPERATIONS = {
  add: binary((x, y) => x + y),
  subtract: binary((x, y) => x - y),
  multiply: binary((x, y) => x * y),
  divide: binary((x, y) => x / y),
  mod: binary(floorModulo),
  power: binary(power),
  absolute: unary(Math.abs),
  negate: unary((x) => -x),
  sqrt: unary(Math.sqrt),
  exp: unary(Math.exp),
  ln: unary(Math.log),
  log: binary(logarithm),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tan: unary(Math.tan),
  arcsin: unary(Math.asin),
  arccos: unary(Math.acos),
  arctan: unary(Math.atan),
  /** arctan2(y, x), in openEO's order of arguments. */
  arctan2: binary(Math.atan2),
  sinh: unary(Math.sinh),
  cosh: unary(Math.cosh),
  tanh: unary(Math.tanh),
  arsinh: unary(Math.asinh),
  arcosh: unary(Math.acosh),
  artanh: unary(Math.atanh),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfEven),
  int: unary(Math.trunc),
  sgn: unary((x) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : MISSING)),
  /** The smaller, the greater of two; missing where one of the two is. */
  smaller: binary(Math.min),
  greater: binary(Math.max),
  /** clip(x, least, greatest). */
  clip: {
    arity: [3, 3],
    isBoolean: false,
    evaluate: (x, low, high) => Math.min(Math.max(x!, low!), high!),
  },
  eq: comparison((x, y) => x === y),
  neq: comparison((x, y) => x !== y),
  gt: comparison((x, y) => x > y),
  gte: comparison((x, y) => x >= y),
  lt: comparison((x, y) => x < y),
  lte: comparison((x, y) => x <= y),
  and: { arity: [0, Number.POSITIVE_INFINITY], isBoolean: true, evaluate: (...args) => and(args) },
  or: {
    arity: [0, Number.POSITIVE_INFINITY],
    isBoolean: true,
    evaluate: (...args) => not(and(args.map(not))),
  },
  xor: {
    arity: [2, 2],
    isBoolean: true,
    evaluate: (x, y) => (Number.isNaN(x!) || Number.isNaN(y!) ? MISSING : Number(isTrue(x!) !== isTrue(y!))),
  },
  not: { arity: [1, 1], isBoolean: true, evaluate: (x) => not(x!) },
  /** if(condition, accept, reject): reject also where the condition is missing. */
  if: {
    arity: [3, 3],
    isBoolean: false,
    evaluate: (condition, accept, reject) => (isTrue(condition!) ? accept! : reject!),
  },
  /** The first argument that is not missing. */
  coalesce: {
    arity: [1, Number.POSITIVE_INFINITY],
    isBoolean: false,
    evaluate: (...args) => args.find((x) => !Number.isNaN(x)) ?? MISSING,
  },
  is_nodata: test(Number.isNaN),
  is_nan: test(Number.isNaN),
  is_valid: test(Number.isFinite),
  is_infinite: test((x) => Math.abs(x) === Number.POSITIVE_INFINITY),
} as const satisfies Record<string, OperationRow>

export type OperationName = keyof typeof OPERATIONS

export const isOperation = (name: string): name is OperationName => Object.hasOwn(OPERATIONS, name)

/**
 * Reductions over the arguments of a call, for short arrays: `meanOf`, or `meanOf!` where one missing argument makes
 * the result missing. The first argument of `quantileOf` is the probability, a constant.
 */
export function reducerCall(name: string): { reducer: Reducer; ignoreNodata: boolean } | undefined {
  const match = /^([a-zA-Z]+)Of(!?)$/.exec(name)
  if (match === null || !Object.hasOwn(REDUCERS, match[1]!)) return undefined
  return { reducer: match[1] as Reducer, ignoreNodata: match[2] === '' }
}

/** The meaning of an operation on numbers; undefined where there is none of this name. */
export function evaluatorOf(name: string): ((args: readonly number[]) => number) | undefined {
  if (isOperation(name)) {
    const { evaluate } = OPERATIONS[name] as OperationRow
    return (args) => evaluate(...args)
  }
  const call = reducerCall(name)
  if (call === undefined) return undefined
  const { reducer, ignoreNodata } = call
  if (reducer !== 'quantile')
    return (args) => reduceValues(reducer, Float64Array.from(args), { ignoreNodata, probability: 0.5 })
  return ([probability, ...args]) =>
    reduceValues(reducer, Float64Array.from(args), { ignoreNodata, probability: probability! })
}
