/** resample_spatial and resample_cube_spatial: warps to a grid that is asked for or taken from another cube. */
import { crsEquals } from '../../crs/transform.ts'
import { gridBounds, gridResolution, transformBounds } from '../../grid.ts'
import type { CubeNode } from '../../model/node.ts'
import type { Bounds, Crs, Grid } from '../../types.ts'
import type { Resampling } from '../../warp/methods.ts'
import { warpNode } from '../../warp/warp-node.ts'
import type { ProcessRow } from '../row.ts'
import { elementsOf } from '../schema.ts'
import { cubeOf, cubeValue, horizontalOf, textOf } from './arguments.ts'
import { crsOf } from './filters.ts'
import { givesCube, optional, PROJECTION, parameter, RASTER, RASTER_DATA } from './schemas.ts'

/** openEO's names of methods, which are GDAL's, and ours. */
const METHODS: Readonly<Record<string, Resampling>> = {
  average: 'average',
  bilinear: 'bilinear',
  cubic: 'cubic',
  cubicspline: 'cubicspline',
  lanczos: 'lanczos',
  max: 'max',
  med: 'median',
  min: 'min',
  mode: 'mode',
  near: 'nearest',
  q1: 'q1',
  q3: 'q3',
  rms: 'rms',
  sum: 'sum',
}

type Align = 'lower-left' | 'upper-left' | 'lower-right' | 'upper-right'

/** An edge within this share of a pixel counts as on it. */
const EDGE = 1e-6

/**
 * A grid over bounds with pixels of a size: as many as cover the bounds, starting in the corner asked for. Of a cube
 * without new resolution the pixels keep their count.
 */
function gridOver(bounds: Bounds, crs: Crs, [dx, dy]: readonly [number, number], align: Align): Grid {
  const [west, south, east, north] = bounds
  const width = Math.max(1, Math.ceil((east - west) / dx - EDGE))
  const height = Math.max(1, Math.ceil((north - south) / dy - EDGE))
  const left = align.endsWith('left') ? west : east - width * dx
  const top = align.startsWith('upper') ? north : south + height * dy
  return { crs, affine: [dx, 0, left, 0, -dy, top], width, height }
}

/**
 * The size of square pixels in another system that keeps about as many pixels along the diagonal, as GDAL suggests it.
 */
function suggestedResolution(grid: Grid, bounds: Bounds): number {
  const [west, south, east, north] = bounds
  return Math.hypot(east - west, north - south) / Math.hypot(grid.width, grid.height)
}

/** The grid of resample_spatial. `resolution` 0 keeps that of the cube, or what answers to it in the new system. */
export function targetGrid(grid: Grid, crs: Crs, resolution: readonly [number, number], align: Align): Grid {
  const isSame = crsEquals(grid.crs, crs)
  const bounds = isSame ? gridBounds(grid) : transformBounds(gridBounds(grid), grid.crs, crs)
  const [ownX, ownY] = gridResolution(grid)
  const size = isSame ? 0 : suggestedResolution(grid, bounds)
  const pick = (asked: number, own: number): number => (asked > 0 ? asked : isSame ? own : size)
  return gridOver(bounds, crs, [pick(resolution[0], ownX), pick(resolution[1], ownY)], align)
}

function resample(node: CubeNode, grid: Grid, method: string): CubeNode {
  return warpNode(node, grid, { resampling: METHODS[method] ?? 'nearest' })
}

const METHOD = optional('method', { type: 'string', enum: Object.keys(METHODS) }, 'how values are resampled', 'near')
const ALIGN = ['lower-left', 'upper-left', 'lower-right', 'upper-right']
const RESOLUTION = [
  { type: 'number', minimum: 0 },
  { type: 'array', minItems: 2, maxItems: 2, items: { type: 'number', minimum: 0 } },
]

export const resampleRows: readonly ProcessRow[] = [
  {
    id: 'resample_spatial',
    category: 'aggregate and resample',
    summary: 'Brings a cube to another resolution or reference system.',
    parameters: [
      RASTER_DATA,
      optional('resolution', RESOLUTION, 'size of pixels in units of the target system; 0 keeps it', 0),
      optional('projection', [...PROJECTION, { type: 'null' }], 'the target system'),
      METHOD,
      optional('align', { type: 'string', enum: ALIGN }, 'the corner where the new pixels start', 'upper-left'),
    ],
    returns: givesCube('the cube on the new grid', RASTER),
    chunks: 'footprint',
    evaluate: (args) => {
      const node = cubeOf(args)
      const { grid } = horizontalOf(node)
      const crs = args.projection === null || args.projection === undefined ? grid.crs : crsOf(args.projection)
      const sizes = elementsOf(args.resolution) as readonly number[] | undefined
      const resolution = sizes ?? [Number(args.resolution ?? 0), Number(args.resolution ?? 0)]
      const target = targetGrid(grid, crs, [resolution[0]!, resolution[1]!], textOf(args, 'align') as Align)
      return cubeValue(resample(node, target, textOf(args, 'method')))
    },
  },
  {
    id: 'resample_cube_spatial',
    category: 'aggregate and resample',
    summary: 'Brings a cube to the pixels of another.',
    parameters: [RASTER_DATA, parameter('target', RASTER, 'a cube with the pixels wanted'), METHOD],
    returns: givesCube('the cube on the grid of the target', RASTER),
    chunks: 'footprint',
    evaluate: (args) => {
      const target = horizontalOf(cubeOf(args, 'target')).grid
      return cubeValue(resample(cubeOf(args), target, textOf(args, 'method')))
    },
  },
]
