/** Rows of a source as windows of some reach want them: each is read once and kept while windows need it. */
import type { Reach, Source } from '../steps.ts'
import { bindReader, bordered, type Room } from './room.ts'

const heightOf = ({ kernel, dilation }: Reach): number => (kernel[0] - 1) * dilation[0] + 1

const widthOf = ({ kernel, stride, dilation }: Reach, pixels: number): number =>
  (pixels - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1

const rowNumbers = (reach: Reach, depth: number, pixels: number): number => widthOf(reach, pixels) * depth + 16

/** Numbers of a ring for so many windows side by side. */
export const ringNumbers = (reach: Reach, depth: number, pixels: number): number =>
  heightOf(reach) * rowNumbers(reach, depth, pixels)

export interface Ring {
  /** Begins with a segment of `n` windows from a column of the result on; nothing is held. */
  start(sample: number, column: number, n: number): void
  /** Where the rows lie that the windows of a row of the result read, in numbers. */
  rows(row: number): readonly number[]
}

export function bindRing(room: Room, source: Source, reach: Reach, depth: number, at: number, fill: number): Ring {
  const read = bordered(room, source, depth, bindReader(room, source, depth), fill)
  const height = heightOf(reach)
  const held = new Int32Array(height)
  const none = -0x80000000
  const state = { sample: 0, column: 0, width: 0, stride: 0 }
  const rowAt = (y: number): number => {
    const slot = ((y % height) + height) % height
    const to = at + slot * state.stride
    if (held[slot] !== y) {
      read(state.sample, y, state.column, state.width, to)
      held[slot] = y
    }
    return to
  }
  return {
    start: (sample, column, n) => {
      held.fill(none)
      state.sample = sample
      state.column = column * reach.stride[1] - reach.before[1]
      state.width = widthOf(reach, n)
      state.stride = rowNumbers(reach, depth, n)
    },
    rows: (row) => {
      const first = row * reach.stride[0] - reach.before[0]
      return Array.from({ length: reach.kernel[0] }, (_, k) => rowAt(first + k * reach.dilation[0]))
    },
  }
}
