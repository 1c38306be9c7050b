/** Choices of a random program: the same seed gives the same choices, however often the program is traced. */

import { random } from '@ecotope/core'
import { range } from '../../src/shape.ts'

export interface Dice {
  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number
  /** A float32 number in [low, high). */
  real(low: number, high: number): number
  /** Whether an event of this probability happens. */
  chance(p: number): boolean
  pick<T>(list: readonly T[]): T
  /** Numbers in [low, high). */
  reals(count: number, low: number, high: number): number[]
  shuffle(list: readonly number[]): number[]
}

export function dice(seed: number): Dice {
  const source = random(seed)
  const real = (low: number, high: number): number => Math.fround(low + (high - low) * source.uniform())
  const int = (low: number, high: number): number => low + Math.floor((high - low + 1) * source.uniform())
  return {
    int,
    real,
    chance: (p) => source.uniform() < p,
    pick: (list) => list[int(0, list.length - 1)]!,
    reals: (count, low, high) => range(0, count).map(() => real(low, high)),
    shuffle: (list) => [...source.shuffle([...list])],
  }
}
