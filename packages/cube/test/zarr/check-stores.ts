/** The stores that `oracles/zarr/check.py` reads with zarr-python, xarray and rioxarray. */
import { join } from 'node:path'
import { parseCrs } from '../../src/crs/crs.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { sampleCells, sampleSchema, writeZarr } from './samples.ts'

const TIMES = ['2020-02-28T10:20:30Z', '2020-03-01T00:00:00Z', '2021-12-31T23:59:59Z']

interface Sample {
  readonly schema: CubeSchema
  readonly options: Readonly<Record<string, unknown>>
}

const small = { chunks: { t: 1, y: 5, x: 8 }, shards: { t: 2, y: 10, x: 16 } }

function geographic(): CubeSchema {
  const base = sampleSchema({ times: TIMES })
  const dims = base.dims.map((dim) => {
    if (dim.type !== 'spatial') return dim
    const [name, start, step] = dim.axis === 'x' ? (['lon', 10, 0.5] as const) : (['lat', 50, -0.5] as const)
    return { ...dim, name, labels: dim.labels.map((_, i) => start + step * (i + 0.5)), unit: 'degree' }
  })
  const grid = { ...base.grid!, crs: parseCrs('EPSG:4326'), affine: [0.5, 0, 10, 0, -0.5, 50] as const }
  return { ...base, dims, grid, unit: 'K' }
}

const packed = (dtype: 'uint16' | 'int16' | 'uint8', scale: number, offset: number, nodata: number) => ({
  packing: { dtype, scale, offset, nodata },
})

export const SAMPLES: Readonly<Record<string, Sample>> = {
  'float32-zstd.zarr': { schema: sampleSchema({ times: TIMES }), options: { ...small, compression: 'zstd' } },
  'float64-blosc.zarr': {
    schema: sampleSchema({ times: TIMES, packing: { dtype: 'float64', scale: 1, offset: 0 } }),
    options: { ...small, compression: 'blosc' },
  },
  'uint16-blosc.zarr': {
    schema: sampleSchema({ times: TIMES, ...packed('uint16', 0.0001, -0.1, 0) }),
    options: { ...small, compression: 'blosc' },
  },
  'int16-gzip.zarr': { schema: sampleSchema(packed('int16', 0.5, 0, -32768)), options: { compression: 'gzip' } },
  'uint8-none.zarr': { schema: sampleSchema(packed('uint8', 1, 0, 255)), options: { compression: 'none' } },
  'int32-whole.zarr': {
    schema: sampleSchema({ packing: { dtype: 'int32', scale: 1, offset: 0 } }),
    options: { compression: 'blosc' },
  },
  'bands.zarr': { schema: sampleSchema({ times: TIMES, bands: ['B04', 'B08'] }), options: small },
  'bands-array.zarr': {
    schema: sampleSchema({ times: TIMES, bands: ['B04', 'B08'] }),
    options: { layout: 'array', name: 'reflectance' },
  },
  'geographic.zarr': { schema: geographic(), options: {} },
}

/** Writes all of them; their names. */
export async function writeCheckStores(folder: string): Promise<string[]> {
  for (const [name, { schema, options }] of Object.entries(SAMPLES)) {
    await writeZarr(join(folder, name), schema, sampleCells(schema), options)
  }
  return Object.keys(SAMPLES)
}
