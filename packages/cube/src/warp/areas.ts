/**
 * Resampling by the source pixels that a target pixel covers, by GDAL's rules: the covered rectangle is spanned by the
 * mapped upper left and lower right corners; a pixel counts by the part of it that is covered.
 */
import type { Window } from '../types.ts'
import type { Kernel, Patch } from './kernels.ts'
import { BLOCK, type ExactMap } from './pixel-map.ts'
import { type Line, reserve, type Side, sidesOf, type Tapping, weighted } from './taps.ts'

const NUDGE = 1e-10

/** The samples that pixels cover along one axis. */
interface Spans {
  /** Covered part of the axis, in samples of the patch. */
  readonly from: Float64Array
  readonly to: Float64Array
  /** Samples that it touches: the first, and one past the last; not after the first where the result is missing. */
  readonly first: Int32Array
  readonly end: Int32Array
}

const spansOf = (count: number): Spans => ({
  from: new Float64Array(count),
  to: new Float64Array(count),
  first: new Int32Array(count),
  end: new Int32Array(count),
})

/** How far a target pixel may stick out of the source, in source pixels, by target pixels per source pixel (GDAL's). */
const marginOf = (scale: number): number => 2 * Math.max(1, Math.ceil(1 / scale))

const isWithin = (position: number, first: number, size: number, margin: number): boolean =>
  position >= first - margin && position <= first + size + margin

/** What the pixels of a line cover, between their corners and the opposite ones. */
function spanLine(spans: Spans, { positions, at, step, count, opposite }: Line, side: Side, margin: number): void {
  const { seenFirst, seenSize } = side
  for (let i = 0; i < count; i++) {
    const a = positions[at + i * step]!
    const b = positions[at + i * step + opposite]!
    const isNear = isWithin(a, seenFirst, seenSize, margin) && isWithin(b, seenFirst, seenSize, margin)
    if (isNear) span(spans, i, Math.min(a, b), Math.max(a, b), side)
    else spans.end[i] = spans.first[i] = 0
  }
}

function span(spans: Spans, i: number, from: number, to: number, { first, size, seenFirst, seenSize }: Side): void {
  spans.end[i] = spans.first[i] = 0
  // GDAL also fills pixels that end within one pixel above or left of the source, from its border.
  if (!(to - NUDGE > seenFirst - 1 && from < seenFirst + seenSize)) return
  const last = Math.min(size, seenFirst + seenSize - first)
  const [a, b] = [from - first, to - first]
  const start = Math.max(0, seenFirst - first, Math.floor(a + NUDGE))
  const end = Math.min(last, Math.ceil(b - NUDGE))
  spans.from[i] = a
  spans.to[i] = b
  spans.first[i] = start
  spans.end[i] = start === end && end < last ? end + 1 : end
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

const part = ({ from, to, first, end }: Spans, i: number, k: number): number =>
  covered(k, first[i]!, end[i]!, from[i]!, to[i]!)

type Samples = Patch['data']

/** Reduces the samples under pixel i to one value; `start` is the place of the plane's first. */
type Reduce = (data: Samples, start: number, width: number, x: Spans, y: Spans, i: number) => number

function reduced(reduce: Reduce, { data, start, width }: Patch, plane: number, x: Spans, y: Spans, i: number): number {
  if (x.first[i]! >= x.end[i]! || y.first[i]! >= y.end[i]!) return Number.NaN
  return reduce(data, start + plane, width, x, y, i)
}

type KernelOf = (scaleX: number, scaleY: number, back: ExactMap, isUpright: boolean) => Kernel

/** Positions are those of the corners: lattices of (width + 1) x (height + 1) points. */
const area = (reduce: Reduce): KernelOf =>
  around(reduce, (scaleX, scaleY) => {
    const [x, y] = [spansOf(BLOCK), spansOf(BLOCK)]
    return (patch, xs, ys, target) => {
      const [sideX, sideY] = sidesOf(patch)
      for (let j = 0; j < target.height; j++) {
        const at = (target.top + j) * target.pitch + target.left
        const line = { at, step: 1, count: target.width, opposite: target.pitch + 1 }
        spanLine(x, { positions: xs, ...line }, sideX, marginOf(scaleX))
        spanLine(y, { positions: ys, ...line }, sideY, marginOf(scaleY))
        for (let p = 0; p < patch.planes; p++) {
          const to = target.start + p * target.apart + j * target.stride
          for (let i = 0; i < target.width; i++) target.data[to + i] = reduced(reduce, patch, p * patch.apart, x, y, i)
        }
      }
    }
  })

/** A kernel, and after it the pixels that lie across the ends of a source that goes around the Earth. */
function around(reduce: Reduce, kernelOf: KernelOf): KernelOf {
  const [x, y] = [spansOf(1), spansOf(1)]
  return (scaleX, scaleY, back, isUpright) => {
    const kernel = kernelOf(scaleX, scaleY, back, isUpright)
    return (patch, xs, ys, target) => {
      kernel(patch, xs, ys, target)
      const { seen, planes, apart } = patch
      const opposite = target.pitch + 1
      for (let j = 0; j < target.height && seen.column === 0; j++) {
        const row = (target.top + j) * target.pitch + target.left
        for (let i = 0, at = row; i < target.width; i++, at++) {
          const a = xs[at]!
          const b = xs[at + opposite]!
          const x0 = Math.min(a, b)
          const x1 = Math.max(a, b)
          if (!goesAround(seen, x0, x1, scaleX)) continue
          const margin = marginOf(scaleX)
          if (!isWithin(a, 0, seen.width, margin) || !isWithin(b, 0, seen.width, margin)) continue
          const line = { positions: ys, at, step: 1, count: 1, opposite }
          for (let p = 0; p < planes; p++) {
            const joint = unrolled({ ...patch, start: patch.start + p * apart }, x0, x1)
            const [sideX, sideY] = sidesOf(joint)
            span(x, 0, x1, x0 + seen.width, sideX)
            spanLine(y, line, sideY, marginOf(scaleY))
            const to = target.start + p * target.apart + j * target.stride + i
            target.data[to] = reduced(reduce, joint, 0, x, y, 0)
          }
        }
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

/** The mean of the samples by covered parts; with `isSquare` the root of that of their squares. */
const mean =
  (isSquare: boolean): Reduce =>
  (data, start, width, x, y, i) => {
    let sum = 0
    let weights = 0
    for (let r = y.first[i]!; r < y.end[i]!; r++) {
      const wy = part(y, i, r)
      const line = start + r * width
      for (let c = x.first[i]!; c < x.end[i]!; c++) {
        const v = data[line + c]!
        if (Number.isNaN(v)) continue
        const w = wy * part(x, i, c)
        sum += w * (isSquare ? v * v : v)
        weights += w
      }
    }
    if (weights <= 0) return Number.NaN
    return isSquare ? Math.sqrt(sum / weights) : sum / weights
  }

/** The root of the mean square, by covered parts. */
export const rms = area(mean(true))

export const average = around(mean(false), (scaleX, scaleY, _back, isUpright) =>
  weighted({
    across: tapping(marginOf(scaleX)),
    down: tapping(marginOf(scaleY)),
    needs: { weight: Number.MIN_VALUE, share: 0, centre: false },
    scale: [scaleX, scaleY],
    isUpright,
  }),
)

/** The samples that pixels cover, with the parts of them as weights. */
function tapping(margin: number): Tapping {
  const spans = spansOf(BLOCK)
  return (taps, line, side) => {
    spanLine(spans, line, side, margin)
    const { first, end } = spans
    let most = 0
    for (let i = 0; i < line.count; i++) most = Math.max(most, end[i]! - first[i]!)
    const start = reserve(taps, line.count, most)
    for (let i = 0, t = start; i < line.count; i++, t++) {
      taps.first[t] = first[i]!
      const count = Math.max(0, end[i]! - first[i]!)
      taps.counts[t] = count
      if (count === 0) continue
      const at = taps.places[t]!
      taps.weights.fill(1, at, at + count)
      taps.weights[at] = part(spans, i, first[i]!)
      taps.weights[at + count - 1] = part(spans, i, end[i]! - 1)
      let total = 0
      for (let k = at; k < at + count; k++) total += taps.weights[k]!
      taps.totals[t] = total
    }
  }
}

const counts = new Map<number, number>()

/** The value of most of the touched pixels; of equals, the one that reached the count first in reading order. */
export const mode = area((data, start, width, x, y, i) => {
  counts.clear()
  let best = Number.NaN
  let most = 0
  for (let r = y.first[i]!; r < y.end[i]!; r++) {
    const line = start + r * width
    for (let c = x.first[i]!; c < x.end[i]!; c++) {
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

/** The greatest of the touched samples, each times `sign`. */
const extreme = (sign: 1 | -1) =>
  area((data, start, width, x, y, i) => {
    let best = Number.NaN
    for (let r = y.first[i]!; r < y.end[i]!; r++) {
      const line = start + r * width
      for (let c = x.first[i]!; c < x.end[i]!; c++) {
        const v = sign * data[line + c]!
        if (v > best || Number.isNaN(best)) best = v
      }
    }
    return sign * best
  })

export const min = extreme(-1)
export const max = extreme(1)

let touched = new Float64Array(64)

/** Of the touched samples in order, the first that at least this part of them does not exceed. */
const quantile = (share: number) =>
  area((data, start, width, x, y, i) => {
    const room = (y.end[i]! - y.first[i]!) * (x.end[i]! - x.first[i]!)
    if (touched.length < room) touched = new Float64Array(2 * room)
    let count = 0
    for (let r = y.first[i]!; r < y.end[i]!; r++) {
      const line = start + r * width
      for (let c = x.first[i]!; c < x.end[i]!; c++) {
        const v = data[line + c]!
        if (!Number.isNaN(v)) touched[count++] = v
      }
    }
    if (count === 0) return Number.NaN
    return touched.subarray(0, count).sort()[Math.max(0, Math.ceil(share * count - 1))]!
  })

export const first = quantile(0.25)
export const median = quantile(0.5)
export const third = quantile(0.75)
