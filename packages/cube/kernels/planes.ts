// Pixel-interleaved samples to one plane per band, TIFF predictor 2 undone on the way. Pointers are byte addresses.
// Eight samples of 16 bits (or four of 32) of a pixel are added in one vector; eight pixels are then transposed.

export { inflate } from './inflate'


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
  for (let s: usize = 0; s < samples; s++) {
    for (let r: usize = 0; r < rows; r++) {
      const line = from + 4 * (r * columns * samples + s)
      const target = to + 4 * (s * rows + r) * columns
      let sum: u32 = 0
      for (let c: usize = 0; c < columns; c++) {
        const v = load<u32>(line + 4 * c * samples)
        sum = summed ? sum + v : v
        store<u32>(target + 4 * c, sum)
      }
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

