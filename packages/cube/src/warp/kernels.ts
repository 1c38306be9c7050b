/**
 * Resampling of planes at given positions, by GDAL's rules: a pixel whose centre falls outside the source is missing;
 * missing samples (NaN) leave the weights, which are normalised again. Positions are in pixels of the whole source.
 */

import type { Window } from '../types.ts'

/** The same part of some planes (bands, dates) in memory, and where it lies in the source. */
export interface Patch {
  readonly data: Float32Array | Float64Array
  /** Index of the first plane's first sample in `data`. */
  readonly start: number
  readonly planes: number
  /** Samples from one plane to the next. */
  readonly apart: number
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

/** Where results go: the lattice's pixels of plane p to `data[start + p * apart + j * stride + i]`. */
export interface Target {
  readonly data: Float32Array | Float64Array
  readonly start: number
  readonly apart: number
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
export const NUDGE = 1e-10

/** Values of the pixels of a target from those of a source at positions; these are the same for all planes. */
export type Kernel = (patch: Patch, xs: Float64Array, ys: Float64Array, target: Target) => void

/** A kernel that sees one plane, for all of them. */
const eachPlane =
  (kernel: Kernel): Kernel =>
  (patch, xs, ys, target) => {
    for (let p = 0; p < patch.planes; p++) {
      const start = target.start + p * target.apart
      kernel({ ...patch, start: patch.start + p * patch.apart }, xs, ys, { ...target, start })
    }
  }

export const nearest = eachPlane(nearestOf)
export const bilinear = eachPlane(bilinearOf)
export const cubic = eachPlane(cubicOf)

function nearestOf(patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void {
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

function bilinearOf(patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void {
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
function cubicOf(patch: Patch, xs: Float64Array, ys: Float64Array, target: Target): void {
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
