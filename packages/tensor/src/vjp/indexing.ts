/** Vector-Jacobian products of gathering, scattering, sorting and running sums. */

import { apply } from '../apply.ts'
import type { IndexingPrimitive } from '../attributes/indexing.ts'
import type { Vjp } from './index.ts'
import { blocked } from './plain.ts'

export const indexingVjps: { readonly [P in IndexingPrimitive]: Vjp<P> } = {
  gather: ({ inputs: [x, indices], attributes: { axis } }, g) => {
    return [apply('scatterSum', [g, indices!], { axis, extent: x!.shape[axis]! }), null]
  },
  scatterSum: ({ inputs: [, indices], attributes: { axis } }, g) => [apply('gather', [g, indices!], { axis }), null],
  gatherElements: ({ inputs: [x, indices], attributes: { axis } }, g) => {
    return [apply('scatterSumElements', [g, indices!], { axis, extent: x!.shape[axis]! }), null]
  },
  scatterSumElements: ({ inputs: [, indices], attributes: { axis } }, g) => {
    return [apply('gatherElements', [g, indices!], { axis }), null]
  },
  argTopK: blocked,
  cumsum: ({ attributes: { axis, exclusive, reverse } }, g) => {
    return [apply('cumsum', [g], { axis, exclusive, reverse: !reverse })]
  },
}
