/** Graphs with some of their nodes replaced. Nodes that do not change are shared, not copied. */

import { reapply } from '../apply.ts'
import { type Tensor, topological } from '../primitive.ts'

/**
 * `outputs` with nodes replaced by others of the same shape. What lies beyond a replaced node is left alone, and so is
 * what is older than all of them.
 */
export function substitute(outputs: readonly Tensor[], replaced: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const oldest = Math.min(...[...replaced.keys()].map(({ id }) => id))
  const done = new Map<Tensor, Tensor>(replaced)
  const now = (node: Tensor): Tensor => done.get(node) ?? node
  for (const node of topological(outputs, (n) => n.id < oldest || replaced.has(n))) {
    if (done.has(node) || node.id < oldest) continue
    const inputs = node.inputs.map(now)
    if (inputs.some((input, i) => input !== node.inputs[i])) done.set(node, reapply(node, inputs))
  }
  return outputs.map(now)
}
