/** How each elementwise operation becomes instructions on one register; what it has to compute: `operations.ts`. */
import { OPERATIONS, type OperationName } from '../operations.ts'
import type { Code } from '../wasm/assembler.ts'
import { type Keep, type Lanes, type Truth, validMask } from '../wasm/lanes.ts'
import { v128 } from '../wasm/simd.ts'
import { emitExp, emitLn, emitPower } from './transcendental.ts'

/** What an emission may use. Arguments are variables: reading one twice costs nothing. */
export interface Emitter {
  readonly lanes: Lanes
  readonly keep: Keep
  /** Calls an imported function of float64 numbers lane by lane. */
  scalar(name: ScalarName, ...args: readonly Code[]): Code
}

/** Numbers in, number out; or conditions among them. */
export type Emission =
  | { readonly kind: 'number'; readonly emit: (e: Emitter, ...args: Code[]) => Code }
  | { readonly kind: 'comparison'; readonly emit: (e: Emitter, ...args: Code[]) => Truth }
  | { readonly kind: 'logic'; readonly emit: (e: Emitter, ...args: Truth[]) => Truth }
  | { readonly kind: 'if' }

const same =
  (
    name:
      | 'add'
      | 'sub'
      | 'mul'
      | 'div'
      | 'abs'
      | 'neg'
      | 'sqrt'
      | 'ceil'
      | 'floor'
      | 'trunc'
      | 'nearest'
      | 'min'
      | 'max',
  ) =>
  (e: Emitter, a: Code, b: Code): Code =>
    (e.lanes[name] as (a: Code, b: Code) => Code)(a, b)

const number = (emit: (e: Emitter, ...args: Code[]) => Code): Emission => ({ kind: 'number', emit })
const comparison = (emit: (e: Emitter, ...args: Code[]) => Truth): Emission => ({ kind: 'comparison', emit })
const logic = (emit: (e: Emitter, ...args: Truth[]) => Truth): Emission => ({ kind: 'logic', emit })

/** A condition that is never missing. */
const certain = (e: Emitter, mask: Code): Truth => {
  const yes = e.keep(mask)
  return { yes, no: v128.not(yes) }
}

/** Functions that are called lane by lane. The engine calls those of Math without leaving compiled code. */
export const SCALARS = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  arcsin: Math.asin,
  arccos: Math.acos,
  arctan: Math.atan,
  arctan2: Math.atan2,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  arsinh: Math.asinh,
  arcosh: Math.acosh,
  artanh: Math.atanh,
  power: OPERATIONS.power.evaluate,
  log: OPERATIONS.log.evaluate,
  exp: Math.exp,
  ln: Math.log,
} as const

export type ScalarName = keyof typeof SCALARS

const scalar = (name: ScalarName): Emission => number((e, ...args) => e.scalar(name, ...args))

/** x - y floor(x / y), set right where the quotient was rounded up or down across a whole number. */
function emitModulo({ lanes, keep }: Emitter, x: Code, y: Code): Code {
  const zero = lanes.constant(0)
  const rest = keep(lanes.sub(x, lanes.mul(y, lanes.floor(lanes.div(x, y)))))
  const wrongSign = v128.or(
    v128.and(lanes.lt(rest, zero), lanes.gt(y, zero)),
    v128.and(lanes.gt(rest, zero), lanes.lt(y, zero)),
  )
  const raised = keep(lanes.add(rest, v128.and(y, wrongSign)))
  const tooFar = lanes.ge(lanes.abs(raised), lanes.abs(y))
  const finite = keep(lanes.sub(raised, v128.and(y, tooFar)))
  const infiniteDivisor = lanes.eq(lanes.abs(y), lanes.constant(Number.POSITIVE_INFINITY))
  const withInfinite = v128.bitselect(lanes.add(x, lanes.sub(x, x)), finite, infiniteDivisor)
  return v128.bitselect(lanes.div(x, lanes.abs(y)), withInfinite, lanes.eq(y, zero))
}

function emitSign({ lanes }: Emitter, x: Code): Code {
  const zero = lanes.constant(0)
  const signs = v128.or(v128.and(lanes.gt(x, zero), lanes.constant(1)), v128.and(lanes.lt(x, zero), lanes.constant(-1)))
  return v128.or(signs, lanes.ne(x, x))
}

export const EMISSIONS: Readonly<Record<OperationName, Emission>> = {
  add: number(same('add')),
  subtract: number(same('sub')),
  multiply: number(same('mul')),
  divide: number(same('div')),
  mod: number(emitModulo),
  power: number(emitPower),
  absolute: number(same('abs')),
  negate: number(same('neg')),
  sqrt: number(same('sqrt')),
  exp: number(emitExp),
  ln: number(emitLn),
  log: scalar('log'),
  sin: scalar('sin'),
  cos: scalar('cos'),
  tan: scalar('tan'),
  arcsin: scalar('arcsin'),
  arccos: scalar('arccos'),
  arctan: scalar('arctan'),
  arctan2: scalar('arctan2'),
  sinh: scalar('sinh'),
  cosh: scalar('cosh'),
  tanh: scalar('tanh'),
  arsinh: scalar('arsinh'),
  arcosh: scalar('arcosh'),
  artanh: scalar('artanh'),
  floor: number(same('floor')),
  ceil: number(same('ceil')),
  round: number(same('nearest')),
  int: number(same('trunc')),
  sgn: number(emitSign),
  smaller: number(same('min')),
  greater: number(same('max')),
  clip: number(({ lanes }, x, low, high) => lanes.min(lanes.max(x, low), high)),
  eq: comparison(({ lanes }, x, y) => ({ yes: lanes.eq(x, y), no: v128.or(lanes.lt(x, y), lanes.gt(x, y)) })),
  neq: comparison(({ lanes }, x, y) => ({ yes: v128.or(lanes.lt(x, y), lanes.gt(x, y)), no: lanes.eq(x, y) })),
  gt: comparison(({ lanes }, x, y) => ({ yes: lanes.gt(x, y), no: lanes.le(x, y) })),
  gte: comparison(({ lanes }, x, y) => ({ yes: lanes.ge(x, y), no: lanes.lt(x, y) })),
  lt: comparison(({ lanes }, x, y) => ({ yes: lanes.lt(x, y), no: lanes.ge(x, y) })),
  lte: comparison(({ lanes }, x, y) => ({ yes: lanes.le(x, y), no: lanes.gt(x, y) })),
  and: logic((_, ...args) => ({
    yes: args.map((x) => x.yes).reduce((a, b) => v128.and(a, b), v128.ones),
    no: args.map((x) => x.no).reduce((a, b) => v128.or(a, b), v128.zero),
  })),
  or: logic((_, ...args) => ({
    yes: args.map((x) => x.yes).reduce((a, b) => v128.or(a, b), v128.zero),
    no: args.map((x) => x.no).reduce((a, b) => v128.and(a, b), v128.ones),
  })),
  xor: logic((_, x, y) => ({
    yes: v128.or(v128.and(x!.yes, y!.no), v128.and(x!.no, y!.yes)),
    no: v128.or(v128.and(x!.yes, y!.yes), v128.and(x!.no, y!.no)),
  })),
  not: logic((_, x) => ({ yes: x!.no, no: x!.yes })),
  if: { kind: 'if' },
  coalesce: number(({ lanes, keep }, ...args) =>
    args.reduceRight((rest, x) => keep(v128.bitselect(x, rest, validMask(lanes, x)))),
  ),
  is_nodata: comparison((e, x) => certain(e, e.lanes.ne(x, x))),
  is_nan: comparison((e, x) => certain(e, e.lanes.ne(x, x))),
  is_valid: comparison((e, x) => certain(e, e.lanes.lt(e.lanes.abs(x), e.lanes.constant(Number.POSITIVE_INFINITY)))),
  is_infinite: comparison((e, x) => certain(e, e.lanes.eq(e.lanes.abs(x), e.lanes.constant(Number.POSITIVE_INFINITY)))),
}
