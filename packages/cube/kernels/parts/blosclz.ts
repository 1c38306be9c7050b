// BloscLZ blocks, a relative of FastLZ. Pointers are byte addresses.

import { copyWithin } from './matches'

/** Distances of BloscLZ from here on are written in two more bytes. */
const FAR: usize = 8191

/**
 * Decodes one BloscLZ block (a relative of FastLZ, level 2) of `length` bytes into at most `capacity` bytes. The bytes
 * written, or -1 where it is damaged.
 */
export function decompressLz(from: usize, length: usize, to: usize, capacity: usize): i32 {
  const end = from + length
  const limit = to + capacity
  let p = from
  let q = to
  // The first control byte carries the level in its upper bits and is always a run of literals.
  let mask: usize = 31
  while (p < end) {
    const control = <usize>load<u8>(p++) & mask
    mask = 255
    if (control < 32) {
      const literals = control + 1
      if (literals > end - p || literals > limit - q) return -1
      if (end - p >= 32 && limit - q >= 32) {
        v128.store(q, v128.load(p))
        v128.store(q, v128.load(p, 16), 16)
      } else memory.copy(q, p, literals)
      p += literals
      q += literals
      continue
    }
    let match = (control >> 5) + 2
    if (match == 9) {
      let more: usize
      do {
        if (p >= end) return -1
        more = <usize>load<u8>(p++)
        match += more
      } while (more == 255)
    }
    if (p >= end) return -1
    let offset = ((control & 31) << 8) + <usize>load<u8>(p++)
    if (offset == FAR) {
      if (end - p < 2) return -1
      offset += (<usize>load<u8>(p) << 8) + <usize>load<u8>(p + 1)
      p += 2
    }
    offset++
    if (offset > q - to || match > limit - q) return -1
    q = copyWithin(q, offset, match, limit)
  }
  return <i32>(q - to)
}
