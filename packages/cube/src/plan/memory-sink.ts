/** Results in memory that all threads share: the sink behind computing a cube by several workers. */

import { isMainThread } from 'node:worker_threads'
import { DTYPES, type TypedArray } from '../dtype.ts'
import type { SinkEncoder, SinkFormat, SinkHandle } from '../execute/sink.ts'
import { copyBox } from '../model/copy.ts'
import { collectAll, collectSoon, sharedCounter } from '../model/garbage.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount } from '../model/region.ts'
import type { DType } from '../types.ts'

interface MemoryHandle extends SinkHandle {
  readonly buffer: SharedArrayBuffer
  readonly dtype: DType
  readonly shape: readonly number[]
}

const arrayOf = ({ buffer, dtype }: MemoryHandle): TypedArray => DTYPES[dtype].view(buffer as unknown as ArrayBuffer)

/** Bytes of results that nobody holds which may wait: looking for them takes some 20 ms. */
const WAITING_BYTES = 2 ** 28

const counted = sharedCounter(WAITING_BYTES, collectSoon)
/** Bytes of results that this worker has let go of since it last looked. */
let letGo = 0

/** Until the rest of a job is closed too. */
const CLOSING_MS = 20

function encoder(handle: SinkHandle): Promise<SinkEncoder> {
  const target = handle as MemoryHandle
  const data = arrayOf(target)
  return Promise.resolve({
    encode: (region, block) => {
      const from = region.shape.map(() => 0)
      copyBox(block.data, region.shape, from, data, target.shape, region.start, region.shape)
      return Promise.resolve(undefined)
    },
    close: async () => {
      if (isMainThread) return
      letGo += target.buffer.byteLength
      if (letGo < WAITING_BYTES) return
      letGo = 0
      // By then nothing of the job refers to the result any longer.
      setTimeout(collectAll, CLOSING_MS).unref()
    },
  })
}

/** For workers that open sinks by module. */
export const sinks: readonly SinkFormat[] = [memorySink().sink]

/** A sink for one result; `result` gives its cells once saving has ended. */
export function memorySink(): { readonly sink: SinkFormat; readonly result: () => TypedArray } {
  let handle: MemoryHandle | undefined
  const sink: SinkFormat = {
    format: 'memory',
    extensions: [],
    create: (path, schema) => {
      handle = memoryHandle(path, schema)
      return Promise.resolve({
        handle,
        chunks: shapeOf(schema).map(() => 1),
        order: 'any',
        encodeBytes: () => 0,
        isDone: () => false,
        write: () => Promise.resolve(),
        finish: () => Promise.resolve(),
        abandon: () => Promise.resolve(),
      })
    },
    encoder,
  }
  return {
    sink,
    result: () => {
      if (handle === undefined) throw new RangeError('nothing has been saved yet')
      return arrayOf(handle)
    },
  }
}

function memoryHandle(path: string, schema: CubeSchema): MemoryHandle {
  const shape = shapeOf(schema)
  const { dtype } = schema.packing
  const bytes = cellCount(shape) * DTYPES[dtype].bytes
  // Results that nobody holds any longer make room for the next, of which nothing is in memory before it is written.
  counted(bytes)
  const buffer = new SharedArrayBuffer(bytes)
  return { format: 'memory', path, buffer, dtype, shape }
}
