/** Vector cubes as maps: every pixel has the values of the feature that it lies in. Draws nothing by itself. */
import { InputError } from '@ecotope/core'
import { spatialDimensions } from '../geotiff/array-source.ts'
import { FLOAT64 } from '../model/block.ts'
import type { Dimension, GeometryDimension } from '../model/dimension.ts'
import type { Geometry } from '../model/geometry.ts'
import { type CubeNode, type SourceNode, shapeOf } from '../model/node.ts'
import { cellCount, stridesOf } from '../model/region.ts'
import { computeCube } from '../plan/compute.ts'
import { boundsOf } from '../process/cubes/geometries.ts'
import type { Bounds, Grid } from '../types.ts'
import { rasterise } from '../vector/rasterise.ts'
import type { PlotOptions } from './plot.ts'
import { computing } from './read-view.ts'

const SIDE = 560
/** Half the side of the square that stands for a point, in pixels. */
const DOT = 3
/** Room around the features, as a share of their longer side. */
const MARGIN = 0.03
const MOST_CELLS = 2 ** 22

function boundsOfAll({ features }: GeometryDimension): Bounds {
  const boxes = features.features.map(({ geometry }) => boundsOf(geometry)).filter((box) => box !== undefined)
  if (boxes.length === 0)
    throw new InputError('NotDrawable', 'none of the features has a geometry', {
      hint: 'save the cube as .json or .csv',
    })
  const [west, south, east, north] = [0, 1, 2, 3].map((side) => boxes.map((box) => box[side]!))
  const least = (all: readonly number[]): number => all.reduce((a, b) => Math.min(a, b))
  const most = (all: readonly number[]): number => all.reduce((a, b) => Math.max(a, b))
  return [least(west!), least(south!), most(east!), most(north!)]
}

/** Square pixels of the CRS around all features. */
function gridOf(dimension: GeometryDimension, side: number): Grid {
  const [west, south, east, north] = boundsOfAll(dimension)
  const { crs } = dimension.features
  const longest = Math.max(east - west, north - south) || (crs.isGeographic ? 0.001 : 100)
  const step = (longest * (1 + 2 * MARGIN)) / side
  const room = longest * MARGIN
  const [width, height] = [east - west, north - south].map((length) => Math.ceil((length + 2 * room) / step))
  return { crs, affine: [step, 0, west - room, 0, -step, north + room], width: width!, height: height! }
}

/** Points as squares that can be seen; other geometries as they are. */
function visible(geometry: Geometry | null, step: number): Geometry | null {
  if (geometry?.type !== 'Point' && geometry?.type !== 'MultiPoint') return geometry
  const points = geometry.type === 'Point' ? [geometry.coordinates] : geometry.coordinates
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]] as const // biome-ignore format: a square
  const squares = points.map(([x, y]) => [corners.map(([a, b]) => [x! + a * DOT * step, y! + b * DOT * step])])
  return { type: 'MultiPolygon', coordinates: squares }
}

/** The number of the feature of each pixel, from 1; 0 where there is none. What is smaller than a pixel has one, too. */
function featurePixels({ features }: GeometryDimension, grid: Grid): Int32Array | Float64Array {
  const shown = features.features.map((feature) => ({
    ...feature,
    geometry: visible(feature.geometry, grid.affine[0]),
  }))
  const value = (_: unknown, i: number): number => i + 1
  const touched = rasterise({ ...features, features: shown }, grid, { value, allTouched: true })
  const centres = rasterise({ ...features, features: shown }, grid, { value })
  return touched.map((one, i) => (centres[i]! > 0 ? centres[i]! : one))
}

/** A cube of the other dimensions and y, x. Throws InputError `NotDrawable`, and what computing throws. */
export async function mapOfFeatures(
  node: CubeNode,
  dimension: GeometryDimension,
  options: PlotOptions,
): Promise<SourceNode> {
  const shape = shapeOf(node.schema)
  const cells = cellCount(shape)
  if (cells === 0 || cells > MOST_CELLS) {
    throw new InputError('NotDrawable', `a map of ${cells} values is no picture`, {
      hint: 'choose some features, dates or bands first',
      data: { cells },
    })
  }
  const grid = gridOf(dimension, options.size ?? SIDE)
  const owners = featurePixels(dimension, grid)
  const { data } = await computeCube(node, computing(options))
  const { grid: _none, packing, ...rest } = node.schema
  const missing = packing.nodata ?? (packing.isBoolean ? 255 : Number.NaN)
  const place = node.schema.dims.indexOf(dimension)
  const others = node.schema.dims.filter((dim) => dim !== dimension)
  const strides = stridesOf(shape).toSpliced(place, 1)
  const step = stridesOf(shape)[place]!
  const dims: Dimension[] = [...others, ...spatialDimensions(grid)]
  const schema = { ...rest, dims, grid, packing: packing.isBoolean ? { ...FLOAT64, isBoolean: true } : FLOAT64 }
  const valueIn = (owner: number, base: number): number => {
    const raw = owner === 0 ? missing : data[base + (owner - 1) * step]!
    return raw === missing || Number.isNaN(raw) ? Number.NaN : raw * packing.scale + packing.offset
  }
  return {
    kind: 'source',
    label: node.label,
    inputs: [],
    schema,
    source: {
      schema,
      handle: { format: 'memory', path: node.label },
      chunks: [...others.map(() => 1), grid.height, grid.width],
      read: ({ start, shape: box }) => {
        const [rows, columns] = [box.at(-2)!, box.at(-1)!]
        const outer = box.slice(0, -2)
        const steps = stridesOf(outer)
        const out = new Float64Array(cellCount(box))
        for (let plane = 0, at = 0; plane < cellCount(outer); plane++) {
          const base = strides.reduce(
            (sum, stride, d) => sum + stride * (start[d]! + (Math.floor(plane / steps[d]!) % outer[d]!)),
            0,
          )
          for (let row = 0; row < rows; row++) {
            const first = (start.at(-2)! + row) * grid.width + start.at(-1)!
            for (let column = 0; column < columns; column++) out[at++] = valueIn(owners[first + column]!, base)
          }
        }
        return Promise.resolve(out)
      },
      close: () => Promise.resolve(),
    },
  }
}
