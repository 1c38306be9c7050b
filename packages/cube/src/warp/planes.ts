/** Blocks of any dimensions seen as planes of y by x: floats with NaN for missing, and back into a packing. */
import { DTYPES, type TypedArray } from '../dtype.ts'
import type { Block, Packing } from '../model/block.ts'
import { blockArray } from '../model/garbage.ts'
import type { CubeSchema } from '../model/node.ts'
import { stridesOf } from '../model/region.ts'
import type { DType } from '../types.ts'

export interface PlaneLayout {
  /** Positions of the dimensions with the axes x and y. */
  readonly x: number
  readonly y: number
  /** Number of planes of a box: the product of its other lengths. */
  count(shape: readonly number[]): number
  /** Index of the first cell of a plane in a row-major array of this shape. */
  offset(shape: readonly number[], plane: number): number
}

/** Where the planes of cubes of a schema lie; it must have dimensions with the axes x and y. */
export function planeLayout({ dims }: CubeSchema): PlaneLayout {
  const axis = (name: 'x' | 'y'): number => dims.findIndex((d) => d.type === 'spatial' && d.axis === name)
  const [x, y] = [axis('x'), axis('y')]
  const others = dims.map((_, d) => d).filter((d) => d !== x && d !== y)
  return {
    x,
    y,
    count: (shape) => others.reduce((product, d) => product * shape[d]!, 1),
    offset: (shape, plane) => {
      const strides = stridesOf(shape)
      let rest = plane
      let at = 0
      for (const d of others.toReversed()) {
        at += (rest % shape[d]!) * strides[d]!
        rest = Math.floor(rest / shape[d]!)
      }
      return at
    },
  }
}

export type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

const missingOf = (packing: Packing): number => packing.nodata ?? (packing.isBoolean === true ? 255 : Number.NaN)

/**
 * Planes `first` to `first + planes` of a block as floats, one after the other, each row-major: physical values, or
 * with `raw` stored ones (missing is NaN in both). The block's own array where nothing has to be changed.
 */
export function unpackPlanes(
  block: Block,
  layout: PlaneLayout,
  packing: Packing,
  raw: boolean,
  first: number,
  planes: number,
  float: DType,
): Floats {
  const { shape } = block.region
  const plain = plainPlanes(block.data, layout, shape, packing, raw, first, planes, float)
  if (plain !== undefined) return plain
  const strides = stridesOf(shape)
  const [height, width] = [shape[layout.y]!, shape[layout.x]!]
  const [down, across] = [strides[layout.y]!, strides[layout.x]!]
  const missing = missingOf(packing)
  const [scale, offset] = raw ? [1, 0] : [packing.scale, packing.offset]
  const size = width * height
  const out = blockArray(float, planes * size) as Floats
  for (let p = 0; p < planes; p++) {
    const start = layout.offset(shape, first + p)
    for (let r = 0; r < height; r++) {
      unpackRow(block.data, start + r * down, across, out, p * size + r * width, width, missing, scale, offset)
    }
  }
  return out
}

/** The planes where they lie in an array of this shape and packing, if nothing has to be changed; else undefined. */
export function plainPlanes(
  data: TypedArray,
  layout: PlaneLayout,
  shape: readonly number[],
  packing: Packing,
  raw: boolean,
  first: number,
  planes: number,
  float: DType,
): Floats | undefined {
  const isNatural = layout.x === shape.length - 1 && layout.y === shape.length - 2
  const isPlain = raw || (packing.scale === 1 && packing.offset === 0)
  if (!isNatural || !isPlain || packing.dtype !== float || !Number.isNaN(missingOf(packing))) return undefined
  const size = shape[layout.y]! * shape[layout.x]!
  return data.subarray(first * size, (first + planes) * size) as Floats
}

function unpackRow(
  data: TypedArray,
  from: number,
  step: number,
  out: Floats,
  to: number,
  width: number,
  missing: number,
  scale: number,
  offset: number,
): void {
  for (let i = 0, at = from; i < width; i++, at += step) {
    const v = data[at]!
    out[to + i] = v === missing ? Number.NaN : v * scale + offset
  }
}

/** Puts planes of floats (physical, or with `raw` stored values) into a row-major array of this shape and packing. */
export function packPlanes(
  planes: Float32Array | Float64Array,
  out: TypedArray,
  layout: PlaneLayout,
  shape: readonly number[],
  packing: Packing,
  raw: boolean,
  first: number,
  count: number,
): void {
  const strides = stridesOf(shape)
  const [height, width] = [shape[layout.y]!, shape[layout.x]!]
  const [down, across] = [strides[layout.y]!, strides[layout.x]!]
  const missing = missingOf(packing)
  const [scale, offset] = raw ? [1, 0] : [packing.scale, packing.offset]
  const whole = !DTYPES[packing.dtype].isFloat
  const plain = !whole && Number.isNaN(missing) && scale === 1 && offset === 0
  for (let p = 0; p < count; p++) {
    const start = layout.offset(shape, first + p)
    for (let r = 0; r < height; r++) {
      const from = (p * height + r) * width
      if (plain && across === 1) out.set(planes.subarray(from, from + width), start + r * down)
      else {
        for (let i = 0, at = start + r * down; i < width; i++, at += across) {
          const v = planes[from + i]!
          if (Number.isNaN(v)) out[at] = missing
          else out[at] = whole ? Math.round((v - offset) / scale) : (v - offset) / scale
        }
      }
    }
  }
}
