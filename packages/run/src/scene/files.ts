/** The tutorial scene as files: a terrain model, an image, polygons. What is simulated says so in its metadata. */
import { join } from 'node:path'
import { type Band, type TypedArray, type Window, writeCog, writeGeoJson } from '@ecotope/cube'
import { makeFolder } from '../surroundings.ts'
import { DEFAULT_SIZE, IMAGE_SCALE, makeScene, type SceneOptions } from './scene.ts'
import { BANDS, type BandName } from './spectra.ts'

export interface SceneFiles {
  /** Elevation in metres, EPSG:31983, 5 m, float32. */
  readonly dem: string
  /** Five bands of surface reflectance, EPSG:32724, 5 m, uint16 with scale 1e-4 and nodata 0. */
  readonly image: string
  /** Outlines of landslide scars in longitude and latitude. */
  readonly scars: string
}

/** Wavelengths of RapidEye's bands. */
const DESCRIPTIONS = {
  blue: '440-510 nm',
  green: '520-590 nm',
  red: '630-685 nm',
  redEdge: '690-730 nm',
  nir: '760-850 nm',
} as const satisfies Record<BandName, string>

/** Reads windows of an array in memory, `[bands, height, width]`. */
function windowsOf(
  data: TypedArray,
  bands: number,
  width: number,
  height: number,
): (window: Window) => Promise<TypedArray> {
  return async ({ column, row, width: w, height: h }) => {
    const out = data.slice(0, bands * w * h)
    for (let b = 0; b < bands; b++) {
      for (let y = 0; y < h; y++) {
        const start = (b * height + row + y) * width + column
        out.set(data.subarray(start, start + w), (b * h + y) * w)
      }
    }
    return out
  }
}

/**
 * Simulates the landslide scene and writes `dem.tif`, `rapideye.tif` and `scars.geojson` into a folder, which is made
 * when missing. The same seed and size give the same bytes. Each file appears whole or not at all.
 * Throws `InputError('OutOfRange')`, `EnvironmentError('NotWritable' | 'CannotWrite')`, `CancelledError`.
 */
export async function makeLandslideScene(directory: string, options: SceneOptions = {}): Promise<SceneFiles> {
  const { signal } = options
  const work = signal === undefined ? {} : { signal }
  const { dem, image, scars } = makeScene(options)
  await makeFolder(directory)
  const files = {
    dem: join(directory, 'dem.tif'),
    image: join(directory, 'rapideye.tif'),
    scars: join(directory, 'scars.geojson'),
  }
  const metadata = {
    ECOTOPE_SIMULATED: 'yes',
    ECOTOPE_SCENE: `seed ${options.seed ?? 1}, size ${options.size ?? DEFAULT_SIZE}`,
  }
  const demBand: Band = { name: 'elevation', role: 'dem', unit: 'm' }
  const { width, height } = dem.grid
  const demSpec = { grid: dem.grid, bands: [demBand], dtype: 'float32', nodata: -9999, metadata } as const
  await writeCog(files.dem, demSpec, windowsOf(dem.data, 1, width, height), work)
  const bands = BANDS.map((name): Band => ({ name, role: name, description: name, unit: 'reflectance' }))
  const wavelengths = Object.fromEntries(BANDS.map((name) => [`WAVELENGTH_${name.toUpperCase()}`, DESCRIPTIONS[name]]))
  const imageSpec = {
    grid: image.grid,
    bands,
    dtype: 'uint16',
    nodata: 0,
    scale: IMAGE_SCALE,
    overviews: 'average',
    metadata: { ...metadata, ...wavelengths },
  } as const
  await writeCog(files.image, imageSpec, windowsOf(image.data, bands.length, image.grid.width, image.grid.height), work)
  await writeGeoJson(files.scars, scars, work)
  options.onProgress?.({ step: 'scene', fraction: 1, message: 'the scene is ready' })
  return files
}
