/** Vector cubes as GeoJSON: a feature for each geometry, a property for each of its values. */
import { InputError } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { crsEquals, transformer } from '../crs/transform.ts'
import type { Dimension, GeometryDimension } from '../model/dimension.ts'
import type { Geometries, Geometry } from '../model/geometry.ts'
import { shapeOf } from '../model/node.ts'
import { stridesOf } from '../model/region.ts'
import type { Crs, Position } from '../types.ts'
import { bufferedSink, type WholeCube } from './buffered-sink.ts'

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

/** The geometries of a cube with their values as properties, named by the labels of the other dimensions. */
export function cubeGeoJson({ schema, values }: WholeCube): unknown {
  const g = schema.dims.findIndex((dim) => dim.type === 'geometry')
  if (g < 0) {
    throw new InputError('FormatUnsuitable', 'GeoJSON holds vector cubes, and this one has no geometries', {
      hint: 'save rasters as .tif, .zarr or .nc',
      data: { dims: schema.dims.map(({ name }) => name) },
    })
  }
  const dimension = schema.dims[g] as GeometryDimension
  const shape = shapeOf(schema)
  const strides = stridesOf(shape)
  const columns = columnsOf(schema.dims, strides, g)
  const { features } = geometryCollection(dimension.features)
  return {
    type: 'FeatureCollection',
    features: features.map((feature, i) => {
      const own = columns.map(({ name, at }) => {
        const value = values[at + i * strides[g]!]!
        return [name, Number.isFinite(value) ? value : null] as const
      })
      return { ...feature, properties: { ...feature.properties, ...Object.fromEntries(own) } }
    }),
  }
}

/** A column for each combination of labels of the other dimensions; dimensions of one label add nothing to the name. */
function columnsOf(dims: readonly Dimension[], strides: readonly number[], g: number): { name: string; at: number }[] {
  let columns: { names: string[]; at: number }[] = [{ names: [], at: 0 }]
  for (const [d, dim] of dims.entries()) {
    if (d === g) continue
    columns = columns.flatMap(({ names, at }) =>
      Array.from(dim.labels, (label, i) => ({
        names: dim.labels.length > 1 || dim.type === 'bands' ? [...names, String(label)] : names,
        at: at + i * strides[d]!,
      })),
    )
  }
  return columns.map(({ names, at }) => ({ name: names.join(' ') || 'value', at }))
}

export const geojsonSink = bufferedSink({
  format: 'GeoJSON',
  extensions: ['.geojson'],
  mostCells: 2 ** 24,
  render: (cube) => `${JSON.stringify(cubeGeoJson(cube))}\n`,
})
