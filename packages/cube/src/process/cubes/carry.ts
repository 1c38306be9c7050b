/** Known cells carried on along a dimension into the missing ones after (or before) them, in the order that cells lie in. */
import { newArray, type TypedArray } from '../../dtype.ts'
import type { Block, Packing } from '../../model/block.ts'
import { cellCount, type Region } from '../../model/region.ts'

export interface Carry {
  /** The dimension to carry along, which blocks hold whole. */
  readonly along: number
  /** From the last cell to the first. */
  readonly isBackward: boolean
  /** Consecutive cells that are filled at most. */
  readonly limit: number
}

/** Columns that are carried side by side, so that what is known of them stays in the cache. */
const WIDTH = 4096

/** A region of float32 or float64 numbers, from the block that has the dimension whole. */
export function carried(block: Block, packing: Packing, region: Region, result: Packing, carry: Carry): Block {
  const { along, isBackward, limit } = carry
  const data = newArray(result.dtype, cellCount(region.shape))
  const inner = cellCount(region.shape.slice(along + 1))
  const outer = cellCount(region.shape.slice(0, along))
  const [length, first, kept] = [block.region.shape[along]!, region.start[along]!, region.shape[along]!]
  const columns = data instanceof Float32Array ? columns32(limit) : columns64(limit)
  const numbers = numbersOf(block.data, packing, data)
  for (let o = 0; o < outer; o++) {
    for (let column = 0; column < inner; column += WIDTH) {
      const count = Math.min(WIDTH, inner - column)
      columns.begin()
      for (let k = 0; k < length; k++) {
        const i = isBackward ? length - 1 - k : k
        const filled = columns.pass(numbers((o * length + i) * inner + column, count))
        if (i >= first && i < first + kept) data.set(filled, (o * kept + i - first) * inner + column)
      }
    }
  }
  return { region, data }
}

/** Gives physical numbers of a run of cells, NaN where missing, in the type of `like`: valid until the next call. */
function numbersOf(cells: TypedArray, { nodata, scale, offset }: Packing, like: TypedArray) {
  const isPlain = scale === 1 && offset === 0 && (nodata === undefined || Number.isNaN(nodata))
  if (isPlain && cells.constructor === like.constructor)
    return (from: number, count: number) => cells.subarray(from, from + count)
  const numbers = newArray(like instanceof Float32Array ? 'float32' : 'float64', WIDTH)
  // No number equals NaN, so that without nodata the test is the same.
  const missing = nodata ?? Number.NaN
  return (from: number, count: number): TypedArray => {
    for (let k = 0; k < count; k++) {
      const raw = cells[from + k]!
      numbers[k] = raw === missing ? Number.NaN : raw * scale + offset
    }
    return numbers.subarray(0, count)
  }
}

/** What is known of columns side by side: the last known number of each, and how many cells ago it was. */
interface Columns {
  readonly begin: () => void
  /** The next cell of each column, once filled: valid until the next call. */
  readonly pass: (numbers: TypedArray) => TypedArray
}

const NAN_BITS = 0x7fc00000
const INFINITE_BITS = 0x7f800000
const NO_SIGN = 0x7fffffff
const MOST = 0x7fffffff

/** Of float32, by their bits: choices that hang on noise are slow as branches, and masks are none. */
function columns32(limit: number): Columns {
  const [known, since, filled] = [new Int32Array(WIDTH), new Int32Array(WIDTH), new Int32Array(WIDTH)]
  const most = Math.min(limit, MOST)
  const result = new Float32Array(filled.buffer)
  return {
    begin: () => {
      known.fill(NAN_BITS)
      since.fill(0)
    },
    pass: (numbers) => {
      const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length)
      for (let k = 0; k < bits.length; k++) {
        const own = bits[k]!
        // All ones where the cell is missing, and where the last known one is near enough.
        const isMissing = (INFINITE_BITS - (own & NO_SIGN)) >> 31
        const ago = (since[k]! + 1) & isMissing
        const isNear = (ago - most - 1) >> 31
        const last = (known[k]! & isMissing) | (own & ~isMissing)
        since[k] = ago
        known[k] = last
        filled[k] = (last & isNear) | (NAN_BITS & ~isNear)
      }
      return result.subarray(0, bits.length)
    },
  }
}

function columns64(limit: number): Columns {
  const [known, since, filled] = [new Float64Array(WIDTH), new Float64Array(WIDTH), new Float64Array(WIDTH)]
  return {
    begin: () => {
      known.fill(Number.NaN)
      since.fill(0)
    },
    pass: (numbers) => {
      for (let k = 0; k < numbers.length; k++) {
        const own = numbers[k]!
        const isMissing = Number.isNaN(own)
        since[k] = isMissing ? since[k]! + 1 : 0
        if (!isMissing) known[k] = own
        filled[k] = since[k]! <= limit ? known[k]! : Number.NaN
      }
      return filled.subarray(0, numbers.length)
    },
  }
}
