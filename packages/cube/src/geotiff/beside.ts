/** Files beside a GeoTIFF that complete or correct it: GDAL's `.aux.xml` (PAM) and world files. */
import { readFile } from 'node:fs/promises'
import { InputError } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import type { Affine } from '../types.ts'
import { type HttpOptions, isHttp, openHttpSource } from './http-source.ts'
import { type MetadataItem, unescapeXml } from './metadata.ts'
import { isThere } from './source.ts'

/** What files beside a raster say; each goes before what the raster says itself, as with GDAL. */
export interface Beside {
  readonly affine?: Affine
  /** Text of a coordinate reference system. */
  readonly crs?: string
  /** Nodata by band, as text. */
  readonly nodata: readonly (string | undefined)[]
  readonly items: readonly MetadataItem[]
}

/** Larger ones are no side files. */
const MOST_BYTES = 2 ** 24

/**
 * Reads what lies beside. `own`: what the raster says itself; over HTTP nothing is asked for that it does not lack, and
 * a world file only counts where there is no other position.
 */
export async function besideOf(
  path: string,
  own: { readonly hasAffine: boolean; readonly hasCrs: boolean },
  http: HttpOptions | undefined,
): Promise<Beside> {
  const isAsked = !isHttp(path) || !(own.hasAffine && own.hasCrs)
  const pam = readable(
    parsePam((isAsked ? await textOf(withEnd(path, '.aux.xml'), http) : undefined) ?? ''),
    own.hasCrs,
  )
  if (pam.affine !== undefined || own.hasAffine) return pam
  for (const name of worldFiles(path)) {
    const affine = parseWorldFile((await textOf(name, http)) ?? '')
    if (affine !== undefined) return { ...pam, affine }
  }
  return pam
}

/** Without a system that cannot be read (of heights, local ones), where the raster has its own. */
function readable(pam: Beside, hasCrs: boolean): Beside {
  if (pam.crs === undefined || !hasCrs) return pam
  try {
    parseCrs(pam.crs)
    return pam
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause
    const { crs: _, ...rest } = pam
    return rest
  }
}

/** A path or address with something added to its name. */
function withEnd(path: string, end: string, name = /$/): string {
  const [, body = path, query = ''] = isHttp(path) ? /^([^?#]*)(.*)$/.exec(path)! : [undefined, path, '']
  return `${body.replace(name, end)}${query}`
}

/** Names in GDAL's order: first and last letter of the ending with w, the ending with w, wld. */
function worldFiles(path: string): string[] {
  const ending = /\.([^./\\?#]+)(?:[?#].*)?$/.exec(path)?.[1]?.toLowerCase() ?? 'tif'
  const ends = [`${ending[0]}${ending.at(-1)}w`, `${ending}w`, 'wld']
  const names = ends.map((end) => withEnd(path, `.${end}`, /\.[^./\\]+$/))
  if (isHttp(path)) return names
  return ends.flatMap((end, i) => [names[i]!, withEnd(path, `.${end.toUpperCase()}`, /\.[^./\\]+$/)])
}

/** The text of a file or address; undefined where there is none. */
async function textOf(path: string, http: HttpOptions | undefined): Promise<string | undefined> {
  if (!isHttp(path)) {
    const text = (await isThere(path)) ? await readFile(path, 'utf8').catch(() => undefined) : undefined
    return text === undefined || text.length > MOST_BYTES ? undefined : text
  }
  try {
    const source = await openHttpSource(path, http)
    if (source.size > MOST_BYTES) return undefined
    return new TextDecoder().decode(await source.read(0, source.size, 'a side file'))
  } catch (cause) {
    if (cause instanceof InputError) return undefined
    throw cause
  }
}

/** Six lines: A, D, B, E, and the centre C, F of the first pixel, of x = A column + B row + C, y = D column + E row + F. */
export function parseWorldFile(text: string): Affine | undefined {
  const numbers = text
    .trim()
    .split(/\s+/)
    .map((word) => Number(word.replace(',', '.')))
  const [a, d, b, e, c, f] = numbers as [number, number, number, number, number, number]
  if (numbers.length < 6 || !numbers.slice(0, 6).every(Number.isFinite) || a * e === b * d) return undefined
  return [a, b, c - (a + b) / 2, d, e, f - (d + e) / 2]
}

/** Band texts of PAM and the roles that they have among a TIFF's items. */
const ROLES = { Description: 'description', UnitType: 'unittype', Scale: 'scale', Offset: 'offset' } as const

/** GDAL's `PAMDataset`; what is not one says nothing. */
export function parsePam(xml: string): Beside {
  const bands = [...xml.matchAll(/<PAMRasterBand([^>]*)>([\s\S]*?)<\/PAMRasterBand>/g)]
  const whole = bands.reduce((rest, [band]) => rest.replace(band, ''), xml)
  const affine = transformOf(textIn(whole, 'GeoTransform'))
  const crs = textIn(whole, 'SRS')
  const items: MetadataItem[] = metadataOf(whole)
  const nodata: (string | undefined)[] = []
  for (const [, attributes = '', body = ''] of bands) {
    const sample = Number(/\bband="(\d+)"/.exec(attributes)?.[1] ?? 0) - 1
    if (sample < 0) continue
    nodata[sample] = textIn(body, 'NoDataValue')
    for (const [tag, role] of Object.entries(ROLES)) {
      const value = textIn(body, tag)
      if (value !== undefined) items.push({ name: tag.toUpperCase(), value, sample, role })
    }
  }
  return { ...(affine && { affine }), ...(crs === undefined ? {} : { crs }), nodata, items }
}

/** Items of the file itself; those of other domains (structure, histograms) say nothing of values. */
function metadataOf(xml: string): MetadataItem[] {
  const out: MetadataItem[] = []
  for (const [, body = ''] of xml.matchAll(/<Metadata>([\s\S]*?)<\/Metadata>/g)) {
    for (const [, key = '', value = ''] of body.matchAll(/<MDI\s+key="([^"]*)"\s*>([\s\S]*?)<\/MDI>/g)) {
      out.push({ name: unescapeXml(key), value: unescapeXml(value) })
    }
  }
  return out
}

function textIn(xml: string, tag: string): string | undefined {
  const text = new RegExp(`<${tag}(?:\\s[^>]*)?>([^<]*)</${tag}>`).exec(xml)?.[1]?.trim()
  return text ? unescapeXml(text) : undefined
}

/** GDAL's order: x of the corner, x by column, x by row, y of the corner, y by column, y by row. */
function transformOf(text: string | undefined): Affine | undefined {
  const [c, a, b, f, d, e] = (text ?? '').split(',').map(Number) as [number, number, number, number, number, number]
  return [a, b, c, d, e, f].every(Number.isFinite) && a * e !== b * d ? [a, b, c, d, e, f] : undefined
}
