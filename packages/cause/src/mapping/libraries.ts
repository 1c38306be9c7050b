/** Random libraries of cross mapping, drawn as NumPy's `Generator.choice` draws without replacement. */
import { InputError } from '@ecotope/core'
import type { NumpyRandom } from '../random/pcg64.ts'

/** Above this population, and for more than a fiftieth of it, the tail of a shuffled list is taken. */
const LARGE = 10_000
const SHARE = 50

/** 1 at `size` of `n` states, by Floyd's algorithm (Bentley & Floyd 1987); the stream moves on as NumPy's does. */
export function drawLibrary(random: NumpyRandom, n: number, size: number): Uint8Array {
  const inside = new Uint8Array(n)
  if (n > LARGE && size > Math.floor(n / SHARE)) {
    const order = Int32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i >= Math.max(n - size, 1); i--) {
      const j = random.integer(i + 1)
      const held = order[i]!
      order[i] = order[j]!
      order[j] = held
    }
    for (const state of order.subarray(n - size)) inside[state] = 1
    return inside
  }
  for (let j = n - size; j < n; j++) {
    const state = random.integer(j + 1)
    inside[inside[state] === 1 ? j : state] = 1
  }
  // The order of those drawn is shuffled too, which matters for what is drawn next.
  for (let i = size - 1; i >= 1; i--) random.integer(i + 1)
  return inside
}

/** Ten sizes, evenly from the least that is useful to all states. */
export function defaultSizes(states: number, dimension: number): number[] {
  const least = Math.max(dimension + 2, Math.round(states / 20), Math.min(20, states))
  const steps = Math.min(9, states - least)
  if (steps <= 0) return [states]
  return Array.from({ length: steps + 1 }, (_, i) => Math.round(least + ((states - least) * i) / steps))
}

/** Throws `InputError` BadLibrarySizes unless sizes ascend from `dimension + 2`. */
export function checkSizes(sizes: readonly number[], dimension: number): readonly number[] {
  const bad = sizes.find((size, i) => !Number.isInteger(size) || size < dimension + 2 || size <= (sizes[i - 1] ?? 0))
  if (sizes.length > 0 && bad === undefined) return sizes
  throw new InputError(
    'BadLibrarySizes',
    `libraries of ${bad ?? 'no'} states cannot be used with ${dimension} coordinates`,
    {
      hint: `Give whole numbers in ascending order, from ${dimension + 2} on.`,
      data: { sizes, dimension },
    },
  )
}
