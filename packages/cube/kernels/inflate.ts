// Inflate (RFC 1951) with the zlib wrapper (RFC 1950), whole blocks at once: a 64-bit bit buffer that is filled without
// branches, code tables of 12 and 8 bits with tables behind them for longer codes, two literals by one look where both
// codes fit into it, wide copies. Pointers are byte addresses.
//
// An entry of a table, 32 bits:
//   31      one or two literals: 8..15 the first, 16..23 the second, 24 whether there is a second, 0..7 bits of both
// Of other entries:
//   16..30  the base of a length or distance, or where a table for longer codes starts
//   15      none of these three, see 14 and 13; with neither, no code
//   14      a table for longer codes: its bits in 8..12
//   13      end of the block
//   8..12   bits of the code alone
//   0..7    bits of the code and the extra bits after it

const LITERAL: u32 = 0x80000000
const ODD: u32 = 0x8000
const LONGER: u32 = 0x4000
const END: u32 = 0x2000

const LITERAL_BITS: u32 = 12
const DISTANCE_BITS: u32 = 8

// Entries that the tables can need (checked).
const LITERAL_ROOM: u32 = 4700

// The workspace: tables of 4 bytes an entry, then lengths of codes, sorted symbols and counts.
const LITERALS: usize = 0
const DISTANCES: usize = 4 * LITERAL_ROOM
const LENGTHS: usize = DISTANCES + 4 * 480
const SORTED: usize = LENGTHS + 512
const COUNTS: usize = SORTED + 1024
const STARTS: usize = COUNTS + 64

// What the decoder is about: bits in hand, position in the input.
let bits: u64 = 0
let held: u32 = 0
let next: usize = 0

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

// Kinds of codes: lengths of codes, literals and lengths, distances.
const CODES: u32 = 0
const SYMBOLS: u32 = 1
const SPANS: u32 = 2

/** The entry of a symbol without the bits of its code: value and number of extra bits. */
function meaning(kind: u32, symbol: u32): u32 {
  if (kind == CODES) return symbol << 16
  if (kind == SPANS) {
    if (symbol > 29) return ODD
    if (symbol < 4) return (symbol + 1) << 16
    const extra = (symbol >> 1) - 1
    return ((((2 + (symbol & 1)) << extra) + 1) << 16) | extra
  }
  if (symbol < 256) return LITERAL | (symbol << 8)
  if (symbol == 256) return ODD | END
  if (symbol > 285) return ODD
  if (symbol == 285) return 258 << 16
  if (symbol < 265) return (symbol - 254) << 16
  const extra = (symbol - 261) >> 2
  return ((((4 + ((symbol - 1) & 3)) << extra) + 3) << 16) | extra
}

/** Makes a table from lengths of codes (bytes); false where they are no code. */
function build(kind: u32, work: usize, table: usize, lengths: usize, count: u32, tableBits: u32, room: u32): bool {
  const counts = work + COUNTS
  const starts = work + STARTS
  const sorted = work + SORTED
  memory.fill(counts, 0, 64)
  for (let s: u32 = 0; s < count; s++) {
    const at = counts + 4 * <usize>load<u8>(lengths + s)
    store<u32>(at, load<u32>(at) + 1)
  }
  let longest: u32 = 15
  while (longest > 0 && load<u32>(counts + 4 * longest) == 0) longest--
  let left: i32 = 1
  let start: u32 = 0
  for (let length: u32 = 1; length <= 15; length++) {
    const n = load<u32>(counts + 4 * length)
    left = (left << 1) - <i32>n
    if (left < 0) return false
    store<u32>(starts + 4 * length, start)
    start += n
  }
  // An incomplete code is allowed for distances of one symbol or none.
  if (left > 0 && !(kind == SPANS && start <= 1)) return false
  for (let s: u32 = 0; s < count; s++) {
    const length = load<u8>(lengths + s)
    if (length == 0) continue
    const at = starts + 4 * <usize>length
    const place = load<u32>(at)
    store<u32>(at, place + 1)
    store<u16>(sorted + 2 * place, s)
  }
  const size: u32 = 1 << tableBits
  if (left > 0) for (let i: u32 = 0; i < size; i++) store<u32>(table + 4 * i, ODD | 1)
  return fill(kind, work, table, start, tableBits, longest, room, lengths)
}

/** Fills a table with sorted symbols; codes count up in canonical order, bits reversed. */
function fill(
  kind: u32,
  work: usize,
  table: usize,
  used: u32,
  tableBits: u32,
  longest: u32,
  room: u32,
  lengths: usize,
): bool {
  const sorted = work + SORTED
  const counts = work + COUNTS
  const size: u32 = 1 << tableBits
  let code: u32 = 0
  let end = size
  let prefix: u32 = 0xffffffff
  let sub: usize = 0
  let subBits: u32 = 0
  for (let i: u32 = 0; i < used; i++) {
    const symbol: u32 = load<u16>(sorted + 2 * i)
    const length: u32 = load<u8>(lengths + symbol)
    const plain = meaning(kind, symbol)
    if (length <= tableBits) {
      const entry = plain + ((plain & LITERAL ? 0 : length << 8) | length)
      for (let k = code; k < size; k += 1 << length) store<u32>(table + 4 * k, entry)
    } else {
      if ((code & (size - 1)) != prefix) {
        prefix = code & (size - 1)
        subBits = length - tableBits
        let space: i32 = 1 << subBits
        while (subBits + tableBits < longest) {
          space -= <i32>(subBits + tableBits == length ? remaining(sorted, lengths, i, used, length) : load<u32>(counts + 4 * (subBits + tableBits)))
          if (space <= 0) break
          subBits++
          space <<= 1
        }
        if (end + (1 << subBits) > room) return false
        sub = table + 4 * <usize>end
        store<u32>(table + 4 * <usize>prefix, ODD | LONGER | (end << 16) | (subBits << 8) | tableBits)
        end += 1 << subBits
      }
      const rest = length - tableBits
      const entry = plain + ((plain & LITERAL ? 0 : rest << 8) | rest)
      for (let k = code >> tableBits; k < (<u32>1 << subBits); k += 1 << rest) store<u32>(sub + 4 * <usize>k, entry)
    }
    // The next code, reversed: count up from the top bit of the length.
    let bit: u32 = 1 << (length - 1)
    while (code & bit) bit >>= 1
    code = bit == 0 ? 0 : (code & (bit - 1)) | bit
  }
  return true
}

/** Joins literals whose two codes fit into one look. From the end, so that what lies behind is not joined yet. */
function join(table: usize): void {
  for (let i: u32 = 1 << LITERAL_BITS; i-- > 0; ) {
    const one = load<u32>(table + 4 * i)
    if (<i32>one >= 0) continue
    const length = one & 255
    const two = load<u32>(table + 4 * (i >> length))
    const both = length + (two & 255)
    if (<i32>two >= 0 || both > LITERAL_BITS) continue
    store<u32>(table + 4 * i, LITERAL | (1 << 24) | ((two & 0xff00) << 8) | (one & 0xff00) | both)
  }
}

/** How many of the sorted symbols from `i` on have this length. */
function remaining(sorted: usize, lengths: usize, i: u32, used: u32, length: u32): u32 {
  let n: u32 = 0
  for (; i < used && load<u8>(lengths + load<u16>(sorted + 2 * i)) == length; i++) n++
  return n
}

/** The order in which lengths of codes of lengths are stored. */
function place(i: u32): u32 {
  if (i < 3) return 16 + i
  if (i == 3) return 0
  // 8, 7, 9, 6, 10, 5, ...
  return i & 1 ? 8 - ((i - 4 + 1) >> 1) : 8 + ((i - 4) >> 1)
}

/** The tables of a block with its own codes; false where they are damaged. */
function dynamic(work: usize): bool {
  refill()
  const literals = take(5) + 257
  const distances = take(5) + 1
  const codes = take(4) + 4
  const lengths = work + LENGTHS
  const table = work + LITERALS
  if (literals > 286 || distances > 30) return false
  memory.fill(lengths, 0, 19)
  for (let i: u32 = 0; i < codes; i++) {
    refill()
    store<u8>(lengths + place(i), take(3))
  }
  if (!build(CODES, work, table, lengths, 19, 7, 128)) return false
  const all = literals + distances
  let n: u32 = 0
  let previous: u8 = 0
  // Lengths are kept behind those of the code of lengths, which is in the table already.
  while (n < all) {
    refill()
    const entry = load<u32>(table + 4 * (<usize>bits & 127))
    if (entry & ODD) return false
    take(entry & 255)
    const symbol = entry >> 16
    if (symbol < 16) {
      previous = <u8>symbol
      store<u8>(lengths + n++, previous)
      continue
    }
    let times: u32
    if (symbol == 16) {
      if (n == 0) return false
      times = take(2) + 3
    } else {
      previous = 0
      times = symbol == 17 ? take(3) + 3 : take(7) + 11
    }
    if (n + times > all) return false
    memory.fill(lengths + n, previous, times)
    n += times
  }
  if (!build(SYMBOLS, work, work + LITERALS, lengths, literals, LITERAL_BITS, LITERAL_ROOM)) return false
  join(work + LITERALS)
  return build(SPANS, work, work + DISTANCES, lengths + literals, distances, DISTANCE_BITS, 480)
}

/** The tables that every decoder knows. */
function fixed(work: usize): bool {
  const lengths = work + LENGTHS
  memory.fill(lengths, 8, 144)
  memory.fill(lengths + 144, 9, 112)
  memory.fill(lengths + 256, 7, 24)
  memory.fill(lengths + 280, 8, 8)
  if (!build(SYMBOLS, work, work + LITERALS, lengths, 288, LITERAL_BITS, LITERAL_ROOM)) return false
  memory.fill(lengths, 5, 32)
  return build(SPANS, work, work + DISTANCES, lengths, 32, DISTANCE_BITS, 480)
}

/** Copies `length` bytes from `distance` before; may write up to 16 bytes more. */
function repeat(to: usize, distance: usize, length: usize): void {
  const end = to + length
  let from = to - distance
  if (distance >= 16) {
    do {
      v128.store(to, v128.load(from))
      from += 16
      to += 16
    } while (to < end)
  } else if (distance >= 8) {
    do {
      store<u64>(to, load<u64>(from))
      from += 8
      to += 8
    } while (to < end)
  } else if (distance == 1) {
    const byte = i8x16.splat(load<u8>(from))
    do {
      v128.store(to, byte)
      to += 16
    } while (to < end)
  } else {
    do store<u8>(to++, load<u8>(from++))
    while (to < end)
  }
}

/** One block by its tables, to the output between `first` and `last`; where it ends, 0 where it is damaged. */
function codes(work: usize, to: usize, first: usize, last: usize, inputEnd: usize): usize {
  const literals = work + LITERALS
  const distances = work + DISTANCES
  const literalMask: u64 = (1 << LITERAL_BITS) - 1
  const distanceMask: u64 = (1 << DISTANCE_BITS) - 1
  // Locals, which stay in registers. Shifts look at six bits only, so that entries and counts need no masks.
  let buffer = bits
  let count = held
  let at = next
  for (;;) {
    if (to > last || at > inputEnd + 8) return 0
    buffer |= load<u64>(at) << <u64>count
    at += ((63 - count) & 63) >> 3
    count |= 56
    let entry = load<u32>(literals + 4 * <usize>(buffer & literalMask))
    if (<i32>entry < 0) {
      // Up to four looks for one filling: 48 of 56 bits.
      store<u16>(to, entry >> 8)
      to += 1 + ((entry >> 24) & 1)
      buffer >>= <u64>entry
      count -= entry
      entry = load<u32>(literals + 4 * <usize>(buffer & literalMask))
      if (<i32>entry < 0) {
        store<u16>(to, entry >> 8)
        to += 1 + ((entry >> 24) & 1)
        buffer >>= <u64>entry
        count -= entry
        entry = load<u32>(literals + 4 * <usize>(buffer & literalMask))
        if (<i32>entry < 0) {
          store<u16>(to, entry >> 8)
          to += 1 + ((entry >> 24) & 1)
          buffer >>= <u64>entry
          count -= entry
          entry = load<u32>(literals + 4 * <usize>(buffer & literalMask))
          if (<i32>entry < 0) {
            store<u16>(to, entry >> 8)
            to += 1 + ((entry >> 24) & 1)
            buffer >>= <u64>entry
            count -= entry
            continue
          }
        }
      }
      buffer |= load<u64>(at) << <u64>count
      at += ((63 - count) & 63) >> 3
      count |= 56
    }
    if (entry & ODD) {
      if (entry & LONGER) {
        buffer >>= LITERAL_BITS
        count -= LITERAL_BITS
        const sub: u64 = (1 << ((entry >> 8) & 31)) - 1
        entry = load<u32>(literals + 4 * <usize>((entry >> 16) & 0x7fff) + 4 * <usize>(buffer & sub))
        if (<i32>entry < 0) {
          buffer >>= <u64>entry
          count -= entry
          store<u8>(to++, entry >> 8)
          continue
        }
      }
      if (entry & ODD) {
        if (!(entry & END)) return 0
        buffer >>= <u64>entry
        count -= entry
        break
      }
    }
    // A length: its extra bits lie behind the code.
    let extra = (<u32>buffer & ((1 << (entry & 255)) - 1)) >> ((entry >> 8) & 31)
    const length = <usize>((entry >> 16) + extra)
    buffer >>= <u64>entry
    count -= entry
    let span = load<u32>(distances + 4 * <usize>(buffer & distanceMask))
    if (span & ODD) {
      if (!(span & LONGER)) return 0
      buffer >>= DISTANCE_BITS
      count -= DISTANCE_BITS
      const sub: u64 = (1 << ((span >> 8) & 31)) - 1
      span = load<u32>(distances + 4 * <usize>((span >> 16) & 0x7fff) + 4 * <usize>(buffer & sub))
      if (span & ODD) return 0
    }
    extra = (<u32>buffer & <u32>((<u64>1 << (span & 255)) - 1)) >> ((span >> 8) & 31)
    const distance = <usize>((span >> 16) + extra)
    buffer >>= <u64>span
    count -= span
    if (distance > to - first) return 0
    repeat(to, distance, length)
    to += length
  }
  bits = buffer
  held = count & 63
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
 * Decodes zlib data of `length` bytes at `from` to at most `size` bytes at `to`. Wants 16 bytes of room after the input,
 * 320 after the output, and 24 KiB at `work`. The number of bytes; -1 where the data is damaged or longer.
 */
export function inflate(from: usize, length: usize, to: usize, size: usize, work: usize): isize {
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
      if (!(type == 1 ? fixed(work) : dynamic(work))) return -1
      at = codes(work, at, to, last, inputEnd)
    }
    if (at == 0 || at > last) return -1
    if (final) break
  }
  next -= held >> 3
  if (next + 4 > inputEnd) return -1
  if (bswap<u32>(load<u32>(next)) != adler(to, at - to)) return -1
  return <isize>(at - to)
}

/** Adler-32, 16 bytes at a time. */
export function adler(from: usize, length: usize): u32 {
  let a: u32 = 1
  let b: u32 = 0
  const weightsLow = i16x8(16, 15, 14, 13, 12, 11, 10, 9)
  const weightsHigh = i16x8(8, 7, 6, 5, 4, 3, 2, 1)
  while (length > 0) {
    // As many bytes as the sums can take before they are reduced.
    const part = min<usize>(length, 5552)
    const end = from + part
    length -= part
    if (part >= 16) {
      let sums = i32x4.splat(0)
      let before = i32x4.splat(0)
      let weighted = i32x4.splat(0)
      const blocks = <u32>(part >> 4)
      for (let k: u32 = 0; k < blocks; k++, from += 16) {
        const bytes = v128.load(from)
        before = i32x4.add(before, sums)
        sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)))
        weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), weightsLow))
        weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), weightsHigh))
      }
      b += a * 16 * blocks + 16 * total(before) + total(weighted)
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
