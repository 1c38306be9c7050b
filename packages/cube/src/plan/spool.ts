/**
 * A cube on disk for the time of one job, in chunks that suit who reads it next: plain cells, one chunk after the other
 * in one file. How data whose chunks lie across what is needed gets cut the other way without fitting in memory.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { EnvironmentError } from '@ecotope/core'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { SinkEncoder, SinkFormat, SinkHandle } from '../execute/sink.ts'
import { writeError } from '../geotiff/aside.ts'
import type { ArraySource } from '../model/array-source.ts'
import { copyBox } from '../model/copy.ts'
import { type CubeNode, type CubeSchema, type SourceNode, shapeOf } from '../model/node.ts'
import {
  cellCount,
  intersectRegions,
  type Region,
  regionWithin,
  splitRegion,
  stridesOf,
  wholeRegion,
} from '../model/region.ts'
import type { DType } from '../types.ts'

/** Plain data: how a spool file is laid out. */
export interface SpoolHandle extends SinkHandle {
  readonly format: 'spool'
  readonly path: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly chunks: readonly number[]
}

export function spoolHandle(path: string, schema: CubeSchema, chunks: readonly number[]): SpoolHandle {
  return { format: 'spool', path, dtype: schema.packing.dtype, shape: shapeOf(schema), chunks }
}

const bytesOf = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** Byte position of the chunk that a cell is in. Chunks at the edges take as much room as all others. */
function chunkPosition({ shape, chunks, dtype }: SpoolHandle, start: readonly number[]): number {
  const index = start.reduce((sum, at, d) => sum * Math.ceil(shape[d]! / chunks[d]!) + Math.floor(at / chunks[d]!), 0)
  return index * cellCount(chunks) * DTYPES[dtype].bytes
}

/** The box of a chunk's full size that a piece lies in. */
function chunkBox({ chunks }: SpoolHandle, { start }: Region): Region {
  return { start: start.map((at, d) => Math.floor(at / chunks[d]!) * chunks[d]!), shape: chunks }
}

/** Runs of memory of a box within a chunk: cell offsets in the chunk, and their common length. */
function runsOf(
  box: Region,
  chunk: readonly number[],
): { readonly offsets: readonly number[]; readonly length: number } {
  let inner = chunk.length
  let length = 1
  while (inner > 0) {
    inner--
    length *= box.shape[inner]!
    if (box.shape[inner] !== chunk[inner]) break
  }
  const outer: Region = {
    start: box.start.map((at, d) => (d < inner ? at : 0)),
    shape: box.shape.map((side, d) => (d < inner ? side : 1)),
  }
  const base = box.start.map((at, d) => (d < inner ? 0 : at)).reduce((sum, at, d) => sum * chunk[d]! + at, 0)
  const ones = chunk.map(() => 1)
  const offsets = [...splitRegion(outer, ones)].map(
    ({ start }) => start.reduce((sum, at, d) => sum * chunk[d]! + at, 0) + base,
  )
  return { offsets, length }
}

/** The first cell of a box that is one run of memory of an array; undefined of any other. */
function onlyRun({ start, shape }: Region, whole: readonly number[]): number | undefined {
  const first = shape.findIndex((side) => side > 1)
  if (shape.some((side, d) => first >= 0 && d > first && side !== whole[d])) return undefined
  return start.reduce((sum, at, d) => sum * whole[d]! + at, 0)
}

function put(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, position + done)
}

function get(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(file, bytes, done, bytes.length - done, position + done)
    if (count === 0) throw new EnvironmentError('SpoolLost', 'a temporary file is shorter than it was written')
    done += count
  }
}

/** Stretches of a file of up to so many bytes are read whole where little of them is wanted; larger ones if a part is. */
const READ_WHOLE = 2 ** 16
const READ_PART = 1 / 4

/**
 * The stretch of a chunk from the first cell of a box to its last, in whole rows: its shape, where it begins (in cells)
 * and where the box is in it.
 */
function stretchOf(box: Region, chunk: readonly number[]) {
  const along = Math.max(
    0,
    box.shape.findIndex((side) => side > 1),
  )
  const strides = stridesOf(chunk)
  return {
    first: box.start.reduce((sum, at, d) => (d > along ? sum : sum + at * strides[d]!), 0),
    shape: chunk.map((side, d) => (d > along ? side : box.shape[d]!)),
    from: box.start.map((at, d) => (d > along ? at : 0)),
  }
}

/** Memory that is used again for every piece of a region, instead of some for each. */
class Scratch {
  #bytes = new Uint8Array(0)

  cells(dtype: DType, count: number): TypedArray {
    const { bytes } = DTYPES[dtype]
    if (this.#bytes.length < count * bytes) {
      this.free()
      this.#bytes = new Uint8Array(count * bytes)
    }
    return DTYPES[dtype].view(this.#bytes.buffer, 0, count)
  }

  free(): void {
    this.#bytes.buffer.transfer(0)
    this.#bytes = new Uint8Array(0)
  }
}

/** Writes a box of one chunk, whose cells lie row by row, to its place. */
function writePiece(file: number, handle: SpoolHandle, piece: Region, cells: TypedArray): void {
  const { offsets, length } = runsOf(regionWithin(piece, chunkBox(handle, piece)), handle.chunks)
  const each = length * cells.BYTES_PER_ELEMENT
  const bytes = bytesOf(cells)
  const position = chunkPosition(handle, piece.start)
  for (const [i, offset] of offsets.entries())
    put(file, bytes.subarray(i * each, (i + 1) * each), position + offset * cells.BYTES_PER_ELEMENT)
}

/** Reads a box of one chunk to where it belongs in `target`, which holds the region `whole`. */
function readPiece(
  file: number,
  handle: SpoolHandle,
  piece: Region,
  target: TypedArray,
  whole: Region,
  scratch: Scratch,
): void {
  const width = target.BYTES_PER_ELEMENT
  const box = regionWithin(piece, chunkBox(handle, piece))
  const position = chunkPosition(handle, piece.start)
  const within = regionWithin(piece, whole)
  const [stored, there] = [onlyRun(box, handle.chunks), onlyRun(within, whole.shape)]
  if (stored !== undefined && there !== undefined) {
    const bytes = bytesOf(target).subarray(there * width, (there + cellCount(piece.shape)) * width)
    get(file, bytes, position + stored * width)
    return
  }
  const to = within.start
  const { first, shape, from } = stretchOf(box, handle.chunks)
  const [count, wanted] = [cellCount(shape), cellCount(piece.shape)]
  if (count * width <= READ_WHOLE || wanted >= READ_PART * count) {
    const cells = scratch.cells(handle.dtype, count)
    get(file, bytesOf(cells), position + first * width)
    copyBox(cells, shape, from, target, whole.shape, to, piece.shape)
    return
  }
  const cells = scratch.cells(handle.dtype, wanted)
  const bytes = bytesOf(cells)
  const { offsets, length } = runsOf(box, handle.chunks)
  const each = length * width
  for (const [i, offset] of offsets.entries())
    get(file, bytes.subarray(i * each, (i + 1) * each), position + offset * width)
  const zero = to.map(() => 0)
  copyBox(cells, piece.shape, zero, target, whole.shape, to, piece.shape)
}

/** Bytes that are put together to be written at one time. */
const WRITE_BYTES = 2 ** 20

/** Pieces of a region that lie in one chunk each and are not large. */
function* smallPieces(region: Region, { chunks, dtype }: SpoolHandle): Generator<Region> {
  for (const piece of splitRegion(region, chunks)) {
    let room = Math.max(1, Math.floor(WRITE_BYTES / DTYPES[dtype].bytes))
    const sides = piece.shape.map(() => 1)
    for (let d = sides.length - 1; d >= 0; d--) {
      sides[d] = Math.max(1, Math.min(piece.shape[d]!, room))
      room = Math.floor(room / sides[d]!)
    }
    const { start } = piece
    for (const part of splitRegion({ start: start.map(() => 0), shape: piece.shape }, sides))
      yield { start: part.start.map((at, d) => start[d]! + at), shape: part.shape }
  }
}

/** Most bytes that writing a region takes beside it. */
export const spoolScratch = (bytes: number): number => Math.min(bytes, WRITE_BYTES)

function writeRegion(file: number, handle: SpoolHandle, region: Region, data: TypedArray): void {
  const scratch = new Scratch()
  for (const piece of smallPieces(region, handle)) {
    const there = onlyRun(regionWithin(piece, region), region.shape)
    if (there !== undefined) {
      writePiece(file, handle, piece, data.subarray(there, there + cellCount(piece.shape)))
      continue
    }
    const cells = scratch.cells(handle.dtype, cellCount(piece.shape))
    const from = regionWithin(piece, region).start
    const zero = from.map(() => 0)
    copyBox(data, region.shape, from, cells, piece.shape, zero, piece.shape)
    writePiece(file, handle, piece, cells)
  }
  scratch.free()
}

/** What the system refuses, in the user's words: the file is none that was asked for, and may lie on another disk. */
function spoolError({ path }: SpoolHandle, cause: unknown): unknown {
  const error = writeError(path, cause)
  if (!(error instanceof EnvironmentError) || error === cause) return cause
  const hint = path.startsWith(tmpdir()) ? 'free some space there, or let TMPDIR name a folder elsewhere' : error.hint
  return new EnvironmentError(error.tag, `a temporary file is needed: ${error.message}`, {
    ...(hint === undefined ? {} : { hint }),
    data: error.data,
    cause,
  })
}

/** Any regions may be written, by several threads at once as long as they do not overlap. */
function encoder(target: SinkHandle): Promise<SinkEncoder> {
  const handle = target as SpoolHandle
  const file = openSync(handle.path, 'r+')
  return Promise.resolve({
    encode: async (region, block) => {
      try {
        writeRegion(file, handle, region, block.data)
      } catch (cause) {
        throw spoolError(handle, cause)
      }
    },
    close: () => {
      closeSync(file)
      return Promise.resolve()
    },
  })
}

/** Makes the (sparse) file, which writers then open. */
export function createSpool(handle: SpoolHandle): void {
  const count = handle.shape.reduce((product, side, d) => product * Math.ceil(side / handle.chunks[d]!), 1)
  try {
    const file = openSync(handle.path, 'w')
    try {
      ftruncateSync(file, count * cellCount(handle.chunks) * DTYPES[handle.dtype].bytes)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw spoolError(handle, cause)
  }
}

export async function removeSpool({ path }: SpoolHandle): Promise<void> {
  await rm(path, { force: true })
}

/** The writing side, as runners know it. Jobs make and remove the file themselves. */
export const spoolSink: Pick<SinkFormat, 'format' | 'encoder'> = { format: 'spool', encoder }

/** A node that reads the file, for a node that was written to it. The file is opened at the first read. */
export function spoolSource(node: CubeNode, handle: SpoolHandle, how = 'cut anew'): SourceNode {
  let file: number | undefined
  const source: ArraySource = {
    schema: node.schema,
    handle,
    chunks: handle.chunks,
    storedChunkBytes: cellCount(handle.chunks) * DTYPES[handle.dtype].bytes,
    read: (region) => {
      file ??= openSync(handle.path, 'r')
      const whole = intersectRegions(region, wholeRegion(handle.shape)) ?? region
      const target = newArray(handle.dtype, cellCount(whole.shape))
      const scratch = new Scratch()
      for (const piece of splitRegion(whole, handle.chunks)) readPiece(file, handle, piece, target, whole, scratch)
      scratch.free()
      return Promise.resolve(target)
    },
    close: () => {
      if (file !== undefined) closeSync(file)
      file = undefined
      return Promise.resolve()
    },
  }
  return { kind: 'source', schema: node.schema, label: `${node.label}, ${how}`, inputs: [], source }
}
