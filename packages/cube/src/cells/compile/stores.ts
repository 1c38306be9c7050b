/** Stores of numbers in the packing of the output. */
import { DTYPES } from '../../dtype.ts'
import type { Packing } from '../../model/block.ts'
import type { DType } from '../../types.ts'
import { type Code, i32 } from '../wasm/assembler.ts'
import type { Truth } from '../wasm/lanes.ts'
import { type ElementBytes, f32x4, i8x16, i16x8, v128 } from '../wasm/simd.ts'
import type { Generator } from './generator.ts'

/** Integers of 32 bits (in all lanes, or of float64 in the lower two) to elements in the lowest lanes. */
const NARROWED: Readonly<Partial<Record<DType, (wide: Code) => Code>>> = {
  uint8: (wide) => i8x16.narrowU(i16x8.narrowS(wide, wide), v128.zero),
  int8: (wide) => i8x16.narrowS(i16x8.narrowS(wide, wide), v128.zero),
  uint16: (wide) => i16x8.narrowU(wide, wide),
  int16: (wide) => i16x8.narrowS(wide, wide),
  uint32: (wide) => wide,
  int32: (wide) => wide,
}

function integers(generator: Generator, packing: Packing, value: Code): Code {
  const { lanes } = generator
  const [least, greatest] = DTYPES[packing.dtype].range
  const missing = generator.keep(lanes.ne(value, value))
  let raw = value
  if (packing.offset !== 0) raw = lanes.sub(raw, lanes.constant(packing.offset))
  if (packing.scale !== 1) raw = lanes.div(raw, lanes.constant(packing.scale))
  const rounded = generator.keep(lanes.nearest(raw))
  // Narrowing saturates at 16 bits only after this; limits that float32 cannot hold saturate in the conversion.
  const low = lanes.pmax(rounded, lanes.constant(least))
  const limited = generator.keep(greatest < 65536 ? lanes.pmin(low, lanes.constant(greatest)) : low)
  const filled = v128.bitselect(lanes.constant(packing.nodata ?? 0), limited, missing)
  const wide = packing.dtype === 'uint32' ? lanes.toUnsigned(filled) : lanes.toIntegers(filled)
  return generator.keep(NARROWED[packing.dtype]!(generator.keep(wide)))
}

/** 1 and 0, missing 255. */
function booleans(generator: Generator, { yes, no }: Truth): Code {
  const { lanes } = generator
  const missing = v128.and(v128.not(v128.or(yes, no)), lanes.constant(255))
  const value = v128.or(v128.and(yes, lanes.constant(1)), missing)
  return generator.keep(NARROWED.uint8!(generator.keep(lanes.toIntegers(value))))
}

function floats(generator: Generator, packing: Packing, value: Code): readonly Code[] {
  const { lanes } = generator
  let raw = value
  if (packing.offset !== 0) raw = lanes.sub(raw, lanes.constant(packing.offset))
  if (packing.scale !== 1) raw = lanes.div(raw, lanes.constant(packing.scale))
  // Missing cells are nodata or the one NaN, whatever made them missing: equal results are equal bytes.
  raw = v128.bitselect(lanes.constant(packing.nodata ?? Number.NaN), raw, lanes.ne(value, value))
  const kept = generator.keep(raw)
  if (packing.dtype === lanes.type) return [kept]
  return packing.dtype === 'float64' ? lanes.widened(kept).map(generator.keep) : [generator.keep(f32x4.demote(kept))]
}

/** Vectors of elements in the lowest lanes, in order. */
function packed(generator: Generator, packing: Packing, value: Code, truth: () => Truth): readonly Code[] {
  if (packing.isBoolean) return [booleans(generator, truth())]
  return DTYPES[packing.dtype].isFloat ? floats(generator, packing, value) : [integers(generator, packing, value)]
}

function storeLow(bytes: number, address: Code, vector: Code, offset: number): Code {
  if (bytes === 16) return v128.store(address, vector, offset)
  return v128.storeLane(bytes as ElementBytes, i32.add(address, i32.const(offset)), vector, 0)
}

/**
 * Stores one register. `stride` in bytes from lane to lane; undefined: neighbours. `lanesUsed`: how many lanes hold
 * cells (1 where no dimension is the vector).
 */
export function storeRegister(
  generator: Generator,
  packing: Packing,
  value: Code,
  truth: () => Truth,
  target: { address: Code; register: number; stride: Code | undefined; single: boolean },
): void {
  const { lanes } = generator
  const { bytes } = DTYPES[packing.dtype]
  const vectors = packed(generator, packing, value, truth)
  const perVector = lanes.count / vectors.length
  for (const [v, vector] of vectors.entries()) {
    const first = target.register * lanes.count + v * perVector
    if (target.single) {
      if (first === 0) generator.emit(v128.storeLane(bytes, target.address, vector, 0))
    } else if (target.stride === undefined) {
      generator.emit(storeLow(bytes * perVector, target.address, vector, first * bytes))
    } else {
      for (let lane = 0; lane < perVector; lane++) {
        const at = i32.add(target.address, i32.mul(target.stride, i32.const(first + lane)))
        generator.emit(v128.storeLane(bytes, at, vector, lane))
      }
    }
  }
}
