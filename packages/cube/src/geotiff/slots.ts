/**
 * Halved pixels of tiles that are written in any order: each in a slot of its own, with the strips at its sides that
 * tiles to the right of it and below need where a side of the grid is odd.
 */
import { DTYPES, newArray } from '../dtype.ts'
import { copyBox } from '../model/copy.ts'
import type { Samples, Size } from './borders.ts'
import type { Patch } from './encode.ts'
import { type Axis, halve, leadOf } from './overview.ts'

export interface Slots {
  /** The full resolution. */
  readonly level: Size
  /** Side of a tile. */
  readonly side: number
  readonly samples: Samples
}

/** Reads `length` bytes of a tile's slot from `at` on. */
export type ReadSlot = (column: number, row: number, length: number, at: number) => Promise<Uint8Array<ArrayBuffer>>

/** Columns (rows) that a tile keeps of itself: the first two and the last. */
const KEPT = 3
const LAST = KEPT - 1

const isOdd = (length: number): boolean => length % 2 === 1

/** Bytes of the largest slot. */
export function slotBytes({ level, side, samples: { bands, dtype } }: Slots): number {
  const strips = KEPT * side * (Number(isOdd(level.width)) + Number(isOdd(level.height)))
  return ((side / 2) ** 2 + strips) * bands * DTYPES[dtype].bytes
}

interface Parts extends Size {
  /** Samples of each part, all bands. */
  readonly half: Size & { readonly length: number }
  readonly columns: number
  readonly rows: number
}

function partsOf({ level, side, samples: { bands } }: Slots, column: number, row: number): Parts {
  const width = Math.min(side, level.width - column * side)
  const height = Math.min(side, level.height - row * side)
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) }
  return {
    width,
    height,
    half: { ...half, length: bands * half.width * half.height },
    columns: isOdd(level.width) ? bands * KEPT * height : 0,
    rows: isOdd(level.height) ? bands * KEPT * width : 0,
  }
}

/** What a tile's slot holds: its pixels halved, then its columns, then its rows. */
export function slotOf(tile: Patch, column: number, row: number, slots: Slots): Uint8Array {
  const { samples } = slots
  const { bands, dtype, method, nodata } = samples
  const { width, height, half, columns, rows } = partsOf(slots, column, row)
  const data = newArray(dtype, half.length + columns + rows)
  const [across, down] = axesOf(slots, column, row)
  const alone = (axis: Axis): Axis => ({ ...axis, lead: 0 })
  data.set(halve(tile, bands, dtype, method, nodata, alone(across), alone(down)).data as never)
  const places = (length: number): number[] => [0, Math.min(1, length - 1), length - 1]
  if (columns > 0) data.set(sampled(tile, bands, places(width), [...Array(height).keys()]) as never, half.length)
  if (rows > 0) data.set(sampled(tile, bands, [...Array(width).keys()], places(height)) as never, half.length + columns)
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function axesOf({ level, side }: Slots, column: number, row: number): readonly [across: Axis, down: Axis] {
  const axis = (start: number, length: number): Axis => ({ start, length, lead: leadOf(start, length) })
  return [axis(column * side, level.width), axis(row * side, level.height)]
}

/** Some columns and rows of a patch, band by band. */
function sampled(
  { data, width, height }: Patch,
  bands: number,
  xs: readonly number[],
  ys: readonly number[],
): number[] {
  const out: number[] = []
  for (let b = 0; b < bands; b++) for (const y of ys) for (const x of xs) out.push(data[(b * height + y) * width + x]!)
  return out
}

/** The pixels of a tile at half the resolution, shares of its neighbours' included, once all slots are filled. */
export async function halvedOf(column: number, row: number, slots: Slots, read: ReadSlot): Promise<Patch> {
  const { bands, dtype, method, nodata } = slots.samples
  const { width, height, half } = partsOf(slots, column, row)
  const { bytes, view } = DTYPES[dtype]
  const data = view((await read(column, row, half.length * bytes, 0)).buffer)
  const [across, down] = axesOf(slots, column, row)
  if (across.lead + down.lead === 0) return { data, ...half }
  const border = await borderOf(column, row, slots, read)
  const mend = (size: Size): void => {
    const strip = stripOf(border, slots.samples, size, [across.lead, down.lead])
    const made = halve(strip, bands, dtype, method, nodata, across, down)
    const box = [bands, made.height, made.width]
    copyBox(made.data, box, [0, 0, 0], data, [bands, half.height, half.width], [0, 0, 0], box)
  }
  if (across.lead === 1) mend({ width: Math.min(2, width), height })
  if (down.lead === 1) mend({ width, height: Math.min(2, height) })
  return { data, ...half }
}

/** A pixel on the border of a tile: its first two columns and rows, and those before them, numbered -1. */
type Border = (band: number, x: number, y: number) => number

async function borderOf(column: number, row: number, slots: Slots, read: ReadSlot): Promise<Border> {
  const [across, down] = axesOf(slots, column, row)
  const strips = (dx: 0 | 1, dy: 0 | 1): Promise<Strips | undefined> =>
    dx > across.lead || dy > down.lead ? Promise.resolve(undefined) : stripsOf(column - dx, row - dy, slots, read)
  const [own, left, above, corner] = await Promise.all([strips(0, 0), strips(1, 0), strips(0, 1), strips(1, 1)])
  return (band, x, y) => {
    if (x < 0) return y < 0 ? corner!.row(band, corner!.width - 1, LAST) : left!.column(band, LAST, y)
    if (y < 0) return above!.row(band, x, LAST)
    return across.lead === 1 && x < LAST ? own!.column(band, x, y) : own!.row(band, x, y)
  }
}

interface Strips {
  readonly width: number
  readonly column: Border
  readonly row: Border
}

async function stripsOf(column: number, row: number, slots: Slots, read: ReadSlot): Promise<Strips> {
  const { width, height, half, columns, rows } = partsOf(slots, column, row)
  const { bytes, view } = DTYPES[slots.samples.dtype]
  const data = view((await read(column, row, (columns + rows) * bytes, half.length * bytes)).buffer)
  return {
    width,
    column: (band, x, y) => data[(band * height + y) * KEPT + x]!,
    row: (band, x, y) => data[columns + (band * KEPT + y) * width + x]!,
  }
}

/** The first columns and rows of a tile, with those before them. */
function stripOf(border: Border, { bands, dtype }: Samples, size: Size, [dx, dy]: readonly [0 | 1, 0 | 1]): Patch {
  const [width, height] = [size.width + dx, size.height + dy]
  const data = newArray(dtype, bands * width * height)
  let to = 0
  for (let b = 0; b < bands; b++)
    for (let y = -dy; y < size.height; y++) for (let x = -dx; x < size.width; x++) data[to++] = border(b, x, y)
  return { data, width, height }
}
