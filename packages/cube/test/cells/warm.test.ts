/** What is touched before a kernel reads it: lines of memory are told apart by the bytes that lie at their beginning. */
import { describe, expect, test } from 'vitest'
import { Warmer } from '../../src/cells/compile/warm.ts'
import type { Region } from '../../src/model/region.ts'

const LINE = 64
const CELL_BYTES = 2

interface Case {
  readonly name: string
  /** Of each plane. Default 128. */
  readonly rows?: number
  readonly box: Region
  /** Lines in all. */
  readonly lines: number
}

const start = [0, 0, 0, 0]
const cases: readonly Case[] = [
  {
    name: 'all planes of whole rows',
    box: { start: [0, 0, 8, 0], shape: [24, 2, 4, 512] },
    lines: 48 * 64,
  },
  {
    name: 'one band of two',
    box: { start: [0, 1, 0, 0], shape: [24, 1, 4, 512] },
    lines: 24 * 64,
  },
  {
    name: 'some of the dates',
    box: { start: [4, 0, 120, 0], shape: [17, 2, 8, 512] },
    lines: 34 * 128,
  },
  {
    name: 'a part of one row',
    box: { start: [0, 0, 3, 256], shape: [24, 2, 1, 256] },
    lines: 48 * 8,
  },
  {
    name: 'too little of each plane',
    box: { start: [0, 0, 3, 256], shape: [24, 2, 1, 128] },
    lines: 0,
  },
  {
    name: 'as few planes as are followed without help',
    box: { start, shape: [8, 2, 4, 512] },
    lines: 0,
  },
  {
    name: 'blocks that the cache holds',
    rows: 8,
    box: { start, shape: [24, 2, 4, 512] },
    lines: 0,
  },
]

describe('memory that is touched before a kernel reads it', () => {
  for (const { name, rows = 128, box, lines } of cases) {
    test(name, () => {
      const [times, bands, columns] = [24, 2, 512]
      // Planes lie apart by a line.
      const plane = rows * columns + LINE / CELL_BYTES
      const length = times * bands * plane
      const memory = new WebAssembly.Memory({ initial: Math.ceil((LINE + length * CELL_BYTES) / 65536) })
      const strides = [bands * plane, plane, columns, 1]
      const cells = new Uint16Array(memory.buffer, LINE, length)
      // Whatever lies outside the box would show in the sum.
      cells.fill(0x0707)
      for (let t = 0; t < times; t++)
        for (let b = 0; b < bands; b++)
          for (let y = 0; y < rows; y++) {
            const at = [t, b, y].map((n, d) => n - box.start[d]!)
            if (at.some((n, d) => n < 0 || n >= box.shape[d]!)) continue
            const from = t * strides[0]! + b * plane + y * columns + box.start[3]!
            cells.fill(0x0101, from, from + box.shape[3]!)
          }
      const spread = { address: LINE, strides, length, cellBytes: CELL_BYTES, start }
      expect(new Warmer(memory).warm([box], [spread])).toBe(lines)
    })
  }

  test('inputs of which nothing is read, or that lie elsewhere', () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    expect(new Warmer(memory).warm([undefined, { start, shape: [24, 2, 4, 512] }], [undefined, undefined])).toBe(0)
  })
})
