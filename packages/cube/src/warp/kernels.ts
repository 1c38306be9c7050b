/**
 * Resampling of one band at given positions, by GDAL's rules: a pixel whose centre falls outside the source is missing;
 * missing samples (NaN) leave the weights, which are normalised again. Positions are in pixels of the whole source.
 */

import type { Window } from '../types.ts'

/** A part of one band in memory, and where it lies in the source. */
export interface Patch {
  readonly data: Float32Array | Float64Array
  /** Index of the band's first sample in `data`. */
  readonly start: number
  /** Column and row in the source of the patch's first sample. */
  readonly column: number
  readonly row: number
  readonly width: number
  readonly height: number
  /** Size of the whole source. */
  readonly sourceWidth: number
  readonly sourceHeight: number
  /** The part of the source that the chunk of the target sees: methods over areas take nothing beside it. */
  readonly seen: Window
}

/** Where results go: the lattice's pixels to `data[start + j * stride + i]`. */
export interface Target {
  readonly data: Float32Array | Float64Array
  readonly start: number
  readonly stride: number
  /** Column and row of the target where the lattice starts. */
  readonly column: number
  readonly row: number
  /** Part of the lattice (of rows `pitch` long) that is wanted. */
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly pitch: number
}

/** GDAL moves positions by this much before it takes the pixel below. */
const NUDGE = 1e-10

export function nearest(patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void {
  const { data, start, column, row, width, sourceWidth, sourceHeight } = patch
  const out = target.data
  for (let j = 0; j < target.height; j++) {
    let at = (target.top + j) * target.pitch + target.left
    let to = target.start + j * target.stride
    for (const end = at + target.width; at < end; at++, to++) {
      const x = xs[at]!
      const y = ys[at]!
      if (x >= 0 && y >= 0 && x + NUDGE <= sourceWidth && y + NUDGE <= sourceHeight) {
        const c = Math.min(Math.floor(x + NUDGE), sourceWidth - 1) - column
        const r = Math.min(Math.floor(y + NUDGE), sourceHeight - 1) - row
        out[to] = data[start + r * width + c]!
      } else out[to] = Number.NaN
    }
  }
}

export function bilinear(patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void {
  const { data, start, column, row, width, height, sourceWidth, sourceHeight } = patch
  const out = target.data
  const xOff = column + 0.5
  const yOff = row + 0.5
  for (let j = 0; j < target.height; j++) {
    let at = (target.top + j) * target.pitch + target.left
    let to = target.start + j * target.stride
    for (const end = at + target.width; at < end; at++, to++) {
      const x = xs[at]! - xOff
      const y = ys[at]! - yOff
      const c = Math.floor(x)
      const r = Math.floor(y)
      if (c >= 0 && r >= 0 && c < width - 1 && r < height - 1) {
        const p = start + r * width + c
        const fx = x - c
        const fy = y - r
        const upper = data[p]! * (1 - fx) + data[p + 1]! * fx
        const lower = data[p + width]! * (1 - fx) + data[p + width + 1]! * fx
        const value = upper * (1 - fy) + lower * fy
        // NaN (the only value that differs from itself) means a missing sample: look again with care.
        out[to] = Number.isNaN(value) ? bilinearAt(patch, x, y) : value
      } else {
        const outside = outsideOf(xs[at]!, ys[at]!, sourceWidth, sourceHeight)
        out[to] = outside ? Number.NaN : bilinearAt(patch, x, y)
      }
    }
  }
}

const outsideOf = (x: number, y: number, width: number, height: number): boolean =>
  !(x >= 0 && y >= 0 && x + NUDGE <= width && y + NUDGE <= height)

/** Whether the sample whose pixel holds the position is missing: then, as with GDAL, so is the result. */
function isHole({ data, start, column, row, width, sourceWidth, sourceHeight }: Patch, x: number, y: number): boolean {
  const c = Math.min(Math.floor(x + NUDGE), sourceWidth - 1) - column
  const r = Math.min(Math.floor(y + NUDGE), sourceHeight - 1) - row
  return Number.isNaN(data[start + r * width + c]!)
}

/** Bilinear at a position relative to the patch's first centre, with missing samples left out. */
function bilinearAt(patch: Patch, x: number, y: number): number {
  const { data, start, column, row, width, height } = patch
  if (isHole(patch, x + column + 0.5, y + row + 0.5)) return Number.NaN
  const c = Math.floor(x)
  const r = Math.floor(y)
  let sum = 0
  let weights = 0
  for (let dr = 0; dr < 2; dr++) {
    const wy = dr === 0 ? 1 - (y - r) : y - r
    if (r + dr < 0 || r + dr >= height) continue
    for (let dc = 0; dc < 2; dc++) {
      if (c + dc < 0 || c + dc >= width) continue
      const v = data[start + (r + dr) * width + c + dc]!
      if (Number.isNaN(v)) continue
      const w = wy * (dc === 0 ? 1 - (x - c) : x - c)
      sum += w * v
      weights += w
    }
  }
  return weights < 1e-5 ? Number.NaN : sum / weights
}

/** Cubic convolution of 4 x 4 samples (Keys 1981, a = -1/2); bilinear at borders and beside missing samples, as GDAL. */
export function cubic(patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void {
  const { data, start, column, row, width, height, sourceWidth, sourceHeight } = patch
  const out = target.data
  for (let j = 0; j < target.height; j++) {
    let at = (target.top + j) * target.pitch + target.left
    let to = target.start + j * target.stride
    for (const end = at + target.width; at < end; at++, to++) {
      if (outsideOf(xs[at]!, ys[at]!, sourceWidth, sourceHeight)) {
        out[to] = Number.NaN
        continue
      }
      const x = xs[at]! - column - 0.5
      const y = ys[at]! - row - 0.5
      const c = Math.floor(x)
      const r = Math.floor(y)
      let value = Number.NaN
      if (c >= 1 && r >= 1 && c < width - 2 && r < height - 2) {
        const p = start + (r - 1) * width + c - 1
        value = cubicLine(
          cubicRow(data, p, x - c),
          cubicRow(data, p + width, x - c),
          cubicRow(data, p + 2 * width, x - c),
          cubicRow(data, p + 3 * width, x - c),
          y - r,
        )
      }
      out[to] = Number.isNaN(value) ? bilinearAt(patch, x, y) : value
    }
  }
}

const cubicRow = (data: Float32Array | Float64Array, p: number, t: number): number =>
  cubicLine(data[p]!, data[p + 1]!, data[p + 2]!, data[p + 3]!, t)

const cubicLine = (a: number, b: number, c: number, d: number, t: number): number =>
  b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))

/** Weight of a sample at a distance, in units of the kernel. */
export type Filter = (distance: number) => number

export const TRIANGLE: Filter = (t) => Math.max(0, 1 - Math.abs(t))

export const KEYS: Filter = (t) => {
  const x = Math.abs(t)
  if (x <= 1) return x * x * (1.5 * x - 2.5) + 1
  return x <= 2 ? x * (x * (-0.5 * x + 2.5) - 4) + 2 : 0
}

/**
 * The cubic B-spline, six times. On the far side of its support GDAL's goes on with the next power of the difference
 * formula, which counts where a widened kernel is rounded up to whole samples.
 */
export const BSPLINE: Filter = (t) => {
  if (t <= -2) return 0
  const x = Math.abs(t)
  if (x >= 2) return -((x - 2) ** 3)
  return x <= 1 ? 4 + x * x * (3 * x - 6) : (2 - x) ** 3
}

/** The sinc function windowed by its own middle lobe, three lobes to each side. */
const LANCZOS: Filter = (t) => {
  if (t === 0) return 1
  if (Math.abs(t) > LOBES) return 0
  const x = Math.PI * t
  return (LOBES * Math.sin(x) * Math.sin(x / LOBES)) / (x * x)
}

const LOBES = 3

/** Samples to the left and right of the one before a position, and their weights. */
interface Axis {
  readonly left: (fraction: number) => number
  readonly right: number
  /** Weight of sample k after that one, of which the position lies `fraction` to the right. */
  readonly weight: (k: number, fraction: number) => number
}

/** Sum of weights below which a result is missing. */
const LEAST = 1e-6

/** Any filter whose kernel is widened by 1 / scale along each axis: what GDAL does when it reduces resolution. */
export function widened(filter: Filter, radius: number, scaleX: number, scaleY: number) {
  return convolved(widenedAxis(filter, radius, scaleX), widenedAxis(filter, radius, scaleY), 0)
}

function widenedAxis(filter: Filter, radius: number, scale: number): Axis {
  const factor = Math.min(1, scale)
  const right = Math.ceil(radius / factor)
  const left = right - (radius % 2 === 0 ? 1 : 0)
  return { left: () => left, right, weight: (k, fraction) => filter((k - fraction) * factor) }
}

/**
 * GDAL's windowed sinc. Where it reduces resolution its weights do not move with the position within a sample; and of the
 * samples under the kernel half must be there.
 */
export function lanczos(scaleX: number, scaleY: number) {
  return convolved(lanczosAxis(scaleX), lanczosAxis(scaleY), 0.5)
}

function lanczosAxis(scale: number): Axis {
  const left = (fraction: number): number => (fraction > 0 ? LOBES - 1 : LOBES)
  if (!(scale < 1)) return { left, right: LOBES, weight: (k, fraction) => LANCZOS(k - fraction) }
  const reach = Math.floor(LOBES / scale)
  return { left: () => reach, right: reach, weight: (k) => LANCZOS(k * scale) }
}

/** Weighted means of samples; `share` of those under the kernel must not be missing. */
function convolved(across: Axis, down: Axis, share: number) {
  const wx = new Float64Array(across.left(0) + across.right + 1)
  return (patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void => {
    const { data, start, column, row, width, height, sourceWidth, sourceHeight } = patch
    for (let j = 0; j < target.height; j++) {
      let at = (target.top + j) * target.pitch + target.left
      let to = target.start + j * target.stride
      for (const end = at + target.width; at < end; at++, to++) {
        target.data[to] = Number.NaN
        if (outsideOf(xs[at]!, ys[at]!, sourceWidth, sourceHeight) || isHole(patch, xs[at]!, ys[at]!)) continue
        const x = xs[at]! - column - 0.5
        const y = ys[at]! - row - 0.5
        const c = Math.floor(x)
        const r = Math.floor(y)
        const c0 = Math.max(0, c - across.left(x - c))
        const c1 = Math.min(width - 1, c + across.right)
        const r0 = Math.max(0, r - down.left(y - r))
        const r1 = Math.min(height - 1, r + down.right)
        for (let k = c0; k <= c1; k++) wx[k - c0] = across.weight(k - c, x - c)
        let sum = 0
        let weights = 0
        let count = 0
        for (let k = r0; k <= r1; k++) {
          const wy = down.weight(k - r, y - r)
          const line = start + k * width
          for (let i = c0; i <= c1; i++) {
            const v = data[line + i]!
            if (Number.isNaN(v)) continue
            const w = wy * wx[i - c0]!
            sum += w * v
            weights += w
            count++
          }
        }
        const enough = Math.floor(share * (c1 - c0 + 1) * (r1 - r0 + 1))
        if (weights >= LEAST && count >= enough) target.data[to] = sum / weights
      }
    }
  }
}
