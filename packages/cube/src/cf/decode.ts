/** A variable of NetCDF or Zarr with its CF attributes (CF 1.11) as the schema of a cube. Reads no files. */

import type { TypedArray } from '../dtype.ts'
import { type Dimension, labelsOf, type SpatialDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import { roleOf } from '../roles.ts'
import type { Affine, Band, Crs, Grid } from '../types.ts'
import { type Attributes, numbersOf, textOf } from './attributes.ts'
import { axisOf, type CfCoordinate, isGeographicAxis, notesOf, otherDimension, type SpatialAxis } from './axes.ts'
import { crsOfMapping, heightOf, lonLat, tryCrs } from './crs.ts'
import { classesOf, packingOf, type StoredType } from './packing.ts'

export type { Attributes, CfCoordinate, StoredType }

export interface CfVariable {
  readonly name: string
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  readonly dtype: StoredType
  readonly attributes: Attributes
}

export interface DecodedVariable {
  readonly schema: CubeSchema
  /** To be applied to raw cells after they are read (in the type of `schema.packing`). */
  readonly clean?: (cells: TypedArray) => void
}

/** As `decodeVariable`, the schema alone. */
export function schemaOf(
  variable: CfVariable,
  coordinates: ReadonlyMap<string, CfCoordinate>,
  gridMapping?: Attributes,
): CubeSchema {
  return decodeVariable(variable, coordinates, gridMapping).schema
}

/**
 * Dimensions, grid, packing, unit and classes of a variable. `coordinates` are by the name of their dimension. Axes
 * that are not regular give labels and no grid. Never throws for strange attributes: what cannot be read stays numbers.
 */
export function decodeVariable(
  variable: CfVariable,
  coordinates: ReadonlyMap<string, CfCoordinate>,
  gridMapping?: Attributes,
): DecodedVariable {
  const { name, dims, shape, attributes } = variable
  const axes = axesOf(dims, coordinates)
  const { packing, clean } = packingOf(variable.dtype, attributes)
  const space = spaceOf(dims, shape, axes, coordinates, { ...gridMapping }, attributes)
  const dimensions = dims.map(
    (dim, d): Dimension => space.dims.get(d) ?? otherDimension(dim, shape[d]!, coordinates.get(dim)),
  )
  const unit = textOf(attributes, 'units')
  const schema: CubeSchema = {
    dims: dimensions,
    ...(space.grid === undefined ? {} : { grid: space.grid }),
    packing,
    ...(unit === undefined || unit === '1' || unit === '' ? {} : { unit }),
    band: bandOf(name, attributes, variable.dtype, unit),
  }
  return clean === undefined ? { schema } : { schema, clean }
}

function bandOf(name: string, attributes: Attributes, dtype: StoredType, unit: string | undefined): Band {
  const description = textOf(attributes, 'long_name') ?? textOf(attributes, 'standard_name')
  const { packing } = packingOf(dtype, attributes)
  const classes = classesOf(attributes, packing.dtype)
  const role = textOf(attributes, 'role') ?? roleOf(name)
  return {
    name,
    ...(role === undefined ? {} : { role }),
    ...(description === undefined || description === name ? {} : { description }),
    ...(unit === undefined || unit === '1' || unit === '' ? {} : { unit }),
    ...(packing.nodata === undefined ? {} : { nodata: packing.nodata }),
    ...(classes === undefined || packing.isBoolean ? {} : { classes }),
  }
}

/** Spatial axes by index of dimension; of two that claim the same axis, the faster one is it. */
function axesOf(dims: readonly string[], coordinates: ReadonlyMap<string, CfCoordinate>): Map<SpatialAxis, number> {
  const axes = new Map<SpatialAxis, number>()
  dims.forEach((dim, d) => {
    const axis = axisOf(dim, coordinates.get(dim))
    if (axis !== undefined) axes.set(axis, d)
  })
  return axes
}

interface Space {
  readonly dims: ReadonlyMap<number, SpatialDimension>
  readonly grid?: Grid
}

function spaceOf(
  names: readonly string[],
  shape: readonly number[],
  axes: ReadonlyMap<SpatialAxis, number>,
  coordinates: ReadonlyMap<string, CfCoordinate>,
  mapping: Attributes,
  attributes: Attributes,
): Space {
  const [x, y] = [axes.get('x'), axes.get('y')]
  const crs = crsFor(names, [x, y], coordinates, mapping, attributes)
  const transform = transformOf(mapping)
  const dims = new Map<number, SpatialDimension>()
  for (const [axis, d] of axes) {
    const made = spatial(
      names[d]!,
      axis,
      shape[d]!,
      coordinates.get(names[d]!),
      transform,
      axis === 'z' ? undefined : crs,
    )
    if (made !== undefined) dims.set(d, made)
  }
  const [across, down] = [x === undefined ? undefined : dims.get(x), y === undefined ? undefined : dims.get(y)]
  if (across === undefined || down === undefined || crs === undefined) return { dims }
  const affine = affineOf(across.labels, down.labels, transform)
  if (affine === undefined) return { dims }
  return { dims, grid: { crs, affine, width: across.labels.length, height: down.labels.length } }
}

function crsFor(
  names: readonly string[],
  indices: readonly (number | undefined)[],
  coordinates: ReadonlyMap<string, CfCoordinate>,
  mapping: Attributes,
  attributes: Attributes,
): Crs | undefined {
  const stated = crsOfMapping(mapping)
  if (stated !== undefined) return stated
  if (textOf(mapping, 'grid_mapping_name') !== undefined) return undefined
  const own = textOf(attributes, 'crs') ?? textOf(attributes, 'esri_pe_string')
  const found = own === undefined ? undefined : tryCrs(own)
  if (found !== undefined) return found
  const isLonLat = indices.every((d) => d !== undefined && isGeographicAxis(names[d]!, coordinates.get(names[d]!)))
  return isLonLat ? lonLat() : undefined
}

/** Six numbers of a GDAL transform as an affine; undefined where there are not six. */
function transformOf(mapping: Attributes): Affine | undefined {
  const six = numbersOf(mapping, 'GeoTransform')
  if (six.length !== 6) return undefined
  const [c, a, b, f, d, e] = six as [number, number, number, number, number, number]
  return [a, b, c, d, e, f]
}

/** Metres in units of coordinates that differ from those of the CRS. */
const LENGTHS: Readonly<Record<string, number>> = {
  km: 1000,
  kilometer: 1000,
  kilometers: 1000,
  kilometre: 1000,
  kilometres: 1000,
}

/** Radians in units of coordinates of geostationary views. */
const ANGLES: Readonly<Record<string, number>> = {
  rad: 1,
  radian: 1,
  radians: 1,
  mrad: 1e-3,
  urad: 1e-6,
  microradian: 1e-6,
  microradians: 1e-6,
}

/** What makes coordinates of the CRS of those that the file has: of scan angles, the height of the satellite. */
function unitFactor(units: string | undefined, crs: Crs | undefined): number {
  if (crs?.unit !== 'metre' || units === undefined) return 1
  const unit = units.toLowerCase()
  const height = ANGLES[unit] === undefined ? undefined : heightOf(crs)
  const metres = LENGTHS[unit] ?? (height === undefined ? undefined : ANGLES[unit]! * height)
  return metres === undefined ? 1 : metres / (crs.metresPerUnit ?? 1)
}

function spatial(
  name: string,
  axis: SpatialAxis,
  length: number,
  coordinate: CfCoordinate | undefined,
  transform: Affine | undefined,
  crs: Crs | undefined,
): SpatialDimension | undefined {
  const units = textOf(coordinate?.attributes, 'units')
  if (coordinate !== undefined && coordinate.values.length === length) {
    const factor = unitFactor(units, crs)
    const stored = labelsOf(length, (i) => Number(coordinate.values[i]) * factor)
    const labels = axis === 'x' && crs?.isGeographic === true ? unbroken(stored) : stored
    const unit = crs?.unit ?? units
    const notes = axis === 'z' ? notesOf(coordinate) : {}
    return { type: 'spatial', name, axis, labels, ...(unit === undefined ? {} : { unit }), ...notes }
  }
  if (transform === undefined || axis === 'z') return undefined
  const [a, b, c, d, e, f] = transform
  const isRotated = b !== 0 || d !== 0
  const [start, step] = isRotated ? [0, 1] : axis === 'x' ? [c, a] : [f, e]
  const labels = labelsOf(length, (i) => start + (i + 0.5) * step)
  return { type: 'spatial', name, axis, labels, ...(isRotated || crs === undefined ? {} : { unit: crs.unit }) }
}

/** Longitudes that jump at the antimeridian, or at Greenwich, on one turn around the Earth where that makes them regular. */
function unbroken(labels: readonly number[]): readonly number[] {
  const jump = labels.findIndex((label, i) => i > 0 && label < labels[i - 1]! - 180)
  if (jump < 0) return labels
  const turned = labels.map((label, i) => (i < jump ? label : label + 360))
  return stepOf(turned) === undefined ? labels : turned
}

/** How far a label may lie from its place, in cells: coordinates are often rounded, or float32. */
const JITTER = 0.02

/** The step of regular labels; undefined where they are not regular, NaN where there is only one. */
export function stepOf(labels: readonly number[]): number | undefined {
  const n = labels.length
  if (n < 2) return n === 1 && Number.isFinite(labels[0]) ? Number.NaN : undefined
  const step = (labels[n - 1]! - labels[0]!) / (n - 1)
  const [first, most] = [labels[0]!, JITTER * Math.abs(step)]
  for (let i = 0; i < n; i++) if (!(Math.abs(labels[i]! - (first + i * step)) <= most)) return undefined
  return step !== 0 ? step : undefined
}

/** Pixel corners from centres. The transform of the file is used where it says the same, as it has more digits. */
function affineOf(x: readonly number[], y: readonly number[], transform: Affine | undefined): Affine | undefined {
  if (transform !== undefined && (transform[1] !== 0 || transform[3] !== 0)) return transform
  const [sx, sy] = [stepOf(x), stepOf(y)]
  if (sx === undefined || sy === undefined) return undefined
  const dx = Number.isNaN(sx) ? (transform?.[0] ?? Math.abs(sy)) : sx
  const dy = Number.isNaN(sy) ? (transform?.[4] ?? -Math.abs(sx)) : sy
  if (Number.isNaN(dx) || Number.isNaN(dy)) return undefined
  const own: Affine = [dx, 0, x[0]! - dx / 2, 0, dy, y[0]! - dy / 2]
  return transform !== undefined && saysTheSame(own, transform, x.length, y.length) ? transform : own
}

function saysTheSame(own: Affine, other: Affine, width: number, height: number): boolean {
  const near = (a: number, b: number, step: number): boolean => Math.abs(a - b) <= JITTER * Math.abs(step)
  return (
    near(own[2], other[2], own[0]) &&
    near(own[5], other[5], own[4]) &&
    near(own[2] + width * own[0], other[2] + width * other[0], own[0]) &&
    near(own[5] + height * own[4], other[5] + height * other[4], own[4])
  )
}

/**
 * The attributes that describe the grid of a variable: of the variable that `grid_mapping` names (also in its long form
 * `crs: x y`), of one among `coordinates` or of the file that looks like one (`spatial_ref`, `crs`), else of the file.
 */
export function gridMappingOf(
  attributes: Attributes,
  variables: ReadonlyMap<string, Attributes>,
  global: Attributes = {},
): Attributes | undefined {
  const named = textOf(attributes, 'grid_mapping') ?? textOf(global, 'grid_mapping')
  const long = named?.includes(':') === true ? /(\S+)\s*:/.exec(named)?.[1] : named?.trim()
  const isMapping = (name: string): boolean => {
    const found = variables.get(name)
    return found !== undefined && ['grid_mapping_name', 'spatial_ref', 'crs_wkt'].some((key) => key in found)
  }
  const listed = textOf(attributes, 'coordinates')?.split(/\s+/) ?? []
  const candidates = [long ?? '', ...listed.filter(isMapping), 'spatial_ref', 'crs', ...variables.keys()]
  const name = candidates.find((one) => (one === long ? variables.has(one) : isMapping(one)))
  if (name !== undefined) return variables.get(name)
  return ['crs_wkt', 'spatial_ref', 'proj4'].some((key) => typeof global[key] === 'string') ? global : undefined
}
