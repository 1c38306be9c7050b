/**
 * Reducers as accumulators in registers. Sums, means, products and variances accumulate in float64 whatever the lanes
 * are; variances in one pass, shifted by the first valid value. Median and quantiles: `order.ts`.
 */
import type { Reducer } from '../cell.ts'
import { type Code, i32, type Local } from '../wasm/assembler.ts'
import { type Truth, validMask } from '../wasm/lanes.ts'
import { f64x2, i32x4, v128 } from '../wasm/simd.ts'
import { emitQuantile } from './order.ts'
import { type State, stateOf, together } from './state.ts'
import type { Value, ValueCompiler } from './values.ts'

/** What is reduced, as far as a reducer has to know beforehand. */
export interface Source {
  /** The greatest and the least number of elements. */
  readonly most: number
  readonly least: number
  /** The number of elements as a 32-bit integer. */
  readonly count: Code
}

export interface ReduceOptions {
  readonly ignoreNodata: boolean
  readonly probability: number
}

/** Emits what is to be done with one element. */
export type Step = (element: Value, index: Code) => void

/**
 * A reducer emits its accumulators, yields its step (which is emitted in a loop over the elements, together with those
 * of other reducers, or once for each of a list), and then emits what makes the result of them.
 */
export type Reduction = Generator<{ readonly step: Step; readonly state?: State }, Value, void>

type Reduce = (compiler: ValueCompiler, source: Source, options: ReduceOptions) => Reduction

const perRegister = <T>(compiler: ValueCompiler, make: (register: number) => T): readonly T[] =>
  Array.from({ length: compiler.generator.registers }, (_, r) => make(r))

const numbers = (registers: readonly Code[]): Value => ({ kind: 'number', registers })

/** float64 accumulators of one register of lanes. */
class Wide {
  readonly parts: readonly Local[]
  readonly #compiler: ValueCompiler

  constructor(compiler: ValueCompiler, start: number) {
    this.#compiler = compiler
    const { generator } = compiler
    const count = generator.lanes.type === 'float32' ? 2 : 1
    const from = generator.keep(f64x2.splat([0x44, ...new Uint8Array(new Float64Array([start]).buffer)]))
    this.parts = Array.from({ length: count }, () => generator.variable(from))
  }

  /** part = combine(part, x in float64). */
  step(x: readonly Code[], combine: (part: Code, x: Code) => Code): void {
    for (const [i, part] of this.parts.entries()) {
      this.#compiler.generator.emit(part.set(combine(part.get, x[i]!)))
    }
  }

  get codes(): readonly Code[] {
    return this.parts.map((part) => part.get)
  }
}

const stateOfWide = ({ generator }: ValueCompiler, wide: readonly Wide[]): State =>
  stateOf(
    generator,
    wide.flatMap(({ parts }) => parts),
    f64x2.add,
  )

/** Counts lanes, per register. */
class Counter {
  readonly #locals: readonly Local[]
  readonly #compiler: ValueCompiler

  constructor(compiler: ValueCompiler) {
    this.#compiler = compiler
    this.#locals = perRegister(compiler, () => compiler.generator.variable(v128.zero))
  }

  add(register: number, mask: Code): void {
    const { generator } = this.#compiler
    const local = this.#locals[register]!
    generator.emit(local.set(generator.lanes.counted(local.get, mask)))
  }

  numbers(register: number): Code {
    const { generator } = this.#compiler
    return generator.keep(generator.lanes.countNumbers(this.#locals[register]!.get))
  }

  get state(): State {
    const { generator } = this.#compiler
    return stateOf(generator, this.#locals, generator.lanes.countedTogether)
  }
}

/** How many elements went into each result: the valid ones, or all where a missing one makes the result missing. */
function countsOf(compiler: ValueCompiler, source: Source, options: ReduceOptions) {
  const { generator } = compiler
  const { lanes } = generator
  if (!options.ignoreNodata) {
    const all = (): Code => generator.keep(lanes.fromIntegers(i32x4.splat(source.count)))
    return { add: () => undefined, numbers: all, state: together([]) }
  }
  return new Counter(compiler)
}

/** Sums (start 0) and products (start 1); `finish` gets float64 parts and the counts as lanes. */
function accumulated(
  start: 0 | 1,
  combine: (a: Code, b: Code) => Code,
  finish: (compiler: ValueCompiler, parts: readonly Code[], counts: Code) => Code,
): Reduce {
  return function* (compiler, source, options) {
    const { generator } = compiler
    const { lanes, keep } = generator
    const counts = countsOf(compiler, source, options)
    const wide = perRegister(compiler, () => new Wide(compiler, start))
    const one = compiler.constant(1)
    const step: Step = (element) => {
      for (const [r, x] of compiler.asNumbers(element).entries()) {
        const valid = keep(validMask(lanes, x))
        const neutral = start === 0 ? v128.and(x, valid) : v128.bitselect(x, one, valid)
        const kept = options.ignoreNodata ? keep(neutral) : x
        wide[r]!.step(lanes.widened(kept), combine)
        counts.add(r, valid)
      }
    }
    // Products in another order may leave the numbers that float64 has.
    yield start === 0 ? { step, state: together([stateOfWide(compiler, wide), counts.state]) } : { step }
    return numbers(perRegister(compiler, (r) => keep(finish(compiler, wide[r]!.codes, counts.numbers(r)))))
  }
}

/** Missing where nothing was reduced. */
function orMissing({ generator }: ValueCompiler, value: Code, counts: Code): Code {
  const { lanes } = generator
  return v128.or(value, lanes.eq(counts, lanes.constant(0)))
}

const total = (compiler: ValueCompiler, parts: readonly Code[], counts: Code): Code =>
  orMissing(compiler, compiler.generator.lanes.narrowed(parts), counts)

function meanOf(compiler: ValueCompiler, parts: readonly Code[], counts: Code): Code {
  const { lanes } = compiler.generator
  const wideCounts = lanes.widened(counts)
  return lanes.narrowed(parts.map((part, i) => f64x2.div(part, wideCounts[i]!)))
}

function extreme(kind: 'min' | 'max'): Reduce {
  return function* (compiler, source, options) {
    const { generator } = compiler
    const { lanes, keep } = generator
    const start = compiler.constant(kind === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)
    const best = perRegister(compiler, () => generator.variable(start))
    // Whether there was a valid value; where missing ones count: whether there was a missing one.
    const seen = perRegister(compiler, () => generator.variable(v128.zero))
    // The pseudo-minimum keeps its first operand where the second is missing.
    const better = kind === 'min' ? lanes.pmin : lanes.pmax
    const step: Step = (element) => {
      for (const [r, x] of compiler.asNumbers(element).entries()) {
        generator.emit(best[r]!.set(better(best[r]!.get, x)))
        const mask = options.ignoreNodata ? validMask(lanes, x) : lanes.ne(x, x)
        generator.emit(seen[r]!.set(v128.or(seen[r]!.get, mask)))
      }
    }
    yield { step, state: together([stateOf(generator, best, better), stateOf(generator, seen, v128.or)]) }
    const empty = generator.keepInteger(i32.sub(i32.const(0), i32.eqz(source.count)))
    return numbers(
      perRegister(compiler, (r) => {
        const missing = options.ignoreNodata ? v128.not(seen[r]!.get) : v128.or(seen[r]!.get, i32x4.splat(empty))
        return keep(v128.or(best[r]!.get, missing))
      }),
    )
  }
}

interface Moments {
  /** The first valid value, per register. */
  readonly shift: readonly Local[]
  /** Of the distances from it. */
  readonly sums: readonly Wide[]
  readonly squares: readonly Wide[]
  readonly counts: Counter
}

/** Moments around two values become moments around the first: sum (d + a)^2 = sum d^2 + a (2 sum d + n a). */
function stateOfMoments({ generator }: ValueCompiler, { shift, sums, squares, counts }: Moments): State {
  const { lanes, keep } = generator
  const emit = (code: Code): void => generator.emit(code)
  const held = [shift, sums.flatMap(({ parts }) => parts), squares.flatMap(({ parts }) => parts), counts.state.locals]
  const [, sumParts, squareParts] = held as [unknown, readonly Local[], readonly Local[]]
  const join = (later: readonly Code[]): void => {
    const ends = held.map((_, i) => held.slice(0, i + 1).flat().length)
    const [from, added, squared, more] = ends.map((end, i) => later.slice(ends[i - 1] ?? 0, end))
    const n = more!.flatMap((count) => lanes.widened(keep(lanes.countNumbers(count))))
    const apart = from!.flatMap((next, r) => {
      const origin = lanes.widened(shift[r]!.get)
      return lanes.widened(next).map((wide, i) => keep(f64x2.sub(wide, origin[i]!)))
    })
    for (const [i, distance] of apart.entries()) {
      // Without a valid value on either side there is none.
      const a = keep(v128.and(distance, f64x2.eq(distance, distance)))
      const moved = keep(f64x2.mul(a, n[i]!))
      const twice = f64x2.mul(a, f64x2.add(f64x2.add(added![i]!, added![i]!), moved))
      emit(sumParts[i]!.set(f64x2.add(sumParts[i]!.get, f64x2.add(added![i]!, moved))))
      emit(squareParts[i]!.set(f64x2.add(squareParts[i]!.get, f64x2.add(squared![i]!, twice))))
    }
    for (const [r, local] of shift.entries())
      emit(local.set(v128.bitselect(local.get, from![r]!, validMask(lanes, local.get))))
    counts.state.join(more!)
  }
  return { locals: held.flat(), join }
}

function variance(root: boolean): Reduce {
  return function* (compiler, _source, options) {
    const { generator } = compiler
    const { lanes, keep } = generator
    // Where one missing value makes the result missing, the number of valid ones matters where all are.
    const counts = new Counter(compiler)
    const shift = perRegister(compiler, () => generator.variable(v128.ones))
    const sums = perRegister(compiler, () => new Wide(compiler, 0))
    const squares = perRegister(compiler, () => new Wide(compiler, 0))
    const step: Step = (element) => {
      for (const [r, x] of compiler.asNumbers(element).entries()) {
        const before = shift[r]!.get
        generator.emit(shift[r]!.set(v128.bitselect(before, x, validMask(lanes, before))))
        const valid = keep(validMask(lanes, x))
        const from = lanes.widened(shift[r]!.get)
        const wideValid = lanes.type === 'float32' ? undefined : valid
        const distance = lanes.widened(x).map((wide, i) => {
          const d = keep(f64x2.sub(wide, from[i]!))
          if (!options.ignoreNodata) return d
          return keep(v128.and(d, wideValid ?? f64x2.eq(d, d)))
        })
        sums[r]!.step(distance, f64x2.add)
        squares[r]!.step(distance, (a, d) => f64x2.add(a, f64x2.mul(d, d)))
        counts.add(r, valid)
      }
    }
    yield { step, state: stateOfMoments(compiler, { shift, sums, squares, counts }) }
    const one = keep(f64x2.splat([0x44, ...new Uint8Array(new Float64Array([1]).buffer)]))
    return numbers(
      perRegister(compiler, (r) => {
        const n = lanes.widened(counts.numbers(r)).map(keep)
        const parts = squares[r]!.codes.map((square, i) => {
          const sum = sums[r]!.codes[i]!
          const around = f64x2.sub(square, f64x2.div(f64x2.mul(sum, sum), n[i]!))
          // Rounding may leave less than nothing; a missing value stays missing.
          const spread = f64x2.div(f64x2.pmax(around, v128.zero), f64x2.sub(n[i]!, one))
          return keep(root ? f64x2.sqrt(spread) : spread)
        })
        return keep(lanes.narrowed(parts))
      }),
    )
  }
}

function counting(mask: (compiler: ValueCompiler, element: Value) => readonly Code[]): Reduce {
  return function* (compiler) {
    const counter = new Counter(compiler)
    const step: Step = (element) => {
      for (const [r, each] of mask(compiler, element).entries()) counter.add(r, each)
    }
    yield { step, state: counter.state }
    return numbers(perRegister(compiler, (r) => counter.numbers(r)))
  }
}

/** The first or last valid value; where missing ones count, the first or last of a list. */
function end(kind: 'first' | 'last'): Reduce {
  return function* (compiler, _source, options) {
    const { generator } = compiler
    const { lanes } = generator
    const found = perRegister(compiler, () => generator.variable(v128.ones))
    let place = 0
    const step: Step = (element) => {
      const isFirst = place++ === 0
      for (const [r, x] of compiler.asNumbers(element).entries()) {
        const before = found[r]!.get
        if (!options.ignoreNodata) {
          if (kind === 'last' || isFirst) generator.emit(found[r]!.set(x))
        } else {
          const next =
            kind === 'first'
              ? v128.bitselect(before, x, validMask(lanes, before))
              : v128.bitselect(x, before, validMask(lanes, x))
          generator.emit(found[r]!.set(next))
        }
      }
    }
    yield { step }
    return numbers(found.map((local) => local.get))
  }
}

/** `any` (one is true) and `all` (none is false). */
function quantifier(kind: 'any' | 'all'): Reduce {
  return function* (compiler, _source, options) {
    const { generator } = compiler
    const { keep } = generator
    const decided = perRegister(compiler, () => generator.variable(v128.zero))
    const missing = perRegister(compiler, () => generator.variable(v128.zero))
    const step: Step = (element) => {
      for (const [r, { yes, no }] of compiler.asTruths(element).entries()) {
        generator.emit(decided[r]!.set(v128.or(decided[r]!.get, kind === 'any' ? yes : no)))
        if (!options.ignoreNodata) {
          generator.emit(missing[r]!.set(v128.or(missing[r]!.get, v128.not(v128.or(yes, no)))))
        }
      }
    }
    yield { step, state: stateOf(generator, [...decided, ...missing], v128.or) }
    const registers = perRegister(compiler, (r): Truth => {
      const sure = keep(decided[r]!.get)
      const otherwise = keep(v128.not(v128.or(sure, missing[r]!.get)))
      return kind === 'any' ? { yes: sure, no: otherwise } : { yes: otherwise, no: sure }
    })
    return { kind: 'truth', registers }
  }
}

const finite = (compiler: ValueCompiler, element: Value): readonly Code[] => {
  const { lanes, keep } = compiler.generator
  const infinity = compiler.constant(Number.POSITIVE_INFINITY)
  return compiler.asNumbers(element).map((x) => keep(lanes.lt(lanes.abs(x), infinity)))
}

const REDUCTIONS: Readonly<Record<Reducer, Reduce>> = {
  sum: accumulated(0, f64x2.add, total),
  mean: accumulated(0, f64x2.add, meanOf),
  product: accumulated(1, f64x2.mul, total),
  min: extreme('min'),
  max: extreme('max'),
  count: counting((compiler, element) => compiler.asTruths(element).map(({ yes }) => yes)),
  countValid: counting(finite),
  variance: variance(false),
  sd: variance(true),
  median: (compiler, source, options) => emitQuantile(compiler, source, { ...options, probability: 0.5 }),
  quantile: emitQuantile,
  first: end('first'),
  last: end('last'),
  any: quantifier('any'),
  all: quantifier('all'),
}

/** A reduction as far as its step, and the state of it. */
export function begin(
  compiler: ValueCompiler,
  reducer: Reducer,
  source: Source,
  options: ReduceOptions,
): { step: Step; state?: State; finish: () => Value } {
  const reduction = REDUCTIONS[reducer](compiler, source, options)
  const first = reduction.next()
  if (first.done === true) throw new Error(`the reducer ${reducer} has no step`)
  const finish = (): Value => {
    const last = reduction.next()
    if (last.done !== true) throw new Error(`the reducer ${reducer} has two steps`)
    return last.value
  }
  return { ...first.value, finish }
}

/** The reduction of a list of elements. */
export function reduceList(
  compiler: ValueCompiler,
  reducer: Reducer,
  elements: readonly Value[],
  options: ReduceOptions,
): Value {
  const count = i32.const(elements.length)
  const source = { most: elements.length, least: elements.length, count }
  const { step, finish } = begin(compiler, reducer, source, options)
  for (const [i, element] of elements.entries()) step(element, i32.const(i))
  return finish()
}
