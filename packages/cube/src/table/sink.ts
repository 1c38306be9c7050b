/** A cube written as CSV: a row for every combination of labels, a column for every band and property of features. Streamed in row-major order. */
import { InputError } from '@ecotope/core'
import type { SinkFormat, SinkHandle, SinkJob } from '../execute/sink.ts'
import { openAside } from '../geotiff/aside.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount } from '../model/region.ts'
import { rowPieces } from '../netcdf/file.ts'
import { csvCell } from './csv.ts'
import { rowNames, rowsOf } from './cube.ts'

/** Text of a cell takes some ten bytes. */
const BYTES_A_CELL = 16

async function create(path: string, schema: CubeSchema): Promise<SinkJob> {
  const shape = shapeOf(schema)
  const b = schema.dims.findIndex((dim) => dim.type === 'bands')
  const pieces = rowPieces(
    shape.filter((_, d) => d !== b),
    BYTES_A_CELL * (b < 0 ? 1 : Math.max(1, shape[b]!)),
  )
  // All bands of a row come together.
  const chunks = b < 0 ? pieces : pieces.toSpliced(b, 0, shape[b]!)
  const { file, write, publish, remove } = await openAside(path, (begun) =>
    begun.writeFile(`${rowNames(schema).map(csvCell).join(',')}\n`),
  )
  return {
    handle: { format: 'CSV', path, schema },
    chunks,
    order: 'row-major',
    encodeBytes: (region) => cellCount(region.shape) * BYTES_A_CELL,
    isDone: () => false,
    write: (_, encoded) => write(() => file.writeFile(encoded as string)),
    finish: async (work) => {
      await work?.beforePublish?.()
      await publish()
    },
    abandon: remove,
  }
}

export const csvSink: SinkFormat = {
  format: 'CSV',
  extensions: ['.csv'],
  create,
  encoder: async (handle: SinkHandle) => {
    const schema = handle.schema as CubeSchema | undefined
    if (schema === undefined) throw new InputError('BadHandle', 'the handle of a CSV sink has no schema')
    return {
      encode: async (region, { data }) => {
        let text = ''
        for (const row of rowsOf(schema, data, region.start, region.shape)) text += `${row.map(csvCell).join(',')}\n`
        return text
      },
      close: async () => undefined,
    }
  },
}
