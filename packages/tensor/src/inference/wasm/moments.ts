/**
 * Partial moments of what a kernel writes. A block is a count of pixels (one number, three unused) and, for every vector
 * of channels, the sum and the sum of squares of x - p, and p itself: the block's first pixel, near which no digits are
 * lost.
 */
import { type Code, type Declare, i32, type Local, when } from '../../linalg/wasm/assembler.ts'
import { vectors } from '../layout.ts'
import { f32x4 } from './f32x4.ts'

/** Numbers of one block. */
export const blockNumbers = (channels: number): number => 4 + 12 * vectors(channels)

export const HEAD_BYTES = 16
export const ENTRY_BYTES = 48

export interface Accumulator {
  /** Takes the sums up; where `fresh` is not zero, starts them at the pivot that `first` then gives. */
  readonly begin: Code
  /** Adds one vector of numbers; `first` where it may be a block's first. */
  readonly add: (value: Local, first: boolean) => Code
  readonly end: Code
}

/** Sums of one vector of channels; `entry` is the address of its place in the block. */
export function accumulator(declare: Declare, entry: Local, fresh: Local): Accumulator {
  const [sum, squares, pivot, difference] = [declare('v128'), declare('v128'), declare('v128'), declare('v128')]
  return {
    begin: [
      sum.set(f32x4.load(entry.get)),
      squares.set(f32x4.load(entry.get, 16)),
      pivot.set(f32x4.load(entry.get, 32)),
      when(fresh.get, [sum.set(f32x4.all(0)), squares.set(f32x4.all(0))]),
    ],
    add: (value, first) => [
      first ? when(fresh.get, pivot.set(value.get)) : [],
      difference.set(f32x4.sub(value.get, pivot.get)),
      sum.set(f32x4.add(sum.get, difference.get)),
      squares.set(f32x4.relaxedMadd(difference.get, difference.get, squares.get)),
    ],
    end: [
      f32x4.store(entry.get, sum.get),
      f32x4.store(entry.get, squares.get, 16),
      f32x4.store(entry.get, pivot.get, 32),
      entry.set(i32.add(entry.get, i32.const(ENTRY_BYTES))),
    ],
  }
}

/** An accumulator that does nothing. */
export const unmeasured: Accumulator = { begin: [], add: () => [], end: [] }
