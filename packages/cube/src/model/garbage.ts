/**
 * Gives back the memory of dropped blocks early. The engine counts the bytes of arrays loosely and lets hundreds of
 * megabytes of them wait; a budget cannot be kept that way. Results do not depend on any of this.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { TypedArray } from '../dtype.ts'

type Take = (buffer: ArrayBuffer) => void

/**
 * Gives memory back that nobody refers to any longer. Left to the engine, it counts towards the next full collection,
 * after which much of what was compiled is compiled anew.
 */
export const giveBack: Take = (buffer) => {
  if (!buffer.detached) buffer.transfer(0)
}

/**
 * Memory that was made for one block and that nothing but blocks of the evaluator refers to, with what is to be done
 * with it in the end.
 */
const owned = new WeakMap<ArrayBufferLike, Take>()

/**
 * Says that nobody else refers to an array that has just been made; it must have its buffer to itself. `take` gets the
 * memory when it is released, for the next block: memory that has just been given is slow to write to at first.
 */
export function own<Data extends TypedArray>(data: Data, take?: Take): Data {
  const { buffer } = data
  if (buffer instanceof ArrayBuffer && buffer.byteLength === data.byteLength)
    owned.set(buffer, take ?? owned.get(buffer) ?? giveBack)
  return data
}

/** Says that an array goes to somebody who may keep it. */
export function disown<Data extends TypedArray>(data: Data): Data {
  owned.delete(data.buffer)
  return data
}

/** Gives back the memory of an array that is not used any longer: at once where it is owned. */
export function release(data: TypedArray): void {
  const { buffer } = data
  const take = owned.get(buffer)
  if (!owned.delete(buffer)) dropBytes(data.byteLength)
  else take!(buffer as ArrayBuffer)
}

type Collect = (options?: { readonly type: 'minor' | 'major' }) => void

let known: Collect | undefined

function collect(type: 'minor' | 'major'): void {
  if (known === undefined) {
    setFlagsFromString('--expose-gc')
    known = runInNewContext('gc') as Collect
  }
  known({ type })
}

let dropped = 0

/** Dropped bytes that may wait. */
const WAITING_BYTES = 16 * 2 ** 20
/** Bytes of living and dropped arrays above which old garbage is looked for too, beyond what was left the last time. */
const GROWTH_BYTES = 24 * 2 ** 20
let left = 0

/** Tells that this many bytes of blocks are not referred to any longer. */
export function dropBytes(bytes: number): void {
  dropped += bytes
  if (dropped < WAITING_BYTES) return
  dropped = 0
  // Blocks are young as a rule, and looking through the young takes about a millisecond.
  collect('minor')
  if (process.memoryUsage().arrayBuffers < left + GROWTH_BYTES) return
  collect('major')
  left = process.memoryUsage().arrayBuffers
}

/** Bytes of shared memory that may pile up. */
const WAITING_SHARED_BYTES = 2 ** 27

/**
 * Counts shared memory that this thread is about to get; looks for what was dropped of it when much has come since the
 * last time. The engine never does on its account, in any of the threads that have seen it, as it does not count it.
 */
export function sharedCounter(mostWaiting = WAITING_SHARED_BYTES, look = collectAll): (bytes: number) => void {
  let waiting = 0
  return (bytes) => {
    if (waiting > 0 && waiting + bytes > mostWaiting) {
      look()
      waiting = 0
    }
    waiting += bytes
  }
}

/** Looks for all that was dropped. Takes 5 to 30 ms. */
export function collectAll(): void {
  collect('major')
}

/** The same once other threads have been told what to do, so that they do not wait for it. */
export function collectSoon(): void {
  setImmediate(collectAll)
}
