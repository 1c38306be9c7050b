/** Halving of resolution for overviews: 2 x 2 samples to one; missing samples do not count. */
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { DType } from '../types.ts'
import type { Patch } from './encode.ts'

export type OverviewMethod = 'average' | 'nearest' | 'mode'

/** Four samples in reading order to one; those beyond an odd edge repeat the last. */
type Cell = (a: number, b: number, c: number, d: number, nodata: number) => number

/** NaN equals nothing, so a nodata of NaN needs its own test. */
const isMissing = (v: number, nodata: number): boolean => v === nodata || Number.isNaN(v)

const CELLS: Readonly<Record<Exclude<OverviewMethod, 'average'>, Cell>> = {
  nearest: (a) => a,
  mode: (a, b, c, d, nodata) => {
    let best = nodata
    let most = 0
    for (const v of [a, b, c, d]) {
      if (isMissing(v, nodata)) continue
      const count = Number(v === a) + Number(v === b) + Number(v === c) + Number(v === d)
      if (count > most) {
        most = count
        best = v
      }
    }
    return best
  },
}

/** The patch at half the resolution; an odd last column or row is halved by itself. */
export function halve(
  patch: Patch,
  bands: number,
  dtype: DType,
  method: OverviewMethod,
  nodata: number | undefined,
): Patch {
  const width = Math.ceil(patch.width / 2)
  const height = Math.ceil(patch.height / 2)
  const data = newArray(dtype, width * height * bands)
  const missing = nodata ?? Number.NaN
  const source: TypedArray = patch.data
  if (method === 'average') {
    averages(source, patch, data, bands, missing, dtype)
    return { data, width, height }
  }
  const cell = CELLS[method]
  for (let b = 0; b < bands; b++) {
    for (let r = 0; r < height; r++) {
      const upper = (b * patch.height + 2 * r) * patch.width
      const lower = 2 * r + 1 < patch.height ? upper + patch.width : upper
      let to = (b * height + r) * width
      for (let c = 0; c < patch.width; c += 2, to++) {
        const next = c + 1 < patch.width ? c + 1 : c
        const value = cell(
          source[upper + c]!,
          source[upper + next]!,
          source[lower + c]!,
          source[lower + next]!,
          missing,
        )
        data[to] = value
      }
    }
  }
  return { data, width, height }
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

/** As `halve` by `average`, spelled out: it runs for every pixel of a file. */
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
      const lower = r + 1 < height ? upper + width : upper
      for (let x = 0; x < width; x += 2, to++) {
        const next = x + 1 < width ? x + 1 : x
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
