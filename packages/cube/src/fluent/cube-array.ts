/** A computed cube: cells in memory with their dimensions, physical values, missing ones NaN. */
import { DTYPES } from '../dtype.ts'
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

/** float32 where it holds every stored value, else float64, so that large integers, scale and offset lose no digits. */
function cellsOf({ packing }: CubeSchema, block: Block): Float32Array | Float64Array {
  const { dtype, scale, offset, nodata, isBoolean } = packing
  if (scale !== 1 || offset !== 0) return physical(block, packing)
  const { data } = block
  const missing = nodata ?? (isBoolean === true ? 255 : Number.NaN)
  if (Number.isNaN(missing) && (data instanceof Float32Array || data instanceof Float64Array)) return data
  const isSingle = DTYPES[dtype].bytes < 4 || dtype === 'float32'
  return blanked(isSingle ? new Float32Array(data) : new Float64Array(data), missing)
}

/** NaN for what is missing, in place. */
function blanked<Cells extends Float32Array | Float64Array>(cells: Cells, missing: number): Cells {
  const first = cells.indexOf(missing)
  for (let i = first; i >= 0 && i < cells.length; i++) if (cells[i] === missing) cells[i] = Number.NaN
  return cells
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
