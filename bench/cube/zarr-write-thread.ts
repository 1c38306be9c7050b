/** A thread of zarr-worker.ts: encodes and writes one region at a time from memory that all threads see. */
import { parentPort } from 'node:worker_threads'
import type { SinkEncoder, SinkHandle } from '../../packages/cube/src/execute/sink.ts'
import { type Region, wholeRegion } from '../../packages/cube/src/model/region.ts'
import { zarrSink } from '../../packages/cube/src/zarr/sink.ts'

export interface WriteOrder {
  readonly handle: SinkHandle
  readonly region: Region
  readonly cells: ArrayBufferLike
  readonly shape: readonly number[]
}

let encoder: { readonly part: unknown; readonly made: SinkEncoder } | undefined

parentPort!.on('message', async ({ handle, region, cells, shape }: WriteOrder) => {
  if (encoder?.part !== handle.part) encoder = { part: handle.part, made: await zarrSink.encoder(handle) }
  const data = new Uint16Array(cells as ArrayBuffer)
  parentPort!.postMessage(await encoder!.made.encode(region, { region: wholeRegion(shape), data }, {}))
})
