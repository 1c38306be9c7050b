/** NumPy arrays (`.npy`, `.npz`) as array sources, and arrays written as such. Reads of `.npy` are by windows. */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { InputError, type WorkOptions } from '@ecotope/core'
import { dtypeOf, newArray, type TypedArray } from '../dtype.ts'
import { writeAside } from '../geotiff/aside.ts'
import { writeFully } from '../geotiff/spool.ts'
import type { ArraySource, SourceHandle } from '../model/array-source.ts'
import { sliceBox } from '../model/copy.ts'
import type { OtherDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region, stridesOf } from '../model/region.ts'
import { corruptChunk, rowPieces } from '../netcdf/file.ts'
import { cellsOf } from './cells.ts'
import { headerLength, type NpyHeader, npyHeader, parseNpyHeader } from './header.ts'
import { runsOf } from './runs.ts'

function schemaOf({ shape, type }: NpyHeader): CubeSchema {
  const dims = shape.map(
    (length, d): OtherDimension => ({
      type: 'other',
      name: `dim_${d}`,
      labels: Array.from({ length }, (_, i) => i),
    }),
  )
  const isBoolean = type.stored === 'bool'
  return { dims, packing: { dtype: type.dtype, scale: 1, offset: 0, ...(isBoolean ? { isBoolean } : {}) } }
}

/** Opens a `.npy` file. Dimensions are `dim_0`, `dim_1`, ..., labelled by numbers. Throws `BadNpy`, `UnsupportedType`. */
export async function npySource(path: string): Promise<ArraySource> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw missing(path, cause)
  })
  try {
    const header = parseNpyHeader(await headOf(file), path)
    const { shape, type } = header
    return {
      schema: schemaOf(header),
      handle: { format: 'npy', path },
      chunks: header.isFortran ? shape.map((n) => Math.max(1, n)) : rowPieces(shape, type.bytes),
      read: (region, options) => readBox(file, path, header, region, options),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

function missing(path: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return cause
  return new InputError('MissingFile', `there is no file ${path}`, { hint: 'check the path', data: { path }, cause })
}

async function headOf(file: FileHandle): Promise<Uint8Array> {
  const first = new Uint8Array(12)
  const { bytesRead } = await file.read(first, 0, 12, 0)
  const length = headerLength(first.subarray(0, bytesRead))
  if (length === undefined || length > 1 << 24) return first.subarray(0, bytesRead)
  const head = new Uint8Array(length)
  const got = await file.read(head, 0, length, 0)
  return head.subarray(0, got.bytesRead)
}

async function readBox(
  file: FileHandle,
  path: string,
  header: NpyHeader,
  region: Region,
  options?: WorkOptions,
): Promise<TypedArray> {
  options?.signal?.throwIfAborted()
  const { shape, type, dataAt, isFortran } = header
  // A column-major array is a row-major one of the reversed dimensions.
  const flip = <T>(list: readonly T[]): readonly T[] => (isFortran ? list.toReversed() : list)
  const box = flip(region.shape)
  const bytes = new Uint8Array(cellCount(box) * type.bytes)
  for (const run of runsOf(flip(shape), flip(region.start), box, type.bytes, dataAt)) {
    const { bytesRead } = await file.read(bytes, run.to, run.bytes, run.from)
    if (bytesRead < run.bytes) throw corruptChunk(path, 'array', chunkOf(header, region))
  }
  const cells = cellsOf(bytes, header)
  return isFortran ? transposed(cells, box) : cells
}

const chunkOf = ({ shape, type, isFortran }: NpyHeader, { start }: Region): number[] => {
  const chunks = isFortran ? shape : rowPieces(shape, type.bytes)
  return start.map((from, d) => Math.floor(from / Math.max(1, chunks[d]!)))
}

/** The array with its dimensions reversed. */
function transposed(cells: TypedArray, shape: readonly number[]): TypedArray {
  const out = newArray(dtypeOf(cells), cells.length)
  const target = [...shape].reverse()
  const from = stridesOf(shape).reverse()
  const to = stridesOf(target)
  for (let i = 0; i < cells.length; i++) {
    let at = 0
    for (let d = 0; d < target.length; d++) at += (Math.floor(i / to[d]!) % target[d]!) * from[d]!
    out[i] = cells[at]!
  }
  return out
}

/** Opens the arrays of a `.npz` archive by name; each is unpacked into memory when it is first read. */
export async function npzSources(path: string): Promise<{ name: string; source: ArraySource }[]> {
  const packed = await readFile(path).catch((cause: unknown) => {
    throw missing(path, cause)
  })
  const { unzipSync } = await import('fflate')
  let entries: Record<string, Uint8Array>
  try {
    entries = unzipSync(new Uint8Array(packed), { filter: ({ name }) => name.endsWith('.npy') })
  } catch (cause) {
    throw new InputError('CorruptFile', `${path} is no complete .npz archive`, {
      hint: 'the file may be cut off; copy it again',
      data: { path },
      cause,
    })
  }
  return Object.entries(entries).flatMap(([entry, bytes]) => {
    const name = entry.replace(/\.npy$/, '')
    const source = entrySource(path, name, bytes as Uint8Array<ArrayBuffer>)
    return source === undefined ? [] : [{ name, source }]
  })
}

/** Undefined for arrays of objects or texts, which an archive may hold beside numbers. */
function entrySource(path: string, name: string, bytes: Uint8Array<ArrayBuffer>): ArraySource | undefined {
  let header: NpyHeader
  try {
    header = parseNpyHeader(bytes, `${path}:${name}`)
  } catch (error) {
    if (error instanceof InputError && error.tag === 'UnsupportedType') return undefined
    throw error
  }
  const { shape, type, dataAt, isFortran } = header
  let cells: TypedArray | undefined
  return {
    schema: schemaOf(header),
    handle: { format: 'npz', path, array: name },
    chunks: shape.map((n) => Math.max(1, n)),
    read: async (region) => {
      if (cells === undefined) {
        const length = cellCount(shape) * type.bytes
        if (bytes.length < dataAt + length)
          throw corruptChunk(
            path,
            name,
            shape.map(() => 0),
          )
        const flat = cellsOf(bytes.slice(dataAt, dataAt + length), header)
        cells = isFortran ? transposed(flat, [...shape].reverse()) : flat
      }
      return sliceBox(cells, shape, region)
    },
    close: async () => undefined,
  }
}

/** Opens what a handle of these sources names. */
export async function npyFromHandle(handle: SourceHandle): Promise<ArraySource> {
  if (handle.format === 'npy') return npySource(handle.path)
  const found = (await npzSources(handle.path)).find(({ name }) => name === handle.array)
  if (found !== undefined) return found.source
  throw new InputError('NoVariable', `${handle.path} has no array "${String(handle.array)}"`, { data: { ...handle } })
}

/** Writes an array as `.npy`; the file appears whole or not at all. */
export async function writeNpy(path: string, cells: TypedArray, shape: readonly number[]): Promise<void> {
  await writeAside(path, async (file) => {
    const header = npyHeader(dtypeOf(cells), shape)
    await writeFully(file, header, 0)
    await writeFully(file, new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength), header.length)
  })
}

/** Writes named arrays as a deflated `.npz` archive, made in memory. */
export async function writeNpz(
  path: string,
  arrays: Readonly<Record<string, { readonly cells: TypedArray; readonly shape: readonly number[] }>>,
): Promise<void> {
  const { zipSync } = await import('fflate')
  const entries = Object.entries(arrays).map(([name, { cells, shape }]) => {
    const header = npyHeader(dtypeOf(cells), shape)
    const bytes = new Uint8Array(header.length + cells.byteLength)
    bytes.set(header)
    bytes.set(new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength), header.length)
    return [`${name}.npy`, bytes]
  })
  const packed = zipSync(Object.fromEntries(entries) as Record<string, Uint8Array>, { level: 6 })
  await writeAside(path, (file) => writeFully(file, packed, 0))
}
