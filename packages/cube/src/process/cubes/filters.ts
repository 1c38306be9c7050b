/** filter_* processes: fewer labels of dimensions. All are selections, which fuse and are passed on to sources. */

import type { OnWarning } from '@ecotope/core'
import { InputError } from '@ecotope/core'
import { parseCrs } from '../../crs/crs.ts'
import { crsFromEpsg } from '../../crs/epsg.ts'
import { crsEquals } from '../../crs/transform.ts'
import { transformBounds, windowOf } from '../../grid.ts'
import type { BandsDimension, TemporalDimension } from '../../model/dimension.ts'
import type { CubeNode } from '../../model/node.ts'
import type { Band, Bounds, Crs, Window } from '../../types.ts'
import { holds } from '../define.ts'
import type { Callback, ProcessRow, Value } from '../row.ts'
import { elementsOf } from '../schema.ts'
import {
  callbackOf,
  cubeOf,
  cubeValue,
  geometriesArgument,
  type Horizontal,
  horizontalOf,
  laterCubeValue,
  listOf,
  optionalText,
  requireDimension,
  temporalDimension,
  textOf,
  unavailable,
} from './arguments.ts'
import { contextOf, isAsync, runner } from './callback.ts'
import { insideNode, meet, place } from './coverage.ts'
import { upright } from './extent-arguments.ts'
import { boundsOf, geometryDimension, isPolygonal } from './geometries.ts'
import { boundOf, secondsOfLabel } from './instants.ts'
import { centresOf, type Label } from './labels.ts'
import { cutAcross } from './longitudes.ts'
import { replaceWhere } from './masks.ts'
import { call, indicesWhere, input, selectNode } from './nodes.ts'
import {
  CONTEXT,
  callback,
  DATA,
  GEOMETRIES,
  givesCube,
  optional,
  parameter,
  RASTER,
  RASTER_DATA,
  TEMPORAL,
  TEXT,
  TEXT_OR_NULL,
  VECTOR,
} from './schemas.ts'

/** openEO's common names for our roles where they differ. */
const COMMON_NAMES: Readonly<Record<string, readonly string[]>> = {
  redEdge: ['rededge'],
  swir1: ['swir16'],
  swir2: ['swir22'],
}

const hasCommonName = (band: Band | undefined, name: string): boolean =>
  band?.role !== undefined && (band.role === name || (COMMON_NAMES[band.role]?.includes(name) ?? false))

/** Indices of the bands of a name: the one with that very name, else all with that common name. */
export function bandsNamed(dimension: BandsDimension, name: string): number[] {
  const own = dimension.labels.indexOf(name)
  if (own >= 0) return [own]
  return indicesWhere(dimension.labels.length, (i) => hasCommonName(dimension.bands[i], name))
}

export function bandsDimension(node: CubeNode, code: string): BandsDimension {
  const found = node.schema.dims.filter((dimension): dimension is BandsDimension => dimension.type === 'bands')
  if (found.length === 1) return found[0]!
  const what = found.length === 0 ? 'no dimension of bands' : 'several dimensions of bands'
  throw new InputError(code, `the cube has ${what}`, {
    hint: 'this process needs exactly one dimension of the type bands',
    data: { dimensions: node.schema.dims.map((dimension) => dimension.name) },
  })
}

type Range = readonly [least: number, greatest: number]

/** The cube with the bands that any of the criteria names, in the order of the criteria. */
export function filterBands(
  node: CubeNode,
  names: readonly string[],
  wavelengths: readonly Range[] = [],
  onWarning?: OnWarning,
): CubeNode {
  const dimension = bandsDimension(node, 'DimensionMissing')
  if (names.length === 0 && wavelengths.length === 0) {
    throw new InputError('BandFilterParameterMissing', 'filter_bands was given neither bands nor wavelengths', {
      hint: `the bands are ${dimension.labels.join(', ')}`,
    })
  }
  const byName = names.map((name) => {
    const found = bandsNamed(dimension, name)
    if (found.length === 0) {
      const message = `there is no band ${name} among ${dimension.labels.join(', ')}`
      onWarning?.({ tag: 'NoSuchBand', message })
    }
    return found
  })
  const byWavelength = wavelengths.map(([least, greatest]) =>
    indicesWhere(dimension.labels.length, (i) => {
      const centre = dimension.bands[i]?.wavelengthMicrometres
      return centre !== undefined && centre >= least && centre <= greatest
    }),
  )
  return selectNode('filter_bands', node, dimension.name, [...new Set([...byName, ...byWavelength].flat())])
}

export function crsOf(value: unknown): Crs {
  if (value === undefined || value === null) return crsFromEpsg(4326)
  return typeof value === 'number' ? crsFromEpsg(value) : parseCrs(String(value))
}

interface Extent {
  readonly bounds: Bounds
  readonly crs: Crs
  readonly base?: number
  readonly height?: number
}

function extentOf(value: Value): Extent {
  const box = value as Readonly<Record<string, number | null | undefined>>
  const { west, south, east, north, base, height } = box
  return {
    bounds: upright([west!, south!, east!, north!]),
    crs: crsOf(box.crs),
    ...(typeof base === 'number' ? { base } : {}),
    ...(typeof height === 'number' ? { height } : {}),
  }
}

/** Bounds in a reference system. Axis order is always east, north. */
function boundsIn({ bounds, crs }: Extent, to: Crs): Bounds {
  return crsEquals(crs, to) ? bounds : transformBounds(bounds, crs, to)
}

const within = (value: number, least: number, greatest: number): boolean => value >= least && value <= greatest

/** The columns and rows whose centres lie within bounds; of rotated grids all that the bounds touch. */
export function spatialCut(node: CubeNode, at: Horizontal, [west, south, east, north]: Bounds): CubeNode {
  const { grid } = at
  const isUpright = grid.affine[1] === 0 && grid.affine[3] === 0
  const window = isUpright ? undefined : windowOf(grid, [west, south, east, north])
  const inWindow = (i: number, start: number, length: number): boolean => i >= start && i < start + length
  const xs = centresOf(grid, 'x')
  const ys = centresOf(grid, 'y')
  const columns = (): number[] =>
    indicesWhere(xs.length, (i) =>
      window === undefined ? within(xs[i]!, west, east) : inWindow(i, window.column, window.width),
    )
  const cut = cutAcross(node, at, west, east, 'filter_bbox') ?? selectNode('filter_bbox', node, at.xName, columns())
  const rows = indicesWhere(ys.length, (i) =>
    window === undefined ? within(ys[i]!, south, north) : inWindow(i, window.row, window.height),
  )
  return selectNode('filter_bbox', cut, at.yName, rows)
}

function filterBbox(node: CubeNode, extent: Extent): CubeNode {
  const geometry = geometryDimension(node)
  if (geometry !== undefined) {
    const [west, south, east, north] = boundsIn(extent, geometry.features.crs)
    const inside = indicesWhere(geometry.labels.length, (i) => {
      const bounds = boundsOf(geometry.features.features[i]!.geometry)
      if (bounds === undefined) return false
      return within(bounds[0], west, east) && within(bounds[2], west, east) && bounds[1] >= south && bounds[3] <= north
    })
    return selectNode('filter_bbox', node, geometry.name, inside)
  }
  const at = horizontalOf(node)
  const cut = spatialCut(node, at, boundsIn(extent, at.grid.crs))
  const z = cut.schema.dims.find((dimension) => dimension.type === 'spatial' && dimension.axis === 'z')
  if (z === undefined || (extent.base === undefined && extent.height === undefined)) return cut
  const [base, height] = [extent.base ?? -Infinity, extent.height ?? Infinity]
  const levels = indicesWhere(z.labels.length, (i) => within(z.labels[i] as number, base, height))
  return selectNode('filter_bbox', cut, z.name, levels)
}

/** The cube cut to the bounds of geometries, with the pixels that belong to none of them missing. */
export function filterSpatial(node: CubeNode, geometries: ReturnType<typeof geometriesArgument>): CubeNode {
  const at = horizontalOf(node)
  const { xName, yName, grid } = at
  const placed = place(geometries, grid)
  const whole: Window = { column: 0, row: 0, width: grid.width, height: grid.height }
  let columns = new Set<number>()
  let rows = new Set<number>()
  const add = (from: number, length: number, into: Set<number>): void => {
    for (let i = from; i < from + length; i++) into.add(i)
  }
  const [xs, ys] = [centresOf(grid, 'x'), centresOf(grid, 'y')]
  const isUpright = grid.affine[1] === 0 && grid.affine[3] === 0
  placed.geometries.features.forEach(({ geometry }, i) => {
    const window = meet(whole, placed.windows[i])
    if (window === undefined) return
    const bounds = boundsOf(geometry)!
    const { column, row, width, height } = window
    if (!isPolygonal(geometry) || !isUpright) {
      add(column, width, columns)
      add(row, height, rows)
      return
    }
    for (let k = column; k < column + width; k++) if (within(xs[k]!, bounds[0], bounds[2])) columns.add(k)
    for (let k = row; k < row + height; k++) if (within(ys[k]!, bounds[1], bounds[3])) rows.add(k)
  })
  if (columns.size === 0 || rows.size === 0) {
    columns = new Set()
    rows = new Set()
  }
  const cutX = selectNode('filter_spatial', node, xName, hull(columns))
  const cut = selectNode('filter_spatial', cutX, yName, hull(rows))
  if (columns.size === 0) return cut
  const after = horizontalOf(cut)
  const inside = insideNode(place(geometries, after.grid), cut.schema, after, 'filter_spatial')
  return replaceWhere('filter_spatial', [cut, inside], call('not', input(1)), null)
}

/** All whole numbers from the least to the greatest. */
function hull(indices: ReadonlySet<number>): number[] {
  if (indices.size === 0) return []
  let [first, last] = [Infinity, -Infinity]
  for (const i of indices) {
    first = Math.min(first, i)
    last = Math.max(last, i)
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

/** The cube with the labels of temporal dimensions in [start, end). */
export function filterTemporal(node: CubeNode, extent: readonly Value[], name?: string): CubeNode {
  const dims =
    name === undefined
      ? node.schema.dims.filter((dimension): dimension is TemporalDimension => dimension.type === 'temporal')
      : [temporalDimension(node, name)]
  if (dims.length === 0) throw unavailable(node, 'of the type temporal')
  return dims.reduce((cut, dimension) => {
    const start = boundOf(extent[0] ?? null, dimension.calendar, -Infinity)
    const end = boundOf(extent[1] ?? null, dimension.calendar, Infinity)
    if (end <= start) {
      throw new InputError('TemporalExtentEmpty', `the interval from ${extent[0]} to ${extent[1]} is empty`, {
        hint: 'the end has to be later than the start; it is not included itself',
        data: { extent },
      })
    }
    const seconds = dimension.labels.map((label) => secondsOfLabel(label, dimension))
    const kept = indicesWhere(seconds.length, (i) => seconds[i]! >= start && seconds[i]! < end)
    return selectNode('filter_temporal', cut, dimension.name, kept)
  }, node)
}

function filterLabels(node: CubeNode, condition: Callback, name: string, context: Value): CubeNode | Promise<CubeNode> {
  const labels = node.schema.dims[requireDimension(node, name)]!.labels as readonly Label[]
  const run = runner(condition)
  const accepted = labels.map((value) => run({ value, context }))
  const keep = (results: readonly Value[]): CubeNode =>
    selectNode(
      'filter_labels',
      node,
      name,
      indicesWhere(results.length, (i) => holds(results[i]!, 'filter_labels')),
    )
  return isAsync(condition) ? Promise.all(accepted).then(keep) : keep(accepted as Value[])
}

const NUMBERS = { type: 'number' }
const BBOX = {
  type: 'object',
  subtype: 'bounding-box',
  required: ['west', 'south', 'east', 'north'],
  properties: { west: NUMBERS, south: NUMBERS, east: NUMBERS, north: NUMBERS },
}
const RANGES = { type: 'array', items: { type: 'array', minItems: 2, maxItems: 2, items: NUMBERS } }

export const filterRows: readonly ProcessRow[] = [
  {
    id: 'filter_bands',
    category: 'filters',
    summary: 'Keeps bands by their names, common names or wavelengths.',
    parameters: [
      parameter('data', { ...RASTER, dimensions: [{ type: 'bands' }] }, 'a cube with bands'),
      optional(
        'bands',
        { type: 'array', items: { type: 'string', subtype: 'band-name' } },
        'names, in the order wanted',
        [],
      ),
      optional('wavelengths', RANGES, 'ranges [least, greatest] in micrometres', []),
    ],
    returns: givesCube('the cube with fewer bands'),
    errors: ['BandFilterParameterMissing', 'DimensionMissing'],
    chunks: 'metadata',
    evaluate: (args, context) => {
      const ranges = listOf(args, 'wavelengths').map((range) => elementsOf(range) as unknown as Range)
      return cubeValue(filterBands(cubeOf(args), listOf(args, 'bands') as string[], ranges, context.onWarning))
    },
  },
  {
    id: 'filter_bbox',
    category: 'filters',
    summary: 'Keeps the pixels, or geometries, inside a bounding box.',
    parameters: [parameter('data', [RASTER, VECTOR], 'the cube'), parameter('extent', BBOX, 'the box, in any CRS')],
    returns: givesCube('the cube cut to the box'),
    chunks: 'metadata',
    evaluate: (args) => cubeValue(filterBbox(cubeOf(args), extentOf(args.extent as Value))),
  },
  {
    id: 'filter_labels',
    category: 'filters',
    summary: 'Keeps labels for which a condition is true.',
    parameters: [
      DATA,
      parameter('condition', callback(['value'], { type: 'boolean' }), 'whether a label stays'),
      parameter('dimension', TEXT, 'the dimension'),
      CONTEXT,
    ],
    returns: givesCube('the cube with fewer labels'),
    errors: ['DimensionNotAvailable'],
    chunks: 'metadata',
    evaluate: (args) => {
      const [node, condition] = [cubeOf(args), callbackOf(args, 'condition')]
      return laterCubeValue(filterLabels(node, condition, textOf(args, 'dimension'), contextOf(args)))
    },
  },
  {
    id: 'filter_spatial',
    category: 'filters',
    summary: 'Cuts a cube to geometries and masks what lies outside.',
    parameters: [RASTER_DATA, parameter('geometries', GEOMETRIES, 'the geometries')],
    returns: givesCube('the cube cut to the geometries', RASTER),
    chunks: 'cell',
    evaluate: (args) => cubeValue(filterSpatial(cubeOf(args), geometriesArgument(args, 'geometries'))),
  },
  {
    id: 'filter_temporal',
    category: 'filters',
    summary: 'Keeps the labels of time in an interval, its end excluded.',
    parameters: [
      parameter('data', TEMPORAL, 'a cube with time'),
      parameter('extent', { type: 'array', subtype: 'temporal-interval', minItems: 2, maxItems: 2 }, '[start, end)'),
      optional('dimension', TEXT_OR_NULL, 'the temporal dimension; default all'),
    ],
    returns: givesCube('the cube with fewer labels of time', TEMPORAL),
    errors: ['DimensionNotAvailable', 'TemporalExtentEmpty'],
    chunks: 'metadata',
    evaluate: (args) =>
      cubeValue(filterTemporal(cubeOf(args), listOf(args, 'extent'), optionalText(args, 'dimension'))),
  },
]
