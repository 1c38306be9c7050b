/**
 * Resampling that keeps totals: each source pixel is shared among the target pixels that it covers, by area (GDAL's `sum`
 * since 3.1). A source pixel is the quadrilateral of its corners on the target.
 */
import type { Window } from '../types.ts'
import type { Kernel, Patch, Target } from './kernels.ts'
import type { ExactMap } from './pixel-map.ts'
import { longer } from './taps.ts'

/** Parts of a pixel below this are rounding. */
const LEAST = 1e-9

/** Corners of a polygon: x0, y0, x1, y1, ... */
type Ring = number[]

/** Columns and rows, each from a first to before an end. */
interface Range {
  readonly c0: number
  readonly c1: number
  readonly r0: number
  readonly r1: number
}

/** What source pixels give to target pixels: places of both, and the part that goes from one to the other. */
interface Parts {
  count: number
  from: Int32Array
  to: Int32Array
  part: Float64Array
}

/** `back` maps positions in the source to the target. Positions given are those of the corners of target pixels. */
export const sum =
  (back: ExactMap): Kernel =>
  (patch, xs, ys, target) => {
    const { data, start, planes, apart } = patch
    const range = rangeOf(patch, xs, ys, target)
    const size = target.width * target.height
    const totals = new Float64Array(planes * size).fill(Number.NaN)
    if (range.c0 < range.c1 && range.r0 < range.r1) {
      const corners = cornersOf(patch, range, back)
      const parts: Parts = { count: 0, from: new Int32Array(64), to: new Int32Array(64), part: new Float64Array(64) }
      for (let r = range.r0; r < range.r1; r++) {
        partsOfRow(parts, patch, range, r, corners, target)
        for (let p = 0; p < planes; p++) give(parts, data, start + p * apart, totals.subarray(p * size, (p + 1) * size))
      }
    }
    for (let p = 0; p < planes; p++) {
      for (let j = 0; j < target.height; j++) {
        const at = p * size + j * target.width
        target.data.set(totals.subarray(at, at + target.width), target.start + p * target.apart + j * target.stride)
      }
    }
  }

/** The parts of the source pixels of row r of a patch. */
function partsOfRow(parts: Parts, patch: Patch, range: Range, r: number, corners: Float64Array, target: Target): void {
  const [column, row] = [target.column + target.left, target.row + target.top]
  const wanted = { column, row, width: target.width, height: target.height }
  const across = range.c1 - range.c0 + 1
  const quad = new Float64Array(8)
  parts.count = 0
  for (let c = range.c0; c < range.c1; c++) {
    const at = (r - range.r0) * across + c - range.c0
    for (let k = 0; k < 4; k++) {
      const corner = 2 * (at + (k === 1 || k === 2 ? 1 : 0) + (k > 1 ? across : 0))
      quad[2 * k] = corners[corner]!
      quad[2 * k + 1] = corners[corner + 1]!
    }
    share(quad, r * patch.width + c, parts, wanted)
  }
}

/** Adds parts of a plane's samples to its totals; NaN in these is nothing yet. */
function give({ count, from, to, part }: Parts, data: Patch['data'], start: number, totals: Float64Array): void {
  for (let k = 0; k < count; k++) {
    const value = data[start + from[k]!]!
    if (Number.isNaN(value)) continue
    const before = totals[to[k]!]!
    totals[to[k]!] = (Number.isNaN(before) ? 0 : before) + part[k]! * value
  }
}

/** Source pixels of the patch that may lie under the wanted part: one more on each side than its corners span. */
function rangeOf(
  { column, row, width, height, seen }: Patch,
  xs: Float64Array,
  ys: Float64Array,
  target: Target,
): Range {
  const [left, top] = [Math.max(0, seen.column - column), Math.max(0, seen.row - row)]
  const [right, bottom] = [
    Math.min(width, seen.column + seen.width - column),
    Math.min(height, seen.row + seen.height - row),
  ]
  const found = { c0: Infinity, c1: -Infinity, r0: Infinity, r1: -Infinity }
  for (let j = 0; j <= target.height; j++) {
    for (let i = 0; i <= target.width; i++) {
      const at = (target.top + j) * target.pitch + target.left + i
      // Where a corner has no position, any pixel may.
      if (Number.isNaN(xs[at]!)) return { c0: left, c1: right, r0: top, r1: bottom }
      found.c0 = Math.min(found.c0, xs[at]!)
      found.c1 = Math.max(found.c1, xs[at]!)
      found.r0 = Math.min(found.r0, ys[at]!)
      found.r1 = Math.max(found.r1, ys[at]!)
    }
  }
  return {
    c0: Math.max(left, Math.floor(found.c0 - column) - 1),
    c1: Math.min(right, Math.ceil(found.c1 - column) + 1),
    r0: Math.max(top, Math.floor(found.r0 - row) - 1),
    r1: Math.min(bottom, Math.ceil(found.r1 - row) + 1),
  }
}

/** Corners of the source pixels on the target. */
function cornersOf(patch: Patch, { c0, c1, r0, r1 }: Range, back: ExactMap): Float64Array {
  const out = new Float64Array(2 * (c1 - c0 + 1) * (r1 - r0 + 1))
  let at = 0
  for (let r = r0; r <= r1; r++) {
    for (let c = c0; c <= c1; c++) {
      out[at++] = patch.column + c
      out[at++] = patch.row + r
    }
  }
  back(out)
  return out
}

/** Adds the parts that the pixels under a quadrilateral have of it; `from` is the place of its sample. */
function share(quad: Float64Array, from: number, parts: Parts, wanted: Window): void {
  const { column, row, width, height } = wanted
  const left = Math.min(quad[0]!, quad[2]!, quad[4]!, quad[6]!)
  const right = Math.max(quad[0]!, quad[2]!, quad[4]!, quad[6]!)
  const top = Math.min(quad[1]!, quad[3]!, quad[5]!, quad[7]!)
  const bottom = Math.max(quad[1]!, quad[3]!, quad[5]!, quad[7]!)
  // Also where a corner cannot be mapped.
  if (!(right > column && bottom > row && left < column + width && top < row + height)) return
  const c0 = Math.floor(left)
  const r0 = Math.floor(top)
  if (right <= c0 + 1 && bottom <= r0 + 1) {
    add(parts, from, (r0 - row) * width + c0 - column, 1)
    return
  }
  const ring = Array.from(quad)
  if (isCrossed(ring)) return
  const area = Math.abs(signedArea(ring))
  for (let r = Math.max(row, r0); r < Math.min(row + height, bottom); r++) {
    const strip = between(ring, 1, r)
    for (let c = Math.max(column, c0); c < Math.min(column + width, right); c++) {
      const part = Math.abs(signedArea(between(strip, 0, c))) / area
      if (part > LEAST) add(parts, from, (r - row) * width + c - column, part)
    }
  }
}

function add(parts: Parts, from: number, to: number, part: number): void {
  const at = parts.count++
  if (at === parts.part.length) {
    parts.from = longer(parts.from, new Int32Array(2 * at))
    parts.to = longer(parts.to, new Int32Array(2 * at))
    parts.part = longer(parts.part, new Float64Array(2 * at))
  }
  parts.from[at] = from
  parts.to[at] = to
  parts.part[at] = part
}

/** Whether opposite sides of a quadrilateral cross: then it lies over the edge of the map. */
function isCrossed(ring: Ring): boolean {
  const side = (a: number, b: number, p: number): number =>
    (ring[b]! - ring[a]!) * (ring[p + 1]! - ring[a + 1]!) - (ring[b + 1]! - ring[a + 1]!) * (ring[p]! - ring[a]!)
  const crosses = (a: number, b: number, c: number, d: number): boolean =>
    side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
  return crosses(0, 2, 4, 6) || crosses(2, 4, 0, 6)
}

/** The part of a polygon from `line` to `line` + 1 along an axis (Sutherland and Hodgman 1974). */
const between = (ring: Ring, axis: 0 | 1, line: number): Ring => cut(cut(ring, axis, line, 1), axis, line + 1, -1)

/** The part on the far side of a line (`side` 1), or on the near one (-1). */
function cut(ring: Ring, axis: 0 | 1, line: number, side: 1 | -1): Ring {
  const out: Ring = []
  for (let i = 0; i < ring.length; i += 2) {
    const k = (i + 2) % ring.length
    const [from, to] = [(ring[i + axis]! - line) * side, (ring[k + axis]! - line) * side]
    if (from >= 0) out.push(ring[i]!, ring[i + 1]!)
    if (from >= 0 === to >= 0) continue
    const t = from / (from - to)
    out.push(ring[i]! + t * (ring[k]! - ring[i]!), ring[i + 1]! + t * (ring[k + 1]! - ring[i + 1]!))
  }
  return out
}

function signedArea(ring: Ring): number {
  let twice = 0
  for (let i = 0; i < ring.length; i += 2) {
    const k = (i + 2) % ring.length
    twice += ring[i]! * ring[k + 1]! - ring[k]! * ring[i + 1]!
  }
  return twice / 2
}
