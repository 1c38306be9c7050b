/** Writes a whole cube through a sink, chunk by chunk as the planner would. */
import type { TypedArray } from '../../src/dtype.ts'
import type { SinkFormat } from '../../src/execute/sink.ts'
import { sliceBox } from '../../src/model/copy.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'

export async function writeAll(
  sink: SinkFormat,
  path: string,
  schema: CubeSchema,
  data: TypedArray,
  options: Record<string, unknown> = {},
  reversed = false,
): Promise<void> {
  const job = await sink.create(path, schema, { job: 'test', options })
  const encoder = await sink.encoder(structuredClone(job.handle))
  const shape = shapeOf(schema)
  let starts: number[][] = [[]]
  for (const [d, length] of shape.entries()) {
    const own = Array.from({ length: Math.ceil(length / job.chunks[d]!) }, (_, i) => i * job.chunks[d]!)
    starts = starts.flatMap((start) => own.map((first) => [...start, first]))
  }
  if (reversed && job.order === 'any') starts.reverse()
  for (const start of starts) {
    const region = { start, shape: start.map((first, d) => Math.min(job.chunks[d]!, shape[d]! - first)) }
    const block = { region, data: sliceBox(data, shape, region) }
    await job.write(region, await encoder.encode(region, block, {}))
  }
  await encoder.close()
  await job.finish()
}
