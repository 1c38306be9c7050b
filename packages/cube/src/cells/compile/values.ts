/** Cells to values in registers: the walk over the expression, with loops around reductions. */
import type { CubeSchema } from '../../model/node.ts'
import type { Cell } from '../cell.ts'
import { evaluatorOf, isOperation, reducerCall } from '../operations.ts'
import { CellTable, foldCells, freeDimensions } from '../structure.ts'
import { type Code, callFunction, choose, i32 } from '../wasm/assembler.ts'
import { numberOfTruth, type Truth, truthOfNumber } from '../wasm/lanes.ts'
import { i32x4, i64x2, v128 } from '../wasm/simd.ts'
import { elementsOf } from './elements.ts'
import { EMISSIONS, type Emitter, type ScalarName } from './emissions.ts'
import type { Generator } from './generator.ts'
import { beginIntegerSum } from './integer-sums.ts'
import { InputLoader } from './loads.ts'
import { begin, reduceList, type Source } from './reductions.ts'
import { fixedIndex, type Index, indexOf, renamedScope, type Scope, signature, takenIndex } from './scope.ts'
import { type ReduceCell, siblingsIn } from './siblings.ts'
import { emitSliding, type Sliding, slidingWindows } from './sliding.ts'

/** One code per register. */
export type Value =
  | { readonly kind: 'number'; readonly registers: readonly Code[] }
  | { readonly kind: 'truth'; readonly registers: readonly Truth[] }

type CallCell = Extract<Cell, { kind: 'call' }>

export class ValueCompiler {
  readonly generator: Generator
  readonly emitter: Emitter
  readonly #loaders: readonly InputLoader[]
  readonly #free: Map<Cell, ReadonlySet<string>> = new Map()
  readonly #ids = new CellTable()
  readonly #inputs: readonly CubeSchema[]
  readonly #siblingsOf: ReadonlyMap<Cell, readonly ReduceCell[]>
  /** Keys of reductions that are being emitted. */
  readonly #open = new Set<string>()

  constructor(generator: Generator, inputs: readonly CubeSchema[], root: Cell) {
    this.#siblingsOf = siblingsIn(root)
    this.generator = generator
    this.#inputs = inputs
    this.#loaders = inputs.map((schema, input) => new InputLoader(generator, input, schema))
    this.emitter = {
      lanes: generator.lanes,
      keep: generator.keep,
      scalar: (name, ...args) => this.#scalar(name, args),
    }
  }

  constant(value: number): Code {
    const { generator } = this
    const key = `constant ${Object.is(value, -0) ? '-0' : value}`
    return generator.shared(0, key, () => generator.keep(generator.lanes.constant(value)))
  }

  /** The value of a cell as numbers. */
  numbers(cell: Cell, scope: Scope): readonly Code[] {
    return this.asNumbers(this.value(cell, scope))
  }

  asNumbers(value: Value): readonly Code[] {
    if (value.kind === 'number') return value.registers
    const { lanes, keep } = this.generator
    return value.registers.map((truth) => keep(numberOfTruth(lanes, truth)))
  }

  asTruths(value: Value): readonly Truth[] {
    if (value.kind === 'truth') return value.registers
    const { lanes, keep } = this.generator
    return mapRegisters([value.registers], (x) => {
      const { yes, no } = truthOfNumber(lanes, x!)
      return { yes: keep(yes), no: keep(no) }
    })
  }

  value(cell: Cell, scope: Scope): Value {
    if (cell.kind === 'constant') return this.#splat(cell.value)
    const { key, depth } = this.#keyOf(cell, scope)
    return this.generator.shared(depth, key, () => this.#make(cell, scope))
  }

  #splat(value: number): Value {
    return { kind: 'number', registers: new Array<Code>(this.generator.registers).fill(this.constant(value)) }
  }

  #freeOf(cell: Cell): ReadonlySet<string> {
    const known = this.#free.get(cell)
    if (known !== undefined) return known
    return foldCells<ReadonlySet<string>>(cell, (each, parts) => {
      const free = this.#free.get(each) ?? freeDimensions(each, parts, this.#inputs)
      this.#free.set(each, free)
      return free
    })
  }

  #make(cell: Exclude<Cell, { kind: 'constant' }>, scope: Scope): Value {
    switch (cell.kind) {
      case 'input':
        return { kind: 'number', registers: this.#loaders[cell.input]!.load(scope) }
      case 'call':
        return this.#call(cell, scope)
      case 'label':
        return this.#label(cell.values, indexOf(scope, cell.dim))
      case 'at':
        return this.value(cell.of, new Map(scope).set(cell.dim, fixedIndex(cell.index)))
      case 'take':
        return this.#take(cell.of, cell.dim, cell.indices, scope)
      case 'reduce':
        return this.#reduce(cell, scope)
      default:
        return this.value(cell.of, renamedScope(scope, cell.names))
    }
  }

  #scalar(name: ScalarName, args: readonly Code[]): Code {
    const { lanes, keep } = this.generator
    const { index } = this.generator.scalar(name)
    let result: Code = v128.zero
    for (let lane = 0; lane < lanes.count; lane++) {
      const operands = args.map((arg) => lanes.lane(arg, lane))
      result = lanes.withLane(result, lane, callFunction(index, ...operands))
    }
    return keep(result)
  }

  #call(cell: CallCell, scope: Scope): Value {
    const { operation, args } = cell
    const folded = this.#folded(cell)
    if (folded !== undefined) return this.#splat(folded)
    const list = isOperation(operation) ? undefined : reducerCall(operation)
    if (list !== undefined) {
      const isQuantile = list.reducer === 'quantile'
      const probability = isQuantile && args[0]?.kind === 'constant' ? args[0].value : 0.5
      const elements = (isQuantile ? args.slice(1) : args).map((arg) => this.value(arg, scope))
      return reduceList(this, list.reducer, elements, { ...list, probability })
    }
    if (!isOperation(operation)) throw new Error(`cells know no operation '${operation}'`)
    const values = args.map((arg) => this.value(arg, scope))
    return this.#emitted(EMISSIONS[operation], values)
  }

  /** The result of a call of constants. */
  #folded({ operation, args }: CallCell): number | undefined {
    const numbers = args.flatMap((arg) => (arg.kind === 'constant' ? [arg.value] : []))
    return numbers.length === args.length ? evaluatorOf(operation)?.(numbers) : undefined
  }

  #emitted(emission: (typeof EMISSIONS)[keyof typeof EMISSIONS], values: readonly Value[]): Value {
    const { emitter } = this
    const { keep } = emitter
    const keepTruth = ({ yes, no }: Truth): Truth => ({ yes: keep(yes), no: keep(no) })
    const numbers = (from: readonly Value[]) => from.map((value) => this.asNumbers(value))
    switch (emission.kind) {
      case 'number':
        return {
          kind: 'number',
          registers: mapRegisters(numbers(values), (...args) => keep(emission.emit(emitter, ...args))),
        }
      case 'comparison':
        return {
          kind: 'truth',
          registers: mapRegisters(numbers(values), (...args) => keepTruth(emission.emit(emitter, ...args))),
        }
      case 'logic': {
        if (values.length === 0) {
          const truth = keepTruth(emission.emit(emitter))
          return { kind: 'truth', registers: new Array<Truth>(this.generator.registers).fill(truth) }
        }
        const truths = values.map((value) => this.asTruths(value))
        return {
          kind: 'truth',
          registers: mapRegisters(truths, (...args) => keepTruth(emission.emit(emitter, ...args))),
        }
      }
      default: {
        const conditions = this.asTruths(values[0]!)
        const [accept, reject] = numbers(values.slice(1))
        return {
          kind: 'number',
          registers: conditions.map(({ yes }, r) => keep(v128.bitselect(accept![r]!, reject![r]!, yes))),
        }
      }
    }
  }

  #label(values: readonly number[], index: Index): Value {
    const { generator } = this
    const { lanes, registers } = generator
    if (index.kind === 'fixed') return this.#splat(values[index.value]!)
    const listed = index.kind === 'lane' && index.table ? index.table.map((i) => values[i] ?? Number.NaN) : values
    const table = generator.table(lanes.type === 'float32' ? Float32Array.from(listed) : Float64Array.from(listed))
    const shift = index.kind === 'lane' ? index.shift : 0
    const place = i32.add(index.code, i32.const(shift))
    const address = generator.keepInteger(i32.add(i32.mul(place, i32.const(lanes.bytes)), i32.const(table)))
    if (index.kind === 'lane') {
      return {
        kind: 'number',
        registers: Array.from({ length: registers }, (_, r) => generator.keep(v128.load(address, r * 16))),
      }
    }
    const low = generator.keepInteger(i32.const(table))
    const safe = index.unsafe ? choose(address, low, i32.gtU(address, low)) : address
    return {
      kind: 'number',
      registers: new Array<Code>(registers).fill(generator.keep(v128.loadSplat(lanes.bytes, safe))),
    }
  }

  /** Missing where the index is -1. */
  #take(of: Cell, dim: string, indices: readonly number[], scope: Scope): Value {
    const { generator } = this
    const index = takenIndex(generator, indexOf(scope, dim), indices)
    if (index.kind === 'fixed' && index.value < 0) return this.#splat(Number.NaN)
    const value = this.value(of, new Map(scope).set(dim, index))
    if (!index.unsafe) return value
    const missing = this.#belowZero(index)
    const { keep } = generator
    if (value.kind === 'number') {
      return { kind: 'number', registers: value.registers.map((x, r) => keep(v128.or(x, missing[r]!))) }
    }
    return {
      kind: 'truth',
      registers: value.registers.map(({ yes, no }, r) => ({
        yes: keep(v128.andnot(yes, missing[r]!)),
        no: keep(v128.andnot(no, missing[r]!)),
      })),
    }
  }

  /** Masks of the lanes whose index is negative. */
  #belowZero(index: Index): readonly Code[] {
    const { generator } = this
    const { lanes, registers } = generator
    if (index.kind !== 'lane') {
      const code = index.kind === 'fixed' ? i32.const(index.value) : index.code
      return new Array<Code>(registers).fill(
        generator.keep(i32x4.splat(i32.sub(i32.const(0), i32.ltS(code, i32.const(0))))),
      )
    }
    const table = generator.table(Int32Array.from(index.table!))
    const address = generator.keepInteger(i32.add(i32.shl(index.code, i32.const(2)), i32.const(table)))
    return Array.from({ length: registers }, (_, r) => {
      const at = r * lanes.count * 4
      if (lanes.count === 4) return generator.keep(i32x4.ltS(v128.load(address, at), v128.zero))
      return generator.keep(i64x2.ltS(i64x2.extendLow32S(v128.load64Zero(address, at)), v128.zero))
    })
  }

  #reduce(cell: ReduceCell, scope: Scope): Value {
    const ignoreNodata = cell.ignoreNodata ?? true
    if (!ignoreNodata && (cell.reducer === 'first' || cell.reducer === 'last')) return this.#end(cell, scope)
    const sliding = this.#slide(cell, scope)
    if (sliding !== undefined) return sliding
    const elements = elementsOf(this.generator, cell, scope)
    const alone = this.#beginIntegers(cell, elements)
    if (alone !== undefined) {
      elements.each(alone.step)
      return alone.finish()
    }
    return this.#inOneLoop([cell, ...this.#siblings(cell, scope)], scope, (together) => {
      const reductions = together.map((each) => this.#begin(each, elements))
      elements.each((below, counter) => {
        for (const { step } of reductions) step(below, counter)
      })
      return reductions.map(({ finish }) => finish())
    })
  }

  /** Along the innermost loop windows slide, where all that share their elements can. */
  #slide(cell: ReduceCell, scope: Scope): Value | undefined {
    const { generator } = this
    const windows = slidingWindows(cell)
    const index = scope.get(cell.dim)
    if (windows === undefined || index?.kind !== 'uniform') return undefined
    if (index.unsafe || index.depth !== generator.depth || !index.key.startsWith('dimension')) return undefined
    const siblings = this.#siblings(cell, scope).filter((each) => slidingWindows(each) !== undefined)
    return this.#inOneLoop([cell, ...siblings], scope, (together) =>
      emitSliding(generator, cell, windows, scope, (source) =>
        together.map((each) => this.#beginIntegers(each, source) ?? this.#begin(each, source)),
      ),
    )
  }

  #begin(each: ReduceCell, source: Source): Sliding {
    const options = { ignoreNodata: each.ignoreNodata ?? true, probability: each.probability ?? 0.5 }
    const { step, ...rest } = begin(this, each.reducer, source, options)
    return { ...rest, step: (below, counter) => step(this.value(each.of, below), counter) }
  }

  #beginIntegers(each: ReduceCell, { most, count }: Source): Sliding | undefined {
    const { reducer, of, ignoreNodata = true } = each
    const sum = beginIntegerSum(this.generator, this.#inputs, this.#loaders, {
      reducer,
      ignoreNodata,
      most,
      count,
      of,
    })
    return sum && { ...sum, finish: () => ({ kind: 'number', registers: sum.finish() }) }
  }

  /** Emits reductions together; the first one's value, the others' are remembered. */
  #inOneLoop(
    together: readonly ReduceCell[],
    scope: Scope,
    emit: (together: readonly ReduceCell[]) => readonly Value[],
  ): Value {
    const keys = together.map((each) => this.#keyOf(each, scope).key)
    for (const key of keys) this.#open.add(key)
    const values = emit(together)
    for (const [i, key] of keys.entries()) {
      this.#open.delete(key)
      if (i > 0) this.generator.remember(key, values[i])
    }
    return values[0]!
  }

  /** Where a cell's value is kept, and how deep the loops are that it depends on. */
  #keyOf(cell: Cell, scope: Scope): { key: string; depth: number } {
    const { key, depth } = signature(scope, this.#freeOf(cell))
    return { key: `cell ${this.#ids.idOf(cell)} ${key}`, depth }
  }

  /** Reductions that can run in the same loop, have not been emitted and are not about to be. */
  #siblings(cell: ReduceCell, scope: Scope): ReduceCell[] {
    const taken = new Set([this.#keyOf(cell, scope).key])
    return (this.#siblingsOf.get(cell) ?? []).filter((other) => {
      const isEnd = other.reducer === 'first' || other.reducer === 'last'
      if (isEnd && other.ignoreNodata === false) return false
      const { key, depth } = this.#keyOf(other, scope)
      if (taken.has(key) || this.#open.has(key) || this.generator.knows(key)) return false
      taken.add(key)
      return depth === this.generator.depth
    })
  }

  /** The first or last element, missing or not. */
  #end({ reducer, dim, length, groups, of }: ReduceCell, scope: Scope): Value {
    const last = reducer === 'last'
    if (groups === undefined) {
      if (length === 0) return this.#splat(Number.NaN)
      return this.value({ kind: 'at', dim, index: last ? length - 1 : 0, of }, scope)
    }
    const indices = groups.map((group) => group.at(last ? -1 : 0) ?? -1)
    return this.value({ kind: 'take', dim, indices, of }, scope)
  }
}

/** Applies `make` register by register; once where all registers are the same. */
export function mapRegisters<A, B>(args: readonly (readonly A[])[], make: (...args: A[]) => B): readonly B[] {
  const registers = args[0]!.length
  const same = args.every((arg) => arg.every((register) => register === arg[0]))
  if (same) return new Array<B>(registers).fill(make(...args.map((arg) => arg[0]!)))
  return Array.from({ length: registers }, (_, r) => make(...args.map((arg) => arg[r]!)))
}
