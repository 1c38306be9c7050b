/** How a cube becomes GeoTIFF files: which dimensions are bands, what the bands are called, one file or one per date. */
import { basename, dirname, extname, join } from 'node:path'
import { InputError } from '@ecotope/core'
import type { Packing } from '../model/block.ts'
import type { Dimension } from '../model/dimension.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import type { Band, DType, Grid } from '../types.ts'
import type { CogSpec } from './cog.ts'
import type { CogCompression } from './encode.ts'
import type { OverviewMethod } from './overview.ts'

/** Format options of `save_result` for GTiff. */
export interface GeotiffSinkOptions {
  /** `deflate` by default. */
  readonly compression?: CogCompression
  readonly predictor?: 1 | 2 | 3
  /** Side of a tile, a multiple of 16; default 512, less for many bands. */
  readonly blockSize?: number
  readonly overviews?: OverviewMethod | 'none'
  /** `bands`: dates become bands (default). `files`: one file per date, named after it. */
  readonly dates?: 'bands' | 'files'
  readonly bigTiff?: boolean
  readonly metadata?: Readonly<Record<string, string>>
}

/** Plain data, so that workers have it too. */
export interface SinkLayout {
  readonly shape: readonly number[]
  readonly x: number
  readonly y: number
  /** The dimension of files; -1 where there is one file. */
  readonly files: number
  /** Bands of one file. */
  readonly bands: number
  readonly side: number
  readonly dtype: DType
  readonly nodata: number | null
}

/** Bytes of one tile, all bands: beyond, tiles are made smaller. */
const TILE_BYTES = 16 * 2 ** 20

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  compression: ['deflate', 'zstd', 'none'],
  predictor: [1, 2, 3],
  overviews: ['average', 'nearest', 'mode', 'none'],
  dates: ['bands', 'files'],
  bigTiff: [true, false],
}
/** Names of options. */
export const OPTIONS: readonly string[] = [...Object.keys(CHOICES), 'blockSize', 'metadata']

/** Options as given by users. Throws InputError `BadOption` that names what is possible. */
export function checkOptions(options: Readonly<Record<string, unknown>>): GeotiffSinkOptions {
  for (const [name, value] of Object.entries(options)) {
    const choices = CHOICES[name]
    if (choices === undefined || choices.includes(value)) continue
    throw new InputError('BadOption', `GTiff cannot be written with ${name} = ${JSON.stringify(value)}`, {
      hint: `${name} is one of ${choices.join(', ')}`,
      data: { option: name, value },
    })
  }
  return options.metadata === undefined ? options : { ...options, metadata: textsOf(options.metadata) }
}

/** Items of metadata as texts; numbers and truth values are written as such. */
function textsOf(metadata: unknown): Record<string, string> {
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)
  const entries = isObject ? Object.entries(metadata) : undefined
  if (entries?.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)))
    return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
  throw new InputError('BadOption', `GTiff cannot be written with metadata = ${JSON.stringify(metadata)}`, {
    hint: 'metadata are texts, numbers or truth values by name, such as { "AUTHOR": "me" }',
    data: { option: 'metadata', value: metadata },
  })
}

/** Throws InputError `NoGrid` where the cube has no grid. */
export function layoutOf(schema: CubeSchema, options: GeotiffSinkOptions): SinkLayout {
  const axis = (name: 'x' | 'y'): number => schema.dims.findIndex((d) => d.type === 'spatial' && d.axis === name)
  const [x, y] = [axis('x'), axis('y')]
  if (schema.grid === undefined || x < 0 || y < 0) {
    throw new InputError('NoGrid', 'a cube without dimensions x and y on a grid cannot be written as GeoTIFF', {
      hint: 'write it as JSON, CSV, netCDF or Zarr',
      data: { dimensions: schema.dims.map((d) => d.name) },
    })
  }
  const shape = shapeOf(schema)
  const files = options.dates === 'files' ? schema.dims.findIndex((d) => d.type === 'temporal') : -1
  const bands = shape.reduce((product, n, d) => (d === x || d === y || d === files ? product : product * n), 1)
  const { packing } = schema
  const bytes = packing.dtype === 'float64' ? 8 : 4
  let side = options.blockSize ?? 512
  while (options.blockSize === undefined && side > 128 && side * side * bands * bytes > TILE_BYTES) side /= 2
  const isFloat = packing.dtype.startsWith('float')
  const stored =
    packing.dtype === 'float32' && packing.nodata !== undefined ? Math.fround(packing.nodata) : packing.nodata
  const nodata = stored ?? (packing.isBoolean === true ? 255 : isFloat ? Number.NaN : null)
  return { shape, x, y, files, bands, side, dtype: packing.dtype, nodata }
}

/** Metadata of the file: which calendar period the times in the names of its bands are. */
export const PERIOD_ITEM = 'TIME_PERIOD'

/** Metadata of files of truth values, as CF has it: else their zeros and ones would be read as numbers. */
const TRUTH_ITEMS = { flag_values: '0,1', flag_meanings: 'false true' } as const

/** Whether the metadata of a file say that its bytes are truth values. */
export const saysTruth = ({ flag_values, flag_meanings }: Readonly<Record<string, string>>): boolean =>
  flag_values === TRUTH_ITEMS.flag_values && flag_meanings === TRUTH_ITEMS.flag_meanings

/** What one file is, all but its bands' names the same for all files. */
export function specOf(schema: CubeSchema, layout: SinkLayout, options: GeotiffSinkOptions, file: number): CogSpec {
  const { scale, offset, isBoolean } = schema.packing
  const date = layout.files < 0 ? undefined : String(schema.dims[layout.files]!.labels[file])
  const { period } = schema.dims.find((d) => d.type === 'temporal') ?? {}
  const metadata = {
    ...options.metadata,
    ...(date === undefined ? {} : { TIME: date }),
    ...(period === undefined ? {} : { [PERIOD_ITEM]: period }),
    ...(isBoolean === true ? TRUTH_ITEMS : {}),
  }
  return {
    grid: schema.grid as Grid,
    bands: bandsOf(schema, layout),
    dtype: layout.dtype,
    ...(layout.nodata === null ? {} : { nodata: layout.nodata }),
    compression: options.compression ?? 'deflate',
    ...(options.predictor === undefined ? {} : { predictor: options.predictor }),
    blockSize: layout.side,
    overviews: options.overviews ?? overviewsOf(schema.packing),
    metadata,
    scale,
    offset,
    ...(options.bigTiff === undefined ? {} : { bigTiff: options.bigTiff }),
  }
}

/** Measurements are averaged; bytes are mostly classes, of which there is no mean. */
function overviewsOf({ dtype, isBoolean }: Packing): OverviewMethod {
  return isBoolean === true || dtype === 'uint8' || dtype === 'int8' ? 'nearest' : 'average'
}

/** Bands in the order of the cube's dimensions other than x, y and that of files, named by their labels. */
function bandsOf(schema: CubeSchema, { x, y, files }: SinkLayout): Band[] {
  const others = schema.dims.filter((_, d) => d !== x && d !== y && d !== files)
  const unit = schema.unit === undefined ? {} : { unit: schema.unit }
  let bands: Band[] = [{ name: '', ...unit }]
  for (const dimension of others) {
    bands = bands.flatMap((before) =>
      dimension.labels.map((label, i): Band => {
        const name = before.name === '' ? labelText(dimension, label) : `${before.name} ${labelText(dimension, label)}`
        const own = dimension.type === 'bands' ? dimension.bands[i] : undefined
        return { ...before, ...own, name }
      }),
    )
  }
  return others.length === 0 ? [{ name: 'value', ...unit }] : bands
}

function labelText(dimension: Dimension, label: string | number): string {
  if (dimension.type === 'temporal' || dimension.type === 'bands') return String(label)
  return `${dimension.name}=${label}`
}

/** Final paths: the path itself, or `STEM_DATE.EXT` for every label of the dimension of files. */
export function pathsOf(path: string, schema: CubeSchema, { files }: SinkLayout): string[] {
  if (files < 0) return [path]
  const labels = schema.dims[files]!.labels.map(String)
  const days = labels.map((label) => label.replace(/T00:00:00Z$/, ''))
  const short = new Set(days).size === days.length ? days : labels
  const extension = extname(path)
  const stem = basename(path, extension)
  return short.map((label) => join(dirname(path), `${stem}_${label.replace(/[^\w.-]/g, '')}${extension}`))
}
