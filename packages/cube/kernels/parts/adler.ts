// The checksum of zlib data (RFC 1950). Pointers are byte addresses.

/** Adler-32, 64 bytes at a time: bytes are summed by their place, the weights of places come at the end of a part. */
export function adler(from: usize, length: usize): u32 {
  let a: u32 = 1
  let b: u32 = 0
  while (length > 0) {
    // As many bytes as the sums can take before they are reduced: 86 of a place in 16 bits.
    const part = min<usize>(length, 5504)
    const end = from + part
    length -= part
    const blocks = <u32>(part >> 6)
    if (blocks > 0) {
      const zero = i32x4.splat(0)
      let sums = zero
      let before = zero
      let p0 = zero
      let p1 = zero
      let p2 = zero
      let p3 = zero
      let p4 = zero
      let p5 = zero
      let p6 = zero
      let p7 = zero
      for (let k: u32 = 0; k < blocks; k++, from += 64) {
        const v = v128.load(from)
        const w = v128.load(from, 16)
        const x = v128.load(from, 32)
        const y = v128.load(from, 48)
        before = i32x4.add(before, sums)
        const vw = i16x8.add(i16x8.extadd_pairwise_i8x16_u(v), i16x8.extadd_pairwise_i8x16_u(w))
        const xy = i16x8.add(i16x8.extadd_pairwise_i8x16_u(x), i16x8.extadd_pairwise_i8x16_u(y))
        sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.add(vw, xy)))
        p0 = i16x8.add(p0, i16x8.extend_low_i8x16_u(v))
        p1 = i16x8.add(p1, i16x8.extend_high_i8x16_u(v))
        p2 = i16x8.add(p2, i16x8.extend_low_i8x16_u(w))
        p3 = i16x8.add(p3, i16x8.extend_high_i8x16_u(w))
        p4 = i16x8.add(p4, i16x8.extend_low_i8x16_u(x))
        p5 = i16x8.add(p5, i16x8.extend_high_i8x16_u(x))
        p6 = i16x8.add(p6, i16x8.extend_low_i8x16_u(y))
        p7 = i16x8.add(p7, i16x8.extend_high_i8x16_u(y))
      }
      const step = i16x8.splat(8)
      let weights = i16x8(8, 7, 6, 5, 4, 3, 2, 1)
      let weighted = i32x4.dot_i16x8_s(p7, weights)
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(p6, (weights = i16x8.add(weights, step))))
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(p5, (weights = i16x8.add(weights, step))))
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(p4, (weights = i16x8.add(weights, step))))
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(p3, (weights = i16x8.add(weights, step))))
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(p2, (weights = i16x8.add(weights, step))))
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(p1, (weights = i16x8.add(weights, step))))
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(p0, (weights = i16x8.add(weights, step))))
      b += a * 64 * blocks + 64 * total(before) + total(weighted)
      a += total(sums)
    }
    for (; from < end; from++) {
      a += load<u8>(from)
      b += a
    }
    a %= 65521
    b %= 65521
  }
  return (b << 16) | a
}

function total(v: v128): u32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
}
