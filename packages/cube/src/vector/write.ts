/** GeoJSON files, written feature by feature beside the target and renamed when whole. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { crsEquals } from '../crs/transform.ts'
import { writeAside } from '../geotiff/aside.ts'
import type { Crs, Feature, Features, Position } from '../types.ts'
import { geometryOf, orientRings, partsOf } from './rings.ts'
import { transformFeatures } from './transform.ts'

export interface WriteGeoJsonOptions extends WorkOptions {
  /** `wgs84` (default): longitude and latitude as RFC 7946 asks. `keep`: coordinates as they are, with a `crs` member. */
  readonly coordinates?: 'wgs84' | 'keep'
}

// 1e-9 degrees are 0.1 mm on the ground, 1e-4 metres likewise.
const DECIMALS = { degree: 9, other: 4 } as const
const BATCH = 500

function rounded(feature: Feature, decimals: number): Feature {
  const scale = 10 ** decimals
  const round = (position: Position): Position => [
    Math.round(position[0]! * scale) / scale,
    Math.round(position[1]! * scale) / scale,
  ]
  const parts = partsOf(feature.geometry).map((rings) => orientRings(rings).map((ring) => ring.map(round)))
  return { geometry: geometryOf(parts), properties: feature.properties }
}

function crsMember(crs: Crs): string {
  if (crs.code === undefined) {
    throw new InputError('UnknownCrs', `${crs.name} has no authority code, so GeoJSON cannot name it`, {
      hint: 'Write longitude and latitude instead.',
    })
  }
  const name = `urn:ogc:def:crs:${crs.code.replace(':', '::')}`
  return `"crs":${JSON.stringify({ type: 'name', properties: { name } })},`
}

/** Pieces of the document, a batch of features at a time. */
function* documentOf(features: Features, keep: boolean): Generator<string> {
  const lonLat = parseCrs('OGC:CRS84')
  const target = keep ? features.crs : lonLat
  const decimals = target.isGeographic ? DECIMALS.degree : DECIMALS.other
  const member = keep && !crsEquals(target, lonLat) ? crsMember(target) : ''
  yield `{"type":"FeatureCollection",${member}"features":[`
  for (let start = 0; start < features.features.length; start += BATCH) {
    const batch = { ...features, features: features.features.slice(start, start + BATCH) }
    const moved = keep ? batch : transformFeatures(batch, target)
    const lines = moved.features.map((feature) => {
      const { geometry, properties } = rounded(feature, decimals)
      return JSON.stringify({ type: 'Feature', properties, geometry })
    })
    yield `${start === 0 ? '\n' : ',\n'}${lines.join(',\n')}`
  }
  yield '\n]}\n'
}

/**
 * Writes features as GeoJSON; by default in longitude and latitude with shells counter-clockwise (RFC 7946). The file
 * appears whole or not at all. Throws `EnvironmentError('CannotWrite')`, `CancelledError`.
 */
export async function writeGeoJson(path: string, features: Features, options: WriteGeoJsonOptions = {}): Promise<void> {
  await writeAside(path, async (file) => {
    for (const piece of documentOf(features, options.coordinates === 'keep')) {
      throwIfAborted(options.signal)
      await file.writeFile(piece)
    }
  })
}
