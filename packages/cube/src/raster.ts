/** Rasters on disk as cubes: opens GeoTIFF and COG for windowed reading. Writing is in `geotiff/cog.ts`. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { parseCrs } from './crs/crs.ts'
import { DTYPES, type TypedArray } from './dtype.ts'
import { type Beside, besideOf } from './geotiff/beside.ts'
import { type Companion, companionsOf, hasSize } from './geotiff/companions.ts'
import { type Directory, readDirectories, type TiffFile } from './geotiff/directory.ts'
import { crsOfKeys, readAffine, readGeoKeys } from './geotiff/geokeys.ts'
import { type HttpOptions, isHttp, openHttpSource } from './geotiff/http-source.ts'
import { type Image, readImage } from './geotiff/image.ts'
import { type MetadataItem, parseMetadata } from './geotiff/metadata.ts'
import { type ImageReader, imageReader, type SampleTarget } from './geotiff/reader.ts'
import { type ByteSource, openSource } from './geotiff/source.ts'
import { TAG, TEXT_TAGS } from './geotiff/tags.ts'
import { roleOf } from './roles.ts'
import type { Affine, Band, BandCube, Crs, DType, Grid, Window } from './types.ts'

/** [red, green, blue, alpha], each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number, alpha: number]

export interface RasterInfo {
  readonly compression: string
  readonly tiled: boolean
  /** Pixels of a tile or strip, width then height. */
  readonly blockSize: readonly [width: number, height: number]
  /** Grids of the internal overviews, finest first. */
  readonly overviews: readonly Grid[]
  readonly bigTiff: boolean
  readonly predictor: 1 | 2 | 3
  readonly interleave: 'band' | 'pixel'
  /** Colour of value i; empty where there is no table. */
  readonly colourTable: readonly Colour[]
  /** Metadata of the whole file. */
  readonly metadata: Readonly<Record<string, string>>
  readonly hasMask: boolean
  /** Bytes of the file. */
  readonly size: number
}

export interface Raster extends BandCube {
  readonly path: string
  readonly dtype: DType
  readonly info: RasterInfo
  /** Physical value = raw · scale + offset, per band. */
  readonly scales: readonly number[]
  readonly offsets: readonly number[]
  /** Stored values, band-major; outside the grid they are nodata (0 where there is none). */
  readRaw(window: Window, bands?: readonly number[], options?: WorkOptions): Promise<TypedArray>
  /** The same put elsewhere, of a window within the grid. */
  readRawTo(target: SampleTarget, window: Window, bands: readonly number[], options?: WorkOptions): Promise<void>
  /** Cells of the file's mask (0 where all bands are missing), where it has one. */
  readMask?(window: Window, options?: WorkOptions): Promise<TypedArray>
  close(): Promise<void>
}

export interface OpenOptions {
  /** Used instead of the file's own CRS. */
  readonly crs?: Crs
  /** Opens an internal overview, 0 the finest, instead of the full resolution. */
  readonly overview?: number
  /** Opens a file of which blocks are cut off; only reading these fails. */
  readonly lenient?: boolean
  /** How requests for \`http\` and \`https\` addresses are made. */
  readonly http?: HttpOptions
}

/**
 * Opens a GeoTIFF. Nothing but directories is read. Throws `InputError`: `MissingFile`, `NotTiff`, `TruncatedFile`,
 * `UnsupportedCompression`, `UnsupportedSample`, `NoCrs`, `NoGrid`, `UnknownCrs`; `EnvironmentError('CannotRead')`.
 */
export async function openRaster(path: string, options: OpenOptions = {}): Promise<Raster> {
  const source = isHttp(path) ? await openHttpSource(path, options.http) : await openSource(path)
  try {
    return await rasterOf(source, options)
  } catch (cause) {
    await source.close()
    throw cause
  }
}

async function rasterOf(source: ByteSource, options: OpenOptions): Promise<Raster> {
  const file = await readDirectories(source)
  const main = file.directories[0]!
  const full = await readImage(source, file, main, options.lenient)
  const { grid, beside } = await placeOf(main, full, source.path, options)
  const others = await companionsOf(source, file, full, options.lenient)
  const overviews = others.overviews.map(({ image }) => image)
  const close = async (): Promise<void> => {
    await others.close()
    await source.close()
  }
  try {
    const items = [...beside.items, ...parseMetadata((await main.text(TAG.gdalMetadata)) ?? '')]
    const nodataText = await main.text(TAG.gdalNodata)
    const named = Array.from({ length: full.samples }, (_, i) =>
      bandOf(items, i, parseNodata(beside.nodata[i] ?? nodataText, full.dtype)),
    )
    const bands = withColours(named, await main.number(TAG.photometric))
    const level = options.overview
    const chosen = level === undefined ? { source, image: full } : others.overviews[level]
    if (chosen === undefined) {
      throw new InputError('NoOverview', `${source.path} has ${overviews.length} overviews, not number ${level}`, {
        data: { path: source.path, overviews: overviews.length },
      })
    }
    const maskOf = (image: Image): Companion | undefined => others.masks.find((mask) => hasSize(mask.image, image))
    const mask = maskOf(chosen.image)
    return assemble(source.path, close, {
      image: imageReader(chosen.source, chosen.image),
      mask: mask && imageReader(mask.source, mask.image),
      grid: level === undefined ? grid : shrink(grid, chosen.image),
      bands,
      info: await infoOf(source, file, full, overviews, maskOf(full) !== undefined, grid, main, items),
      scales: bands.map((_, i) => numberItem(items, i, 'scale', 1)),
      offsets: bands.map((_, i) => numberItem(items, i, 'offset', 0)),
    })
  } catch (cause) {
    await others.close()
    throw cause
  }
}

/** Where the image lies, and what files beside it say. */
async function placeOf(
  directory: Directory,
  image: Image,
  path: string,
  { crs: given, http }: OpenOptions,
): Promise<{ readonly grid: Grid; readonly beside: Beside }> {
  const keys = await readGeoKeys(directory)
  const own = await readAffine(directory, keys)
  const hasCrs = given !== undefined || keys !== undefined
  const beside = await besideOf(path, { hasAffine: own !== undefined, hasCrs }, http)
  const affine = beside.affine ?? own
  const told = beside.crs === undefined ? undefined : parseCrs(beside.crs)
  const crs = given ?? told ?? (keys === undefined ? undefined : crsOfKeys(keys, path))
  if (crs === undefined) {
    throw new InputError('NoCrs', `${path} does not say which coordinate reference system it is in`, {
      hint: 'give it with --crs EPSG:32632, in a graph as the argument crs of open_collection',
      data: { path },
    })
  }
  if (affine === undefined) {
    throw new InputError('NoGrid', `${path} does not say where its pixels lie`, {
      hint: 'georeference it first (gdal_translate -a_ullr WEST NORTH EAST SOUTH INPUT OUTPUT.tif)',
      data: { path },
    })
  }
  return { grid: { crs, affine, width: image.width, height: image.height }, beside }
}

async function infoOf(
  source: ByteSource,
  file: TiffFile,
  image: Image,
  overviews: readonly Image[],
  hasMask: boolean,
  grid: Grid,
  directory: Directory,
  items: readonly MetadataItem[],
): Promise<RasterInfo> {
  const plain = items.filter((item) => item.sample === undefined && item.domain === undefined)
  const texts: [string, string][] = []
  for (const [name, tag] of Object.entries(TEXT_TAGS)) {
    const text = await directory.text(tag)
    if (text !== undefined) texts.push([name, text])
  }
  return {
    compression: image.compression,
    tiled: image.tiled,
    blockSize: [image.blockWidth, image.blockHeight],
    overviews: overviews.map((overview) => shrink(grid, overview)),
    bigTiff: file.bigTiff,
    predictor: image.predictor,
    interleave: image.pixelInterleaved && image.samples > 1 ? 'pixel' : 'band',
    colourTable: coloursOf(await directory.numbers(TAG.colorMap)),
    // The first of a name counts: files beside come before.
    metadata: Object.fromEntries([...texts, ...plain.reverse().map((item) => [item.name, item.value])]),
    hasMask,
    size: source.size,
  }
}

/** The grid of an overview: the same outer edges, fewer pixels. */
function shrink(grid: Grid, { width, height }: Image): Grid {
  const [a, b, c, d, e, f] = grid.affine
  const sx = grid.width / width
  const sy = grid.height / height
  const affine: Affine = [a * sx, b * sy, c, d * sx, e * sy, f]
  return { crs: grid.crs, affine, width, height }
}

function coloursOf(map: Float64Array | undefined): Colour[] {
  if (map === undefined) return []
  const count = map.length / 3
  // TIFF has 16 bits a colour; GDAL and everybody else means the upper 8.
  return Array.from({ length: count }, (_, i) => [map[i]! >> 8, map[i + count]! >> 8, map[i + 2 * count]! >> 8, 255])
}

/** GDAL_NODATA as a value of the sample type; undefined where it cannot occur. */
function parseNodata(text: string | undefined, dtype: DType): number | undefined {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '') return undefined
  const special: Record<string, number> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }
  const value = special[trimmed.toLowerCase()] ?? Number(trimmed)
  const { isFloat, range } = DTYPES[dtype]
  if (isFloat) return dtype === 'float32' ? Math.fround(value) : value
  return value >= range[0] && value <= range[1] ? Math.round(value) : undefined
}

function bandOf(items: readonly MetadataItem[], sample: number, nodata: number | undefined): Band {
  const description = items.find((i) => i.sample === sample && i.role === 'description')?.value
  const unit = items.find((i) => i.sample === sample && i.role === 'unittype')?.value
  const role = description === undefined ? undefined : roleOf(description)
  return {
    name: description?.trim() || `band${sample + 1}`,
    ...(role === undefined ? {} : { role }),
    ...(description === undefined ? {} : { description }),
    ...(unit === undefined ? {} : { unit }),
    ...(nodata === undefined ? {} : { nodata }),
  }
}

/** TIFF photometric interpretations whose first samples are, once decoded, red, green and blue. */
const COLOURS: ReadonlySet<number | undefined> = new Set([2, 6])

/** Roles of colours, where the file is a picture and its bands say nothing of themselves. */
function withColours(bands: readonly Band[], photometric: number | undefined): readonly Band[] {
  const isPicture = COLOURS.has(photometric) && bands.length >= 3
  if (!isPicture || bands.some(({ description }) => description !== undefined)) return bands
  const roles = ['red', 'green', 'blue']
  return bands.map((band, i) => (i < roles.length ? { ...band, role: roles[i]! } : band))
}

function numberItem(items: readonly MetadataItem[], sample: number, role: string, otherwise: number): number {
  const value = Number(items.find((i) => i.sample === sample && i.role === role)?.value)
  return Number.isFinite(value) ? value : otherwise
}

interface Parts {
  readonly image: ImageReader
  readonly mask: ImageReader | undefined
  readonly grid: Grid
  readonly bands: readonly Band[]
  readonly info: RasterInfo
  readonly scales: readonly number[]
  readonly offsets: readonly number[]
}

function assemble(path: string, close: () => Promise<void>, parts: Parts): Raster {
  const { image, mask, grid, bands, scales, offsets } = parts
  const all = bands.map((_, i) => i)
  const nodata = bands.map((band) => band.nodata)
  const fill = nodata[0] ?? 0
  const readRaw: Raster['readRaw'] = (window, wanted = all, options = {}) => {
    throwIfAborted(options.signal)
    return image.read(window, wanted, fill, options)
  }
  return {
    dims: ['bands', 'y', 'x'],
    bands,
    grid,
    label: path,
    path,
    dtype: image.image.dtype,
    info: parts.info,
    scales,
    offsets,
    readRaw,
    readRawTo: async (target, window, wanted, options = {}) => {
      throwIfAborted(options.signal)
      await image.readTo(target, window, wanted, fill, options)
    },
    ...(mask === undefined ? {} : { readMask: (window, options) => mask.read(window, [0], 0, options) }),
    read: async (window, options) => {
      const raw = await readRaw(window, all, options)
      const values = physical(raw, window.width * window.height, nodata, scales, offsets)
      if (nodata.some((value) => !Object.is(value, fill))) blankOutside(values, window, grid)
      if (mask !== undefined) applyMask(values, await mask.read(window, [0], 0, options))
      return values
    },
    close,
  }
}

/** Stored to physical values: nodata to NaN, then scale and offset. */
function physical(
  raw: TypedArray,
  size: number,
  nodatas: readonly (number | undefined)[],
  scales: readonly number[],
  offsets: readonly number[],
): Float32Array<ArrayBuffer> {
  // float32 holds these exactly, so nodata can be compared and values scaled after the (fast) conversion.
  const exact = raw.BYTES_PER_ELEMENT < 4 || raw instanceof Float32Array
  const out = raw instanceof Float32Array ? raw : new Float32Array(raw)
  for (const [b, scale] of scales.entries()) {
    const offset = offsets[b]!
    const nodata = nodatas[b]
    if (!exact) scaleWide(raw, out, b * size, size, nodata, scale, offset)
    else if (scale !== 1 || offset !== 0) scaleExact(out, b * size, size, nodata, scale, offset)
    else if (nodata !== undefined && !Number.isNaN(nodata)) blank(out, b * size, size, nodata)
  }
  return out
}

function blank(out: Float32Array, at: number, size: number, nodata: number): void {
  for (let i = at; i < at + size; i++) if (out[i] === nodata) out[i] = Number.NaN
}

function scaleExact(
  out: Float32Array,
  at: number,
  size: number,
  nodata: number | undefined,
  scale: number,
  offset: number,
): void {
  const none = nodata ?? Number.NaN
  for (let i = at; i < at + size; i++) {
    const v = out[i]!
    out[i] = v === none ? Number.NaN : v * scale + offset
  }
}

function scaleWide(
  raw: TypedArray,
  out: Float32Array,
  at: number,
  size: number,
  nodata: number | undefined,
  scale: number,
  offset: number,
): void {
  const none = nodata ?? Number.NaN
  for (let i = at; i < at + size; i++) {
    const v = raw[i]!
    out[i] = v === none ? Number.NaN : v * scale + offset
  }
}

/** Without a nodata value the part of a window beyond the grid would look like zeros. */
function blankOutside(values: Float32Array, window: Window, grid: Grid): void {
  const { column, row, width, height } = window
  if (column >= 0 && row >= 0 && column + width <= grid.width && row + height <= grid.height) return
  const bands = values.length / Math.max(1, width * height)
  for (let b = 0; b < bands; b++) {
    for (let r = 0; r < height; r++) {
      const at = (b * height + r) * width
      const rowInside = row + r >= 0 && row + r < grid.height
      const from = rowInside ? Math.max(0, Math.min(width, -column)) : width
      const to = rowInside ? Math.max(0, Math.min(width, grid.width - column)) : width
      values.fill(Number.NaN, at, at + from)
      values.fill(Number.NaN, at + Math.max(from, to), at + width)
    }
  }
}

function applyMask(values: Float32Array, mask: TypedArray): void {
  const size = mask.length
  if (size === 0) return
  for (let i = 0; i < values.length; i++) if (mask[i % size] === 0) values[i] = Number.NaN
}
