/** Overviews of odd-sided rasters against gdaladdo (oracles/raster/make_overviews.py), written in tiles of 16 pixels. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { newArray, type TypedArray } from '../../src/dtype.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import { writeCog } from '../../src/geotiff/cog.ts'
import type { Patch } from '../../src/geotiff/encode.ts'
import { halve, type OverviewMethod } from '../../src/geotiff/overview.ts'
import { wholeWindow } from '../../src/grid.ts'
import { memorySource } from '../../src/model/memory.ts'
import { openRaster, type Raster } from '../../src/raster.ts'
import type { DType, Grid } from '../../src/types.ts'
import { temporaryFolder } from '../temporary.ts'

interface Golden {
  readonly method: OverviewMethod
  readonly dtype: DType
  readonly width: number
  readonly height: number
  readonly nodata: number | null
  readonly modulus: number
  readonly least: number
  readonly levels: readonly { readonly width: number; readonly height: number; readonly values: readonly number[] }[]
}

const goldens = JSON.parse(
  readFileSync(new URL('../../../../oracles/raster/overviews.json', import.meta.url), 'utf8'),
) as readonly Golden[]

const SIDE = 16

/** A raster of the goldens; its second band is 1 everywhere. */
function valuesOf({ dtype, width, height, nodata, modulus, least }: Golden): TypedArray {
  const data = newArray(dtype, 2 * width * height).fill(1)
  for (let i = 0; i < width * height; i++) {
    const value = nodata !== null && (i * 31) % 7 === 0 ? nodata : ((i * 7919) % modulus) + least
    data[i] = value
  }
  return data
}

const gridOf = ({ width, height }: Golden): Grid => ({
  crs: parseCrs('EPSG:32632'),
  affine: [10, 0, 5e5, 0, -10, 56e5],
  width,
  height,
})

const BANDS = [{ name: 'a' }, { name: 'b' }]

async function writtenWindows(golden: Golden, path: string): Promise<void> {
  const { method, dtype, width, height, nodata } = golden
  const data = valuesOf(golden)
  const spec = { grid: gridOf(golden), dtype, bands: BANDS, blockSize: SIDE, overviews: method }
  await writeCog(path, { ...spec, ...(nodata === null ? {} : { nodata }) }, async (window) => {
    const out = newArray(dtype, 2 * window.width * window.height)
    return out.map((_, i) => {
      const [band, row] = [Math.floor(i / (window.width * window.height)), Math.floor(i / window.width) % window.height]
      return data[(band * height + window.row + row) * width + window.column + (i % window.width)]!
    }) as TypedArray
  })
}

/** As cubes are saved: tiles by workers, in any order. */
async function savedCube(golden: Golden, path: string): Promise<void> {
  const { method, dtype, nodata } = golden
  const grid = gridOf(golden)
  const bands = { type: 'bands', name: 'bands', labels: ['a', 'b'], bands: BANDS } as const
  const packing = { dtype, scale: 1, offset: 0, ...(nodata === null ? {} : { nodata }) }
  const source = memorySource(valuesOf(golden), { dims: [bands, ...spatialDimensions(grid)], grid, packing })
  await new Cube(source).save(path, { formatOptions: { blockSize: SIDE, overviews: method } })
}

/** The same, of integers but for some that differ by 1: sums of shares are added in another order. */
function expectNear(found: ArrayLike<number>, golden: Golden, values: readonly number[]): void {
  const isExact = golden.method !== 'average'
  const isFloat = golden.dtype.startsWith('float')
  const far = values.filter((value, i) => {
    const difference = Math.abs(found[i]! - value)
    return isExact ? difference > 0 : difference > (isFloat ? 1e-4 + 1e-6 * Math.abs(value) : 1)
  })
  expect(far).toEqual([])
  const other = values.filter((value, i) => !isExact && !isFloat && found[i] !== value)
  expect(other.length).toBeLessThanOrEqual(values.length / 50)
}

const read = (raster: Raster, band: number) => raster.readRaw(wholeWindow(raster.grid), [band])

describe.each([
  ['of windows', writtenWindows],
  ['of saved cubes', savedCube],
])('overviews %s', (_, write) => {
  it.each(goldens)('$method of $width x $height $dtype without $nodata', async (golden) => {
    const path = join(await temporaryFolder(), 'a.tif')
    await write(golden, path)
    for (const [overview, level] of golden.levels.entries()) {
      const raster = await openRaster(path, { overview })
      expect([raster.grid.width, raster.grid.height]).toEqual([level.width, level.height])
      const [first, second] = [await read(raster, 0), await read(raster, 1)]
      await raster.close()
      expectNear(first, golden, level.values)
      expect(new Set(second)).toEqual(new Set([1]))
    }
  })

  it.each([
    ['average', 301, 203],
    ['average', 300, 203],
    ['mode', 301, 202],
    ['nearest', 301, 203],
  ] as const)('%s of %i x %i pixels are those of each level in one piece', async (method, width, height) => {
    const dtype = 'float32'
    const golden: Golden = { method, dtype, width, height, nodata: -5, modulus: 9, least: -4, levels: [] }
    const path = join(await temporaryFolder(), 'a.tif')
    await write(golden, path)
    let level: Patch = { data: valuesOf(golden), width, height }
    for (let overview = 0; overview < 5; overview++) {
      level = halve(level, 2, dtype, method, -5)
      const raster = await openRaster(path, { overview })
      expect(await raster.readRaw(wholeWindow(raster.grid), [0, 1])).toEqual(level.data)
      await raster.close()
    }
  })
})
