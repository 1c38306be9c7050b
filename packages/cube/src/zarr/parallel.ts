/** Large reads of a folder by several threads, each of which decodes its chunks straight into shared memory. */
import { availableParallelism } from 'node:os'
import { isMainThread, Worker } from 'node:worker_threads'
import { CancelledError, EnvironmentError, InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { DTYPES, type TypedArray } from '../dtype.ts'
import { collectSoon, sharedCounter } from '../model/garbage.ts'
import { cellCount, chunkCount, type Region } from '../model/region.ts'
import type { DType } from '../types.ts'
import type { ArrayOrigin } from './metadata.ts'
import type { ZarrArray } from './read.ts'

/** What a thread is told. */
export interface ReadOrder {
  readonly id: number
  readonly folder: string
  readonly origin: ArrayOrigin
  readonly region: Region
  readonly dtype: DType
  readonly cells: SharedArrayBuffer
  /** Number of the next chunk that no thread has taken. */
  readonly next: SharedArrayBuffer
}

/** What a thread answers. */
export interface ReadAnswer {
  readonly id: number
  readonly error?: {
    readonly kind: 'input' | 'environment' | 'other'
    readonly tag: string
    readonly message: string
    readonly hint?: string
    readonly data?: Readonly<Record<string, unknown>>
  }
}

/** Reads below this many bytes are not worth the way to other threads. */
const LARGE = 16 * 1024 * 1024
const MOST_THREADS = 8

/**
 * The cells of a region; undefined where one thread does it as well. The array lies in shared memory. Throws what the
 * readers throw.
 */
export async function readParallel(
  array: ZarrArray,
  dtype: DType,
  region: Region,
  threads: number | undefined,
  work: WorkOptions,
): Promise<TypedArray | undefined> {
  const { folder } = array.store
  const wanted = threads ?? (isMainThread ? Math.min(MOST_THREADS, availableParallelism()) : 1)
  const bytes = cellCount(region.shape) * DTYPES[dtype].bytes
  const chunks = chunkCount(region, array.metadata.chunks)
  const count = Math.min(wanted, Math.floor(chunks / 2))
  if (folder === undefined || count < 2 || (bytes < LARGE && threads === undefined)) return undefined
  throwIfAborted(work.signal)
  const cells = sharedMemory(bytes)
  const next = new SharedArrayBuffer(4)
  const stop = (): void => {
    Atomics.store(new Int32Array(next), 0, chunks)
  }
  work.signal?.addEventListener('abort', stop)
  const { origin } = array.metadata
  try {
    const orders = workersOf(count).map((worker) =>
      worker.read({ folder, origin, region, dtype, cells, next }).catch((error: unknown) => {
        stop()
        throw error
      }),
    )
    const outcomes = await Promise.allSettled(orders)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  } finally {
    work.signal?.removeEventListener('abort', stop)
  }
  if (work.signal?.aborted) throw new CancelledError()
  return DTYPES[dtype].view(cells as unknown as ArrayBuffer)
}

/** Shared memory that may pile up before what is no longer used is looked for. */
const counted = sharedCounter(undefined, collectSoon)

/** Shared memory; what was dropped of it before is given back while it fills, when there is much. */
function sharedMemory(bytes: number): SharedArrayBuffer {
  counted(bytes)
  return new SharedArrayBuffer(bytes)
}

interface Reader {
  read(order: Omit<ReadOrder, 'id'>): Promise<void>
}

/** Threads that wait for the next read; they do not keep the process alive. */
const readers: Reader[] = []

function workersOf(count: number): Reader[] {
  while (readers.length < count) readers.push(startReader())
  return readers.slice(0, count)
}

function startReader(): Reader {
  const worker = new Worker(new URL('./read-worker.ts', import.meta.url), { execArgv: [] })
  const waiting = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>()
  let lastId = 0
  const end = (cause: unknown): void => {
    const at = readers.indexOf(reader)
    if (at >= 0) readers.splice(at, 1)
    const error = new EnvironmentError('LostWorker', 'a thread that decodes chunks ended early', { cause })
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.unref()
  worker.on('message', ({ id, error }: ReadAnswer) => {
    const order = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (error === undefined) order?.resolve()
    else order?.reject(errorOf(error))
  })
  worker.on('error', end)
  worker.on('exit', () => end(undefined))
  const reader: Reader = {
    read: (order) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        waiting.set(id, { resolve, reject })
        worker.ref()
        worker.postMessage({ ...order, id } satisfies ReadOrder)
      }),
  }
  return reader
}

function errorOf({ kind, tag, message, hint, data }: NonNullable<ReadAnswer['error']>): Error {
  const options = { ...(hint === undefined ? {} : { hint }), ...(data === undefined ? {} : { data }) }
  if (kind === 'input') return new InputError(tag, message, options)
  return kind === 'environment' ? new EnvironmentError(tag, message, options) : new Error(message)
}
