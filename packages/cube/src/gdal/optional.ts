/**
 * JPEG 2000, GRIB and other formats that only GDAL reads, through the package `gdal-async` where the user has installed
 * it. The only file that knows of that package; nothing else depends on it.
 */
import { EnvironmentError, InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import { spatialDimensions } from '../geotiff/array-source.ts'
import type { ArraySource } from '../model/array-source.ts'
import type { Packing } from '../model/block.ts'
import type { BandsDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { corruptChunk } from '../netcdf/file.ts'
import { roleOf } from '../roles.ts'
import type { Band, DType, Grid } from '../types.ts'

/** What is used of `gdal-async` (3.x). */
export interface GdalBand {
  readonly dataType: string
  readonly noDataValue: number | null
  readonly scale: number | null
  readonly offset: number | null
  readonly unitType: string
  readonly description: string
  readonly blockSize: { readonly x: number; readonly y: number }
  readonly pixels: {
    readAsync(x: number, y: number, width: number, height: number, data?: TypedArray): Promise<TypedArray>
  }
}
export interface GdalDataset {
  readonly rasterSize: { readonly x: number; readonly y: number }
  readonly geoTransform: readonly number[] | null
  readonly srs: { toWKT(): string } | null
  readonly bands: { count(): number; get(id: number): GdalBand }
  close(): void
}
export interface GdalModule {
  openAsync(path: string, mode?: string): Promise<GdalDataset>
}

/** Loads the package; replaced in tests. */
export type GdalLoader = () => Promise<unknown>

// A name that the compiler does not look up: the package need not be there.
const NAME: string = 'gdal-async'
const load: GdalLoader = () => import(NAME)

async function gdal(path: string, loader: GdalLoader): Promise<GdalModule> {
  try {
    const module = (await loader()) as GdalModule & { default?: GdalModule }
    return module.default ?? module
  } catch (cause) {
    throw new EnvironmentError('NeedsGdal', `${path} can only be read by GDAL, which is not installed`, {
      hint: 'npm install gdal-async, or convert the file: gdal_translate -of COG IN OUT.tif',
      data: { path, package: NAME },
      cause,
    })
  }
}

const TYPES: Readonly<Record<string, DType>> = {
  Byte: 'uint8',
  Int8: 'int8',
  UInt16: 'uint16',
  Int16: 'int16',
  UInt32: 'uint32',
  Int32: 'int32',
  Float32: 'float32',
  Float64: 'float64',
}

/**
 * A file as dimensions bands, y, x. Throws EnvironmentError `NeedsGdal` where `gdal-async` is not installed, InputError
 * `CorruptFile` where GDAL cannot open it.
 */
export async function gdalSource(path: string, loader: GdalLoader = load): Promise<ArraySource> {
  const library = await gdal(path, loader)
  const dataset = await library.openAsync(path, 'r').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new InputError('CorruptFile', `${path}: GDAL cannot open it (${why})`, { data: { path }, cause })
  })
  try {
    const bands = Array.from({ length: dataset.bands.count() }, (_, i) => dataset.bands.get(i + 1))
    if (bands.length === 0) throw new InputError('NoBands', `${path} holds no raster bands`, { data: { path } })
    const schema = schemaOf(dataset, bands)
    const { x, y } = bands[0]!.blockSize
    return {
      schema,
      handle: { format: 'GDAL', path },
      chunks: [1, Math.max(1, Math.min(y, dataset.rasterSize.y)), Math.max(1, Math.min(x, dataset.rasterSize.x))],
      read: (region, options) => read(path, bands, schema, region, options),
      close: async () => dataset.close(),
    }
  } catch (error) {
    dataset.close()
    throw error
  }
}

function schemaOf({ rasterSize, geoTransform, srs }: GdalDataset, bands: readonly GdalBand[]): CubeSchema {
  const described = bands.map((band, i): Band => {
    const name = band.description || `band_${i + 1}`
    const role = roleOf(name)
    return {
      name,
      ...(role === undefined ? {} : { role }),
      ...(band.unitType === '' ? {} : { unit: band.unitType }),
      ...(band.noDataValue === null ? {} : { nodata: band.noDataValue }),
    }
  })
  const names = described.map(({ name }, i) =>
    described.findIndex((other) => other.name === name) === i ? name : `${name}_${i + 1}`,
  )
  const dimension: BandsDimension = {
    type: 'bands',
    name: 'bands',
    labels: names,
    bands: described.map((band, i) => ({ ...band, name: names[i]! })),
  }
  const [c = 0, a = 1, b = 0, f = 0, d = 0, e = 1] = geoTransform ?? []
  const size = { width: rasterSize.x, height: rasterSize.y }
  const crs = srs === null ? undefined : parseCrs(srs.toWKT())
  const place = { affine: [a, b, c, d, e, f], ...size } as const
  // Axes are made from a grid; without a CRS it is one of pixel numbers that nobody sees.
  const grid: Grid = { crs: crs ?? parseCrs('EPSG:4326'), ...place }
  const axes = spatialDimensions(grid).map(({ unit, ...axis }) =>
    crs === undefined || unit === undefined ? axis : { ...axis, unit },
  )
  return { dims: [dimension, ...axes], ...(crs === undefined ? {} : { grid }), packing: packingOf(bands) }
}

/** The packing that all bands share; where they differ, physical values as float64. */
function packingOf(bands: readonly GdalBand[]): Packing {
  const [first] = bands.map(bandPacking)
  return bands.every((band) => isSame(bandPacking(band), first!)) ? first! : { dtype: 'float64', scale: 1, offset: 0 }
}

function bandPacking({ dataType, noDataValue, scale, offset }: GdalBand): Packing {
  const nodata = noDataValue === null || Number.isNaN(noDataValue) ? {} : { nodata: noDataValue }
  return { dtype: TYPES[dataType] ?? 'float64', ...nodata, scale: scale ?? 1, offset: offset ?? 0 }
}

const isSame = (a: Packing, b: Packing): boolean =>
  a.dtype === b.dtype && a.nodata === b.nodata && a.scale === b.scale && a.offset === b.offset

async function read(
  path: string,
  bands: readonly GdalBand[],
  { packing }: CubeSchema,
  region: Region,
  options: WorkOptions = {},
): Promise<TypedArray> {
  const [first = 0, row = 0, column = 0] = region.start
  const [count = 0, height = 0, width = 0] = region.shape
  const out = newArray(packing.dtype, cellCount(region.shape))
  for (let i = 0; i < count; i++) {
    throwIfAborted(options.signal)
    const band = bands[first + i]!
    const own = bandPacking(band)
    const cells = newArray(own.dtype, width * height)
    try {
      await band.pixels.readAsync(column, row, width, height, cells)
    } catch (cause) {
      const { x, y } = band.blockSize
      throw corruptChunk(path, 'raster', [first + i, Math.floor(row / y), Math.floor(column / x)], cause)
    }
    out.set(isSame(own, packing) ? cells : physical(cells, own), i * width * height)
  }
  return out
}

function physical(cells: TypedArray, { dtype, nodata, scale, offset }: Packing): Float64Array {
  const missing = nodata === undefined ? undefined : DTYPES[dtype].view(new ArrayBuffer(8), 0, 1).fill(nodata)[0]
  return Float64Array.from(cells, (value) => (value === missing ? Number.NaN : value * scale + offset))
}

/** First bytes and extensions of what is handed to GDAL. */
export const GDAL_EXTENSIONS: readonly string[] = ['.jp2', '.j2k', '.grib', '.grib2', '.grb', '.grb2']

/** JPEG 2000 (container or codestream) or GRIB by the first bytes. */
export function needsGdal(head: Uint8Array): boolean {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte)
  return (
    starts(0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20) || starts(0xff, 0x4f, 0xff, 0x51) || starts(0x47, 0x52, 0x49, 0x42)
  )
}
