/** Variables of a Zarr store as arrays of a cube: packed as they are stored, read by regions, opened again by a handle. */
import { fileURLToPath } from 'node:url'
import { InputError, type WorkOptions } from '@ecotope/core'
import { decodeVariable } from '../cf/decode.ts'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { ArraySource, SourceHandle } from '../model/array-source.ts'
import { consecutive } from '../model/consecutive.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region, stridesOf } from '../model/region.ts'
import { rowPieces } from '../netcdf/file.ts'
import type { DType } from '../types.ts'
import { isPlain, LONG_RUN } from './chunks.ts'
import {
  cfAttributes,
  coordinatesOf,
  dataArrays,
  dimensionNames,
  gridMapping,
  type ReadCoordinates,
  storedType,
} from './dataset.ts'
import { hierarchyOf, openStore, type ZarrFormat, type ZarrHierarchy } from './hierarchy.ts'
import type { HttpStoreOptions } from './http-store.ts'
import { multiscaleGroups, xcubeLevels } from './levels.ts'
import type { ArrayMetadata, Attributes } from './metadata.ts'
import { readParallel } from './parallel.ts'
import { arrayOf, cubeTypeOf, readInto, type ZarrArray } from './read.ts'
import { type Store, subStore } from './store.ts'

export interface ZarrOptions {
  /** Level of a pyramid, 0 the finest (default). */
  readonly level?: number
  /** Text of a coordinate reference system that is used where the store has none. */
  readonly crs?: string
  readonly http?: HttpStoreOptions
  /** Threads that decode large reads of folders. Default: the processors, in the main thread; 1 in workers. */
  readonly threads?: number
}

export interface ZarrVariable {
  /** Path below the root (or the level's group). */
  readonly name: string
  readonly source: ArraySource
}

export interface ZarrDataset {
  readonly path: string
  readonly format: ZarrFormat
  readonly attributes: Attributes
  readonly variables: readonly ZarrVariable[]
  /** Data arrays that cannot be read as cubes, with the reason. */
  readonly refused: ReadonlyMap<string, InputError>
  /** Resolutions of a pyramid; 1 where it is none. */
  readonly levels: number
  readonly level: number
  close(): Promise<void>
}

function placeOf(path: string | URL): string {
  const text = String(path)
  return text.startsWith('file:') ? fileURLToPath(text) : text
}

/**
 * Opens a folder, `.zip` file or address. Metadata and coordinates are read, no data. Throws InputError `MissingFile`,
 * `NotZarr`, `BadMetadata`, `NoListing`, `BadLevel`.
 */
export async function openZarr(path: string | URL, options: ZarrOptions = {}): Promise<ZarrDataset> {
  const place = placeOf(path)
  const store = await openStore(place, options.http)
  try {
    const { hierarchy, group, levels, level } = await levelOf(store, options.level ?? 0)
    return await datasetOf(place, hierarchy, group, levels, level, options)
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Sources of all variables. Throws what `openZarr` throws, and the reason where no variable can be read. */
export async function zarrSources(path: string | URL, options: ZarrOptions = {}): Promise<ArraySource[]> {
  const { variables, refused, close } = await openZarr(path, options)
  if (variables.length > 0) return variables.map(({ source }) => source)
  await close()
  const [reason] = refused.values()
  throw reason ?? new InputError('NoArrays', `${placeOf(path)} holds no arrays`, { data: { path: placeOf(path) } })
}

/** Opens what a handle of a Zarr source names. */
export async function zarrFromHandle(handle: SourceHandle): Promise<ArraySource> {
  const { path, variable, level, crs, narrowed, threads } = handle as unknown as ZarrHandle
  const dataset = await openZarr(path, {
    ...(level === undefined ? {} : { level }),
    ...(crs === undefined ? {} : { crs }),
    ...(threads === undefined ? {} : { threads }),
  })
  const found = dataset.variables.find(({ name }) => name === variable)
  if (found === undefined) {
    await dataset.close()
    const reason = dataset.refused.get(variable)
    throw reason ?? new InputError('NoArrays', `${path} has no variable ${variable}`, { data: { path, variable } })
  }
  let { source } = found
  for (const [d, indices] of (narrowed ?? []).entries()) {
    if (indices !== null) source = source.narrow!(d, indices)!
  }
  return source
}

interface ZarrHandle {
  readonly path: string
  readonly variable: string
  readonly level?: number
  readonly crs?: string
  readonly threads?: number
  readonly narrowed?: readonly (readonly number[] | null)[]
}

interface Opened {
  readonly hierarchy: ZarrHierarchy
  /** Where the level's variables are. */
  readonly group: string
  readonly levels: number
  readonly level: number
}

async function levelOf(store: Store, level: number): Promise<Opened> {
  const check = (levels: number): void => {
    if (Number.isInteger(level) && level >= 0 && level < levels) return
    throw new InputError('BadLevel', `${store.path} has no level ${level}`, {
      hint: `its levels are 0 to ${levels - 1}`,
      data: { path: store.path, level, levels },
    })
  }
  if (/\.levels$/i.test(store.path.replace(/\/+$/, ''))) {
    const places = await xcubeLevels(store)
    if (places.length > 0) {
      check(places.length)
      const place = places[level]!
      // A link leads from the folder of the pyramid to a store beside it, or to any other place.
      const isInside = /^\d+\.zarr$/.test(place)
      const at = isInside ? subStore(store, place) : await openStore(new URL(place, `file://${store.path}/`).pathname)
      return { hierarchy: await hierarchyOf(at), group: '', levels: places.length, level }
    }
  }
  const hierarchy = await hierarchyOf(store)
  const groups = multiscaleGroups(hierarchy.attributes)
  const levels = Math.max(1, groups.length)
  check(levels)
  return { hierarchy, group: groups[level] ?? '', levels, level }
}

export async function datasetOf(
  path: string,
  hierarchy: ZarrHierarchy,
  group: string,
  levels: number,
  level: number,
  options: ZarrOptions,
): Promise<ZarrDataset> {
  const { arrays, refused } = dataArrays(hierarchy)
  const isHere = (name: string): boolean => group === '' || name === group || name.startsWith(`${group}/`)
  const read: ReadCoordinates = new Map()
  let open = 0
  const release = async (): Promise<void> => {
    open--
    if (open === 0) await hierarchy.store.close()
  }
  const named = async (metadata: ArrayMetadata): Promise<ZarrVariable> => {
    const name = nameWithin(metadata.path, group, hierarchy.store.path)
    const handle: ZarrHandle & SourceHandle = {
      format: 'Zarr',
      path,
      variable: name,
      ...(levels > 1 ? { level } : {}),
      ...(options.crs === undefined ? {} : { crs: options.crs }),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    }
    return { name, source: await sourceOf(hierarchy, metadata, name, read, handle, options, release) }
  }
  const variables = await Promise.all(arrays.filter((array) => isHere(array.path)).map(named))
  open = variables.length
  return {
    path,
    format: hierarchy.format,
    attributes: hierarchy.attributes,
    variables,
    refused,
    levels,
    level,
    close: () => hierarchy.store.close(),
  }
}

/** An array at the root has the name of its store. */
function nameWithin(path: string, group: string, store: string): string {
  const name = group === '' ? path : path === group ? '' : path.slice(group.length + 1)
  return name === '' ? (store.split(/[\\/]/).filter(Boolean).at(-1) ?? 'data').replace(/\.(zarr|zip|n5)+$/i, '') : name
}

async function sourceOf(
  hierarchy: ZarrHierarchy,
  metadata: ArrayMetadata,
  name: string,
  read: ReadCoordinates,
  handle: SourceHandle,
  options: ZarrOptions,
  release: () => Promise<void>,
): Promise<ArraySource> {
  const variable = {
    name: name.slice(name.lastIndexOf('/') + 1),
    dims: dimensionNames(metadata),
    shape: metadata.shape,
    dtype: storedType(metadata.type),
    attributes: cfAttributes(hierarchy, metadata),
  }
  const coordinates = await coordinatesOf(hierarchy, metadata, read)
  const mapping = gridMapping(hierarchy, metadata) ?? (options.crs === undefined ? undefined : { crs_wkt: options.crs })
  const { schema, clean } = decodeVariable(variable, coordinates, mapping)
  const isBoolean = metadata.type.number?.kind === 'b'
  const packed = isBoolean ? { ...schema, packing: { ...schema.packing, isBoolean: true, nodata: 255 } } : schema
  let isOpen = true
  const context: Context = {
    array: arrayOf(hierarchy.store, metadata),
    stored: cubeTypeOf(hierarchy.store, metadata),
    clean,
    threads: options.threads,
    close: async () => {
      if (isOpen) await release()
      isOpen = false
    },
  }
  return narrowed(
    context,
    packed,
    handle,
    metadata.shape.map(() => undefined),
  )
}

interface Context {
  readonly array: ZarrArray
  /** The type in which cells are read; the schema's may be its unsigned sister. */
  readonly stored: DType
  readonly clean: ((cells: TypedArray) => void) | undefined
  readonly threads: number | undefined
  close(): Promise<void>
}

/** Labels that are left of a dimension, by index in the store; undefined where all are. */
type Kept = readonly (readonly number[] | undefined)[]

function narrowed(context: Context, schema: CubeSchema, handle: SourceHandle, kept: Kept): ArraySource {
  const { shape } = context.array.metadata
  const chunks = storedChunks(context.array.metadata)
  let blocks: { readonly found: readonly number[] | undefined } | undefined
  return {
    schema,
    handle,
    // A file is looked into, so only where somebody asks.
    get blocks() {
      blocks ??= { found: blocksOf(context.array, kept) }
      return blocks.found
    },
    chunks: chunks.map((length, d) => Math.max(1, Math.min(length, kept[d]?.length ?? shape[d]!))),
    read: async (region, work) => {
      const cells = await readCells(context, region, kept, work)
      const { dtype } = schema.packing
      const view = dtype === context.stored ? cells : DTYPES[dtype].view(cells.buffer, cells.byteOffset, cells.length)
      context.clean?.(view)
      return view
    },
    readTo: async (region, place, work) => {
      const cells = DTYPES[context.stored].view(place.buffer, place.byteOffset, place.length)
      await readRuns(context, region, kept, cells, place.strides, work)
      context.clean?.(DTYPES[schema.packing.dtype].view(place.buffer, place.byteOffset, place.length))
      return true
    },
    narrow: (dimension, indices) => {
      const chosen = indices.map((i) => kept[dimension]?.[i] ?? i)
      const all = kept.map((one, d) => (d === dimension ? chosen : one))
      const next = { ...handle, narrowed: all.map((one) => one ?? null) }
      return narrowed(context, narrowSchema(schema, dimension, indices), next, all)
    },
    close: () => context.close(),
  }
}

/** The shape of what is decoded as one piece, in the array's own axes: of plain chunks rows can be read alone. */
export function storedChunks({ chunks, pipeline, type, hasChunkHeader }: ArrayMetadata): readonly number[] {
  const isOwnOrder = pipeline.order.every((axis, k) => axis === k)
  if (isOwnOrder && !hasChunkHeader && isPlain(pipeline, type)) return rowPieces(chunks, type.bytes)
  let [shape, at] = [chunks, pipeline]
  while (at.shards !== undefined) {
    const { chunks: inner } = at.shards
    const { order } = at
    shape = shape.map((_, d) => inner[order.indexOf(d)]!)
    at = at.shards.inner
  }
  return shape
}

/** Bytes that say how a chunk is cut into blocks. */
const BEGINNING = 16

/** The boxes that blocks of chunks are, as the first chunk has them: whole rows (or planes ...) that make up a chunk. */
function blocksOf({ store, metadata }: ZarrArray, kept: Kept): readonly number[] | undefined {
  const { chunks, type, pipeline, hasChunkHeader, keyOf } = metadata
  const [step] = pipeline.steps
  const isPossible = pipeline.steps.length === 1 && pipeline.shards === undefined && !hasChunkHeader && type.bytes > 0
  if (!isPossible || step!.blockBytes === undefined || pipeline.order.some((axis, k) => axis !== k)) return undefined
  const beginning = store.beginsNow?.(keyOf(chunks.map(() => 0)), BEGINNING)
  const bytes = beginning && step!.blockBytes(beginning, cellCount(chunks) * type.bytes)
  const blocks = bytes === undefined ? undefined : rowsOf(bytes / type.bytes, chunks)
  // Chunks of shorter rows are decoded whole.
  const isRead = blocks !== undefined && blocks.at(-1)! >= LONG_RUN
  return isRead && blocks.every((side, d) => side === 1 || kept[d] === undefined) ? blocks : undefined
}

/** A run of so many cells as a box of a chunk; undefined where it is none, or a chunk is no whole number of them. */
function rowsOf(cells: number, chunks: readonly number[]): readonly number[] | undefined {
  const steps = stridesOf(chunks)
  const along = steps.findIndex((step) => step <= cells)
  const side = cells / (steps[along] ?? cells)
  if (!Number.isInteger(side) || chunks[along]! % side !== 0) return undefined
  return chunks.map((length, d) => (d < along ? 1 : d === along ? side : length))
}

function narrowSchema(schema: CubeSchema, dimension: number, indices: readonly number[]): CubeSchema {
  const dim = schema.dims[dimension]!
  const pick = <T>(list: readonly T[]): T[] => indices.map((i) => list[i]!)
  const dims = schema.dims.map((one, d) => {
    if (d !== dimension) return one
    const labels = pick<string | number>(one.labels)
    return one.type === 'bands' ? { ...one, labels, bands: pick(one.bands) } : { ...one, labels }
  }) as CubeSchema['dims']
  if (dim.type !== 'spatial' || schema.grid === undefined || dim.axis === 'z') return { ...schema, dims }
  const grid = narrowGrid(schema.grid, dim.axis, indices)
  const { grid: _, ...rest } = schema
  return grid === undefined ? { ...rest, dims } : { ...rest, dims, grid }
}

/** The grid of every n-th row or column; undefined where the steps differ. */
function narrowGrid(
  grid: NonNullable<CubeSchema['grid']>,
  axis: 'x' | 'y',
  indices: readonly number[],
): CubeSchema['grid'] {
  const [first = 0, second] = indices
  const step = second === undefined ? 1 : second - first
  if (step === 0 || indices.length === 0 || indices.some((index, k) => index !== first + k * step)) return undefined
  const [a, b, c, d, e, f] = grid.affine
  // The centre of the first cell stays where it is, the cells grow by the step.
  const start = first + 0.5 - step / 2
  if (axis === 'x')
    return { ...grid, affine: [a * step, b, c + a * start, d * step, e, f + d * start], width: indices.length }
  return { ...grid, affine: [a, b * step, c + b * start, d, e * step, f + e * start], height: indices.length }
}

async function readCells(context: Context, region: Region, kept: Kept, work: WorkOptions = {}): Promise<TypedArray> {
  const { array, stored, threads } = context
  const count = cellCount(region.shape)
  if (kept.every((one) => one === undefined)) {
    const parallel = await readParallel(array, stored, region, threads, work)
    if (parallel !== undefined) return parallel
  }
  const cells = newArray(stored, count)
  await readRuns(context, region, kept, cells, stridesOf(region.shape), work)
  return cells
}

async function readRuns(
  { array }: Context,
  region: Region,
  kept: Kept,
  cells: TypedArray,
  strides: readonly number[],
  work: WorkOptions | undefined,
): Promise<void> {
  for (const { from, to } of runsOf(region, kept)) {
    const offset = to.reduce((sum, start, d) => sum + start * strides[d]!, 0)
    await readInto(array, from, cells, offset, strides, true, work)
  }
}

/** Boxes of the store that make up a region of what is left, each with its place in the region. */
function runsOf(region: Region, kept: Kept): { from: Region; to: number[] }[] {
  let boxes: { from: Region; to: number[] }[] = [{ from: { start: [], shape: [] }, to: [] }]
  region.start.forEach((start, d) => {
    const indices = kept[d]?.slice(start, start + region.shape[d]!)
    const runs = indices === undefined ? [{ at: 0, start, length: region.shape[d]! }] : consecutive(indices)
    boxes = boxes.flatMap(({ from, to }) =>
      runs.map((run) => ({
        from: { start: [...from.start, run.start], shape: [...from.shape, run.length] },
        to: [...to, run.at],
      })),
    )
  })
  return boxes
}
