/** Snappy blocks (the format description of google/snappy), decoded. Rare in Zarr: inside Blosc only. */
import { sound } from './damage.ts'
import type { Bytes } from './kernel.ts'

/** Bytes of the length, the length itself: seven bits a byte, least first. */
function readVarint(data: Uint8Array): [at: number, value: number] {
  let value = 0
  for (let at = 0; at < 5 && at < data.length; at++) {
    value += (data[at]! & 127) * 2 ** (7 * at)
    if (data[at]! < 128) return [at + 1, value]
  }
  sound(false, 'snappy: the length is damaged')
}

/** Decodes a block of at most `capacity` bytes. */
export function decodeSnappy(data: Uint8Array, capacity: number): Bytes {
  let [p, size] = readVarint(data)
  sound(size <= capacity, `snappy: ${size} bytes where at most ${capacity} are expected`)
  const out = new Uint8Array(size)
  let q = 0
  while (p < data.length) {
    const tag = data[p++]!
    if ((tag & 3) === 0) {
      let length = tag >> 2
      if (length >= 60) {
        const bytes = length - 59
        length = 0
        for (let k = 0; k < bytes; k++) length += (data[p++] ?? 0) * 2 ** (8 * k)
      }
      length++
      sound(p + length <= data.length && q + length <= size, 'snappy: literals reach beyond the end')
      out.set(data.subarray(p, p + length), q)
      p += length
      q += length
    } else {
      const [length, offset, next] = copyOf(data, p, tag)
      p = next
      sound(offset > 0 && offset <= q && q + length <= size, 'snappy: a match reaches outside the data')
      for (let k = 0; k < length; k++, q++) out[q] = out[q - offset]!
    }
  }
  sound(q === size, `snappy: ${q} bytes of ${size}`)
  return out
}

/** Length and distance of a match, and where the next element starts. */
function copyOf(data: Uint8Array, at: number, tag: number): [length: number, offset: number, next: number] {
  const byte = (k: number): number => data[at + k] ?? 0
  if ((tag & 3) === 1) return [((tag >> 2) & 7) + 4, ((tag >> 5) << 8) | byte(0), at + 1]
  if ((tag & 3) === 2) return [(tag >> 2) + 1, byte(0) | (byte(1) << 8), at + 2]
  return [(tag >> 2) + 1, byte(0) + byte(1) * 2 ** 8 + byte(2) * 2 ** 16 + byte(3) * 2 ** 24, at + 4]
}
