/** TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, most significant bit first, early change. Decoder only. */

const CLEAR = 256
const END = 257
const FIRST = 258
const TABLE = 4096

// A string is a slice of the output that already exists: where it begins and how long it is.
const begin = new Int32Array(TABLE)
const length = new Int32Array(TABLE)

/**
 * Decodes into `size` bytes; fewer where the stream ends early. Throws `RangeError` on a code that cannot be.
 * Synchronous, so that the shared table is safe.
 */
export function decodeLzw(input: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size)
  let at = 0
  let next = FIRST
  let width = 9
  let previous = -1
  let previousBegin = 0
  let previousLength = 0
  let bits = 0
  let held = 0
  let p = 0
  while (at < size) {
    while (bits < width && p < input.length) {
      held = ((held << 8) | input[p++]!) & 0xffffff
      bits += 8
    }
    if (bits < width) break
    bits -= width
    const code = (held >>> bits) & ((1 << width) - 1)
    if (code === END) break
    if (code === CLEAR) {
      next = FIRST
      width = 9
      previous = -1
      continue
    }
    const start = at
    if (code < 256) out[at++] = code
    else if (code < next) at = repeat(out, begin[code]!, length[code]!, at)
    else if (code === next && previous >= 0) {
      at = repeat(out, previousBegin, previousLength, at)
      if (at < size) out[at++] = out[previousBegin]!
    } else throw new RangeError(`LZW code ${code} before it is defined`)
    if (previous >= 0 && next < TABLE) {
      // The new string is the previous one and the byte after it, which now stands in the output.
      begin[next] = previousBegin
      length[next] = previousLength + 1
      next++
      if (next >= (1 << width) - 1 && width < 12) width++
    }
    previous = code
    previousBegin = start
    previousLength = at - start
  }
  return out
}

/** Copies a slice that may overlap its target, byte by byte where it is short. */
function repeat(out: Uint8Array, from: number, count: number, at: number): number {
  const end = Math.min(at + count, out.length)
  if (count > 24 && from + count <= at) out.copyWithin(at, from, from + (end - at))
  else for (let i = at, j = from; i < end; i++, j++) out[i] = out[j]!
  return end
}
