/** Extents of loading processes: boxes, GeoJSON and intervals as numbers and instants. */
import { InputError } from '@ecotope/core'
import type { Extents } from '../../collection/extents.ts'
import { parseCrs } from '../../crs/crs.ts'
import { transformBounds } from '../../grid.ts'
import type { Bounds, Crs } from '../../types.ts'

const WGS84 = 'EPSG:4326'

/** A `spatial_extent` argument. Throws `InputError('BadExtent')`. */
export function spatialExtent(value: unknown): Pick<Extents, 'bounds' | 'degrees'> {
  if (value === null || value === undefined) return {}
  const { bounds, crs } = boxOf(value as Record<string, unknown>)
  return { bounds: { bounds, crs }, degrees: transformBounds(bounds, crs, parseCrs(WGS84)) }
}

function boxOf(value: Record<string, unknown>): { bounds: Bounds; crs: Crs } {
  const { west, south, east, north, crs } = value
  const bounds = [west, south, east, north]
  if (bounds.every((edge) => typeof edge === 'number')) {
    return { bounds: upright(bounds as unknown as Bounds), crs: parseCrs(String(crs ?? WGS84)) }
  }
  const points = typeof value.type === 'string' ? [...positionsOf(value)] : []
  if (points.length > 0) {
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
    return { bounds: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], crs: parseCrs(WGS84) }
  }
  throw new InputError('BadExtent', 'the spatial extent is neither a bounding box nor GeoJSON', {
    hint: 'write { "west": 16.1, "south": 47.2, "east": 16.6, "north": 48.6 }, degrees unless crs says otherwise',
    data: { extent: value },
  })
}

/** The bounds of a box, west of whose east may lie beyond the antimeridian. Throws `InputError('BadExtent')`. */
export function upright(bounds: Bounds): Bounds {
  const [, south, , north] = bounds
  if (south <= north) return bounds
  throw new InputError('BadExtent', `the box lies upside down: its south ${south} is greater than its north ${north}`, {
    hint: 'south and north are the least and the greatest second coordinate',
    data: { south, north },
  })
}

/** All positions of a GeoJSON object. */
function* positionsOf(value: unknown): Generator<readonly [x: number, y: number]> {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    if (typeof value[0] === 'number') yield value as unknown as readonly [number, number]
    else for (const part of value) yield* positionsOf(part)
    return
  }
  const { coordinates, geometry, features } = value as Record<string, unknown>
  yield* positionsOf(coordinates ?? geometry ?? features)
}

/** A `temporal_extent` argument. Throws `InputError('TemporalExtentEmpty')`. */
export function temporalExtent(value: unknown): Pick<Extents, 'interval'> {
  if (value === null || value === undefined) return {}
  const [start, end] = (value as readonly (string | null)[]).map((instant) =>
    instant === null || instant === '..' ? null : instant.length === 10 ? `${instant}T00:00:00Z` : instant,
  )
  if (start && end && Date.parse(start) >= Date.parse(end)) {
    throw new InputError('TemporalExtentEmpty', `the temporal extent from ${start} to ${end} is empty`, {
      hint: 'the second instant has to be later than the first, which alone is included',
      data: { start, end },
    })
  }
  return { interval: [start ?? null, end ?? null] }
}
