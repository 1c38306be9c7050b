/** Small scenes on disk for tests of collections: rasters whose every value tells where it comes from. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newArray } from '../../src/dtype.ts'
import { type CogSpec, type DType, type Grid, parseCrs, writeCog } from '../../src/index.ts'

export const utm32 = parseCrs('EPSG:32632')

export const gridAt = (resolution: number, width: number, height: number, left = 600000, top = 5200000): Grid => ({
  crs: utm32,
  affine: [resolution, 0, left, 0, -resolution, top],
  width,
  height,
})

export interface RasterSpec extends Partial<Omit<CogSpec, 'grid' | 'bands'>> {
  readonly grid: Grid
  /** Names of the bands; default one without a name. */
  readonly bands?: readonly string[]
  readonly dtype?: DType
  readonly value: (column: number, row: number, band: number) => number
}

/** Writes a raster whose cells are a function of their place. */
export async function writeRaster(folder: string, name: string, spec: RasterSpec): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  const { grid, value, bands = ['band1'], dtype = 'uint16', ...rest } = spec
  const named = bands.map((band) => ({ name: band, ...(band === 'band1' ? {} : { description: band }) }))
  await writeCog(path, { grid, bands: named, dtype, overviews: 'none', blockSize: 32, ...rest }, (window) => {
    const data = newArray(dtype, window.width * window.height * bands.length)
    let i = 0
    for (let b = 0; b < bands.length; b++) {
      for (let y = 0; y < window.height; y++) {
        for (let x = 0; x < window.width; x++) data[i++] = value(window.column + x, window.row + y, b)
      }
    }
    return Promise.resolve(data)
  })
  return path
}

export const DATES = ['20200601', '20200611', '20200621'] as const

/**
 * Sentinel-2 in small: B04 and B08 at 10 m, B11 and SCL at 20 m, one file each and date; values are
 * 1000 x band + 100 x date + column + row / 10 (rounded). SCL of the second date is not there.
 */
export async function sentinel(folder: string): Promise<void> {
  const [fine, coarse] = [gridAt(10, 40, 30), gridAt(20, 20, 15)]
  for (const [t, date] of DATES.entries()) {
    for (const [b, [band, grid]] of Object.entries({ B04: fine, B08: fine, B11: coarse }).entries()) {
      const value = (x: number, y: number): number => 1000 * (b + 1) + 100 * t + x + y
      await writeRaster(folder, `S2_${date}_${band}.tif`, { grid, nodata: 0, value })
    }
    if (t === 1) continue
    const value = (x: number, y: number): number => (x + y + t) % 12
    await writeRaster(folder, `S2_${date}_SCL.tif`, { grid: coarse, dtype: 'uint8', value })
  }
}
