import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Packing } from '../../src/model/block.ts'
import { shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { netcdfFromHandle, netcdfSource, netcdfSources, openNetcdfFile } from '../../src/netcdf/array-source.ts'
import { dataFolder, hasData } from '../data.ts'

interface Statistics {
  readonly dims: string[]
  readonly shape: number[]
  readonly missing: number
  readonly sum: number
  readonly min: number | null
  readonly max: number | null
  readonly weighted: number
  readonly cells: [number, number | null][]
}

const golden = JSON.parse(readFileSync(new URL('../../../../oracles/netcdf/read.json', import.meta.url), 'utf8')) as {
  files: Record<string, Record<string, Statistics>>
}

export function physical(raw: ArrayLike<number>, { nodata, scale, offset, dtype }: Packing): Float64Array {
  const missing = dtype === 'float32' && nodata !== undefined ? Math.fround(nodata) : nodata
  return Float64Array.from(raw, (value) => (value === missing ? Number.NaN : value * scale + offset))
}

// netCDF4 applies scales that are float32 in float32.
const near = (a: number, b: number, isScaled: boolean): void =>
  expect(Math.abs(a - b)).toBeLessThanOrEqual((isScaled ? 1e-6 : 1e-9) * Math.abs(b) + 1e-12)

describe('every NetCDF and HDF5 file of the reference data reads as netCDF4 reads it', () => {
  for (const [path, variables] of Object.entries(golden.files)) {
    test.skipIf(!hasData(path.split('/')[0]!))(path, async () => {
      for (const [name, want] of Object.entries(variables)) {
        const source = await netcdfSource(join(dataFolder, path), name)
        const shape = shapeOf(source.schema)
        expect(shape).toEqual(want.shape)
        expect(source.schema.dims.map((dim) => dim.name)).toEqual(want.dims)
        const values = physical(await source.read(wholeRegion(shape)), source.schema.packing)
        const valid = values.filter((v) => Number.isFinite(v))
        expect(values.filter((v) => Number.isNaN(v)).length, `${name}: missing`).toBe(want.missing)
        const isScaled = source.schema.packing.scale !== 1
        near(
          valid.reduce((a, b) => a + b, 0),
          want.sum,
          isScaled,
        )
        if (want.min !== null)
          near(
            valid.reduce((a, v) => Math.min(a, v), Infinity),
            want.min,
            isScaled,
          )
        near(
          values.reduce((a, v, i) => (Number.isNaN(v) ? a : a + v * (i % 97)), 0),
          want.weighted,
          isScaled,
        )
        for (const [i, cell] of want.cells)
          expect(Number.isNaN(values[i]) ? null : values[i]).toBeCloseTo(cell ?? 0, isScaled ? 3 : 6)
        await source.close()
      }
    })
  }
})

describe('what the attributes say', () => {
  const open = (path: string, name: string) => netcdfSource(join(dataFolder, path), name)

  test.skipIf(!hasData('rioxarray_golden'))('grids, systems and times', async () => {
    const planet = await open('rioxarray_golden/input/PLANET_SCOPE_3D.nc', 'blue')
    expect(planet.schema.grid?.crs.code).toBe('EPSG:32722')
    expect(planet.schema.grid?.affine.slice(0, 3)).toEqual([3, 0, 466266])
    expect(planet.schema.dims[0]).toMatchObject({ type: 'temporal', calendar: 'proleptic_gregorian' })
    expect(planet.schema.dims[0]!.labels).toEqual(['2016-12-19T10:27:29.687763Z', '2016-12-29T12:52:42.347451Z'])
    expect(planet.schema.unit).toBe('DN')
    expect(planet.schema.band?.name).toBe('blue')
    const air = await open('rioxarray_golden/input/tmmx_20190121.nc', 'air_temperature')
    expect(air.schema.grid?.crs.code).toBe('EPSG:4326')
    expect(air.schema.grid?.affine[0]).toBeCloseTo(1 / 24, 9)
    expect(air.schema.packing).toEqual({ dtype: 'uint16', nodata: 32767, scale: 0.1, offset: 220 })
    const modis = await open('rioxarray_golden/input/MODIS_ARRAY.nc', '__xarray_dataarray_variable__')
    expect(modis.schema.grid?.crs.proj4).toMatch(/proj=sinu/)
    const found = await open('rioxarray_golden/input/test_find_crs.nc', 'blue')
    expect(found.schema.grid?.crs.code).toBe('EPSG:32614')
    for (const source of [planet, air, modis, found]) await source.close()
  })

  test.skipIf(!hasData('rasterio_testdata'))('unsigned bytes of GDAL, rows from the south', async () => {
    const [band, ...others] = await netcdfSources(join(dataFolder, 'rasterio_testdata/RGB.nc'))
    expect(others.map(({ schema }) => schema.band?.name)).toEqual(['Band2', 'Band3'])
    expect(band!.schema.packing.dtype).toBe('uint8')
    for (const { schema } of [band!, ...others]) expect(schema.grid?.crs.code).toBe('EPSG:32618')
    const y = band!.schema.dims[0]!.labels as number[]
    expect(Math.sign(band!.schema.grid!.affine[4])).toBe(Math.sign(y[1]! - y[0]!))
    const again = await netcdfFromHandle(band!.handle)
    const box = { start: [300, 300], shape: [2, 3] }
    expect(await again.read(box)).toEqual(await band!.read(box))
    for (const source of [band!, ...others, again]) await source.close()
  })

  test.skipIf(!hasData('fluxnet_detha98'))('half hours since a day that never was', async () => {
    const path = 'fluxnet_detha98/inst/examples/Example_DE-Tha.1996.1998.hourly_selVars.nc'
    const file = await openNetcdfFile(join(dataFolder, path))
    const [name] = [...file.variables].find(([, { dims }]) => dims.length > 0 && dims[0] === 'time')!
    await file.close()
    const source = await open(path, name)
    const time = source.schema.dims.find((dim) => dim.type === 'temporal')!
    expect(time.labels.length).toBe(52608)
    expect(time.labels.slice(0, 3)).toEqual(['1996-01-01T00:00:00Z', '1996-01-01T00:30:00Z', '1996-01-01T01:00:00Z'])
    expect(time.labels.at(-1)).toBe('1998-12-31T23:30:00Z')
    await source.close()
  })
})
