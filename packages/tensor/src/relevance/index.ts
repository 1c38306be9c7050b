/** Layer-wise relevance propagation: from an output backwards, by a rule per primitive. */

import { onBehalf } from '../apply.ts'
import type { TuplePrimitive } from '../attributes/control.ts'
import { add } from '../ops/plain.ts'
import { type Primitive, type Tensor, topological } from '../primitive.ts'
import { sparsePullback } from '../vjp/index.ts'
import { controlRelevances, type RelevanceTuple, tupleRelevances } from './control.ts'
import { indexingRelevances } from './indexing.ts'
import { matrixRelevances } from './matrix.ts'
import { plainRelevances } from './plain.ts'
import type { RelevanceContext, RelevanceRule } from './rule.ts'
import { spatialRelevances } from './spatial.ts'
import { specialRelevances } from './special.ts'

/** Leaves receive relevance and hand none on. */
export type RelevantPrimitive = Exclude<
  Primitive,
  'input' | 'parameter' | 'constant' | 'random' | 'output' | TuplePrimitive
>

export const relevanceRules: { readonly [P in RelevantPrimitive]: RelevanceRule<P> } = {
  ...plainRelevances,
  ...specialRelevances,
  ...indexingRelevances,
  ...spatialRelevances,
  ...matrixRelevances,
  ...controlRelevances,
}

export type RelevanceSettings = Omit<RelevanceContext, 'depends' | 'pullback' | 'within'>

function single<P extends RelevantPrimitive>(node: Tensor<P>, r: Tensor, context: RelevanceContext) {
  return (relevanceRules[node.op] as RelevanceRule<P>)(node, r, context)
}

function tuple<P extends TuplePrimitive>(
  node: Tensor<P>,
  rs: readonly (Tensor | null)[],
  context: RelevanceContext,
): readonly (Tensor | null)[] {
  return (tupleRelevances[node.op] as RelevanceTuple<P>)(node, rs, context)
}

/** The relevance of nodes of a graph from that of its outputs; null where none arrives. */
export function propagate(
  outputs: readonly Tensor[],
  relevances: readonly (Tensor | null)[],
  of: readonly Tensor[],
  settings: RelevanceSettings,
): (Tensor | null)[] {
  const targets = new Set(of)
  const oldest = Math.min(...of.map(({ id }) => id))
  const order = topological(outputs, (node) => targets.has(node) || node.id < oldest)
  const reached = new Set<Tensor>()
  for (const node of order) if (targets.has(node) || node.inputs.some((x) => reached.has(x))) reached.add(node)
  const context: RelevanceContext = {
    ...settings,
    depends: (node) => reached.has(node),
    pullback: sparsePullback,
    within: (inner, rs, nodes) => propagate(inner, rs, nodes, settings),
  }
  const sums = new Map<Tensor, Tensor>()
  const tuples = new Map<Tensor, (Tensor | null)[]>()
  const give = (node: Tensor, part: Tensor | null): void => {
    if (part === null || !reached.has(node)) return
    const before = sums.get(node)
    sums.set(node, before === undefined ? part : add(before, part))
  }
  outputs.forEach((output, i) => {
    give(output, relevances[i] ?? null)
  })
  for (const node of order.reverse()) {
    if (targets.has(node) || !reached.has(node)) continue
    const [r, several] = [sums.get(node), tuples.get(node)]
    if (r !== undefined && node.op === 'output') {
      const parts = tuples.get(node.inputs[0]!) ?? []
      const { index } = (node as Tensor<'output'>).attributes
      const before = parts[index] ?? null
      parts[index] = before === null ? r : add(before, r)
      tuples.set(node.inputs[0]!, parts)
    } else if (several !== undefined) {
      onBehalf(node, () => tuple(node as Tensor<TuplePrimitive>, several, context)).forEach((part, i) => {
        give(node.inputs[i]!, part)
      })
    } else if (r !== undefined) {
      onBehalf(node, () => single(node as Tensor<RelevantPrimitive>, r, context)).forEach((part, i) => {
        give(node.inputs[i]!, part)
      })
    }
  }
  return of.map((node) => sums.get(node) ?? null)
}
