/** BloscLZ blocks (a relative of FastLZ, level 2), decoded. Rare in Zarr: inside Blosc only. */
import { sound } from './damage.ts'
import type { Bytes } from './kernel.ts'

/** Distances from here on are written in two more bytes. */
const FAR = 8191

/** Decodes a block of at most `capacity` bytes. */
export function decodeBlosclz(data: Uint8Array, capacity: number): Bytes {
  const out = new Uint8Array(capacity)
  let p = 0
  let q = 0
  while (p < data.length) {
    // The first control byte carries the level in its upper bits and is always a run of literals.
    const control = p === 0 ? data[p++]! & 31 : data[p++]!
    if (control < 32) {
      const length = control + 1
      sound(p + length <= data.length && q + length <= capacity, 'blosclz: literals reach beyond the end')
      out.set(data.subarray(p, p + length), q)
      p += length
      q += length
      continue
    }
    let length = (control >> 5) - 1
    if (length === 6) {
      let more = 255
      while (more === 255 && p < data.length) {
        more = data[p++]!
        length += more
      }
    }
    length += 3
    const low = data[p++] ?? 0
    let distance = ((control & 31) << 8) + low
    if (distance === FAR) {
      distance = ((data[p] ?? 0) << 8) + (data[p + 1] ?? 0) + FAR
      p += 2
    }
    distance++
    sound(distance <= q && q + length <= capacity, 'blosclz: a match reaches outside the data')
    for (let k = 0; k < length; k++, q++) out[q] = out[q - distance]!
  }
  return out.subarray(0, q)
}
