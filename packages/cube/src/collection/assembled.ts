/**
 * Images of many files as one packed source on one lattice: slots of time and band, each filled by the pieces that are
 * there. Nothing is converted, so 24 dates of 6 bands cost what their files cost.
 */
import { throwIfAborted, type WorkOptions } from '@ecotope/core'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { ArraySource, Place } from '../model/array-source.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount, type Region, stridesOf } from '../model/region.ts'
import {
  type Assembly,
  apart,
  blocksOf,
  chunksOf,
  firstOf,
  type Placed,
  type Slot,
  slotsOf,
  steppedDimension,
} from './assembly.ts'

/** Planes that are read at one time; each may be decoded by several threads. */
const ABREAST = 4

export function assembledSource(assembly: Assembly): ArraySource {
  const { schema, slots, label } = assembly
  const shape = shapeOf(schema)
  const outer = shape.slice(0, -2)
  let blocks: { readonly found: readonly number[] | undefined } | undefined
  return {
    schema,
    handle: { format: 'assembled', path: label, paths: pathsOf(slots) },
    chunks: chunksOf(assembly, outer),
    get blocks() {
      blocks ??= { found: blocksOf(assembly, outer) }
      return blocks.found
    },
    ...storedBytes(assembly),
    read: (region, options = {}) => readRegion(assembly, region, options),
    readTo: (region, place, options = {}) => readRegionTo(assembly, region, place, options),
    narrow: (dimension, indices) => narrowed(assembly, outer, dimension, indices),
    apart: (region) => apart(assembly, region),
    close: () => Promise.resolve(),
  }
}

/** The files behind the slots, each once. */
const pathsOf = (slots: readonly Slot[]): string[] => [
  ...new Set(slots.flatMap((slot) => slot.map(({ piece }) => piece.path))),
]

function storedBytes(assembly: Assembly): { storedChunkBytes?: number } {
  const bytes = firstOf(assembly)?.storedChunkBytes
  return bytes === undefined ? {} : { storedChunkBytes: bytes }
}

function narrowed(
  assembly: Assembly,
  outer: readonly number[],
  dimension: number,
  indices: readonly number[],
): ArraySource | undefined {
  if (dimension >= outer.length) return undefined
  const { schema, slots } = assembly
  const dims = schema.dims.map((dim, d) => (d === dimension ? { ...dim, labels: picked(dim.labels, indices) } : dim))
  const dim = dims[dimension]!
  if (dim.type === 'bands') dims[dimension] = { ...dim, bands: indices.map((i) => dim.bands[i]!) }
  const steps = stridesOf(outer)
  const shape = outer.map((length, d) => (d === dimension ? indices.length : length))
  const strides = stridesOf(shape)
  const kept = Array.from({ length: cellCount(shape) }, (_, flat) => {
    let from = 0
    for (const [d, stride] of strides.entries()) {
      const i = Math.floor(flat / stride) % shape[d]!
      from += (d === dimension ? indices[i]! : i) * steps[d]!
    }
    return slots[from]!
  })
  return assembledSource({ ...assembly, schema: { ...schema, dims: dims as CubeSchema['dims'] }, slots: kept })
}

const picked = (labels: readonly unknown[], indices: readonly number[]): never[] =>
  indices.map((i) => labels[i]) as never[]

/** Planes of a region that one read of one source fills: consecutive slots, consecutive indices of one dimension. */
interface Run {
  readonly from: number
  readonly slots: Slot[]
  dimension: number | undefined
}

async function readRegion(assembly: Assembly, region: Region, options: WorkOptions): Promise<TypedArray> {
  throwIfAborted(options.signal)
  const { schema } = assembly
  const runs = runsOf(slotsOf(assembly, region))
  const size = region.shape.at(-1)! * region.shape.at(-2)!
  const whole = runs.length === 1 ? wholeRun(runs[0]!, region) : undefined
  if (whole !== undefined) return repacked(await readRun(runs[0]!, whole, options), assembly)
  const out = newArray(schema.packing.dtype, cellCount(region.shape))
  const missing = schema.packing.nodata ?? (DTYPES[schema.packing.dtype].isFloat ? Number.NaN : 0)
  if (missing !== 0) out.fill(missing)
  const queue = runs.values()
  const work = async (): Promise<void> => {
    for (const run of queue) await fillRun(assembly, run, region, out, run.from * size, options)
  }
  await Promise.all(Array.from({ length: ABREAST }, work))
  return out
}

/** One read of one piece that goes straight to its place. */
interface Move {
  readonly source: ArraySource
  readonly box: Region
  readonly place: Place
}

/** Where each plane is all of one piece. False also where a source cannot place after all. */
async function readRegionTo(assembly: Assembly, region: Region, place: Place, options: WorkOptions): Promise<boolean> {
  if (assembly.stored.dtype !== assembly.schema.packing.dtype) return false
  const moves: Move[] = []
  for (const run of runsOf(slotsOf(assembly, region))) {
    const move = moveOf(run, region, place, DTYPES[assembly.stored.dtype].bytes)
    if (move === undefined) return false
    moves.push(move)
  }
  const put = async ({ source, box, place: to }: Move): Promise<boolean> => {
    throwIfAborted(options.signal)
    return (await source.readTo?.(box, to, options)) ?? false
  }
  // What the first cannot do, the others are not asked for.
  const [first, ...rest] = moves
  if (first === undefined || !(await put(first))) return false
  let arePlaced = true
  const queue = rest.values()
  const work = async (): Promise<void> => {
    for (const move of queue) if (arePlaced && !(await put(move))) arePlaced = false
  }
  await Promise.all(Array.from({ length: ABREAST }, work))
  return arePlaced
}

/** undefined where planes are not whole pieces, or their places do not follow in equal steps. */
function moveOf(run: Run, region: Region, place: Place, cellBytes: number): Move | undefined {
  const part = wholeRun(run, region)
  if (part === undefined) return undefined
  const offsets = run.slots.map((_, k) => planeOffset(run.from + k, region.shape, place.strides))
  const step = run.slots.length > 1 ? offsets[1]! - offsets[0]! : 0
  if (step < 0 || offsets.some((offset, k) => offset !== offsets[0]! + k * step)) return undefined
  const { source } = run.slots[0]![0]!.piece
  const box = regionOf(run, part, 0)
  const strides = [
    ...box.shape.slice(0, -2).map((_, k) => (k === run.dimension ? step : 0)),
    ...place.strides.slice(-2),
  ]
  const length = 1 + strides.reduce((sum, stride, d) => sum + stride * (box.shape[d]! - 1), 0)
  return { source, box, place: { ...place, byteOffset: place.byteOffset + offsets[0]! * cellBytes, strides, length } }
}

/** Cells from the first plane of a region to its `flat`-th one, counted row-major. */
function planeOffset(flat: number, shape: readonly number[], strides: readonly number[]): number {
  let [offset, rest] = [0, flat]
  for (let d = shape.length - 3; d >= 0; d--) {
    offset += (rest % shape[d]!) * strides[d]!
    rest = Math.floor(rest / shape[d]!)
  }
  return offset
}

function runsOf(slots: readonly Slot[]): Run[] {
  const runs: Run[] = []
  for (const [i, slot] of slots.entries()) {
    const last = runs.at(-1)
    const before = last?.slots.at(-1)
    const step = slot.length === 1 && before?.length === 1 ? steppedDimension(before[0], slot[0]) : undefined
    if (last !== undefined && step !== undefined && (last.slots.length === 1 || last.dimension === step)) {
      last.slots.push(slot)
      last.dimension = step
    } else runs.push({ from: i, slots: [slot], dimension: undefined })
  }
  return runs
}

interface Part {
  /** Pixels within the region. */
  readonly column: number
  readonly row: number
  readonly width: number
  readonly height: number
  /** Where the part starts in the piece. */
  readonly pieceColumn: number
  readonly pieceRow: number
}

function partOf({ piece, offset }: Placed, region: Region): Part | undefined {
  const [top, left] = region.start.slice(-2) as [number, number]
  const [rows, columns] = region.shape.slice(-2) as [number, number]
  const column = Math.max(0, offset.column - left)
  const row = Math.max(0, offset.row - top)
  const width = Math.min(columns, offset.column + piece.grid.width - left) - column
  const height = Math.min(rows, offset.row + piece.grid.height - top) - row
  if (width <= 0 || height <= 0) return undefined
  return { column, row, width, height, pieceColumn: left + column - offset.column, pieceRow: top + row - offset.row }
}

/** The part, where one piece covers the whole region, so that what is read is the result. */
function wholeRun(run: Run, region: Region): Part | undefined {
  const [placed, more] = run.slots[0]!
  if (placed === undefined || more !== undefined) return undefined
  const part = partOf(placed, region)
  const isWhole = part?.width === region.shape.at(-1) && part?.height === region.shape.at(-2)
  return isWhole ? part : undefined
}

function readRun(run: Run, part: Part, options: WorkOptions, which = 0): Promise<TypedArray> {
  return run.slots[0]![which]!.piece.source.read(regionOf(run, part, which), options)
}

/** What is read of the source. */
function regionOf(run: Run, part: Part, which: number): Region {
  const { at } = run.slots[0]![which]!.piece
  const shape = at.map((_, k) => (k === run.dimension ? run.slots.length : 1))
  return { start: [...at, part.pieceRow, part.pieceColumn], shape: [...shape, part.height, part.width] }
}

async function fillRun(
  assembly: Assembly,
  run: Run,
  region: Region,
  out: TypedArray,
  to: number,
  options: WorkOptions,
): Promise<void> {
  const pieces = run.slots[0]!
  // The first of the rule is written last, so every later one may overwrite: only valid cells do.
  const order = assembly.rule === 'first' ? [...pieces.keys()].reverse() : [...pieces.keys()]
  for (const which of order) {
    throwIfAborted(options.signal)
    const part = partOf(pieces[which]!, region)
    if (part === undefined) continue
    const data = repacked(await readRun(run, part, options, which), assembly)
    const rule = pieces.length === 1 ? undefined : { nodata: assembly.schema.packing.nodata }
    for (let plane = 0; plane < run.slots.length; plane++) place(data, part, plane, region, out, to, rule)
  }
}

/** One plane of what was read into its place; with `over`, only its valid cells. */
function place(
  data: TypedArray,
  part: Part,
  plane: number,
  region: Region,
  out: TypedArray,
  to: number,
  over: { readonly nodata: number | undefined } | undefined,
): void {
  const rows = region.shape.at(-2)!
  const columns = region.shape.at(-1)!
  const from = plane * part.height * part.width
  const at = to + (plane * rows + part.row) * columns + part.column
  if (over === undefined && part.width === columns) {
    // Whole rows follow each other in both arrays.
    out.set(data.subarray(from, from + part.height * columns), at)
    return
  }
  for (let y = 0; y < part.height; y++) {
    const row = data.subarray(from + y * part.width, from + (y + 1) * part.width)
    if (over === undefined) out.set(row, at + y * columns)
    else layOver(out, at + y * columns, row, over.nodata)
  }
}

function layOver(out: TypedArray, at: number, row: TypedArray, nodata: number | undefined): void {
  for (let x = 0; x < row.length; x++) {
    const value = row[x]!
    if (value !== nodata && !Number.isNaN(value)) out[at + x] = value
  }
}

/** Stored cells in the schema's packing: another dtype where the stored one has no value left for what is missing. */
function repacked(data: TypedArray, { stored, schema }: Assembly): TypedArray {
  const { dtype } = schema.packing
  if (stored.dtype === dtype) return data
  const out = newArray(dtype, data.length)
  out.set(data)
  return out
}
