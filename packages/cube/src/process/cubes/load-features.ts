/** Files of features, here and at addresses, as vector cubes: which files those are, and how they are read. */
import { extname } from 'node:path'
import { InputError } from '@ecotope/core'
import { expandPaths } from '../../collection/paths.ts'
import { isUrl } from '../../format/sniff.ts'
import { extensionOf, fetchFeatures } from '../../vector/fetch-features.ts'
import { readFeatures } from '../../vector/read-features.ts'
import type { Arguments, ProcessContext, Value } from '../row.ts'
import { cubeValue } from './arguments.ts'
import { propertyCube } from './vector.ts'

/** Names of formats that hold features, and the extensions by which they are known; `.json` may be anything. */
const FORMATS: Readonly<Record<string, string>> = {
  geojson: '.geojson',
  'geo+json': '.geojson',
  gpkg: '.gpkg',
  geopackage: '.gpkg',
  flatgeobuf: '.fgb',
  fgb: '.fgb',
  'esri shapefile': '.shp',
  shapefile: '.shp',
  shp: '.shp',
  geoparquet: '.geoparquet',
}
const EXTENSIONS = [...new Set(Object.values(FORMATS))].filter((extension) => extension !== '.geoparquet')

/** Whether files are read as features: by the name of their format or, where it is null, by their extensions. */
export function areFeatures(paths: readonly string[], format: unknown): boolean {
  if (typeof format === 'string') return Object.hasOwn(FORMATS, format.toLowerCase())
  const extension = (path: string): string => (isUrl(path) ? extensionOf(path) : extname(path).toLowerCase())
  return paths.length > 0 && paths.every((path) => EXTENSIONS.includes(extension(path)))
}

/**
 * One file of features, with all their properties; those that `options.properties` names become cells, `options.layer`
 * chooses among layers. Throws what `readFeatures` and `fetchFeatures` throw, and InputError `SeveralFiles`.
 */
export async function loadFeatures(paths: readonly string[], args: Arguments, context: ProcessContext): Promise<Value> {
  const [path, ...more] = await expandPaths(paths, context.folder, EXTENSIONS)
  if (path === undefined || more.length > 0) {
    throw new InputError('SeveralFiles', `${more.length + 1} files of features are no one vector cube`, {
      hint: 'load each of them, and put them together with merge_cubes',
      data: { paths },
    })
  }
  const { layer, properties } = (args.options ?? {}) as { readonly layer?: string; readonly properties?: string[] }
  const { signal } = context
  const wanted = layer === undefined ? {} : { layer }
  const features = isUrl(path)
    ? await fetchFeatures(path, { ...wanted, ...(signal === undefined ? {} : { signal }) })
    : await readFeatures(path, wanted)
  if (properties === undefined || properties.length === 0) return { kind: 'features', features }
  return cubeValue(propertyCube(features, properties))
}
