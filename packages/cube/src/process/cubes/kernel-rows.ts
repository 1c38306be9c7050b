/** Planes convolved row by row in a SIMD kernel: only as many rows as the weights span are held, in float64. */
import { DTYPES, type TypedArray } from '../../dtype.ts'
import { wasm } from '../../kernels/convolve.wasm.ts'
import { kernelInstance } from '../../kernels/load.ts'
import type { Packing } from '../../model/block.ts'
import type { DType } from '../../types.ts'

type Unpack = (
  from: number,
  to: number,
  count: number,
  nodata: number,
  scale: number,
  offset: number,
  other: number,
) => void

interface Kernels extends Readonly<Record<DType, Unpack>> {
  sums(to: number, width: number, rows: number, weights: number, taps: number): void
  narrow(from: number, to: number, width: number): void
}

const instance = kernelInstance<Kernels>(wasm)

/** The kernel's own memory begins with its constants. */
const START = 1024
/** Loads and stores of the kernel reach at most this far beyond what they are for. */
const MARGIN = 256

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** A weight and its place in the kernel. */
export interface Tap {
  readonly dy: number
  readonly dx: number
  readonly weight: number
}

/** What is summed: all weights at one go, or (of a kernel that is a column times a row) along rows before. */
export interface Taps {
  readonly width: number
  readonly height: number
  readonly along: readonly Tap[]
  readonly all: readonly Tap[]
}

/** A plane of samples: rows and columns of the output with their surroundings by place in the plane, -1 of none. */
export interface PlaneSpec {
  readonly columns: Int32Array
  readonly rows: Int32Array
  /** Steps between samples of a row, and between rows. */
  readonly stepX: number
  readonly stepY: number
  readonly packing: Packing
  readonly outside: number
  readonly replaceInvalid: number
}

interface Target {
  readonly data: TypedArray
  readonly stepX: number
  readonly stepY: number
}

/** Columns [first, end) of the surroundings that follow each other in the plane. */
function stretchOf(columns: Int32Array, middle: number): readonly [first: number, end: number] {
  let [first, end] = [middle, middle + 1]
  while (first > 0 && columns[first - 1]! >= 0 && columns[first - 1] === columns[first]! - 1) first--
  while (end < columns.length && columns[end] === columns[end - 1]! + 1) end++
  return [first, end]
}

/** Where things lie in the kernel's memory. */
function placesOf({ columns }: PlaneSpec, { height, along, all }: Taps) {
  const stride = aligned(8 * columns.length + MARGIN)
  const addresses = START
  const weights = aligned(addresses + 4 * all.length)
  const alongAddresses = aligned(weights + 8 * all.length)
  const alongWeights = aligned(alongAddresses + 4 * along.length)
  const raw = aligned(alongWeights + 8 * along.length)
  const padded = raw + stride
  const sums = padded + stride
  const narrow = sums + stride
  const ring = narrow + stride
  return {
    ...{ stride, addresses, weights, alongAddresses, alongWeights, raw, padded, sums, narrow, ring },
    size: ring + height * stride,
  }
}

/** Bytes of the kernel's memory for planes with so many columns, surroundings included. */
export function rowBytes(columns: number, taps: Taps): number {
  return 8 * (taps.height + 4) * (columns + 64) + 12 * (taps.all.length + taps.along.length) + 4096
}

/** Convolves planes of one size. Throws nothing; takes all memory at once. */
export class RowKernel {
  readonly #spec: PlaneSpec
  readonly #taps: Taps
  readonly #places: ReturnType<typeof placesOf>
  readonly #stretch: readonly [number, number]
  readonly #width: number

  constructor(spec: PlaneSpec, taps: Taps) {
    this.#spec = spec
    this.#taps = taps
    this.#places = placesOf(spec, taps)
    this.#width = spec.columns.length - taps.width + 1
    this.#stretch = stretchOf(spec.columns, (taps.width - 1) / 2)
  }

  /** The plane that starts at `from`, to the output from `to` on. */
  run(data: TypedArray, from: number, target: Target, to: number): void {
    const { call, room } = instance()
    const { buffer } = room(this.#places.size)
    const { ring, stride, addresses, weights, sums, narrow } = this.#places
    const { height, all } = this.#taps
    this.#setWeights(buffer)
    const at = new Uint32Array(buffer, addresses, all.length)
    const isNarrow = target.data instanceof Float32Array
    const line = isNarrow ? new Float32Array(buffer, narrow, this.#width) : new Float64Array(buffer, sums, this.#width)
    const { rows } = this.#spec
    for (let r = 0; r < rows.length; r++) {
      this.#fill(buffer, data, from, rows[r]!, ring + (r % height) * stride)
      const row = r - height + 1
      if (row < 0) continue
      all.forEach(({ dy, dx }, i) => {
        at[i] = ring + ((row + dy) % height) * stride + 8 * dx
      })
      call.sums(sums, this.#width, addresses, weights, all.length)
      if (isNarrow) call.narrow(sums, narrow, this.#width)
      spread(line, target, to + row * target.stepY)
    }
  }

  #setWeights(buffer: ArrayBuffer): void {
    const { weights, alongWeights, alongAddresses, padded } = this.#places
    const { all, along } = this.#taps
    new Float64Array(buffer, weights, all.length).set(all.map((tap) => tap.weight))
    new Float64Array(buffer, alongWeights, along.length).set(along.map((tap) => tap.weight))
    new Uint32Array(buffer, alongAddresses, along.length).set(along.map((tap) => padded + 8 * tap.dx))
  }

  /** A row of the ring: physical values with what lies beyond the border, weighted along the row if need be. */
  #fill(buffer: ArrayBuffer, data: TypedArray, from: number, row: number, slot: number): void {
    const { padded, alongAddresses, alongWeights } = this.#places
    const { along } = this.#taps
    const isSplit = along.length > 0
    this.#surround(buffer, data, from, row, isSplit ? padded : slot)
    if (isSplit) instance().call.sums(slot, this.#width, alongAddresses, alongWeights, along.length)
  }

  #surround(buffer: ArrayBuffer, data: TypedArray, from: number, row: number, to: number): void {
    const { columns, stepX, stepY, packing, outside, replaceInvalid } = this.#spec
    const values = new Float64Array(buffer, to, columns.length)
    if (row < 0) {
      values.fill(outside)
      return
    }
    const { scale, offset, dtype, nodata = Number.NaN } = packing
    const [first, end] = this.#stretch
    const line = from + row * stepY
    const raw = DTYPES[dtype].view(buffer, this.#places.raw, end - first)
    const start = line + columns[first]! * stepX
    if (stepX === 1) raw.set(data.subarray(start, start + raw.length))
    else for (let i = 0; i < raw.length; i++) raw[i] = data[start + i * stepX]!
    instance().call[dtype](this.#places.raw, to + 8 * first, raw.length, nodata, scale, offset, replaceInvalid)
    for (let k = 0; k < columns.length; k = k === first - 1 ? end : k + 1) {
      if (k === first) k = end
      if (k >= columns.length) break
      const column = columns[k]!
      const sample = data[line + column * stepX]!
      const value = sample * scale + offset
      const isValid = sample !== nodata && Number.isFinite(value)
      values[k] = column < 0 ? outside : isValid ? value : replaceInvalid
    }
  }
}

function spread(line: Float32Array | Float64Array, { data, stepX }: Target, to: number): void {
  if (stepX === 1) data.set(line, to)
  else for (let i = 0; i < line.length; i++) data[to + i * stepX] = line[i]!
}
