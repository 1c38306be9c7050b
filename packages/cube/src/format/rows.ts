/** Rows of the table of formats. Readers and writers are loaded when the first file of their format is met. */
import { InputError } from '@ecotope/core'
import { refuseOptions, type SinkFormat } from '../execute/sink.ts'
import { GDAL_EXTENSIONS, gdalSource, needsGdal } from '../gdal/optional.ts'
import type { ArraySource } from '../model/array-source.ts'
import type { FormatRow, OpenedLayers } from './layers.ts'
import { isUrl, startsWith } from './sniff.ts'

const nameOf = (path: string): string =>
  (isUrl(path) ? path.replace(/[?#].*$/, '') : path)
    .replace(/\/+$/, '')
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.[^.]+$/, '')

/** A file that is one array. */
const single = (format: string, path: string, source: ArraySource): OpenedLayers => ({
  format,
  path,
  layers: [{ name: nameOf(path), source }],
  close: () => source.close(),
})

const closeAll = (sources: readonly ArraySource[]) => async (): Promise<void> => {
  for (const source of sources) await source.close()
}

/** With the option `longitudes: "-180"`, longitudes of 0 to 360 become those of -180 to 180. */
async function turned<L extends { readonly source: ArraySource }>(
  layers: readonly L[],
  { longitudes }: Readonly<Record<string, unknown>>,
): Promise<L[]> {
  if (longitudes === undefined) return [...layers]
  if (String(longitudes) !== '-180') {
    throw new InputError('BadOption', `longitudes cannot start at ${JSON.stringify(longitudes)}`, {
      hint: 'give "-180", or leave them as they are stored',
      data: { longitudes },
    })
  }
  const { westToEast } = await import('../cf/longitudes.ts')
  return layers.map((layer) => ({ ...layer, source: westToEast(layer.source) }))
}

/** A sink whose module is loaded when it is used. */
function lazySink(
  format: string,
  extensions: readonly string[],
  load: () => Promise<SinkFormat>,
  resumes = false,
): SinkFormat {
  return {
    format,
    extensions,
    resumes,
    create: async (path, schema, options) => {
      const sink = await load()
      refuseOptions(sink, options.options)
      return sink.create(path, schema, options)
    },
    encoder: async (handle) => (await load()).encoder(handle),
  }
}

const isTiff = (head: Uint8Array): boolean =>
  ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => startsWith(head, magic))

const geotiff: FormatRow = {
  format: 'GTiff',
  aliases: ['geotiff', 'tiff', 'tif', 'cog'],
  extensions: ['.tif', '.tiff'],
  sniff: isTiff,
  open: async (path, { crs, options = {} }) => {
    const { geotiffSource } = await import('../geotiff/array-source.ts')
    const overview = typeof options.overview === 'number' ? { overview: options.overview } : {}
    const source = await geotiffSource(path, { ...overview, ...(crs === undefined ? {} : { crs }) })
    return single('GTiff', path, (await turned([{ source }], options))[0]!.source)
  },
  handleOpen: async (handle) => {
    const source = await (await import('../geotiff/array-source.ts')).geotiffFromHandle(handle)
    return (await turned([{ source }], handle))[0]!.source
  },
  sink: lazySink('GTiff', ['.tif', '.tiff'], async () => (await import('../geotiff/sink.ts')).geotiffSink, true),
}

const zarr: FormatRow = {
  format: 'Zarr',
  aliases: ['zarr2', 'zarr3', 'zarr v2', 'zarr v3', 'n5'],
  extensions: ['.zarr', '.zarr.zip', '.levels', '.n5'],
  marks: ['zarr.json', '.zgroup', '.zarray', '.zmetadata', 'attributes.json'],
  open: async (path, { crs, options = {} }) => {
    const { openZarr } = await import('../zarr/array-source.ts')
    const level = typeof options.level === 'number' ? { level: options.level } : {}
    const { variables, refused, close } = await openZarr(path, { ...level, ...(crs === undefined ? {} : { crs }) })
    const [reason] = refused.values()
    if (variables.length === 0 && reason !== undefined) {
      await close()
      throw reason
    }
    return { format: 'Zarr', path, layers: await turned(variables, options), refused: [...refused.values()], close }
  },
  handleOpen: async (handle) => {
    const source = await (await import('../zarr/array-source.ts')).zarrFromHandle(handle)
    return (await turned([{ source }], handle))[0]!.source
  },
  sink: lazySink('Zarr', ['.zarr'], async () => (await import('../zarr/sink.ts')).zarrSink, true),
}

const HDF5 = '\x89HDF\r\n\x1a\n'
const isNetcdf = (head: Uint8Array): boolean =>
  ['CDF\x01', 'CDF\x02', 'CDF\x05', HDF5].some((magic) => startsWith(head, magic))

const netcdf: FormatRow = {
  format: 'netCDF',
  aliases: ['netcdf3', 'netcdf4', 'nc', 'hdf5', 'h5'],
  extensions: ['.nc', '.nc4', '.cdf', '.h5', '.hdf5'],
  sniff: isNetcdf,
  open: async (path, { crs, options = {} }) => {
    const { netcdfSources } = await import('../netcdf/array-source.ts')
    const sources = await netcdfSources(path, crs)
    const layers = sources.map((source) => ({ name: String(source.handle.variable ?? nameOf(path)), source }))
    return { format: 'netCDF', path, layers: await turned(layers, options), close: closeAll(sources) }
  },
  handleOpen: async (handle) => (await import('../netcdf/array-source.ts')).netcdfFromHandle(handle),
  sink: lazySink('netCDF', ['.nc', '.nc4'], async () => (await import('../netcdf/sink.ts')).netcdfSink),
}

const npy: FormatRow = {
  format: 'npy',
  aliases: ['numpy'],
  extensions: ['.npy'],
  sniff: (head) => startsWith(head, '\x93NUMPY'),
  open: async (path) => single('npy', path, await (await import('../npy/npy.ts')).npySource(path)),
  handleOpen: async (handle) => (await import('../npy/npy.ts')).npyFromHandle(handle),
  sink: lazySink('npy', ['.npy'], async () => (await import('../npy/sink.ts')).npySink),
}

const npz: FormatRow = {
  format: 'npz',
  aliases: [],
  extensions: ['.npz'],
  open: async (path) => {
    const layers = await (await import('../npy/npy.ts')).npzSources(path)
    return { format: 'npz', path, layers, close: closeAll(layers.map(({ source }) => source)) }
  },
  handleOpen: async (handle) => (await import('../npy/npy.ts')).npyFromHandle(handle),
}

const hgt: FormatRow = {
  format: 'SRTMHGT',
  aliases: ['hgt'],
  extensions: ['.hgt', '.hgt.zip'],
  open: async (path) => {
    const source = await (await import('../hgt.ts')).hgtSource(path)
    // Tiles are one layer, whose name is not that of a corner.
    return { ...single('SRTMHGT', path, source), layers: [{ name: 'dem', source }] }
  },
  handleOpen: async (handle) => (await import('../hgt.ts')).hgtSource(handle.path),
}

/** Tables: points where they have coordinates, else series by their times. */
const tables: readonly FormatRow[] = [
  {
    format: 'CSV',
    aliases: ['tsv'],
    extensions: ['.csv', '.tsv'],
    isTable: true,
    open: (path, { options = {} }) => openTable('CSV', path, options),
    handleOpen: async (handle) => (await import('./tables.ts')).tableFromHandle(handle),
    sink: lazySink('CSV', ['.csv'], async () => (await import('../table/sink.ts')).csvSink),
  },
  {
    format: 'Parquet',
    aliases: ['geoparquet'],
    extensions: ['.parquet', '.geoparquet'],
    isTable: true,
    sniff: (head) => startsWith(head, 'PAR1'),
    open: (path, { options = {} }) => openTable('Parquet', path, options),
    handleOpen: async (handle) => (await import('./tables.ts')).tableFromHandle(handle),
    sink: lazySink('Parquet', ['.parquet'], async () => (await import('./tables.ts')).parquetSink),
  },
]

const openTable = async (
  format: string,
  path: string,
  options: Readonly<Record<string, unknown>>,
): Promise<OpenedLayers> => single(format, path, await (await import('./tables.ts')).tableSource(format, path, options))

/** Formats of features: name, alias, extension. */
const VECTORS = [
  ['GeoJSON', 'geo+json', '.geojson'],
  ['GPKG', 'geopackage', '.gpkg'],
  ['FlatGeobuf', 'fgb', '.fgb'],
] as const

/** What only GDAL reads, where the user has installed it. */
const gdal: FormatRow = {
  format: 'GDAL',
  aliases: ['jp2', 'jpeg2000', 'jp2openjpeg', 'grib'],
  extensions: GDAL_EXTENSIONS,
  sniff: needsGdal,
  open: async (path) => single('GDAL', path, await gdalSource(path)),
  handleOpen: ({ path }) => gdalSource(path),
}

/** Formats that are only written. */
const written: readonly FormatRow[] = [
  {
    format: 'JSON',
    aliases: [],
    extensions: [],
    sink: lazySink('JSON', ['.json'], async () => (await import('./json.ts')).jsonSink),
  },
  ...VECTORS.map(([format, alias, extension]): FormatRow => {
    const load = async () => (await import('./vectors.ts')).vectorSink(format, extension)
    return { format, aliases: [alias], extensions: [], sink: lazySink(format, [extension], load) }
  }),
  {
    format: 'PNG',
    aliases: [],
    extensions: [],
    sink: lazySink('PNG', ['.png'], async () => (await import('../picture/sink.ts')).pngSink),
  },
  {
    format: 'SVG',
    aliases: [],
    extensions: [],
    sink: lazySink('SVG', ['.svg'], async () => (await import('../picture/sink.ts')).svgSink),
  },
]

/** In the order in which first bytes are tried. */
export const ROWS: readonly FormatRow[] = [geotiff, zarr, netcdf, npy, npz, hgt, gdal, ...tables, ...written]
