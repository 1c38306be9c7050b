/** Collections cut to a box and an interval before they are stacked, so that nothing beyond is ever read. */
import { InputError } from '@ecotope/core'
import { cropGrid, gridBounds, invertAffine, pixelToCrs, transformBounds } from '../grid.ts'
import type { CubeNode } from '../model/node.ts'
import { parseInstant, secondsOf } from '../model/time.ts'
import { horizontalOf } from '../process/cubes/arguments.ts'
import { spatialCut } from '../process/cubes/filters.ts'
import type { Bounds, Crs, Grid } from '../types.ts'
import { stackLayers } from './stack.ts'
import { targetGrid } from './target-grid.ts'
import type { Layer, LayerSet, StackOptions } from './types.ts'

export interface Extents {
  readonly bounds?: { readonly bounds: Bounds; readonly crs: Crs }
  /** The same box in degrees, as catalogues want it. */
  readonly degrees?: Bounds
  /** Left-closed; null is open. */
  readonly interval?: readonly [start: string | null, end: string | null]
}

/** The stack of a collection within extents. Throws `InputError('NoDataAvailable')` and what `stackLayers` throws. */
export function clipped(set: LayerSet, { bounds, interval }: Extents, options: StackOptions): CubeNode {
  const layers = interval === undefined ? set.layers : set.layers.map((layer) => within(layer, interval))
  const left = layers.filter((layer) => layer.pieces.length > 0)
  if (left.length === 0) throw noData(set, 'in the temporal extent')
  const cut = { ...set, layers: left }
  if (bounds === undefined) return stackLayers(cut, options)
  const chosen = left.filter(({ name }) => options.bands?.includes(name) ?? true)
  const grid = targetGrid(options.grid, chosen, left)
  const box = transformBounds(bounds.bounds, bounds.crs, grid.crs)
  if (isBeyond(box, grid)) return cutToBox(stackLayers(cut, { ...options, grid }), box, set)
  return stackLayers(cut, { ...options, grid: cropToCentres(grid, box, set) })
}

/** Whether a box in degrees may hold columns of the grid under other longitudes. */
function isBeyond([west, , east]: Bounds, grid: Grid): boolean {
  const [left, , right] = gridBounds(grid)
  return grid.crs.isGeographic && (west > east || west < left || east > right)
}

function cutToBox(node: CubeNode, box: Bounds, set: LayerSet): CubeNode {
  const cut = spatialCut(node, horizontalOf(node), box)
  if (cut.schema.dims.some(({ labels }) => labels.length === 0)) throw noData(set, 'in the spatial extent')
  return cut
}

/** The layer with the images of an interval; one without dates stays whole. */
function within(layer: Layer, [start, end]: NonNullable<Extents['interval']>): Layer {
  const seconds = (label: string | null, open: number): number => {
    const date = label === null ? undefined : parseInstant(label, layer.calendar)
    return date === undefined ? open : secondsOf(date, layer.calendar)
  }
  const [from, to] = [seconds(start, -Infinity), seconds(end, Infinity)]
  const isIn = (time: string): boolean => {
    const at = seconds(time, Number.NaN)
    return at >= from && at < to
  }
  const pieces = layer.pieces.filter(({ time }) => time === undefined || isIn(time))
  return { ...layer, pieces, times: layer.times.filter(isIn) }
}

/** The pixels whose centres lie in a box. */
function cropToCentres(grid: Grid, [west, south, east, north]: Bounds, set: LayerSet): Grid {
  const inverse = invertAffine(grid.affine)
  const corners = [west, east].flatMap((x) => [south, north].map((y) => pixelToCrs(inverse, x, y)))
  const span = (k: 0 | 1, size: number): [number, number] => {
    const values = corners.map((corner) => corner[k])
    return [
      Math.max(0, Math.ceil(Math.min(...values) - 0.5)),
      Math.min(size, Math.floor(Math.max(...values) - 0.5) + 1),
    ]
  }
  const [left, right] = span(0, grid.width)
  const [top, bottom] = span(1, grid.height)
  if (left >= right || top >= bottom) throw noData(set, 'in the spatial extent')
  return cropGrid(grid, { column: left, row: top, width: right - left, height: bottom - top })
}

const noData = (set: LayerSet, where: string): InputError =>
  new InputError('NoDataAvailable', `${set.label} has no data ${where}`, {
    hint: 'widen the extents in space and time',
    data: { label: set.label },
  })
