/** Geometries of vector cubes: points, lines and polygons of one CRS, with what is known of each. Types only. */
import type { Crs, MultiPolygon, Polygon, Position } from '../types.ts'

export interface Point {
  readonly type: 'Point'
  readonly coordinates: Position
}
export interface MultiPoint {
  readonly type: 'MultiPoint'
  readonly coordinates: readonly Position[]
}
export interface LineString {
  readonly type: 'LineString'
  readonly coordinates: readonly Position[]
}
export interface MultiLineString {
  readonly type: 'MultiLineString'
  readonly coordinates: readonly (readonly Position[])[]
}
export type Geometry = Point | MultiPoint | LineString | MultiLineString | Polygon | MultiPolygon

/** A `Feature` of polygons is one of these too. */
export interface GeometryFeature {
  /** null: an empty geometry. */
  readonly geometry: Geometry | null
  readonly properties: Readonly<Record<string, unknown>>
  readonly id?: string | number
}

/** Features of any geometry in one CRS. `Features` (polygons only) are these too. */
export interface Geometries {
  readonly crs: Crs
  readonly features: readonly GeometryFeature[]
  readonly label: string
}
