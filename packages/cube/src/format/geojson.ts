/** Geometries as GeoJSON objects in longitude and latitude. */
import { parseCrs } from '../crs/crs.ts'
import { crsEquals, transformer } from '../crs/transform.ts'
import type { Geometries, Geometry } from '../model/geometry.ts'
import type { Crs, Position } from '../types.ts'

/** Decimals of a degree that are kept: 0.1 mm. */
const DECIMALS = 9

/** Features in longitude and latitude, as RFC 7946 asks. */
export function geometryCollection({ crs, features }: Geometries): {
  readonly type: 'FeatureCollection'
  readonly features: readonly {
    readonly type: 'Feature'
    readonly geometry: Geometry | null
    readonly properties: Readonly<Record<string, unknown>>
  }[]
} {
  const move = toDegrees(crs)
  return {
    type: 'FeatureCollection',
    features: features.map(({ geometry, properties, id }) => ({
      type: 'Feature',
      ...(id === undefined ? {} : { id }),
      geometry: geometry === null ? null : ({ ...geometry, coordinates: move(geometry.coordinates) } as Geometry),
      properties,
    })),
  }
}

type Coordinates = Position | readonly Coordinates[]

function toDegrees(crs: Crs): (coordinates: unknown) => unknown {
  const degrees = parseCrs('EPSG:4326')
  const transform = crsEquals(crs, degrees) ? undefined : transformer(crs, degrees)
  const move = (coordinates: Coordinates): Coordinates => {
    if (typeof coordinates[0] !== 'number') return (coordinates as readonly Coordinates[]).map(move)
    const [x = 0, y = 0] = coordinates as Position
    const point = Float64Array.of(x, y)
    transform?.(point)
    return Array.from(point, (value) => Number(value.toFixed(DECIMALS)))
  }
  return (coordinates) => move(coordinates as Coordinates)
}
