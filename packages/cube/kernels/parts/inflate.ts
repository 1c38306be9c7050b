// Inflate (RFC 1951) with the zlib wrapper (RFC 1950), whole blocks at once: a 64-bit bit buffer that is filled without
// branches, code tables of 11 and 8 bits with tables behind them for longer codes, a literal and what follows it by one
// look where both codes fit into it, wide copies. Pointers are byte addresses.
//
// Differences of measurements are short matches with one literal or none before: whether there is one cannot be
// predicted, so no branch asks.

import { adler } from './adler'
import {
  build,
  CODES,
  DISTANCE_BITS,
  DISTANCE_MASK,
  DISTANCES,
  END,
  EXTRA,
  join,
  LENGTHS,
  LITERAL,
  LITERAL_BITS,
  LITERAL_MASK,
  LITERAL_ROOM,
  LITERALS,
  LONGER,
  ODD,
  OTHER,
  SPANS,
  SYMBOLS,
} from './codes'

// What the decoder is about: bits in hand, position in the input.
let bits: u64 = 0
let held: u32 = 0
let next: usize = 0
// Bytes that the last block with its own codes was made to: blocks of one file are much alike.
let made: usize = 0

// Blocks of fewer bytes are decoded before joined literals would have paid.
const WORTH_JOINING: usize = 32768
// Entries of literals, as signed numbers, are below.
const PLAIN: i32 = <i32>(LITERAL | OTHER)

function refill(): void {
  bits |= load<u64>(next) << held
  next += (63 - held) >> 3
  held |= 56
}

function take(count: u32): u32 {
  const value = <u32>bits & ((1 << count) - 1)
  bits >>= count
  held -= count
  return value
}

/** The order in which lengths of codes of lengths are stored. */
function place(i: u32): u32 {
  if (i < 3) return 16 + i
  if (i == 3) return 0
  // 8, 7, 9, 6, 10, 5, ...
  return i & 1 ? 8 - ((i - 4 + 1) >> 1) : 8 + ((i - 4) >> 1)
}

/** Lengths of `all` codes, themselves coded by the table that stands where that of literals will be. */
function readLengths(lengths: usize, all: u32): bool {
  // Locals, which stay in registers.
  let buffer = bits
  let count = held
  let at = next
  let n: u32 = 0
  let isWhole = true
  while (n < all) {
    buffer |= load<u64>(at) << <u64>count
    at += ((63 - count) & 63) >> 3
    count |= 56
    const entry = load<u32>(4 * (<usize>buffer & 127), LITERALS)
    if (entry & ODD) {
      isWhole = false
      break
    }
    buffer >>= <u64>(entry & 63)
    count -= entry & 63
    const symbol = entry >> 16
    if (symbol < 16) {
      store<u8>(lengths + n++, symbol)
      continue
    }
    // 16: the length before, 17 and 18: zeros; each with its own number of bits and least number.
    const wide: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7
    const times = (<u32>buffer & ((1 << wide) - 1)) + (symbol == 18 ? 11 : 3)
    buffer >>= <u64>wide
    count -= wide
    if (n + times > all || (symbol == 16 && n == 0)) {
      isWhole = false
      break
    }
    const value: u8 = symbol == 16 ? load<u8>(lengths + n - 1) : 0
    // Up to 15 bytes too many, which later lengths or nothing overwrite.
    for (let k: u32 = 0; k < times; k += 16) v128.store(lengths + n + k, i8x16.splat(value))
    n += times
  }
  bits = buffer
  held = count & 63
  next = at
  return isWhole
}

/** The tables of a block with its own codes; false where they are damaged. */
function dynamic(): bool {
  refill()
  const literals = take(5) + 257
  const distances = take(5) + 1
  const codes = take(4) + 4
  const lengths = LENGTHS
  const table = LITERALS
  if (literals > 286 || distances > 30) return false
  memory.fill(lengths, 0, 19)
  for (let i: u32 = 0; i < codes; i++) {
    refill()
    store<u8>(lengths + place(i), take(3))
  }
  if (!build(CODES, table, lengths, 19, 7, 128)) return false
  if (!readLengths(lengths, literals + distances)) return false
  if (!build(SYMBOLS, LITERALS, lengths, literals, LITERAL_BITS, LITERAL_ROOM)) return false
  if (made >= WORTH_JOINING) join(LITERALS)
  return build(SPANS, DISTANCES, lengths + literals, distances, DISTANCE_BITS, 480)
}

/** The tables that every decoder knows. */
function fixed(): bool {
  const lengths = LENGTHS
  memory.fill(lengths, 8, 144)
  memory.fill(lengths + 144, 9, 112)
  memory.fill(lengths + 256, 7, 24)
  memory.fill(lengths + 280, 8, 8)
  if (!build(SYMBOLS, LITERALS, lengths, 288, LITERAL_BITS, LITERAL_ROOM)) return false
  memory.fill(lengths, 5, 32)
  return build(SPANS, DISTANCES, lengths, 32, DISTANCE_BITS, 480)
}

/** Copies `length` bytes from `distance` (less than 16) before; may write up to 15 bytes more. */
function repeat(to: usize, distance: usize, length: usize): void {
  const end = to + length
  // The last bytes over and over: the lane of byte i is i modulo the distance.
  const from = to - distance
  let step: usize = distance
  let pattern: v128
  if (distance == 1) {
    pattern = i8x16.splat(load<u8>(from))
    step = 16
  } else {
    pattern = v128.load(from)
    const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    const span = i8x16.splat(<i8>distance)
    let order = lanes
    for (let at = distance; at < 16; at += distance) {
      order = v128.bitselect(i8x16.sub(order, span), order, i8x16.ge_s(order, span))
    }
    pattern = i8x16.swizzle(pattern, order)
    while (step + distance <= 16) step += distance
  }
  do {
    v128.store(to, pattern)
    to += step
  } while (to < end)
}

/**
 * One block by its tables, to the output between `first` and `last`; where it ends, 0 where it is damaged. `T`: u16
 * where entries may hold two literals, or one and a length.
 */
function codes<T>(to: usize, first: usize, last: usize, inputEnd: usize): usize {
  // Locals, which stay in registers. Shifts look at six bits only, so that entries and counts need no masks.
  // Two used bits stay below those in hand, so that masked bits are positions of entries of four bytes.
  const odd = held & 7
  let at = next - (held >> 3)
  let buffer = (bits & ((1 << <u64>odd) - 1)) << 2
  let count = odd + 2
  buffer |= load<u64>(at) << <u64>count
  at += ((63 - count) & 63) >> 3
  count |= 56
  // Entries are looked up before the buffer is filled again: at least 11 bits are left by then.
  let entry = load<u32>(<usize>buffer & LITERAL_MASK, LITERALS)
  const inputLimit = inputEnd + 8
  for (;;) {
    if (to > last) return 0
    if (at > inputLimit) return 0
    buffer |= load<u64>(at) << <u64>count
    at += ((63 - count) & 63) >> 3
    count |= 56
    if (<i32>entry < PLAIN) {
      // What follows is looked up in 32 bits while all bits are shifted: each look waits for the one before.
      if (sizeof<T>() > 1) {
        store<u16>(to, entry >> 8)
        to += (entry >> 24) & 3
      } else store<u8>(to++, entry >> 8)
      count -= entry
      const second = load<u32>(<usize>(<u32>buffer >> entry) & LITERAL_MASK, LITERALS)
      buffer >>= <u64>entry
      entry = second
      // Where literals stand alone there are often more of them, and bits enough for three.
      if (sizeof<T>() > 1 || <i32>second >= PLAIN) continue
      store<u8>(to++, second >> 8)
      count -= second
      const third = load<u32>(<usize>(<u32>buffer >> second) & LITERAL_MASK, LITERALS)
      buffer >>= <u64>second
      entry = third
      if (<i32>third >= PLAIN) continue
      store<u8>(to++, third >> 8)
      count -= third
      entry = load<u32>(<usize>(<u32>buffer >> third) & LITERAL_MASK, LITERALS)
      buffer >>= <u64>third
      continue
    }
    if (<i32>entry < 0) {
      if (entry & LONGER) {
        buffer >>= LITERAL_BITS
        count -= LITERAL_BITS
        const sub: u64 = (4 << ((entry >> 8) & 31)) - 4
        entry = load<u32>(4 * <usize>((entry >> 16) & 0x3fff) + <usize>(buffer & sub), LITERALS)
        if ((entry & (LITERAL | OTHER)) == LITERAL) {
          store<u8>(to++, entry >> 8)
          buffer >>= <u64>entry
          count -= entry
          entry = load<u32>(<usize>buffer & LITERAL_MASK, LITERALS)
          continue
        }
      }
      if (<i32>entry < 0) {
        if (!(entry & END)) return 0
        buffer >>= <u64>entry
        count -= entry
        break
      }
    }
    // A length, perhaps behind a literal: its extra bits lie behind the code.
    if (sizeof<T>() > 1) {
      store<u8>(to, entry >> 8)
      to += (entry >> 24) & 1
    }
    let length = <usize>(((entry >> 16) & 255) + 3)
    if (entry & EXTRA) length += (<u32>buffer & ((4 << (entry & 31)) - 1)) >> ((entry >> 26) & 15)
    buffer >>= <u64>entry
    count -= entry
    let span = load<u32>(<usize>buffer & DISTANCE_MASK, DISTANCES)
    if (span & ODD) {
      if (!(span & LONGER)) return 0
      buffer >>= DISTANCE_BITS
      count -= DISTANCE_BITS
      buffer |= load<u64>(at) << <u64>count
      at += ((63 - count) & 63) >> 3
      count |= 56
      const sub: u64 = (4 << ((span >> 8) & 31)) - 4
      span = load<u32>(4 * <usize>((span >> 16) & 0x3fff) + <usize>(buffer & sub), DISTANCES)
      if (span & ODD) return 0
    }
    const distance = <usize>((span >> 16) + ((<u32>buffer & ((4 << (span & 31)) - 1)) >> ((span >> 8) & 31)))
    buffer >>= <u64>span
    count -= span
    entry = load<u32>(<usize>buffer & LITERAL_MASK, LITERALS)
    if (distance > to - first) return 0
    if (distance >= 16) {
      const from = to - distance
      v128.store(to, v128.load(from))
      for (let done: usize = 16; done < length; done += 16) v128.store(to + done, v128.load(from + done))
    } else repeat(to, distance, length)
    to += length
  }
  bits = buffer >> 2
  held = (count & 63) - 2
  next = at
  return to
}

/** A stored block; where it ends, 0 where it is damaged. */
function stored(to: usize, last: usize, inputEnd: usize): usize {
  take(held & 7)
  // Whole bytes in hand go back.
  next -= held >> 3
  bits = 0
  held = 0
  if (next + 4 > inputEnd) return 0
  const length = <usize>load<u16>(next)
  if (length != ((~<usize>load<u16>(next + 2)) & 0xffff)) return 0
  next += 4
  if (next + length > inputEnd || to + length > last) return 0
  memory.copy(to, next, length)
  next += length
  return to + length
}

/**
 * Decodes zlib data of `length` bytes at `from` to at most `size` bytes at `to`. Wants 640 bytes of room after the
 * input (lengths of codes are read to their end before the end of the data is looked for), 320 after the output, and
 * the bytes from 1024 to 35840 for its tables. The number of bytes; -1 where the data is damaged or longer.
 */
export function inflate(from: usize, length: usize, to: usize, size: usize): isize {
  if (length < 6 || (load<u8>(from) & 15) != 8 || load<u8>(from) > 0x78 || (load<u8>(from + 1) & 32) != 0) return -1
  if (bswap<u16>(load<u16>(from)) % 31 != 0) return -1
  const inputEnd = from + length
  const last = to + size
  store<u64>(inputEnd, 0)
  store<u64>(inputEnd + 8, 0)
  bits = 0
  held = 0
  next = from + 2
  let at = to
  for (;;) {
    refill()
    const final = take(1)
    const type = take(2)
    if (type == 3) return -1
    if (type == 0) at = stored(at, last, inputEnd)
    else {
      if (!(type == 1 ? fixed() : dynamic())) return -1
      const start = at
      at = made >= WORTH_JOINING ? codes<u16>(at, to, last, inputEnd) : codes<u8>(at, to, last, inputEnd)
      if (type == 2) made = at - start
    }
    if (at == 0 || at > last) return -1
    if (final) break
  }
  next -= held >> 3
  if (next + 4 > inputEnd) return -1
  if (bswap<u32>(load<u32>(next)) != adler(to, at - to)) return -1
  return <isize>(at - to)
}
