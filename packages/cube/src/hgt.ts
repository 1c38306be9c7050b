/** SRTM elevation tiles: `N40E014.hgt`, also zipped (`.hgt.zip`). Metres, void -32768, half to three arc seconds. */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { InputError } from '@ecotope/core'
import { lonLat } from './cf/crs.ts'
import { spatialDimensions } from './geotiff/array-source.ts'
import type { ArraySource } from './model/array-source.ts'
import { sliceBox } from './model/copy.ts'
import type { CubeSchema } from './model/node.ts'
import { corruptChunk, rowPieces } from './netcdf/file.ts'
import { runsOf } from './npy/runs.ts'
import type { Grid } from './types.ts'

interface Tile {
  readonly path: string
  /** Degrees of the sample in the south-west corner. */
  readonly corner: readonly [south: number, west: number]
  readonly size: Size
}

type Size = readonly [rows: number, columns: number]

/** Samples of a tile by three, one (north of 50 degrees also two along a parallel) and half an arc second, as GDAL knows. */
const SIZES: readonly Size[] = [
  [1201, 1201],
  [3601, 1801],
  [3601, 3601],
  [7201, 7201],
]

const VOID = -32768
const bytesOf = ([rows, columns]: Size): number => 2 * rows * columns

/**
 * Opens a tile; its name says where it lies. Samples are points on a lattice whose outermost lie on whole degrees, so
 * that the grid reaches half a pixel beyond the tile, as GDAL has it. A tile whose end is cut off opens where its rows
 * tell how long they are; reading what is missing throws `CorruptChunk`. Throws `BadHgt`, `MissingFile`.
 */
export async function hgtSource(path: string): Promise<ArraySource> {
  const corner = cornerOf(path)
  if (/\.zip$/i.test(path)) {
    const bytes = await unzipped(path)
    const size = sizeOf(bytes.length, path)
    const cells = swapped(bytes)
    return sourceOf(
      { path, corner, size },
      async (region) => sliceBox(cells, size, region),
      async () => undefined,
    )
  }
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw missing(path, cause)
  })
  try {
    const { size: bytes } = await file.stat()
    const known = SIZES.find((one) => bytesOf(one) === bytes)
    const tile = { path, corner, size: known ?? (await cutSizeOf(file, bytes)) ?? sizeOf(bytes, path) }
    return sourceOf(tile, readerOf(file, tile, bytes), () => file.close())
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Reads boxes of a file of so many bytes. */
function readerOf(file: FileHandle, { path, size }: Tile, length: number): ArraySource['read'] {
  const whole = Math.floor(length / 2 / size[1])
  return async ({ start, shape }) => {
    const bytes = new Uint8Array(shape[0]! * shape[1]! * 2)
    for (const run of runsOf(size, start, shape, 2, 0)) {
      const { bytesRead } = await file.read(bytes, run.to, run.bytes, run.from)
      // The first row that is not whole, where rows before it are asked for as well.
      const row = Math.max(start[0]!, Math.min(whole, start[0]! + shape[0]! - 1))
      if (bytesRead < run.bytes) throw corruptChunk(path, 'dem', [Math.floor(row / piecesOf(size)[0]!), 0])
    }
    return swapped(bytes)
  }
}

const piecesOf = (size: Size): number[] => rowPieces(size, 2)

/** Samples that are compared to find how long rows are, and how much better the best length has to be. */
const COMPARED = 1 << 20
const CLEARLY = 1.2

/** The size of a tile that is cut off: rows below each other differ least. Undefined where that is not plain. */
async function cutSizeOf(file: FileHandle, bytes: number): Promise<Size | undefined> {
  const head = new Uint8Array(Math.min(2 * COMPARED, bytes - (bytes % 2)))
  const { bytesRead } = await file.read(head, 0, head.length, 0)
  if (bytesRead < head.length) return undefined
  const cells = swapped(head)
  const found = SIZES.filter((size) => bytesOf(size) > bytes)
    .map((size) => ({ size, difference: differenceOf(cells, size[1]) }))
    .sort((a, b) => a.difference - b.difference)
  const [best, second] = found
  if (best === undefined || best.difference === 0 || found.some((one) => Number.isNaN(one.difference))) return undefined
  return second === undefined || second.difference > CLEARLY * best.difference ? best.size : undefined
}

/** Mean difference of samples so far apart, in metres; NaN where there are too few. */
function differenceOf(cells: Int16Array, apart: number): number {
  let [sum, count] = [0, 0]
  for (let i = apart; i < cells.length; i++) {
    const [a, b] = [cells[i - apart]!, cells[i]!]
    if (a === VOID || b === VOID) continue
    sum += Math.abs(a - b)
    count++
  }
  return count < apart ? Number.NaN : sum / count
}

function sourceOf(
  { path, corner: [south, west], size }: Tile,
  read: ArraySource['read'],
  close: () => Promise<void>,
): ArraySource {
  const [height, width] = size
  const [dx, dy] = [1 / (width - 1), 1 / (height - 1)]
  const grid: Grid = {
    crs: lonLat(),
    affine: [dx, 0, west - dx / 2, 0, -dy, south + 1 + dy / 2],
    width,
    height,
  }
  const schema: CubeSchema = {
    dims: spatialDimensions(grid),
    grid,
    packing: { dtype: 'int16', nodata: VOID, scale: 1, offset: 0 },
    unit: 'm',
    band: { name: 'dem', role: 'dem', unit: 'm', nodata: VOID },
  }
  return { schema, handle: { format: 'SRTMHGT', path }, chunks: piecesOf(size), read, close }
}

function cornerOf(path: string): [south: number, west: number] {
  const found = /^([NS])(\d{1,2})([EW])(\d{1,3})/i.exec(basename(path))
  if (found === null) throw badHgt(path, 'its name does not say where it lies (N40E014.hgt)')
  const [, ns, lat, ew, lon] = found
  return [Number(lat) * (/s/i.test(ns!) ? -1 : 1), Number(lon) * (/w/i.test(ew!) ? -1 : 1)]
}

function sizeOf(bytes: number, path: string): Size {
  const size = SIZES.find((one) => bytesOf(one) === bytes)
  if (size !== undefined) return size
  const cut = bytes < bytesOf(SIZES.at(-1)!) ? ': it is cut off, and too little is there to tell its resolution' : ''
  throw badHgt(path, `it has ${bytes} bytes instead of ${SIZES.map(bytesOf).join(' or ')}${cut}`)
}

async function unzipped(path: string): Promise<Uint8Array> {
  const packed = await readFile(path).catch((cause: unknown) => {
    throw missing(path, cause)
  })
  const { unzipSync } = await import('fflate')
  try {
    const [bytes] = Object.values(unzipSync(new Uint8Array(packed), { filter: ({ name }) => /\.hgt$/i.test(name) }))
    if (bytes !== undefined) return bytes
  } catch (cause) {
    throw badHgt(path, 'the archive is damaged', cause)
  }
  throw badHgt(path, 'the archive holds no .hgt file')
}

function swapped(bytes: Uint8Array): Int16Array<ArrayBuffer> {
  const out = new Uint8Array(bytes)
  Buffer.from(out.buffer).swap16()
  return new Int16Array(out.buffer)
}

function missing(path: string, cause: unknown): unknown {
  if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') return cause
  return new InputError('MissingFile', `there is no file ${path}`, { hint: 'check the path', data: { path }, cause })
}

function badHgt(path: string, why: string, cause?: unknown): InputError {
  return new InputError('BadHgt', `${path} is no SRTM tile: ${why}`, {
    hint: 'tiles are named by their south-west corner and have 1201, 3601 or 7201 samples a side',
    data: { path },
    ...(cause === undefined ? {} : { cause }),
  })
}
