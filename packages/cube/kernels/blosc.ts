// Blosc's inner work: bytes and bits of numbers gathered by significance and put back, LZ4 blocks (sequences of literals
// and matches, as the format's specification says) and BloscLZ ones. Pointers are byte addresses.

/** The bytes of two vectors in turn: the first halves, the second halves. */
// @ts-ignore: decorator
@inline function low8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}
// @ts-ignore: decorator
@inline function high8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}
// @ts-ignore: decorator
@inline function low16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
}
// @ts-ignore: decorator
@inline function high16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
}
// @ts-ignore: decorator
@inline function even8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
}
// @ts-ignore: decorator
@inline function odd8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
}

/** `count` numbers of `size` bytes from `from` (planes) to `to` (numbers). */
export function unshuffle(from: usize, to: usize, count: usize, size: usize): void {
  let done: usize = 0
  if (size == 2) done = unshuffle2(from, to, count)
  else if (size == 4) done = unshuffle4(from, to, count)
  else if (size == 8) done = unshuffle8(from, to, count)
  for (let plane: usize = 0; plane < size; plane++) {
    const source = from + plane * count
    for (let k = done; k < count; k++) store<u8>(to + k * size + plane, load<u8>(source + k))
  }
}

function unshuffle2(from: usize, to: usize, count: usize): usize {
  const second = from + count
  let i: usize = 0
  for (; i + 16 <= count; i += 16) {
    const a = v128.load(from + i)
    const b = v128.load(second + i)
    v128.store(to + 2 * i, low8(a, b))
    v128.store(to + 2 * i, high8(a, b), 16)
  }
  return i
}

function unshuffle4(from: usize, to: usize, count: usize): usize {
  let i: usize = 0
  for (; i + 16 <= count; i += 16) {
    const p = from + i
    const a = v128.load(p)
    const b = v128.load(p + count)
    const c = v128.load(p + 2 * count)
    const d = v128.load(p + 3 * count)
    const ab = low8(a, b)
    const cd = low8(c, d)
    const ab2 = high8(a, b)
    const cd2 = high8(c, d)
    const q = to + 4 * i
    v128.store(q, low16(ab, cd))
    v128.store(q, high16(ab, cd), 16)
    v128.store(q, low16(ab2, cd2), 32)
    v128.store(q, high16(ab2, cd2), 48)
  }
  return i
}

/** Four planes of 16 numbers as words of 4 bytes, into 64 bytes at `to`. */
// @ts-ignore: decorator
@inline function words4(p: usize, count: usize, to: usize): void {
  const a = v128.load(p)
  const b = v128.load(p + count)
  const c = v128.load(p + 2 * count)
  const d = v128.load(p + 3 * count)
  const ab = low8(a, b)
  const cd = low8(c, d)
  const ab2 = high8(a, b)
  const cd2 = high8(c, d)
  v128.store(to, low16(ab, cd))
  v128.store(to, high16(ab, cd), 16)
  v128.store(to, low16(ab2, cd2), 32)
  v128.store(to, high16(ab2, cd2), 48)
}

function unshuffle8(from: usize, to: usize, count: usize): usize {
  let i: usize = 0
  for (; i + 16 <= count; i += 16) {
    const q = to + 8 * i
    // The low words go to the first half of the target, the high ones to the second; then both are woven in place.
    words4(from + i, count, q)
    words4(from + i + 4 * count, count, q + 64)
    const l0 = v128.load(q)
    const l1 = v128.load(q, 16)
    const l2 = v128.load(q, 32)
    const l3 = v128.load(q, 48)
    const h0 = v128.load(q, 64)
    const h1 = v128.load(q, 80)
    const h2 = v128.load(q, 96)
    const h3 = v128.load(q, 112)
    v128.store(q, i32x4.shuffle(l0, h0, 0, 4, 1, 5))
    v128.store(q, i32x4.shuffle(l0, h0, 2, 6, 3, 7), 16)
    v128.store(q, i32x4.shuffle(l1, h1, 0, 4, 1, 5), 32)
    v128.store(q, i32x4.shuffle(l1, h1, 2, 6, 3, 7), 48)
    v128.store(q, i32x4.shuffle(l2, h2, 0, 4, 1, 5), 64)
    v128.store(q, i32x4.shuffle(l2, h2, 2, 6, 3, 7), 80)
    v128.store(q, i32x4.shuffle(l3, h3, 0, 4, 1, 5), 96)
    v128.store(q, i32x4.shuffle(l3, h3, 2, 6, 3, 7), 112)
  }
  return i
}

/** `count` numbers of `size` bytes from `from` (numbers) to `to` (planes). */
export function shuffle(from: usize, to: usize, count: usize, size: usize): void {
  let done: usize = 0
  if (size == 2) done = shuffle2(from, to, count)
  else if (size == 4) done = shuffle4(from, to, count)
  for (let plane: usize = 0; plane < size; plane++) {
    const target = to + plane * count
    for (let k = done; k < count; k++) store<u8>(target + k, load<u8>(from + k * size + plane))
  }
}

function shuffle2(from: usize, to: usize, count: usize): usize {
  let i: usize = 0
  for (; i + 16 <= count; i += 16) {
    const a = v128.load(from + 2 * i)
    const b = v128.load(from + 2 * i, 16)
    v128.store(to + i, even8(a, b))
    v128.store(to + count + i, odd8(a, b))
  }
  return i
}

function shuffle4(from: usize, to: usize, count: usize): usize {
  let i: usize = 0
  for (; i + 16 <= count; i += 16) {
    const p = from + 4 * i
    const a = v128.load(p)
    const b = v128.load(p, 16)
    const c = v128.load(p, 32)
    const d = v128.load(p, 48)
    const evenAb = even8(a, b)
    const evenCd = even8(c, d)
    const oddAb = odd8(a, b)
    const oddCd = odd8(c, d)
    v128.store(to + i, even8(evenAb, evenCd))
    v128.store(to + count + i, even8(oddAb, oddCd))
    v128.store(to + 2 * count + i, odd8(evenAb, evenCd))
    v128.store(to + 3 * count + i, odd8(oddAb, oddCd))
  }
  return i
}

/** Transposes the 8 x 8 bits of a word. */
// @ts-ignore: decorator
@inline function transposeBits(word: u64): u64 {
  let x = word
  let t = (x ^ (x >> 7)) & 0x00aa00aa00aa00aa
  x = x ^ t ^ (t << 7)
  t = (x ^ (x >> 14)) & 0x0000cccc0000cccc
  x = x ^ t ^ (t << 14)
  t = (x ^ (x >> 28)) & 0x00000000f0f0f0f0
  return x ^ t ^ (t << 28)
}

/** The same of two words at a time. */
// @ts-ignore: decorator
@inline function transposeBits2(words: v128): v128 {
  let x = words
  let t = v128.and(v128.xor(x, i64x2.shr_u(x, 7)), i64x2.splat(0x00aa00aa00aa00aa))
  x = v128.xor(v128.xor(x, t), i64x2.shl(t, 7))
  t = v128.and(v128.xor(x, i64x2.shr_u(x, 14)), i64x2.splat(0x0000cccc0000cccc))
  x = v128.xor(v128.xor(x, t), i64x2.shl(t, 14))
  t = v128.and(v128.xor(x, i64x2.shr_u(x, 28)), i64x2.splat(0x00000000f0f0f0f0))
  return v128.xor(v128.xor(x, t), i64x2.shl(t, 28))
}

// @ts-ignore: decorator
@inline function low32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5)
}
// @ts-ignore: decorator
@inline function high32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7)
}
// @ts-ignore: decorator
@inline function even16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
}
// @ts-ignore: decorator
@inline function odd16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
}
// @ts-ignore: decorator
@inline function even32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 2, 4, 6)
}
// @ts-ignore: decorator
@inline function odd32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 1, 3, 5, 7)
}

/** Bytes of each row that are gathered together: a line of the cache, as rows often lie so that they share their lines. */
const LINE: usize = 64
/** Numbers of which they have a bit. */
const TILE: usize = 8 * LINE
/** Numbers of at most so many bytes have room in the tiles. */
const WIDEST: usize = 8
/** A tile for each byte of the numbers. */
const TILES = memory.data(4096, 16)

/** 16 bytes of each of 8 rows of bits, `row` bytes apart, to 128 bytes of which each has a bit of every row. */
function bytesOfBits(p: usize, row: usize, to: usize): void {
  const r0 = v128.load(p)
  const r1 = v128.load(p + row)
  const r2 = v128.load(p + 2 * row)
  const r3 = v128.load(p + 3 * row)
  const r4 = v128.load(p + 4 * row)
  const r5 = v128.load(p + 5 * row)
  const r6 = v128.load(p + 6 * row)
  const r7 = v128.load(p + 7 * row)
  wordsOfRows(low8(r0, r1), low8(r2, r3), low8(r4, r5), low8(r6, r7), to)
  wordsOfRows(high8(r0, r1), high8(r2, r3), high8(r4, r5), high8(r6, r7), to + 64)
}

/** Half of that: bytes of pairs of rows in turn, joined to words with a byte of each row. */
// @ts-ignore: decorator
@inline function wordsOfRows(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const ab = low16(a, b)
  const cd = low16(c, d)
  const ab2 = high16(a, b)
  const cd2 = high16(c, d)
  v128.store(to, transposeBits2(low32(ab, cd)))
  v128.store(to, transposeBits2(high32(ab, cd)), 16)
  v128.store(to, transposeBits2(low32(ab2, cd2)), 32)
  v128.store(to, transposeBits2(high32(ab2, cd2)), 48)
}

/** The reverse of `bytesOfBits`. */
function bitsOfBytes(from: usize, row: usize, to: usize): void {
  const w0 = transposeBits2(v128.load(from))
  const w1 = transposeBits2(v128.load(from, 16))
  const w2 = transposeBits2(v128.load(from, 32))
  const w3 = transposeBits2(v128.load(from, 48))
  const w4 = transposeBits2(v128.load(from, 64))
  const w5 = transposeBits2(v128.load(from, 80))
  const w6 = transposeBits2(v128.load(from, 96))
  const w7 = transposeBits2(v128.load(from, 112))
  // Rows 0 to 3 are in the even words of 32 bits, rows 4 to 7 in the odd ones.
  rowsOfWords(even32(w0, w1), even32(w2, w3), even32(w4, w5), even32(w6, w7), row, to)
  rowsOfWords(odd32(w0, w1), odd32(w2, w3), odd32(w4, w5), odd32(w6, w7), row, to + 4 * row)
}

// @ts-ignore: decorator
@inline function rowsOfWords(a: v128, b: v128, c: v128, d: v128, row: usize, to: usize): void {
  const first = even16(a, b)
  const second = even16(c, d)
  const third = odd16(a, b)
  const fourth = odd16(c, d)
  v128.store(to, even8(first, second))
  v128.store(to + row, odd8(first, second))
  v128.store(to + 2 * row, even8(third, fourth))
  v128.store(to + 3 * row, odd8(third, fourth))
}

/** `count` numbers (a multiple of 8) of `size` bytes from rows of single bits back to numbers. */
export function unshuffleBits(from: usize, to: usize, count: usize, size: usize): void {
  const row = count >> 3
  let done: usize = 0
  for (; size <= WIDEST && done + LINE <= row; done += LINE) {
    const target = to + 8 * done * size
    const tiles = size == 1 ? target : TILES
    for (let plane: usize = 0; plane < size; plane++) {
      const rows = from + plane * count + done
      for (let at: usize = 0; at < LINE; at += 16) bytesOfBits(rows + at, row, tiles + plane * TILE + 8 * at)
    }
    if (size > 1) unshuffle(tiles, target, TILE, size)
  }
  for (let plane: usize = 0; plane < size; plane++) {
    const rows = from + plane * count
    for (let i = done; i < row; i++) {
      let word: u64 = 0
      for (let bit: usize = 0; bit < 8; bit++) word |= u64(load<u8>(rows + bit * row + i)) << (8 * bit)
      word = transposeBits(word)
      const target = to + i * 8 * size + plane
      for (let k: usize = 0; k < 8; k++) store<u8>(target + k * size, u8(word >> (8 * k)))
    }
  }
}

/** The reverse of `unshuffleBits`. */
export function shuffleBits(from: usize, to: usize, count: usize, size: usize): void {
  const row = count >> 3
  let done: usize = 0
  for (; size <= WIDEST && done + LINE <= row; done += LINE) {
    const source = from + 8 * done * size
    const tiles = size == 1 ? source : TILES
    if (size > 1) shuffle(source, tiles, TILE, size)
    for (let plane: usize = 0; plane < size; plane++) {
      const rows = to + plane * count + done
      for (let at: usize = 0; at < LINE; at += 16) bitsOfBytes(tiles + plane * TILE + 8 * at, row, rows + at)
    }
  }
  for (let plane: usize = 0; plane < size; plane++) {
    const rows = to + plane * count
    for (let i = done; i < row; i++) {
      const source = from + i * 8 * size + plane
      let word: u64 = 0
      for (let k: usize = 0; k < 8; k++) word |= u64(load<u8>(source + k * size)) << (8 * k)
      word = transposeBits(word)
      for (let bit: usize = 0; bit < 8; bit++) store<u8>(rows + bit * row + i, u8(word >> (8 * bit)))
    }
  }
}

/** Copies in steps of 16 bytes, so up to 15 bytes beyond `length` are read and written. */
// @ts-ignore: decorator
@inline function copyWild(to: usize, from: usize, length: usize): void {
  let k: usize = 0
  do {
    v128.store(to + k, v128.load(from + k))
    k += 16
  } while (k < length)
}

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
@inline function periodic(q: usize, offset: usize): v128 {
  return i8x16.swizzle(v128.load(q - offset), v128.load(PERIODS + 16 * offset - 16))
}

/** A match that may overlap its own result; up to 15 bytes beyond its end are written. */
// @ts-ignore: decorator
@inline function copyMatch(to: usize, offset: usize, length: usize): void {
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
@inline function copyWithin(to: usize, offset: usize, length: usize, limit: usize): usize {
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
