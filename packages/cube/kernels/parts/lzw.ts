// TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, most significant bit first, early change. Pointers are byte
// addresses.

import { copyWild } from './vectors'

const CLEAR: u32 = 256
const END: u32 = 257
const FIRST: u32 = 258
const MOST: u32 = 4096

// The workspace, at a fixed place: where each string begins in the output and how long it is, 4 bytes each.
const STRINGS: usize = 1024

/**
 * Decodes `length` bytes at `from` to at most `size` bytes at `to`. Wants 16 bytes of room after the output, 4 after the
 * input, and the bytes from 1024 to 33792 for its strings. The number of bytes, fewer than `size` where the data ends
 * early; -1 where a code occurs before it is defined.
 */
export function lzw(from: usize, length: usize, to: usize, size: usize): isize {
  const bits = length << 3
  const last = to + size
  let bit: usize = 0
  let at = to
  let next = FIRST
  let width: u32 = 9
  let previous: usize = 0
  let previousLength: usize = 0
  while (at < last && bit + width <= bits) {
    const code = (bswap<u32>(load<u32>(from + (bit >> 3))) << <u32>(bit & 7)) >> (32 - width)
    bit += width
    if (code == END) break
    if (code == CLEAR) {
      next = FIRST
      width = 9
      previousLength = 0
      continue
    }
    const start = at
    if (code < 256) store<u8>(at++, code)
    else if (code < next) {
      const string = STRINGS + 8 * <usize>code
      const count = min<usize>(load<u32>(string, 4), last - at)
      copyWild(at, load<u32>(string), count)
      at += count
    } else {
      // The string that is just being defined: the previous one and its own first byte.
      if (code != next || previousLength == 0) return -1
      const count = min<usize>(previousLength, last - at)
      const first = load<u8>(previous)
      copyWild(at, previous, count)
      at += count
      if (at < last) store<u8>(at++, first)
    }
    if (previousLength > 0 && next < MOST) {
      // The new string is the previous one and the byte after it, which now stands in the output.
      const string = STRINGS + 8 * <usize>next
      store<u32>(string, <u32>previous)
      store<u32>(string, <u32>previousLength + 1, 4)
      next++
      if (next >= (<u32>1 << width) - 1 && width < 12) width++
    }
    previous = start
    previousLength = at - start
  }
  return <isize>(at - to)
}
