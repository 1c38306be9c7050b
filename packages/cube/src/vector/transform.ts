/** Features in another CRS: every vertex transformed; long edges split first where asked. Does not cut at ±180 degrees. */
import { InputError } from '@ecotope/core'
import { crsEquals, transformer } from '../crs/transform.ts'
import type { Crs, Features, Position } from '../types.ts'
import { mapPositions, type Ring } from './rings.ts'

/** The ring with vertices added so that no edge is longer than `longest`. */
function densify(ring: Ring, longest: number): Position[] {
  const out: Position[] = []
  for (let i = 0; i < ring.length; i++) {
    const [x0, y0] = ring[i] as [number, number]
    out.push([x0, y0])
    const next = ring[i + 1]
    if (next === undefined) break
    const pieces = Math.ceil(Math.hypot(next[0]! - x0, next[1]! - y0) / longest)
    for (let k = 1; k < pieces; k++) {
      out.push([x0 + ((next[0]! - x0) * k) / pieces, y0 + ((next[1]! - y0) * k) / pieces])
    }
  }
  return out
}

/**
 * The features in another CRS, x and y only. `densifyTo` (units of the present CRS) splits longer edges, since what is
 * straight in one CRS is curved in another. Throws `InputError('OutsideCrs')` naming the feature that cannot be expressed.
 */
export function transformFeatures(
  features: Features,
  crs: Crs,
  options: { readonly densifyTo?: number } = {},
): Features {
  if (crsEquals(features.crs, crs)) return { ...features, crs }
  const transform = transformer(features.crs, crs)
  const { densifyTo } = options
  const moved = features.features.map((feature, number) => ({
    ...feature,
    geometry: mapPositions(feature.geometry, (ring) => {
      const source = densifyTo === undefined ? ring : densify(ring, densifyTo)
      const xy = new Float64Array(source.length * 2)
      source.forEach((position, i) => {
        xy[2 * i] = position[0]!
        xy[2 * i + 1] = position[1]!
      })
      transform(xy)
      if (xy.some((value) => !Number.isFinite(value))) throw outside(features, crs, number)
      return source.map((_, i): Position => [xy[2 * i]!, xy[2 * i + 1]!])
    }),
  }))
  return { crs, features: moved, label: features.label }
}

function outside(features: Features, crs: Crs, number: number): InputError {
  return new InputError('OutsideCrs', `feature ${number + 1} of ${features.label} cannot be expressed in ${crs.name}`, {
    hint: `Check that its coordinates are in ${features.crs.name}, as the file says; another CRS can be given explicitly.`,
    data: { label: features.label, feature: number + 1, from: features.crs.name, to: crs.name },
  })
}
