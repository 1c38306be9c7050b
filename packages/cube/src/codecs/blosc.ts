/**
 * Blosc 1 containers: a header, the blocks' places, and blocks of one stream or one per byte of the numbers. Read with
 * all its compressors; written with lz4, zstd and zlib. The layout is that of c-blosc's README_CHUNK_FORMAT.
 */
import { sound } from './damage.ts'
import { engineDecode, releaseMade, zlibEncode, zstdEncode } from './engine.ts'
import { type Bytes, bloscKernel, emptyAreas, kernelAreas, LZ4_TABLE_BYTES } from './kernel.ts'
import { decodeSnappy } from './snappy.ts'

const HEADER = 16
const SHUFFLE = 1
const STORED = 2
const BITS = 4
const ONE_STREAM = 16
/** Numbers wider than this, or blocks with fewer numbers, are never split into a stream per byte. */
const MOST_STREAMS = 16
const LEAST_NUMBERS = 128

/** Takes decoded bytes, the first of which is byte `at` of all. */
export type TakeBytes = (bytes: Uint8Array, at: number) => void

/** An open file whose bytes come without waiting. */
export interface FileNow extends Disposable {
  /** Bytes. */
  readonly size: number
  /** Fills `into` with the bytes from `offset` on; how many there were. */
  read(offset: number, into: Uint8Array): number
}

interface Header {
  readonly flags: number
  readonly typeSize: number
  readonly size: number
  readonly blockSize: number
}

/** Puts a decoded stream of `size` bytes to `to`; the bytes made. */
type StreamDecoder = (memory: Bytes, from: number, length: number, to: number, size: number) => number

const through =
  (decode: (data: Uint8Array, size: number) => Uint8Array): StreamDecoder =>
  (memory, from, stored, to, size) => {
    const made = decode(memory.subarray(from, from + stored), size)
    const { length } = made
    memory.set(made, to)
    if (made.buffer !== memory.buffer) releaseMade(made)
    return length
  }

/** By the compressor's number in the header. */
const STREAMS: Readonly<Record<number, StreamDecoder>> = {
  0: (_, from, length, to, size) => bloscKernel().call.decompressLz(from, length, to, size),
  1: (_, from, length, to, size) => bloscKernel().call.decompress(from, length, to, size),
  2: through(decodeSnappy),
  3: through((data, size) => engineDecode('zlib', data, size)),
  4: through((data, size) => engineDecode('zstd', data, size)),
}

/** `length`: bytes of the container with its header. */
function headerOf(data: Uint8Array, length: number): Header {
  sound(data.length >= HEADER, `blosc: ${data.length} bytes are too few for a header`)
  const view = new DataView(data.buffer, data.byteOffset)
  const [size, blockSize, stored] = [view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)]
  sound(data[0] === 2 || data[0] === 1, `blosc: version ${data[0]} of the container is not known`)
  sound(stored <= length, `blosc: the container ends at byte ${stored}, the data at ${length}`)
  sound(size === 0 || (blockSize > 0 && data[3]! > 0), 'blosc: the header is damaged')
  return { flags: data[2]!, typeSize: data[3]!, size, blockSize }
}

/** Bytes of a block, by the first bytes of a container of `size` decoded ones; undefined where it has no such blocks. */
export function bloscBlockBytes(beginning: Uint8Array, size: number): number | undefined {
  if (beginning.length < HEADER) return undefined
  const view = new DataView(beginning.buffer, beginning.byteOffset)
  const [own, blockSize] = [view.getUint32(4, true), view.getUint32(8, true)]
  return own === size && blockSize > 0 && blockSize < size && blockSize % WIDEST_NUMBER === 0 ? blockSize : undefined
}

/** The decoded bytes; they lie in the kernel's memory. `expected`: how many there have to be, where known. */
export function decodeBlosc(data: Uint8Array, expected?: number): Uint8Array {
  const header = checked(data, expected)
  const { flags, size } = header
  if (flags & STORED) return data.subarray(HEADER, HEADER + size)
  if (size === 0) return new Uint8Array(0)
  const blocks = blocksOf(data, header, size)
  for (let b = 0; b < blocks.count; b++) blocks.decode(b, b * blocks.size)
  return blocks.output(size)
}

/** Blocks of other sizes could end within a number. */
const WIDEST_NUMBER = 8

/**
 * The decoded bytes from `from` to `to`, block by block while each is still in the cache; other blocks are not decoded.
 * What is taken is overwritten afterwards.
 */
export function decodeBloscParts(data: Uint8Array, expected: number, from: number, to: number, take: TakeBytes): void {
  const header = checked(data, expected)
  const { flags, size, blockSize } = header
  if (flags & STORED || size === 0 || blockSize % WIDEST_NUMBER !== 0) {
    take(decodeBlosc(data, expected).subarray(from, to), from)
    return
  }
  const blocks = blocksOf(data, header, blockSize)
  for (let b = Math.floor(from / blocks.size); b * blocks.size < to; b++) {
    const start = b * blocks.size
    const made = blocks.output(blocks.decode(b, 0))
    const first = Math.max(from, start)
    take(made.subarray(first - start, to - start), first)
  }
}

/** The first bytes of a file: its header and, of most, the places of all blocks. */
const beginnings = new Uint8Array(1024)

/** Bytes that are read of a file at one time where its blocks do not say how many. */
const READ_BYTES = 2 ** 18

/**
 * The same of a file, of which only those blocks are read that are needed: each is decoded while it is in the cache.
 */
export function decodeBloscFile(file: FileNow, expected: number, from: number, to: number, take: TakeBytes): void {
  const beginning = beginnings.subarray(0, file.read(0, beginnings))
  const header = checked(beginning, expected, file.size)
  const { flags, size, blockSize } = header
  if (flags & STORED) {
    for (let at = from; at < to; at += READ_BYTES)
      take(readExactly(file, HEADER + at, Math.min(READ_BYTES, to - at)), at)
    return
  }
  if (size === 0 || blockSize % WIDEST_NUMBER !== 0) {
    decodeBloscParts(readExactly(file, 0, file.size), expected, from, to, take)
    return
  }
  const length = Math.min(blockSize, size)
  const ranges = rangesOf(file, header, beginning)
  const first = Math.floor(from / length)
  const most = Math.max(...ranges.slice(first, Math.ceil(to / length)).map(([start, end]) => end - start))
  const { memory, at } = emptyAreas(most, length, length)
  const [input, output, scratch] = at as [number, number, number]
  const view = new DataView(memory.buffer)
  for (let b = first; b * length < to; b++) {
    const [start, end] = ranges[b]!
    const held = file.read(start, memory.subarray(input, input + end - start))
    const made = Math.min(length, size - b * length)
    decodeBlock({ memory, view, header, end: input + held, scratch }, input, output, made, made < length)
    const begin = Math.max(from, b * length)
    take(memory.subarray(output + begin - b * length, output + Math.min(made, to - b * length)), begin)
  }
}

/** Where the blocks of a file begin and end; they may lie in any order. */
function rangesOf(file: FileNow, { size, blockSize, typeSize }: Header, beginning: Uint8Array): Range[] {
  const count = Math.ceil(size / Math.min(blockSize, size))
  const starts = startsOf(file, count, beginning)
  const inTurn = Array.from(starts.keys()).sort((a, b) => starts[a]! - starts[b]!)
  // A stream is never stored in more bytes than it has, and their number.
  const most = blockSize + 4 * Math.max(1, Math.min(typeSize, MOST_STREAMS))
  const ranges = new Array<Range>(count)
  for (const [k, b] of inTurn.entries()) {
    const start = starts[b]!
    sound(start <= file.size, `blosc: block ${b} starts outside the data`)
    ranges[b] = [start, Math.min(starts[inTurn[k + 1]!] ?? file.size, start + most, file.size)]
  }
  return ranges
}

type Range = readonly [start: number, end: number]

function startsOf(file: FileNow, count: number, beginning: Uint8Array): Float64Array {
  const length = 4 * count
  const bytes = HEADER + length <= beginning.length ? beginning.subarray(HEADER) : readExactly(file, HEADER, length)
  const places = new DataView(bytes.buffer, bytes.byteOffset, length)
  return Float64Array.from({ length: count }, (_, b) => places.getUint32(4 * b, true))
}

function readExactly(file: FileNow, offset: number, length: number): Uint8Array {
  sound(offset + length <= file.size, `blosc: the data ends at byte ${file.size}, before ${offset + length}`)
  const into = new Uint8Array(length)
  sound(file.read(offset, into) === length, `blosc: the data ends before byte ${offset + length}`)
  return into
}

/** `length`: bytes of the container, where `data` is only its beginning. */
function checked(data: Uint8Array, expected: number | undefined, length = data.length): Header {
  const header = headerOf(data, length)
  const { flags, size } = header
  sound(expected === undefined || size === expected, `blosc: ${size} bytes where ${expected} are expected`)
  sound((flags & STORED) === 0 || length >= HEADER + size, 'blosc: the stored bytes are truncated')
  return header
}

interface Blocks {
  readonly count: number
  readonly size: number
  /** Decodes a block into the output area at `at`; its bytes. */
  decode(block: number, at: number): number
  /** The first bytes of the output area. */
  output(length: number): Uint8Array
}

/** The container in the kernel's memory, with an output area of `room` bytes. */
function blocksOf(data: Uint8Array, header: Header, room: number): Blocks {
  const stored = data.length
  const size = Math.min(header.blockSize, header.size)
  const count = Math.ceil(header.size / size)
  sound(stored >= HEADER + 4 * count, 'blosc: the places of the blocks are truncated')
  // What was given may lie in memory that is gone once there is room.
  const { memory, at } = kernelAreas(data, Math.min(room, header.size), size)
  const view = new DataView(memory.buffer)
  const [input, output, scratch] = at as [number, number, number]
  const decoding = { memory, view, header, end: input + stored, scratch }
  return {
    count,
    size,
    decode: (block, to) => {
      const start = view.getUint32(input + HEADER + 4 * block, true)
      const length = Math.min(size, header.size - block * size)
      sound(start <= stored, `blosc: block ${block} starts outside the data`)
      decodeBlock(decoding, input + start, output + to, length, length < size)
      return length
    },
    output: (length) => memory.subarray(output, output + length),
  }
}

interface Decoding {
  readonly memory: Bytes
  readonly view: DataView
  readonly header: Header
  /** Where the input ends in memory. */
  readonly end: number
  /** A block's room. */
  readonly scratch: number
}

function decodeBlock(decoding: Decoding, from: number, to: number, length: number, isRest: boolean): void {
  const { memory, view, header, end, scratch } = decoding
  const { flags, typeSize, blockSize } = header
  const byBytes = (flags & SHUFFLE) !== 0 && typeSize > 1
  const byBits = (flags & BITS) !== 0 && blockSize >= typeSize
  const splits =
    (flags & ONE_STREAM) === 0 && typeSize <= MOST_STREAMS && blockSize / typeSize >= LEAST_NUMBERS && !isRest
  const streams = splits ? typeSize : 1
  const each = Math.floor(length / streams)
  sound(each * streams === length, 'blosc: a block cannot be split into its streams')
  const decode = STREAMS[flags >> 5]
  sound(decode !== undefined, `blosc: compressor number ${flags >> 5} is not known`)
  const target = byBytes || byBits ? scratch : to
  let p = from
  for (let s = 0; s < streams; s++) {
    sound(p + 4 <= end, 'blosc: a block is truncated')
    const stored = view.getUint32(p, true)
    p += 4
    sound(p + stored <= end, 'blosc: a block is truncated')
    if (stored === each) memory.copyWithin(target + s * each, p, p + each)
    else {
      const made = decode(memory, p, stored, target + s * each, each)
      sound(made === each, `blosc: a block is damaged (${Math.max(made, 0)} bytes of ${each})`)
    }
    p += stored
  }
  if (byBytes || byBits) restore(memory, scratch, to, length, typeSize, byBits)
}

/** Undoes the shuffle of a block; bytes beyond the last whole number are as they were, as are bits of numbers not in eights. */
function restore(memory: Bytes, from: number, to: number, length: number, typeSize: number, byBits: boolean): void {
  const { call } = bloscKernel()
  const numbers = Math.floor(length / typeSize)
  const count = byBits && numbers % 8 !== 0 ? 0 : numbers
  if (byBits) call.unshuffleBits(from, to, count, typeSize)
  else call.unshuffle(from, to, count, typeSize)
  const done = count * typeSize
  if (done < length) memory.copyWithin(to + done, from + done, from + length)
}

export interface BloscOptions {
  readonly cname: 'lz4' | 'zstd' | 'zlib'
  readonly clevel: number
  readonly shuffle: 'noshuffle' | 'shuffle' | 'bitshuffle'
  readonly typesize: number
}

const BLOCK_BYTES = { lz4: 256 * 1024, zstd: 512 * 1024, zlib: 256 * 1024 } as const
const NUMBERS = { lz4: 1, zlib: 3, zstd: 4 } as const
const VERSION_OF_STREAM = 1

/** Encodes bytes; the result lies in the kernel's memory. */
export function encodeBlosc(data: Uint8Array, options: BloscOptions): Uint8Array {
  const { cname, shuffle, typesize } = options
  const size = data.length
  const most = Math.min(size, BLOCK_BYTES[cname])
  // Whole numbers only; bytes beyond the last one are a block of their own.
  const blockSize = most < typesize ? Math.max(1, most) : Math.floor(most / typesize) * typesize
  const blocks = Math.ceil(size / blockSize)
  const bound = HEADER + size + 4 * blocks * (1 + typesize)
  const { memory, at } = kernelAreas(data, bound, blockSize, LZ4_TABLE_BYTES)
  const view = new DataView(memory.buffer)
  const [input, output, scratch, table] = at as [number, number, number, number]
  const splits = cname === 'lz4' && typesize <= MOST_STREAMS && blockSize / typesize >= LEAST_NUMBERS
  let q = output + HEADER + 4 * blocks
  for (let b = 0; b < blocks; b++) {
    const length = Math.min(blockSize, size - b * blockSize)
    view.setUint32(output + HEADER + 4 * b, q - output, true)
    const from = arrange(memory, input + b * blockSize, scratch, length, options)
    const streams = splits && length === blockSize ? typesize : 1
    const each = Math.floor(length / streams)
    for (let s = 0; s < streams; s++) {
      const made = encodeStream(memory, from + s * each, each, q + 4, table, options)
      view.setUint32(q, made, true)
      q += 4 + made
    }
  }
  const isStored = q - output >= size + HEADER || size === 0
  if (isStored) memory.copyWithin(output + HEADER, input, input + size)
  const stored = isStored ? size + HEADER : q - output
  const order = shuffle === 'shuffle' ? SHUFFLE : shuffle === 'bitshuffle' ? BITS : 0
  const flags = (isStored ? STORED : 0) | order | (splits ? 0 : ONE_STREAM) | (NUMBERS[cname] << 5)
  memory.set([2, VERSION_OF_STREAM, flags, clampByte(typesize)], output)
  view.setUint32(output + 4, size, true)
  view.setUint32(output + 8, blockSize, true)
  view.setUint32(output + 12, stored, true)
  return memory.subarray(output, output + stored)
}

const clampByte = (typesize: number): number => (typesize > 255 ? 1 : typesize)

/** A block shuffled into the scratch area; where it lies then. */
function arrange(memory: Bytes, from: number, scratch: number, length: number, options: BloscOptions): number {
  const { shuffle, typesize } = options
  if (shuffle === 'noshuffle' || (shuffle === 'shuffle' && typesize === 1)) return from
  const { call } = bloscKernel()
  const numbers = Math.floor(length / typesize)
  const count = shuffle === 'bitshuffle' && numbers % 8 !== 0 ? 0 : numbers
  if (shuffle === 'bitshuffle') call.shuffleBits(from, scratch, count, typesize)
  else call.shuffle(from, scratch, count, typesize)
  const done = count * typesize
  if (done < length) memory.copyWithin(scratch + done, from + done, from + length)
  return scratch
}

/** One stream to `to`; its bytes, which are `length` where it is stored as it is. */
function encodeStream(
  memory: Bytes,
  from: number,
  length: number,
  to: number,
  table: number,
  { cname, clevel }: BloscOptions,
): number {
  if (cname === 'lz4') {
    const made = bloscKernel().call.compress(from, length, to, length - 1, table, Math.max(1, 10 - clevel))
    if (made > 0) return made
  } else {
    const data = memory.subarray(from, from + length)
    const made = cname === 'zstd' ? zstdEncode(data, zstdLevel(clevel)) : zlibEncode(data, clevel)
    if (made.length < length) {
      memory.set(made, to)
      return made.length
    }
  }
  memory.copyWithin(to, from, from + length)
  return length
}

/** Blosc's levels 1 to 9 as zstd's. */
const zstdLevel = (clevel: number): number => (clevel >= 9 ? 22 : Math.max(1, 2 * clevel - 1))
