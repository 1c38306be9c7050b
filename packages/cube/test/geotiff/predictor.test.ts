/** Predictors: doing and undoing, against values worked out by hand. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  doFloating,
  doHorizontal,
  split,
  swapBytes,
  undoFloating,
  undoHorizontal,
  wordsOf,
} from '../../src/geotiff/predictor.ts'

const block = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 9 }),
  samples: fc.integer({ min: 1, max: 4 }),
  width: fc.constantFrom(1, 2, 4, 8),
  seed: fc.integer(),
})

const noise = (length: number, seed: number): Uint8Array<ArrayBuffer> => {
  let state = seed >>> 0
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}

describe('predictor 2', () => {
  it('stores differences to the pixel on the left, row by row and sample by sample', () => {
    const words = Uint16Array.of(10, 100, 12, 90, 65535, 0, 1, 1, 0, 0, 2, 2)
    doHorizontal(words, { rows: 2, columns: 3, samples: 2 })
    expect([...words]).toEqual([10, 100, 2, 65526, 65523, 65446, 1, 1, 65535, 65535, 2, 2])
    undoHorizontal(words, { rows: 2, columns: 3, samples: 2 })
    expect([...words]).toEqual([10, 100, 12, 90, 65535, 0, 1, 1, 0, 0, 2, 2])
  })

  it('comes back for every word size', () => {
    fc.assert(
      fc.property(block, ({ width, seed, ...shape }) => {
        const original = noise(shape.rows * shape.columns * shape.samples * width, seed)
        const bytes = original.slice()
        doHorizontal(wordsOf(bytes, width), shape)
        undoHorizontal(wordsOf(bytes, width), shape)
        expect(bytes).toEqual(original)
      }),
    )
  })
})

describe('predictor 3', () => {
  it('comes back for every float size', () => {
    fc.assert(
      fc.property(block, fc.constantFrom(4, 8), ({ seed, rows, columns, samples }, width) => {
        const shape = { rows, columns, samples }
        const original = noise(rows * columns * samples * width, seed)
        const bytes = original.slice()
        doFloating(bytes, shape, width)
        undoFloating(bytes, shape, width)
        expect(bytes).toEqual(original)
      }),
    )
  })

  it('puts the most significant bytes first', () => {
    const bytes = new Uint8Array(Float32Array.of(1, 1, 1, 1).buffer)
    doFloating(bytes, { rows: 1, columns: 4, samples: 1 }, 4)
    // 1.0 is 3f 80 00 00: one byte of each plane, then zeros, as differences.
    expect([...bytes]).toEqual([0x3f, 0, 0, 0, 0x41, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0])
  })
})

describe('split', () => {
  it('gives planes, with differences undone on the way', () => {
    fc.assert(
      fc.property(block, ({ seed, rows, columns, samples }) => {
        const shape = { rows, columns, samples }
        const pixels = new Uint16Array(noise(rows * columns * samples * 2, seed).buffer)
        const planes = new Uint16Array(pixels.length)
        split(pixels, planes, shape, false)
        for (const [i, v] of pixels.entries()) {
          expect(planes[(i % samples) * rows * columns + Math.floor(i / samples)]).toBe(v)
        }
        const differences = pixels.slice()
        doHorizontal(differences, shape)
        const summed = new Uint16Array(pixels.length)
        split(differences, summed, shape, true)
        expect(summed).toEqual(planes)
      }),
    )
  })
})

describe('swapBytes', () => {
  it('turns every sample round', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    swapBytes(bytes, 4)
    expect([...bytes]).toEqual([4, 3, 2, 1, 8, 7, 6, 5])
    swapBytes(bytes, 1)
    swapBytes(bytes, 8)
    expect([...bytes]).toEqual([5, 6, 7, 8, 1, 2, 3, 4])
  })
})
