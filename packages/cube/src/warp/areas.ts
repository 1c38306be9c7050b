/**
 * Resampling by the source pixels that a target pixel covers, by GDAL's rules: the covered rectangle is spanned by the
 * mapped upper left and lower right corners; a pixel counts by the part of it that is covered.
 */
import type { Window } from '../types.ts'
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

const isWithin = (position: number, first: number, size: number, margin: number): boolean =>
  position >= first - margin && position <= first + size + margin

/** Positions are those of the corners: lattices of (width + 1) x (height + 1) points. */
const area = (reduce: Reduce) => (scaleX: number, scaleY: number) => {
  const box: Box = { x0: 0, y0: 0, x1: 0, y1: 0, c0: 0, r0: 0, c1: 0, r1: 0 }
  const [marginX, marginY] = [marginOf(scaleX), marginOf(scaleY)]
  const isNear = ({ column, row, width, height }: Window, x: number, y: number): boolean =>
    isWithin(x, column, width, marginX) && isWithin(y, row, height, marginY)
  return (patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void => {
    const { seen } = patch
    for (let j = 0; j < target.height; j++) {
      let at = (target.top + j) * target.pitch + target.left
      let to = target.start + j * target.stride
      for (const end = at + target.width; at < end; at++, to++) {
        const opposite = at + target.pitch + 1
        const xa = xs[at]!
        const ya = ys[at]!
        const xb = xs[opposite]!
        const yb = ys[opposite]!
        let value = Number.NaN
        if (isNear(seen, xa, ya) && isNear(seen, xb, yb)) {
          const [x0, x1] = [Math.min(xa, xb), Math.max(xa, xb)]
          const isAround = goesAround(seen, x0, x1, scaleX)
          const part = isAround ? unrolled(patch, x0, x1) : patch
          const [left, right] = isAround ? [x1, x0 + seen.width] : [x0, x1]
          if (span(part, box, left, Math.min(ya, yb), right, Math.max(ya, yb))) value = reduce(part, box)
        }
        target.data[to] = value
      }
    }
  }
}

/** Pixels of the target from a side of the source within which it may go on at the other. */
const AROUND = 2

/** Whether a pixel lies across the ends of a source that goes around the Earth, by GDAL's rule of thumb. */
function goesAround({ column, width }: Window, x0: number, x1: number, scale: number): boolean {
  const most = Math.min(AROUND, Math.floor(width / 10))
  return column === 0 && x0 * scale < most && (width - x1) * scale < most
}

/** The patch from the column of `x1` to the end of the source and on to that of `x0`, which lies a turn further. */
function unrolled(patch: Patch, x0: number, x1: number): Patch {
  const { data, start, column, row, width, height, seen } = patch
  const first = Math.max(column, Math.floor(x1))
  const end = seen.width + Math.ceil(x0)
  const size = Math.max(0, end - first)
  const out = new Float64Array(size * height).fill(Number.NaN)
  for (let c = 0; c < size; c++) {
    const from = ((first + c) % seen.width) - column
    if (from < 0 || from >= width) continue
    for (let r = 0; r < height; r++) out[r * size + c] = data[start + r * width + from]!
  }
  return { ...patch, data: out, start: 0, column: first, row, width: size, seen: { ...seen, width: end } }
}

/** Fills the box; false where it lies outside the source. */
function span(patch: Patch, box: Box, x0: number, y0: number, x1: number, y1: number): boolean {
  const { seen, column, row } = patch
  const [right, bottom] = [seen.column + seen.width, seen.row + seen.height]
  // GDAL also fills pixels that end within one pixel above or left of the source, from its border.
  if (!(x1 - NUDGE > seen.column - 1 && y1 - NUDGE > seen.row - 1 && x0 < right && y0 < bottom)) return false
  box.x0 = x0 - column
  box.x1 = x1 - column
  box.y0 = y0 - row
  box.y1 = y1 - row
  const [c1, r1] = [Math.min(patch.width, right - column), Math.min(patch.height, bottom - row)]
  box.c0 = Math.max(0, seen.column - column, Math.floor(box.x0 + NUDGE))
  box.r0 = Math.max(0, seen.row - row, Math.floor(box.y0 + NUDGE))
  box.c1 = Math.min(c1, Math.ceil(box.x1 - NUDGE))
  box.r1 = Math.min(r1, Math.ceil(box.y1 - NUDGE))
  if (box.c0 === box.c1 && box.c1 < c1) box.c1++
  if (box.r0 === box.r1 && box.r1 < r1) box.r1++
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
