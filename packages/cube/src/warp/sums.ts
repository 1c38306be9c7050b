/**
 * Resampling that keeps totals: a target pixel gets of each source pixel the part that lies in it (GDAL's `sum` since
 * 3.1). The target pixel is the quadrilateral of its mapped corners.
 */
import type { Patch, Target } from './kernels.ts'

/** Parts of a pixel below this are rounding. */
const LEAST = 1e-9

/** Corners of a polygon: x0, y0, x1, y1, ... */
type Ring = number[]

/** Positions are those of the corners: lattices of (width + 1) x (height + 1) points. */
export function sum(patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void {
  for (let j = 0; j < target.height; j++) {
    let at = (target.top + j) * target.pitch + target.left
    let to = target.start + j * target.stride
    for (const end = at + target.width; at < end; at++, to++) {
      const ring: Ring = []
      for (const k of [at, at + 1, at + target.pitch + 1, at + target.pitch]) {
        ring.push(xs[k]! - patch.column, ys[k]! - patch.row)
      }
      target.data[to] = total(patch, ring)
    }
  }
}

function total({ data, start, width, height }: Patch, ring: Ring): number {
  const [left, right, top, bottom] = [...extent(ring, 0), ...extent(ring, 1)]
  // Also where a corner cannot be mapped.
  if (!(right > 0 && bottom > 0 && left < width && top < height)) return Number.NaN
  let result = 0
  let isFound = false
  for (let r = Math.max(0, Math.floor(top)); r < Math.min(height, bottom); r++) {
    const strip = between(ring, 1, r)
    for (let c = Math.max(0, Math.floor(left)); c < Math.min(width, right); c++) {
      const value = data[start + r * width + c]!
      if (Number.isNaN(value)) continue
      const part = Math.abs(signedArea(between(strip, 0, c)))
      if (part <= LEAST) continue
      result += part * value
      isFound = true
    }
  }
  return isFound ? result : Number.NaN
}

function extent(ring: Ring, axis: 0 | 1): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity]
  for (let i = axis; i < ring.length; i += 2) {
    least = Math.min(least, ring[i]!)
    most = Math.max(most, ring[i]!)
  }
  return [least, most]
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
