/** Boxes and tiles: how blocks come into a kernel's memory and out of it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyIn, copyOut, layoutOf } from '../../src/cells/compile/copy.ts'
import { tileShape, tilesOf } from '../../src/cells/compile/tiles.ts'
import { accessesOf, inputRegions } from '../../src/cells/needs.ts'
import { FLOAT32, type Packing } from '../../src/model/block.ts'
import { cellCount, stridesOf } from '../../src/model/region.ts'
import { schema } from './make.ts'

const UINT16: Packing = { dtype: 'uint16', scale: 1, offset: 0 }

/** A block shape and a box inside it. */
const boxes = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 })
  .map((dims) => ({
    block: dims.map(([length]) => length),
    start: dims.map(([length, a, b]) => Math.min(a % length, b % length)),
    box: dims.map(([length, a, b]) => Math.abs((a % length) - (b % length)) + 1),
  }))

/** All positions of a box, in row-major order. */
function positions(box: readonly number[]): number[][] {
  return Array.from({ length: cellCount(box) }, (_, i) => {
    let rest = i
    return box
      .toReversed()
      .map((length) => {
        const at = rest % length
        rest = Math.floor(rest / length)
        return at
      })
      .toReversed()
  })
}

const offset = (position: readonly number[], strides: readonly number[], start: readonly number[] = []): number =>
  position.reduce((sum, at, d) => sum + (at + (start[d] ?? 0)) * strides[d]!, 0)

describe('copies', () => {
  it('bring any box in and out', () => {
    fc.assert(
      fc.property(boxes, ({ block, start, box }) => {
        const strides = stridesOf(block)
        const source = Uint16Array.from({ length: cellCount(block) }, (_, i) => i + 1)
        const layout = layoutOf(box, block, 2)
        const memory = new Uint16Array(layout.length + 5)
        copyIn(source, offset(start, strides), strides, box, layout, memory, 5)
        const all = positions(box)
        for (const position of all) {
          expect(memory[5 + offset(position, layout.strides)]).toBe(source[offset(position, strides, start)])
          expect(5 + offset(position, layout.strides)).toBeLessThan(memory.length)
        }
        const target = new Uint16Array(source.length)
        // Results lie in memory with contiguous last rows; so does a box that was laid out whole.
        const dense = Uint16Array.from(all, (position) => source[offset(position, strides, start)]!)
        copyOut(dense, 0, stridesOf(box), box, target, offset(start, strides), strides)
        for (const position of all) {
          const at = offset(position, strides, start)
          expect(target[at]).toBe(source[at])
        }
        expect(target.filter((value) => value > 0)).toHaveLength(all.length)
      }),
    )
  })

  it('keep runs together and rows apart by a cache line', () => {
    // Whole rows of x: rows of y follow without a gap, dates start 64 bytes later than they would.
    const layout = layoutOf([3, 4, 8], [5, 10, 8], 2)
    expect(layout.run).toBe(32)
    expect(layout.strides).toEqual([32 + 32, 8, 1])
    expect(layoutOf([2, 3], [2, 3], 4)).toMatchObject({ run: 6, strides: [3, 1], length: 6 })
  })
})

describe('tiles', () => {
  it('cover a region once, in row-major order', () => {
    const region = { start: [2, 3], shape: [5, 7] }
    const tiles = [...tilesOf(region, [2, 4])]
    expect(tiles.map(({ start }) => start)).toEqual([
      [2, 3],
      [2, 7],
      [4, 3],
      [4, 7],
      [6, 3],
      [6, 7],
    ])
    expect(tiles.reduce((sum, { shape }) => sum + cellCount(shape), 0)).toBe(35)
    expect([...tilesOf({ start: [], shape: [] }, [])]).toEqual([{ start: [], shape: [] }])
  })

  it('are long along the vector and need little', () => {
    const input = schema({ t: 24, b: 2, y: 1024, x: 1024 }, UINT16)
    const output = schema({ y: 1024, x: 1024 }, FLOAT32)
    const cell = {
      kind: 'reduce',
      reducer: 'sum',
      dim: 't',
      length: 24,
      of: { kind: 'reduce', reducer: 'sum', dim: 'b', length: 2, of: { kind: 'input', input: 0 } },
    } as const
    const region = { start: [0, 0], shape: [1024, 1024] }
    const shape = tileShape(region, 1, 8, accessesOf(cell, output, [input]), [input], output)
    expect(shape[1]).toBe(1024)
    const [box] = inputRegions(cell, output, [input], { start: [0, 0], shape })
    expect(cellCount(box!.shape) * 2).toBeLessThanOrEqual(384 * 1024)
    // One group of cells is the least, whatever it needs.
    const long = schema({ t: 500_000, x: 64 }, UINT16)
    const series = { ...cell, length: 500_000, of: { kind: 'input', input: 0 } } as const
    const narrow = schema({ x: 64 }, FLOAT32)
    const least = tileShape({ start: [0], shape: [64] }, 0, 8, accessesOf(series, narrow, [long]), [long], narrow)
    expect(least).toEqual([8])
  })
})
