/** HDF5 files (NetCDF-4 and others) through h5wasm on the real file: groups, attributes, cells by boxes. */

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EcotopeError, InputError } from '@ecotope/core'
import type { Dataset, File, Group } from 'h5wasm'
import type { Attributes } from '../cf/attributes.ts'
import type { StoredType } from '../cf/packing.ts'
import { DTYPES, newArray } from '../dtype.ts'
import type { ByteSource } from '../geotiff/source.ts'
import { cellCount, stridesOf } from '../model/region.ts'
import { corrupt, corruptChunk, type NcFile, type NcValues, type NcVariable, rowPieces } from './file.ts'
import { type LibraryFiles, see, withoutLines } from './hdf5-files.ts'
import { type PaddedVariable, padded, type StoredVariable, storedPart, withFill } from './hdf5-records.ts'
import { remoteHdf5 } from './hdf5-remote.ts'
import { type Lengths, truncation } from './hdf5-truncated.ts'

type H5 = typeof import('h5wasm')

let loaded: Promise<H5> | undefined

interface Library {
  activate_throwing_error_handler(): void
  deactivate_throwing_error_handler(): void
  insert_plugin_search_path(folder: string, index: number): void
  get_dataset_data(...args: readonly unknown[]): number
}

/** Filters that are no part of the library; it loads one when a chunk needs it. */
const PLUGINS = join(dirname(createRequire(import.meta.url).resolve('h5wasm-plugins')), 'plugins')

/** The library, once; its C errors become exceptions instead of lines on the terminal. */
async function h5(): Promise<H5> {
  loaded ??= import('h5wasm/node').then(async (library) => {
    const module = (await library.ready) as unknown as Library
    module.activate_throwing_error_handler()
    module.insert_plugin_search_path(PLUGINS, 0)
    closeWhatFails(module, library.FS as unknown as LibraryFiles)
    return library as unknown as H5
  })
  return loaded
}

/**
 * An exception in the midst of reading leaves the array open in the library, with a buffer that it takes for filled from
 * then on: the next reading would give zeros. Without exceptions it closes the array and says that it failed.
 */
function closeWhatFails(module: Library, files: LibraryFiles): void {
  const { get_dataset_data: read } = module
  module.get_dataset_data = (...args) => {
    module.deactivate_throwing_error_handler()
    try {
      const { value: status, lines } = withoutLines(files, () => read(...args))
      if (status < 0) throw new Error(lines || 'the library cannot read the cells')
      return status
    } finally {
      module.activate_throwing_error_handler()
    }
  }
}

/** Attributes that only serve the format. */
const INTERNAL = new Set([
  'DIMENSION_LIST',
  'REFERENCE_LIST',
  'CLASS',
  'NAME',
  '_Netcdf4Dimid',
  '_Netcdf4Coordinates',
  '_NCProperties',
  '_nc3_strict',
])
const ONLY_DIMENSION = /^This is a netCDF dimension but not a netCDF variable/

/** Where the library finds a file, and how its work on it is run. */
interface Place {
  /** The path to open; not where the library has left something open before. */
  fresh(): string
  /** Both lengths of a file that is cut off. */
  readonly lengths?: Lengths | undefined
  attempt<T>(work: () => T): Promise<T>
  close(): Promise<void>
}

/** Of a file that is cut off, what lies before its end can be read. */
async function placeOf({ FS }: H5, path: string, source: ByteSource | undefined): Promise<Place> {
  const files = FS as unknown as LibraryFiles
  if (source !== undefined) return remoteHdf5(files, source)
  const lengths = truncation(path)
  const restore = lengths && see(files, path, { bytes: lengths.stored })
  return {
    fresh: () => path,
    lengths,
    attempt: async (work) => work(),
    close: async () => restore?.(),
  }
}

interface Contents {
  readonly file: File
  readonly attributes: Attributes
  readonly variables: ReadonlyMap<string, PaddedVariable>
}

function contentsOf(library: H5, path: string): Contents {
  const file = new library.File(path, 'r')
  try {
    const variables = new Map<string, StoredVariable>()
    walk(library, file, '', new DimensionNames(), variables)
    return { file, attributes: attributesOf(file), variables: padded(variables) }
  } catch (cause) {
    file.close()
    throw cause
  }
}

/** Opens an HDF5 file; one that is not on this machine by its bytes. Throws InputError `CorruptFile`. */
export async function openHdf5(path: string, source?: ByteSource): Promise<NcFile> {
  const library = await h5()
  const place = await placeOf(library, path, source)
  try {
    const { file, attributes, variables } = await place.attempt(() => contentsOf(library, place.fresh()))
    return {
      path,
      kind: 'HDF5',
      attributes,
      variables,
      read: (name, start, shape) => read({ file, path, place }, variables.get(name)!, start, shape),
      close: async () => {
        file.close()
        await place.close()
      },
    }
  } catch (cause) {
    await place.close()
    if (cause instanceof EcotopeError) throw cause
    const { lengths } = place
    const why =
      lengths === undefined
        ? 'the structure of the HDF5 file cannot be read'
        : `the file is cut off after ${lengths.actual} of ${lengths.stored} bytes, and what describes its contents is missing`
    throw corrupt(path, why, cause)
  }
}

/** Names of dimensions: those of attached scales, else made up from lengths, as the NetCDF library does. */
class DimensionNames {
  readonly #phony: number[] = []

  of(dataset: Dataset, name: string, shape: readonly number[]): string[] {
    const isScale = dataset.get_scale_name() !== null
    if (isScale && shape.length === 1) return [name]
    const used = new Set<number>()
    return shape.map((length, d) => {
      const [scale] = dataset.get_attached_scales(d)
      return scale === undefined ? `phony_dim_${this.#place(length, used)}` : scale.replace(/^\/+/, '')
    })
  }

  #place(length: number, used: Set<number>): number {
    let index = this.#phony.findIndex((known, i) => known === length && !used.has(i))
    if (index < 0) index = this.#phony.push(length) - 1
    used.add(index)
    return index
  }
}

function walk(
  library: H5,
  group: Group,
  prefix: string,
  names: DimensionNames,
  variables: Map<string, StoredVariable>,
): void {
  for (const key of group.keys()) {
    const entity = group.get(key)
    const name = `${prefix}${key}`
    if (entity instanceof library.Group) walk(library, entity, `${name}/`, names, variables)
    else if (entity instanceof library.Dataset) {
      const variable = describe(entity, name, names)
      if (variable !== undefined) variables.set(name, variable)
    }
  }
}

/** Lengths that mean none (H5S_UNLIMITED). */
const UNLIMITED = 2 ** 63

function describe(dataset: Dataset, name: string, names: DimensionNames): StoredVariable | undefined {
  const { shape, metadata } = dataset
  if (shape === null || ONLY_DIMENSION.test(dataset.get_scale_name() ?? '')) return undefined
  const dtype = dtypeOf(dataset)
  const isNumeric = dtype !== 'string' && dtype !== 'other'
  const bytes = Number(metadata.size)
  // Of chunks that are not compressed, rows can be read alone.
  const isPlain = isNumeric && dataset.filters.length === 0
  const stored = metadata.chunks?.map(Number) ?? shape
  const chunks = isPlain ? rowPieces(stored, bytes) : (metadata.chunks ?? (isNumeric ? rowPieces(shape, bytes) : null))
  return {
    name,
    dims: names.of(dataset, name, shape),
    shape,
    unlimited: (metadata.maxshape ?? []).map((length) => length >= UNLIMITED),
    dtype,
    attributes: attributesOf(dataset),
    ...(chunks === null ? {} : { chunks: chunks.map(Number) }),
    // What deflate makes of it is not told.
    ...(isPlain ? { storedBytes: cellCount(shape) * bytes } : {}),
  }
}

const FORMATS: Readonly<Record<string, StoredType>> = {
  b: 'int8',
  B: 'uint8',
  h: 'int16',
  H: 'uint16',
  i: 'int32',
  I: 'uint32',
  l: 'int32',
  L: 'uint32',
  q: 'int64',
  Q: 'uint64',
  f: 'float32',
  d: 'float64',
}

function dtypeOf(dataset: Dataset): NcVariable['dtype'] {
  const { dtype, metadata } = dataset
  if (typeof dtype !== 'string' || metadata.enum_type !== undefined) return enumType(dataset)
  if (/S/.test(dtype)) return 'string'
  return FORMATS[dtype.replace(/^[<>=|]/, '')] ?? 'other'
}

/** Booleans of h5py are an enumeration of bytes. */
function enumType(dataset: Dataset): NcVariable['dtype'] {
  return dataset.metadata.enum_type === undefined || dataset.metadata.size !== 1 ? 'other' : 'uint8'
}

function attributesOf(entity: Group | Dataset): Attributes {
  const out: Record<string, unknown> = {}
  for (const [name, attribute] of Object.entries(entity.attrs)) {
    if (INTERNAL.has(name)) continue
    const { value } = attribute
    const isList = Array.isArray(value) || ArrayBuffer.isView(value)
    // One number or one text is stored as an array of one.
    out[name] = isList && (value as unknown[]).length === 1 ? (value as unknown[])[0] : value
  }
  return out
}

/** Filters that are decoded, by their registered numbers. */
const KNOWN_FILTERS = new Set([
  // The library's own: deflate, shuffle, Fletcher's checksum, szip, n-bit, scale-offset.
  ...[1, 2, 3, 4, 5, 6],
  // Plugins: bzip2, LZF, Blosc, LZ4, bitshuffle, ZFP, Zstandard, bit grooming, bit rounding, Blosc 2.
  ...[307, 32000, 32001, 32004, 32008, 32013, 32015, 32022, 32023, 32026],
])

/** Compressors inside Blosc that its plugins lack, by their number among the filter's values. */
const UNKNOWN_BLOSC: ReadonlyMap<number, string> = new Map([
  [3, 'snappy'],
  [4, 'zlib'],
])
const BLOSC = new Set([32001, 32026])

/** The first filter that is not decoded. */
function foreignFilter({ filters }: Dataset): { readonly id: number; readonly name: string } | undefined {
  for (const { id, name, cd_values } of filters) {
    if (!KNOWN_FILTERS.has(id)) return { id, name }
    const inside = BLOSC.has(id) ? UNKNOWN_BLOSC.get(cd_values[6] ?? 0) : undefined
    if (inside !== undefined) return { id, name: `${name} with ${inside}` }
  }
  return undefined
}

interface Open {
  readonly file: File
  readonly path: string
  readonly place: Place
}

async function read(
  { file, path, place }: Open,
  variable: PaddedVariable,
  start: readonly number[],
  shape: readonly number[],
): Promise<NcValues> {
  if (variable.stored !== undefined) {
    const { stored: _, ...whole } = variable
    const part = storedPart(variable, start, shape)
    const cells = part === undefined ? undefined : await read({ file, path, place }, whole, start, part)
    return withFill(variable, cells, part ?? shape, shape)
  }
  const datasetOf = (): Dataset => file.get(variable.name) as Dataset
  const foreign = await place.attempt(() => foreignFilter(datasetOf()))
  if (foreign !== undefined) {
    throw new InputError('UnsupportedCodec', `${path}: "${variable.name}" is compressed with ${foreign.name}`, {
      hint: 'repack it with deflate, for example by nccopy -d 4 or h5repack -f GZIP=4',
      data: { path, variable: variable.name, filter: foreign.id },
    })
  }
  if (cellCount(shape) === 0) return newArray('float64', 0)
  try {
    return await place.attempt(() => valuesOf(cellsOf(datasetOf(), start, shape), variable, cellCount(shape)))
  } catch (cause) {
    // A server that fails is no damage of the file.
    if (cause instanceof EcotopeError) throw cause
    const chunk = await place.attempt(() => damagedChunk(datasetOf(), variable, start, shape))
    throw corruptChunk(path, variable.name, chunk, cause)
  }
}

function cellsOf(dataset: Dataset, start: readonly number[], shape: readonly number[]): unknown {
  const box = start.map((from, d): [number, number] => [from, from + shape[d]!])
  return shape.length === 0 ? dataset.value : dataset.slice(box)
}

/** The first chunk of a box that cannot be read alone. */
function damagedChunk(
  dataset: Dataset,
  { chunks = [] }: NcVariable,
  start: readonly number[],
  shape: readonly number[],
): number[] {
  const first = chunks.map((size, d) => Math.floor(start[d]! / size))
  const counts = chunks.map((size, d) => Math.ceil((start[d]! + shape[d]!) / size) - first[d]!)
  const strides = stridesOf(counts)
  const total = cellCount(counts)
  for (let i = 0; i < total; i++) {
    const chunk = first.map((from, d) => from + (Math.floor(i / strides[d]!) % counts[d]!))
    const cell = chunk.map((index, d) => Math.max(start[d]!, index * chunks[d]!))
    try {
      dataset.slice(cell.map((from): [number, number] => [from, from + 1]))
    } catch {
      return chunk
    }
  }
  return first
}

function valuesOf(value: unknown, { dtype }: NcVariable, count: number): NcValues {
  if (value === null || value === undefined) throw new Error('no cells')
  if (dtype === 'string') return typeof value === 'string' ? [value] : (value as string[])
  const list = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? [value] : value
  const array = list as ArrayLike<number | bigint>
  if (array.length !== count) throw new Error(`${array.length} cells instead of ${count}`)
  if (ArrayBuffer.isView(value)) return value as unknown as NcValues
  if (dtype === 'int64' || dtype === 'uint64') return BigInt64Array.from(Array.from(array, BigInt))
  const out = newArray(dtype in DTYPES ? (dtype as keyof typeof DTYPES) : 'float64', count)
  for (let i = 0; i < count; i++) out[i] = Number(array[i])
  return out
}
