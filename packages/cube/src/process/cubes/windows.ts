/** aggregate_spatial_window: the pixels of each window side by side along a new dimension, which is then reduced. */
import type { TypedArray } from '../../dtype.ts'
import type { Block } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import { type BlockNode, type CubeNode, shapeOf } from '../../model/node.ts'
import { withMissing } from '../../model/packing.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import type { Grid } from '../../types.ts'
import type { Callback, ProcessRow, Value } from '../row.ts'
import { offsets } from './along.ts'
import { reduceNode } from './apply.ts'
import { axesOf, callbackOf, cubeOf, laterCubeValue, listOf, textOf } from './arguments.ts'
import { contextOf } from './callback.ts'
import { enumerated, otherDimension } from './labels.ts'
import { missingArray } from './nodes.ts'
import { withWindow } from './planes.ts'
import { CONTEXT, givesCube, optional, parameter, RASTER, RASTER_DATA, REDUCER } from './schemas.ts'

interface Tiling {
  /** Pixels of a window along the axis. */
  readonly size: number
  readonly count: number
  /** Index of the first pixel of the first window; negative where missing pixels are added in front. */
  readonly first: number
}

/** Windows along an axis: `atEnd` says that they end with the last pixel instead of starting with the first. */
function tile(length: number, size: number, isPadded: boolean, atEnd: boolean): Tiling {
  const count = isPadded ? Math.ceil(length / size) : Math.floor(length / size)
  return { size, count, first: atEnd ? length - count * size : 0 }
}

/** Centres of the windows, from the labels of the pixels or, beyond them, from their distance. */
function centres(labels: readonly number[], { size, count, first }: Tiling): number[] {
  const step = labels.length > 1 ? (labels.at(-1)! - labels[0]!) / (labels.length - 1) : 0
  return enumerated(count).map((k) => labels[0]! + (first + k * size + (size - 1) / 2) * step)
}

const WINDOW = 'window'

function windowName(node: CubeNode): string {
  let name = WINDOW
  while (node.schema.dims.some((dimension) => dimension.name === name)) name = `${name}_`
  return name
}

/** The cube with x and y counting windows, and a last dimension of the pixels in each. */
function windowsNode(node: CubeNode, across: Tiling, down: Tiling, grid: Grid | undefined, name: string): BlockNode {
  const [x, y] = axesOf(node)
  const { schema } = node
  const dims = schema.dims.map((dimension, d): Dimension => {
    if (d !== x && d !== y) return dimension
    const labels = centres(dimension.labels as readonly number[], d === x ? across : down)
    return { ...dimension, labels } as Dimension
  })
  const pixels = otherDimension(name, enumerated(across.size * down.size))
  const packing = withMissing(schema.packing)
  const [width, height] = [shapeOf(schema)[x]!, shapeOf(schema)[y]!]
  const extent = (region: Region, d: number, tiling: Tiling, n: number) => {
    const from = Math.max(0, tiling.first + region.start[d]! * tiling.size)
    const to = Math.min(n, tiling.first + (region.start[d]! + region.shape[d]!) * tiling.size)
    return [from, Math.max(0, to - from)] as const
  }
  const { grid: _grid, ...rest } = schema
  const scale = schema.packing.scale / packing.scale
  const offset = (schema.packing.offset - packing.offset) / packing.scale
  const job: Job = { x, y, across, down, width, height, scale, offset }
  return {
    kind: 'blocks',
    label: 'windows',
    inputs: [node],
    schema: { ...rest, dims: [...dims, pixels], packing, ...(grid === undefined ? {} : { grid }) },
    needs(region) {
      const [column, wide] = extent(region, x, across, width)
      const [row, high] = extent(region, y, down, height)
      const outer = { start: region.start.slice(0, -1), shape: region.shape.slice(0, -1) }
      return wide === 0 || high === 0
        ? [undefined]
        : [withWindow(outer, x, y, { column, row, width: wide, height: high })]
    },
    compute(region, [block]) {
      const data = missingArray(packing, cellCount(region.shape))
      if (block !== undefined) gather(job, region, block, data)
      return { region, data }
    },
  }
}

interface Job {
  readonly x: number
  readonly y: number
  readonly across: Tiling
  readonly down: Tiling
  readonly width: number
  readonly height: number
  /** From raw values of the cube to those of the windows: 1 and 0 where both are packed alike. */
  readonly scale: number
  readonly offset: number
}

/** Copies the pixels of all windows of a region to their places; pixels beyond the cube stay missing. */
function gather(job: Job, region: Region, block: Block, data: TypedArray): void {
  const { x, y, across, down, width, height, scale, offset } = job
  const last = region.shape.length - 1
  const shared = region.shape.flatMap((_, d): (readonly [number, number])[] =>
    d === x || d === y || d === last ? [] : [[d, d]],
  )
  const [read, write] = [stridesOf(block.region.shape), stridesOf(region.shape)]
  const [x0, y0] = [block.region.start[x]!, block.region.start[y]!]
  for (const [from, to] of offsets(shared, region.shape, read, write)) {
    for (let j = 0; j < region.shape[y]!; j++) {
      for (let k = 0; k < region.shape[last]!; k++) {
        const pixel = region.start[last]! + k
        const row = down.first + (region.start[y]! + j) * down.size + Math.floor(pixel / across.size)
        if (row < 0 || row >= height) continue
        const first = across.first + region.start[x]! * across.size + (pixel % across.size)
        const source = from + (row - y0) * read[y]!
        const target = to + j * write[y]! + k
        for (let i = 0; i < region.shape[x]!; i++) {
          const column = first + i * across.size
          if (column < 0 || column >= width) continue
          data[target + i * write[x]!] = block.data[source + (column - x0) * read[x]!]! * scale + offset
        }
      }
    }
  }
}

/** The grid of windows. */
function gridOfWindows(grid: Grid | undefined, across: Tiling, down: Tiling): Grid | undefined {
  if (grid === undefined) return undefined
  const [a, b, c, d, e, f] = grid.affine
  return {
    crs: grid.crs,
    affine: [
      a * across.size,
      b * down.size,
      c + a * across.first + b * down.first,
      d * across.size,
      e * down.size,
      f + d * across.first + e * down.first,
    ],
    width: across.count,
    height: down.count,
  }
}

function aggregateWindows(
  node: CubeNode,
  reducer: Callback,
  [wide, high]: readonly [number, number],
  isPadded: boolean,
  align: string,
  context: Value,
): CubeNode | Promise<CubeNode> {
  const [x, y] = axesOf(node)
  const { dims, grid } = node.schema
  const [xs, ys] = [dims[x]!.labels as readonly number[], dims[y]!.labels as readonly number[]]
  // Left is where x is least, upper where y is greatest, whichever way the labels run.
  const isFalling = (labels: readonly number[]): boolean => labels.length > 1 && labels[0]! > labels[1]!
  const across = tile(xs.length, wide, isPadded, align.endsWith('right') !== isFalling(xs))
  const down = tile(ys.length, high, isPadded, align.startsWith('lower') === isFalling(ys))
  const name = windowName(node)
  const windows = windowsNode(node, across, down, gridOfWindows(grid, across, down), name)
  return reduceNode(windows, reducer, name, context, 'aggregate_spatial_window')
}

const SIZE = { type: 'array', minItems: 2, maxItems: 2, items: { type: 'integer', minimum: 1 } }
const ALIGN = ['lower-left', 'upper-left', 'lower-right', 'upper-right']

export const windowRows: readonly ProcessRow[] = [
  {
    id: 'aggregate_spatial_window',
    category: 'aggregate and resample',
    summary: 'Makes one value of the pixels in each window of a size.',
    parameters: [
      RASTER_DATA,
      REDUCER,
      parameter('size', SIZE, 'pixels of a window along x and y'),
      optional('boundary', { type: 'string', enum: ['pad', 'trim'] }, 'adds missing pixels, or drops the rest', 'pad'),
      optional('align', { type: 'string', enum: ALIGN }, 'the corner where windows start', 'upper-left'),
      CONTEXT,
    ],
    returns: givesCube('a cube with larger pixels', RASTER),
    experimental: true,
    chunks: 'reduction',
    evaluate: (args) => {
      const [wide, high] = listOf(args, 'size') as readonly number[]
      const isPadded = textOf(args, 'boundary') !== 'trim'
      const [node, reducer, align] = [cubeOf(args), callbackOf(args, 'reducer'), textOf(args, 'align')]
      return laterCubeValue(aggregateWindows(node, reducer, [wide!, high!], isPadded, align, contextOf(args)))
    },
  },
]
