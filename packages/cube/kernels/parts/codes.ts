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

/** Entries of all symbols without the bits of their codes, made once: behind the workspaces of all schemes. */
const MEANINGS: usize = 33 * 1024
const MEANINGS_OF_SPANS: usize = MEANINGS + 4 * 288
const MEANINGS_OF_CODES: usize = MEANINGS_OF_SPANS + 4 * 32
let isReady = false

function prepare(): void {
  for (let s: u32 = 0; s < 288; s++) store<u32>(MEANINGS + 4 * s, meaning(SYMBOLS, s))
  for (let s: u32 = 0; s < 32; s++) store<u32>(MEANINGS_OF_SPANS + 4 * s, meaning(SPANS, s))
  for (let s: u32 = 0; s < 19; s++) store<u32>(MEANINGS_OF_CODES + 4 * s, meaning(CODES, s))
  isReady = true
}

/** Value and number of extra bits of a symbol. */
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

/** Makes a table from lengths of codes (bytes); false where they are no code. */
export function build(kind: u32, table: usize, lengths: usize, count: u32, tableBits: u32, room: u32): bool {
  if (!isReady) prepare()
  for (let k: usize = 0; k < 64; k += 16) v128.store(COUNTS + k, i32x4.splat(0))
  for (let s: u32 = 0; s < count; s++) {
    const at = COUNTS + 4 * <usize>load<u8>(lengths + s)
    store<u32>(at, load<u32>(at) + 1)
  }
  // Symbols without a code are sorted as well, before all others: so there is no question for each.
  let start = load<u32>(COUNTS)
  const unused = start
  store<u32>(STARTS, 0)
  let left: i32 = 1
  let longest: u32 = 0
  for (let length: u32 = 1; length <= 15; length++) {
    const n = load<u32>(COUNTS + 4 * length)
    left = (left << 1) - <i32>n
    if (left < 0) return false
    if (n > 0) longest = length
    store<u32>(STARTS + 4 * length, start)
    start += n
  }
  const size: u32 = 1 << tableBits
  // An incomplete code is allowed for distances of one symbol or none.
  if (left > 0) {
    if (kind != SPANS || longest > 1) return false
    for (let i: u32 = 0; i < size; i++) store<u32>(table + 4 * i, ODD | 1)
  }
  for (let s: u32 = 0; s < count; s++) {
    const at = STARTS + 4 * <usize>load<u8>(lengths + s)
    const place = load<u32>(at)
    store<u32>(at, place + 1)
    store<u16>(SORTED + 2 * place, s)
  }
  return longest == 0 || fill(kind, table, SORTED + 2 * unused, tableBits, longest, room)
}

/** The code after one of this length, in canonical order; the bits of both are reversed. Beyond the last one, 0. */
// @ts-ignore: decorator
@inline function nextCode(code: u32, length: u32): u32 {
  const gap = code ^ ((1 << length) - 1)
  const bit: u32 = 0x80000000 >> clz(gap)
  return gap == 0 ? 0 : (code & (bit - 1)) | bit
}

/** Fills a table with symbols that are sorted by their codes. */
function fill(kind: u32, table: usize, sorted: usize, tableBits: u32, longest: u32, room: u32): bool {
  const meanings = kind == SYMBOLS ? MEANINGS : kind == SPANS ? MEANINGS_OF_SPANS : MEANINGS_OF_CODES
  const place: u32 = kind == SYMBOLS ? 26 : 8
  let code: u32 = 0
  // Each entry once, as if no code were longer; the table doubles with the length.
  for (let length: u32 = 1; length <= tableBits; length++) {
    const made: usize = 4 << (length - 1)
    if (length == 1) store<u32>(table + 4, load<u32>(table))
    else if (length == 2) store<u64>(table + 8, load<u64>(table))
    else for (let k: usize = 0; k < made; k += 16) v128.store(table + made + k, v128.load(table + k))
    const bits = ((length + USED) << place) + length
    for (let n = load<u32>(COUNTS + 4 * length); n > 0; n--) {
      store<u32>(table + 4 * code, load<u32>(meanings + 4 * <usize>load<u16>(sorted)) + bits)
      sorted += 2
      code = nextCode(code, length)
    }
  }
  return longest <= tableBits || fillLonger(kind, table, sorted, code, tableBits, longest, room)
}

/** The tables for codes that are longer than the first one has bits. */
function fillLonger(kind: u32, table: usize, sorted: usize, first: u32, tableBits: u32, longest: u32, room: u32): bool {
  const meanings = kind == SYMBOLS ? MEANINGS : MEANINGS_OF_SPANS
  const place: u32 = kind == SYMBOLS ? 26 : 8
  const mark: u32 = kind == SYMBOLS ? LITERAL | OTHER : ODD
  const size: u32 = 1 << tableBits
  let code = first
  let end = size
  let prefix: u32 = 0xffffffff
  let sub: usize = 0
  let subBits: u32 = 0
  for (let length = tableBits + 1; length <= longest; length++) {
    for (let n = load<u32>(COUNTS + 4 * length); n > 0; n--) {
      if ((code & (size - 1)) != prefix) {
        prefix = code & (size - 1)
        subBits = length - tableBits
        // Codes that are left fill the table from here on.
        let codes = n
        while (codes < <u32>1 << subBits) codes = (codes << 1) + load<u32>(COUNTS + 4 * (tableBits + ++subBits))
        if (end + (1 << subBits) > room) return false
        sub = table + 4 * <usize>end
        store<u32>(table + 4 * <usize>prefix, mark | LONGER | (end << 16) | (subBits << 8) | tableBits)
        end += 1 << subBits
      }
      const rest = length - tableBits
      const entry = load<u32>(meanings + 4 * <usize>load<u16>(sorted)) + ((rest + USED) << place) + rest
      for (let k = code >> tableBits; k < <u32>1 << subBits; k += 1 << rest) store<u32>(sub + 4 * <usize>k, entry)
      sorted += 2
      code = nextCode(code, length)
    }
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
