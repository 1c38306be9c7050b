/** Statistics of zones: the table of them, and the sweep over a source's tiles that fills them for many polygons. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { crsEquals } from '../crs/transform.ts'
import type { TypedArray } from '../dtype.ts'
import { intersectWindows, wholeWindow } from '../grid.ts'
import type { ArraySource } from '../model/array-source.ts'
import type { Packing } from '../model/block.ts'
import type { Geometry } from '../model/geometry.ts'
import type { Features, Grid, MultiPolygon, Polygon, Window } from '../types.ts'
import { onGrid } from '../vector/turns.ts'
import { planeLayout } from '../warp/planes.ts'
import {
  type Footprint,
  footprintOf,
  frequencies,
  type Kept,
  type PlanePart,
  sorted,
  weightedQuantile,
  ZoneAccumulator,
} from './accumulator.ts'
import {
  type Coverage,
  edgesOf,
  passingCoverage,
  ZONE_RULES,
  type ZoneEdges,
  type ZoneRule,
  zoneWindow,
} from './coverage.ts'

export type ZonalStatistic =
  | 'count'
  | 'sum'
  | 'mean'
  | 'min'
  | 'max'
  | 'variance'
  | 'sd'
  | 'median'
  | 'majority'
  | 'minority'
  | 'variety'
  | `q${number}`

export interface ZonalOptions extends WorkOptions {
  /**
   * `count` is the sum of weights; `variance` is that of the population; `q25` the quantile 0.25. Quantiles and
   * frequencies keep all values of the zones that the sweep is in (16 bytes a pixel).
   */
  readonly statistics: readonly ZonalStatistic[]
  /** Default `coverage`. */
  readonly rule?: ZoneRule
}

export interface ZonalTable {
  readonly statistics: readonly ZonalStatistic[]
  /** Planes (bands, dates, ...) of the source, in its order. */
  readonly planes: number
  /** `[features, planes, statistics]`, row-major; NaN where a zone has no valid pixel (`count` and `sum` 0). */
  readonly values: Float64Array
}

/** A statistic of a zone in physical values, which are stored ones times scale plus offset. */
interface Row extends Kept {
  readonly of: (zone: ZoneAccumulator, scale: number, offset: number) => number
}

const NONE: Kept = { moments: false, squares: false, extremes: false, values: false }
const MOMENTS: Kept = { ...NONE, moments: true }
const SQUARES: Kept = { ...MOMENTS, squares: true }
const EXTREMES: Kept = { ...NONE, extremes: true }
const VALUES: Kept = { ...NONE, values: true }

const mean = (zone: ZoneAccumulator): number => zone.shift + zone.sum / zone.weight
const variance = (zone: ZoneAccumulator, scale: number): number => {
  const distance = zone.sum / zone.weight
  return Math.max(0, zone.squares / zone.weight - distance * distance) * scale * scale
}
/** An extreme of the stored values, NaN where there is none. */
const extreme = (zone: ZoneAccumulator, isGreatest: boolean): number => {
  if (zone.least > zone.greatest) return Number.NaN
  return isGreatest ? zone.greatest : zone.least
}

function quantile(probability: number): Row {
  return {
    ...VALUES,
    of: (zone, scale, offset) => {
      const { values, weights } = sorted(zone)
      const p = scale < 0 ? 1 - probability : probability
      return weightedQuantile(values, weights, p) * scale + offset
    },
  }
}

const frequency = (name: 'majority' | 'minority'): Row => ({
  ...VALUES,
  of: (zone, scale, offset) => {
    const { values, weights } = sorted(zone)
    // Which of equally frequent ones counts is a matter of the physical values.
    const isTurned = scale < 0
    const found = isTurned ? frequencies(values.toReversed(), weights.toReversed()) : frequencies(values, weights)
    return found[name] * scale + offset
  },
})

const ROWS: Readonly<Record<Exclude<ZonalStatistic, `q${number}`>, Row>> = {
  count: { ...MOMENTS, of: (zone) => zone.weight },
  sum: {
    ...MOMENTS,
    of: (zone, scale, offset) => (zone.weight > 0 ? zone.weight * (mean(zone) * scale + offset) : 0),
  },
  mean: { ...MOMENTS, of: (zone, scale, offset) => mean(zone) * scale + offset },
  variance: { ...SQUARES, of: (zone, scale) => variance(zone, scale) },
  sd: { ...SQUARES, of: (zone, scale) => Math.sqrt(variance(zone, scale)) },
  min: {
    ...EXTREMES,
    of: (zone, scale, offset) => extreme(zone, scale < 0) * scale + offset,
  },
  max: {
    ...EXTREMES,
    of: (zone, scale, offset) => extreme(zone, scale >= 0) * scale + offset,
  },
  median: quantile(0.5),
  majority: frequency('majority'),
  minority: frequency('minority'),
  variety: {
    ...VALUES,
    of: (zone) => {
      const { values, weights } = sorted(zone)
      return frequencies(values, weights).variety
    },
  },
}

function rowOf(name: ZonalStatistic): Row {
  const known = ROWS[name as keyof typeof ROWS] as Row | undefined
  if (known !== undefined) return known
  const percent = /^q(\d+(?:\.\d+)?)$/.exec(name)?.[1]
  if (percent !== undefined && Number(percent) <= 100) return quantile(Number(percent) / 100)
  throw new InputError('BadStatistic', `there is no zonal statistic "${name}"`, {
    hint: `choose one of ${Object.keys(ROWS).join(', ')}, or q and a percentage, such as q25`,
    data: { statistic: name },
  })
}

/** What the statistics need to be kept of a zone. Throws InputError `BadStatistic`. */
export function keptFor(statistics: readonly ZonalStatistic[]): Kept {
  const rows = statistics.map(rowOf)
  return {
    moments: rows.some((row) => row.moments),
    squares: rows.some((row) => row.squares),
    extremes: rows.some((row) => row.extremes),
    values: rows.some((row) => row.values),
  }
}

/** The statistics of one zone whose stored values were accumulated. */
export function finishZone(
  zone: ZoneAccumulator,
  statistics: readonly ZonalStatistic[],
  packing: Pick<Packing, 'scale' | 'offset'>,
): number[] {
  return statistics.map((name) => rowOf(name).of(zone, packing.scale, packing.offset))
}

/** Cells (all planes) that are read at one time. */
const READ_CELLS = 8 * 2 ** 20

/**
 * Statistics of every plane of a source (any dimensions, y and x last) within every polygon. The source is read tile
 * by tile, once; a zone is finished when the sweep has passed it. Features must be in the source's CRS (see
 * `transformFeatures`); one without a geometry covers nothing. Throws InputError `NoGrid`, `OtherCrs`, `BadStatistic`,
 * `BadRule`, `UnsupportedGeometry` and what the source throws.
 */
export async function zonalStatistics(
  source: ArraySource,
  features: Features,
  options: ZonalOptions,
): Promise<ZonalTable> {
  const { statistics, rule = 'coverage' } = options
  const { schema } = source
  if (!ZONE_RULES.includes(rule)) {
    throw new InputError('BadRule', `there is no rule "${rule}" of which pixels belong to a zone`, {
      hint: `choose one of ${ZONE_RULES.join(', ')}`,
      data: { rule },
    })
  }
  const grid = gridOfZones(source, features)
  const layout = planeLayout(schema)
  const shape = schema.dims.map((d) => d.labels.length)
  const rank = shape.length
  if (layout.y !== rank - 2 || layout.x !== rank - 1) {
    throw new InputError('BadShape', 'zonal statistics need y and x as the last dimensions', {
      data: { dimensions: schema.dims.map((d) => d.name) },
    })
  }
  const planes = layout.count(shape)
  const kept = keptFor(statistics)
  const zones = zonesOf(features, grid, rule)
  const tiles = tilesOf(source, planes, grid, zones)
  const values = new Float64Array(zones.length * planes * statistics.length)
  const open = new Map<number, ZoneAccumulator[]>()
  const finish = (index: number): void => {
    const accumulators = open.get(index) ?? newZones(planes, kept)
    open.delete(index)
    for (const [plane, zone] of accumulators.entries()) {
      values.set(finishZone(zone, statistics, schema.packing), (index * planes + plane) * statistics.length)
    }
  }
  const found: Found = (index, footprint, parts) => {
    const accumulators = open.get(index) ?? newZones(planes, kept)
    open.set(index, accumulators)
    for (const [plane, part] of parts.entries()) accumulators[plane]!.add(footprint, part)
  }
  const read = (tile: Tile | undefined): Promise<TileData> | undefined => {
    const data = tile === undefined ? undefined : readTile(source, shape, tile, zones)
    // Its failure is met when its turn comes.
    data?.catch(() => undefined)
    return data
  }
  let coming = read(tiles[0])
  for (const [i, tile] of tiles.entries()) {
    throwIfAborted(options.signal)
    const data = await coming!
    // The next tile is read while this one is gone through.
    coming = read(tiles[i + 1])
    goThrough(source, tile, zones, data, found)
    for (const index of tile.ends) finish(index)
    options.onProgress?.({ step: 'zones', fraction: (i + 1) / tiles.length })
  }
  for (const [index, zone] of zones.entries()) if (zone.window.width === 0) finish(index)
  return { statistics, planes, values }
}

const newZones = (planes: number, kept: Kept): ZoneAccumulator[] =>
  Array.from({ length: planes }, () => new ZoneAccumulator(kept))

function gridOfZones(source: ArraySource, features: Features): Grid {
  const { grid } = source.schema
  if (grid === undefined) {
    throw new InputError('NoGrid', `${source.handle.path} has no dimensions x and y on a grid`, {
      hint: 'load data that has a spatial grid',
      data: { path: source.handle.path },
    })
  }
  if (!crsEquals(grid.crs, features.crs)) {
    throw new InputError('OtherCrs', `the polygons are in ${features.crs.name}, the raster in ${grid.crs.name}`, {
      hint: 'transform the polygons first (transformFeatures)',
      data: { features: features.crs.name, grid: grid.crs.name },
    })
  }
  return grid
}

interface Zone {
  readonly geometry: Polygon | MultiPolygon
  readonly edges: ZoneEdges
  readonly window: Window
  /** In memory that the next call takes. */
  readonly coverage: (window: Window) => Coverage
}

const NOWHERE: MultiPolygon = { type: 'MultiPolygon', coordinates: [] }

/** Files have features without geometry and of other kinds, whatever the type says. */
function polygonOf(geometry: Geometry | null, i: number, label: string): Polygon | MultiPolygon {
  if (geometry === null) return NOWHERE
  if (geometry.type === 'Polygon' || geometry.type === 'MultiPolygon') return geometry
  throw new InputError('UnsupportedGeometry', `feature ${i + 1} of ${label} is a ${geometry.type}, no polygon`, {
    hint: 'read polygons only (readPolygons), or make some of points and lines (vector_buffer)',
    data: { label, feature: i + 1, type: geometry.type },
  })
}

function zonesOf(features: Features, grid: Grid, rule: ZoneRule): Zone[] {
  return features.features.map((feature, i) => {
    const geometry = onGrid(polygonOf(feature.geometry, i, features.label), grid)
    const edges = edgesOf(geometry, grid)
    const touching = zoneWindow(edges, grid)
    // Touched pixels may lie one further than the bounds.
    const margin = rule === 'coverage' || touching.width === 0 ? 0 : 1
    const window = intersectWindows(
      {
        column: touching.column - margin,
        row: touching.row - margin,
        width: touching.width + 2 * margin,
        height: touching.height + 2 * margin,
      },
      wholeWindow(grid),
    )
    const coverage = (part: Window): Coverage => passingCoverage(geometry, edges, grid, part, rule)
    return { geometry, edges, window: touching.width === 0 ? touching : window, coverage }
  })
}

interface Tile {
  readonly window: Window
  /** Zones that meet the tile, and those whose last tile it is. */
  readonly zones: number[]
  readonly ends: number[]
}

/** Tiles of whole chunks that zones meet, in rows from the north, with their zones. */
function tilesOf(source: ArraySource, planes: number, grid: Grid, zones: readonly Zone[]): Tile[] {
  const [chunkHeight = 256, chunkWidth = 256] = source.chunks.slice(-2)
  const wanted = Math.max(1, READ_CELLS / planes)
  // Wide chunks (strips) are read across the whole grid, others in squares.
  const width = Math.min(grid.width, chunkWidth * Math.max(1, Math.floor(Math.sqrt(wanted) / chunkWidth)))
  const height = Math.min(grid.height, chunkHeight * Math.max(1, Math.floor(wanted / width / chunkHeight)))
  const across = Math.ceil(grid.width / width)
  const tiles = new Map<number, Tile>()
  for (const [index, { window }] of zones.entries()) {
    if (window.width === 0) continue
    const [c0, c1] = [Math.floor(window.column / width), Math.floor((window.column + window.width - 1) / width)]
    const [r0, r1] = [Math.floor(window.row / height), Math.floor((window.row + window.height - 1) / height)]
    for (let r = r0; r <= r1; r++) {
      for (let c = c0; c <= c1; c++) {
        const key = r * across + c
        const tile = tiles.get(key) ?? {
          window: intersectWindows({ column: c * width, row: r * height, width, height }, wholeWindow(grid)),
          zones: [],
          ends: [],
        }
        tiles.set(key, tile)
        tile.zones.push(index)
        if (r === r1 && c === c1) tile.ends.push(index)
      }
    }
  }
  // Zones in the order of rows, so that the memory of one is at hand for the next.
  for (const { zones: members } of tiles.values()) members.sort((a, b) => zones[a]!.window.row - zones[b]!.window.row)
  return [...tiles].sort(([a], [b]) => a - b).map(([, tile]) => tile)
}

type Found = (index: number, footprint: Footprint, parts: readonly PlanePart[]) => void

interface TileData {
  readonly window: Window
  readonly data: TypedArray
}

/** Reads the part of a tile that its zones need. */
async function readTile(
  source: ArraySource,
  shape: readonly number[],
  tile: Tile,
  zones: readonly Zone[],
): Promise<TileData> {
  const parts = tile.zones.map((index) => intersectWindows(zones[index]!.window, tile.window))
  const column = Math.min(...parts.map((p) => p.column))
  const row = Math.min(...parts.map((p) => p.row))
  const width = Math.max(...parts.map((p) => p.column + p.width)) - column
  const height = Math.max(...parts.map((p) => p.row + p.height)) - row
  const data = await source.read({
    start: [...shape.slice(2).map(() => 0), row, column],
    shape: [...shape.slice(0, -2), height, width],
  })
  return { window: { column, row, width, height }, data }
}

/** Gives every zone of a tile its covered pixels with the planes. */
function goThrough(
  source: ArraySource,
  tile: Tile,
  zones: readonly Zone[],
  { window, data }: TileData,
  found: Found,
): void {
  const { nodata, isBoolean } = source.schema.packing
  const missing = nodata ?? (isBoolean === true ? 255 : Number.NaN)
  const size = window.width * window.height
  const planes = Array.from({ length: data.length / size }, (_, plane): PlanePart => {
    return { data, start: plane * size, window, missing }
  })
  for (const index of tile.zones) {
    const coverage = zones[index]!.coverage(intersectWindows(zones[index]!.window, tile.window))
    if (coverage.count > 0) found(index, footprintOf(coverage, window), planes)
  }
}
