/**
 * Cubes larger than memory as Cloud-Optimised GeoTIFF: workers compress tiles and halve their pixels, the main thread
 * files them; at the end overviews are made from the halved pixels and everything is laid out in COG order.
 */
import { type FileHandle, rename, rm } from 'node:fs/promises'
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { FinishOptions, SinkEncoder, SinkFormat, SinkHandle, SinkJob, SinkOptions } from '../execute/sink.ts'
import type { Block } from '../model/block.ts'
import { copyBox } from '../model/copy.ts'
import type { CubeSchema } from '../model/node.ts'
import type { Region } from '../model/region.ts'
import { refuseTarget, writeAside, writeError } from './aside.ts'
import { Halving } from './borders.ts'
import { type Plan, planOf } from './cog.ts'
import { type CogCompression, encodeTile, type Patch } from './encode.ts'
import { writeLayout } from './layout.ts'
import { joinQuarters, type OverviewMethod } from './overview.ts'
import { checkOptions, layoutOf, OPTIONS, pathsOf, type SinkLayout, specOf } from './sink-layout.ts'
import { tidyOthers } from './sink-owner.ts'
import { openStore, type SinkStore, storeFolder } from './sink-store.ts'
import { type ReadSlot, halvedOf as readHalved, type Slots, slotBytes, slotOf } from './slots.ts'

/** Plain data by which a worker knows what to do. */
interface GeotiffHandle extends SinkHandle {
  readonly layout: SinkLayout
  readonly compression: CogCompression
  readonly predictor: 1 | 2 | 3
  readonly method: OverviewMethod | 'none'
}

/** A compressed tile of file `file`, and its pixels at half the resolution where overviews are made. */
interface EncodedTile {
  readonly file: number
  readonly column: number
  readonly row: number
  readonly bytes: Uint8Array
  readonly halved: Uint8Array | undefined
}

/** Tiles of overviews that are being compressed at one time, and their bytes; two at least. */
const ABREAST = 8
const ABREAST_BYTES = 16 * 2 ** 20

export const geotiffSink: SinkFormat = {
  format: 'GTiff',
  extensions: ['.tif', '.tiff'],
  options: OPTIONS,
  create: (path, schema, options) => createJob(path, schema, options),
  encoder: (handle) => Promise.resolve(encoderOf(handle as GeotiffHandle)),
}

async function createJob(path: string, schema: CubeSchema, { job, options }: SinkOptions): Promise<SinkJob> {
  const chosen = checkOptions(options)
  const layout = layoutOf(schema, chosen)
  const files = layout.files < 0 ? 1 : layout.shape[layout.files]!
  const plans = Array.from({ length: files }, (_, file) => planOf(specOf(schema, layout, chosen, file)))
  const [plan] = plans
  if (plan === undefined) throw new InputError('BadRaster', `${path}: the cube has no dates`, { data: { path } })
  const handle: GeotiffHandle = {
    format: 'GTiff',
    path,
    layout,
    compression: plan.compression,
    predictor: plan.predictor,
    method: plan.levels.length > 1 ? plan.method : 'none',
  }
  const bytes = handle.method === 'none' ? 0 : slotBytes(slotsOf(layout, handle.method))
  const folder = storeFolder(path, JSON.stringify([job, handle, bytes]))
  const paths = pathsOf(path, schema, layout)
  // Else it would come out at the very end.
  for (const one of paths) await refuseTarget(one)
  const store = await openStore(path, folder, bytes)
  return jobOf(handle, paths, plans, store)
}

function jobOf(handle: GeotiffHandle, paths: readonly string[], plans: readonly Plan[], store: SinkStore): SinkJob {
  const { layout } = handle
  const { across, tiles } = plans[0]!.levels[0]!
  const perFile = tiles.length
  const { bytes } = DTYPES[layout.dtype]
  const tileNumber = (file: number, column: number, row: number): number => file * perFile + row * across + column
  return {
    handle,
    chunks: layout.shape.map((n, d) => {
      if (d === layout.x || d === layout.y) return Math.min(n, layout.side)
      return d === layout.files ? 1 : n
    }),
    order: 'any',
    encodeBytes: (region) => 3 * bytes * region.shape.reduce((product, n) => product * n, 1),
    isDone: (region) => [...tilesOf(layout, region)].every(([f, c, r]) => store.has(tileNumber(f, c, r))),
    ...(store.resumesFromMs === undefined ? {} : { resumesFromMs: store.resumesFromMs }),
    write: async (_, encoded, isFinal = true) => {
      for (const { file, column, row, bytes: data, halved } of encoded as readonly EncodedTile[]) {
        await store.put(tileNumber(file, column, row), data, halved, isFinal)
      }
    },
    finish: (work = {}) => finish(handle, paths, plans, store, work),
    abandon: (keep) => (keep ? store.close() : store.remove()),
  }
}

/** File, column and row of every tile that a region holds. */
function* tilesOf({ x, y, files, side }: SinkLayout, { start, shape }: Region): Generator<[number, number, number]> {
  const [firstFile, lastFile] = files < 0 ? [0, 0] : [start[files]!, start[files]! + shape[files]! - 1]
  for (let file = firstFile; file <= lastFile; file++) {
    for (let row = start[y]! / side; row * side < start[y]! + shape[y]!; row++) {
      for (let column = start[x]! / side; column * side < start[x]! + shape[x]!; column++) yield [file, column, row]
    }
  }
}

function encoderOf(handle: GeotiffHandle): SinkEncoder {
  const { layout, predictor, compression, method } = handle
  const { side, bands, dtype, x, y, files } = layout
  const nodata = layout.nodata ?? undefined
  const encode = async (region: Region, block: Block, work: WorkOptions): Promise<EncodedTile[]> => {
    if (region.start[x]! % side !== 0 || region.start[y]! % side !== 0) {
      throw new RangeError(`the region at ${region.start.join(', ')} does not start on a tile of ${side}`)
    }
    const [first = 0, last = 0] =
      files < 0 ? [0, 0] : [region.start[files]!, region.start[files]! + region.shape[files]! - 1]
    const out: Promise<EncodedTile>[] = []
    for (let file = first; file <= last; file++) {
      const patch = patchOf(layout, region, block, file - first)
      for (const [, column, row] of tilesOf({ ...layout, files: -1 }, region)) {
        throwIfAborted(work.signal)
        const [left, top] = [column * side - region.start[x]!, row * side - region.start[y]!]
        const bytes = encodeTile(patch, left, top, side, bands, dtype, nodata ?? 0, predictor, compression)
        const halved = method === 'none' ? undefined : halvedOf(patch, left, top, { column, row }, layout, method)
        out.push(bytes.then((data) => ({ file, column, row, bytes: data, halved })))
      }
    }
    return await Promise.all(out)
  }
  return { encode, close: () => Promise.resolve() }
}

/** The planes of one file, band-major, rows of x. */
function patchOf(layout: SinkLayout, region: Region, block: Block, file: number): Patch {
  const { x, y, files, bands, dtype } = layout
  const { shape } = region
  const [width, height] = [shape[x]!, shape[y]!]
  const rank = shape.length
  const natural = y === rank - 2 && x === rank - 1
  const size = bands * width * height
  let data: TypedArray
  if (natural && files <= 0) {
    // The dimension of files, where there is one, is the first: its planes lie together.
    data = block.data.subarray(file * size, (file + 1) * size) as TypedArray
  } else if (natural) {
    const target = newArray(dtype, size)
    const one = shape.map((n, d) => (d === files ? 1 : n))
    const from = shape.map((_, d) => (d === files ? file : 0))
    copyBox(
      block.data,
      shape,
      from,
      target,
      one,
      shape.map(() => 0),
      one,
    )
    data = target
  } else data = turned(layout, region, block, file)
  return { data: filled(data, layout), width, height }
}

/** Any order of dimensions to bands, y, x. */
function turned({ x, y, files, bands, dtype }: SinkLayout, { shape }: Region, block: Block, file: number): TypedArray {
  const out = newArray(dtype, bands * shape[x]! * shape[y]!)
  const others = shape.map((_, d) => d).filter((d) => d !== x && d !== y && d !== files)
  const order = [...others, y, x]
  const strides = new Array<number>(shape.length)
  for (let d = shape.length - 1, step = 1; d >= 0; d--) {
    strides[d] = step
    step *= shape[d]!
  }
  const counter = new Array<number>(order.length).fill(0)
  let from = files < 0 ? 0 : file * strides[files]!
  for (let to = 0; to < out.length; to++) {
    out[to] = block.data[from]!
    for (let k = order.length - 1; k >= 0; k--) {
      const d = order[k]!
      from += strides[d]!
      counter[k]!++
      if (counter[k]! < shape[d]!) break
      from -= strides[d]! * shape[d]!
      counter[k] = 0
    }
  }
  return out
}

/** NaN as the nodata value, where that is another. */
function filled(data: TypedArray, { dtype, nodata }: SinkLayout): TypedArray {
  if (!DTYPES[dtype].isFloat || nodata === null || Number.isNaN(nodata)) return data
  let at = firstNaN(data, 0)
  if (at === data.length) return data
  const out = data.slice()
  for (; at < out.length; at = firstNaN(out, at + 1)) out[at] = nodata
  return out
}

function firstNaN(data: TypedArray, from: number): number {
  let at = from
  while (at < data.length && !Number.isNaN(data[at]!)) at++
  return at
}

/** The halved pixels of one tile, and what its neighbours need of it. */
function halvedOf(patch: Patch, left: number, top: number, place: Place, layout: SinkLayout, method: OverviewMethod) {
  const { side, bands, dtype } = layout
  const width = Math.min(side, patch.width - left)
  const height = Math.min(side, patch.height - top)
  const data = newArray(dtype, bands * width * height)
  const box = [bands, height, width]
  copyBox(patch.data, [bands, patch.height, patch.width], [0, top, left], data, box, [0, 0, 0], box)
  return slotOf({ data, width, height }, place.column, place.row, slotsOf(layout, method))
}

interface Place {
  readonly column: number
  readonly row: number
}

function slotsOf({ shape, x, y, side, bands, dtype, nodata }: SinkLayout, method: OverviewMethod): Slots {
  const level = { width: shape[x]!, height: shape[y]! }
  return { level, side, samples: { bands, dtype, method, nodata: nodata ?? undefined } }
}

async function finish(
  handle: GeotiffHandle,
  paths: readonly string[],
  plans: readonly Plan[],
  store: SinkStore,
  work: FinishOptions,
): Promise<void> {
  const made: string[] = []
  try {
    for (const [file, plan] of plans.entries()) {
      const { tiles } = plan.levels[0]!
      for (const i of tiles.keys()) {
        if (!store.has(file * tiles.length + i)) throw new RangeError(`tile ${i} of file ${file} was not written`)
        Object.assign(tiles[i]!, store.place(file * tiles.length + i))
      }
      await writeOverviews(handle, plan, store, file * tiles.length, work)
      const path = paths[file]!
      const ready = `${path}.ready`
      const tilesOnly = { ...store, close: async () => {} }
      await writeAside(ready, (target: FileHandle) => writeLayout(target, plan, tilesOnly), path)
      made.push(ready)
      work.onProgress?.({ step: 'write', fraction: (file + 1) / plans.length })
    }
    await work.beforePublish?.()
    // All files are whole: from here on only names change.
    for (const [file, ready] of made.entries()) {
      await rename(ready, paths[file]!).catch((cause: unknown) => {
        throw writeError(paths[file]!, cause)
      })
    }
  } catch (cause) {
    for (const ready of made) await rm(ready, { force: true })
    await store.close()
    throw cause
  }
  await store.remove()
  await tidyOthers(handle.path)
}

/** Makes all overviews of a file from the halved pixels of its tiles; memory for one tile per level and branch. */
async function writeOverviews(
  handle: GeotiffHandle,
  plan: Plan,
  store: SinkStore,
  firstTile: number,
  work: WorkOptions,
): Promise<void> {
  const { layout, compression, predictor } = handle
  const { side, bands, dtype } = layout
  const nodata = layout.nodata ?? undefined
  const tileBytes = side * side * bands * DTYPES[dtype].bytes
  const abreast = Math.max(2, Math.min(ABREAST, Math.floor(ABREAST_BYTES / tileBytes)))
  const flying = new Set<Promise<void>>()
  const failures: unknown[] = []
  const emit = async (level: number, patch: Patch, column: number, row: number): Promise<void> => {
    throwIfAborted(work.signal)
    const compress = async (): Promise<void> => {
      const bytes = await encodeTile(patch, 0, 0, side, bands, dtype, nodata ?? 0, predictor, compression)
      const tile = plan.levels[level]!.tiles[row * plan.levels[level]!.across + column]!
      tile.spooled = await store.add(bytes)
      tile.bytes = bytes.length
    }
    const task: Promise<void> = compress()
      .catch((cause: unknown) => void failures.push(cause))
      .finally(() => flying.delete(task))
    flying.add(task)
    if (flying.size >= abreast) await Promise.race(flying)
  }
  const [full] = plan.levels
  const slots = slotsOf(layout, plan.method as OverviewMethod)
  const halvings = plan.levels.map((level) => new Halving(level, side, slots.samples))
  const read: ReadSlot = (column, row, length, at) => store.halved(firstTile + row * full!.across + column, length, at)
  /** The patch of a level at half its resolution; undefined beside the grid. */
  const halved = async (level: number, column: number, row: number): Promise<Patch | undefined> => {
    const { across, down } = plan.levels[level]!
    if (column >= across || row >= down) return undefined
    if (level === 0) return readHalved(column, row, slots, read)
    return halvings[level]!.halve(await build(level, column, row), column, row)
  }
  const build = async (level: number, column: number, row: number): Promise<Patch> => {
    const quarters: (Patch | undefined)[] = []
    for (const [dx, dy] of CORNERS) quarters.push(await halved(level - 1, 2 * column + dx, 2 * row + dy))
    const patch = joinQuarters(quarters, bands, dtype)
    await emit(level, patch, column, row)
    return patch
  }
  const top = plan.levels.length - 1
  for (const i of top > 0 ? plan.levels[top]!.tiles.keys() : []) {
    await build(top, i % plan.levels[top]!.across, Math.floor(i / plan.levels[top]!.across))
  }
  await Promise.all(flying)
  if (failures.length > 0) throw failures[0]
}

const CORNERS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const
