/** A computed cube: cells in memory with their dimensions, physical values, missing ones NaN. */
import { physical } from '../format/buffered-sink.ts'
import type { Block } from '../model/block.ts'
import type { Dimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'

export interface CubeArray {
  readonly dims: readonly Dimension[]
  readonly shape: readonly number[]
  /** Row-major; physical values (scale and offset applied), NaN where missing. Booleans are 0 and 1. */
  readonly data: Float32Array | Float64Array
  readonly unit?: string
  /** One value, by an index per dimension. */
  at(...indices: readonly number[]): number
}

/** Physical values of a block of a cube with this schema. */
export function cubeArray(schema: CubeSchema, block: Block): CubeArray {
  const { shape, start } = block.region
  const data = cellsOf(schema, block)
  const dims = schema.dims.map((dimension, d) => cut(dimension, start[d]!, shape[d]!))
  return {
    dims,
    shape,
    data,
    ...(schema.unit === undefined ? {} : { unit: schema.unit }),
    at: (...indices) => {
      const flat = indices.reduce((sum, index, d) => sum * shape[d]! + index, 0)
      return data[flat] ?? Number.NaN
    },
  }
}

/** Floats that are stored as they are stay float32; all else is float64, so that scale and offset lose no digits. */
function cellsOf({ packing }: CubeSchema, block: Block): Float32Array | Float64Array {
  const { scale, offset, nodata } = packing
  const isPlain = scale === 1 && offset === 0 && (nodata === undefined || Number.isNaN(nodata))
  const { data } = block
  const isFloat = data instanceof Float32Array || data instanceof Float64Array
  return isPlain && isFloat ? data : physical(block, packing)
}

/** The part of a dimension that a region covers. */
function cut<D extends Dimension>(dimension: D, start: number, length: number): D {
  if (start === 0 && length === dimension.labels.length) return dimension
  const labels = dimension.labels.slice(start, start + length)
  if (dimension.type === 'bands') return { ...dimension, labels, bands: dimension.bands.slice(start, start + length) }
  if (dimension.type === 'geometry') {
    const features = { ...dimension.features, features: dimension.features.features.slice(start, start + length) }
    return { ...dimension, labels, features }
  }
  return { ...dimension, labels }
}
