/** Drawing a probability sample from a map: how many units, how many per class, and which pixels. */
import { InputError, random } from '@ecotope/core'

export interface SampleSizeInput {
  /** Mapped share of each class, sums to 1. */
  readonly weights: readonly number[]
  /** What user's accuracy is expected of each class, in [0, 1]. */
  readonly expectedUsersAccuracy: readonly number[]
  /** Wanted standard error of the overall accuracy, such as 0.01. */
  readonly standardError: number
  /** Pixels of the map; without it the map is taken as infinite. */
  readonly population?: number
}

/** Units that a stratified sample needs in all (Olofsson et al. 2014, equation 13; Cochran 1977, equation 5.25). */
export function sampleSize(input: SampleSizeInput): number {
  const { weights, expectedUsersAccuracy, standardError, population = Number.POSITIVE_INFINITY } = input
  checkWeights(weights)
  if (expectedUsersAccuracy.length !== weights.length) {
    throw new InputError('ShapeMismatch', 'every class needs an expected accuracy')
  }
  if (!(standardError > 0)) throw new InputError('BadStandardError', 'the wanted standard error must be positive')
  const deviations = expectedUsersAccuracy.map((u) => Math.sqrt(u * (1 - u)))
  const mean = weights.reduce((s, w, i) => s + w * deviations[i]!, 0)
  const square = weights.reduce((s, w, i) => s + w * deviations[i]! ** 2, 0)
  return Math.ceil(mean ** 2 / (standardError ** 2 + square / population) - 1e-9)
}

export interface AllocationInput {
  /** Units in all. */
  readonly units: number
  /** Mapped share of each class, sums to 1. */
  readonly weights: readonly number[]
  readonly kind: 'proportional' | 'equal' | 'neyman' | 'rare'
  /** For `neyman`. */
  readonly expectedUsersAccuracy?: readonly number[]
  /** For `rare`: what every class gets at least; default 50 (Olofsson et al. 2014 use 50 to 100). */
  readonly minimum?: number
}

/** The share of the units that each class claims, before rounding. */
const CLAIMS: Record<AllocationInput['kind'], (input: AllocationInput) => readonly number[]> = {
  proportional: ({ weights }) => weights,
  equal: ({ weights }) => weights.map((w) => (w > 0 ? 1 : 0)),
  neyman: ({ weights, expectedUsersAccuracy }) => {
    if (expectedUsersAccuracy?.length !== weights.length) {
      throw new InputError('ShapeMismatch', 'Neyman allocation needs an expected accuracy for every class')
    }
    return weights.map((w, i) => w * Math.sqrt(expectedUsersAccuracy[i]! * (1 - expectedUsersAccuracy[i]!)))
  },
  rare: ({ weights }) => weights,
}

/**
 * Units per class. `rare` gives small classes the minimum and shares the rest by area: good for the areas of rare
 * classes; `neyman` is best for the overall accuracy; every mapped class gets at least 2, so that its variance exists.
 * Adds up to `units`.
 */
export function allocate(input: AllocationInput): number[] {
  const { units, weights, kind } = input
  checkWeights(weights)
  const floor = kind === 'rare' ? (input.minimum ?? 50) : 2
  const floors = weights.map((w) => (w > 0 ? floor : 0))
  if (floors.reduce((s, f) => s + f, 0) > units) {
    throw new InputError('SampleTooSmall', `${units} units cannot give every class at least ${floor}`, {
      hint: 'raise the number of units or lower the minimum',
    })
  }
  const claims = CLAIMS[kind](input)
  const held = new Set<number>()
  // Classes whose claim is below the floor are held there, and the others share what is left, until none falls below.
  for (;;) {
    const rest = units - [...held].reduce((s, c) => s + floors[c]!, 0)
    const open = claims.reduce((s, w, c) => s + (held.has(c) ? 0 : w), 0)
    const wanted = claims.map((w, c) => (held.has(c) || open === 0 ? floors[c]! : (rest * w) / open))
    const fallen = wanted.findIndex((u, c) => !held.has(c) && u < floors[c]!)
    if (fallen < 0) return rounded(wanted, units)
    held.add(fallen)
  }
}

/** Largest remainders. */
function rounded(wanted: readonly number[], units: number): number[] {
  const out = wanted.map(Math.floor)
  const order = wanted.map((_, c) => c).sort((a, b) => wanted[b]! - out[b]! - (wanted[a]! - out[a]!) || a - b)
  let left = units - out.reduce((s, v) => s + v, 0)
  for (let j = 0; left > 0; j = (j + 1) % order.length) {
    if (wanted[order[j]!]! === 0) continue
    out[order[j]!] = out[order[j]!]! + 1
    left--
  }
  return out
}

/**
 * Draws pixels at random without replacement within each mapped class, in one pass (reservoir sampling, Vitter 1985,
 * algorithm R), so that the map may be as large as memory holds.
 * @param map `[n]` class index per pixel; anything outside [0, allocation.length) is not mapped
 * @returns per class ascending pixel indices; fewer than asked where the class is smaller
 */
export function stratifiedSample(map: ArrayLike<number>, allocation: readonly number[], seed: number): number[][] {
  const streams = allocation.map((_, c) => random(seed).split(`stratum ${c}`))
  const seen = allocation.map(() => 0)
  const drawn = allocation.map((): number[] => [])
  for (let i = 0; i < map.length; i++) {
    const c = map[i]!
    const reservoir = drawn[c]
    if (reservoir === undefined) continue
    const wanted = allocation[c]!
    const index = seen[c]!
    seen[c] = index + 1
    if (index < wanted) reservoir.push(i)
    else {
      const slot = streams[c]!.integer(index + 1)
      if (slot < wanted) reservoir[slot] = i
    }
  }
  return drawn.map((pixels) => pixels.sort((a, b) => a - b))
}

function checkWeights(weights: readonly number[]): void {
  const total = weights.reduce((s, w) => s + w, 0)
  if (weights.some((w) => !(w >= 0)) || Math.abs(total - 1) > 1e-6) {
    throw new InputError('BadWeights', `the mapped shares must be at least 0 and sum to 1, not ${total}`)
  }
}
