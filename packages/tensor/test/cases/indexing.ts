/** For every primitive of gathering, scattering, sorting and running sums, small programs that use it. */

import type { IndexingPrimitive } from '../../src/attributes/indexing.ts'
import {
  add,
  argMax,
  argMin,
  argSort,
  cast,
  constant,
  cumsum,
  gather,
  gatherElements,
  mul,
  scatterAdd,
  scatterAddElements,
  sort,
  type Tensor,
  topK,
} from '../../src/index.ts'
import type { ProgramCase } from '../support.ts'
import { a } from './families.ts'

const places = (list: readonly number[], shape: readonly number[] = [list.length]): Tensor => {
  return constant(list, shape, 'int32')
}

/** Indices 0 to 2 for `[2, 5, 4]`. */
const along = Array.from({ length: 40 }, (_, i) => (7 * i + Math.floor(i / 3)) % 3)

const flags = (axis: number): ProgramCase[] =>
  [false, true].flatMap((exclusive) =>
    [false, true].map((reverse) => ({ shapes: [a], fn: (x: Tensor) => cumsum(x, axis, { exclusive, reverse }) })),
  )

export const indexingCases: { readonly [P in IndexingPrimitive]: readonly ProgramCase[] } = {
  gather: [
    { shapes: [[5, 3]], fn: (x) => gather(x, places([4, 0, 4, 2])) },
    { shapes: [a], fn: (x) => gather(x, places([0, 2, 1, 2, 2, 0], [2, 3]), 1) },
    { shapes: [a], fn: (x) => gather(x, places([3], []), -1) },
    { shapes: [[300, 8]], fn: (x) => gather(x, places([4, 299, 4, 2])) },
    { shapes: [a], fn: (x) => mul(x, cast(gather(places([5, 7]), places([1, 0, 1, 1])), 'float32')) },
  ],
  scatterSum: [
    {
      shapes: [
        [5, 3],
        [4, 3],
      ],
      fn: (x, u) => scatterAdd(x, places([4, 0, 4, 2]), mul(u, u)),
    },
    { shapes: [a, [2, 2, 3, 4]], fn: (x, u) => scatterAdd(x, places([0, 2, 1, 2, 2, 0], [2, 3]), u, 1) },
    { shapes: [[200], [6]], fn: (x, u) => scatterAdd(x, places([0, 199, 7, 7, 7, 0]), u) },
  ],
  gatherElements: [{ shapes: [a], fn: (x) => gatherElements(x, places(along, [2, 5, 4]), 1) }],
  scatterSumElements: [
    { shapes: [a, [2, 5, 4]], fn: (x, u) => scatterAddElements(x, places(along, [2, 5, 4]), mul(u, u), 1) },
  ],
  argTopK: [
    { shapes: [a], fn: (x) => topK(x, 2).values },
    { shapes: [a], fn: (x) => topK(x, 2, { axis: 1, largest: false }).values },
    { shapes: [a], fn: (x) => mul(sort(x, 1), sort(x, 1, { descending: true })) },
    { shapes: [a], fn: (x) => add(mul(x, cast(argSort(x), 'float32')), x) },
    { shapes: [a], fn: (x) => gather(x, argMax(gather(x, places([0], [])), 0), 1) },
    { shapes: [a], fn: (x) => gather(x, argMin(gather(x, places([1], [])), 1), 2) },
  ],
  cumsum: [
    ...flags(1),
    ...flags(-1),
    { shapes: [[2, 3000]], fn: (x) => cumsum(x, 1, { exclusive: true }) },
    {
      shapes: [[1100, 3]],
      fn: (x) => cumsum(x, 0, { reverse: true }),
    },
  ],
}
