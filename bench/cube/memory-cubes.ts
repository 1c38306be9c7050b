/** The cubes of memory.ts as a module that worker threads open: a made-up or stored cube under one operation. */

import type { Cell } from '../../packages/cube/src/cells/cell.ts'
import type { SinkFormat } from '../../packages/cube/src/execute/sink.ts'
import { openLayers } from '../../packages/cube/src/format/formats.ts'
import { spatialDimensions } from '../../packages/cube/src/geotiff/array-source.ts'
import { type Affine, type Grid, parseCrs } from '../../packages/cube/src/index.ts'
import type { ArraySource } from '../../packages/cube/src/model/array-source.ts'
import type { Block, Packing } from '../../packages/cube/src/model/block.ts'
import type { Dimension } from '../../packages/cube/src/model/dimension.ts'
import { type CubeNode, type CubeSchema, type SourceNode, shapeOf } from '../../packages/cube/src/model/node.ts'
import { floatPacking } from '../../packages/cube/src/model/packing.ts'
import { cellCount } from '../../packages/cube/src/model/region.ts'
import type { OpenedCube } from '../../packages/cube/src/plan/graph-cube.ts'
import { blockBytes } from '../../packages/cube/src/plan/nodes.ts'
import { kernelNode } from '../../packages/cube/src/process/cubes/kernel.ts'
import { cellNode } from '../../packages/cube/src/process/cubes/nodes.ts'
import { spatialSums } from '../../packages/cube/src/process/cubes/zonal-node.ts'
import { warpNode } from '../../packages/cube/src/warp/warp-node.ts'

export const CASES = ['median', 'monthly', 'warp', 'neighbourhood', 'image', 'copy'] as const
export type Case = (typeof CASES)[number]

export interface MemoryContext {
  readonly case: Case
  readonly dates: number
  readonly side: number
  /** A stored cube; without, numbers are made up as they are read. */
  readonly path?: string
}

const UINT16: Packing = { dtype: 'uint16', nodata: 0, scale: 0.0001, offset: 0 }
const CHUNK = 512

const utm: Affine = [10, 0, 600_000, 0, -10, 5_200_000]

function schemaOf(dates: number, side: number): CubeSchema {
  const grid: Grid = { crs: parseCrs('EPSG:32632'), affine: utm, width: side, height: side }
  const day = (i: number) => new Date(Date.UTC(2020, 0, 1 + i * 7)).toISOString().replace('.000', '')
  const t: Dimension = {
    type: 'temporal',
    name: 't',
    labels: Array.from({ length: dates }, (_, i) => day(i)),
    calendar: 'proleptic_gregorian',
  }
  return { dims: [t, ...spatialDimensions(grid)], grid, packing: UINT16 }
}

/** Chunks that are made when they are read, as a decoder would. */
function madeSource(dates: number, side: number): SourceNode {
  const schema = schemaOf(dates, side)
  const source: ArraySource = {
    schema,
    chunks: [1, CHUNK, CHUNK],
    handle: { format: 'made', path: 'made' },
    read: ({ start, shape }) => {
      const data = new Uint16Array(cellCount(shape))
      let at = 0
      for (let t = 0; t < shape[0]!; t++)
        for (let y = 0; y < shape[1]!; y++)
          for (let x = 0; x < shape[2]!; x++)
            data[at++] = 1 + (((start[0]! + t) * 7919 + (start[1]! + y) * 31 + (start[2]! + x) * 17) % 9973)
      return Promise.resolve(data)
    },
    close: () => Promise.resolve(),
  }
  return { kind: 'source', schema, label: 'made', inputs: [], source }
}

async function sourceOf(context: MemoryContext): Promise<{ node: CubeNode; close: () => Promise<void> }> {
  if (context.path === undefined)
    return { node: madeSource(context.dates, context.side), close: () => Promise.resolve() }
  const opened = await openLayers(context.path)
  const { source } = opened.layers[0]!
  const node: SourceNode = { kind: 'source', schema: source.schema, label: context.path, inputs: [], source }
  return { node, close: () => opened.close() }
}

const input: Cell = { kind: 'input', input: 0 }

const operations: Readonly<Record<Case, (node: CubeNode) => CubeNode>> = {
  copy: (node) => node,
  median: (node) => {
    const [t, ...dims] = node.schema.dims
    const cell: Cell = { kind: 'reduce', reducer: 'median', dim: t!.name, length: t!.labels.length, of: input }
    return cellNode('median', [node], cell, { ...node.schema, dims, packing: floatPacking(UINT16) })
  },
  monthly: (node) => {
    const [t, ...dims] = node.schema.dims
    const length = t!.labels.length
    const groups = Array.from({ length: Math.ceil(length / 4) }, (_, g) =>
      [0, 1, 2, 3].map((i) => 4 * g + i).filter((i) => i < length),
    )
    const months = { type: 'other', name: t!.name, labels: groups.map((_, g) => g) } as const
    const cell: Cell = { kind: 'reduce', reducer: 'mean', dim: t!.name, length, groups, of: input }
    return cellNode('monthly', [node], cell, { ...node.schema, dims: [months, ...dims], packing: floatPacking(UINT16) })
  },
  // One median of all pixels of each date, of which not even one date is kept.
  image: (node) => {
    const data = { from_parameter: 'data' }
    const graph = { median: { process_id: 'median', arguments: { data }, result: true } }
    const unused = () => Number.NaN
    return spatialSums(node, { graph, run: unused, runSync: unused }, null, 'image')!
  },
  warp: (node) => {
    const side = shapeOf(node.schema).at(-1)!
    const grid: Grid = {
      crs: parseCrs('EPSG:3035'),
      // Over the cube, of which it misses the corners.
      affine: [10, 0, 4_344_400, 0, -10, 2_648_000],
      width: side,
      height: side,
    }
    return warpNode(node, grid, { resampling: 'bilinear' })
  },
  neighbourhood: (node) => {
    const weights = Array.from({ length: 5 }, () => [1, 1, 1, 1, 1])
    return kernelNode(node, { weights, factor: 1 / 25, border: 0, replaceInvalid: 0 })
  },
}

export async function openCube(context: MemoryContext): Promise<OpenedCube> {
  const { node, close } = await sourceOf(context)
  return { node: operations[context.case](node), close }
}

/** Takes blocks and keeps only their sum, so that what is measured is the computing. */
const nowhere: SinkFormat = {
  format: 'nowhere',
  extensions: [],
  create: (path, schema) =>
    Promise.resolve({
      handle: { format: 'nowhere', path },
      chunks: shapeOf(schema).map((side, d, all) => (d < all.length - 2 ? 1 : Math.min(side, CHUNK))),
      order: 'any',
      // Results are on their way to the main thread while others are made.
      encodeBytes: (region) => blockBytes(schema, region),
      isDone: () => false,
      write: () => Promise.resolve(),
      finish: () => Promise.resolve(),
      abandon: () => Promise.resolve(),
    }),
  encoder: () =>
    Promise.resolve({
      encode: (_, { data }: Block) => Promise.resolve({ data }),
      close: () => Promise.resolve(),
    }),
}

export const sinks: readonly SinkFormat[] = [nowhere]
