/** Batching rules of gathering, scattering, sorting and running sums. */

import { apply, constant } from '../apply.ts'
import type { IndexingPrimitive } from '../attributes/indexing.ts'
import { add, cast, reshape, transpose } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import { range } from '../shape.ts'
import { type BatchRule, front, moveAxis, shifted } from './rule.ts'

/** Indices `[B, ...]` into one axis of extent B E instead of B axes of extent E. Exact below 2^24. */
function offset(indices: Tensor, size: number, extent: number): Tensor {
  const starts = constant(
    range(0, size).map((b) => b * extent),
    [size, ...indices.shape.slice(1).map(() => 1)],
  )
  return cast(add(cast(indices, 'float32'), starts), 'int32')
}

const gather: BatchRule<'gather'> = ([x, indices], node, { size }) => {
  const { axis } = node.attributes
  if (!indices!.mapped) return apply('gather', [x!.value, indices!.value], { axis: axis + 1 })
  if (!x!.mapped) return moveAxis(apply('gather', [x!.value, indices!.value], { axis }), axis, 0)
  const extent = node.inputs[0]!.shape[axis]!
  const rows = moveAxis(x!.value, axis + 1, 1)
  const flat = reshape(rows, [size * extent, ...rows.shape.slice(2)])
  // [B, ...indices, ...before, ...after] to [B, ...before, ...indices, ...after]
  const taken = apply('gather', [flat, offset(indices!.value, size, extent)], { axis: 0 })
  const count = indices!.value.shape.length - 1
  return transpose(taken, order(taken.shape.length, 1, count, axis))
}

/** The permutation that moves `count` axes from `from` on behind the next `over` ones. */
function order(rank: number, from: number, count: number, over: number): number[] {
  const moved = range(from, from + count)
  const before = range(from + count, from + count + over)
  return [...range(0, from), ...before, ...moved, ...range(from + count + over, rank)]
}

const scatterSum: BatchRule<'scatterSum'> = ([updates, indices], node, { size }) => {
  const { axis, extent } = node.attributes
  if (!indices!.mapped) return apply('scatterSum', [updates!.value, indices!.value], { axis: axis + 1, extent })
  const given = front(updates!, size)
  const count = indices!.value.shape.length - 1
  // [B, ...before, ...indices, ...after] to [B, ...indices, ...before, ...after]
  const first = transpose(given, order(given.shape.length, 1, axis, count))
  const attributes = { axis: 0, extent: size * extent }
  const flat = apply('scatterSum', [first, offset(indices!.value, size, extent)], attributes)
  return moveAxis(reshape(flat, [size, extent, ...flat.shape.slice(1)]), 1, axis + 1)
}

export const indexingBatches: { readonly [P in IndexingPrimitive]: BatchRule<P> } = {
  gather,
  scatterSum,
  gatherElements: (inputs, { attributes: { axis } }, { size }) =>
    apply(
      'gatherElements',
      inputs.map((x) => front(x, size)),
      { axis: axis + 1 },
    ),
  scatterSumElements: (inputs, { attributes: { axis, extent } }, { size }) =>
    apply(
      'scatterSumElements',
      inputs.map((x) => front(x, size)),
      { axis: axis + 1, extent },
    ),
  argTopK: shifted(({ axis, ...rest }) => ({ ...rest, axis: axis + 1 })),
  cumsum: shifted(({ axis, ...rest }) => ({ ...rest, axis: axis + 1 })),
}
