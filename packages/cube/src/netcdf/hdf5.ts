/** HDF5 files (NetCDF-4 and others) through h5wasm on the real file: groups, attributes, cells by boxes. */

import { EnvironmentError, InputError } from '@ecotope/core'
import type { Dataset, File, Group } from 'h5wasm'
import type { Attributes } from '../cf/attributes.ts'
import type { StoredType } from '../cf/packing.ts'
import { DTYPES, newArray } from '../dtype.ts'
import { cellCount, stridesOf } from '../model/region.ts'
import { corrupt, corruptChunk, type NcFile, type NcValues, type NcVariable, rowPieces } from './file.ts'
import { extend, type Lengths, type LibraryFiles, truncation } from './hdf5-truncated.ts'

type H5 = typeof import('h5wasm')

let loaded: Promise<H5> | undefined

/** The library, once; its C errors become exceptions instead of lines on the terminal. */
async function h5(): Promise<H5> {
  loaded ??= import('h5wasm/node').then(async (library) => {
    const module = (await library.ready) as unknown as { activate_throwing_error_handler?: () => void }
    module.activate_throwing_error_handler?.()
    return library as unknown as H5
  })
  return loaded
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

interface Opened {
  readonly file: File
  close(): void
}

/** Of a file that is cut off, what lies before its end can be read. */
function opened(library: H5, path: string): Opened {
  const lengths = truncation(path)
  const restore = lengths && extend(library.FS as unknown as LibraryFiles, path, lengths)
  try {
    const file = new library.File(path, 'r')
    const close = (): void => {
      file.close()
      restore?.()
    }
    return { file, close }
  } catch (cause) {
    restore?.()
    throw corrupt(path, lengths === undefined ? 'the HDF5 file cannot be opened' : cutOff(lengths), cause)
  }
}

const cutOff = ({ actual, stored }: Lengths): string =>
  `the file is cut off after ${actual} of ${stored} bytes, and what describes its contents is missing`

/** Opens an HDF5 file. Throws InputError `CorruptFile`. */
export async function openHdf5(path: string): Promise<NcFile> {
  const library = await h5()
  const { file, close } = opened(library, path)
  try {
    const variables = new Map<string, NcVariable>()
    const names = new DimensionNames()
    walk(library, file, '', names, variables)
    return {
      path,
      kind: 'HDF5',
      attributes: attributesOf(file),
      variables,
      read: async (name, start, shape) => read(file, path, variables.get(name)!, start, shape),
      close: async () => close(),
    }
  } catch (cause) {
    close()
    if (cause instanceof InputError || cause instanceof EnvironmentError) throw cause
    const lengths = truncation(path)
    throw corrupt(
      path,
      lengths === undefined ? 'the structure of the HDF5 file cannot be read' : cutOff(lengths),
      cause,
    )
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
  variables: Map<string, NcVariable>,
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

function describe(dataset: Dataset, name: string, names: DimensionNames): NcVariable | undefined {
  const { shape, metadata } = dataset
  if (shape === null || ONLY_DIMENSION.test(dataset.get_scale_name() ?? '')) return undefined
  const dtype = dtypeOf(dataset)
  const isNumeric = dtype !== 'string' && dtype !== 'other'
  const bytes = Number(metadata.size)
  const chunks = metadata.chunks ?? (isNumeric ? rowPieces(shape, bytes) : null)
  return {
    name,
    dims: names.of(dataset, name, shape),
    shape,
    dtype,
    attributes: attributesOf(dataset),
    ...(chunks === null ? {} : { chunks: chunks.map(Number) }),
    // What deflate makes of it is not told.
    ...(isNumeric && dataset.filters.length === 0 ? { storedBytes: cellCount(shape) * bytes } : {}),
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

/** Filters that the library decodes: deflate, shuffle, Fletcher's checksum, szip, n-bit, scale-offset. */
const KNOWN_FILTERS = new Set([1, 2, 3, 4, 5, 6])

function read(
  file: File,
  path: string,
  variable: NcVariable,
  start: readonly number[],
  shape: readonly number[],
): NcValues {
  const dataset = file.get(variable.name) as Dataset
  const foreign = dataset.filters.find(({ id }) => !KNOWN_FILTERS.has(id))
  if (foreign !== undefined) {
    throw new InputError('UnsupportedCodec', `${path}: "${variable.name}" is compressed with ${foreign.name}`, {
      hint: 'repack it with deflate, for example by nccopy -d 4 or h5repack -f GZIP=4',
      data: { path, variable: variable.name, filter: foreign.id },
    })
  }
  if (cellCount(shape) === 0) return newArray('float64', 0)
  try {
    return valuesOf(cellsOf(dataset, start, shape), variable, cellCount(shape))
  } catch (cause) {
    throw corruptChunk(path, variable.name, damagedChunk(dataset, variable, start, shape), cause)
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
