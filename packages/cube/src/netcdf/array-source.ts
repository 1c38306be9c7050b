/** Variables of NetCDF and HDF5 files as array sources, decoded as CF says; one file is opened once for all of them. */
import { fileURLToPath } from 'node:url'
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { type Attributes, textOf } from '../cf/attributes.ts'
import { crsOfMapping } from '../cf/crs.ts'
import { type CfCoordinate, type CfVariable, decodeVariable, gridMappingOf, type StoredType } from '../cf/decode.ts'
import { westToEast } from '../cf/longitudes.ts'
import { dtypeOf, newArray, type TypedArray } from '../dtype.ts'
import { isHttp, openHttpSource } from '../geotiff/http-source.ts'
import { type ByteSource, openSource } from '../geotiff/source.ts'
import type { ArraySource, SourceHandle } from '../model/array-source.ts'
import { cellCount, type Region } from '../model/region.ts'
import { selectedSource } from '../model/selected.ts'
import type { DType } from '../types.ts'
import { corrupt, type NcFile, type NcValues, type NcVariable } from './file.ts'
import { openHdf5 } from './hdf5.ts'
import { openNetcdf3 } from './netcdf3.ts'

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

/**
 * Opens a NetCDF-3, NetCDF-4 or other HDF5 file, of a web server by ranges. Throws InputError `MissingFile`,
 * `UnknownFormat`, `CorruptFile`, `NoRanges`, EnvironmentError `CannotRead`.
 */
export async function openNetcdfFile(path: string | URL): Promise<NcFile> {
  const place = String(path).startsWith('file:') ? fileURLToPath(path) : String(path)
  const source = await (isHttp(place) ? openHttpSource(place) : openSource(place))
  try {
    return await openAs(source)
  } catch (error) {
    await source.close()
    throw error
  }
}

async function openAs(source: ByteSource): Promise<NcFile> {
  const { path, size } = source
  const head = await source.read(0, Math.min(8, size), 'the first bytes')
  if (head[0] === 0x43 && head[1] === 0x44 && head[2] === 0x46 && [1, 2, 5].includes(head[3]!)) {
    return openNetcdf3(source)
  }
  if (HDF5.every((byte, i) => head[i] === byte)) {
    if (isHttp(path)) return openHdf5(path, source)
    // The library opens files itself.
    await source.close()
    return openHdf5(path)
  }
  if (head.length < 8) throw corrupt(path, 'the file is too short for a NetCDF file')
  throw new InputError('UnknownFormat', `${path} is neither NetCDF nor HDF5`, { data: { path } })
}

/**
 * Every data variable of a file, in its order; coordinates, bounds and grid mappings are what describes them. `crs`, as
 * text, is that of variables that name none.
 */
export async function netcdfSources(path: string | URL, crs?: string): Promise<ArraySource[]> {
  const file = await openNetcdfFile(path)
  try {
    return await sourcesOf(file, dataVariables(file), crs)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** One variable by name. Throws InputError `NoVariable`. */
export async function netcdfSource(path: string | URL, variable: string, crs?: string): Promise<ArraySource> {
  const file = await openNetcdfFile(path)
  try {
    const found = file.variables.get(variable)
    if (found === undefined || !isNumeric(found)) {
      const names = dataVariables(file).map(({ name }) => name)
      throw new InputError('NoVariable', `${file.path} has no variable "${variable}" of numbers`, {
        hint: `it has ${names.join(', ') || 'none'}`,
        data: { path: file.path, variable, variables: names },
      })
    }
    return (await sourcesOf(file, [found], crs))[0]!
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Opens what a handle of these sources names. */
export async function netcdfFromHandle(handle: SourceHandle): Promise<ArraySource> {
  const crs = handle.crs === undefined ? undefined : String(handle.crs)
  const source = await netcdfSource(handle.path, String(handle.variable), crs)
  const turned = handle.longitudes === '-180' ? westToEast(source) : source
  const selection = (handle.selection ?? []) as readonly (readonly [number, readonly number[]])[]
  return selection.reduce((narrowed, [dim, indices]) => selectedSource(narrowed, dim, indices) ?? narrowed, turned)
}

const isNumeric = ({ dtype }: NcVariable): boolean => dtype !== 'string' && dtype !== 'other'

/** Names that other variables refer to as their coordinates, bounds, mappings. */
function describing(file: NcFile): Set<string> {
  const names = new Set<string>()
  const keys = ['coordinates', 'bounds', 'climatology', 'grid_mapping', 'cell_measures', 'formula_terms']
  for (const { name, attributes, dims } of file.variables.values()) {
    const folder = name.slice(0, name.lastIndexOf('/') + 1)
    for (const key of keys) {
      for (const word of textOf(attributes, key)?.split(/[\s:]+/) ?? []) names.add(folder + word)
    }
    if (dims.includes(name)) names.add(name)
    if ('grid_mapping_name' in attributes) names.add(name)
  }
  return names
}

function dataVariables(file: NcFile): NcVariable[] {
  const numeric = [...file.variables.values()].filter((variable) => isNumeric(variable) && variable.shape.length > 0)
  const referred = describing(file)
  const own = numeric.filter(({ name }) => !referred.has(name))
  return own.length > 0 ? own : numeric.filter(({ name, dims }) => !(dims.length === 1 && dims[0] === name))
}

async function sourcesOf(file: NcFile, variables: readonly NcVariable[], crs?: string): Promise<ArraySource[]> {
  const coordinates = new Map<string, CfCoordinate>()
  const mappings = new Map<string, Attributes>()
  for (const { name, attributes } of file.variables.values()) mappings.set(name, attributes)
  for (const dim of new Set(variables.flatMap(({ dims }) => dims))) {
    const coordinate = await coordinateOf(file, dim)
    if (coordinate !== undefined) coordinates.set(dim, coordinate)
  }
  let users = variables.length
  const release = async (): Promise<void> => {
    if (--users === 0) await file.close()
  }
  if (users === 0) await file.close()
  return variables.map((variable) => sourceOf(file, variable, coordinates, mappings, release, crs))
}

async function coordinateOf(file: NcFile, dim: string): Promise<CfCoordinate | undefined> {
  const variable = file.variables.get(dim)
  if (variable === undefined || variable.dims.length !== 1 || variable.dims[0] !== dim || variable.dtype === 'other') {
    return undefined
  }
  const stored = await file.read(dim, [0], variable.shape)
  if (variable.dtype === 'string') return { values: stored as readonly string[], attributes: variable.attributes }
  const values =
    stored instanceof BigInt64Array || stored instanceof BigUint64Array ? stored : unpacked(stored, variable)
  return { values, attributes: variable.attributes }
}

/** Coordinates may be packed too. */
function unpacked(values: NcValues, variable: NcVariable): ArrayLike<number> {
  const { schema } = decodeVariable(asCf(variable), new Map())
  const { scale, offset } = schema.packing
  const raw = rawOf(values, schema.packing.dtype)
  return scale === 1 && offset === 0 ? raw : Float64Array.from(raw, (value) => value * scale + offset)
}

const base = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

const asCf = (variable: NcVariable): CfVariable => ({
  name: variable.name,
  dims: variable.dims,
  shape: variable.shape,
  dtype: variable.dtype as StoredType,
  attributes: variable.attributes,
})

function sourceOf(
  file: NcFile,
  variable: NcVariable,
  coordinates: ReadonlyMap<string, CfCoordinate>,
  all: ReadonlyMap<string, Attributes>,
  release: () => Promise<void>,
  crs: string | undefined,
): ArraySource {
  const named = new Map([...coordinates].map(([name, value]) => [base(name), value]))
  const own = new Map(variable.dims.map((dim) => [base(dim), coordinates.get(dim) ?? named.get(base(dim))]))
  const known = new Map([...own].flatMap(([dim, value]) => (value === undefined ? [] : [[dim, value] as const])))
  const folder = variable.name.slice(0, variable.name.lastIndexOf('/') + 1)
  const visible = new Map([...all].map(([name, value]) => [name.startsWith(folder) ? base(name) : name, value]))
  const mapping = withCrs(gridMappingOf(variable.attributes, visible, file.attributes), crs)
  const cf = { ...asCf(variable), dims: variable.dims.map(base) }
  const { schema, clean } = decodeVariable(cf, known, mapping)
  const chunks = (variable.chunks ?? variable.shape).map((size, d) => Math.max(1, Math.min(size, variable.shape[d]!)))
  const pieces = cellCount(variable.shape.map((length, d) => Math.ceil(length / chunks[d]!)))
  let isOpen = true
  const source: ArraySource = {
    schema,
    handle: { format: 'netCDF', path: file.path, variable: variable.name, ...(crs === undefined ? {} : { crs }) },
    chunks,
    ...(variable.storedBytes === undefined || pieces === 0
      ? {}
      : { storedChunkBytes: Math.round(variable.storedBytes / pieces) }),
    read: async (region: Region, options: WorkOptions = {}) => {
      throwIfAborted(options.signal)
      const raw = rawOf(await file.read(variable.name, region.start, region.shape), schema.packing.dtype)
      clean?.(raw)
      return raw
    },
    close: async () => {
      if (isOpen) await release()
      isOpen = false
    },
    narrow: (dimension, indices) => selectedSource(source, dimension, indices),
  }
  return source
}

/** A grid mapping with the CRS that is said, where it has none itself. */
const withCrs = (mapping: Attributes | undefined, crs: string | undefined): Attributes | undefined =>
  crs === undefined || (mapping !== undefined && crsOfMapping(mapping) !== undefined)
    ? mapping
    : { ...mapping, crs_wkt: crs }

/** Stored cells in the type of the cube: 64-bit integers as float64, `_Unsigned` bits as what they mean. */
function rawOf(values: NcValues, dtype: DType): TypedArray {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return Float64Array.from(values as BigInt64Array, Number)
  }
  const array = values as TypedArray
  if (dtypeOf(array) === dtype) return array
  const view = newArray(dtype, 0).constructor as new (b: ArrayBuffer, at: number, n: number) => TypedArray
  if (newArray(dtype, 0).BYTES_PER_ELEMENT === array.BYTES_PER_ELEMENT) {
    return new view(array.buffer, array.byteOffset, array.length)
  }
  const out = newArray(dtype, array.length)
  out.set(array)
  return out
}
