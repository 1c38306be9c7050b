/** How a cube is laid out as Zarr 3 arrays: variables, chunks, shards, compression. Plain data that workers get too. */
import { InputError } from '@ecotope/core'
import { type CfDataset, encodeCf } from '../cf/encode.ts'
import { DTYPES } from '../dtype.ts'
import type { SinkHandle } from '../execute/sink.ts'
import type { Dimension } from '../model/dimension.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import type { DType } from '../types.ts'

export interface ArrayPlan {
  readonly name: string
  readonly shape: readonly number[]
  readonly chunks: readonly number[]
  /** Multiples of the chunks; what one file holds. */
  readonly shards: readonly number[]
  /** Index in the dimension of bands, where every band is an array. */
  readonly band?: number
}

export type Compression = 'zstd' | 'blosc' | 'gzip' | 'none'

export interface ZarrPlan extends SinkHandle {
  readonly format: 'Zarr'
  /** The final path. */
  readonly path: string
  /** The folder that is written until all is done. */
  readonly part: string
  readonly dtype: DType
  /** Fill value; null means NaN. */
  readonly fill: number | null
  readonly compression: Compression
  readonly level: number
  /** Index of the cube's dimension that is spread over arrays. */
  readonly bands?: number
  readonly arrays: readonly ArrayPlan[]
  /** In the cube's dimensions. */
  readonly box: readonly number[]
}

const LEVELS: Readonly<Record<Compression, readonly [least: number, usual: number, most: number]>> = {
  zstd: [1, 1, 22],
  blosc: [1, 5, 9],
  gzip: [1, 5, 9],
  none: [0, 0, 0],
}

/** The least and greatest size that chunks and shards aim at, in bytes. */
const CHUNK_BYTES = 256 * 1024
const SHARD_BYTES = 4 * 1024 * 1024
/** Pixels along an edge, for large and for usual grids. */
const LARGE_GRID = 4096
const EDGES = { large: { chunk: 512, shard: 1024 }, usual: { chunk: 256, shard: 512 } } as const

type Options = Readonly<Record<string, unknown>>

/** What an option has to be, when it is not. */
const badOption = (name: string, value: unknown, hint: string): InputError =>
  new InputError('BadOption', `the Zarr option ${name} cannot be ${JSON.stringify(value)}`, {
    hint,
    data: { option: name, value },
  })

/** Names of options. */
export const OPTIONS: readonly string[] = ['compression', 'level', 'chunks', 'shards', 'layout', 'name']

/**
 * Options: `compression` (zstd, blosc, gzip, none) and `level`; `chunks` and `shards` (numbers by name of dimension);
 * `layout` (`variables`: an array for every band, the default; `array`: one array), `name` of the one array. Throws
 * InputError `BadOption`, `BadDimension`.
 */
export function planOf(
  path: string,
  part: string,
  schema: CubeSchema,
  options: Options,
): { readonly plan: ZarrPlan; readonly dataset: CfDataset } {
  const { layout = 'variables', name } = options
  if (layout !== 'variables' && layout !== 'array') throw badOption('layout', layout, 'say variables or array')
  if (name !== undefined && typeof name !== 'string') throw badOption('name', name, 'give a text')
  const dataset = encodeCf(schema, { layout, ...(name === undefined ? {} : { name }) })
  const split = dataset.data.some(({ band }) => band !== undefined)
  const bands = split ? schema.dims.findIndex((dim) => dim.type === 'bands') : -1
  const kept = schema.dims.filter((_, d) => d !== bands)
  const { dtype } = schema.packing
  const lengths = (of: 'chunks' | 'shards'): number[] => given(kept, of, options, schema.dims[bands]?.name)
  const chunks = chunksOf(kept, DTYPES[dtype].bytes, lengths('chunks'))
  const shards = shardsOf(kept, chunks, DTYPES[dtype].bytes, lengths('shards'))
  const arrays = dataset.data.map(({ name: array, shape, band }): ArrayPlan => {
    return { name: array, shape, chunks, shards, ...(band === undefined ? {} : { band }) }
  })
  const box = shapeOf(schema).map((_, d) => (d === bands ? 1 : shards[bands >= 0 && d > bands ? d - 1 : d]!))
  const plan: ZarrPlan = {
    format: 'Zarr',
    path,
    part,
    dtype,
    fill: fillOf(schema),
    ...compressionOf(options),
    ...(split ? { bands } : {}),
    arrays,
    box,
  }
  return { plan, dataset }
}

/** What a cell holds that was never written: missing, where there is a value for it. */
function fillOf({ packing }: CubeSchema): number | null {
  const usual = packing.isBoolean ? 255 : DTYPES[packing.dtype].isFloat ? Number.NaN : 0
  const fill = packing.nodata ?? usual
  return Number.isNaN(fill) ? null : fill
}

function compressionOf({ compression = 'zstd', level }: Options): { compression: Compression; level: number } {
  const range = LEVELS[compression as Compression]
  if (range === undefined) throw badOption('compression', compression, `say one of ${Object.keys(LEVELS).join(', ')}`)
  const [least, usual, most] = range
  const chosen = level ?? usual
  if (!Number.isInteger(chosen) || (chosen as number) < least || (chosen as number) > most) {
    throw badOption('level', level, `${String(compression)} has the levels ${least} to ${most}`)
  }
  return { compression: compression as Compression, level: chosen as number }
}

/**
 * Lengths that an option gives, by name of dimension or one for each; 0 where it gives none. Of the dimension that is
 * spread over arrays, each has 1.
 */
function given(dims: readonly Dimension[], name: 'chunks' | 'shards', options: Options, spread?: string): number[] {
  const value = options[name]
  if (value === undefined) return dims.map(() => 0)
  const names = dims.map((dim) => dim.name)
  const wrong = (): InputError =>
    badOption(name, value, `give whole numbers from 1 on for ${names.join(', ')}, such as { "${names[0]}": 1 }`)
  if (typeof value !== 'object' || value === null) throw wrong()
  if (Array.isArray(value) && value.length !== names.length) throw wrong()
  const lengths: Readonly<Record<string, unknown>> = Array.isArray(value)
    ? Object.fromEntries(names.map((dim, d) => [dim, value[d] as unknown]))
    : (value as Record<string, unknown>)
  const isLength = ([dim, n]: [string, unknown]): boolean =>
    names.includes(dim) ? Number.isInteger(n) && Number(n) > 0 : dim === spread && n === 1
  if (!Object.entries(lengths).every(isLength)) throw wrong()
  return names.map((dim) => Number(lengths[dim] ?? 0))
}

const edgeOf = (dim: Dimension, kind: 'chunk' | 'shard'): number =>
  dim.type === 'spatial' && dim.axis !== 'z' ? (dim.labels.length >= LARGE_GRID ? EDGES.large : EDGES.usual)[kind] : 1

const product = (lengths: readonly number[]): number => lengths.reduce((all, n) => all * n, 1)

/** Squares of the grid; along other dimensions as many labels as make a chunk worth its overhead, the last first. */
function chunksOf(dims: readonly Dimension[], bytes: number, fixed: readonly number[]): number[] {
  const chunks = dims.map((dim, d) => clip(fixed[d] === 0 ? edgeOf(dim, 'chunk') : fixed[d]!, dim))
  for (let d = dims.length - 1; d >= 0; d--) {
    if (fixed[d] !== 0 || chunks[d] !== 1) continue
    const room = Math.floor(CHUNK_BYTES / (product(chunks) * bytes))
    if (room > 1) chunks[d] = even(room, dims[d]!)
  }
  return chunks
}

/** At most `room` labels, so that the last chunk is about as long as the others. */
const even = (room: number, dim: Dimension): number => {
  const length = Math.max(1, dim.labels.length)
  return Math.ceil(length / Math.ceil(length / room))
}

const clip = (length: number, dim: Dimension): number => Math.max(1, Math.min(length, dim.labels.length))

function shardsOf(
  dims: readonly Dimension[],
  chunks: readonly number[],
  bytes: number,
  fixed: readonly number[],
): number[] {
  const times = (d: number, wanted: number): number =>
    chunks[d]! * Math.max(1, Math.min(Math.floor(wanted / chunks[d]!), Math.ceil(dims[d]!.labels.length / chunks[d]!)))
  fixed.forEach((n, d) => {
    if (n > 0 && n % chunks[d]! !== 0) {
      throw badOption('shards', n, `a multiple of the chunk length ${chunks[d]} along ${dims[d]!.name} is needed`)
    }
  })
  const shards = dims.map((dim, d) =>
    fixed[d] === 0 ? times(d, Math.max(chunks[d]!, edgeOf(dim, 'shard'))) : fixed[d]!,
  )
  for (let d = dims.length - 1; d >= 0; d--) {
    if (fixed[d] !== 0 || shards[d] !== chunks[d]) continue
    const room = Math.floor(SHARD_BYTES / (product(shards) * bytes))
    if (room > 1) shards[d] = times(d, room * chunks[d]!)
  }
  return shards
}

export const isSharded = ({ chunks, shards }: ArrayPlan): boolean => shards.some((n, d) => n !== chunks[d])
