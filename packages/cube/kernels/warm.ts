// Brings memory into the processor's cache. Pointers are byte addresses.

/** Streams of addresses that processors are sure to follow at one time. */
const STREAMS: i32 = 12
const LINE: usize = 64

/**
 * Touches `bytes` from `from` on, and the same in all of `count` planes that lie `apart` bytes from each other: a few
 * planes at a time, each line once. What it returns only keeps the loads from being left out.
 */
export function warm(from: usize, bytes: usize, count: i32, apart: usize): i32 {
  const turns = (count + STREAMS - 1) / STREAMS
  let sum: i32 = 0
  let plane: i32 = 0
  for (let turn: i32 = 1; turn <= turns; turn++) {
    const end = (count * turn) / turns
    const first = from + <usize>plane * apart
    for (let at: usize = 0; at < bytes; at += LINE) {
      let address = first + at
      for (let k = plane; k < end; k++) {
        sum += load<u8>(address)
        address += apart
      }
    }
    plane = end
  }
  return sum
}
