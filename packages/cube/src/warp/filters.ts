/** Kernels that GDAL widens where it reduces resolution, and its windowed sinc: their weights along each axis. */
import { type Kernel, NUDGE } from './kernels.ts'
import { type Needs, reserve, type Tapping, weighted } from './taps.ts'

/**
 * Puts weights of `count` samples into `out` from `at` on: those of samples `first`, `first` + 1, ... beside a position
 * that lies `fraction` behind sample 0. Distances times `factor` are in units of the kernel.
 */
export type Filter = (
  out: Float64Array,
  at: number,
  count: number,
  first: number,
  fraction: number,
  factor: number,
) => void

export const TRIANGLE: Filter = (out, at, count, first, fraction, factor) => {
  for (let k = 0; k < count; k++) out[at + k] = Math.max(0, 1 - Math.abs((first + k - fraction) * factor))
}

export const KEYS: Filter = (out, at, count, first, fraction, factor) => {
  for (let k = 0; k < count; k++) {
    const x = Math.abs((first + k - fraction) * factor)
    if (x <= 1) out[at + k] = x * x * (1.5 * x - 2.5) + 1
    else out[at + k] = x <= 2 ? x * (x * (-0.5 * x + 2.5) - 4) + 2 : 0
  }
}

/**
 * The cubic B-spline, six times. On the far side of its support GDAL's goes on with the next power of the difference
 * formula, which counts where a widened kernel is rounded up to whole samples.
 */
export const BSPLINE: Filter = (out, at, count, first, fraction, factor) => {
  for (let k = 0; k < count; k++) {
    const t = (first + k - fraction) * factor
    const x = Math.abs(t)
    if (t <= -2) out[at + k] = 0
    else if (x >= 2) out[at + k] = -((x - 2) ** 3)
    else out[at + k] = x <= 1 ? 4 + x * x * (3 * x - 6) : (2 - x) ** 3
  }
}

const LOBES = 3

/** The sinc function windowed by its own middle lobe, three lobes to each side. */
function lanczosAt(t: number): number {
  if (t === 0) return 1
  if (Math.abs(t) > LOBES) return 0
  const x = Math.PI * t
  return (LOBES * Math.sin(x) * Math.sin(x / LOBES)) / (x * x)
}

const LANCZOS: Filter = (out, at, count, first, fraction) => {
  for (let k = 0; k < count; k++) out[at + k] = lanczosAt(first + k - fraction)
}

/** A filter along one axis: samples to the left and right of the one before a position. */
interface Axis {
  readonly filter: Filter
  readonly factor: number
  readonly left: number
  /** `left` where the position is that of a sample. */
  readonly leftWhole: number
  readonly right: number
}

/** Any filter whose kernel is widened by 1 / scale along each axis: what GDAL does when it reduces resolution. */
export function widened(filter: Filter, radius: number, scaleX: number, scaleY: number, isUpright: boolean): Kernel {
  const axis = (scale: number): Tapping => tapping(widenedAxis(filter, radius, scale))
  const needs = { ...NEEDS, share: 0 }
  return weighted({ across: axis(scaleX), down: axis(scaleY), needs, scale: [scaleX, scaleY], isUpright })
}

function widenedAxis(filter: Filter, radius: number, scale: number): Axis {
  const factor = Math.min(1, scale)
  const right = Math.ceil(radius / factor)
  const left = right - (radius % 2 === 0 ? 1 : 0)
  return { filter, factor, left, leftWhole: left, right }
}

/**
 * GDAL's windowed sinc. Where it reduces resolution its weights do not move with the position within a sample; and of the
 * samples under the kernel half must be there.
 */
export function lanczos(scaleX: number, scaleY: number, isUpright: boolean): Kernel {
  const [across, down] = [tapping(lanczosAxis(scaleX)), tapping(lanczosAxis(scaleY))]
  return weighted({ across, down, needs: { ...NEEDS, share: 0.5 }, scale: [scaleX, scaleY], isUpright })
}

function lanczosAxis(scale: number): Axis {
  if (!(scale < 1)) return { filter: LANCZOS, factor: 1, left: LOBES - 1, leftWhole: LOBES, right: LOBES }
  const reach = Math.floor(LOBES / scale)
  const table = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => lanczosAt((i - reach) * scale))
  const filter: Filter = (out, at, count, first) => {
    for (let k = 0; k < count; k++) out[at + k] = table[first + reach + k]!
  }
  return { filter, factor: 1, left: reach, leftWhole: reach, right: reach }
}

/** Sums of weights below this are of nothing. */
const NEEDS: Omit<Needs, 'share'> = { weight: 1e-6, centre: true }

/** The samples under a filter at each position; none where it lies outside the source. */
const tapping =
  ({ filter, factor, left, leftWhole, right }: Axis): Tapping =>
  (taps, { positions, at, step, count }, { first, size, whole }) => {
    const start = reserve(taps, count, Math.max(left, leftWhole) + right + 1)
    const { weights, places } = taps
    for (let i = 0, t = start; i < count; i++, t++) {
      const position = positions[at + i * step]!
      if (!(position >= 0 && position + NUDGE <= whole)) continue
      const x = position - first - 0.5
      const c = Math.floor(x)
      const from = Math.max(0, c - (x > c ? left : leftWhole))
      const number = Math.min(size - 1, c + right) - from + 1
      if (number <= 0) continue
      filter(weights, places[t]!, number, from - c, x - c, factor)
      taps.first[t] = from
      taps.counts[t] = number
      taps.centres[t] = Math.min(Math.floor(position + NUDGE), whole - 1) - first
      taps.totals[t] = totalOf(weights, places[t]!, number)
    }
  }

function totalOf(weights: Float64Array, at: number, count: number): number {
  let total = 0
  for (let k = 0; k < count; k++) total += weights[at + k]!
  return total
}
