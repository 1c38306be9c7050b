import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  alignRegion,
  cellCount,
  chunkCount,
  containsRegion,
  coverRegions,
  intersectRegions,
  type Region,
  regionText,
  regionWithin,
  sameRegion,
  splitRegion,
  wholeRegion,
} from '../../src/model/region.ts'

const RANK = 3
const SIDE = 12

const interval = fc
  .tuple(fc.integer({ min: 0, max: SIDE - 1 }), fc.integer({ min: 1, max: SIDE }))
  .map(([from, length]) => [from, Math.min(length, SIDE - from)] as const)

const region = fc
  .array(interval, { minLength: RANK, maxLength: RANK })
  .map((sides): Region => ({ start: sides.map(([from]) => from), shape: sides.map(([, length]) => length) }))

const chunks = fc.array(fc.integer({ min: 1, max: SIDE + 2 }), { minLength: RANK, maxLength: RANK })

/** The cells of a region as a set of names: the plain meaning that the algebra has to keep. */
function cells({ start, shape }: Region): Set<string> {
  const found = new Set<string>()
  for (let a = 0; a < shape[0]!; a++)
    for (let b = 0; b < shape[1]!; b++)
      for (let c = 0; c < shape[2]!; c++) found.add([start[0]! + a, start[1]! + b, start[2]! + c].join())
  return found
}

describe('regions', () => {
  test('an intersection has the cells of both', () => {
    fc.assert(
      fc.property(region, region, (a, b) => {
        const both = intersectRegions(a, b)
        const expected = new Set([...cells(a)].filter((cell) => cells(b).has(cell)))
        expect(both === undefined ? new Set() : cells(both)).toEqual(expected)
      }),
    )
  })

  test('a cover is the least box that contains both', () => {
    fc.assert(
      fc.property(region, region, (a, b) => {
        const cover = coverRegions(a, b)
        expect(containsRegion(cover, a) && containsRegion(cover, b)).toBe(true)
        for (let d = 0; d < RANK; d++) {
          expect([a.start[d], b.start[d]]).toContain(cover.start[d])
          const ends = [a, b].map((part) => part.start[d]! + part.shape[d]!)
          expect(ends).toContain(cover.start[d]! + cover.shape[d]!)
        }
      }),
    )
  })

  test('pieces cover a region once, lie within chunks, and come in row-major order', () => {
    fc.assert(
      fc.property(region, chunks, (whole, size) => {
        const pieces = [...splitRegion(whole, size)]
        expect(pieces).toHaveLength(chunkCount(whole, size))
        const union = pieces.flatMap((piece) => [...cells(piece)])
        expect(new Set(union)).toEqual(cells(whole))
        expect(union).toHaveLength(cellCount(whole.shape))
        const shape = [SIDE, SIDE, SIDE]
        for (const piece of pieces) {
          const one = alignRegion(piece, size, shape)
          expect(chunkCount(one, size)).toBe(1)
        }
        const at = pieces.map(({ start }) => start[0]! * SIDE * SIDE + start[1]! * SIDE + start[2]!)
        expect([...at].sort((a, b) => a - b)).toEqual(at)
      }),
    )
  })

  test('an aligned region contains the region and ends on chunks or at the edge', () => {
    fc.assert(
      fc.property(region, chunks, (inner, size) => {
        const outer = alignRegion(inner, size, [SIDE, SIDE, SIDE])
        expect(containsRegion(outer, inner)).toBe(true)
        expect(chunkCount(outer, size)).toBe(chunkCount(inner, size))
        for (let d = 0; d < RANK; d++) {
          expect(outer.start[d]! % size[d]!).toBe(0)
          const end = outer.start[d]! + outer.shape[d]!
          expect(end === SIDE || end % size[d]! === 0).toBe(true)
        }
      }),
    )
  })

  test('a region within another counts from its first cell', () => {
    const inner: Region = { start: [5, 6, 7], shape: [1, 2, 3] }
    expect(regionWithin(inner, { start: [5, 4, 0], shape: [5, 5, 12] })).toEqual({ start: [0, 2, 7], shape: [1, 2, 3] })
    expect(sameRegion(inner, { start: [5, 6, 7], shape: [1, 2, 3] })).toBe(true)
    expect(sameRegion(inner, { start: [5, 6, 7], shape: [1, 2, 4] })).toBe(false)
  })

  test('cubes without dimensions have one region of one cell', () => {
    const scalar = wholeRegion([])
    expect([...splitRegion(scalar, [])]).toEqual([scalar])
    expect(chunkCount(scalar, [])).toBe(1)
    expect(intersectRegions(scalar, scalar)).toEqual(scalar)
  })

  test('an empty region has no pieces', () => {
    const empty: Region = { start: [0, 2], shape: [4, 0] }
    expect([...splitRegion(empty, [2, 2])]).toEqual([])
    expect(chunkCount(empty, [2, 2])).toBe(0)
  })

  test('messages show from and to', () => {
    expect(regionText({ start: [0, 128], shape: [4, 128] })).toBe('0:4,128:256')
  })
})
