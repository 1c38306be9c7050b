/**
 * Median and quantiles (type 7), four or two cells at a time: the elements of a column go to memory with missing ones
 * as +infinity, then short columns through a sorting network in registers, long ones through bisection of the numbers
 * between the least and the greatest. Each lane selects by its own count of valid elements.
 */
import { type Code, i32, type Local, repeatWhile, when } from '../wasm/assembler.ts'
import { validMask } from '../wasm/lanes.ts'
import { i32x4, v128 } from '../wasm/simd.ts'
import { sortingNetwork } from './network.ts'
import type { ReduceOptions, Reduction, Source } from './reductions.ts'
import type { Value, ValueCompiler } from './values.ts'

/** Columns up to this length are sorted by networks. */
const LONGEST_NETWORK = 64
const REGISTER_BYTES = 16

/** Per count of valid elements: which order statistic is below the quantile, and how far it is to the next. */
interface Positions {
  /** Address of 32-bit places. */
  readonly places: number
  /** Address of lane numbers in [0, 1). */
  readonly shares: number
  readonly ofAll: readonly [place: number, share: number]
  /** How many of the smallest elements can be asked for. */
  readonly wanted: number
}

function positionsOf({ generator }: ValueCompiler, most: number, probability: number): Positions {
  const places = new Int32Array(most + 1)
  const shares = generator.lanes.type === 'float32' ? new Float32Array(most + 1) : new Float64Array(most + 1)
  for (let count = 1; count <= most; count++) {
    const position = (count - 1) * probability
    places[count] = Math.floor(position)
    shares[count] = position - Math.floor(position)
  }
  return {
    places: generator.table(places),
    shares: generator.table(shares),
    ofAll: [places[most]!, shares[most]!],
    wanted: Math.min(most, places[most]! + 2),
  }
}

/** One register's column while it is filled and after. */
interface Column {
  readonly address: number
  /** Bytes from element to element. */
  readonly step: number
  readonly counts: Local
  readonly spoilt: Local
}

export function* emitQuantile(compiler: ValueCompiler, source: Source, options: ReduceOptions): Reduction {
  const { generator } = compiler
  const { registers } = generator
  if (source.most === 0) {
    yield { step: () => undefined }
    return { kind: 'number', registers: new Array<Code>(registers).fill(compiler.constant(Number.NaN)) }
  }
  const step = registers * REGISTER_BYTES
  const scratch = generator.allocate((source.most + 1) * step)
  const columns = Array.from({ length: registers }, (_, r): Column => {
    const address = scratch + r * REGISTER_BYTES
    return { address, step, counts: generator.variable(v128.zero), spoilt: generator.variable(v128.zero) }
  })
  const inNetwork = source.most <= LONGEST_NETWORK
  yield { step: (element, index) => fill(compiler, columns, options, element, index) }
  if (inNetwork && source.least < source.most) padEnd(compiler, source, columns)
  const positions = positionsOf(compiler, source.most, options.probability)
  const results = columns.map((column) => {
    const value = inNetwork
      ? fromNetwork(compiler, source, column, positions)
      : fromBisection(compiler, source, column, positions)
    const counts = generator.lanes.countNumbers(column.counts.get)
    const none = generator.lanes.eq(counts, generator.lanes.constant(0))
    return generator.keep(v128.or(value, v128.or(none, column.spoilt.get)))
  })
  return { kind: 'number', registers: results }
}

/** An element to memory, a missing one as +infinity. */
function fill(
  compiler: ValueCompiler,
  columns: readonly Column[],
  options: ReduceOptions,
  element: Value,
  index: Code,
): void {
  const { generator } = compiler
  const { lanes, keep } = generator
  const infinity = compiler.constant(Number.POSITIVE_INFINITY)
  const offset = generator.keepInteger(i32.mul(index, i32.const(columns[0]!.step)))
  for (const [r, x] of compiler.asNumbers(element).entries()) {
    const { address, counts, spoilt } = columns[r]!
    const valid = keep(validMask(lanes, x))
    generator.emit(counts.set(lanes.counted(counts.get, valid)))
    if (!options.ignoreNodata) generator.emit(spoilt.set(v128.or(spoilt.get, v128.not(valid))))
    generator.emit(v128.store(offset, v128.bitselect(x, infinity, valid), address))
  }
}

/** Places that a shorter group leaves are +infinity. */
function padEnd(compiler: ValueCompiler, source: Source, columns: readonly Column[]): void {
  const { generator } = compiler
  const infinity = compiler.constant(Number.POSITIVE_INFINITY)
  generator.loop(source.count, i32.const(source.most), 1, (index) => {
    const offset = generator.keepInteger(i32.mul(index, i32.const(columns[0]!.step)))
    for (const { address } of columns) generator.emit(v128.store(offset, infinity, address))
  })
}

/** low (1 - share) + high share; low where both are equal (infinite ones too) or the share is 0. */
function between(compiler: ValueCompiler, low: Code, high: Code, share: Code): Code {
  const { lanes } = compiler.generator
  const simple = v128.or(lanes.eq(low, high), lanes.eq(share, lanes.constant(0)))
  return v128.bitselect(
    low,
    lanes.add(lanes.mul(low, lanes.sub(lanes.constant(1), share)), lanes.mul(high, share)),
    simple,
  )
}

function fromNetwork(compiler: ValueCompiler, source: Source, column: Column, positions: Positions): Code {
  const { generator } = compiler
  const { lanes, keep } = generator
  const n = source.most
  const { address, step, counts } = column
  const places = Array.from({ length: n }, (_, i) => keep(v128.load(i32.const(0), address + i * step)))
  for (const { low, high, keepsLow, keepsHigh } of sortingNetwork(n, positions.wanted)) {
    const [a, b] = [places[low]!, places[high]!]
    if (keepsLow) places[low] = keep(lanes.pmin(a, b))
    if (keepsHigh) places[high] = keep(lanes.pmax(a, b))
  }
  const [place, share] = positions.ofAll
  const result = generator.variable(v128.zero)
  const next = places[Math.min(place + 1, n - 1)]!
  const complete = generator.captured(() => {
    const value = share === 0 ? places[place]! : between(compiler, places[place]!, next, compiler.constant(share))
    generator.emit(result.set(value))
  })
  const partial = generator.captured(() => {
    for (let i = 0; i < positions.wanted; i++) {
      generator.emit(v128.store(i32.const(0), places[i]!, address + i * step))
    }
    generator.emit(result.set(selected(compiler, column, positions)))
  })
  const all = lanes.eq(lanes.countNumbers(counts.get), compiler.constant(n))
  generator.emit(when(lanes.integers.allTrue(all), complete, partial))
  return result.get
}

/** The place and share of every lane, by its count of valid elements. */
function perLane(
  compiler: ValueCompiler,
  column: Column,
  positions: Positions,
  use: (lane: number, count: Code) => void,
): Code {
  const { generator } = compiler
  const { lanes } = generator
  const counts = generator.keep(lanes.countIntegers(column.counts.get))
  let share: Code = v128.zero
  for (let lane = 0; lane < lanes.count; lane++) {
    const count = generator.keepInteger(i32x4.lane(counts, lane))
    use(lane, count)
    const at = i32.add(i32.mul(count, i32.const(lanes.bytes)), i32.const(positions.shares))
    share = v128.loadLane(lanes.bytes, at, share, lane)
  }
  return generator.keep(share)
}

const placeOf = (positions: Positions, count: Code): Code =>
  i32.load(i32.add(i32.shl(count, i32.const(2)), i32.const(positions.places)))

/** From a sorted column in memory, lane by lane. */
function selected(compiler: ValueCompiler, column: Column, positions: Positions): Code {
  const { generator } = compiler
  const { lanes } = generator
  let low: Code = v128.zero
  let high: Code = v128.zero
  const share = perLane(compiler, column, positions, (lane, count) => {
    const offset = i32.mul(placeOf(positions, count), i32.const(column.step))
    const at = generator.keepInteger(i32.add(offset, i32.const(column.address + lane * lanes.bytes)))
    low = v128.loadLane(lanes.bytes, at, low, lane)
    high = v128.loadLane(lanes.bytes, i32.add(at, i32.const(column.step)), high, lane)
  })
  return between(compiler, generator.keep(low), generator.keep(high), share)
}

/** A number as an integer that sorts as the number does (both zeros are 0). */
function keyOf({ generator }: ValueCompiler, bits: Code): Code {
  const { integers } = generator.lanes
  const { keep } = generator
  const signs = keep(integers.shrS(bits, i32.const(integers.bits - 1)))
  const magnitude = v128.and(bits, integers.shrU(v128.ones, i32.const(1)))
  return keep(integers.sub(v128.xor(magnitude, signs), signs))
}

/** The number of a key. */
function ofKey({ generator }: ValueCompiler, key: Code): Code {
  const { integers } = generator.lanes
  const { keep } = generator
  const signs = keep(integers.shrS(key, i32.const(integers.bits - 1)))
  const magnitude = integers.sub(v128.xor(key, signs), signs)
  return keep(v128.or(magnitude, integers.shl(signs, i32.const(integers.bits - 1))))
}

/**
 * Halves the numbers (as keys) between two elements until one is left; both ends snap to elements each time, so that
 * about as many passes are needed as the number of elements has bits.
 */
function fromBisection(compiler: ValueCompiler, source: Source, column: Column, positions: Positions): Code {
  const { generator } = compiler
  const { lanes, keep } = generator
  const { integers } = lanes
  let place: Code = v128.zero
  const share = perLane(compiler, column, positions, (lane, count) => {
    const at = i32.add(i32.shl(count, i32.const(2)), i32.const(positions.places))
    place = v128.loadLane(4, at, place, lanes.count === 4 ? lane : lane * 2)
  })
  // Places are below 2^31, so the upper half of a 64-bit lane is rightly zero.
  const wanted = keep(place)
  const [low, high] = rangeOf(compiler, source, column)
  const body = generator.captured(() => {
    const [from, to] = [keyOf(compiler, low.get), keyOf(compiler, high.get)]
    const middle = ofKey(compiler, keep(integers.add(from, integers.shrU(integers.sub(to, from), i32.const(1)))))
    const { count, below, above } = around(compiler, source, column, middle)
    const enough = keep(integers.gtS(count, wanted))
    generator.emit(high.set(v128.bitselect(below, high.get, enough)))
    generator.emit(low.set(v128.bitselect(low.get, above, enough)))
  })
  generator.emit(repeatWhile(v128.anyTrue(lanes.lt(low.get, high.get)), body))
  const { count, above } = around(compiler, source, column, high.get)
  const one = integers.sub(v128.zero, v128.ones)
  const often = integers.gtS(count, integers.add(wanted, one))
  return between(compiler, high.get, keep(v128.bitselect(high.get, above, often)), share)
}

function eachElement(compiler: ValueCompiler, source: Source, column: Column, use: (element: Code) => void): void {
  const { generator } = compiler
  const end = generator.keepInteger(i32.mul(source.count, i32.const(column.step)))
  generator.loop(i32.const(0), end, column.step, (offset) => use(generator.keep(v128.load(offset, column.address))))
}

/** The least and the greatest element of each lane. */
function rangeOf(compiler: ValueCompiler, source: Source, column: Column): readonly [Local, Local] {
  const { generator } = compiler
  const { lanes } = generator
  const low = generator.variable(v128.load(i32.const(0), column.address))
  const high = generator.variable(low.get)
  eachElement(compiler, source, column, (x) => {
    generator.emit(low.set(lanes.pmin(low.get, x)))
    generator.emit(high.set(lanes.pmax(high.get, x)))
  })
  return [low, high]
}

/** How many elements are at most `limit`, the greatest of them, and the least of the others. */
function around(
  compiler: ValueCompiler,
  source: Source,
  column: Column,
  limit: Code,
): { count: Code; below: Code; above: Code } {
  const { generator } = compiler
  const { lanes, keep } = generator
  const greatest = compiler.constant(Number.POSITIVE_INFINITY)
  const least = compiler.constant(Number.NEGATIVE_INFINITY)
  const count = generator.variable(v128.zero)
  const below = generator.variable(least)
  const above = generator.variable(greatest)
  eachElement(compiler, source, column, (x) => {
    const within = keep(lanes.le(x, limit))
    generator.emit(count.set(lanes.integers.sub(count.get, within)))
    generator.emit(below.set(lanes.pmax(below.get, v128.bitselect(x, least, within))))
    generator.emit(above.set(lanes.pmin(above.get, v128.bitselect(greatest, x, within))))
  })
  return { count: count.get, below: below.get, above: above.get }
}
