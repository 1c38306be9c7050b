/** The small scene beside which documentation examples run: simulated, 160 x 160 pixels, the same on every machine. */
import { join } from 'node:path'
import { openRaster, rasterise, readPolygons, transformFeatures, writeCog } from '@ecotope/cube'
import { makeLandslideScene } from '@ecotope/run'

/** As little work as a run can do on this scene; what docs examples marked `quick` are run with. */
export const quickParameters = [
  ...['--split', 'blocks:32:checkerboard'],
  ...['tile=32', 'epochs=1', 'stepsPerEpoch=2', 'members=1', 'width=8', 'depth=2', 'margin=200'].flatMap((text) => [
    '--param',
    text,
  ]),
]

/** Writes dem.tif, rapideye.tif, scars.geojson and reference.tif (0 other, 1 landslide) into a folder. */
export async function writeDocsScene(folder: string): Promise<void> {
  const files = await makeLandslideScene(folder, { seed: 1, size: 160 })
  const dem = await openRaster(files.dem)
  const { grid } = dem
  await dem.close()
  const { features } = await readPolygons(files.scars)
  const classes = Uint8Array.from(rasterise(transformFeatures(features, grid.crs), grid, { value: () => 1 }))
  await writeCog(
    join(folder, 'reference.tif'),
    {
      grid,
      bands: [{ name: 'class' }],
      dtype: 'uint8',
      nodata: 255,
      overviews: 'none',
      metadata: { CLASS_NAMES: '["other","landslide"]' },
    },
    async ({ column, row, width, height }) => {
      const out = new Uint8Array(width * height)
      for (let r = 0; r < height; r++) {
        const from = (row + r) * grid.width + column
        out.set(classes.subarray(from, from + width), r * width)
      }
      return out
    },
  )
}
