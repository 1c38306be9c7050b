/**
 * Halving of resolution for overviews, as GDAL has it: an even side by pairs of samples; of an odd side of n samples,
 * which become D = (n + 1) / 2, sample i is made of its share [i n/D, (i + 1) n/D]. Missing samples do not count.
 */
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { DType } from '../types.ts'
import type { Patch } from './encode.ts'

export type OverviewMethod = 'average' | 'nearest' | 'mode'

/** Where a patch lies along one side of its level. */
export interface Axis {
  /** The even number of the first sample that is halved. */
  readonly start: number
  /** Samples of the whole level. */
  readonly length: number
  /** 1: the patch begins with the sample before `start`, which shares of odd sides may need. */
  readonly lead: 0 | 1
}

/** Whether shares reach back before a sample. */
export const leadOf = (start: number, length: number): 0 | 1 => (start > 0 && length % 2 === 1 ? 1 : 0)

/** For each halved sample: which samples of the patch it is made of, up to three, and with which weights. */
interface Shares {
  readonly first: Int32Array
  readonly count: Int32Array
  readonly weights: Float64Array
  /** The one sample that `nearest` takes. */
  readonly nearest: Int32Array
}

const halvedLength = ({ lead }: Axis, samples: number): number => Math.ceil((samples - lead) / 2)

function sharesOf(axis: Axis, samples: number): Shares {
  const { start, length, lead } = axis
  const size = halvedLength(axis, samples)
  const halved = Math.ceil(length / 2)
  const isOdd = length % 2 === 1
  const shares = {
    first: new Int32Array(size),
    count: new Int32Array(size),
    weights: new Float64Array(3 * size),
    nearest: new Int32Array(size),
  }
  for (let k = 0; k < size; k++) {
    const i = start / 2 + k
    const middle = lead + 2 * k
    const parts = isOdd ? [i / halved, 1, (halved - i - 1) / halved] : [0, 1, 1]
    const there = [-1, 0, 1].filter((t) => parts[t + 1]! > 0 && middle + t >= 0 && middle + t < samples)
    shares.first[k] = middle + there[0]!
    shares.count[k] = there.length
    shares.weights.set(
      there.map((t) => parts[t + 1]!),
      3 * k,
    )
    const place = Math.floor(0.5 + i * (length / halved)) - start + lead
    shares.nearest[k] = Math.max(0, Math.min(samples - 1, place))
  }
  return shares
}

/** NaN equals nothing, so a nodata of NaN needs its own test. */
const isMissing = (v: number, nodata: number): boolean => v === nodata || Number.isNaN(v)

/** The patch at half the resolution. By default it is the whole level. */
export function halve(
  patch: Patch,
  bands: number,
  dtype: DType,
  method: OverviewMethod,
  nodata: number | undefined,
  across: Axis = { start: 0, length: patch.width, lead: 0 },
  down: Axis = { start: 0, length: patch.height, lead: 0 },
): Patch {
  const [width, height] = [halvedLength(across, patch.width), halvedLength(down, patch.height)]
  const data = newArray(dtype, width * height * bands)
  const missing = nodata ?? Number.NaN
  const isEven = across.length % 2 === 0 && down.length % 2 === 0
  if (method === 'average' && isEven) averages(patch.data, patch, data, bands, missing, dtype)
  else METHODS[method](patch, sharesOf(across, patch.width), sharesOf(down, patch.height), data, bands, missing, dtype)
  return { data, width, height }
}

/** Fills `data` from a patch by the shares across and down. */
type Method = (
  patch: Patch,
  x: Shares,
  y: Shares,
  data: TypedArray,
  bands: number,
  nodata: number,
  dtype: DType,
) => void

const METHODS: Readonly<Record<OverviewMethod, Method>> = {
  nearest: ({ data: source, width, height }, x, y, data, bands) => {
    let to = 0
    for (let b = 0; b < bands; b++)
      for (const row of y.nearest) {
        const from = (b * height + row) * width
        for (let c = 0; c < x.nearest.length; c++) data[to++] = source[from + x.nearest[c]!]!
      }
  },
  mode: modes,
  average: sharedAverages,
}

/**
 * The most frequent value of each box of samples. Most boxes hold one value; the others are counted in `held`.
 */
function modes(
  { data: source, width, height }: Patch,
  x: Shares,
  y: Shares,
  data: TypedArray,
  bands: number,
  nodata: number,
): void {
  const held = new Float64Array(9)
  const [rows, columns] = [y.first.length, x.first.length]
  let to = 0
  for (let b = 0; b < bands; b++)
    for (let r = 0; r < rows; r++) {
      const top = (b * height + y.first[r]!) * width
      const down = y.count[r]!
      for (let c = 0; c < columns; c++, to++) {
        const across = x.count[c]!
        const first = source[top + x.first[c]!]!
        let count = 0
        let others = 0
        for (let j = 0, from = top + x.first[c]!; j < down; j++, from += width)
          for (let i = 0; i < across; i++) {
            const v = source[from + i]!
            held[count++] = v
            if (v !== first) others++
          }
        data[to] = others === 0 ? first : modeOf(count, held, nodata)
      }
    }
}

/** Averages weighted by shares, spelled out: of an odd side it runs for every pixel of a file. */
function sharedAverages(
  { data: source, width, height }: Patch,
  x: Shares,
  y: Shares,
  data: TypedArray,
  bands: number,
  nodata: number,
  dtype: DType,
): void {
  const round = !DTYPES[dtype].isFloat
  const besides = beside(nodata, dtype)
  const [rows, columns] = [y.first.length, x.first.length]
  let to = 0
  for (let b = 0; b < bands; b++)
    for (let r = 0; r < rows; r++) {
      const top = (b * height + y.first[r]!) * width
      const down = y.count[r]!
      for (let c = 0; c < columns; c++, to++) {
        const across = x.count[c]!
        const [w0, w1, w2] = [x.weights[3 * c]!, x.weights[3 * c + 1]!, x.weights[3 * c + 2]!]
        let sum = 0
        let weight = 0
        for (let j = 0, from = top + x.first[c]!; j < down; j++, from += width) {
          const w = y.weights[3 * r + j]!
          const p = source[from]!
          if (p !== nodata && !Number.isNaN(p)) {
            sum += w * w0 * p
            weight += w * w0
          }
          if (across === 1) continue
          const q = source[from + 1]!
          if (q !== nodata && !Number.isNaN(q)) {
            sum += w * w1 * q
            weight += w * w1
          }
          if (across === 2) continue
          const s = source[from + 2]!
          if (s !== nodata && !Number.isNaN(s)) {
            sum += w * w2 * s
            weight += w * w2
          }
        }
        const mean = round ? rounded(sum / weight) : sum / weight
        data[to] = weight === 0 ? nodata : mean === nodata ? besides : mean
      }
    }
}

/** The most frequent value; of several the one that is so often first. */
function modeOf(count: number, held: Float64Array, nodata: number): number {
  let [best, most] = [nodata, 0]
  for (let i = 0; i < count; i++) {
    if (isMissing(held[i]!, nodata)) continue
    let often = 1
    for (let k = 0; k < i; k++) if (held[k] === held[i]) often++
    if (often > most) [best, most] = [held[i]!, often]
  }
  return best
}

/** Halves away from zero, as GDAL has them. */
const rounded = (v: number): number => (v < 0 ? -Math.round(-v) : Math.round(v))

/** The value next to nodata, for means of measurements that happen to be nodata, as with GDAL. */
function beside(nodata: number, dtype: DType): number {
  const { isFloat, range } = DTYPES[dtype]
  if (!isFloat) return nodata >= range[1] ? nodata - 1 : nodata + 1
  const words = new BigInt64Array(1)
  const value = dtype === 'float32' ? new Float32Array(words.buffer) : new Float64Array(words.buffer)
  value[0] = nodata
  words[0]! += nodata < 0 ? -1n : 1n
  return value[0]!
}

/** Averages of even sides, spelled out: it runs for every pixel of a file. */
function averages(
  source: TypedArray,
  patch: Patch,
  target: TypedArray,
  bands: number,
  missing: number,
  dtype: DType,
): void {
  const { width, height } = patch
  const round = !DTYPES[dtype].isFloat
  const besides = beside(missing, dtype)
  const isNarrow = round && source.BYTES_PER_ELEMENT <= 2
  let to = 0
  for (let b = 0; b < bands; b++) {
    for (let r = 0; r < height; r += 2) {
      const upper = (b * height + r) * width
      const lower = upper + width
      for (let x = 0; x < width; x += 2, to++) {
        const next = x + 1
        const p = source[upper + x]!
        const q = source[upper + next]!
        const s = source[lower + x]!
        const t = source[lower + next]!
        // Sums of small integers need no floats.
        if (isNarrow && p !== missing && q !== missing && s !== missing && t !== missing) {
          const total = p + q + s + t
          const mean = total < 0 ? -((2 - total) >> 2) : (total + 2) >> 2
          target[to] = mean === missing ? besides : mean
          continue
        }
        let sum = 0
        let count = 0
        // NaN equals nothing, itself neither.
        if (p !== missing && !Number.isNaN(p)) {
          sum += p
          count++
        }
        if (q !== missing && !Number.isNaN(q)) {
          sum += q
          count++
        }
        if (s !== missing && !Number.isNaN(s)) {
          sum += s
          count++
        }
        if (t !== missing && !Number.isNaN(t)) {
          sum += t
          count++
        }
        const mean = round ? rounded(sum / count) : sum / count
        target[to] = count === 0 ? missing : mean === missing ? besides : mean
      }
    }
  }
}

/** Joins up to four halved children, in reading order, of which the left and upper ones have full size. */
export function joinQuarters(children: readonly (Patch | undefined)[], bands: number, dtype: DType): Patch {
  const [a, b, c] = children
  const width = a!.width + (b?.width ?? 0)
  const height = a!.height + (c?.height ?? 0)
  const data = newArray(dtype, width * height * bands)
  for (const [i, child] of children.entries()) {
    if (child === undefined) continue
    const left = i % 2 === 1 ? a!.width : 0
    const top = i >= 2 ? a!.height : 0
    for (let band = 0; band < bands; band++) {
      for (let r = 0; r < child.height; r++) {
        const from = (band * child.height + r) * child.width
        const to = (band * height + top + r) * width + left
        const row = child.data.subarray(from, from + child.width)
        data.set(row, to)
      }
    }
  }
  return { data, width, height }
}
