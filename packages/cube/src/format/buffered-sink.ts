/** Sinks of formats that are written in one piece: the cube is gathered in memory, which bounds how large it may be. */
import { writeFile } from 'node:fs/promises'
import { InputError, type WorkOptions } from '@ecotope/core'
import type { TypedArray } from '../dtype.ts'
import type { SinkFormat } from '../execute/sink.ts'
import { writeAside } from '../geotiff/aside.ts'
import type { Block, Packing } from '../model/block.ts'
import { copyBox } from '../model/copy.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'

/** A cube in memory, physical values; NaN is missing. */
export interface WholeCube {
  readonly schema: CubeSchema
  /** Row-major in the order of the dimensions. */
  readonly values: Float64Array<ArrayBuffer>
}

export interface BufferedFormat {
  readonly format: string
  readonly extensions: readonly string[]
  /** Cells at most. */
  readonly mostCells: number
  /** Writes the file, whole or not at all. Throws where the cube cannot be written in this format. */
  write(path: string, cube: WholeCube, work: WorkOptions): Promise<void>
}

/** Writes text whole or not at all. */
export const writeText = (path: string, text: string): Promise<void> =>
  writeAside(path, (file) => writeFile(file, text))

export function bufferedSink({ format, extensions, mostCells, write: writeCube }: BufferedFormat): SinkFormat {
  return {
    format,
    extensions,
    create: async (path, schema) => {
      const shape = shapeOf(schema)
      const count = cellCount(shape)
      if (count > mostCells) throw tooLarge(path, format, count, mostCells)
      const values = new Float64Array(count)
      return {
        handle: { format, path, packing: schema.packing },
        chunks: shape.map((length, d) => (d < shape.length - 2 ? 1 : Math.min(length, 512))),
        order: 'any',
        encodeBytes: (region: Region) => cellCount(region.shape) * 8,
        isDone: () => false,
        write: (region, encoded) => {
          const from = region.shape.map(() => 0)
          copyBox(encoded as TypedArray, region.shape, from, values, shape, region.start, region.shape)
          return Promise.resolve()
        },
        finish: (work = {}) => writeCube(path, { schema, values }, work),
        // Nothing is on the disk before the end.
        abandon: () => Promise.resolve(),
      }
    },
    encoder: (handle) =>
      Promise.resolve({
        encode: (_: Region, block: Block) => Promise.resolve(physical(block, handle.packing as Packing)),
        close: () => Promise.resolve(),
      }),
  }
}

/** Physical values of a block; NaN is missing. */
export function physical({ data }: Block, { nodata, scale, offset, isBoolean }: Packing): Float64Array<ArrayBuffer> {
  const missing = nodata ?? (isBoolean ? 255 : Number.NaN)
  // A plain loop: `from` with a function takes many times as long.
  const out = new Float64Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const raw = data[i]!
    out[i] = raw === missing ? Number.NaN : raw * scale + offset
  }
  return out
}

const tooLarge = (path: string, format: string, cells: number, most: number): InputError =>
  new InputError('TooLarge', `${path}: ${cells} cells are too many for ${format}, which is written in one piece`, {
    hint: `up to ${most} cells; save large cubes as .zarr, .tif or .nc, or aggregate first`,
    data: { path, format, cells, most },
  })
