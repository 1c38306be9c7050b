/** A cube written as one `.npy` array in the order of its dimensions: cells go to their places as they come. */
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DTYPES } from '../dtype.ts'
import type { SinkFormat, SinkJob } from '../execute/sink.ts'
import { writeError } from '../geotiff/aside.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount } from '../model/region.ts'
import { rowPieces } from '../netcdf/file.ts'
import { npyHeader } from './header.ts'
import { runsOf } from './runs.ts'

async function create(path: string, schema: CubeSchema): Promise<SinkJob> {
  const shape = shapeOf(schema)
  const { dtype } = schema.packing
  const { bytes } = DTYPES[dtype]
  const header = npyHeader(dtype, shape)
  const partial = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`)
  const file = await open(partial, 'wx').catch((cause: unknown) => {
    throw writeError(path, cause)
  })
  const remove = async (): Promise<void> => {
    await file.close().catch(() => undefined)
    await rm(partial, { force: true }).catch(() => undefined)
  }
  const guarded = (work: () => Promise<void>): Promise<void> =>
    work().catch((cause: unknown) => {
      throw writeError(path, cause)
    })
  await guarded(async () => {
    await file.write(header, 0, header.length, 0)
    await file.truncate(header.length + cellCount(shape) * bytes)
  })
  return {
    handle: { format: 'npy', path },
    chunks: rowPieces(shape, bytes),
    order: 'any',
    encodeBytes: () => 0,
    isDone: () => false,
    write: (region, encoded) =>
      guarded(async () => {
        const cells = encoded as Uint8Array
        for (const run of runsOf(shape, region.start, region.shape, bytes, header.length)) {
          await file.write(cells, run.to, run.bytes, run.from)
        }
      }),
    finish: () =>
      guarded(async () => {
        await file.sync()
        await file.close()
        await rename(partial, path)
      }),
    abandon: remove,
  }
}

export const npySink: SinkFormat = {
  format: 'npy',
  extensions: ['.npy'],
  create,
  encoder: async () => ({
    encode: async (_, { data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    close: async () => undefined,
  }),
}
