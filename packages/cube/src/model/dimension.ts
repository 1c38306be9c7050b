/** The axes of a cube: their labels, their kinds, what openEO and CF say of them. Types and small readings only. */
import type { Band, Crs } from '../types.ts'
import type { Geometries } from './geometry.ts'

/** CF calendars. `standard` is Julian before 1582-10-15, Gregorian from then on; `gregorian` of files means the same. */
export type Calendar = 'standard' | 'proleptic_gregorian' | 'julian' | 'noleap' | 'all_leap' | '360_day'

/** What CF says of a coordinate beside its unit, as files have it: which way levels count, what they are called. */
export type AxisNotes = Readonly<Partial<Record<'axis' | 'standard_name' | 'long_name' | 'positive', string>>>

export interface SpatialDimension {
  readonly type: 'spatial'
  readonly name: string
  readonly axis: 'x' | 'y' | 'z'
  /** Centres of the cells, in units of the CRS; of a rotated grid, cell numbers + 0.5. */
  readonly labels: readonly number[]
  readonly unit?: string
  /** Of z; what x and y are, the grid tells. */
  readonly notes?: AxisNotes
}

export interface TemporalDimension {
  readonly type: 'temporal'
  readonly name: string
  /** RFC 3339 instants (`2020-06-01T00:00:00Z`), or what a process makes of them (`2020-06`, `2020-W23`, `summer`). */
  readonly labels: readonly string[]
  readonly calendar: Calendar
  /** The calendar period of openEO that each label names (`week`), by which `2020-05` is no month; default by its form. */
  readonly period?: string
}

export interface BandsDimension {
  readonly type: 'bands'
  readonly name: string
  /** Names of the bands. */
  readonly labels: readonly string[]
  /** Role, unit, wavelength of each band; as long as `labels`. */
  readonly bands: readonly Band[]
}

/** Features of a vector cube, one label each. */
export interface GeometryDimension {
  readonly type: 'geometry'
  readonly name: string
  readonly labels: readonly (string | number)[]
  readonly features: Geometries
}

export interface OtherDimension {
  readonly type: 'other'
  readonly name: string
  readonly labels: readonly (string | number)[]
  readonly unit?: string
  readonly notes?: AxisNotes
}

export type Dimension = SpatialDimension | TemporalDimension | BandsDimension | GeometryDimension | OtherDimension

/** Whether labels may have a unit of their own; those of x and y are the grid's. */
export const isLevels = (dimension: Dimension): dimension is OtherDimension | SpatialDimension =>
  dimension.type === 'other' || (dimension.type === 'spatial' && dimension.axis === 'z')

/** Labels by their places: maps have thousands, and a loop makes them ten times as fast as `Array.from`. */
export function labelsOf(count: number, at: (i: number) => number): number[] {
  const labels = new Array<number>(count)
  for (let i = 0; i < count; i++) labels[i] = at(i)
  return labels
}

/** A coordinate reference system with the names of the dimensions that carry it. */
export interface SpatialReference {
  readonly crs: Crs
  readonly x: string
  readonly y: string
}
