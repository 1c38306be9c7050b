/** Quicklooks of files, folders and catalogues. */
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { InputError, type WorkOptions } from '@ecotope/core'
import {
  type CollectionRequest,
  featureValues,
  fromName,
  hasExtension,
  type LayerSet,
  openCollection,
  type Picture,
  type PlotOptions,
  parseCrs,
  plot,
  readFeatures,
  refuseTarget,
  stackLayers,
  writeAside,
} from '@ecotope/cube'
import { makeFolder } from '../surroundings.ts'

export type { RampName } from '@ecotope/cube'
/** Colours of scales that a command line offers; all but diverging rise in lightness. */
export const RAMPS = [
  'viridis',
  'cividis',
  'magma',
  'grey',
  'balance',
  'terrain',
  'ember',
  'dusk',
  'diverging',
] as const

/** Where names of files have the date. */
export const namePattern = fromName

export interface ViewFileOptions extends WorkOptions {
  /** Where the picture goes, `.png` or `.svg`; default beside nothing: the name of the input in the working folder. */
  readonly out?: string
  /** One layer, or three for red, green and blue. Default: true colour where roles tell, else the first. */
  readonly bands?: readonly string[]
  /** How names of files tell dates, a format, a CRS. */
  readonly request?: Omit<CollectionRequest, 'paths' | 'bands'>
  readonly plot?: PlotOptions
}

export interface ViewedFile {
  readonly path: string
  /** Pixels of the picture. */
  readonly width: number
  readonly height: number
  /** Layers that are shown. */
  readonly bands: readonly string[]
}

/** Draws what lies at a path. Throws what opening and drawing throw, `InputError('BadOutput')`, what `refuseTarget` throws. */
export async function viewFile(path: string | readonly string[], options: ViewFileOptions = {}): Promise<ViewedFile> {
  const name = nameOf(typeof path === 'string' ? path : path[0]!)
  const out = options.out ?? `${name}.png`
  if (!hasExtension(out, ['.png', '.svg'])) {
    throw new InputError('BadOutput', `${out}: pictures are written as .png or .svg`, { data: { out } })
  }
  // Else it would come out when all is read and drawn.
  await refuseTarget(out)
  const work: WorkOptions = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  }
  if (typeof path === 'string' && hasExtension(path, FEATURES)) return viewFeatures(path, name, out, options, work)
  const set = await openCollection({ paths: path, ...options.request }, { ...work, folder: '.' })
  try {
    for (const warning of set.warnings) options.onWarning?.(warning)
    const bands = options.bands ?? shownBands(set)
    const node = stackLayers(set, { bands })
    await makeFolder(dirname(out))
    const picture = await plot(node, {
      title: name,
      ...(bands.length === 3 ? { band: bands } : {}),
      ...options.plot,
      ...work,
    })
    await written(out, picture)
    return { path: out, width: picture.width, height: picture.height, bands }
  } finally {
    await set.close()
  }
}

/** Files of features; Parquet without the extension of its own is a table as well. */
const FEATURES = ['.geojson', '.gpkg', '.fgb', '.shp', '.geoparquet']

async function written(out: string, picture: Picture): Promise<void> {
  const content = out.toLowerCase().endsWith('.svg') ? picture.svg() : picture.png()
  await writeAside(out, (file) => writeFile(file, content))
}

/** A map of features, by one of their properties. Throws what `readFeatures`, `featureValues` and drawing throw. */
async function viewFeatures(
  path: string,
  name: string,
  out: string,
  { bands = [], request, plot: chosen }: ViewFileOptions,
  work: WorkOptions,
): Promise<ViewedFile> {
  const crs = request?.crs
  const features = await readFeatures(
    path,
    crs === undefined ? {} : { crs: typeof crs === 'string' ? parseCrs(crs) : crs },
  )
  const node = featureValues(features, bands[0])
  await makeFolder(dirname(out))
  const picture = await plot(node, { title: name, legend: node.schema.band!.name, ...chosen, ...work })
  await written(out, picture)
  return { path: out, width: picture.width, height: picture.height, bands: [node.schema.band!.name] }
}

/** The last part of a path that says something: of `s2/*.tif` the folder. */
function nameOf(path: string): string {
  const whole = /^https?:/i.test(path) ? path.replace(/[?#].*$/, '') : path
  const parts = resolve(whole)
    .split(/[\\/]+/)
    .reverse()
  const names = [parts[0]!.replace(/\.[^.]+$/, ''), ...parts.slice(1)].map((part) => part.replace(/[*?[\]{}]/g, ''))
  return names.find((name) => name !== '') ?? 'view'
}

/** Red, green and blue where three layers of one grid have these roles, else the first layer. */
function shownBands({ layers }: LayerSet): string[] {
  const found = ['red', 'green', 'blue'].map((role) => layers.find(({ band }) => band.role === role))
  const [red] = found
  const isOneGrid = found.every(
    (layer) =>
      layer !== undefined && layer.grids.length === red!.grids.length && layer.grids[0]!.width === red!.grids[0]!.width,
  )
  if (isOneGrid) return found.map((layer) => layer!.name)
  return layers.slice(0, 1).map(({ name }) => name)
}
