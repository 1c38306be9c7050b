/** A small series of two bands on disk: B04 = 1000 + 100 t + x + y, B08 = that + 1000. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseCrs, writeCog } from '@ecotope/cube'

export const grid = {
  crs: parseCrs('EPSG:32632'),
  affine: [10, 0, 600000, 0, -10, 5200000],
  width: 40,
  height: 30,
} as const

export async function scene(folder: string): Promise<void> {
  await mkdir(join(folder, 's2'))
  for (const [t, date] of ['20200601', '20200611', '20200621'].entries()) {
    for (const [b, band] of ['B04', 'B08'].entries()) {
      const path = join(folder, 's2', `${date}_${band}.tif`)
      const spec = { grid, bands: [{ name: 'band1' }], dtype: 'uint16', nodata: 0, overviews: 'none' } as const
      await writeCog(path, spec, (window) =>
        Promise.resolve(
          Uint16Array.from({ length: window.width * window.height }, (_, i) => {
            const x = window.column + (i % window.width)
            const y = window.row + Math.floor(i / window.width)
            return 1000 * (b + 1) + 100 * t + x + y
          }),
        ),
      )
    }
  }
}
