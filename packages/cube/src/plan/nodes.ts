/** Small readings of graphs of nodes and of the sizes of their blocks. */
import { DTYPES } from '../dtype.ts'
import type { CubeNode, CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'

export function blockBytes(schema: CubeSchema, region: Region): number {
  return cellCount(region.shape) * DTYPES[schema.packing.dtype].bytes
}

/** Decoded bytes of one whole chunk. */
export function chunkBytes(schema: CubeSchema, chunks: readonly number[]): number {
  return cellCount(chunks) * DTYPES[schema.packing.dtype].bytes
}

const orders = new WeakMap<CubeNode, readonly CubeNode[]>()

/** Every node once, consumers before what they consume. */
export function consumersFirst(root: CubeNode): readonly CubeNode[] {
  const known = orders.get(root)
  if (known !== undefined) return known
  const seen = new Set<CubeNode>()
  const order: CubeNode[] = []
  const visit = (node: CubeNode): void => {
    if (seen.has(node)) return
    seen.add(node)
    node.inputs.forEach(visit)
    order.push(node)
  }
  visit(root)
  order.reverse()
  orders.set(root, order)
  return order
}
