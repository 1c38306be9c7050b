// Pixel-interleaved samples to one plane per band, TIFF predictors 2 and 3 undone on the way. Pointers are byte addresses.
// Eight samples of 16 bits (or four of 32) of a pixel are added in one vector; eight pixels are then transposed.

export { inflate } from './parts/inflate'
export { lzw } from './parts/lzw'

import { part4, weave4 } from './parts/shuffles'
import { high32, low32 } from './parts/vectors'

/** `rows` rows of `columns` pixels of `samples` 16-bit samples; planes are `rows * columns` samples apart. */
export function planes16(from: usize, to: usize, rows: usize, columns: usize, samples: usize, summed: bool): void {
  const pixel = 2 * samples
  const plane = 2 * rows * columns
  for (let r: usize = 0; r < rows; r++) {
    const line = from + r * columns * pixel
    const target = to + 2 * r * columns
    for (let s: usize = 0; s < samples; s += 8) {
      const lanes = min<usize>(8, samples - s)
      row16(line + 2 * s, target + s * plane, columns, pixel, plane, lanes, summed)
    }
  }
}

function row16(
  from: usize,
  to: usize,
  columns: usize,
  pixel: usize,
  plane: usize,
  lanes: usize,
  summed: bool,
): void {
  let sum = i16x8.splat(0)
  let at = from
  let c: usize = 0
  // With `keep` 0, values are taken as they are: sums of nothing before.
  const keep = summed ? i16x8.splat(-1) : i16x8.splat(0)
  for (; c + 8 <= columns; c += 8) {
    const a = i16x8.add(v128.and(sum, keep), v128.load(at))
    const b = i16x8.add(v128.and(a, keep), v128.load(at + pixel))
    const d = i16x8.add(v128.and(b, keep), v128.load(at + 2 * pixel))
    const e = i16x8.add(v128.and(d, keep), v128.load(at + 3 * pixel))
    const f = i16x8.add(v128.and(e, keep), v128.load(at + 4 * pixel))
    const g = i16x8.add(v128.and(f, keep), v128.load(at + 5 * pixel))
    const h = i16x8.add(v128.and(g, keep), v128.load(at + 6 * pixel))
    const i = i16x8.add(v128.and(h, keep), v128.load(at + 7 * pixel))
    sum = i
    at += 8 * pixel
    // 8 x 8 transposition: pairs of pixels, then of pairs, then of fours.
    const ab0 = v128.shuffle<u16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
    const ab1 = v128.shuffle<u16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
    const de0 = v128.shuffle<u16>(d, e, 0, 8, 1, 9, 2, 10, 3, 11)
    const de1 = v128.shuffle<u16>(d, e, 4, 12, 5, 13, 6, 14, 7, 15)
    const fg0 = v128.shuffle<u16>(f, g, 0, 8, 1, 9, 2, 10, 3, 11)
    const fg1 = v128.shuffle<u16>(f, g, 4, 12, 5, 13, 6, 14, 7, 15)
    const hi0 = v128.shuffle<u16>(h, i, 0, 8, 1, 9, 2, 10, 3, 11)
    const hi1 = v128.shuffle<u16>(h, i, 4, 12, 5, 13, 6, 14, 7, 15)
    const w0 = v128.shuffle<u32>(ab0, de0, 0, 4, 1, 5)
    const x0 = v128.shuffle<u32>(fg0, hi0, 0, 4, 1, 5)
    let p = to + 2 * c
    v128.store(p, v128.shuffle<u64>(w0, x0, 0, 2))
    if (lanes == 1) continue
    v128.store((p += plane), v128.shuffle<u64>(w0, x0, 1, 3))
    if (lanes == 2) continue
    const w1 = v128.shuffle<u32>(ab0, de0, 2, 6, 3, 7)
    const x1 = v128.shuffle<u32>(fg0, hi0, 2, 6, 3, 7)
    v128.store((p += plane), v128.shuffle<u64>(w1, x1, 0, 2))
    if (lanes == 3) continue
    v128.store((p += plane), v128.shuffle<u64>(w1, x1, 1, 3))
    if (lanes == 4) continue
    const w2 = v128.shuffle<u32>(ab1, de1, 0, 4, 1, 5)
    const x2 = v128.shuffle<u32>(fg1, hi1, 0, 4, 1, 5)
    v128.store((p += plane), v128.shuffle<u64>(w2, x2, 0, 2))
    if (lanes == 5) continue
    v128.store((p += plane), v128.shuffle<u64>(w2, x2, 1, 3))
    if (lanes == 6) continue
    const w3 = v128.shuffle<u32>(ab1, de1, 2, 6, 3, 7)
    const x3 = v128.shuffle<u32>(fg1, hi1, 2, 6, 3, 7)
    v128.store((p += plane), v128.shuffle<u64>(w3, x3, 0, 2))
    if (lanes == 7) continue
    v128.store((p += plane), v128.shuffle<u64>(w3, x3, 1, 3))
  }
  if (c < columns) rest16(from, to, columns, pixel, plane, lanes, summed, c)
}

/** The last columns of a row, one sample after the other. */
function rest16(
  from: usize,
  to: usize,
  columns: usize,
  pixel: usize,
  plane: usize,
  lanes: usize,
  summed: bool,
  first: usize,
): void {
  for (let s: usize = 0; s < lanes; s++) {
    const target = to + s * plane
    let sum: u32 = summed && first > 0 ? load<u16>(target + 2 * (first - 1)) : 0
    for (let c = first; c < columns; c++) {
      const v: u32 = load<u16>(from + c * pixel + 2 * s)
      sum = summed ? sum + v : v
      store<u16>(target + 2 * c, sum)
    }
  }
}

/** As `planes16` for samples of 8 bits, one after the other. */
export function planes8(from: usize, to: usize, rows: usize, columns: usize, samples: usize, summed: bool): void {
  for (let s: usize = 0; s < samples; s++) {
    for (let r: usize = 0; r < rows; r++) {
      const line = from + r * columns * samples + s
      const target = to + (s * rows + r) * columns
      let sum: u32 = 0
      for (let c: usize = 0; c < columns; c++) {
        const v: u32 = load<u8>(line + c * samples)
        sum = summed ? sum + v : v
        store<u8>(target + c, sum)
      }
    }
  }
}

/** As `planes16` for samples of 32 bits: integers, or floats without predictor. */
export function planes32(from: usize, to: usize, rows: usize, columns: usize, samples: usize, summed: bool): void {
  for (let r: usize = 0; r < rows; r++) {
    bands32(from + 4 * r * columns * samples, to + 4 * r * columns, columns, samples, 4 * rows * columns, summed)
  }
}

/** One row of that, `plane` bytes from band to band. */
function bands32(from: usize, to: usize, columns: usize, samples: usize, plane: usize, summed: bool): void {
  for (let s: usize = 0; s < samples; s += 4) {
    row32(from + 4 * s, to + s * plane, columns, 4 * samples, plane, min<usize>(4, samples - s), summed)
  }
}

function row32(
  from: usize,
  to: usize,
  columns: usize,
  pixel: usize,
  plane: usize,
  lanes: usize,
  summed: bool,
): void {
  let sum = i32x4.splat(0)
  let at = from
  let c: usize = 0
  const keep = summed ? i32x4.splat(-1) : i32x4.splat(0)
  for (; c + 4 <= columns; c += 4) {
    const a = i32x4.add(v128.and(sum, keep), v128.load(at))
    const b = i32x4.add(v128.and(a, keep), v128.load(at + pixel))
    const d = i32x4.add(v128.and(b, keep), v128.load(at + 2 * pixel))
    sum = i32x4.add(v128.and(d, keep), v128.load(at + 3 * pixel))
    at += 4 * pixel
    // 4 x 4 transposition: pairs of pixels, then of pairs.
    const ab = low32(a, b)
    const de = low32(d, sum)
    let p = to + 4 * c
    v128.store(p, v128.shuffle<u64>(ab, de, 0, 2))
    if (lanes == 1) continue
    v128.store((p += plane), v128.shuffle<u64>(ab, de, 1, 3))
    if (lanes == 2) continue
    const ab2 = high32(a, b)
    const de2 = high32(d, sum)
    v128.store((p += plane), v128.shuffle<u64>(ab2, de2, 0, 2))
    if (lanes == 3) continue
    v128.store((p += plane), v128.shuffle<u64>(ab2, de2, 1, 3))
  }
  // The last columns, one sample after the other.
  for (let s: usize = 0; s < lanes; s++, from += 4, to += plane) {
    let before: u32 = summed && c > 0 ? load<u32>(to + 4 * (c - 1)) : 0
    for (let k = c; k < columns; k++) {
      const v = load<u32>(from + k * pixel)
      before = summed ? before + v : v
      store<u32>(to + 4 * k, before)
    }
  }
}

/** Predictor 2 undone in place where there is one sample a pixel, 16 bits: running sums in steps of 1, 2 and 4. */
export function sums16(at: usize, rows: usize, columns: usize): void {
  const zero = i16x8.splat(0)
  for (let r: usize = 0; r < rows; r++) {
    let p = at + 2 * r * columns
    const end = p + 2 * columns
    let carry = i16x8.splat(0)
    for (; p + 16 <= end; p += 16) {
      let v = v128.load(p)
      v = i16x8.add(v, v128.shuffle<u16>(zero, v, 0, 8, 9, 10, 11, 12, 13, 14))
      v = i16x8.add(v, v128.shuffle<u16>(zero, v, 0, 0, 8, 9, 10, 11, 12, 13))
      v = i16x8.add(v, v128.shuffle<u16>(zero, v, 0, 0, 0, 0, 8, 9, 10, 11))
      v = i16x8.add(v, carry)
      v128.store(p, v)
      carry = v128.shuffle<u16>(v, v, 7, 7, 7, 7, 7, 7, 7, 7)
    }
    let sum: u32 = i16x8.extract_lane_u(carry, 0)
    for (; p < end; p += 2) {
      sum += load<u16>(p)
      store<u16>(p, sum)
    }
  }
}

/** Which lane stands `by` lanes before each; none, which a swizzle takes for 0, where that is outside. */
// @ts-ignore: decorator
@inline function lanesBefore(by: usize): v128 {
  // Beyond all lanes, and no further, as lanes are counted in 8 bits.
  return i8x16.sub(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>min<usize>(by, 128)))
}

/** Running sums of the bytes of rows, each with the byte `samples` before it, in place. */
export function sums8(at: usize, rows: usize, stride: usize, samples: usize): void {
  for (let r: usize = 0; r < rows; r++) {
    if (samples < 16) sumsNear(at + r * stride, stride, samples)
    else sumsFar(at + r * stride, stride, samples)
  }
}

/** Sums within a vector in steps of 1, 2, 4 and 8 pixels, then the sums of the vector before. */
function sumsNear(row: usize, stride: usize, samples: usize): void {
  const one = lanesBefore(samples)
  const two = lanesBefore(2 * samples)
  const four = lanesBefore(4 * samples)
  const eight = lanesBefore(8 * samples)
  // The last lane of the vector before that has the same sample: the lane itself, stepped down from 16 by whole pixels.
  const span = i8x16.splat(<i8>samples)
  let before = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  for (let k: usize = samples; k < 16; k += samples) {
    before = v128.bitselect(i8x16.sub(before, span), before, i8x16.ge_s(before, span))
  }
  before = i8x16.add(before, i8x16.splat(<i8>(16 - samples)))
  let sums = i8x16.splat(0)
  let p: usize = 0
  for (; p + 16 <= stride; p += 16) {
    let v = v128.load(row + p)
    v = i8x16.add(v, i8x16.swizzle(v, one))
    v = i8x16.add(v, i8x16.swizzle(v, two))
    v = i8x16.add(v, i8x16.swizzle(v, four))
    v = i8x16.add(v, i8x16.swizzle(v, eight))
    sums = i8x16.add(v, i8x16.swizzle(sums, before))
    v128.store(row + p, sums)
  }
  for (p = max<usize>(p, samples); p < stride; p++) store<u8>(row + p, load<u8>(row + p) + load<u8>(row + p - samples))
}

function sumsFar(row: usize, stride: usize, samples: usize): void {
  let p = samples
  for (; p + 16 <= stride; p += 16) v128.store(row + p, i8x16.add(v128.load(row + p), v128.load(row + p - samples)))
  for (; p < stride; p++) store<u8>(row + p, load<u8>(row + p) + load<u8>(row + p - samples))
}

/**
 * `planes32` of floats with predictor 3: running sums of bytes that lie in planes from the most significant one (Adobe
 * TN 3), row by row, in place; then the numbers, in `scratch`, which has room for a row; then the bands.
 */
export function floats32(from: usize, to: usize, scratch: usize, rows: usize, columns: usize, samples: usize): void {
  const count = columns * samples
  for (let r: usize = 0; r < rows; r++) {
    const row = from + 4 * r * count
    const target = to + 4 * r * columns
    sums8(row, 1, 4 * count, samples)
    weave32(row, samples == 1 ? target : scratch, count)
    if (samples > 1) bands32(scratch, target, columns, samples, 4 * rows * columns, false)
  }
}

/** Numbers of planes that lie from the most significant one. */
function weave32(from: usize, to: usize, count: usize): void {
  const last = from + 3 * count
  for (let i = weave4(last, 0 - count, to, count); i < count; i++) {
    for (let k: usize = 0; k < 4; k++) store<u8>(to + 4 * i + k, load<u8>(last - k * count + i))
  }
}

/** Predictor 3 done in place on samples of 32 bits, row by row. `scratch` has room for a row. */
export function unfloats32(at: usize, scratch: usize, rows: usize, columns: usize, samples: usize): void {
  const count = columns * samples
  const stride = count << 2
  for (let r: usize = 0; r < rows; r++) {
    const row = at + r * stride
    split32(row, scratch, count)
    let p: usize = 0
    for (; p < samples && p < stride; p++) store<u8>(row + p, load<u8>(scratch + p))
    for (; p + 16 <= stride; p += 16)
      v128.store(row + p, i8x16.sub(v128.load(scratch + p), v128.load(scratch + p - samples)))
    for (; p < stride; p++) store<u8>(row + p, load<u8>(scratch + p) - load<u8>(scratch + p - samples))
  }
}

/** The reverse of `weave32`. */
function split32(from: usize, to: usize, count: usize): void {
  const last = to + 3 * count
  for (let i = part4(from, last, 0 - count, count); i < count; i++) {
    for (let k: usize = 0; k < 4; k++) store<u8>(last - k * count + i, load<u8>(from + 4 * i + k))
  }
}
