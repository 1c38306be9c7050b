import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { subsets } from '../../../src/discovery/combinations.ts'
import { setOrder, subsetHash } from '../../../src/discovery/set-order.ts'
import type { Node } from '../../../src/series/series.ts'

/** Made with CPython 3.11: places among all subsets (by size, then in order) of the members of `list(set(subsets))`. */
const PYTHON: readonly { nodes: Node[]; order: number[] }[] = [
  {
    nodes: [
      [0, 0],
      [1, 0],
      [2, -1],
    ],
    order: [3, 6, 5, 1, 4, 0, 2, 7],
  },
  {
    nodes: [
      [0, 0],
      [3, 0],
      [4, -1],
      [7, -2],
      [11, 0],
    ],
    // biome-ignore format: one list
    order: [14, 16, 18, 13, 17, 7, 27, 25, 9, 26, 23, 8, 20, 22, 19, 30, 1, 29, 15, 2, 10, 12, 24, 11, 31, 6, 21, 3, 28, 5, 0, 4],
  },
  {
    nodes: [0, 1, 2, 3, 4, 5, 6].map((k): Node => [k, k % 3 === 0 ? 0 : -(k % 3)]),
    // biome-ignore format: one list
    order: [62, 79, 91, 31, 90, 70, 97, 69, 43, 113, 19, 99, 53, 124, 96, 18, 17, 85, 88, 87, 56, 20, 122, 55, 23, 116, 29, 40, 39, 47, 46, 74, 50, 81, 80, 0, 42, 65, 41, 92, 125, 11, 72, 71, 106, 105, 1, 118, 63, 7, 64, 6, 84, 33, 32, 10, 108, 54, 9, 59, 35, 49, 117, 52, 51, 101, 100, 111, 123, 8, 103, 102, 93, 95, 94, 22, 68, 15, 21, 14, 73, 76, 107, 34, 75, 98, 112, 110, 109, 44, 67, 66, 16, 127, 78, 77, 5, 13, 28, 89, 126, 61, 38, 60, 45, 48, 82, 121, 120, 104, 25, 86, 24, 4, 58, 3, 57, 37, 30, 36, 115, 114, 27, 83, 26, 119, 2, 12],
  },
]

describe('the order of a set of subsets', () => {
  it.each(PYTHON)('is that of CPython for $nodes', ({ nodes, order }) => {
    const all = [...subsets(nodes)]
    expect(setOrder(all, subsetHash).map((subset) => all.indexOf(subset))).toEqual(order)
  })

  it('keeps each subset once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.nat(40), fc.integer({ min: -9, max: 0 })), { maxLength: 8 }), (nodes) => {
        const all = [...subsets(nodes)]
        expect(new Set(setOrder(all, subsetHash))).toEqual(new Set(all))
        expect(all).toHaveLength(2 ** nodes.length)
      }),
    )
  })
})
