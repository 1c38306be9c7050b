/**
 * The tutorial scene: a mountain valley after a rainstorm, simulated from a seed. A terrain model, a five-band satellite
 * image in another CRS, and mapped landslide scars, in memory. Nothing in it is an observation.
 */
import { InputError, type Random, random, throwIfAborted, type WorkOptions } from '@ecotope/core'
import {
  type Bounds,
  type Crs,
  crsFromEpsg,
  type Features,
  type Grid,
  gridOf,
  transformBounds,
  transformer,
} from '@ecotope/cube'
import { groundOf, makeLandCover } from './landcover.ts'
import { lightOf, type Sun } from './light.ts'
import { blur, sampleField } from './noise.ts'
import { layScars, reflectanceOf, soften } from './radiance.ts'
import { makeRelief, PIXEL, type Relief } from './relief.ts'
import { makeScars, type Scar, scarFeatures } from './scars.ts'
import { BANDS } from './spectra.ts'

export interface SceneOptions extends WorkOptions {
  /** Any integer; the same seed gives the same scene. Default 1. */
  readonly seed?: number
  /** Pixels of 5 m on a side, 160 to 4000. Default 640. */
  readonly size?: number
}

export interface Scene {
  /** Elevation in metres, float32 `[size, size]`. */
  readonly dem: { readonly grid: Grid; readonly data: Float32Array<ArrayBuffer> }
  /** Reflectance times 10 000, 0 where there is none; `[5, height, width]` in the order of `BANDS`. */
  readonly image: { readonly grid: Grid; readonly data: Uint16Array<ArrayBuffer> }
  readonly scars: Features
}

export const DEFAULT_SIZE = 640
/** Reflectance of one count. */
export const IMAGE_SCALE = 1e-4

/** Pixels simulated beyond the terrain model on every side, so that the turned image is full. */
const MARGIN = 48
// The mountains of Rio de Janeiro state lie where two UTM zones meet: terrain in one, image in the other.
const DEM_EPSG = 31983
const IMAGE_EPSG = 32724
const ORIGIN = [754000, 7535000] as const
const SUN: Sun = { azimuthDeg: 55, elevationDeg: 49 }
/** Standard deviation of the sensor's noise, reflectance. */
const NOISE = [0.0022, 0.0024, 0.0027, 0.0032, 0.0045] as const
/** Shift of each band against the first, pixels: the detector lines look at slightly different places. */
const SHIFT = [0, 0.06, 0.12, 0.3, 0.38] as const

/** Simulates a scene in memory. Throws `InputError('OutOfRange')`, `CancelledError`. */
export function makeScene(options: SceneOptions = {}): Scene {
  const size = options.size ?? DEFAULT_SIZE
  if (!Number.isInteger(size) || size < 160 || size > 4000) {
    throw new InputError('OutOfRange', `a scene of ${size} pixels cannot be made`, {
      hint: 'Choose a whole number from 160 to 4000.',
    })
  }
  const source = random(options.seed ?? 1).split('landslide scene')
  const report = (fraction: number, message: string): void => {
    throwIfAborted(options.signal)
    options.onProgress?.({ step: 'scene', fraction, message })
  }
  report(0, 'raising mountains')
  const side = Math.ceil((size + 2 * MARGIN) / 8) * 8
  const relief = makeRelief(source, side)
  report(0.6, 'growing forests')
  const ground = groundOf(blur(relief.height, side, side, 2), side)
  const cover = makeLandCover(source, relief, ground)
  report(0.7, 'letting slopes slide')
  const frame = { first: MARGIN, last: MARGIN + size }
  const share = 0.026 + 0.008 * source.split('share').uniform()
  const scars = makeScars(source.split('scars'), relief, ground, frame, { share })
  const left = layScars(scars, relief, source.split('patches').integer(2 ** 30))
  report(0.8, 'letting the sun shine')
  const reflectance = reflectanceOf(source, relief, cover, left, lightOf(relief.height, side, SUN))
  soften(reflectance, side)
  report(0.9, 'taking the image')
  const demGrid = demGridOf(size)
  const image = takeImage(reflectance, side, demGrid, source.split('sensor'))
  return {
    dem: { grid: demGrid, data: takeDem(relief, size, source.split('dem')) },
    image,
    scars: mapped(scars, demGrid),
  }
}

function demGridOf(size: number): Grid {
  return { crs: crsFromEpsg(DEM_EPSG), affine: [PIXEL, 0, ORIGIN[0], 0, -PIXEL, ORIGIN[1]], width: size, height: size }
}

/** The terrain model: heights of the frame with an error of decimetres, in centimetre steps. */
function takeDem(relief: Relief, size: number, noise: Random): Float32Array<ArrayBuffer> {
  const out = new Float32Array(size * size)
  const errors = noise.normals(size * size)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const z = relief.height[(y + MARGIN) * relief.side + x + MARGIN]!
      out[y * size + x] = Math.round((z + 0.12 * errors[y * size + x]!) * 100) / 100
    }
  }
  return out
}

/** Outlines in the terrain model's CRS. A pixel's centre in the simulation is half a pixel inside its corner. */
function mapped(scars: readonly Scar[], grid: Grid): Features {
  const [a, , c, , e, f] = grid.affine
  const features = scarFeatures(scars, (x, y) => [a * (x - MARGIN + 0.5) + c, e * (y - MARGIN + 0.5) + f])
  return { crs: grid.crs, features, label: 'simulated scars' }
}

/** The image in its own CRS and grid, band by band at slightly shifted places, with noise. */
function takeImage(reflectance: Float32Array, side: number, demGrid: Grid, noise: Random): Scene['image'] {
  const crs: Crs = crsFromEpsg(IMAGE_EPSG)
  const [west, north] = ORIGIN
  const extent = demGrid.width * PIXEL
  const bounds: Bounds = transformBounds([west, north - extent, west + extent, north], demGrid.crs, crs)
  const grid = gridOf(bounds, crs, PIXEL, { snap: true })
  const n = grid.width * grid.height
  const data = new Uint16Array(BANDS.length * n)
  const [a, , c, , e, f] = grid.affine
  const places = new Float64Array(2 * n)
  for (let i = 0; i < n; i++) {
    places[2 * i] = a * ((i % grid.width) + 0.5) + c
    places[2 * i + 1] = e * (Math.floor(i / grid.width) + 0.5) + f
  }
  transformer(crs, demGrid.crs)(places)
  for (const [band, sigma] of NOISE.entries()) {
    const layer = reflectance.subarray(band * side * side, (band + 1) * side * side)
    const errors = noise.split(band).normals(n)
    for (let i = 0; i < n; i++) {
      const x = (places[2 * i]! - west) / PIXEL - 0.5 + MARGIN + SHIFT[band]!
      const y = (north - places[2 * i + 1]!) / PIXEL - 0.5 + MARGIN + 0.5 * SHIFT[band]!
      if (x < 0 || y < 0 || x > side - 1 || y > side - 1) continue
      const value = sampleField(layer, side, side, x, y) + sigma * errors[i]!
      data[band * n + i] = Math.min(65535, Math.max(1, Math.round(value / IMAGE_SCALE)))
    }
  }
  return { grid, data }
}
