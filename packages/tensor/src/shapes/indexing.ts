/** Shape rules of gathering, scattering, sorting and running sums. */

import { InputError } from '@ecotope/core'
import type { IndexingPrimitive } from '../attributes/indexing.ts'
import type { Attributes } from '../primitive.ts'
import { type Shape, sameShape, showShape } from '../shape.ts'
import { need, needFloat, type Operand, type Rule, unary } from './rule.ts'

function needIndices({ dtype }: Operand, what: string): void {
  if (dtype !== 'int32') throw new InputError('DTypeMismatch', `${what}: indices are int32, not ${dtype}`)
}

const replaced = (shape: Shape, axis: number, by: Shape): Shape => [
  ...shape.slice(0, axis),
  ...by,
  ...shape.slice(axis + 1),
]

const inside = (axis: number, x: Operand, what: string): void => {
  need(axis >= 0 && axis < x.shape.length, what, `axis ${axis} is not one of ${showShape(x.shape)}`)
}

export const indexingShapes: { readonly [P in IndexingPrimitive]: Rule<Attributes[P]> } = {
  gather: ([x, indices], { axis }, what) => {
    needIndices(indices!, what)
    inside(axis, x!, what)
    return { shape: replaced(x!.shape, axis, indices!.shape), dtype: x!.dtype }
  },
  scatterSum: ([updates, indices], { axis, extent }, what) => {
    needFloat([updates!], what)
    needIndices(indices!, what)
    const rank = indices!.shape.length
    const taken = updates!.shape.slice(axis, axis + rank)
    need(
      sameShape(taken, indices!.shape),
      what,
      `updates ${showShape(updates!.shape)} do not hold indices ${showShape(indices!.shape)} at axis ${axis}`,
    )
    const shape = [...updates!.shape.slice(0, axis), extent, ...updates!.shape.slice(axis + rank)]
    return { shape, dtype: 'float32' }
  },
  gatherElements: ([x, indices], { axis }, what) => {
    needIndices(indices!, what)
    inside(axis, x!, what)
    const expected = replaced(x!.shape, axis, [indices!.shape[axis] ?? 0])
    need(
      sameShape(expected, indices!.shape),
      what,
      `indices ${showShape(indices!.shape)} do not fit ${showShape(x!.shape)} beside axis ${axis}`,
    )
    return { shape: indices!.shape, dtype: x!.dtype }
  },
  scatterSumElements: ([updates, indices], { axis, extent }, what) => {
    needFloat([updates!], what)
    needIndices(indices!, what)
    inside(axis, updates!, what)
    need(
      sameShape(updates!.shape, indices!.shape),
      what,
      `updates ${showShape(updates!.shape)} and indices ${showShape(indices!.shape)} differ`,
    )
    return { shape: replaced(updates!.shape, axis, [extent]), dtype: 'float32' }
  },
  argTopK: ([x], { axis, k }, what) => {
    needFloat([x!], what)
    inside(axis, x!, what)
    const extent = x!.shape[axis]!
    need(Number.isInteger(k) && k >= 1 && k <= extent, what, `k = ${k} is not in 1 to ${extent}`)
    return { shape: replaced(x!.shape, axis, [k]), dtype: 'int32' }
  },
  cumsum: (inputs, { axis }, what) => {
    inside(axis, inputs[0]!, what)
    return unary(inputs, {}, what)
  },
}
