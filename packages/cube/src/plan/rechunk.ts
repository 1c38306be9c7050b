/**
 * Decides which stored cubes are cut anew on disk before the rest is computed: those whose chunks lie so much across
 * what tasks need that each would be decoded again and again.
 */
import type { CubeNode } from '../model/node.ts'
import { shapeOf } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { rewrite } from './fuse.ts'
import { isPassing } from './kernels.ts'
import { blockBytes, consumersFirst } from './nodes.ts'
import { type Step, scheduleOf } from './schedule.ts'
import { type SpoolHandle, spoolHandle, spoolSource } from './spool.ts'
import type { TaskShape } from './tasks.ts'

/** A node that is written to a temporary file; plain data. */
export interface SpoolPlan {
  /** Its place among the nodes of the fused graph, consumers first. */
  readonly node: number
  /** What one task wants of it. */
  readonly chunks: readonly number[]
  /** The boxes that lie together in the file: what tasks want and tasks that fill it have in common. */
  readonly layout: readonly number[]
  /** The tasks that fill it. */
  readonly fill: TaskShape
}

/** Decoding again this often costs more than writing and reading a copy. */
export const DECODES_TOO_MANY = 4

/** Whether a node only lays stored arrays side by side. */
export function isStored(node: CubeNode): boolean {
  if (node.kind === 'source') return node.source.handle.format !== 'memory'
  if (node.kind === 'cells') return isPassing(node) && isStored(node.inputs[0]!)
  return node.concat !== undefined && node.inputs.every(isStored)
}

/** The largest stored parts: what is not below another stored part. */
export function storedParts(root: CubeNode): number[] {
  const below = new Set<CubeNode>()
  return consumersFirst(root).flatMap((node, i) => {
    if (!isStored(node)) return []
    for (const input of node.inputs) below.add(input)
    if (below.has(node)) {
      for (const input of node.inputs) below.add(input)
      return []
    }
    return [i]
  })
}

/** Whether a region cuts a source's chunks into parts: halves or less along some dimension. */
const cutsAcross = ({ node, region }: Step): boolean =>
  node.kind === 'source' && region.shape.some((side, d) => 2 * side <= node.source.chunks[d]!)

/**
 * The stored parts that are better cut anew: a task reads so little of each of their chunks that all would be decoded
 * many times, and they are too many to be kept decoded.
 */
export function wastefulParts(
  root: CubeNode,
  task: Region,
  bounds: { foldAbove: number; cacheBytes: number },
): number[] {
  const order = consumersFirst(root)
  const { steps } = scheduleOf(root, task, { foldAbove: bounds.foldAbove })
  return storedParts(root).filter((i) => {
    const used = steps.filter(({ node }) => node === order[i])
    const needed = used.reduce((sum, { region }) => sum + blockBytes(order[i]!.schema, region), 0)
    const reads = used.map(({ region }) => scheduleOf(order[i]!, region))
    const decoded = reads.reduce((sum, { decodedBytes }) => sum + decodedBytes, 0)
    const isMuch = decoded > DECODES_TOO_MANY * needed && decoded > bounds.cacheBytes
    return isMuch && reads.some((read) => read.steps.some(cutsAcross))
  })
}

/** The graph with nodes replaced by readers of temporary files that hold them. */
export function withSpools(root: CubeNode, spools: ReadonlyMap<number, SpoolHandle>): CubeNode {
  const order = consumersFirst(root)
  const replaced = new Map([...spools].map(([i, handle]) => [order[i]!, spoolSource(order[i]!, handle)]))
  return rewrite(root, (node, original) => replaced.get(original) ?? node)
}

/** The graph as it would be with files of any chunks one likes: single cells, of which none is read in vain. */
export function withIdealSpools(root: CubeNode, parts: readonly number[]): CubeNode {
  const order = consumersFirst(root)
  const handle = (i: number) => {
    const { schema } = order[i]!
    return spoolHandle(
      'temporary',
      schema,
      shapeOf(schema).map(() => 1),
    )
  }
  return withSpools(root, new Map(parts.map((i) => [i, handle(i)])))
}

/**
 * The chunks that a task of this region wants each part in: exactly what it needs of it. `fills`: the tasks that fill
 * each part. What they write crosses what is wanted, and would be written a few cells at a time.
 */
export function wantedChunks(
  root: CubeNode,
  ideal: CubeNode,
  parts: readonly number[],
  fills: readonly TaskShape[],
  task: Region,
): SpoolPlan[] {
  const order = consumersFirst(root)
  const { steps } = scheduleOf(ideal, task)
  return parts.map((node, i) => {
    const { label, schema } = order[node]!
    const own = steps.filter((step) => step.node.kind === 'source' && step.node.label === `${label}, cut anew`)
    const largest = own.reduce<Region | undefined>(
      (best, { region }) => (best === undefined || cellCount(region.shape) > cellCount(best.shape) ? region : best),
      undefined,
    )
    const chunks = largest?.shape ?? shapeOf(schema)
    const fill = fills[i]!
    return { node, chunks, layout: chunks.map((side, d) => Math.min(side, fill.shape[d]!)), fill }
  })
}
