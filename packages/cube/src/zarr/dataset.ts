/** A Zarr hierarchy as variables with coordinates: what is data, which array labels which dimension, which grid. */
import { InputError } from '@ecotope/core'
import { type Attributes, type CfCoordinate, gridMappingOf, type StoredType } from '../cf/decode.ts'
import { cubeType, type DataType } from './data-types.ts'
import type { ZarrHierarchy } from './hierarchy.ts'
import type { ArrayMetadata } from './metadata.ts'
import { arrayOf, readValues } from './read.ts'

/** Names of an array's dimensions; `dim_0` and so on where the store has none. */
export function dimensionNames({ dimensionNames: names, shape }: ArrayMetadata): string[] {
  return shape.map((_, d) => names?.[d] ?? `dim_${d}`)
}

const parentOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '')
const below = (group: string, name: string): string => (group === '' ? name : `${group}/${name}`)

/** The array of a name that an array of `group` means: in the same group, else in those above it. */
export function lookUp(hierarchy: ZarrHierarchy, group: string, name: string): ArrayMetadata | undefined {
  for (let at = group; ; at = parentOf(at)) {
    const found = hierarchy.arrays.get(below(at, name))
    if (found !== undefined || at === '') return found
  }
}

const words = (value: unknown): string[] => (typeof value === 'string' ? value.split(/[\s:]+/) : [])

/** Paths of arrays that only describe others: coordinates, their bounds, grid mappings. */
function describing(hierarchy: ZarrHierarchy): Set<string> {
  const found = new Set<string>()
  const note = (group: string, attributes: Attributes): void => {
    for (const key of [
      'coordinates',
      'bounds',
      'grid_mapping',
      'ancillary_bounds',
      'climatology',
      'node_coordinates',
    ]) {
      for (const name of words(attributes[key])) {
        const array = lookUp(hierarchy, group, name)
        if (array !== undefined) found.add(array.path)
      }
    }
  }
  note('', hierarchy.attributes)
  for (const [path, attributes] of hierarchy.groups) note(path, attributes)
  for (const [path, array] of hierarchy.arrays) {
    note(parentOf(path), array.attributes)
    for (const name of dimensionNames(array)) {
      const labels = lookUp(hierarchy, parentOf(path), name)
      if (labels?.shape.length === 1) found.add(labels.path)
    }
    const isMapping = ['grid_mapping_name', 'crs_wkt', 'spatial_ref'].some((key) => key in array.attributes)
    if (isMapping && array.shape.length <= 1) found.add(path)
  }
  return found
}

/** The arrays that are data, of which a cube can hold the elements; and why the others cannot be. */
export function dataArrays(hierarchy: ZarrHierarchy): {
  readonly arrays: ArrayMetadata[]
  readonly refused: Map<string, InputError>
} {
  const aside = describing(hierarchy)
  const all = [...hierarchy.arrays.values()]
  const data = all.filter(({ path }) => !aside.has(path))
  const refused = new Map([...hierarchy.refused].filter(([path]) => !aside.has(path)))
  const arrays = (data.length > 0 || refused.size > 0 ? data : all).filter((array) => {
    if (cubeType(array.type) !== undefined) return true
    refused.set(array.path, refusal(hierarchy, array))
    return false
  })
  return { arrays, refused }
}

function refusal({ store }: ZarrHierarchy, { path, type }: ArrayMetadata): InputError {
  const name = path === '' ? store.path : `${store.path}/${path}`
  const what = type.time === undefined ? `elements of type ${type.name}` : `times (${type.name})`
  return new InputError('UnsupportedType', `${name} holds ${what}, which are not numbers of a cube`, {
    hint: 'cubes hold booleans, integers and floats; coordinates may also be texts and times',
    data: { path: name, type: type.name },
  })
}

/** Coordinates that are read or being read, by path. */
export type ReadCoordinates = Map<string, Promise<CfCoordinate | undefined>>

/** Coordinates of the dimensions of `array`, by the dimension's name, read at most once per hierarchy. */
export async function coordinatesOf(
  hierarchy: ZarrHierarchy,
  array: ArrayMetadata,
  read: ReadCoordinates,
): Promise<Map<string, CfCoordinate>> {
  const names = dimensionNames(array)
  const found = await Promise.all(
    names.map((name, d) => {
      const labels = lookUp(hierarchy, parentOf(array.path), name)
      if (labels === undefined || labels.shape.length !== 1 || labels.shape[0] !== array.shape[d]) return undefined
      if (labels.path === array.path && names.length > 1) return undefined
      if (!read.has(labels.path)) read.set(labels.path, readCoordinate(hierarchy, labels))
      return read.get(labels.path)
    }),
  )
  return new Map(
    names.flatMap((name, d): [string, CfCoordinate][] => (found[d] === undefined ? [] : [[name, found[d]]])),
  )
}

/** numpy's units of time as CF writes them. */
const TIME_UNITS: Readonly<Record<string, string>> = {
  ns: 'nanoseconds',
  us: 'microseconds',
  μs: 'microseconds',
  ms: 'milliseconds',
  s: 'seconds',
  m: 'minutes',
  h: 'hours',
  D: 'days',
  W: 'weeks',
}

async function readCoordinate(hierarchy: ZarrHierarchy, labels: ArrayMetadata): Promise<CfCoordinate | undefined> {
  const { type } = labels
  const isText = type.layout === 'text' || type.layout === 'items'
  if (!isText && type.layout !== 'number') return undefined
  const values = await readValues(arrayOf(hierarchy.store, labels))
  if (isText && !Array.from(values as Iterable<unknown>).every((value) => typeof value === 'string')) return undefined
  const attributes = type.time === undefined ? labels.attributes : timeAttributes(type, labels.attributes)
  return { values: countedBy(type, values as ArrayLike<number | bigint | string>), attributes }
}

function timeAttributes({ time }: DataType, attributes: Attributes): Attributes {
  const unit = TIME_UNITS[time!.unit]
  if (unit === undefined) return attributes
  const units = time!.kind === 'datetime64' ? `${unit} since 1970-01-01` : unit
  return { ...attributes, units, ...(time!.kind === 'datetime64' ? { calendar: 'proleptic_gregorian' } : {}) }
}

/** Times in steps of several units, as single units. */
function countedBy(
  { time }: DataType,
  values: ArrayLike<number | bigint | string>,
): ArrayLike<number | bigint | string> {
  if (time === undefined || time.count === 1) return values
  return Array.from(values as ArrayLike<bigint>, (value) => value * BigInt(time.count))
}

/** What CF decoding needs to know of the stored elements. */
export function storedType(type: DataType): StoredType {
  const { number } = type
  if (number?.bytes === 8 && (number.kind === 'i' || number.kind === 'u'))
    return number.kind === 'i' ? 'int64' : 'uint64'
  return cubeType(type)!
}

/**
 * Attributes with `_FillValue` as a number: xarray writes floats in base64 into Zarr 3, and means by the fill value of
 * Zarr 2 what CF means by `_FillValue` (of arrays that follow its convention of `_ARRAY_DIMENSIONS`).
 */
export function cfAttributes(hierarchy: ZarrHierarchy, array: ArrayMetadata): Attributes {
  const { attributes, fill, type } = array
  const stated = attributes._FillValue
  if (typeof stated === 'string' && type.number?.kind === 'f') {
    const value = floatOfBase64(stated)
    return value === undefined ? attributes : { ...attributes, _FillValue: value }
  }
  const isXarray = hierarchy.format === 'zarr2' && Array.isArray(attributes._ARRAY_DIMENSIONS) && array.hasFill
  if (stated !== undefined || !isXarray || type.number?.kind === 'b') return attributes
  return { ...attributes, _FillValue: fill }
}

function floatOfBase64(text: string): number | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    return bytes.length === 8 ? new DataView(bytes.buffer).getFloat64(0, true) : undefined
  } catch {
    return undefined
  }
}

/** Attributes of the grid of a variable: its grid mapping, or GeoZarr's `proj:` and `spatial:` put as one. */
export function gridMapping(hierarchy: ZarrHierarchy, array: ArrayMetadata): Attributes | undefined {
  const group = parentOf(array.path)
  const near = new Map<string, Attributes>()
  for (const [path, { attributes }] of hierarchy.arrays) {
    if (parentOf(path) === group) near.set(path.slice(group === '' ? 0 : group.length + 1), attributes)
  }
  const above = group === '' ? hierarchy.attributes : { ...hierarchy.attributes, ...hierarchy.groups.get(group) }
  const geozarr = geozarrMapping({ ...above, ...array.attributes })
  return geozarr ?? gridMappingOf(array.attributes, near, above)
}

/** The conventions `geo-proj` and `spatial` of Zarr as CF attributes; undefined where there are none. */
function geozarrMapping(attributes: Attributes): Attributes | undefined {
  const projjson = attributes['proj:projjson'] as { id?: { authority?: string; code?: unknown } } | undefined
  const id = projjson?.id
  const code = attributes['proj:code'] ?? (id === undefined ? undefined : `${id.authority}:${id.code}`)
  const crs = typeof code === 'string' ? code : attributes['proj:wkt2']
  if (typeof crs !== 'string') return undefined
  const transform = attributes['spatial:transform']
  const six = Array.isArray(transform) && transform.length >= 6 ? (transform as number[]) : undefined
  const gdal = six === undefined ? {} : { GeoTransform: [six[2], six[0], six[1], six[5], six[3], six[4]].join(' ') }
  return { crs_wkt: crs, ...gdal }
}
