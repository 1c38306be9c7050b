// Copies of bytes that lie before, as LZ schemes have them, in whole vectors. Pointers are byte addresses.

import { copyWild } from './vectors'

/** Row d - 1: which of the first d bytes of a pattern stands at each of 16 places. */
const PERIODS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
])

/** The 16 bytes that follow `q` where what lies `offset` < 16 before it repeats. */
// @ts-ignore: decorator
@inline export function periodic(q: usize, offset: usize): v128 {
  return i8x16.swizzle(v128.load(q - offset), v128.load(PERIODS + 16 * offset - 16))
}

/** A match that may overlap its own result; up to 15 bytes beyond its end are written. */
// @ts-ignore: decorator
@inline export function copyMatch(to: usize, offset: usize, length: usize): void {
  if (offset >= 16) {
    copyWild(to, to - offset, length)
  } else {
    // The same vector at every whole number of periods.
    const pattern = periodic(to, offset)
    const step = offset * (16 / offset)
    for (let k: usize = 0; k < length; k += step) v128.store(to + k, pattern)
  }
}

/** A match that must not be written beyond `limit`; where it ends. */
// @ts-ignore: decorator
@inline export function copyWithin(to: usize, offset: usize, length: usize, limit: usize): usize {
  let q = to
  const last = q + length
  // The last bytes one by one, where vectors would reach beyond the room.
  if (limit - q > 32) {
    const wild = min(length, limit - q - 32)
    copyMatch(q, offset, wild)
    q += wild
  }
  for (; q < last; q++) store<u8>(q, load<u8>(q - offset))
  return last
}
