/** The thread behind `parallel.ts`: takes chunks of a read until none is left. */
import { parentPort } from 'node:worker_threads'
import { EcotopeError, InputError } from '@ecotope/core'
import { DTYPES } from '../dtype.ts'
import { collectAll, sharedCounter } from '../model/garbage.ts'
import { type Region, stridesOf } from '../model/region.ts'
import { arrayFrom } from './metadata.ts'
import type { ReadAnswer, ReadOrder } from './parallel.ts'
import { arrayOf, readInto } from './read.ts'
import { openFolder } from './store.ts'

/** Orders of at least this many bytes leave nothing in this thread that would keep their memory. */
const LARGE = 64 * 1024 * 1024
const counted = sharedCounter()

parentPort!.on('message', (order: ReadOrder) => {
  const { id } = order
  const bytes = order.cells.byteLength
  counted(bytes)
  void answerTo(order).then((answer) => {
    parentPort!.postMessage({ id, ...answer } satisfies ReadAnswer)
    if (bytes >= LARGE) setImmediate(collectAll)
  })
})

const answerTo = (order: ReadOrder): Promise<Omit<ReadAnswer, 'id'>> =>
  read(order).then(
    () => ({}),
    (error: unknown) => ({ error: plainError(error) }),
  )

/**
 * Chunks beside each other have pages of memory in common, for which threads would wait: a thread takes a row of them at
 * a time, unless that left too few turns for all to end together.
 */
const LEAST_TURNS = 64

async function read({ folder, origin, region, dtype, cells, next }: ReadOrder): Promise<void> {
  const store = await openFolder(folder)
  const array = arrayOf(store, arrayFrom(origin))
  const { chunks } = array.metadata
  const counter = new Int32Array(next)
  const values = DTYPES[dtype].view(cells as unknown as ArrayBuffer)
  const strides = stridesOf(region.shape)
  const first = region.start.map((from, d) => Math.floor(from / chunks[d]!))
  const counts = first.map((at, d) => Math.floor((region.start[d]! + region.shape[d]! - 1) / chunks[d]!) - at + 1)
  const total = counts.reduce((product, n) => product * n, 1)
  const take = Math.max(1, Math.min(counts.at(-1) ?? 1, Math.floor(total / LEAST_TURNS)))
  for (let k = Atomics.add(counter, 0, take); k < total; k = Atomics.add(counter, 0, take)) {
    for (let one = k; one < Math.min(total, k + take); one++) {
      const piece = pieceOf(one, first, counts, chunks, region)
      const offset = piece.start.reduce((sum, from, d) => sum + (from - region.start[d]!) * strides[d]!, 0)
      await readInto(array, piece, values, offset, strides, true)
    }
  }
}

/** The part of the region in its k-th chunk, row-major. */
function pieceOf(
  k: number,
  first: readonly number[],
  counts: readonly number[],
  chunks: readonly number[],
  region: Region,
): Region {
  let rest = k
  const at = new Array<number>(counts.length)
  for (let d = counts.length - 1; d >= 0; d--) {
    at[d] = first[d]! + (rest % counts[d]!)
    rest = Math.floor(rest / counts[d]!)
  }
  const start = at.map((n, d) => Math.max(n * chunks[d]!, region.start[d]!))
  const shape = start.map((from, d) => Math.min((at[d]! + 1) * chunks[d]!, region.start[d]! + region.shape[d]!) - from)
  return { start, shape }
}

function plainError(error: unknown): NonNullable<ReadAnswer['error']> {
  if (!(error instanceof EcotopeError)) return { kind: 'other', tag: 'Error', message: String(error) }
  const { tag, message, hint, data } = error
  const kind = error instanceof InputError ? 'input' : 'environment'
  return { kind, tag, message, data, ...(hint === undefined ? {} : { hint }) }
}
