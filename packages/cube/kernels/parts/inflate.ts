// Inflate (RFC 1951) with the zlib wrapper (RFC 1950), whole blocks at once: a 64-bit bit buffer that is filled without
// branches, code tables of 11 and 8 bits with tables behind them for longer codes, a literal and what follows it by one
// look where both codes fit into it, wide copies. Pointers are byte addresses.
//
// Differences of measurements are short matches with one literal or none before: whether there is one cannot be
// predicted, so no branch asks.
//
// An entry of a table, 32 bits, of literals and lengths:
//   31      no match: one or two literals, or, with 30, none of these
//   30      a table for longer codes with LONGER, end of the block with END, otherwise no code
//   26..29  bits of the codes alone, and USED
//   24..25  number of literals: of a match 0 or 1
//   16..23  the second literal, or the base of the length less 3
//   8..15   the first literal
//   7       a length with extra bits
//   0..5    bits of the codes and the extra bits after them
// of distances, and of the code of lengths:
//   16..30  the base of a distance, a symbol
//   15      no distance: a table for longer codes with LONGER, otherwise no code
//   8..12   bits of the code alone, and USED
//   0..7    bits of the code and the extra bits after it
// of tables for longer codes:
//   16..29  where it starts
//   14      LONGER
//   8..12   its bits

const LITERAL: u32 = 0x80000000
const OTHER: u32 = 0x40000000
const EXTRA: u32 = 0x80
const ODD: u32 = 0x8000
const LONGER: u32 = 0x4000
const END: u32 = 0x2000

// Bits that are used already and stay below those in hand.
const USED: u32 = 2
const LITERAL_BITS: u32 = 11
const DISTANCE_BITS: u32 = 8
// Of positions in these tables, in bytes.
const LITERAL_MASK: usize = 4 * ((1 << LITERAL_BITS) - 1)
const DISTANCE_MASK: usize = 4 * ((1 << DISTANCE_BITS) - 1)

// Entries that the tables can need (checked).
const LITERAL_ROOM: u32 = 4700

// The workspace, at a fixed place: tables of 4 bytes an entry, then lengths of codes, sorted symbols and counts.
const LITERALS: usize = 1024
const DISTANCES: usize = LITERALS + 4 * LITERAL_ROOM
const LENGTHS: usize = DISTANCES + 4 * 480
const SORTED: usize = LENGTHS + 512
const COUNTS: usize = SORTED + 1024
const STARTS: usize = COUNTS + 64

// What the decoder is about: bits in hand, position in the input.
let bits: u64 = 0
let held: u32 = 0
let next: usize = 0
// Bytes that the last block with its own codes was made to: blocks of one file are much alike.
let made: usize = 0

// Blocks of fewer bytes are decoded before joined literals would have paid.
const WORTH_JOINING: usize = 32768

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
  if (symbol < 256) return LITERAL | (1 << 24) | (symbol << 8)
  if (symbol == 256) return LITERAL | OTHER | END
  if (symbol > 285) return LITERAL | OTHER
  if (symbol == 285) return 255 << 16
  if (symbol < 265) return (symbol - 257) << 16
  const extra = (symbol - 261) >> 2
  return (((4 + ((symbol - 1) & 3)) << extra) << 16) | EXTRA | extra
}

/** The entry of a symbol with the bits of its code. */
function withCode(kind: u32, plain: u32, length: u32): u32 {
  if (kind == SYMBOLS) return plain & OTHER ? plain | length : plain + (((length + USED) << 26) | length)
  return plain + (((length + USED) << 8) | length)
}

/** Makes a table from lengths of codes (bytes); false where they are no code. */
function build(kind: u32, table: usize, lengths: usize, count: u32, tableBits: u32, room: u32): bool {
  const counts = COUNTS
  const starts = STARTS
  const sorted = SORTED
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
  return fill(kind, table, start, tableBits, longest, room, lengths)
}

/** Fills a table with sorted symbols; codes count up in canonical order, bits reversed. */
function fill(
  kind: u32,
  table: usize,
  used: u32,
  tableBits: u32,
  longest: u32,
  room: u32,
  lengths: usize,
): bool {
  const sorted = SORTED
  const counts = COUNTS
  const size: u32 = 1 << tableBits
  const mark: u32 = kind == SYMBOLS ? LITERAL | OTHER : ODD
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
      const entry = withCode(kind, plain, length)
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
        store<u32>(table + 4 * <usize>prefix, mark | LONGER | (end << 16) | (subBits << 8) | tableBits)
        end += 1 << subBits
      }
      const rest = length - tableBits
      const entry = withCode(kind, plain, rest)
      for (let k = code >> tableBits; k < (<u32>1 << subBits); k += 1 << rest) store<u32>(sub + 4 * <usize>k, entry)
    }
    // The next code, reversed: count up from the top bit of the length.
    let bit: u32 = 1 << (length - 1)
    while (code & bit) bit >>= 1
    code = bit == 0 ? 0 : (code & (bit - 1)) | bit
  }
  return true
}

/** Joins literals with what follows, where both codes fit into one look. From the end: what follows is not joined yet. */
function join(table: usize): void {
  for (let i: u32 = 1 << LITERAL_BITS; i-- > 0; ) {
    const one = load<u32>(table + 4 * i)
    if ((one & (LITERAL | OTHER)) != LITERAL) continue
    const length = one & 255
    const two = load<u32>(table + 4 * (i >> length))
    if ((two & OTHER) && (two & LITERAL)) continue
    const both = length + ((two >> 26) & 15) - USED
    if (both > LITERAL_BITS) continue
    const second = two & LITERAL ? LITERAL | (2 << 24) | ((two & 0xff00) << 8) : (1 << 24) | (two & 0xff0000)
    store<u32>(table + 4 * i, second | ((both + USED) << 26) | (one & 0xff00) | (length + (two & 255)))
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

/** One block by its tables, to the output between `first` and `last`; where it ends, 0 where it is damaged. */
function codes(to: usize, first: usize, last: usize, inputEnd: usize): usize {
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
    if (<i32>entry < 0) {
      if (!(entry & OTHER)) {
        store<u16>(to, entry >> 8)
        to += (entry >> 24) & 3
        buffer >>= <u64>entry
        count -= entry
        entry = load<u32>(<usize>buffer & LITERAL_MASK, LITERALS)
        continue
      }
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
    store<u8>(to, entry >> 8)
    to += (entry >> 24) & 1
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
 * Decodes zlib data of `length` bytes at `from` to at most `size` bytes at `to`. Wants 16 bytes of room after the input,
 * 320 after the output, and the bytes from 1024 to 25600 for its tables. The number of bytes; -1 where the data is damaged or longer.
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
      at = codes(start, to, last, inputEnd)
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
