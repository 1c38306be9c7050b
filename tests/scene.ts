/** The small scene beside which documentation examples run: simulated, 160 x 160 pixels, the same on every machine. */
import { join } from 'node:path'
import {
  type Grid,
  rasterise,
  type TypedArray,
  transformFeatures,
  type Window,
  writeCog,
  writeGeoJson,
} from '@ecotope/cube'
import { IMAGE_SCALE, makeScene } from '../packages/run/src/scene/scene.ts'
import { BANDS } from '../packages/run/src/scene/spectra.ts'

const SIZE = 160

/** Writes dem.tif, bands.tif, scars.geojson and class.tif (0 other, 1 scar) into an existing folder. */
export async function writeDocsScene(folder: string): Promise<void> {
  const { dem, image, scars } = makeScene({ seed: 1, size: SIZE })
  await writeCog(
    join(folder, 'dem.tif'),
    { grid: dem.grid, bands: [{ name: 'dem', role: 'dem', unit: 'm' }], dtype: 'float32' },
    reader(dem.data, dem.grid),
  )
  const bands = BANDS.map((name) => ({ name, role: name, nodata: 0 }))
  await writeCog(
    join(folder, 'bands.tif'),
    { grid: image.grid, bands, dtype: 'uint16', nodata: 0, scale: IMAGE_SCALE },
    reader(image.data, image.grid),
  )
  await writeGeoJson(join(folder, 'scars.geojson'), scars)
  const classes = rasterise(transformFeatures(scars, dem.grid.crs), dem.grid, { value: () => 1 })
  await writeCog(
    join(folder, 'class.tif'),
    {
      grid: dem.grid,
      bands: [{ name: 'class' }],
      dtype: 'uint8',
      nodata: 255,
      overviews: 'mode',
      metadata: { CLASS_NAMES: '["other","landslide"]' },
    },
    reader(Uint8Array.from(classes), dem.grid),
  )
}

/** Windows of a whole band-major array. */
function reader<A extends TypedArray>(data: A, grid: Grid): (window: Window) => Promise<A> {
  const size = grid.width * grid.height
  const bands = data.length / size
  return async ({ column, row, width, height }) => {
    const out = data.slice(0, bands * width * height) as A
    for (let b = 0; b < bands; b++)
      for (let r = 0; r < height; r++) {
        const from = b * size + (row + r) * grid.width + column
        out.set(data.subarray(from, from + width), (b * height + r) * width)
      }
    return out
  }
}
