/** SRTM elevation tiles: `N40E014.hgt`, also zipped (`.hgt.zip`). Metres, void -32768, one or three arc seconds. */
import { open, readFile } from 'node:fs/promises'
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

/** Samples along a side, by one and three arc seconds. */
const SIDES = [3601, 1201]

/**
 * Opens a tile; its name says where it lies. Samples are points on a lattice whose outermost lie on whole degrees, so
 * that the grid reaches half a pixel beyond the tile, as GDAL has it. Throws `BadHgt`, `MissingFile`.
 */
export async function hgtSource(path: string): Promise<ArraySource> {
  const isZip = /\.zip$/i.test(path)
  const [south, west] = cornerOf(path)
  if (isZip) {
    const bytes = await unzipped(path)
    const side = sideOf(bytes.length, path)
    const cells = swapped(bytes)
    const read: ArraySource['read'] = async (region) => sliceBox(cells, [side, side], region)
    return sourceOf(path, south, west, side, read, async () => undefined)
  }
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw missing(path, cause)
  })
  try {
    const side = sideOf((await file.stat()).size, path)
    const read: ArraySource['read'] = async ({ start, shape }) => {
      const bytes = new Uint8Array(shape[0]! * shape[1]! * 2)
      for (const run of runsOf([side, side], start, shape, 2, 0)) {
        const { bytesRead } = await file.read(bytes, run.to, run.bytes, run.from)
        if (bytesRead < run.bytes) throw corruptChunk(path, 'dem', [Math.floor(start[0]! / rows(side)), 0])
      }
      return swapped(bytes)
    }
    return sourceOf(path, south, west, side, read, () => file.close())
  } catch (error) {
    await file.close()
    throw error
  }
}

const rows = (side: number): number => rowPieces([side, side], 2)[0]!

function sourceOf(
  path: string,
  south: number,
  west: number,
  side: number,
  read: ArraySource['read'],
  close: () => Promise<void>,
): ArraySource {
  const step = 1 / (side - 1)
  const grid: Grid = {
    crs: lonLat(),
    affine: [step, 0, west - step / 2, 0, -step, south + 1 + step / 2],
    width: side,
    height: side,
  }
  const schema: CubeSchema = {
    dims: spatialDimensions(grid),
    grid,
    packing: { dtype: 'int16', nodata: -32768, scale: 1, offset: 0 },
    unit: 'm',
    band: { name: 'dem', role: 'dem', unit: 'm', nodata: -32768 },
  }
  return { schema, handle: { format: 'SRTMHGT', path }, chunks: [rows(side), side], read, close }
}

function cornerOf(path: string): [south: number, west: number] {
  const found = /^([NS])(\d{1,2})([EW])(\d{1,3})/i.exec(basename(path))
  if (found === null) throw badHgt(path, 'its name does not say where it lies (N40E014.hgt)')
  const [, ns, lat, ew, lon] = found
  return [Number(lat) * (/s/i.test(ns!) ? -1 : 1), Number(lon) * (/w/i.test(ew!) ? -1 : 1)]
}

function sideOf(bytes: number, path: string): number {
  const side = SIDES.find((n) => n * n * 2 === bytes)
  if (side !== undefined) return side
  throw badHgt(path, `it has ${bytes} bytes instead of ${SIDES.map((n) => n * n * 2).join(' or ')}`)
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
    hint: 'tiles are named by their south-west corner and have 1201 or 3601 samples a side',
    data: { path },
    ...(cause === undefined ? {} : { cause }),
  })
}
