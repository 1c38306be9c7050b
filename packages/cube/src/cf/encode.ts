/** The schema of a cube as CF variables: data, coordinates, grid mapping. What NetCDF and Zarr writers write. */
import { InputError } from '@ecotope/core'
import { isNorthUp } from '../grid.ts'
import type { Packing } from '../model/block.ts'
import type { BandsDimension, Dimension, SpatialDimension, TemporalDimension } from '../model/dimension.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { encodeTimes, parseInstant, timeUnitsFor } from '../model/time.ts'
import type { Band, DType } from '../types.ts'
import type { Attributes } from './attributes.ts'
import { featuresOf } from './geometry.ts'
import { mappingOf } from './mapping.ts'

export interface CfDimension {
  readonly name: string
  readonly length: number
}

/** A variable to be written. Coordinates have `values`; data have none, they come in regions. */
export interface CfOut {
  readonly name: string
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  readonly dtype: DType | 'string'
  readonly attributes: Attributes
  readonly values?: Float64Array | Int32Array | readonly string[]
  /** Index in the dimension of bands, where every band is a variable. */
  readonly band?: number
}

export interface CfDataset {
  readonly dims: readonly CfDimension[]
  readonly attributes: Attributes
  /** Coordinates and grid mapping. */
  readonly coordinates: readonly CfOut[]
  readonly data: readonly CfOut[]
}

export interface EncodeOptions {
  /** `variables`: a variable for every band. `array`: one variable with the dimension of bands. */
  readonly layout: 'variables' | 'array'
  /** Name of the variable where there are no bands (or the layout is `array`). Default: the schema's band, else `data`. */
  readonly name?: string
}

/** Name of the variable that carries the CRS. */
export const MAPPING = 'spatial_ref'

/** Describes a cube in CF 1.11. Throws InputError `BadDimension` for dimensions of the same name. */
export function encodeCf(schema: CubeSchema, options: EncodeOptions): CfDataset {
  const bands = schema.dims.findIndex((dim) => dim.type === 'bands')
  const split = options.layout === 'variables' && bands >= 0
  const kept = schema.dims.filter((_, d) => !(split && d === bands))
  const names = kept.map((dim) => dim.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new InputError('BadDimension', `two dimensions are called "${twice}"`, { hint: 'rename one of them' })
  }
  const grid = schema.grid === undefined ? [] : [mappingVariable(schema)]
  const coordinates = kept.flatMap((dim) => coordinateOf(dim, schema))
  const dimension = bands < 0 ? undefined : (schema.dims[bands] as BandsDimension)
  const taken = new Set([...names, ...grid.map(({ name }) => name)])
  // A cube has geometries or a grid; the names of bands go before those of properties.
  const features =
    grid.length > 0
      ? undefined
      : featuresOf(schema, new Set([...taken, MAPPING, ...bandNames(schema, options)]), MAPPING)
  const shape = shapeOf(schema).filter((_, d) => !(split && d === bands))
  const variable = (band: Band, index?: number): CfOut => ({
    name: freeName(band.name, taken),
    dims: names,
    shape,
    dtype: schema.packing.dtype,
    attributes: { ...dataAttributes(schema, band, grid.length > 0), ...features?.attributes },
    ...(index === undefined ? {} : { band: index }),
  })
  const whole: Band = { ...schema.band, name: options.name ?? schema.band?.name ?? 'data', ...unitOf(schema.unit) }
  return {
    dims: [...kept.map(({ name, labels }) => ({ name, length: labels.length })), ...(features?.dims ?? [])],
    attributes: { Conventions: 'CF-1.11' },
    coordinates: [...coordinates, ...grid, ...(features?.variables ?? [])],
    data: split
      ? dimension!.bands.map((band, i) => variable({ ...unitOf(schema.unit), ...band }, i))
      : [variable(whole)],
  }
}

const bandNames = ({ dims, band }: CubeSchema, { name = band?.name ?? 'data' }: EncodeOptions): string[] =>
  dims.flatMap((dim) => (dim.type === 'bands' ? dim.bands.map(({ name }) => name) : [])).concat(name)

const unitOf = (unit: string | undefined): { unit?: string } => (unit === undefined ? {} : { unit })

/** A name that no dimension has, and that NetCDF allows. */
function freeName(wanted: string, taken: Set<string>): string {
  const plain = wanted.replaceAll('/', '_').trim() || 'data'
  let name = plain
  for (let i = 2; taken.has(name); i++) name = `${plain}_${i}`
  taken.add(name)
  return name
}

function dataAttributes(schema: CubeSchema, band: Band, hasGrid: boolean): Attributes {
  const { packing } = schema
  return {
    ...packingAttributes(packing),
    ...(band.unit === undefined ? {} : { units: band.unit }),
    ...(band.description === undefined ? {} : { long_name: band.description }),
    ...(band.role === undefined ? {} : { role: band.role }),
    ...classAttributes(band, packing),
    ...(hasGrid ? { grid_mapping: MAPPING } : {}),
  }
}

/** `_FillValue` has the type of the cells; scale and offset are doubles. */
export function packingAttributes(packing: Packing): Attributes {
  const { dtype, scale, offset, isBoolean } = packing
  const nodata = packing.nodata ?? (isBoolean ? 255 : dtype.startsWith('float') ? Number.NaN : undefined)
  return {
    ...(nodata === undefined ? {} : { _FillValue: nodata }),
    ...(scale === 1 ? {} : { scale_factor: scale }),
    ...(offset === 0 ? {} : { add_offset: offset }),
  }
}

function classAttributes(band: Band, packing: Packing): Attributes {
  const classes = packing.isBoolean
    ? [
        { value: 0, name: 'false' },
        { value: 1, name: 'true' },
      ]
    : band.classes
  if (classes === undefined || classes.length === 0) return {}
  const meanings = classes.map(({ name }) => name.trim().replace(/\s+/g, '_')).join(' ')
  return { flag_values: classes.map(({ value }) => value), flag_meanings: meanings }
}

function mappingVariable(schema: CubeSchema): CfOut {
  const attributes = mappingOf(schema.grid!)
  return { name: MAPPING, dims: [], shape: [], dtype: 'int32', attributes, values: Int32Array.of(0) }
}

function coordinateOf(dim: Dimension, schema: CubeSchema): CfOut[] {
  const { name } = dim
  const base = { name, dims: [name], shape: [dim.labels.length] }
  if (dim.type === 'spatial') return spatialCoordinate(dim, schema)
  if (dim.type === 'temporal') return [{ ...base, ...timeCoordinate(dim) }]
  const attributes = dim.type === 'other' ? { ...unitsOf(dim.unit), ...dim.notes } : {}
  if (dim.labels.every((label) => typeof label === 'number') && dim.labels.length > 0) {
    return [{ ...base, dtype: 'float64', attributes, values: Float64Array.from(dim.labels as number[]) }]
  }
  return [{ ...base, dtype: 'string', attributes, values: dim.labels.map(String) }]
}

const unitsOf = (unit: string | undefined): Attributes => (unit === undefined ? {} : { units: unit })

function timeCoordinate(dim: TemporalDimension): Pick<CfOut, 'dtype' | 'attributes' | 'values'> {
  const { labels, calendar, period } = dim
  // Labels such as 2020-06 or summer are no instants; they stay what they are.
  if (!labels.every((label) => parseInstant(label, calendar) !== undefined)) {
    const named = period === undefined ? {} : { period }
    return { dtype: 'string', attributes: { long_name: 'time', calendar, ...named }, values: labels }
  }
  const units = timeUnitsFor(labels, calendar)
  const attributes = { standard_name: 'time', axis: 'T', units, calendar }
  return { dtype: 'float64', attributes, values: encodeTimes(labels, units, calendar) }
}

/** Rotated grids have numbers of cells on their axes, which would be read as coordinates: only the transform is written. */
function spatialCoordinate(dim: SpatialDimension, { grid }: CubeSchema): CfOut[] {
  if (dim.axis !== 'z' && grid !== undefined && !isNorthUp(grid)) return []
  const isTurned = grid !== undefined && !grid.crs.isGeographic && grid.crs.unit === 'degree'
  const [long, short] = (isTurned ? TURNED : LONG)[dim.axis]
  const isGeographic = grid?.crs.isGeographic === true && dim.axis !== 'z'
  const named = isGeographic
    ? { standard_name: short, long_name: short, units: dim.axis === 'x' ? 'degrees_east' : 'degrees_north' }
    : {
        ...(grid !== undefined && dim.axis !== 'z' ? { standard_name: long, long_name: LABEL[dim.axis] } : {}),
        ...unitsOf(UNITS[dim.unit ?? ''] ?? dim.unit),
        ...dim.notes,
      }
  return [
    {
      name: dim.name,
      dims: [dim.name],
      shape: [dim.labels.length],
      dtype: 'float64',
      attributes: { axis: dim.axis.toUpperCase(), ...named },
      values: Float64Array.from(dim.labels),
    },
  ]
}

const LONG = {
  x: ['projection_x_coordinate', 'longitude'],
  y: ['projection_y_coordinate', 'latitude'],
  z: ['height', 'height'],
} as const
/** About a moved pole. */
const TURNED = { ...LONG, x: ['grid_longitude', 'longitude'], y: ['grid_latitude', 'latitude'] } as const
const LABEL = { x: 'x coordinate of projection', y: 'y coordinate of projection', z: 'height' } as const
const UNITS: Readonly<Record<string, string>> = {
  metre: 'm',
  foot: 'ft',
  'us-foot': 'US_survey_foot',
  degree: 'degrees',
}
