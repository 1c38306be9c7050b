/**
 * Weighted means of the samples of a box, for all planes of a patch: weights are products of one along x and one along y,
 * missing samples leave them. Where columns of the target lie under columns of the source, sums go down columns first,
 * then across; else each box is summed. Weights are found here, once for all planes; `means.ts` sums.
 */
import type { Kernel, Patch, Target } from './kernels.ts'
import { Means } from './means.ts'

/** The samples along one axis under each of some pixels, and their weights. */
export interface Taps {
  /** Number of pixels, and of weights. */
  length: number
  used: number
  /** Place in the patch of the first sample of each pixel; how many there are: 0 where the result is missing. */
  first: Int32Array
  counts: Int32Array
  /** Place in the patch of the sample at the pixel's position, without which the result is missing. */
  centres: Int32Array
  /** Place of the first weight of each pixel. */
  places: Int32Array
  weights: Float64Array
  /** Sums of the weights of each pixel. */
  totals: Float64Array
}

/** Positions of some pixels along one axis: every `step`th of these, from `at` on. */
export interface Line {
  readonly positions: Float64Array
  readonly at: number
  readonly step: number
  readonly count: number
  /** Where the opposite corner lies in `positions`, seen from a pixel's own. */
  readonly opposite: number
}

/** A patch along one axis. */
export interface Side {
  /** Place in the source of the first sample, and number of samples. */
  readonly first: number
  readonly size: number
  /** Size of the source. */
  readonly whole: number
  /** The part of the source that the chunk of the target sees. */
  readonly seenFirst: number
  readonly seenSize: number
}

/** Finds the taps of a line of pixels. */
export type Tapping = (taps: Taps, line: Line, side: Side) => void

/** When a mean is missing. */
export interface Needs {
  /** Least sum of weights. */
  readonly weight: number
  /** Part of the samples of the box that must not be missing. */
  readonly share: number
  /** Whether the sample at the pixel's position must not be missing. */
  readonly centre: boolean
}

/** Adds the taps of `count` pixels, up to `most` each, still without any; the first of these pixels. */
export function reserve(taps: Taps, count: number, most: number): number {
  const start = taps.length
  const length = start + count
  if (taps.first.length < length) {
    const room = 2 * length
    for (const key of ['first', 'counts', 'centres', 'places'] as const)
      taps[key] = longer(taps[key], new Int32Array(room))
    taps.totals = longer(taps.totals, new Float64Array(room))
  }
  const used = taps.used + count * most
  if (taps.weights.length < used) taps.weights = longer(taps.weights, new Float64Array(2 * used))
  for (let i = 0; i < count; i++) taps.places[start + i] = taps.used + i * most
  taps.counts.fill(0, start, length)
  taps.length = length
  taps.used = used
  return start
}

/** What values hold, in more room. */
export function longer<T extends Int32Array | Float64Array>(values: T, room: T): T {
  room.set(values)
  return room
}

const noTaps = (): Taps => ({
  length: 0,
  used: 0,
  first: new Int32Array(0),
  counts: new Int32Array(0),
  centres: new Int32Array(0),
  places: new Int32Array(0),
  weights: new Float64Array(0),
  totals: new Float64Array(0),
})

function clear(taps: Taps): void {
  taps.length = 0
  taps.used = 0
}

/** The sides of a patch along x and along y. */
export function sidesOf(patch: Patch): readonly [x: Side, y: Side] {
  const { column, row, width, height, sourceWidth, sourceHeight, seen } = patch
  return [
    { first: column, size: width, whole: sourceWidth, seenFirst: seen.column, seenSize: seen.width },
    { first: row, size: height, whole: sourceHeight, seenFirst: seen.row, seenSize: seen.height },
  ]
}

export interface Weighting {
  readonly across: Tapping
  readonly down: Tapping
  readonly needs: Needs
  /** Target pixels per source pixel along each axis. */
  readonly scale: readonly [x: number, y: number]
  /** Whether positions along x depend on the column only, those along y on the row only. */
  readonly isUpright: boolean
}

/** The kernel of weighted means. */
export function weighted({ across, down, needs, scale, isUpright }: Weighting): Kernel {
  const [x, y] = [noTaps(), noTaps()]
  const sides = scale.map(sideOf) as [number, number]
  const fill = (patch: Patch, xs: Float64Array, ys: Float64Array, tile: Target): void => {
    const [sideX, sideY] = sidesOf(patch)
    const { pitch, width, height } = tile
    const opposite = pitch + 1
    const at = tile.top * pitch + tile.left
    if (isUpright) {
      across(x, { positions: xs, at, step: 1, count: width, opposite }, sideX)
      down(y, { positions: ys, at, step: pitch, count: height, opposite }, sideY)
      return
    }
    for (let j = 0; j < height; j++) {
      const line = { at: at + j * pitch, step: 1, count: width, opposite }
      across(x, { positions: xs, ...line }, sideX)
      down(y, { positions: ys, ...line }, sideY)
    }
  }
  return (patch, xs, ys, target) => {
    for (const tile of tilesOf(target, sides)) {
      clear(x)
      clear(y)
      fill(patch, xs, ys, tile)
      new Means(patch, x, y, needs, isUpright).run(tile)
    }
  }
}

/** Samples under a side of a tile, so that they and their weights take some megabytes at most. */
const UNDER = 1024

const sideOf = (scale: number): number => Math.max(1, Math.floor(UNDER * Math.min(1, scale)))

/** The parts of a target, up to so wide and so high. */
function tilesOf(target: Target, [width, height]: readonly [number, number]): Target[] {
  const out: Target[] = []
  for (let top = 0; top < target.height; top += height) {
    for (let left = 0; left < target.width; left += width) {
      out.push({
        ...target,
        start: target.start + top * target.stride + left,
        left: target.left + left,
        top: target.top + top,
        width: Math.min(width, target.width - left),
        height: Math.min(height, target.height - top),
      })
    }
  }
  return out
}
