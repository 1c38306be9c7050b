/** Cubes that the NetCDF tests and `oracles/netcdf/check.py` write: bands, times of a calendar, packing, UTM. */
import { parseCrs } from '../../src/crs/crs.ts'
import type { TypedArray } from '../../src/dtype.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import type { BandsDimension, Dimension, TemporalDimension } from '../../src/model/dimension.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import type { Grid } from '../../src/types.ts'

export interface Sample {
  readonly schema: CubeSchema
  readonly data: TypedArray
}

export function gridded(crs: string, affine: Grid['affine'], width: number, height: number): Grid {
  return { crs: parseCrs(crs), affine, width, height }
}

const time = (calendar: TemporalDimension['calendar'], labels: string[]): Dimension => ({
  type: 'temporal',
  name: 't',
  labels,
  calendar,
})

const bands: BandsDimension = {
  type: 'bands',
  name: 'bands',
  labels: ['B04', 'B08'],
  bands: [
    { name: 'B04', role: 'red', description: 'Red reflectance', unit: '1' },
    { name: 'B08', role: 'nir' },
  ],
}

/** Packed reflectance in UTM, two bands, three dates, larger than a chunk. */
export function packed(): Sample {
  const grid = gridded('EPSG:32632', [10, 0, 600000, 0, -10, 5700000], 700, 530)
  const dims = [
    time('standard', ['2020-06-01T00:00:00Z', '2020-06-11T10:30:00Z', '2020-07-01T00:00:00Z']),
    bands,
    ...spatialDimensions(grid),
  ]
  const packing = { dtype: 'uint16', nodata: 65535, scale: 0.0001, offset: -0.1 } as const
  const data = Uint16Array.from({ length: 3 * 2 * 530 * 700 }, (_, i) => (i % 101 === 0 ? 65535 : (i * 7919) % 12000))
  return { schema: { dims, grid, packing }, data }
}

/** Temperatures on a global half-degree grid in a calendar without leap years. */
export function climate(): Sample {
  const grid = gridded('EPSG:4326', [5, 0, -180, 0, -5, 90], 72, 36)
  const dims = [time('noleap', ['2001-02-28T12:00:00Z', '2001-03-01T12:00:00Z']), ...spatialDimensions(grid)]
  const data = Float32Array.from({ length: 2 * 36 * 72 }, (_, i) =>
    i % 50 === 3 ? Number.NaN : Math.fround(250 + (i % 600) / 10),
  )
  const band = { name: 'tas', description: 'air temperature', unit: 'K' }
  return { schema: { dims, grid, packing: { dtype: 'float32', scale: 1, offset: 0 }, unit: 'K', band }, data }
}

/** Classes on the sinusoidal grid of MODIS, with text labels on another dimension. */
export function classes(): Sample {
  const sinusoidal = '+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +a=6371007.181 +b=6371007.181 +units=m +no_defs'
  const grid = gridded(sinusoidal, [500, 0, 0, 0, -500, 5000000], 20, 10)
  const model: Dimension = { type: 'other', name: 'model', labels: ['früh', 'late season'] }
  const data = Uint8Array.from({ length: 2 * 10 * 20 }, (_, i) => [0, 1, 2, 255][i % 4]!)
  const band = {
    name: 'landcover',
    classes: [
      { value: 0, name: 'water' },
      { value: 1, name: 'forest' },
      { value: 2, name: 'crops' },
    ],
  }
  return {
    schema: {
      dims: [model, ...spatialDimensions(grid)],
      grid,
      packing: { dtype: 'uint8', nodata: 255, scale: 1, offset: 0 },
      band,
    },
    data,
  }
}
