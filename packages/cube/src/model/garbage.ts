/**
 * Gives back the memory of dropped blocks early. The engine counts the bytes of arrays loosely and lets hundreds of
 * megabytes of them wait; a budget cannot be kept that way. Results do not depend on any of this.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { DType } from '../types.ts'

/** Memory that was made for one block and that nothing but blocks of the evaluator refers to. */
const owned = new WeakSet<ArrayBufferLike>()
/** Bytes of owned memory in use, and the most there have been at one time. */
let used = 0
let most = 0

/**
 * Memory that has been released, by its length: the next blocks lie there, as memory that the system has just given is
 * slow to write to at first. What is spare never makes more of it in all than was in use at one time.
 */
const spare = new Map<number, ArrayBuffer[]>()
let spareBytes = 0
/** Smaller blocks lie in memory that the process has anyway; whoever still has them finds them empty. */
const LEAST_SPARE_BYTES = 2 ** 17

/** An array for a block of which all cells will be written: until then it holds anything. */
export function blockArray(dtype: DType, cells: number): TypedArray {
  const bytes = cells * DTYPES[dtype].bytes
  const buffer = spare.get(bytes)?.pop()
  if (buffer === undefined) {
    if (bytes >= LEAST_SPARE_BYTES) giveBackSpare(Math.max(0, most - used - bytes))
    return newArray(dtype, cells)
  }
  spareBytes -= bytes
  return DTYPES[dtype].view(buffer)
}

/** Gives spare memory back to the system, but for so many bytes. */
export function giveBackSpare(kept = 0): void {
  for (const [bytes, buffers] of spare) {
    while (spareBytes > kept && buffers.length > 0) {
      buffers.pop()!.transfer(0)
      spareBytes -= bytes
    }
    if (buffers.length === 0) spare.delete(bytes)
  }
}

/** At the end of a job: the next one needs other blocks. */
export function forgetBlocks(): void {
  giveBackSpare()
  used = 0
  most = 0
}

/** Says that nobody else refers to an array that has just been made; it must have its buffer to itself. */
export function own<Data extends TypedArray>(data: Data): Data {
  const { buffer } = data
  if (buffer instanceof ArrayBuffer && buffer.byteLength === data.byteLength && !owned.has(buffer)) {
    owned.add(buffer)
    used += data.byteLength
    most = Math.max(most, used)
  }
  return data
}

/** Says that an array goes to somebody who may keep it. */
export function disown<Data extends TypedArray>(data: Data): Data {
  // Jobs in one thread may forget each other's blocks.
  if (owned.delete(data.buffer)) used = Math.max(0, used - data.byteLength)
  return data
}

/**
 * Gives back the memory of an array that is not used any longer: at once where it is owned. Left to the engine, it
 * counts towards the next full collection, after which much of what was compiled is compiled anew.
 */
export function release(data: TypedArray): void {
  const { buffer, byteLength } = data
  if (!owned.has(buffer)) {
    dropBytes(byteLength)
    return
  }
  disown(data)
  if (byteLength < LEAST_SPARE_BYTES) {
    buffer.transfer(0)
    return
  }
  // As it is: the engine would count memory that moves as new, and collect after every block of 64 MB.
  const buffers = spare.get(byteLength)
  if (buffers === undefined) spare.set(byteLength, [buffer])
  else buffers.push(buffer)
  spareBytes += byteLength
}

interface Collection {
  readonly type: 'minor' | 'major'
  /** `last-resort`: again and again until nothing more is found; the pages that are free then go to the system. */
  readonly flavor?: 'last-resort'
}

type Collect = (options: Collection) => void

let known: Collect | undefined

function collect(type: Collection['type'], flavor?: Collection['flavor']): void {
  if (known === undefined) {
    setFlagsFromString('--expose-gc')
    known = runInNewContext('gc') as Collect
  }
  known({ type, ...(flavor === undefined ? {} : { flavor }) })
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

/** Also gives back the pages that the engine keeps for new objects: some 30 MB after much planning. Takes 80 ms. */
export function shrinkHeap(): void {
  collect('major', 'last-resort')
}

/** The same as `collectAll` once other threads have been told what to do, so that they do not wait for it. */
export function collectSoon(): void {
  setImmediate(collectAll)
}
