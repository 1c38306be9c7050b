/** A GeoTIFF as an array of dimensions bands, y, x: cells as the file stores them, chunks are its tiles or strips. */
import { fileURLToPath } from 'node:url'
import { InputError, type WorkOptions } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import { isNorthUp } from '../grid.ts'
import type { ArraySource, Place, SourceHandle } from '../model/array-source.ts'
import type { Packing } from '../model/block.ts'
import { type BandsDimension, labelsOf, type SpatialDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import type { Region } from '../model/region.ts'
import { openRaster, type Raster } from '../raster.ts'
import type { Band, DType, Grid, Window } from '../types.ts'
import type { HttpOptions } from './http-source.ts'
import { PERIOD_ITEM, saysTruth } from './sink-layout.ts'

export interface GeotiffOptions {
  /** Opens an internal overview, 0 the finest, instead of the full resolution. */
  readonly overview?: number
  /** Text of a coordinate reference system that is used instead of the file's own. */
  readonly crs?: string
  readonly http?: HttpOptions
}

/**
 * Opens a GeoTIFF by path, `file:` or `http(s):` address. Throws what `openRaster` throws; a file whose end is cut off
 * opens, and reading what is missing throws InputError `CorruptChunk` (`data: { path, chunk }`, the chunk's position
 * along bands, y, x).
 */
export async function geotiffSource(path: string | URL, options: GeotiffOptions = {}): Promise<ArraySource> {
  const place = placeOf(path)
  const { overview, crs, http } = options
  const raster = await openRaster(place, {
    lenient: true,
    ...(overview === undefined ? {} : { overview }),
    ...(crs === undefined ? {} : { crs: parseCrs(crs) }),
    ...(http === undefined ? {} : { http }),
  })
  const handle: SourceHandle = {
    format: 'GTiff',
    path: place,
    ...(overview === undefined ? {} : { overview }),
    ...(crs === undefined ? {} : { crs }),
  }
  return sourceOf(
    raster,
    handle,
    raster.bands.map((_, i) => i),
  )
}

/** Opens what a handle of `geotiffSource` names. */
export async function geotiffFromHandle(handle: SourceHandle): Promise<ArraySource> {
  const { overview, crs, bands } = handle as { overview?: number; crs?: string; bands?: readonly number[] }
  const options = { ...(overview === undefined ? {} : { overview }), ...(crs === undefined ? {} : { crs }) }
  const source = await geotiffSource(handle.path, options)
  return bands === undefined ? source : source.narrow!(0, bands)!
}

function placeOf(path: string | URL): string {
  const text = String(path)
  return text.startsWith('file:') ? fileURLToPath(text) : text
}

function sourceOf(raster: Raster, handle: SourceHandle, bands: readonly number[]): ArraySource {
  const { grid, info } = raster
  const [blockWidth, blockHeight] = info.blockSize
  const { isStored, ...packing } = packingOf(raster, bands)
  const schema: CubeSchema = {
    dims: [bandsDimension(bands.map((i) => raster.bands[i]!)), ...spatialDimensions(grid)],
    grid,
    packing,
    ...unitOf(raster, bands),
  }
  const together = info.interleave === 'pixel' ? bands.length : 1
  const blocks = Math.ceil(grid.width / blockWidth) * Math.ceil(grid.height / blockHeight)
  const perBand = info.interleave === 'pixel' ? blocks : blocks * raster.bands.length
  const period = info.metadata[PERIOD_ITEM]
  const isWhole = handle.overview === undefined
  return {
    schema,
    handle,
    chunks: [Math.max(1, together), Math.min(blockHeight, grid.height), Math.min(blockWidth, grid.width)],
    ...(period === undefined ? {} : { period }),
    ...(isWhole ? { storedChunkBytes: Math.round(info.size / perBand) } : {}),
    read: (region, options) => readRegion(raster, packing, isStored, bands, region, options),
    ...(isStored && raster.readMask === undefined
      ? { readTo: (region, place, options) => readRegionTo(raster, bands, region, place, options) }
      : {}),
    narrow: (dimension, indices) => {
      if (dimension !== 0) return undefined
      const kept = indices.map((i) => bands[i]!)
      return sourceOf(raster, { ...handle, bands: kept }, kept)
    },
    close: () => raster.close(),
  }
}

/** The dimension `bands` of a file's bands; names that occur twice get their number. */
function bandsDimension(bands: readonly Band[]): BandsDimension {
  const seen = new Set<string>()
  const named = bands.map((band, i) => {
    const name = seen.has(band.name) ? `${band.name}_${i + 1}` : band.name
    seen.add(name)
    return { ...band, name }
  })
  return { type: 'bands', name: 'bands', labels: named.map((band) => band.name), bands: named }
}

/** The dimensions y and x of a grid: centres of pixels, of a rotated grid numbers of pixels + 0.5. */
export function spatialDimensions(grid: Grid): [y: SpatialDimension, x: SpatialDimension] {
  if (!(Math.max(grid.width, grid.height) <= MOST_PIXELS)) throw tooFine(grid)
  const [a, , c, , e, f] = isNorthUp(grid) ? grid.affine : [1, 0, 0, 0, 1, 0]
  const unit = isNorthUp(grid) ? { unit: grid.crs.unit } : {}
  const labels = (count: number, step: number, start: number): number[] =>
    labelsOf(count, (i) => start + step * (i + 0.5))
  return [
    { type: 'spatial', name: 'y', axis: 'y', labels: labels(grid.height, e, f), ...unit },
    { type: 'spatial', name: 'x', axis: 'x', labels: labels(grid.width, a, c), ...unit },
  ]
}

/** Pixels along an axis, each of which has a label. The world in pixels of 1 m has less than half of them. */
const MOST_PIXELS = 1e8

const tooFine = ({ width, height }: Grid): InputError =>
  new InputError('GridTooLarge', `a grid of ${width} x ${height} pixels is too large`, {
    hint: 'check the resolution: it is in units of the coordinate reference system, degrees or metres',
    data: { width, height, most: MOST_PIXELS },
  })

function unitOf(raster: Raster, bands: readonly number[]): { unit?: string } {
  const unit = bands.length === 0 ? undefined : raster.bands[bands[0]!]!.unit
  return unit !== undefined && bands.every((i) => raster.bands[i]!.unit === unit) ? { unit } : {}
}

/** Whether float32 holds every stored value exactly. */
const isNarrow = (dtype: DType): boolean => DTYPES[dtype].bytes < 4 || dtype === 'float32'

/** The file's own packing, or physical floats where bands differ in it or a mask has no value to stand for it. */
function packingOf(raster: Raster, bands: readonly number[]): Packing & { readonly isStored: boolean } {
  const first = bands[0] ?? 0
  const scale = raster.scales[first] ?? 1
  const offset = raster.offsets[first] ?? 0
  const nodata = raster.bands[first]?.nodata
  const same = bands.every(
    (i) => raster.scales[i] === scale && raster.offsets[i] === offset && Object.is(raster.bands[i]?.nodata, nodata),
  )
  const masks = raster.readMask === undefined || nodata !== undefined || DTYPES[raster.dtype].isFloat
  if (!(same && masks)) {
    return { dtype: isNarrow(raster.dtype) ? 'float32' : 'float64', scale: 1, offset: 0, isStored: false }
  }
  const isBoolean = raster.dtype === 'uint8' && scale === 1 && offset === 0 && saysTruth(raster.info.metadata)
  return {
    dtype: raster.dtype,
    ...(nodata === undefined ? {} : { nodata }),
    scale,
    offset,
    ...(isBoolean ? { isBoolean } : {}),
    isStored: true,
  }
}

async function readRegion(
  raster: Raster,
  packing: Packing,
  isStored: boolean,
  bands: readonly number[],
  region: Region,
  options: WorkOptions | undefined,
): Promise<TypedArray> {
  const { window, wanted } = windowOf(region, bands)
  try {
    const raw = await raster.readRaw(window, wanted, options)
    const data = isStored ? raw : unpacked(raster, packing.dtype, wanted, raw)
    if (raster.readMask !== undefined) {
      const missing = packing.nodata ?? Number.NaN
      applyMask(data, await raster.readMask(window, options), missing)
    }
    return data
  } catch (cause) {
    throw chunkError(raster, cause)
  }
}

/** False where the cells of a row would not follow one another. */
async function readRegionTo(
  raster: Raster,
  bands: readonly number[],
  region: Region,
  { buffer, byteOffset, strides, length }: Place,
  options: WorkOptions | undefined,
): Promise<boolean> {
  const [bandStride = 0, rowStride = 0, step = 1] = strides
  if (step !== 1) return false
  const { window, wanted } = windowOf(region, bands)
  const samples = DTYPES[raster.dtype].view(buffer, byteOffset, length)
  try {
    await raster.readRawTo({ samples, bandStride, rowStride }, window, wanted, options)
    return true
  } catch (cause) {
    throw chunkError(raster, cause)
  }
}

function windowOf({ start, shape }: Region, bands: readonly number[]): { window: Window; wanted: readonly number[] } {
  const [band = 0, row = 0, column = 0] = start
  const [count = 0, height = 0, width = 0] = shape
  return { window: { column, row, width, height }, wanted: bands.slice(band, band + count) }
}

/** Physical values of bands that are packed each in its own way. */
function unpacked(raster: Raster, dtype: DType, bands: readonly number[], raw: TypedArray): TypedArray {
  const out = newArray(dtype, raw.length)
  const size = raw.length / Math.max(1, bands.length)
  for (const [k, band] of bands.entries()) {
    const nodata = raster.bands[band]!.nodata ?? Number.NaN
    const [scale, offset] = [raster.scales[band]!, raster.offsets[band]!]
    for (let i = k * size; i < (k + 1) * size; i++) {
      const v = raw[i]!
      out[i] = v === nodata ? Number.NaN : v * scale + offset
    }
  }
  return out
}

function applyMask(data: TypedArray, mask: TypedArray, missing: number): void {
  const size = mask.length
  for (let at = 0; at < data.length; at += size) {
    for (let i = 0; i < size; i++) if (mask[i] === 0) data[at + i] = missing
  }
}

/** Damage of a block as damage of a chunk, with the chunk's position; other errors as they are. */
function chunkError(raster: Raster, cause: unknown): unknown {
  if (!(cause instanceof InputError) || typeof cause.data.block !== 'number') return cause
  const { block } = cause.data
  const across = Math.ceil(raster.grid.width / raster.info.blockSize[0])
  const down = Math.ceil(raster.grid.height / raster.info.blockSize[1])
  const inPlane = block % (across * down)
  const chunk = [Math.floor(block / (across * down)), Math.floor(inPlane / across), inPlane % across]
  return new InputError('CorruptChunk', cause.message, {
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    data: { ...cause.data, path: raster.path, chunk },
    cause,
  })
}
