// Rows for weighted sums over neighbouring pixels: stored samples to physical values in float64, sums of weighted rows,
// and sums to float32. Pointers are byte addresses. Rows of float64 are written up to 16 values beyond their end.

// @ts-ignore: decorator
@inline
function physical(raw: v128, nodata: v128, scale: v128, offset: v128, other: v128): v128 {
  const value = f64x2.add(f64x2.mul(raw, scale), offset)
  // Of NaN and infinite values, the distance from themselves is NaN.
  const distance = f64x2.sub(value, value)
  return v128.bitselect(other, value, v128.or(f64x2.eq(raw, nodata), f64x2.ne(distance, distance)))
}

// @ts-ignore: decorator
@inline
function unpack<T>(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  for (let i: usize = 0; i < count; i++) {
    const raw = <f64>load<T>(from)
    const value = raw * scale + offset
    const isBad = <i32>(raw == nodata) | <i32>!(value - value == 0)
    store<f64>(to, select<f64>(other, value, isBad))
    from += sizeof<T>()
    to += 8
  }
}

// @ts-ignore: decorator
@inline
function unpack4<T>(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  const n = f64x2.splat(nodata)
  const s = f64x2.splat(scale)
  const o = f64x2.splat(offset)
  const r = f64x2.splat(other)
  for (let i: usize = 0; i < count; i += 4) {
    let low: v128
    let high: v128
    if (sizeof<T>() == 4) {
      const four = v128.load(from)
      low = f64x2.promote_low_f32x4(four)
      high = f64x2.promote_low_f32x4(v128.shuffle<u32>(four, four, 2, 3, 2, 3))
    } else {
      const four = v128.load_ext<T>(from)
      low = f64x2.convert_low_i32x4_s(four)
      high = f64x2.convert_low_i32x4_s(v128.shuffle<u32>(four, four, 2, 3, 2, 3))
    }
    v128.store(to, physical(low, n, s, o, r))
    v128.store(to + 16, physical(high, n, s, o, r))
    from += 4 * sizeof<T>()
    to += 32
  }
}

/** `count` samples to physical values; those that equal `nodata` or are not finite become `other`. */
export function uint8(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack<u8>(from, to, count, nodata, scale, offset, other)
}
export function int8(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack<i8>(from, to, count, nodata, scale, offset, other)
}
export function uint16(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack4<u16>(from, to, count, nodata, scale, offset, other)
}
export function int16(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack4<i16>(from, to, count, nodata, scale, offset, other)
}
export function uint32(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack<u32>(from, to, count, nodata, scale, offset, other)
}
export function int32(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack<i32>(from, to, count, nodata, scale, offset, other)
}
export function float32(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack4<f32>(from, to, count, nodata, scale, offset, other)
}
export function float64(from: usize, to: usize, count: usize, nodata: f64, scale: f64, offset: f64, other: f64): void {
  unpack<f64>(from, to, count, nodata, scale, offset, other)
}

/**
 * Sums of `taps` rows of float64, each times its weight, to a row of `width`: addresses of the rows are u32 at `rows`,
 * weights f64 at `weights`. Sixteen sums stay in registers while all taps are added.
 */
export function sums(to: usize, width: usize, rows: usize, weights: usize, taps: usize): void {
  const end: usize = 8 * width
  for (let x: usize = 0; x < end; x += 128) {
    let a = f64x2.splat(0)
    let b = a
    let c = a
    let d = a
    let e = a
    let f = a
    let g = a
    let h = a
    for (let t: usize = 0; t < taps; t++) {
      const p = <usize>load<u32>(rows + 4 * t) + x
      const w = v128.load64_splat(weights + 8 * t)
      a = f64x2.add(a, f64x2.mul(w, v128.load(p)))
      b = f64x2.add(b, f64x2.mul(w, v128.load(p, 16)))
      c = f64x2.add(c, f64x2.mul(w, v128.load(p, 32)))
      d = f64x2.add(d, f64x2.mul(w, v128.load(p, 48)))
      e = f64x2.add(e, f64x2.mul(w, v128.load(p, 64)))
      f = f64x2.add(f, f64x2.mul(w, v128.load(p, 80)))
      g = f64x2.add(g, f64x2.mul(w, v128.load(p, 96)))
      h = f64x2.add(h, f64x2.mul(w, v128.load(p, 112)))
    }
    v128.store(to + x, a)
    v128.store(to + x, b, 16)
    v128.store(to + x, c, 32)
    v128.store(to + x, d, 48)
    v128.store(to + x, e, 64)
    v128.store(to + x, f, 80)
    v128.store(to + x, g, 96)
    v128.store(to + x, h, 112)
  }
}

/** A row of float64 as float32; up to three values more. */
export function narrow(from: usize, to: usize, width: usize): void {
  for (let i: usize = 0; i < width; i += 4) {
    const low = f32x4.demote_f64x2_zero(v128.load(from))
    const high = f32x4.demote_f64x2_zero(v128.load(from, 16))
    v128.store(to, v128.shuffle<u64>(low, high, 0, 2))
    from += 32
    to += 16
  }
}
