/**
 * Resampling by the source pixels that a target pixel covers, by GDAL's rules: the covered rectangle is spanned by the
 * mapped upper left and lower right corners; a pixel counts by the part of it that is covered.
 */
import type { Patch, Target } from './kernels.ts'

const NUDGE = 1e-10

/** Reduces the samples of the rectangle to one value; `sample` gives values and their covered parts. */
type Reduce = (patch: Patch, box: Box) => number

interface Box {
  /** Covered rectangle in patch pixels. */
  x0: number
  y0: number
  x1: number
  y1: number
  /** Pixels that it touches: first, and one past the last. */
  c0: number
  r0: number
  c1: number
  r1: number
}

/** How far a target pixel may stick out of the source, in source pixels, by target pixels per source pixel (GDAL's). */
const marginOf = (scale: number): number => 2 * Math.max(1, Math.ceil(1 / scale))

const isWithin = (position: number, size: number, margin: number): boolean =>
  position >= -margin && position <= size + margin

/** Positions are those of the corners: lattices of (width + 1) x (height + 1) points. */
const area = (reduce: Reduce) => (scaleX: number, scaleY: number) => {
  const box: Box = { x0: 0, y0: 0, x1: 0, y1: 0, c0: 0, r0: 0, c1: 0, r1: 0 }
  const [marginX, marginY] = [marginOf(scaleX), marginOf(scaleY)]
  return (patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void => {
    for (let j = 0; j < target.height; j++) {
      let at = (target.top + j) * target.pitch + target.left
      let to = target.start + j * target.stride
      for (const end = at + target.width; at < end; at++, to++) {
        const opposite = at + target.pitch + 1
        const xa = xs[at]!
        const ya = ys[at]!
        const xb = xs[opposite]!
        const yb = ys[opposite]!
        const { sourceWidth, sourceHeight } = patch
        const isNear =
          isWithin(xa, sourceWidth, marginX) &&
          isWithin(xb, sourceWidth, marginX) &&
          isWithin(ya, sourceHeight, marginY) &&
          isWithin(yb, sourceHeight, marginY)
        target.data[to] = isNear && span(patch, box, xa, ya, xb, yb) ? reduce(patch, box) : Number.NaN
      }
    }
  }
}

/** Fills the box; false where it lies outside the source. */
function span(patch: Patch, box: Box, xa: number, ya: number, xb: number, yb: number): boolean {
  const x0 = Math.min(xa, xb)
  const x1 = Math.max(xa, xb)
  const y0 = Math.min(ya, yb)
  const y1 = Math.max(ya, yb)
  // GDAL also fills pixels that end within one pixel above or left of the source, from its border.
  if (!(x1 - NUDGE > -1 && y1 - NUDGE > -1 && x0 < patch.sourceWidth && y0 < patch.sourceHeight)) return false
  box.x0 = x0 - patch.column
  box.x1 = x1 - patch.column
  box.y0 = y0 - patch.row
  box.y1 = y1 - patch.row
  box.c0 = Math.max(0, Math.floor(box.x0 + NUDGE))
  box.r0 = Math.max(0, Math.floor(box.y0 + NUDGE))
  box.c1 = Math.min(patch.width, Math.ceil(box.x1 - NUDGE))
  box.r1 = Math.min(patch.height, Math.ceil(box.y1 - NUDGE))
  if (box.c0 === box.c1 && box.c1 < patch.width) box.c1++
  if (box.r0 === box.r1 && box.r1 < patch.height) box.r1++
  return box.c0 < box.c1 && box.r0 < box.r1
}

/**
 * The part of pixel k of [first, end) that [from, to] covers. As in GDAL, a single pixel counts fully and what sticks
 * out of the source counts for the border pixel.
 */
function covered(k: number, first: number, end: number, from: number, to: number): number {
  if (first + 1 === end) return 1
  if (k === first) return 1 - (from - first)
  return k + 1 === end ? 1 - (end - to) : 1
}

export const average = area(({ data, start, width }, box) => {
  let sum = 0
  let weights = 0
  for (let r = box.r0; r < box.r1; r++) {
    const wy = covered(r, box.r0, box.r1, box.y0, box.y1)
    const line = start + r * width
    for (let c = box.c0; c < box.c1; c++) {
      const v = data[line + c]!
      if (Number.isNaN(v)) continue
      const w = wy * covered(c, box.c0, box.c1, box.x0, box.x1)
      sum += w * v
      weights += w
    }
  }
  return weights > 0 ? sum / weights : Number.NaN
})

const counts = new Map<number, number>()

/** The value of most of the touched pixels; of equals, the one that reached the count first in reading order. */
export const mode = area(({ data, start, width }, box) => {
  counts.clear()
  let best = Number.NaN
  let most = 0
  for (let r = box.r0; r < box.r1; r++) {
    const line = start + r * width
    for (let c = box.c0; c < box.c1; c++) {
      const v = data[line + c]!
      if (Number.isNaN(v)) continue
      const count = (counts.get(v) ?? 0) + 1
      counts.set(v, count)
      if (count > most) {
        most = count
        best = v
      }
    }
  }
  return best
})

/** The root of the mean square, by covered parts. */
export const rms = area(({ data, start, width }, box) => {
  let total = 0
  let weights = 0
  for (let r = box.r0; r < box.r1; r++) {
    const wy = covered(r, box.r0, box.r1, box.y0, box.y1)
    const line = start + r * width
    for (let c = box.c0; c < box.c1; c++) {
      const v = data[line + c]!
      if (Number.isNaN(v)) continue
      const w = wy * covered(c, box.c0, box.c1, box.x0, box.x1)
      total += w * v * v
      weights += w
    }
  }
  return weights > 0 ? Math.sqrt(total / weights) : Number.NaN
})

/** The touched sample that `better` prefers to all others. */
const extreme = (better: (a: number, b: number) => boolean) =>
  area(({ data, start, width }, box) => {
    let best = Number.NaN
    for (let r = box.r0; r < box.r1; r++) {
      const line = start + r * width
      for (let c = box.c0; c < box.c1; c++) {
        const v = data[line + c]!
        if (!Number.isNaN(v) && (Number.isNaN(best) || better(v, best))) best = v
      }
    }
    return best
  })

export const min = extreme((a, b) => a < b)
export const max = extreme((a, b) => a > b)

let touched = new Float64Array(64)

/** Of the touched samples in order, the first that at least this part of them does not exceed. */
const quantile = (part: number) =>
  area(({ data, start, width }, box) => {
    const room = (box.r1 - box.r0) * (box.c1 - box.c0)
    if (touched.length < room) touched = new Float64Array(2 * room)
    let count = 0
    for (let r = box.r0; r < box.r1; r++) {
      const line = start + r * width
      for (let c = box.c0; c < box.c1; c++) {
        const v = data[line + c]!
        if (!Number.isNaN(v)) touched[count++] = v
      }
    }
    if (count === 0) return Number.NaN
    return touched.subarray(0, count).sort()[Math.max(0, Math.ceil(part * count - 1))]!
  })

export const first = quantile(0.25)
export const median = quantile(0.5)
export const third = quantile(0.75)
