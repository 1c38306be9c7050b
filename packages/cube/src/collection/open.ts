/** Opens files, folders, addresses and catalogues as a collection of layers. Only metadata is read. */
import { basename } from 'node:path'
import { InputError, throwIfAborted, type Warning, type WorkOptions } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { cubeExtensions, openLayers } from '../format/formats.ts'
import type { OpenedLayer } from '../format/layers.ts'
import { openStac } from '../stac/open.ts'
import { isStac } from '../stac/read.ts'
import type { StacFilter } from '../stac/types.ts'
import type { Band } from '../types.ts'
import { bandsOfNames, expressionOf, instantOfName, type NamePattern, stemOf } from './file-names.ts'
import { layersOf, warningsOf } from './layer-set.ts'
import { expandPaths } from './paths.ts'
import { type BandPiece, isPlaceholder, piecesOf, whyNoGrid } from './pieces.ts'
import { type SourcePool, sourcePool } from './pool.ts'
import { layersNamed } from './target-grid.ts'
import type { LayerSet } from './types.ts'
import { sourceFor } from './with-missing.ts'

/** What is opened and how its names are read; plain data, so that it can stand in a process graph. */
export interface CollectionRequest {
  /** Paths, globs, folders, addresses, or STAC documents; relative ones start at `folder`. */
  readonly paths: string | readonly string[]
  /** Where the date of a file is: in its name, or one instant for all. Default: what the files themselves say. */
  readonly time?: NamePattern | string
  /** Where the band of a single-band file is: in its name; or which layers to open, in this order. */
  readonly bands?: NamePattern | readonly string[]
  /** Format of all files, where their content does not tell. */
  readonly format?: string
  /** CRS of files that name none. */
  readonly crs?: string
  /** Options of the format. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Which items of a STAC catalogue or API. */
  readonly stac?: StacFilter
}

export interface OpenCollectionOptions extends WorkOptions {
  /** Default: the working folder. */
  readonly folder?: string
  /** Which STAC items are taken, by their properties. */
  readonly accepts?: (properties: Readonly<Record<string, unknown>>) => Promise<boolean>
  /** `skip`: of several files, those that are too damaged to be opened are left out, with a warning. */
  readonly onError?: 'fail' | 'skip'
}

/** Files that are opened at one time. */
const ABREAST = 8

/**
 * Throws `InputError`: `NoFiles`, `MissingFile`, `UnknownFormat`, `NoRasters`, `BadPattern`, `BadDate`, `NoDate`,
 * `NoLayer`, and what the formats throw.
 */
export async function openCollection(
  request: CollectionRequest,
  options: OpenCollectionOptions = {},
): Promise<LayerSet> {
  const { folder = '.' } = options
  if ([request.paths].flat().includes(''))
    throw new InputError('NoFiles', 'the path is empty', { hint: 'write . for the folder itself', data: { folder } })
  if (request.crs !== undefined) parseCrs(request.crs)
  const stac = await stacPath(request, folder)
  if (stac !== undefined) return openStac(stac, request, options)
  const paths = await expandPaths(request.paths, folder, cubeExtensions())
  const pool = sourcePool()
  try {
    const { images, warnings } = await imagesOf(paths, request, pool, options)
    const label = labelOf(request.paths)
    const all = options.accepts === undefined ? warnings : [propertiesIgnored(label), ...warnings]
    return collectionOf(label, images, request, all, pool)
  } catch (cause) {
    await pool.close()
    throw cause
  }
}

const propertiesIgnored = (label: string): Warning => ({
  tag: 'PropertiesIgnored',
  message: `${label} is no STAC catalogue: its files have no properties to be chosen by, and all are taken`,
})

/** The only path, where it is a STAC document, a folder with one, or an API. */
async function stacPath({ paths, format }: CollectionRequest, folder: string): Promise<string | undefined> {
  const list = typeof paths === 'string' ? [paths] : paths
  if (format?.toLowerCase() === 'stac') return list[0]
  return list.length === 1 && format === undefined ? isStac(list[0]!, folder) : undefined
}

const labelOf = (paths: string | readonly string[]): string =>
  typeof paths === 'string' ? paths : paths.length === 1 ? paths[0]! : `${paths[0]} and ${paths.length - 1} more`

/** The layers of images, with warnings. Shared by files and catalogues. */
export function collectionOf(
  label: string,
  images: readonly BandPiece[],
  { bands }: Pick<CollectionRequest, 'bands'>,
  warnings: readonly Warning[],
  pool: SourcePool,
): LayerSet {
  const all = layersOf(images, isList(bands) ? bands : [])
  const layers = isList(bands) ? bands.flatMap((name) => layersNamed(all, name, label)) : all
  return { label, layers, warnings: [...warnings, ...warningsOf(layers)], close: () => pool.close() }
}

const isList = (bands: CollectionRequest['bands']): bands is readonly string[] => Array.isArray(bands)

interface File {
  readonly path: string
  readonly layers: readonly OpenedLayer[]
  readonly time?: string
}

async function imagesOf(
  paths: readonly string[],
  request: CollectionRequest,
  pool: SourcePool,
  options: OpenCollectionOptions,
): Promise<{ images: BandPiece[]; warnings: Warning[] }> {
  const times = timesOf(paths, request.time)
  const files = new Array<File | undefined>(paths.length)
  const warnings: Warning[] = []
  const queue = paths.entries()
  const work = async (): Promise<void> => {
    for (const [i, path] of queue) {
      throwIfAborted(options.signal)
      const { format, crs, options: formatOptions } = request
      const opened = pool.add(() =>
        openLayers(path, {
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          ...(format === undefined ? {} : { format }),
          ...(crs === undefined ? {} : { crs }),
          ...(formatOptions === undefined ? {} : { options: formatOptions }),
        }),
      )
      const found = await opened.catch((cause: unknown) => {
        if (paths.length === 1 || !(isUnfit(cause) || isSkipped(cause, options))) throw cause
        warnings.push(leftOut(cause))
      })
      if (found === undefined) continue
      const time = times[i]
      files[i] = { path, layers: found.layers, ...(time === undefined ? {} : { time }) }
      warnings.push(...found.refused.map(leftOut))
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, work))
  const found = imagesOfFiles(
    paths,
    files.filter((file) => file !== undefined),
    request,
    options,
  )
  return { images: found.images, warnings: [...warnings, ...found.warnings] }
}

const DAMAGED: ReadonlySet<string> = new Set([
  ...['TruncatedFile', 'CorruptFile', 'CorruptBlock', 'CorruptChunk', 'DamagedZip', 'BadRaster', 'BadMetadata'],
  ...['BadNpy', 'BadHgt', 'UnknownFormat'],
])

/** Whether a file that cannot be opened is left out because its user asked to skip what is damaged. */
export const isSkipped = (cause: unknown, { onError }: OpenCollectionOptions): cause is InputError =>
  onError === 'skip' && cause instanceof InputError && DAMAGED.has(cause.tag)

export const leftOut = ({ tag, message }: InputError): Warning => ({ tag, message: `${message}; it is left out` })

/** Files among others that are rasters, but none that a cube can be made of. Damaged ones are not among these. */
const isUnfit = (cause: unknown): cause is InputError =>
  cause instanceof InputError &&
  (cause.tag.startsWith('Unsupported') || cause.tag === 'NoCrs' || cause.tag === 'NoGrid')

function timesOf(paths: readonly string[], time: CollectionRequest['time']): readonly (string | undefined)[] {
  if (time === undefined) return []
  if (typeof time === 'string') return paths.map(() => time)
  const expression = expressionOf(time)
  // The name first: folders above may have dates of their own.
  const times = paths.map((path) => instantOfName(basename(path), expression) ?? instantOfName(path, expression))
  if (times.some((label) => label !== undefined)) return times
  throw new InputError('NoDate', `/${time.pattern}/ matches none of the ${paths.length} names, such as ${paths[0]}`, {
    hint: 'for dates such as 20200601 write (\\d{8})',
    data: { pattern: time.pattern, path: paths[0] },
  })
}

function imagesOfFiles(
  paths: readonly string[],
  files: readonly File[],
  request: CollectionRequest,
  options: OpenCollectionOptions,
): { images: BandPiece[]; warnings: Warning[] } {
  const warnings: Warning[] = []
  const images: BandPiece[] = []
  let first: ReturnType<typeof whyNoGrid>
  const names = namesOfFiles(files, request)
  for (const [i, { path, layers, time }] of files.entries()) {
    for (const { name, source } of layers) {
      const found = piecesOf({
        path,
        name: names[i] ?? name,
        source: sourceFor(source, options),
        ...(time === undefined ? {} : { time }),
      })
      if (found === undefined || found.length === 0) {
        const reason = whyNoGrid(source.schema)
        first ??= reason
        warnings.push({
          tag: 'NoGrid',
          message: `${path}: "${name}" ${reason?.why ?? 'has no grid'} and is left out of the collection`,
        })
      } else images.push(...found)
    }
  }
  if (images.length > 0) return { images, warnings }
  const why = first === undefined ? 'nothing in it lies on a grid' : `what is in it ${first.why}`
  const hint = first?.hint ?? 'tables and series are read by load_uploaded_files, polygons by load_geojson'
  throw new InputError('NoRasters', `${paths.join(', ')}: ${why}`, { hint, data: { paths } })
}

/** Bands from the names of files that hold one nameless band each; undefined for the others. */
function namesOfFiles(files: readonly File[], { bands, time }: CollectionRequest): (string | undefined)[] {
  const expression = typeof time === 'object' ? expressionOf(time) : undefined
  const isNameless = files.map(({ layers }) => layers.length === 1 && isSingleNameless(layers[0]!))
  if (bands !== undefined && 'from' in bands) {
    const pattern = expressionOf(bands)
    return files.map(({ path }) => {
      const match = pattern.exec(stemOf(path)) ?? pattern.exec(path)
      return match?.[1] ?? match?.[0]
    })
  }
  const stems = files.flatMap(({ path }, i) => (isNameless[i] ? [stemOf(path)] : []))
  const found = bandsOfNames(stems, expression).values()
  return isNameless.map((nameless) => (nameless ? found.next().value : undefined))
}

function isSingleNameless({ source }: OpenedLayer): boolean {
  const dimension = source.schema.dims.find((dim) => dim.type === 'bands')
  if (dimension === undefined) return false
  const [band, more] = dimension.bands as readonly Band[]
  return more === undefined && band !== undefined && isPlaceholder(band.name)
}
