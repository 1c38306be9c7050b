// Bytes of numbers gathered by significance and put back. Pointers are byte addresses.

import { even8, high16, high8, low16, low8, odd8 } from './vectors'

/** `count` numbers of `size` bytes from `from` (planes) to `to` (numbers). */
export function unshuffle(from: usize, to: usize, count: usize, size: usize): void {
  let done: usize = 0
  if (size == 2) done = unshuffle2(from, to, count)
  else if (size == 4) done = weave4(from, count, to, count)
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

/** Four planes, `step` bytes apart, the least significant first, to numbers at `to`; how many of `count` are done. */
export function weave4(first: usize, step: usize, to: usize, count: usize): usize {
  let i: usize = 0
  for (; i + 16 <= count; i += 16) words4(first + i, step, to + 4 * i)
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
  else if (size == 4) done = part4(from, to, count, count)
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

/** The reverse of `weave4`. */
export function part4(from: usize, first: usize, step: usize, count: usize): usize {
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
    const q = first + i
    v128.store(q, even8(evenAb, evenCd))
    v128.store(q + step, even8(oddAb, oddCd))
    v128.store(q + 2 * step, odd8(evenAb, evenCd))
    v128.store(q + 3 * step, odd8(oddAb, oddCd))
  }
  return i
}
