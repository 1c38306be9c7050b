/** The shipped table of EPSG systems as PROJ strings (see oracles/raster/make_epsg.py). Two-dimensional systems only. */
import { InputError, nearest } from '@ecotope/core'
import type { Crs } from '../types.ts'
import { definitionOf, isRotatedPole } from './definition.ts'
import table from './epsg.json' with { type: 'json' }

let index: Map<number, string> | undefined

function rows(): Map<number, string> {
  index ??= new Map(table.rows.map((row) => [Number(row.slice(0, row.indexOf('|'))), row]))
  return index
}

/** Codes whose horizontal part is another code: three-dimensional and retired names of common systems. */
const ALIASES: Readonly<Record<number, number>> = { 4979: 4326, 4937: 4258, 900913: 3857, 3785: 3857, 102100: 3857 }

/** Geographic systems in grads (Paris, Bogota, Voirol 1875 and others), of which PROJ strings know nothing. */
const GRADS: ReadonlySet<number> = new Set([4807, 4810, 4811, 4816, 4821, 4901])

const known = new Map<number, Crs>()

/** The system of an EPSG code. Throws `InputError('UnknownCrs')` for a code that is not in the table. */
export function crsFromEpsg(code: number): Crs {
  const found = known.get(code) ?? fromTable(ALIASES[code] ?? code)
  if (found === undefined) {
    const near = nearest(String(code), commonCodes())
    throw new InputError('UnknownCrs', `EPSG:${code} is not a known two-dimensional coordinate reference system`, {
      hint: near === undefined ? 'look the code up on epsg.org' : `did you mean EPSG:${near}?`,
      data: { code },
    })
  }
  known.set(code, found)
  return found
}

/** As `crsFromEpsg`, undefined where the code is not known. */
export function findEpsg(code: number): Crs | undefined {
  return rows().has(ALIASES[code] ?? code) ? crsFromEpsg(code) : undefined
}

function* commonCodes(): Iterable<string> {
  yield* ['4326', '3857', '4258', '3035', '4269']
  for (let zone = 1; zone <= 60; zone++) yield* [`${32600 + zone}`, `${32700 + zone}`]
}

function fromTable(code: number): Crs | undefined {
  const row = rows().get(code)
  if (row === undefined) return undefined
  const [, name = '', parameters = ''] = row.split('|')
  const unit = GRADS.has(code) ? ' +to_degree=0.9' : ''
  const proj4 = `${parameters.replace(/(^| )/g, '$1+')}${unit} +no_defs`
  return { code: `EPSG:${code}`, name, proj4, ...unitsOf(proj4) }
}

/** The datum shift of the geographic system with this name, such as `DHDN` or `GCS_OSGB_1936`; undefined if none. */
export function datumTermOf(name: string): string | undefined {
  const wanted = normalised(name)
  for (const row of table.rows) {
    const [, title = '', parameters = ''] = row.split('|')
    if (parameters.startsWith('proj=longlat') && normalised(title) === wanted) {
      return /(?:towgs84|datum|nadgrids)=\S+/.exec(parameters)?.[0]
    }
  }
  return undefined
}

const normalised = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^gcs_|[^a-z0-9]/g, '')
    .replace(/^gcs/, '')

/** Unit and kind of a PROJ string, as `Crs` has them. */
export function unitsOf(proj4: string): Pick<Crs, 'unit' | 'isGeographic' | 'metresPerUnit'> {
  const { isGeographic, metresPerUnit, parameters } = definitionOf(proj4)
  if (isGeographic) return { unit: 'degree', isGeographic }
  if (isRotatedPole(parameters)) return { unit: 'degree', isGeographic, metresPerUnit }
  if (Math.abs(metresPerUnit - 0.3048) < 1e-9) return { unit: 'foot', isGeographic, metresPerUnit }
  if (Math.abs(metresPerUnit - 1200 / 3937) < 1e-9) return { unit: 'us-foot', isGeographic, metresPerUnit }
  return { unit: 'metre', isGeographic, metresPerUnit }
}
