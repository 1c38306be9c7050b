/**
 * Writes Cloud-Optimised GeoTIFF in bounded memory: blocks are read in quadtree order, so that overviews are made on the
 * way; compressed tiles wait in a spool until all sizes are known, then the file is laid out (directories first,
 * overviews before the full resolution) with GDAL's structural metadata.
 */
import type { FileHandle } from 'node:fs/promises'
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { DTYPES, dtypeOf, newArray, type TypedArray } from '../dtype.ts'
import type { Colour } from '../raster.ts'
import type { Band, DType, Grid, Window } from '../types.ts'
import { writeAside } from './aside.ts'
import { Halving } from './borders.ts'
import { type CogCompression, encodeTile, type Patch } from './encode.ts'
import { writeLayout } from './layout.ts'
import { joinQuarters, type OverviewMethod } from './overview.ts'
import { type Spool, spoolAt } from './spool.ts'

export interface CogSpec {
  readonly grid: Grid
  readonly bands: readonly Band[]
  readonly dtype: DType
  /** Stored value of missing samples. NaN in float data is written as this. */
  readonly nodata?: number
  /** `deflate` by default. */
  readonly compression?: CogCompression
  /** 2 for integers, 3 for floats by default; 1 for none. */
  readonly predictor?: 1 | 2 | 3
  /** Side of a tile, a multiple of 16; 256 by default. */
  readonly blockSize?: number
  /** `average` for floats, `nearest` for integers by default. */
  readonly overviews?: OverviewMethod | 'none'
  /** Colour of value i, for one band of uint8. */
  readonly colourTable?: readonly Colour[]
  readonly metadata?: Readonly<Record<string, string>>
  /** Physical value = stored · scale + offset; one for all bands or one per band. Recorded, not applied. */
  readonly scale?: number | readonly number[]
  readonly offset?: number | readonly number[]
  /** Always writes BigTIFF; otherwise only where the file needs 64-bit addresses. */
  readonly bigTiff?: boolean
}

/**
 * Gives stored values of a window inside the grid, band-major. An array of another type than `dtype` is converted:
 * rounded, clamped to the range, NaN to nodata (0 where there is none).
 */
export type ReadWindow = (window: Window) => Promise<TypedArray>

/** Samples (all bands) of one call of `read`, at most. */
const READ_SAMPLES = 8 * 2 ** 20
/** Tiles that are being compressed at one time. */
const ABREAST = 8

export interface Plan {
  readonly spec: CogSpec
  readonly side: number
  readonly compression: CogCompression
  readonly predictor: 1 | 2 | 3
  readonly method: OverviewMethod | 'none'
  /** Sizes in pixels and tiles, the full resolution first. */
  readonly levels: readonly Level[]
}

export interface Level {
  readonly width: number
  readonly height: number
  readonly across: number
  readonly down: number
  /** Spool number and bytes of every tile, row-major. */
  readonly tiles: { spooled: number; bytes: number }[]
}

/**
 * Writes a COG. `read` is called with windows of at most 8 million samples. The file appears under its name when it is
 * whole. Throws `InputError('BadRaster')`, `EnvironmentError('CannotWrite')`, `CancelledError`.
 */
export async function writeCog(
  path: string,
  spec: CogSpec,
  read: ReadWindow,
  options: WorkOptions = {},
): Promise<void> {
  const plan = planOf(spec)
  await writeAside(path, async (handle: FileHandle, scratch: string) => {
    const spool = spoolAt(scratch)
    try {
      await fillSpool(plan, read, spool, options)
      await writeLayout(handle, plan, spool)
    } finally {
      await spool.close()
    }
  })
  options.onProgress?.({ step: 'write', fraction: 1 })
}

const bad = (message: string, data: Record<string, unknown>): InputError =>
  new InputError('BadRaster', message, { data })

export function planOf(given: CogSpec): Plan {
  const spec = withExactNodata(given)
  const { grid, bands, dtype } = spec
  const side = spec.blockSize ?? 256
  const { isFloat, range } = DTYPES[dtype]
  if (bands.length === 0) throw bad('a raster needs a band', {})
  if (!(Number.isInteger(side) && side >= 16 && side % 16 === 0)) {
    throw bad(`a block size of ${side} is not a multiple of 16`, { blockSize: side })
  }
  if (!(grid.width > 0 && grid.height > 0))
    throw bad(`a raster of ${grid.width} x ${grid.height} pixels is empty`, { grid })
  const { nodata } = spec
  const fits = nodata === undefined || isFloat || (Number.isInteger(nodata) && nodata >= range[0] && nodata <= range[1])
  if (!fits) throw bad(`nodata ${nodata} does not fit into ${dtype}`, { nodata, dtype })
  const predictor = spec.predictor ?? (isFloat ? 3 : 2)
  if (predictor === 3 && !isFloat) throw bad(`predictor 3 is for floats, not for ${dtype}`, { predictor, dtype })
  if (spec.colourTable !== undefined && !(bands.length === 1 && dtype === 'uint8')) {
    throw bad('a colour table is for one band of uint8', { dtype, bands: bands.length })
  }
  const compression = spec.compression ?? 'deflate'
  const method = spec.overviews ?? (isFloat ? 'average' : 'nearest')
  const levels: Level[] = [levelOf(grid.width, grid.height, side)]
  // Validators refuse an overview that is as wide as what it is of, so that a line of pixels has none.
  while (method !== 'none' && isHalved(levels.at(-1)!, side)) {
    levels.push(levelOf(Math.ceil(levels.at(-1)!.width / 2), Math.ceil(levels.at(-1)!.height / 2), side))
  }
  return { spec, side, compression, predictor: compression === 'none' ? 1 : predictor, method, levels }
}

const isHalved = ({ width, height }: Level, side: number): boolean =>
  Math.max(width, height) > side && Math.min(width, height) > 1

/** Nodata as it is stored: samples of float32 never equal a number of more digits. */
function withExactNodata(spec: CogSpec): CogSpec {
  return spec.nodata === undefined || spec.dtype !== 'float32' ? spec : { ...spec, nodata: Math.fround(spec.nodata) }
}

function levelOf(width: number, height: number, side: number): Level {
  const across = Math.ceil(width / side)
  const down = Math.ceil(height / side)
  return {
    width,
    height,
    across,
    down,
    tiles: Array.from({ length: across * down }, () => ({ spooled: -1, bytes: 0 })),
  }
}

interface Work {
  readonly plan: Plan
  readonly read: ReadWindow
  readonly options: WorkOptions
  /** Compresses and spools one tile; waits only where too many are on the way. */
  readonly emit: (
    level: number,
    patch: Patch,
    column: number,
    row: number,
    tileColumn: number,
    tileRow: number,
  ) => Promise<void>
  /** Level whose tiles are read at once, as one larger window. */
  readonly macro: number
  /** One for each level; none where there are no overviews. */
  readonly halvings: readonly Halving[]
}

async function fillSpool(plan: Plan, read: ReadWindow, spool: Spool, options: WorkOptions): Promise<void> {
  const flying = new Set<Promise<void>>()
  let failure: { readonly cause: unknown } | undefined
  let done = 0
  const total = plan.levels[0]!.tiles.length
  const { spec, side, predictor, compression } = plan
  const compress = async (level: number, patch: Patch, column: number, row: number, index: number): Promise<void> => {
    const bytes = await encodeTile(
      patch,
      column,
      row,
      side,
      spec.bands.length,
      spec.dtype,
      spec.nodata ?? 0,
      predictor,
      compression,
    )
    const tile = plan.levels[level]!.tiles[index]!
    tile.bytes = bytes.length
    tile.spooled = await spool.add(bytes)
    if (level === 0) options.onProgress?.({ step: 'write', fraction: (0.95 * ++done) / total })
  }
  const emit: Work['emit'] = async (level, patch, column, row, tileColumn, tileRow) => {
    throwIfAborted(options.signal)
    if (failure !== undefined) throw failure.cause
    const index = tileRow * plan.levels[level]!.across + tileColumn
    const task: Promise<void> = compress(level, patch, column, row, index)
      .catch((cause: unknown) => {
        failure ??= { cause }
      })
      .finally(() => flying.delete(task))
    flying.add(task)
    if (flying.size >= ABREAST) await Promise.race(flying)
  }
  const samples = side * side * spec.bands.length
  let macro = 0
  while (macro < 3 && samples * 4 ** (macro + 1) <= READ_SAMPLES) macro++
  const top = Math.max(macro, plan.levels.length - 1)
  const work: Work = { plan, read, options, emit, macro, halvings: halvingsOf(plan, macro) }
  const step = side * 2 ** top
  try {
    for (let r = 0; r * step < spec.grid.height; r++) {
      for (let c = 0; c * step < spec.grid.width; c++) await node(work, top, c, r)
    }
  } finally {
    await Promise.all(flying)
  }
  if (failure !== undefined) throw (failure as { readonly cause: unknown }).cause
}

/** Patches of levels up to that of the windows that are read are windows, patches of those above are tiles. */
function halvingsOf({ method, spec, levels, side }: Plan, macro: number): Halving[] {
  if (method === 'none') return []
  const samples = { bands: spec.bands.length, dtype: spec.dtype, nodata: spec.nodata, method }
  return levels.map((level, at) => new Halving(level, side * 2 ** Math.max(0, macro - at), samples))
}

/** Writes everything below a node of the quadtree and gives its picture at the node's level; undefined outside. */
async function node(work: Work, level: number, column: number, row: number): Promise<Patch | undefined> {
  const { plan, macro, emit, halvings } = work
  const { grid, bands, dtype } = plan.spec
  const step = plan.side * 2 ** level
  if (column * step >= grid.width || row * step >= grid.height) return undefined
  if (level <= macro) return leaf(work, level, column, row)
  const quarters: (Patch | undefined)[] = []
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const [c, r] = [2 * column + dx, 2 * row + dy]
    const child = await node(work, level - 1, c, r)
    quarters.push(child && halvings[level - 1]?.halve(child, c, r))
  }
  if (plan.method === 'none' || level >= plan.levels.length) return undefined
  const patch = joinQuarters(quarters, bands.length, dtype)
  await emit(level, patch, 0, 0, column, row)
  return patch
}

/** Reads one window of several tiles and writes them with the overviews that lie within it. */
async function leaf(work: Work, level: number, column: number, row: number): Promise<Patch> {
  const { plan, read, emit, options, halvings } = work
  throwIfAborted(options.signal)
  const { grid, bands, dtype, nodata } = plan.spec
  const step = plan.side * 2 ** level
  const window = {
    column: column * step,
    row: row * step,
    width: Math.min(step, grid.width - column * step),
    height: Math.min(step, grid.height - row * step),
  }
  const values = await read(window)
  const expected = window.width * window.height * bands.length
  if (values.length !== expected) {
    throw bad(`the window has ${values.length} values instead of ${expected}`, { window, bands: bands.length })
  }
  let patch: Patch = { data: stored(values, dtype, nodata), width: window.width, height: window.height }
  for (let at = 0; at <= level; at++) {
    if (at > 0 && (plan.method === 'none' || at >= plan.levels.length)) break
    if (at > 0) patch = halvings[at - 1]!.halve(patch, column, row)
    const first = 2 ** (level - at)
    for (let r = 0; r * plan.side < patch.height; r++) {
      for (let c = 0; c * plan.side < patch.width; c++) {
        await emit(at, patch, c * plan.side, r * plan.side, column * first + c, row * first + r)
      }
    }
  }
  return patch
}

/** Values as the file's type; the same array where nothing has to be changed. */
function stored(values: TypedArray, dtype: DType, nodata: number | undefined): TypedArray {
  const { isFloat, range } = DTYPES[dtype]
  const blanks = values instanceof Float32Array || values instanceof Float64Array
  if (dtypeOf(values) === dtype && !(blanks && nodata !== undefined && !Number.isNaN(nodata))) return values
  const out = newArray(dtype, values.length)
  const missing = nodata ?? (isFloat ? Number.NaN : 0)
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!
    if (Number.isNaN(v)) out[i] = missing
    else out[i] = isFloat ? v : Math.min(range[1], Math.max(range[0], Math.round(v)))
  }
  return out
}
