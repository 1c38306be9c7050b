/** Saved cubes as STAC 1.1 items, with the extensions for projection, rasters, cubes and processing. */
import { readFile, rm } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { isUrl } from '../format/sniff.ts'
import { writeAside, writeError } from '../geotiff/aside.ts'
import { gridBounds, gridResolution } from '../grid.ts'
import type { Dimension, TemporalDimension } from '../model/dimension.ts'
import type { CubeNode, CubeSchema } from '../model/node.ts'
import { isPeriod, periodEnd, periodStart } from '../model/periods.ts'
import { type CalendarDate, dateOf, formatInstant, parseInstant, secondsOf } from '../model/time.ts'
import { consumersFirst } from '../plan/nodes.ts'
import type { ProcessGraph } from '../process/row.ts'
import type { Band } from '../types.ts'
import { footprintOf } from './footprint.ts'

const EXTENSIONS = {
  projection: 'https://stac-extensions.github.io/projection/v2.0.0/schema.json',
  raster: 'https://stac-extensions.github.io/raster/v2.0.0/schema.json',
  eo: 'https://stac-extensions.github.io/eo/v2.0.0/schema.json',
  cube: 'https://stac-extensions.github.io/datacube/v2.2.0/schema.json',
  processing: 'https://stac-extensions.github.io/processing/v1.2.0/schema.json',
} as const

const MEDIA: Readonly<Record<string, string>> = {
  GTiff: 'image/tiff; application=geotiff; profile=cloud-optimized',
  Zarr: 'application/vnd.zarr; version=3',
  netCDF: 'application/x-netcdf',
  JSON: 'application/json',
  PNG: 'image/png',
}

export interface SavedCube {
  /** Where the cube was written. */
  readonly path: string
  /** openEO name of its format. */
  readonly format: string
  readonly schema: CubeSchema
  /** The program that made it. */
  readonly graph: ProcessGraph
  /** Paths and addresses that were read. */
  readonly inputs: readonly string[]
  /** Instant of writing. */
  readonly created: Date
  readonly software: Readonly<Record<string, string>>
  /** Description for people. */
  readonly title?: string
}

export interface StacItemDocument extends Readonly<Record<string, unknown>> {
  readonly type: 'Feature'
  readonly stac_version: '1.1.0'
  readonly id: string
}

const nameOf = (path: string): string => basename(path.replace(/[\\/]+$/, ''))

/** Where the item of an output lies: `ndvi.tif` has `ndvi.tif.stac.json` beside it, so that `ndvi.zarr` keeps its own. */
export const itemPath = (path: string): string => `${path.replace(/[\\/]+$/, '')}.stac.json`

/** Where earlier versions put it. */
const formerPath = (path: string): string => `${path.replace(/[\\/]+$/, '').replace(/\.[^./\\]+$/, '')}.stac.json`

/** The item of a saved cube; undefined where the cube lies nowhere (no grid), which STAC cannot describe. */
export function stacItemOf(saved: SavedCube): StacItemDocument | undefined {
  const { schema, path, format, created } = saved
  if (schema.grid === undefined) return undefined
  const name = nameOf(path)
  const footprint = footprintOf(schema.grid)
  const described = bands(schema)
  return {
    type: 'Feature',
    stac_version: '1.1.0',
    stac_extensions: extensionsOf(described),
    id: name,
    geometry: footprint.geometry,
    bbox: footprint.bbox,
    properties: {
      ...(saved.title === undefined ? {} : { title: saved.title }),
      ...instants(schema, created),
      created: created.toISOString(),
      ...projection(schema),
      'cube:dimensions': Object.fromEntries(schema.dims.map((dim) => [dim.name, dimension(dim, schema)])),
      'processing:lineage': `openEO process graph of ${Object.keys(saved.graph).length} nodes on ${saved.inputs.length} inputs`,
      'processing:software': saved.software,
      'processing:expression': { format: 'openeo', expression: { process_graph: saved.graph } },
    },
    links: saved.inputs.map((input) => ({ rel: 'derived_from', href: hrefOf(input, path) })),
    assets: {
      data: {
        href: hrefWithin(name),
        ...(MEDIA[format] === undefined ? {} : { type: MEDIA[format] }),
        roles: ['data'],
        ...described,
      },
    },
  }
}

/** Extensions whose fields are there: that of EO must not be named where no band has a common name or wavelength. */
function extensionsOf(asset: Record<string, unknown>): string[] {
  const list = (asset.bands ?? []) as readonly Record<string, unknown>[]
  const hasEo = list.some((band) => Object.keys(band).some((key) => key.startsWith('eo:')))
  return Object.entries(EXTENSIONS).flatMap(([name, address]) => (name === 'eo' && !hasEo ? [] : [address]))
}

/** Formats of maps, which an item goes with. */
const DESCRIBED: ReadonlySet<string> = new Set(['GTiff', 'Zarr', 'netCDF'])

/** Writes the item of a cube that has been saved; gives its path, undefined where the output cannot be described. */
export async function describeOutput(
  node: CubeNode,
  output: Pick<SavedCube, 'path' | 'format' | 'graph' | 'software'>,
): Promise<string | undefined> {
  if (!DESCRIBED.has(output.format)) return undefined
  return writeStacItem({ ...output, schema: node.schema, inputs: inputsOf(node), created: new Date() })
}

/** Paths and addresses of all sources that a cube reads. */
function inputsOf(node: CubeNode): string[] {
  const handles = consumersFirst(node).flatMap((one) => (one.kind === 'source' ? [one.source.handle] : []))
  const paths = handles.flatMap(({ format, path, paths: files }) =>
    Array.isArray(files) ? (files as readonly string[]) : format === 'memory' ? [] : [path],
  )
  return [...new Set(paths)]
}

/** Writes the item beside its output, whole or not at all; gives its path. */
export async function writeStacItem(saved: SavedCube): Promise<string | undefined> {
  const item = stacItemOf(saved)
  if (item === undefined) return undefined
  const path = itemPath(saved.path)
  await writeAside(path, (file) => file.writeFile(`${JSON.stringify(item, null, 2)}\n`))
  await removeFormer(saved.path)
  return path
}

/** Removes the item of an output that is about to be replaced: a killed run leaves none rather than that of other cells. */
export async function removeItem({ path, format }: Pick<SavedCube, 'path' | 'format'>): Promise<void> {
  if (!DESCRIBED.has(format)) return
  await rm(itemPath(path), { force: true }).catch((cause: unknown) => {
    throw writeError(itemPath(path), cause)
  })
  await removeFormer(path)
}

const hrefWithin = (name: string): string => `./${encodeURIComponent(name)}`

/** Removes the item that an earlier version wrote of the same output, which would describe it twice. */
async function removeFormer(output: string): Promise<void> {
  const [path, name] = [formerPath(output), nameOf(output)]
  // Of names without an extension the two are one.
  if (path === itemPath(output)) return
  try {
    const { assets } = JSON.parse(await readFile(path, 'utf8')) as { assets?: { data?: { href?: string } } }
    if (assets?.data?.href === hrefWithin(name)) await rm(path, { force: true })
  } catch {
    // None is there, or it is somebody else's.
  }
}

const hrefOf = (input: string, output: string): string => {
  if (isUrl(input)) return input
  const path = relative(dirname(resolve(output)), resolve(input)).replaceAll('\\', '/')
  const href = path.split('/').map(encodeURIComponent).join('/')
  return href.startsWith('..') ? href : `./${href}`
}

/** One instant, or the first and the last; of a cube without dates, when it was made. */
function instants(schema: CubeSchema, created: Date): Record<string, string | null> {
  const time = schema.dims.find((dim): dim is TemporalDimension => dim.type === 'temporal')
  const spans = time === undefined ? undefined : spanOf(time)
  if (spans !== undefined) return { datetime: null, start_datetime: spans[0], end_datetime: spans[1] }
  const labels = (time?.labels ?? []).filter((label) => parseInstant(label, time!.calendar) !== undefined)
  const full = labels.map((label) => (label.length === 10 ? `${label}T00:00:00Z` : label)).sort(byText)
  if (full.length === 0) return yearsOf(time?.labels ?? []) ?? { datetime: created.toISOString() }
  const [start, end] = [gregorian(full[0]!), gregorian(full.at(-1)!)]
  return full.length === 1 ? { datetime: start } : { datetime: null, start_datetime: start, end_datetime: end }
}

/** An instant that RFC 3339 has: of other calendars (30 February), days that a month lacks become its last. */
function gregorian(instant: string): string {
  const [, month, day, rest] = /^(\d{4}-\d\d)-(\d\d)(.*)$/.exec(instant) ?? []
  if (month === undefined) return instant
  const [year, number] = month.split('-').map(Number)
  const last = new Date(Date.UTC(year!, number!, 0)).getUTCDate()
  return Number(day) > last ? `${month}-${last}${rest}` : instant
}

/** From the start of the first period to the end of the last; undefined where labels are not known to be of one. */
function spanOf({ labels, calendar, period }: TemporalDimension): [start: string, end: string] | undefined {
  if (!isPeriod(period) || labels.length === 0) return undefined
  const seconds = (date: CalendarDate | undefined): number =>
    date === undefined ? Number.NaN : secondsOf(date, calendar)
  const start = Math.min(...labels.map((label) => seconds(periodStart(label, calendar, period))))
  const end = Math.max(...labels.map((label) => seconds(periodEnd(label, calendar, period)))) - 1
  if (Number.isNaN(start + end)) return undefined
  return [gregorian(formatInstant(dateOf(start, calendar))), gregorian(formatInstant(dateOf(end, calendar)))]
}

/** The years of labels such as `2020-06` or `2020-djf` whose period is not known. */
function yearsOf(labels: readonly string[]): Record<string, string | null> | undefined {
  const years = labels.map((label) => /^(\d{4})(-|$)/.exec(label)?.[1])
  if (years.length === 0 || years.includes(undefined)) return undefined
  const [first, last] = (years as string[]).sort(byText).filter((_, i, all) => i === 0 || i === all.length - 1)
  return {
    datetime: null,
    start_datetime: `${first}-01-01T00:00:00Z`,
    end_datetime: `${last ?? first}-12-31T23:59:59Z`,
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function projection({ grid }: CubeSchema): Record<string, unknown> {
  const { crs, affine, width, height } = grid!
  return {
    'proj:code': crs.code ?? null,
    ...(crs.code === undefined && crs.wkt !== undefined ? { 'proj:wkt2': crs.wkt } : {}),
    'proj:shape': [height, width],
    'proj:transform': [...affine],
    'proj:bbox': gridBounds(grid!),
  }
}

/** A dimension as the datacube extension has it. */
function dimension(dim: Dimension, { grid }: CubeSchema): Record<string, unknown> {
  const { labels } = dim
  if (dim.type === 'temporal') {
    const ends = [labels[0], labels.at(-1)].map((label) => (label === undefined ? null : gregorian(String(label))))
    return { type: 'temporal', extent: spanOf(dim) ?? ends, values: labels }
  }
  if (dim.type === 'bands') return { type: 'bands', values: labels }
  if (dim.type === 'geometry') return { type: 'geometry', values: labels }
  if (dim.type === 'other')
    return { type: 'other', values: labels, ...(dim.unit === undefined ? {} : { unit: dim.unit }) }
  const [west, south, east, north] = grid === undefined ? [] : gridBounds(grid)
  const extent = dim.axis === 'x' ? [west, east] : dim.axis === 'y' ? [south, north] : [labels[0], labels.at(-1)]
  const [dx, dy] = grid === undefined ? [] : gridResolution(grid)
  const step = dim.axis === 'x' ? dx : dim.axis === 'y' ? dy : undefined
  return {
    type: 'spatial',
    axis: dim.axis,
    extent,
    ...(step === undefined ? {} : { step }),
    ...(grid?.crs.code === undefined
      ? {}
      : { reference_system: Number(grid.crs.code.replace(/\D/g, '')) || grid.crs.code }),
  }
}

/** Common names of the EO extension where they differ from the roles here. */
const COMMON: Readonly<Record<string, string>> = {
  blue: 'blue',
  green: 'green',
  yellow: 'yellow',
  red: 'red',
  redEdge: 'rededge',
  nir: 'nir',
  swir1: 'swir16',
  swir2: 'swir22',
  pan: 'pan',
  coastal: 'coastal',
}

/** Packing once for all, names and units of each band. */
function bands(schema: CubeSchema): Record<string, unknown> {
  const { packing, grid, unit } = schema
  const dim = schema.dims.find((one) => one.type === 'bands')
  const list: readonly Band[] = dim?.bands ?? []
  const { nodata } = packing
  return {
    data_type: packing.dtype,
    ...(nodata === undefined ? {} : { nodata: Number.isFinite(nodata) ? nodata : textOf(nodata) }),
    ...(unit === undefined ? {} : { unit }),
    'raster:spatial_resolution': gridResolution(grid!)[0],
    ...(packing.scale === 1 ? {} : { 'raster:scale': packing.scale }),
    ...(packing.offset === 0 ? {} : { 'raster:offset': packing.offset }),
    ...(list.length === 0 ? {} : { bands: list.map((band) => bandOf(band, unit)) }),
  }
}

/** `nan`, `inf`, `-inf`, as STAC writes what JSON cannot. */
const textOf = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf')

function bandOf(band: Band, shared: string | undefined): Record<string, unknown> {
  const common = band.role === undefined ? undefined : COMMON[band.role]
  return {
    name: band.name,
    ...(band.description === undefined || band.description === '' ? {} : { description: band.description }),
    ...(band.unit === undefined || band.unit === shared ? {} : { unit: band.unit }),
    ...(common === undefined ? {} : { 'eo:common_name': common }),
    ...(band.wavelengthMicrometres === undefined ? {} : { 'eo:center_wavelength': band.wavelengthMicrometres }),
  }
}
