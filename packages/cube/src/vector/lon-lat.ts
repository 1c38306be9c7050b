/** Features of any geometry in longitude and latitude, for formats that want them so. */
import { lonLat } from '../cf/crs.ts'
import { crsEquals, transformer } from '../crs/transform.ts'
import type { Geometries, Geometry } from '../model/geometry.ts'

const hasNothing = (coordinates: unknown): boolean => Array.isArray(coordinates) && coordinates.every(hasNothing)

/** Whether there is no place in a geometry. */
export const isEmpty = (geometry: Geometry | null): boolean => geometry === null || hasNothing(geometry.coordinates)

/** The features in longitude and latitude. */
export function inLonLat({ crs, features }: Geometries): Geometries['features'] {
  if (crsEquals(crs, lonLat())) return features
  const transform = transformer(crs, lonLat())
  const moved = (value: unknown): unknown => {
    if (!Array.isArray(value) || value.length === 0) return value
    if (typeof value[0] !== 'number') return value.map(moved)
    const point = Float64Array.of(value[0], value[1] as number)
    transform(point)
    return [point[0], point[1]]
  }
  return features.map((feature) => {
    const { geometry } = feature
    if (geometry === null) return feature
    return { ...feature, geometry: { ...geometry, coordinates: moved(geometry.coordinates) } as Geometry }
  })
}
