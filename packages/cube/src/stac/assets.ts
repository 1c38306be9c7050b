/** Assets of items as images: which hold data, what their bands are called, how their numbers are packed. */
import type { ArraySource } from '../model/array-source.ts'
import type { Packing } from '../model/block.ts'
import type { Band } from '../types.ts'
import type { StacAsset, StacBand, StacItem } from './types.ts'

/** Roles of assets that show or describe data but are none. */
const ASIDE = new Set(['thumbnail', 'overview', 'metadata', 'visual', 'date', 'tilejson', 'sun-azimuth-grid'])
const RASTER = /tiff?|geotiff|cog|jp2|jpeg2000|netcdf|x-hdf|zarr|grib/i

/** Keys and assets that hold rasters; with `wanted`, those of these names. */
export function dataAssets(item: StacItem, wanted?: readonly string[]): [key: string, asset: StacAsset][] {
  return Object.entries(item.assets).filter(([key, asset]) => {
    if (wanted !== undefined) return wanted.includes(key)
    const { roles = [], type, href } = asset
    if (roles.some((role) => ASIDE.has(role)) && !roles.includes('data')) return false
    return type === undefined ? /\.(tiff?|jp2|nc4?|zarr|h5|grib2?|grb2?)(\?.*)?$/i.test(href) : RASTER.test(type)
  })
}

/** Format of an asset by its media type; undefined leaves it to the content. */
export function formatOfType(type: string | undefined): string | undefined {
  if (type === undefined) return undefined
  const found = Object.entries({ zarr: 'Zarr', netcdf: 'netCDF', geotiff: 'GTiff' }).find(([word]) =>
    type.includes(word),
  )
  return found?.[1]
}

/** Common names of the EO extension where they differ from the roles here. */
const ROLES: Readonly<Record<string, string>> = {
  rededge: 'redEdge',
  rededge071: 'redEdge',
  swir16: 'swir1',
  swir22: 'swir2',
}

/** Bands that asset and item describe, in order; undefined where they say nothing. */
export function bandsOfAsset(key: string, asset: StacAsset, item: StacItem): readonly StacBand[] | undefined {
  const shared = asset.bands ?? (item.properties.bands as readonly StacBand[] | undefined)
  const names = shared ?? asset['eo:bands']
  const packings = asset['raster:bands']
  const count = Math.max(names?.length ?? 0, packings?.length ?? 0)
  if (count === 0) return undefined
  const bands = Array.from({ length: count }, (_, i): StacBand => ({ ...packings?.[i], ...names?.[i] }))
  // Of an asset with one nameless band the key is what everybody calls it.
  return count === 1 && bands[0]!.name === undefined ? [{ ...bands[0], name: key }] : bands
}

/** A described band as a band of a cube. */
export function bandOf(band: StacBand): Partial<Band> {
  const common = band['eo:common_name'] ?? band.common_name
  const wavelength = band['eo:center_wavelength'] ?? band.center_wavelength
  return {
    ...(band.name === undefined ? {} : { name: band.name }),
    ...(common === undefined ? {} : { role: ROLES[common] ?? common }),
    ...(band.description === undefined ? {} : { description: band.description }),
    ...(band.unit === undefined ? {} : { unit: band.unit }),
    ...(wavelength === undefined ? {} : { wavelengthMicrometres: wavelength }),
  }
}

/** Whether nodata, scale and offset of the metadata are the same for all bands. */
export function isPackedAlike(asset: StacAsset, bands: readonly StacBand[] | undefined): boolean {
  const of = (band: StacBand | undefined): StacBand => ({ ...assetPacking(asset), ...band })
  return (bands ?? []).every((band) => isSame(of(band), of(bands?.[0])))
}

/** The source with nodata, scale and offset of the metadata of a band where the file itself has none. */
export function described(
  source: ArraySource,
  asset: StacAsset,
  band: StacBand | undefined,
  isScaled: boolean,
): ArraySource {
  const { packing } = source.schema
  const first: StacBand = { ...assetPacking(asset), ...band }
  const nodata = numberOf(first.nodata)
  const isPlain = packing.scale === 1 && packing.offset === 0
  const scale = isPlain && isScaled ? (first['raster:scale'] ?? first.scale ?? 1) : packing.scale
  const offset = isPlain && isScaled ? (first['raster:offset'] ?? first.offset ?? 0) : packing.offset
  const whole: Packing = {
    ...packing,
    scale,
    offset,
    ...(packing.nodata === undefined && nodata !== undefined ? { nodata } : {}),
  }
  if (whole.scale === packing.scale && whole.offset === packing.offset && whole.nodata === packing.nodata) return source
  return { ...source, schema: { ...source.schema, packing: whole } }
}

const assetPacking = (asset: StacAsset): StacBand => ({
  ...(asset.nodata === undefined ? {} : { nodata: asset.nodata }),
  ...(typeof asset['raster:scale'] === 'number' ? { 'raster:scale': asset['raster:scale'] } : {}),
  ...(typeof asset['raster:offset'] === 'number' ? { 'raster:offset': asset['raster:offset'] } : {}),
})

const isSame = (a: StacBand, b: StacBand): boolean =>
  (['nodata', 'scale', 'offset', 'raster:scale', 'raster:offset'] as const).every((key) => Object.is(a[key], b[key]))

function numberOf(value: StacBand['nodata']): number | undefined {
  if (value === null || value === undefined) return undefined
  const number =
    value === 'nan' ? Number.NaN : value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value)
  // Missing as NaN is how floats have it anyway.
  return Number.isNaN(number) ? undefined : number
}

/** Text of the CRS that asset or item name (projection extension 1 and 2). */
export function crsOfAsset(asset: StacAsset, item: StacItem): string | undefined {
  const of = (key: string): unknown => asset[key] ?? item.properties[key]
  const code = of('proj:code')
  if (typeof code === 'string') return code
  const epsg = of('proj:epsg')
  if (typeof epsg === 'number') return `EPSG:${epsg}`
  const wkt = of('proj:wkt2')
  return typeof wkt === 'string' ? wkt : undefined
}

/** The instant that an item stands for, as written by `toISOString` without needless fractions. */
export function instantOfItem(item: StacItem, asset: StacAsset): string | undefined {
  const { properties } = item
  for (const value of [asset.datetime, properties.datetime, asset.start_datetime, properties.start_datetime]) {
    const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
    if (!Number.isNaN(ms)) return new Date(ms).toISOString().replace(/\.000Z$/, 'Z')
  }
  return undefined
}
