/** Descriptions of bands in a file beside a raster, as GDAL writes them (`scene.tif.aux.xml`). */
import { readFile } from 'node:fs/promises'
import { isUrl } from '../format/sniff.ts'
import type { Band } from '../types.ts'

/** Larger ones hold statistics or histograms, and are still read in one piece. */
const MOST = 2 ** 20

/** Names (and units) of the bands in order; undefined where there is no such file or it describes none. */
export async function descriptionsBeside(path: string): Promise<readonly Partial<Band>[] | undefined> {
  if (isUrl(path)) return undefined
  const text = await readFile(`${path}.aux.xml`, 'utf8').catch(() => undefined)
  if (text === undefined || text.length > MOST) return undefined
  const bands: Partial<Band>[] = []
  for (const [, attributes, body] of text.matchAll(/<PAMRasterBand([^>]*)>([\s\S]*?)<\/PAMRasterBand>/g)) {
    const index = Number(/\bband="(\d+)"/.exec(attributes!)?.[1])
    const name = textOf(body!, 'Description')
    const unit = textOf(body!, 'UnitType')
    if (!(index >= 1)) continue
    bands[index - 1] = {
      ...(name === undefined ? {} : { name, description: name }),
      ...(unit === undefined ? {} : { unit }),
    }
  }
  return bands.some((band) => band?.name !== undefined) ? Array.from(bands, (band) => band ?? {}) : undefined
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function textOf(xml: string, tag: string): string | undefined {
  const text = new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1]?.trim()
  return text ? text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name]!) : undefined
}
