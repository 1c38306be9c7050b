/** Cubes and what they are read from: a cube as a source, and the sources of a cube. */
import type { ArraySource } from '../model/array-source.ts'
import { type CubeNode, shapeOf } from '../model/node.ts'
import { cellCount } from '../model/region.ts'
import { computeCube } from '../plan/compute.ts'
import { consumersFirst } from '../plan/nodes.ts'

/** Side of the tiles in which a cube is computed where it stands in for a file. */
const TILE = 512

/** A cube where an array on disk is expected: what is read is computed. */
export function sourceOfCube(node: CubeNode): ArraySource {
  const { schema } = node
  const isPlane = schema.dims.map((dim) => dim.type === 'spatial' && dim.axis !== 'z')
  return {
    schema,
    handle: { format: 'cube', path: node.label },
    chunks: shapeOf(schema).map((length, d) => (isPlane[d] ? Math.min(TILE, length) : 1)),
    read: async (region, work) => (await computeCube(node, { ...work, region })).data,
    close: () => Promise.resolve(),
  }
}

/** Cells of the sources: how much there is to read at most. */
export function cellsRead(node: CubeNode): number {
  const sources = consumersFirst(node).filter(({ kind }) => kind === 'source')
  return sources.reduce((sum, { schema }) => sum + cellCount(shapeOf(schema)), 0)
}
