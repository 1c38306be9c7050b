/** Loads of packed inputs as numbers, whatever the order of their dimensions. */

import { DTYPES } from '../../dtype.ts'
import type { Packing } from '../../model/block.ts'
import type { CubeSchema } from '../../model/node.ts'
import type { DType } from '../../types.ts'
import { rawNodata } from '../packing.ts'
import { type Code, choose, i32 } from '../wasm/assembler.ts'
import type { Lanes } from '../wasm/lanes.ts'
import { type ElementBytes, f32x4, f64x2, i16x8, i32x4, v128 } from '../wasm/simd.ts'
import type { Generator } from './generator.ts'
import { type Index, indexOf, type Scope } from './scope.ts'

/** Elements in the lowest lanes as integers of 32 bits (or as they are, of floats). */
const WIDENED: Readonly<Record<DType, (raw: Code) => Code>> = {
  uint8: (raw) => i32x4.extendLow16U(i16x8.extendLow8U(raw)),
  int8: (raw) => i32x4.extendLow16S(i16x8.extendLow8S(raw)),
  uint16: i32x4.extendLow16U,
  int16: i32x4.extendLow16S,
  uint32: (raw) => raw,
  int32: (raw) => raw,
  float32: (raw) => raw,
  float64: (raw) => raw,
}

function numbersOf(lanes: Lanes, dtype: DType, raw: Code): Code {
  const wide = WIDENED[dtype](raw)
  if (dtype === 'float64') return wide
  if (dtype === 'float32') return lanes.type === 'float32' ? wide : f64x2.promoteLow(wide)
  if (dtype === 'uint32') return lanes.type === 'float32' ? f32x4.convertU(wide) : f64x2.convertLowU(wide)
  return lanes.fromIntegers(wide)
}

/** Neighbours in memory, in the lowest lanes. */
function contiguous(lanes: Lanes, bytes: number, address: Code, offset: number): Code {
  const wanted = lanes.count * bytes
  if (wanted === 16) return v128.load(address, offset)
  return wanted === 8 ? v128.load64Zero(address, offset) : v128.load32Zero(address, offset)
}

/** Raw numbers to physical ones; missing ones to NaN. */
function physical(generator: Generator, packing: Packing, raw: Code): Code {
  const { lanes } = generator
  const constant = (value: number): Code =>
    generator.shared(0, `constant ${value}`, () => generator.keep(lanes.constant(value)))
  const nodata = rawNodata(packing)
  let value = generator.keep(raw)
  const missing = nodata === undefined ? undefined : generator.keep(lanes.eq(value, constant(nodata)))
  if (packing.scale !== 1) value = lanes.mul(value, constant(packing.scale))
  if (packing.offset !== 0) value = lanes.add(value, constant(packing.offset))
  return generator.keep(missing === undefined ? value : v128.or(value, missing))
}

const isLookedUp = (indices: readonly Index[]): boolean =>
  indices.some((index) => index.kind === 'lane' && index.table !== undefined)

/** Loads of one input. */
export class InputLoader {
  readonly #generator: Generator
  readonly #input: number
  readonly #schema: CubeSchema

  constructor(generator: Generator, input: number, schema: CubeSchema) {
    this.#generator = generator
    this.#input = input
    this.#schema = schema
  }

  /** The value of the input at the indices of the scope, one register each. */
  load(scope: Scope): readonly Code[] {
    const generator = this.#generator
    const { packing } = this.#schema
    return this.#raw(scope, (raw) => physical(generator, packing, numbersOf(generator.lanes, packing.dtype, raw)))
  }

  /** The stored integers as they are, in 32 bits. */
  integers(scope: Scope): readonly Code[] {
    return this.#raw(scope, (raw) => this.#generator.keep(WIDENED[this.#schema.packing.dtype](raw)))
  }

  /** What `make` says of stored numbers in the lowest lanes; once where they are the same in all registers. */
  #raw(scope: Scope, make: (raw: Code) => Code): readonly Code[] {
    const { lanes, registers } = this.#generator
    const { packing, dims } = this.#schema
    const indices = dims.map(({ name }) => indexOf(scope, name))
    const along = indices.flatMap((index, d) => (index.kind === 'lane' ? [d] : []))
    const address = this.#address(indices)
    const bytes = DTYPES[packing.dtype].bytes
    if (along.length === 0) return new Array<Code>(registers).fill(make(v128.loadSplat(bytes, address)))
    const inOrder = along.length === 1 && along[0] === dims.length - 1 && !isLookedUp(indices)
    return Array.from({ length: registers }, (_, r) =>
      make(
        inOrder
          ? contiguous(lanes, bytes, address, r * lanes.count * bytes)
          : this.#gathered(indices, along, address, bytes, r),
      ),
    )
  }

  /** Lane by lane. */
  #gathered(indices: readonly Index[], along: readonly number[], address: Code, bytes: ElementBytes, r: number): Code {
    const generator = this.#generator
    let vector: Code = v128.zero
    for (let lane = 0; lane < generator.lanes.count; lane++) {
      const offset = this.#laneOffset(indices, along, r * generator.lanes.count + lane)
      const at = offset === undefined ? address : i32.add(address, offset)
      // Lanes beyond the end of a region look up indices that were not read.
      const safe = isLookedUp(indices) ? this.#clamped(at) : at
      vector = v128.loadLane(bytes, safe, vector, lane)
    }
    return vector
  }

  /** Bytes from lane 0 (or, of looked-up indices, from index 0) to a lane. */
  #laneOffset(indices: readonly Index[], along: readonly number[], lane: number): Code | undefined {
    const generator = this.#generator
    const parts = along.flatMap((d): Code[] => {
      const index = indices[d]!
      if (index.kind !== 'lane') return []
      const stride = this.#stride(d)
      if (index.table === undefined) {
        if (lane === 0) return []
        return [
          generator.shared(0, `lane ${lane} of ${this.#input}.${d}`, () =>
            generator.keepInteger(i32.mul(stride, i32.const(lane))),
          ),
        ]
      }
      const table = generator.table(Int32Array.from(index.table))
      return [
        generator.shared(index.depth, `lane ${lane} of ${this.#input}.${d} by ${table}`, () => {
          const at = i32.add(i32.shl(index.code, i32.const(2)), i32.const(table))
          return generator.keepInteger(i32.mul(i32.load(at, lane * 4), stride))
        }),
      ]
    })
    return parts.length === 0 ? undefined : parts.reduce((a, b) => i32.add(a, b))
  }

  #stride(d: number): Code {
    return this.#generator.parameter(`input ${this.#input} stride ${d}`)
  }

  /** Where lane 0 reads; looked-up lanes add the whole of their dimension themselves. */
  #address(indices: readonly Index[]): Code {
    const generator = this.#generator
    const order = indices.map((_, d) => d).sort((a, b) => indices[a]!.depth - indices[b]!.depth)
    let address = generator.parameter(`input ${this.#input} base`)
    let key = `address ${this.#input}`
    for (const d of order) {
      const index = indices[d]!
      if (index.kind === 'lane' && index.table !== undefined) continue
      const before = address
      key += ` ${d}:${index.key}`
      address = generator.shared(index.depth, key, () =>
        generator.keepInteger(i32.add(before, this.#distance(d, index))),
      )
    }
    // Looked-up lanes are complete, and clamped, only lane by lane.
    if (isLookedUp(indices) || !indices.some(({ unsafe }) => unsafe)) return address
    const depth = Math.max(...indices.map((index) => index.depth))
    return generator.shared(depth, `${key} clamped`, () => this.#clamped(address))
  }

  /** Bytes from index 0 of a dimension. */
  #distance(d: number, index: Index): Code {
    const generator = this.#generator
    const stride = this.#stride(d)
    return generator.shared(index.depth, `distance ${this.#input}.${d} ${index.key}`, () => {
      if (index.kind === 'fixed') return generator.keepInteger(i32.mul(i32.const(index.value), stride))
      const at = index.kind === 'lane' && index.shift !== 0 ? i32.add(index.code, i32.const(index.shift)) : index.code
      return generator.keepInteger(i32.mul(at, stride))
    })
  }

  /** An address whose value will not be used has to be one that exists. */
  #clamped(address: Code): Code {
    const generator = this.#generator
    const low = generator.parameter(`input ${this.#input} low`)
    const high = generator.parameter(`input ${this.#input} high`)
    const at = generator.keepInteger(address)
    const above = generator.keepInteger(choose(at, low, i32.gtU(at, low)))
    return generator.keepInteger(choose(above, high, i32.ltU(above, high)))
  }
}
