// Numbers of two vectors put together, in turn or every second one, and copies in vectors.

/** The bytes of two vectors in turn: the first halves, the second halves. */
// @ts-ignore: decorator
@inline export function low8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}
// @ts-ignore: decorator
@inline export function high8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}
// @ts-ignore: decorator
@inline export function low16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
}
// @ts-ignore: decorator
@inline export function high16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
}
// @ts-ignore: decorator
@inline export function even8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
}
// @ts-ignore: decorator
@inline export function odd8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
}
// @ts-ignore: decorator
@inline export function low32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5)
}
// @ts-ignore: decorator
@inline export function high32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7)
}
// @ts-ignore: decorator
@inline export function even16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
}
// @ts-ignore: decorator
@inline export function odd16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
}
// @ts-ignore: decorator
@inline export function even32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 2, 4, 6)
}
// @ts-ignore: decorator
@inline export function odd32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 1, 3, 5, 7)
}

/** Copies in steps of 16 bytes, so up to 15 bytes beyond `length` are read and written. */
// @ts-ignore: decorator
@inline export function copyWild(to: usize, from: usize, length: usize): void {
  let k: usize = 0
  do {
    v128.store(to + k, v128.load(from + k))
    k += 16
  } while (k < length)
}
