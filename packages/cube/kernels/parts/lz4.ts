// LZ4 blocks: sequences of literals and matches, as the format's specification says. Pointers are byte addresses.

import { copyWithin, periodic } from './matches'
import { copyWild } from './vectors'

/** Decodes one block of `length` bytes into at most `capacity` bytes. The bytes written, or -1 where it is damaged. */
export function decompress(from: usize, length: usize, to: usize, capacity: usize): i32 {
  const end = from + length
  const limit = to + capacity
  let p = from
  let q = to
  while (p < end) {
    const token = <usize>load<u8>(p++)
    let literals = token >> 4
    // Most sequences are short and far from both ends: whole vectors are copied, whatever their length.
    if (literals < 15 && end - p >= 18 && limit - q >= 48) {
      v128.store(q, v128.load(p))
      p += literals
      q += literals
      const offset = <usize>load<u16>(p)
      const match = token & 15
      if (match < 15 && offset > 1 && offset <= q - to) {
        p += 2
        v128.store(q, offset < 16 ? periodic(q, offset) : v128.load(q - offset))
        store<u16>(q, load<u16>(q + 16 - offset), 16)
        q += match + 4
        continue
      }
      literals = 0
    } else {
      if (literals == 15) {
        let more: usize
        do {
          if (p >= end) return -1
          more = <usize>load<u8>(p++)
          literals += more
        } while (more == 255)
      }
      if (literals > end - p || literals > limit - q) return -1
      if (literals > 0) {
        if (end - p >= literals + 16 && limit - q >= literals + 16 && literals <= 256) copyWild(q, p, literals)
        else memory.copy(q, p, literals)
        p += literals
        q += literals
      }
    }
    if (p >= end) break
    if (end - p < 2) return -1
    const offset = <usize>load<u16>(p)
    p += 2
    if (offset == 0 || offset > q - to) return -1
    let match = token & 15
    if (match == 15) {
      let more: usize
      do {
        if (p >= end) return -1
        more = <usize>load<u8>(p++)
        match += more
      } while (more == 255)
    }
    match += 4
    if (match > limit - q) return -1
    q = copyWithin(q, offset, match, limit)
  }
  return <i32>(q - to)
}

/** Entries of the compressor's table of positions: 2^12 words of 4 bytes. */
export const TABLE_BYTES: i32 = 16384

// @ts-ignore: decorator
@inline function slot(table: usize, word: u32): usize {
  return table + <usize>((word * 2654435761) >> 20) * 4
}

/** Bytes that follow a length of 15 or more in a token. */
// @ts-ignore: decorator
@inline function putLength(q: usize, rest: usize): usize {
  let left = rest
  while (left >= 255) {
    store<u8>(q++, 255)
    left -= 255
  }
  store<u8>(q++, <u8>left)
  return q
}

/**
 * Encodes one block; `table` is `TABLE_BYTES` of scratch memory. Greater `acceleration` looks at fewer positions. The
 * bytes written, or 0 where `capacity` is too small.
 */
export function compress(from: usize, length: usize, to: usize, capacity: usize, table: usize, acceleration: u32): i32 {
  memory.fill(table, 0, TABLE_BYTES)
  const end = from + length
  const limit = to + capacity
  // The format: the last match starts 12 bytes before the end or earlier, the last 5 bytes are literals.
  const last = length < 13 ? from : end - 12
  let p = from
  let anchor = from
  let q = to
  let tries: u32 = acceleration << 6
  while (p < last) {
    const word = load<u32>(p)
    const entry = slot(table, word)
    const candidate = from + <usize>load<u32>(entry)
    store<u32>(entry, <u32>(p - from))
    if (candidate >= p || p - candidate > 65535 || load<u32>(candidate) != word) {
      p += <usize>(tries++ >> 6)
      continue
    }
    tries = acceleration << 6
    let start = p
    let match = candidate
    while (start > anchor && match > from && load<u8>(start - 1) == load<u8>(match - 1)) {
      start--
      match--
    }
    let stop = p + 4
    let other = candidate + 4
    const longest = end - 5
    while (stop + 8 <= longest) {
      const differs = load<u64>(stop) ^ load<u64>(other)
      if (differs != 0) {
        stop += <usize>(ctz(differs) >> 3)
        break
      }
      stop += 8
      other += 8
    }
    if (stop + 8 > longest) {
      other = match + (stop - start)
      while (stop < longest && load<u8>(stop) == load<u8>(other)) {
        stop++
        other++
      }
    }
    const literals = start - anchor
    const length = stop - start - 4
    if (q + literals + literals / 255 + length / 255 + 16 > limit) return 0
    const token = q++
    store<u8>(token, <u8>(((literals < 15 ? literals : 15) << 4) | (length < 15 ? length : 15)))
    if (literals >= 15) q = putLength(q, literals - 15)
    memory.copy(q, anchor, literals)
    q += literals
    store<u16>(q, <u16>(start - match))
    q += 2
    if (length >= 15) q = putLength(q, length - 15)
    p = stop
    anchor = stop
    if (p < last) store<u32>(slot(table, load<u32>(p - 2)), <u32>(p - 2 - from))
  }
  const literals = end - anchor
  if (q + literals + literals / 255 + 2 > limit) return 0
  store<u8>(q++, <u8>((literals < 15 ? literals : 15) << 4))
  if (literals >= 15) q = putLength(q, literals - 15)
  memory.copy(q, anchor, literals)
  return <i32>(q + literals - to)
}
