/**
 * A cube written as one `.npy` array in the order of its dimensions: cells go to their places as they come. The format
 * knows no scale and no missing value, so that packed cells become physical ones, with NaN where they are missing.
 */
import { DTYPES, type TypedArray } from '../dtype.ts'
import type { SinkFormat, SinkJob } from '../execute/sink.ts'
import { physical } from '../format/buffered-sink.ts'
import { openAside } from '../geotiff/aside.ts'
import { writeFully } from '../geotiff/spool.ts'
import type { Block, Packing } from '../model/block.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount } from '../model/region.ts'
import { rowPieces } from '../netcdf/file.ts'
import type { DType } from '../types.ts'
import { npyHeader } from './header.ts'
import { runsOf } from './runs.ts'

async function create(path: string, schema: CubeSchema): Promise<SinkJob> {
  const shape = shapeOf(schema)
  const { packing } = schema
  const dtype = writtenType(packing)
  const { bytes } = DTYPES[dtype]
  const header = npyHeader(dtype, shape)
  const { file, write, publish, remove } = await openAside(path, async (begun) => {
    await writeFully(begun, header, 0)
    await begun.truncate(header.length + cellCount(shape) * bytes)
  })
  return {
    handle: { format: 'npy', path, packing: { ...packing } },
    chunks: rowPieces(shape, bytes),
    order: 'any',
    encodeBytes: (region) => (isAsStored(packing) ? 0 : 12 * cellCount(region.shape)),
    isDone: () => false,
    write: (region, encoded) =>
      write(async () => {
        const cells = encoded as Uint8Array
        for (const run of runsOf(shape, region.start, region.shape, bytes, header.length)) {
          await writeFully(file, cells.subarray(run.to, run.to + run.bytes), run.from)
        }
      }),
    finish: async (work) => {
      await work?.beforePublish?.()
      await publish()
    },
    abandon: remove,
  }
}

export const npySink: SinkFormat = {
  format: 'npy',
  extensions: ['.npy'],
  create,
  encoder: async (handle) => {
    const packing = handle.packing as Packing
    return {
      encode: async (_, block) => {
        const { buffer, byteOffset, byteLength } = cellsOf(block, packing)
        return new Uint8Array(buffer, byteOffset, byteLength)
      },
      close: async () => undefined,
    }
  },
}

/** Whether the stored numbers are the physical ones. */
const isAsStored = ({ scale, offset, nodata, isBoolean }: Packing): boolean =>
  isBoolean !== true && scale === 1 && offset === 0 && (nodata === undefined || Number.isNaN(nodata))

/** float32 where it holds the physical numbers exactly. */
function writtenType(packing: Packing): DType {
  if (isAsStored(packing)) return packing.dtype
  const isNarrow = DTYPES[packing.dtype].bytes < 4 || packing.dtype === 'float32'
  return isNarrow && packing.scale === 1 ? 'float32' : 'float64'
}

function cellsOf(block: Block, packing: Packing): TypedArray {
  if (isAsStored(packing)) return block.data
  const cells = physical(block, packing)
  return writtenType(packing) === 'float32' ? Float32Array.from(cells) : cells
}
