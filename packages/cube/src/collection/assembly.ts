/** How images that are put together are cut: what is stored as one piece of the whole, and what can be read where the rest is damaged. */
import type { ArraySource } from '../model/array-source.ts'
import type { Packing } from '../model/block.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount, type Region, splitRegion, stridesOf } from '../model/region.ts'
import type { Offset } from './lattice.ts'
import type { Piece } from './types.ts'

/** A piece and where its first pixel lies in the grid of the whole. */
export interface Placed {
  readonly piece: Piece
  readonly offset: Offset
}

/** The pieces of one date and band; where they overlap, the first valid (or the last valid) cell counts. */
export type Slot = readonly Placed[]

export interface Assembly {
  /** Dimensions: any before y and x, which are the last two. Its packing needs a nodata value where cells are missing. */
  readonly schema: CubeSchema
  /** Row-major over the dimensions before y and x. */
  readonly slots: readonly Slot[]
  readonly rule: 'first' | 'last'
  /** How the pieces are stored, where it is not how the schema says (no nodata value of its own). */
  readonly stored: Packing
  readonly label: string
}

/** Chunks of the first piece; along time and bands those that one chunk of the file holds together. */
export function chunksOf(assembly: Assembly, outer: readonly number[]): number[] {
  const first = firstOf(assembly)
  const shape = shapeOf(assembly.schema)
  if (first === undefined) return shape.map((length, d) => (d < outer.length ? 1 : Math.min(length, 256)))
  return boxesOf(assembly, outer, first.chunks)
}

export const firstOf = ({ slots }: Assembly): ArraySource | undefined =>
  slots.find((slot) => slot.length > 0)?.[0]?.piece.source

/** Blocks of the first piece, where all pieces begin on their borders. */
export function blocksOf(assembly: Assembly, outer: readonly number[]): number[] | undefined {
  const blocks = firstOf(assembly)?.blocks
  if (blocks === undefined) return undefined
  const [height, width] = blocks.slice(-2) as [number, number]
  const isEven = ({ offset }: Placed): boolean => offset.row % height === 0 && offset.column % width === 0
  return assembly.slots.every((slot) => slot.every(isEven)) ? boxesOf(assembly, outer, blocks) : undefined
}

/** Boxes of the source of a piece as boxes of the whole. */
function boxesOf({ slots, schema }: Assembly, outer: readonly number[], boxes: readonly number[]): number[] {
  const shape = shapeOf(schema)
  const steps = stridesOf(outer)
  const along = outer.map((length, d) => {
    let run = 1
    while (run < length && follows(slots[(run - 1) * steps[d]!]?.[0], slots[run * steps[d]!]?.[0])) run++
    const k = steppedDimension(slots[0]?.[0], slots[steps[d]!]?.[0])
    return k === undefined ? 1 : Math.max(1, Math.min(run, boxes[k]!))
  })
  return [...along, ...boxes.slice(-2).map((length, i) => Math.min(length, shape.at(i - 2)!))]
}

/** Boxes that lie within one chunk of each piece: pieces begin anywhere, so chunks of the whole cut across theirs. */
export function* apart(assembly: Assembly, region: Region): Generator<Region> {
  const shape = shapeOf(assembly.schema)
  const outer = shape.slice(0, -2)
  const planes = [...chunksOf(assembly, outer).slice(0, -2), ...shape.slice(-2)]
  for (const { start, shape: extent } of splitRegion(region, planes)) {
    const placed = slotsOf(assembly, { start, shape: extent }).flat()
    const [rows, columns] = [bordersOf(placed, start, extent, 'row'), bordersOf(placed, start, extent, 'column')]
    for (const [i, row] of rows.slice(0, -1).entries()) {
      for (const [k, column] of columns.slice(0, -1).entries()) {
        yield {
          start: [...start.slice(0, -2), row, column],
          shape: [...extent.slice(0, -2), rows[i + 1]! - row, columns[k + 1]! - column],
        }
      }
    }
  }
}

const AXES = { row: { back: -2, side: 'height' }, column: { back: -1, side: 'width' } } as const

/** Rows or columns where pieces or their chunks begin or end within a region, its own borders among them. */
function bordersOf(
  placed: readonly Placed[],
  start: readonly number[],
  shape: readonly number[],
  axis: 'row' | 'column',
): number[] {
  const { back, side } = AXES[axis]
  const from = start.at(back)!
  const to = from + shape.at(back)!
  const borders = new Set([from, to])
  for (const { piece, offset } of placed) {
    const [first, end, step] = [offset[axis], offset[axis] + piece.grid[side], piece.source.chunks.at(back)!]
    const within = Math.max(0, Math.ceil((from - first) / step))
    for (let at = first + within * step; at < Math.min(end, to); at += step) borders.add(at)
    if (end > from && end < to) borders.add(end)
  }
  return [...borders].sort((a, b) => a - b)
}

/** The dimension of the source by which `b` is the plane after `a`; undefined where it is not. */
export function steppedDimension(a: Placed | undefined, b: Placed | undefined): number | undefined {
  if (a === undefined || b === undefined || a.piece.source !== b.piece.source) return undefined
  if (a.offset.column !== b.offset.column || a.offset.row !== b.offset.row) return undefined
  let found: number | undefined
  for (const [k, index] of a.piece.at.entries()) {
    const step = b.piece.at[k]! - index
    if (step === 0) continue
    if (step !== 1 || found !== undefined) return undefined
    found = k
  }
  return found
}

const follows = (a: Placed | undefined, b: Placed | undefined): boolean => steppedDimension(a, b) !== undefined

/** Slots of the planes of a region, row-major. */
export function slotsOf({ schema, slots }: Assembly, region: Region): Slot[] {
  const outer = shapeOf(schema).slice(0, -2)
  const steps = stridesOf(outer)
  const shape = region.shape.slice(0, -2)
  const strides = stridesOf(shape)
  return Array.from({ length: cellCount(shape) }, (_, flat) => {
    let at = 0
    for (const [d, stride] of strides.entries()) {
      at += (region.start[d]! + (Math.floor(flat / stride) % shape[d]!)) * steps[d]!
    }
    return slots[at]!
  })
}
