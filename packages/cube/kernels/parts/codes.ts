// Tables of Huffman codes (RFC 1951) for `inflate.ts`. Pointers are byte addresses.
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

export const LITERAL: u32 = 0x80000000
export const OTHER: u32 = 0x40000000
export const EXTRA: u32 = 0x80
export const ODD: u32 = 0x8000
export const LONGER: u32 = 0x4000
export const END: u32 = 0x2000

// Bits that are used already and stay below those in hand.
const USED: u32 = 2
export const LITERAL_BITS: u32 = 11
export const DISTANCE_BITS: u32 = 8
// Of positions in these tables, in bytes.
export const LITERAL_MASK: usize = 4 * ((1 << LITERAL_BITS) - 1)
export const DISTANCE_MASK: usize = 4 * ((1 << DISTANCE_BITS) - 1)

// Entries that the tables can need (checked).
export const LITERAL_ROOM: u32 = 4700

// The workspace, at a fixed place: tables of 4 bytes an entry, then lengths of codes, sorted symbols and counts.
export const LITERALS: usize = 1024
export const DISTANCES: usize = LITERALS + 4 * LITERAL_ROOM
export const LENGTHS: usize = DISTANCES + 4 * 480
const SORTED: usize = LENGTHS + 512
const COUNTS: usize = SORTED + 1024
const STARTS: usize = COUNTS + 64

// Kinds of codes: lengths of codes, literals and lengths, distances.
export const CODES: u32 = 0
export const SYMBOLS: u32 = 1
export const SPANS: u32 = 2

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
export function build(kind: u32, table: usize, lengths: usize, count: u32, tableBits: u32, room: u32): bool {
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
export function join(table: usize): void {
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
