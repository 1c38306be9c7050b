/** Windows of an image: which blocks, read in long runs, decoded side by side, kept in a bounded cache, copied out. */
import { Buffer } from 'node:buffer'
import { isMainThread } from 'node:worker_threads'
import { EnvironmentError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { DTYPES, newArray, type TypedArray, type WordArray, words } from '../dtype.ts'
import { intersectWindows } from '../grid.ts'
import { dropBytes } from '../model/garbage.ts'
import type { Window } from '../types.ts'
import { blockName, blockRows, checkBlock, decodeBlock, type Image } from './image.ts'
import type { ByteSource } from './source.ts'

/** Bytes of decoded blocks that all readers of a thread keep together, beside what a memory budget counts: so, few. */
const CACHE_BYTES = 16 * 2 ** 20
/** Neighbouring blocks are read together up to this many bytes: on the main thread enough to decode several at a time. */
const RUN_BYTES = (isMainThread ? 8 : 2) * 2 ** 20
/** A gap between blocks that is cheaper to read than to skip. */
const GAP_BYTES = 16384
/** Runs that are fetched ahead over a network. */
const NETWORK_AHEAD = 4
/** Decoded bytes on the way at one time. */
const FLIGHT_BYTES = 12 * 2 ** 20

/** Where samples go: steps in samples from band to band and from row to row; those of a row follow one another. */
export interface SampleTarget {
  readonly samples: TypedArray
  readonly bandStride: number
  readonly rowStride: number
}

export interface ImageReader {
  readonly image: Image
  /** Raw samples, band-major, of the part of the window that lies in the image; elsewhere `fill`. */
  read(window: Window, bands: readonly number[], fill: number, options?: WorkOptions): Promise<TypedArray>
  /** The same put elsewhere, of a window within the image. */
  readTo(
    target: SampleTarget,
    window: Window,
    bands: readonly number[],
    fill: number,
    options?: WorkOptions,
  ): Promise<void>
}

const sharedCache = blockCache(CACHE_BYTES)
let readers = 0

/** A reader over one image of an open file. `fill` in `read` also stands for blocks that the file leaves out. */
export function imageReader(source: ByteSource, image: Image, cache: BlockCache = sharedCache): ImageReader {
  // Block numbers are below 2^32, so that one cache serves all readers with numbers as keys.
  const first = 2 ** 32 * readers++
  const put: ImageReader['readTo'] = async (target, window, bands, fill, options) => {
    const inside = intersectWindows(window, { column: 0, row: 0, width: image.width, height: image.height })
    const wanted = blocksOf(image, inside, bands)
    const copy = copier(image, inside, window, bands, target)
    const missing: number[] = []
    for (const index of wanted) {
      const held = cache.get(first + index)
      if (held !== undefined) copy(index, held)
      else if (image.byteCounts[index] === 0) copy(index, fillBlock(image, index, fill))
      else missing.push(index)
    }
    await load(source, image, missing, options, (index, block, isPassing) => {
      // A block that was used up will hardly be asked for again.
      copy(index, block)
      if (coversBlock(image, index, inside, bands)) return
      if (cache.hasRoom(block.byteLength)) cache.set(first + index, isPassing ? block.slice() : block)
      else if (!isPassing) dropBytes(block.byteLength)
    })
  }
  return {
    image,
    read: async (window, bands, fill, options) => {
      const { column, row, width, height } = window
      const isWhole = column >= 0 && row >= 0 && column + width <= image.width && row + height <= image.height
      const samples = allocate(image, window, bands.length)
      if (!isWhole) samples.fill(fill)
      await put({ samples, bandStride: width * height, rowStride: width }, window, bands, fill, options)
      return samples
    },
    readTo: put,
  }
}

/** The result's array, not zeroed. A window that memory cannot hold is the caller's mistake, said so. */
function allocate(image: Image, window: Window, bands: number): TypedArray {
  try {
    const bytes = window.width * window.height * bands * DTYPES[image.dtype].bytes
    return DTYPES[image.dtype].view(Buffer.allocUnsafeSlow(bytes).buffer)
  } catch (cause) {
    const size = `${window.width} x ${window.height} pixels of ${bands} bands`
    throw new EnvironmentError('OutOfMemory', `a window of ${size} does not fit into memory`, {
      hint: 'read smaller windows',
      data: { window, bands },
      cause,
    })
  }
}

function coversBlock(image: Image, index: number, window: Window, bands: readonly number[]): boolean {
  if (image.pixelInterleaved && bands.length < image.samples) return false
  const inPlane = index % (image.blocksAcross * image.blocksDown)
  const left = (inPlane % image.blocksAcross) * image.blockWidth
  const top = Math.floor(inPlane / image.blocksAcross) * image.blockHeight
  const right = Math.min(image.width, left + image.blockWidth)
  const bottom = Math.min(image.height, top + image.blockHeight)
  const across = window.column <= left && window.column + window.width >= right
  return across && window.row <= top && window.row + window.height >= bottom
}

export interface BlockCache {
  get(index: number): TypedArray | undefined
  /** Whether a block of so many bytes would be kept at all. */
  hasRoom(bytes: number): boolean
  set(index: number, block: TypedArray): void
}

/** Least recently used blocks go first. */
export function blockCache(limit: number): BlockCache {
  const blocks = new Map<number, TypedArray>()
  let held = 0
  return {
    get: (index) => {
      const block = blocks.get(index)
      if (block !== undefined) {
        blocks.delete(index)
        blocks.set(index, block)
      }
      return block
    },
    hasRoom: (bytes) => bytes <= limit,
    set: (index, block) => {
      if (blocks.has(index)) return
      blocks.set(index, block)
      held += block.byteLength
      for (const [oldest, value] of blocks) {
        if (held <= limit) break
        blocks.delete(oldest)
        held -= value.byteLength
        dropBytes(value.byteLength)
      }
    },
  }
}

function fillBlock(image: Image, index: number, fill: number): TypedArray {
  const samples = image.pixelInterleaved ? image.samples : 1
  const block = newArray(image.dtype, blockRows(image, index) * image.blockWidth * samples)
  if (fill !== 0) block.fill(fill)
  return block
}

/** Indices of the blocks that a window of some bands touches, in file order of the layout. */
function blocksOf(image: Image, window: Window, bands: readonly number[]): number[] {
  if (window.width === 0 || window.height === 0) return []
  const firstColumn = Math.floor(window.column / image.blockWidth)
  const lastColumn = Math.floor((window.column + window.width - 1) / image.blockWidth)
  const firstRow = Math.floor(window.row / image.blockHeight)
  const lastRow = Math.floor((window.row + window.height - 1) / image.blockHeight)
  const planes = image.pixelInterleaved ? [0] : [...new Set(bands)]
  const out: number[] = []
  for (const plane of planes) {
    for (let r = firstRow; r <= lastRow; r++) {
      for (let c = firstColumn; c <= lastColumn; c++) out.push((plane * image.blocksDown + r) * image.blocksAcross + c)
    }
  }
  return out
}

interface Run {
  readonly indices: number[]
  offset: number
  end: number
}

/** Blocks that lie close together in the file, so that one read fetches many. */
function runsOf(image: Image, indices: readonly number[], gapBytes: number): Run[] {
  const sorted = [...indices].sort((a, b) => image.offsets[a]! - image.offsets[b]!)
  const runs: Run[] = []
  for (const index of sorted) {
    const offset = image.offsets[index]!
    const end = offset + image.byteCounts[index]!
    const last = runs.at(-1)
    if (last !== undefined && offset - last.end <= gapBytes && end - last.offset <= RUN_BYTES) {
      last.indices.push(index)
      last.end = Math.max(last.end, end)
    } else runs.push({ indices: [index], offset, end })
  }
  return runs
}

/** Buffers for runs of local files: fresh memory costs more than reading into it. A single block may be a longer run. */
const spare: Uint8Array<ArrayBuffer>[] = []
const SPARE_BYTES = 4 * RUN_BYTES

function takeSpare(bytes: number): Uint8Array<ArrayBuffer> {
  const fitting = spare.findIndex(({ length }) => length >= bytes)
  if (fitting >= 0) return spare.splice(fitting, 1)[0]!
  // With room for other blocks of the file, which are of about the same size.
  return new Uint8Array(bytes > SPARE_BYTES ? bytes : Math.max(RUN_BYTES, Math.ceil(1.1 * bytes)))
}

function giveSpare(buffer: ArrayBuffer): void {
  spare.push(new Uint8Array(buffer))
  // Nobody else refers to them: their memory need not wait for the collector.
  while (spare.reduce((sum, { length }) => sum + length, 0) > SPARE_BYTES) spare.shift()!.buffer.transfer(0)
}

async function load(
  source: ByteSource,
  image: Image,
  indices: readonly number[],
  options: WorkOptions | undefined,
  done: (index: number, block: TypedArray, isPassing: boolean) => void,
): Promise<void> {
  const samples = image.pixelInterleaved ? image.samples : 1
  const blockBytes = image.blockWidth * image.blockHeight * samples * DTYPES[image.dtype].bytes
  const abreast = Math.max(1, Math.min(8, Math.floor(FLIGHT_BYTES / blockBytes)))
  for (const index of indices) checkBlock(source, image, index)
  const runs = runsOf(image, indices, source.gapBytes ?? GAP_BYTES)
  // The next runs are fetched while one is decoded; over a network, several.
  const ahead = source.gapBytes === undefined ? 1 : NETWORK_AHEAD
  // Blocks that are not compressed may be handed on as they were read.
  const isLocal = source.gapBytes === undefined && image.compression !== 'none'
  const fetched = new Map<number, Promise<Uint8Array>>()
  const fetch = (i: number): void => {
    const run = runs[i]
    if (run === undefined) return
    const length = run.end - run.offset
    const into = isLocal ? takeSpare(length) : undefined
    const bytes = source.read(run.offset, length, blockName(image, run.indices[0]!), into)
    // Its failure is met when its turn comes, if it comes.
    bytes.catch(() => undefined)
    fetched.set(i, bytes)
  }
  for (let i = 0; i < ahead; i++) fetch(i)
  for (const [i, run] of runs.entries()) {
    throwIfAborted(options?.signal)
    fetch(i + ahead)
    const bytes = await fetched.get(i)!
    fetched.delete(i)
    await inParallel(run.indices, abreast, async (index) => {
      const at = image.offsets[index]! - run.offset
      const data = bytes.subarray(at, at + image.byteCounts[index]!)
      await decodeBlock(image, data, index, source.path, (block, isPassing) => done(index, block, isPassing))
    })
    // Not what the source itself keeps of the start of a file.
    if (isLocal && bytes.buffer.byteLength >= RUN_BYTES) giveSpare(bytes.buffer as ArrayBuffer)
  }
}

/** Runs tasks with at most `limit` on the way; the first failure is thrown when the others have ended. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failure: { readonly cause: unknown } | undefined
  const worker = async (): Promise<void> => {
    while (next < items.length && failure === undefined) {
      try {
        await task(items[next++]!)
      } catch (cause) {
        failure ??= { cause }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  if (failure !== undefined) throw failure.cause
}

/** Copies the part of a block that lies in `inside` to its place in the target, which holds `window`. */
function copier(image: Image, inside: Window, window: Window, bands: readonly number[], to: SampleTarget) {
  const perPlane = image.blocksAcross * image.blocksDown
  const target = words(to.samples)
  return (index: number, block: TypedArray): void => {
    const inPlane = index % perPlane
    const plane = Math.floor(index / perPlane)
    const left = (inPlane % image.blocksAcross) * image.blockWidth
    const top = Math.floor(inPlane / image.blocksAcross) * image.blockHeight
    const part = intersectWindows(inside, {
      column: left,
      row: top,
      width: image.blockWidth,
      height: image.blockHeight,
    })
    if (part.width === 0) return
    const source = words(block)
    const planeSize = blockRows(image, index) * image.blockWidth
    for (const [position, band] of bands.entries()) {
      if (!image.pixelInterleaved && band !== plane) continue
      const inBlock = (part.row - top) * image.blockWidth + (part.column - left)
      copyRows(source, target, {
        from: (image.pixelInterleaved ? band * planeSize : 0) + inBlock,
        fromStride: image.blockWidth,
        to: position * to.bandStride + (part.row - window.row) * to.rowStride + (part.column - window.column),
        toStride: to.rowStride,
        width: part.width,
        height: part.height,
      })
    }
  }
}

interface Move {
  readonly from: number
  readonly fromStride: number
  readonly to: number
  readonly toStride: number
  readonly width: number
  readonly height: number
}

function copyRows(source: WordArray, target: WordArray, { from, fromStride, to, toStride, width, height }: Move): void {
  if (fromStride === width && toStride === width) {
    target.set(source.subarray(from, from + width * height), to)
    return
  }
  for (let r = 0; r < height; r++) {
    const at = from + r * fromStride
    target.set(source.subarray(at, at + width), to + r * toStride)
  }
}
