// Bytes of numbers, gathered by significance (Blosc's and Zarr's shuffle), put back in order. Pointers are byte addresses.

/** `count` numbers of `size` bytes from `from` (planes) to `to` (numbers). */
export function unshuffle(from: usize, to: usize, count: usize, size: usize): void {
  let i: usize = 0
  if (size == 2) {
    const high = from + count
    for (; i + 16 <= count; i += 16) {
      const a = v128.load(from + i)
      const b = v128.load(high + i)
      v128.store(to + 2 * i, i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
      v128.store(to + 2 * i, i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16)
    }
  }
  for (let plane: usize = 0; plane < size; plane++) {
    const source = from + plane * count
    for (let k = i; k < count; k++) store<u8>(to + k * size + plane, load<u8>(source + k))
  }
}
