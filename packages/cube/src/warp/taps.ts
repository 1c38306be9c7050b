/**
 * Weighted means of the samples of a box, for all planes of a patch: weights are products of one along x and one along y,
 * missing samples leave them. Where columns of the target lie under columns of the source, sums go down columns first,
 * then across; else each box is summed. Weights are found once for all planes.
 */
import type { Kernel, Patch, Target } from './kernels.ts'

/** The samples along one axis under each of some pixels, and their weights. */
export interface Taps {
  /** Place in the patch of the first sample of each pixel; how many there are: 0 where the result is missing. */
  first: Int32Array
  counts: Int32Array
  /** Place in the patch of the sample at the pixel's position, without which the result is missing. */
  centres: Int32Array
  /** `pitch` weights for each pixel. */
  weights: Float64Array
  pitch: number
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

/** Makes room for the taps of some pixels, `pitch` each. */
export function reserve(taps: Taps, count: number, pitch: number): void {
  taps.pitch = pitch
  if (taps.weights.length < count * pitch) taps.weights = new Float64Array(count * pitch)
  if (taps.first.length >= count) return
  taps.first = new Int32Array(count)
  taps.counts = new Int32Array(count)
  taps.centres = new Int32Array(count)
  taps.totals = new Float64Array(count)
}

const noTaps = (): Taps => ({
  first: new Int32Array(0),
  counts: new Int32Array(0),
  centres: new Int32Array(0),
  weights: new Float64Array(0),
  pitch: 0,
  totals: new Float64Array(0),
})

/** The sides of a patch along x and along y. */
export function sidesOf(patch: Patch): readonly [x: Side, y: Side] {
  const { column, row, width, height, sourceWidth, sourceHeight, seen } = patch
  return [
    { first: column, size: width, whole: sourceWidth, seenFirst: seen.column, seenSize: seen.width },
    { first: row, size: height, whole: sourceHeight, seenFirst: seen.row, seenSize: seen.height },
  ]
}

/** `isUpright`: positions along x depend on the column only, those along y on the row only. */
export function weighted(across: Tapping, down: Tapping, needs: Needs, isUpright: boolean): Kernel {
  const [x, y] = [noTaps(), noTaps()]
  return (patch, xs, ys, target) => {
    const [sideX, sideY] = sidesOf(patch)
    const { pitch, width, height } = target
    const opposite = pitch + 1
    const at = target.top * pitch + target.left
    if (isUpright) {
      across(x, { positions: xs, at, step: 1, count: width, opposite }, sideX)
      down(y, { positions: ys, at, step: pitch, count: height, opposite }, sideY)
      meansOfColumns({ patch, x, y, needs, target })
      return
    }
    for (let j = 0; j < height; j++) {
      const line = { at: at + j * pitch, step: 1, count: width, opposite }
      across(x, { positions: xs, ...line }, sideX)
      down(y, { positions: ys, ...line }, sideY)
      meansOfBoxes({ patch, x, y, needs, target }, j)
    }
  }
}

type Samples = Float32Array | Float64Array

/** A block of the target above a patch. */
interface Block {
  readonly patch: Patch
  readonly x: Taps
  readonly y: Taps
  readonly needs: Needs
  readonly target: Target
}

/** Columns of the patch that a block needs. */
interface Span {
  readonly low: number
  readonly size: number
}

/** Sums down columns: of all products; of the products of samples that are there, of their weights, and their number. */
let sums = new Float64Array(0)
let known = new Float64Array(0)
let shares = new Float64Array(0)
let numbers = new Float64Array(0)

function meansOfColumns(block: Block): void {
  const { patch, y, target } = block
  const span = spanOf(block)
  for (let p = 0; p < patch.planes; p++) {
    for (let j = 0; j < target.height; j++) {
      const to = target.start + p * target.apart + j * target.stride
      if (y.counts[j]! === 0) target.data.fill(Number.NaN, to, to + target.width)
      else meansOfRow(block, span, patch.start + p * patch.apart, j, to)
    }
  }
}

function spanOf({ x, target }: Block): Span {
  let [low, high] = [Infinity, 0]
  for (let i = 0; i < target.width; i++) {
    if (x.counts[i]! === 0) continue
    low = Math.min(low, x.first[i]!)
    high = Math.max(high, x.first[i]! + x.counts[i]!)
  }
  if (low > high) return { low: 0, size: 0 }
  const size = high - low
  if (sums.length < size) {
    sums = new Float64Array(size)
    known = new Float64Array(size)
    shares = new Float64Array(size)
    numbers = new Float64Array(size)
  }
  return { low, size }
}

/** Row j of a block: sums down columns, and over these. Where they have met missing samples, without these. */
function meansOfRow({ patch, x, y, needs, target }: Block, { low, size }: Span, plane: number, j: number, to: number) {
  const { data, width } = patch
  const { first, counts, centres, weights, pitch, totals } = x
  const from = plane + y.first[j]! * width + low
  const centre = plane + y.centres[j]! * width
  const total = y.totals[j]!
  const out = target.data
  const columns = sums
  let hasKnown = false
  addRows(data, from, width, size, y, j)
  for (let i = 0; i < target.width; i++) {
    const count = counts[i]!
    out[to + i] = Number.NaN
    if (count === 0 || (needs.centre && Number.isNaN(data[centre + centres[i]!]!))) continue
    const at = first[i]! - low
    const w = i * pitch
    let sum = 0
    for (let k = 0; k < count; k++) sum += weights[w + k]! * columns[at + k]!
    const weight = totals[i]! * total
    if (!Number.isNaN(sum)) {
      if (weight >= needs.weight) out[to + i] = sum / weight
      continue
    }
    if (!hasKnown) addKnown(data, from, width, size, y, j)
    hasKnown = true
    out[to + i] = meanOfKnown(at, count, weights, w, y.counts[j]!, needs)
  }
}

/** Sums down the columns of the rows under row j. */
function addRows(data: Samples, from: number, width: number, size: number, y: Taps, j: number): void {
  const { weights, pitch } = y
  const count = y.counts[j]!
  const at = j * pitch
  const odd = count % 2
  if (odd === 1) oneRow(data, from, size, weights[at]!, sums)
  else twoRows(data, from, from + width, size, weights[at]!, weights[at + 1]!, sums)
  for (let k = 2 - odd; k < count; k += 2) {
    const line = from + k * width
    twoMore(data, line, line + width, size, weights[at + k]!, weights[at + k + 1]!, sums)
  }
}

function oneRow(data: Samples, from: number, size: number, weight: number, out: Float64Array): void {
  for (let c = 0; c < size; c++) out[c] = weight * data[from + c]!
}

function twoRows(data: Samples, a: number, b: number, size: number, wa: number, wb: number, out: Float64Array): void {
  for (let c = 0; c < size; c++) out[c] = wa * data[a + c]! + wb * data[b + c]!
}

function twoMore(data: Samples, a: number, b: number, size: number, wa: number, wb: number, out: Float64Array): void {
  for (let c = 0; c < size; c++) out[c] = out[c]! + (wa * data[a + c]! + wb * data[b + c]!)
}

/** As `addRows`, without the missing samples. */
function addKnown(data: Samples, from: number, width: number, size: number, y: Taps, j: number): void {
  known.fill(0, 0, size)
  shares.fill(0, 0, size)
  numbers.fill(0, 0, size)
  for (let k = 0; k < y.counts[j]!; k++) {
    const weight = y.weights[j * y.pitch + k]!
    const line = from + k * width
    for (let c = 0; c < size; c++) {
      const v = data[line + c]!
      if (Number.isNaN(v)) continue
      known[c] = known[c]! + weight * v
      shares[c] = shares[c]! + weight
      numbers[c] = numbers[c]! + 1
    }
  }
}

function meanOfKnown(at: number, count: number, weights: Float64Array, w: number, rows: number, needs: Needs): number {
  let sum = 0
  let weight = 0
  let number = 0
  for (let k = 0; k < count; k++) {
    sum += weights[w + k]! * known[at + k]!
    weight += weights[w + k]! * shares[at + k]!
    number += numbers[at + k]!
  }
  return weight >= needs.weight && number >= Math.floor(needs.share * count * rows) ? sum / weight : Number.NaN
}

/** Row j of a block whose taps are those of its pixels. */
function meansOfBoxes({ patch, x, y, needs, target }: Block, j: number): void {
  const { data, width } = patch
  const out = target.data
  for (let p = 0; p < patch.planes; p++) {
    const plane = patch.start + p * patch.apart
    const to = target.start + p * target.apart + j * target.stride
    for (let i = 0; i < target.width; i++) {
      out[to + i] = Number.NaN
      const columns = x.counts[i]!
      const rows = y.counts[i]!
      if (columns === 0 || rows === 0) continue
      if (needs.centre && Number.isNaN(data[plane + y.centres[i]! * width + x.centres[i]!]!)) continue
      const start = plane + y.first[i]! * width + x.first[i]!
      const sum = sumOfBox(data, start, width, x.weights, i * x.pitch, columns, y.weights, i * y.pitch, rows)
      const weight = x.totals[i]! * y.totals[i]!
      if (Number.isNaN(sum)) out[to + i] = meanOfBox(data, start, width, x, y, i, needs)
      else if (weight >= needs.weight) out[to + i] = sum / weight
    }
  }
}

function sumOfBox(
  data: Samples,
  start: number,
  width: number,
  across: Float64Array,
  a: number,
  columns: number,
  down: Float64Array,
  d: number,
  rows: number,
): number {
  let sum = 0
  for (let r = 0, line = start; r < rows; r++, line += width) {
    let part = 0
    for (let c = 0; c < columns; c++) part += across[a + c]! * data[line + c]!
    sum += down[d + r]! * part
  }
  return sum
}

/** Without the missing samples. */
function meanOfBox(data: Samples, start: number, width: number, x: Taps, y: Taps, i: number, needs: Needs): number {
  const [columns, rows] = [x.counts[i]!, y.counts[i]!]
  const [a, d] = [i * x.pitch, i * y.pitch]
  let sum = 0
  let weight = 0
  let number = 0
  for (let r = 0, line = start; r < rows; r++, line += width) {
    let part = 0
    let share = 0
    for (let c = 0; c < columns; c++) {
      const v = data[line + c]!
      if (Number.isNaN(v)) continue
      const w = x.weights[a + c]!
      part += w * v
      share += w
      number++
    }
    sum += y.weights[d + r]! * part
    weight += y.weights[d + r]! * share
  }
  return weight >= needs.weight && number >= Math.floor(needs.share * columns * rows) ? sum / weight : Number.NaN
}
