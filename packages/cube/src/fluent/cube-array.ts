/** A computed cube: cells in memory with their dimensions, physical values, missing ones NaN. */
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

/** Physical values of a block of a cube with this schema; float32 where that holds the stored numbers exactly. */
export function cubeArray(schema: CubeSchema, block: Block): CubeArray {
  const { shape, start } = block.region
  const data = physical(schema, block)
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

function physical({ packing }: CubeSchema, { data }: Block): Float32Array | Float64Array {
  const { scale, offset, isBoolean } = packing
  const nodata = packing.nodata ?? (isBoolean ? 255 : undefined)
  const isPlain = scale === 1 && offset === 0 && (nodata === undefined || Number.isNaN(nodata))
  if (isPlain && (data instanceof Float32Array || data instanceof Float64Array)) return data
  const isWide = data.BYTES_PER_ELEMENT > 2 && !(data instanceof Float32Array)
  const out = isWide || scale !== 1 ? new Float64Array(data.length) : new Float32Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const raw = data[i]!
    out[i] = raw === nodata ? Number.NaN : raw * scale + offset
  }
  return out
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
