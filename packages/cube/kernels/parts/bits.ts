// Bits of numbers gathered by significance and put back. Pointers are byte addresses.

import { shuffle, unshuffle } from './shuffles'
import { even16, even32, even8, high16, high32, high8, low16, low32, low8, odd16, odd32, odd8 } from './vectors'

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
