/**
 * Layers derived from a digital elevation model: slope, aspect, curvature, hillshade, ruggedness. Lazy: a window is
 * computed from itself and one pixel around it. Elevations are metres above something level; no hydrology.
 */
import { InputError, type WorkOptions } from '@ecotope/core'
import { ellipsoidOf, metresPerDegree, unitMetres } from './ground.ts'
import type { Band, BandCube, Grid, Window } from './types.ts'

export interface TerrainOptions {
  /**
   * At the raster's border and beside missing pixels: `extrapolate` (default; as `gdaldem -compute_edges`: the border
   * continues linearly, a missing neighbour counts as level) or `missing` (as plain `gdaldem`).
   */
  readonly edges?: 'extrapolate' | 'missing'
  /** Factor from elevation units to metres. Default 1. */
  readonly zFactor?: number
  /** Metres per unit of the CRS along x and y; default from the CRS (degrees: from the latitude of each row). */
  readonly metresPerUnit?: number | readonly [x: number, y: number]
}

/** Elevations of 3 x 3 pixels, row by row from the upper left; one array used over and over. */
type Neighbours = Float64Array

/** Inverse of the pixel's ground vectors: east = [0]·column + [1]·row, north = [2]·column + [3]·row, per metre. */
type Frame = readonly [number, number, number, number]

type Kernel = (z: Neighbours, frame: Frame) => number

const DEGREES = 180 / Math.PI

function demBand(dem: BandCube): number {
  const index = dem.bands.findIndex((band) => band.role === 'dem')
  if (index >= 0) return index
  if (dem.bands.length === 1) return 0
  throw new InputError('NoElevation', `${dem.label} has ${dem.bands.length} bands and none is known as elevation`, {
    hint: `Choose one of: ${dem.bands.map((band) => band.name).join(', ')}.`,
    data: { bands: dem.bands.map((band) => band.name) },
  })
}

/** The frame of a row: how one pixel's step changes position on the ground. */
function frameOf(grid: Grid, row: number, options: TerrainOptions): Frame {
  const [a, b, , d, e, f] = grid.affine
  const given = options.metresPerUnit
  const unit = unitMetres(grid.crs)
  const latitude = (d * grid.width) / 2 + e * (row + 0.5) + f
  const natural = grid.crs.isGeographic ? metresPerDegree(latitude, ellipsoidOf(grid.crs)) : ([unit, unit] as const)
  const [mx, my] = given === undefined ? natural : typeof given === 'number' ? [given, given] : given
  const [ce, cn, re, rn] = [a * mx, d * my, b * mx, e * my]
  const determinant = ce * rn - cn * re
  return [rn / determinant, -cn / determinant, -re / determinant, ce / determinant]
}

/** Change from column to column and from row to row by Horn (1981): weights 1, 2, 1 across. */
const alongRow = (z: Neighbours): number => (z[2]! + 2 * z[5]! + z[8]! - z[0]! - 2 * z[3]! - z[6]!) / 8
const alongColumn = (z: Neighbours): number => (z[6]! + 2 * z[7]! + z[8]! - z[0]! - 2 * z[1]! - z[2]!) / 8

/** Rise per metre to the east and to the north. */
const eastward = (z: Neighbours, frame: Frame): number => frame[0] * alongRow(z) + frame[1] * alongColumn(z)
const northward = (z: Neighbours, frame: Frame): number => frame[2] * alongRow(z) + frame[3] * alongColumn(z)

const slopeKernel: Kernel = (z, frame) => {
  const east = eastward(z, frame)
  const north = northward(z, frame)
  return Math.atan(Math.sqrt(east * east + north * north)) * DEGREES
}

/** The azimuth of steepest descent; missing where the ground is level, as in gdaldem. */
const aspectKernel: Kernel = (z, frame) => {
  const east = eastward(z, frame)
  const north = northward(z, frame)
  if (east === 0 && north === 0) return Number.NaN
  const azimuth = Math.atan2(-east, -north) * DEGREES
  return azimuth < 0 ? azimuth + 360 : azimuth
}

/** A horizontal part of the unit vector that stands on the ground. */
const normalTowards =
  (part: (z: Neighbours, frame: Frame) => number): Kernel =>
  (z, frame) => {
    const east = eastward(z, frame)
    const north = northward(z, frame)
    return -part(z, frame) / Math.sqrt(1 + east * east + north * north)
  }

/** First and second derivatives on the ground from Zevenbergen and Thorne's (1987) surface, eq. 3 to 11. */
function surface(z: Neighbours, [ec, er, nc, nr]: Frame): readonly number[] {
  const [a, b, c, d, e, f, g, h, i] = z as unknown as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [zc, zr] = [(f - d) / 2, (h - b) / 2]
  const [zcc, zrr, zcr] = [d - 2 * e + f, b - 2 * e + h, (i + a - c - g) / 4]
  return [
    ec * zc + er * zr,
    nc * zc + nr * zr,
    ec * ec * zcc + 2 * ec * er * zcr + er * er * zrr,
    ec * nc * zcc + (ec * nr + er * nc) * zcr + er * nr * zrr,
    nc * nc * zcc + 2 * nc * nr * zcr + nr * nr * zrr,
  ]
}

/** Curvatures in 1/m, positive where the ground is convex along that direction (Zevenbergen and Thorne 1987, eq. 14, 15). */
const CURVATURES = {
  profile: (z, frame) => {
    const [p, q, r, s, t] = surface(z, frame) as [number, number, number, number, number]
    const steepness = p * p + q * q
    return steepness === 0 ? 0 : -(r * p * p + 2 * s * p * q + t * q * q) / steepness
  },
  plan: (z, frame) => {
    const [p, q, r, s, t] = surface(z, frame) as [number, number, number, number, number]
    const steepness = p * p + q * q
    return steepness === 0 ? 0 : -(r * q * q - 2 * s * p * q + t * p * p) / steepness
  },
  total: (z, frame) => {
    const [, , r, , t] = surface(z, frame) as [number, number, number, number, number]
    return -(r + t)
  },
} as const satisfies Record<string, Kernel>

export type Curvature = keyof typeof CURVATURES

/** Differences between a pixel and its eight neighbours, in metres. */
const DIFFERENCES = {
  ruggedness: (z) => {
    let sum = 0
    for (let k = 0; k < 9; k++) sum += (z[k]! - z[4]!) ** 2
    return Math.sqrt(sum)
  },
  position: (z) => z[4]! - (z[0]! + z[1]! + z[2]! + z[3]! + z[5]! + z[6]! + z[7]! + z[8]!) / 8,
  roughness: (z) => {
    let [least, greatest] = [z[0]!, z[0]!]
    for (let k = 1; k < 9; k++) {
      if (z[k]! < least) least = z[k]!
      if (z[k]! > greatest) greatest = z[k]!
    }
    return greatest - least
  },
} as const satisfies Record<string, Kernel>

/** A row of elevations with one neighbour on either side. */
type Line = Float64Array<ArrayBuffer>

/** Continues `near` beyond the border, away from `far`. */
function beyond(near: Line, far: Line): Line {
  return near.map((value, i) => 2 * value - far[i]!)
}

/** Sets the neighbours outside the raster's first and last column. */
function closeSides(lines: readonly Line[], first: boolean, last: boolean, replicate: boolean): void {
  for (const line of lines) {
    const n = line.length
    // Of a raster of one column there is nothing to continue; a window of one column has its neighbour on one side.
    const flat = replicate || (first && last && n < 4)
    if (first) line[0] = flat ? line[1]! : 2 * line[1]! - line[2]!
    if (last) line[n - 1] = flat ? line[n - 2]! : 2 * line[n - 2]! - line[n - 3]!
  }
}

/** Copies the neighbours of column x; false where nothing can be computed. */
function gather(z: Neighbours, [up, at, down]: readonly [Line, Line, Line], x: number, fill: boolean): boolean {
  const centre = at[x + 1]!
  if (Number.isNaN(centre)) return false
  let sum = 0
  for (let k = 0; k < 3; k++) {
    z[k] = up[x + k]!
    z[k + 3] = at[x + k]!
    z[k + 6] = down[x + k]!
    sum += z[k]! + z[k + 3]! + z[k + 6]!
  }
  if (!Number.isNaN(sum)) return true
  if (fill) for (let k = 0; k < 9; k++) if (Number.isNaN(z[k]!)) z[k] = centre
  return fill
}

/** The rows above, at and below `row` with one column more on either side; the border continued where asked. */
function linesOf(
  data: Float32Array,
  window: Window,
  row: number,
  grid: Grid,
  options: TerrainOptions,
): [Line, Line, Line] {
  const width = window.width + 2
  const zFactor = options.zFactor ?? 1
  const line = (offset: number): Line => {
    const start = (row - window.row + 1 + offset) * width
    const out = new Float64Array(width)
    for (let i = 0; i < width; i++) out[i] = data[start + i]! * zFactor
    return out
  }
  let [up, at, down] = [line(-1), line(0), line(1)]
  if (options.edges === 'missing') return [up, at, down]
  const [top, bottom] = [row === 0, row === grid.height - 1]
  if (top) up = bottom ? at.slice() : beyond(at, down)
  if (bottom) down = top ? at.slice() : beyond(at, up)
  const [first, last] = [window.column === 0, window.column + window.width === grid.width]
  // gdaldem repeats columns in the corner rows and continues them in the others.
  closeSides([up, at, down], first, last, top || bottom)
  return [up, at, down]
}

function inside(window: Window, grid: Grid): boolean {
  const { column, row, width, height } = window
  return column >= 0 && row >= 0 && column + width <= grid.width && row + height <= grid.height
}

/** The part of a window that lies on the grid. */
function clip(window: Window, grid: Grid): Window {
  const column = Math.max(0, window.column)
  const row = Math.max(0, window.row)
  return {
    column,
    row,
    width: Math.max(0, Math.min(grid.width, window.column + window.width) - column),
    height: Math.max(0, Math.min(grid.height, window.row + window.height) - row),
  }
}

/** A window around a part that was computed, missing elsewhere. */
function embed(part: Float32Array, from: Window, to: Window, bands: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bands * to.width * to.height).fill(Number.NaN)
  for (let band = 0; band < bands; band++) {
    for (let y = 0; y < from.height; y++) {
      const source = (band * from.height + y) * from.width
      const target = (band * to.height + y + from.row - to.row) * to.width + from.column - to.column
      out.set(part.subarray(source, source + from.width), target)
    }
  }
  return out
}

function derive(
  dem: BandCube,
  label: string,
  bands: readonly Band[],
  kernels: readonly Kernel[],
  options: TerrainOptions,
): BandCube {
  const band = demBand(dem)
  const { grid } = dem
  const compute = async (window: Window, work: WorkOptions | undefined): Promise<Float32Array<ArrayBuffer>> => {
    const { column, row, width, height } = window
    const around = { column: column - 1, row: row - 1, width: width + 2, height: height + 2 }
    const all = await dem.read(around, work)
    const size = around.width * around.height
    const data = all.subarray(band * size, (band + 1) * size)
    const out = new Float32Array(kernels.length * width * height).fill(Number.NaN)
    const z = new Float64Array(9)
    for (let y = 0; y < height; y++) {
      const lines = linesOf(data, window, row + y, grid, options)
      const frame = frameOf(grid, row + y, options)
      for (let x = 0; x < width; x++) {
        if (!gather(z, lines, x, options.edges !== 'missing')) continue
        for (let k = 0; k < kernels.length; k++) out[(k * height + y) * width + x] = kernels[k]!(z, frame)
      }
    }
    return out
  }
  return {
    dims: ['bands', 'y', 'x'],
    bands,
    grid,
    label: `${label}(${dem.label})`,
    read: async (window, work) => {
      if (inside(window, grid)) return compute(window, work)
      const part = clip(window, grid)
      if (part.width === 0 || part.height === 0)
        return embed(new Float32Array(0), { ...part, width: 0, height: 0 }, window, kernels.length)
      return embed(await compute(part, work), part, window, kernels.length)
    },
  }
}

/** Slope in degrees, 0 to 90 (Horn 1981), as `gdaldem slope`. */
export function slope(dem: BandCube, options: TerrainOptions = {}): BandCube {
  return derive(dem, 'slope', [{ name: 'slope', role: 'slope', unit: 'degree' }], [slopeKernel], options)
}

/**
 * Direction of steepest descent (Horn 1981). `as: 'degrees'` (default): clockwise from north in [0, 360), missing on
 * level ground, as `gdaldem aspect`. `as: 'components'`: two bands, the unit normal's east and north parts in [-1, 1],
 * which have no jump at north and are 0 on level ground; better for learning.
 */
export function aspect(
  dem: BandCube,
  options: TerrainOptions & { readonly as?: 'degrees' | 'components' } = {},
): BandCube {
  if (options.as !== 'components') {
    return derive(dem, 'aspect', [{ name: 'aspect', role: 'aspect', unit: 'degree' }], [aspectKernel], options)
  }
  const bands = [
    { name: 'eastness', role: 'eastness' },
    { name: 'northness', role: 'northness' },
  ]
  return derive(dem, 'aspect', bands, [normalTowards(eastward), normalTowards(northward)], options)
}

/**
 * Curvature in 1/m, positive where convex: along the slope line (`profile`), across it (`plan`), or minus the Laplacian
 * (`total`); one band each, profile and plan by default (Zevenbergen and Thorne 1987). 0 on level ground for the first two.
 */
export function curvature(
  dem: BandCube,
  options: TerrainOptions & { readonly kinds?: readonly Curvature[] } = {},
): BandCube {
  const kinds = options.kinds ?? ['profile', 'plan']
  const bands = kinds.map((kind) => ({ name: `${kind} curvature`, role: `${kind}Curvature`, unit: '1/m' }))
  return derive(
    dem,
    'curvature',
    bands,
    kinds.map((kind) => CURVATURES[kind]),
    options,
  )
}

/**
 * Brightness of the ground under a distant light, 1 (in its own shadow) to 255 (facing it), as `gdaldem hillshade` before
 * rounding. `azimuthDeg` clockwise from north (default 315), `altitudeDeg` above the horizon (default 45).
 */
export function hillshade(
  dem: BandCube,
  options: TerrainOptions & { readonly azimuthDeg?: number; readonly altitudeDeg?: number } = {},
): BandCube {
  const azimuth = (options.azimuthDeg ?? 315) / DEGREES
  const altitude = (options.altitudeDeg ?? 45) / DEGREES
  const [east, north, up] = [
    Math.sin(azimuth) * Math.cos(altitude),
    Math.cos(azimuth) * Math.cos(altitude),
    Math.sin(altitude),
  ]
  const kernel: Kernel = (z, frame) => {
    const gx = eastward(z, frame)
    const gy = northward(z, frame)
    const facing = (up - gx * east - gy * north) / Math.sqrt(1 + gx * gx + gy * gy)
    return 1 + 254 * Math.max(0, facing)
  }
  return derive(dem, 'hillshade', [{ name: 'hillshade', role: 'hillshade' }], [kernel], options)
}

function differences(dem: BandCube, name: keyof typeof DIFFERENCES, options: TerrainOptions): BandCube {
  return derive(dem, name, [{ name, role: name, unit: 'm' }], [DIFFERENCES[name]], options)
}

/** Terrain ruggedness index in metres: the root of the summed squares of differences (Riley et al. 1999), as `gdaldem TRI`. */
export function ruggedness(dem: BandCube, options: TerrainOptions = {}): BandCube {
  return differences(dem, 'ruggedness', options)
}

/** Topographic position index in metres: height above the mean of the neighbours (Weiss 2001), as `gdaldem TPI`. */
export function topographicPosition(dem: BandCube, options: TerrainOptions = {}): BandCube {
  return differences(dem, 'position', options)
}

/** The greatest difference of height in 3 x 3 pixels, in metres (Wilson et al. 2007), as `gdaldem roughness`. */
export function roughness(dem: BandCube, options: TerrainOptions = {}): BandCube {
  return differences(dem, 'roughness', options)
}
