/** The nouns of the cube: grids, bands, windows, lazy cubes, features. Types only; every other file builds on these. */
import type { WorkOptions } from '@ecotope/core'

/** Sample types of files and of arrays in memory. */
export type DType = 'uint8' | 'int8' | 'uint16' | 'int16' | 'uint32' | 'int32' | 'float32' | 'float64'

/** x = a·column + b·row + c, y = d·column + e·row + f, from the outer corner of the first pixel. Units of the CRS. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** A coordinate reference system. Two are the same when `crsEquals` says so, not when the objects are. */
export interface Crs {
  /** `EPSG:32632` where an authority code is known. */
  readonly code?: string
  readonly name: string
  /** PROJ string; what transformations are computed from. */
  readonly proj4: string
  readonly wkt?: string
  readonly unit: 'metre' | 'degree' | 'foot' | 'us-foot'
  /** Metres in one unit of a projected system, also for units that `unit` has no name for. */
  readonly metresPerUnit?: number
  readonly isGeographic: boolean
}

/** Where pixels lie. `affine` maps pixel corners to CRS coordinates. */
export interface Grid {
  readonly crs: Crs
  readonly affine: Affine
  /** Pixels. */
  readonly width: number
  /** Pixels. */
  readonly height: number
}

/** A rectangle of pixels; may be asked to reach beyond the grid, where values are missing. */
export interface Window {
  readonly column: number
  readonly row: number
  readonly width: number
  readonly height: number
}

/** [west, south, east, north] in units of the CRS that goes with it. */
export type Bounds = readonly [west: number, south: number, east: number, north: number]

export interface Band {
  readonly name: string
  /** What the band shows, as standard roles name it: `blue`, `green`, `red`, `redEdge`, `nir`, `swir1`, `swir2`, `dem`. */
  readonly role?: string
  readonly description?: string
  readonly unit?: string
  readonly nodata?: number
  /** Wavelength of the band's centre. */
  readonly wavelengthMicrometres?: number
  /** Names of the values of a band of classes, such as a land cover map. */
  readonly classes?: readonly { readonly value: number; readonly name: string }[]
}

/**
 * A cube with dimensions `bands`, `y`, `x` on one grid, read by windows; nothing is read before `read`. `Cube` is the general one.
 * Values are physical (scale and offset applied); a missing value is NaN.
 */
export interface BandCube {
  readonly dims: readonly ['bands', 'y', 'x']
  readonly bands: readonly Band[]
  readonly grid: Grid
  /** What made this cube, for lineage: a file path or an operation. */
  readonly label: string
  /** Reads one window, shape `[bands, window.height, window.width]`, row-major. Pure: the same window gives the same values. */
  read(window: Window, options?: WorkOptions): Promise<Float32Array<ArrayBuffer>>
}

export type Position = readonly number[]
export interface Polygon {
  readonly type: 'Polygon'
  readonly coordinates: readonly (readonly Position[])[]
}
export interface MultiPolygon {
  readonly type: 'MultiPolygon'
  readonly coordinates: readonly (readonly (readonly Position[])[])[]
}

export interface Feature {
  readonly geometry: Polygon | MultiPolygon
  readonly properties: Readonly<Record<string, unknown>>
}

/** Polygons of one layer in one CRS. */
export interface Features {
  readonly crs: Crs
  readonly features: readonly Feature[]
  readonly label: string
}
