/** 1,000 random polygons burnt as GDAL burns them, to the pixel (oracles/raster/make_burns.py). */
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import golden from '../../../../oracles/raster/burns.json' with { type: 'json' }
import { rasterise } from '../../src/vector/rasterise.ts'
import { grid, shape } from '../zonal/shapes.ts'

describe('rasterise equals GDAL on 1,000 random polygons', () => {
  it.each([
    ['centres', false, 0],
    ['all touched', true, 1],
  ] as const)('%s', (_, allTouched, column) => {
    const differing = golden.filter((row, i) => {
      const one = { crs: grid.crs, label: '', features: [shape(i)] }
      return crc32(Uint8Array.from(rasterise(one, grid, { value: () => 1, allTouched }))) !== row[column]
    })
    expect(golden.length).toBe(1000)
    expect(differing).toEqual([])
  })
})
