/** PNG (ISO/IEC 15948) from RGBA bytes: indexed where 256 colours are enough, else filtered true colour. Writes only. */
import { crc32, deflateSync } from 'node:zlib'
import { InputError } from '@ecotope/core'

/**
 * @param rgba `[height, width, 4]`, 0 to 255, straight alpha
 */
export function encodePng(width: number, height: number, rgba: Uint8Array | Uint8ClampedArray): Buffer {
  if (!(width > 0 && height > 0) || rgba.length !== width * height * 4) {
    throw new InputError('ShapeMismatch', `${rgba.length} bytes are no picture of ${width} x ${height} RGBA pixels`)
  }
  const indexed = paletteOf(rgba)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, indexed ? 3 : 6, 0, 0, 0], 8)
  const chunks = [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header)]
  if (indexed) {
    chunks.push(chunk('PLTE', indexed.colours), chunk('tRNS', indexed.alpha))
    chunks.push(chunk('IDAT', deflateSync(plainRows(indexed.indices, width, height), { level: 7 })))
  } else {
    chunks.push(chunk('IDAT', deflateSync(filteredRows(rgba, width, height), { level: 7 })))
  }
  chunks.push(chunk('IEND', Buffer.alloc(0)))
  return Buffer.concat(chunks)
}

/** The picture as an address that needs no file. */
export const pngUri = (width: number, height: number, rgba: Uint8Array | Uint8ClampedArray): string =>
  `data:image/png;base64,${encodePng(width, height, rgba).toString('base64')}`

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  out.set(data, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length)
  return out
}

interface Indexed {
  readonly colours: Uint8Array
  readonly alpha: Uint8Array
  readonly indices: Uint8Array
}

function paletteOf(rgba: Uint8Array | Uint8ClampedArray): Indexed | undefined {
  const places = new Map<number, number>()
  const indices = new Uint8Array(rgba.length / 4)
  for (let i = 0, at = 0; i < indices.length; i++, at += 4) {
    // Fully transparent pixels are one colour, whatever lies beneath.
    const key =
      rgba[at + 3] === 0 ? 0 : ((rgba[at]! << 24) | (rgba[at + 1]! << 16) | (rgba[at + 2]! << 8) | rgba[at + 3]!) >>> 0
    let place = places.get(key)
    if (place === undefined) {
      place = places.size
      if (place > 255) return undefined
      places.set(key, place)
    }
    indices[i] = place
  }
  const keys = [...places.keys()]
  return {
    colours: Uint8Array.from(keys.flatMap((key) => [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255])),
    alpha: Uint8Array.from(keys, (key) => key & 255),
    indices,
  }
}

function plainRows(indices: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(height * (width + 1))
  for (let y = 0; y < height; y++) out.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  return out
}

/** Filter type to predictor of a byte from its left, upper and upper-left neighbours. */
const PREDICTORS: readonly ((a: number, b: number, c: number) => number)[] = [
  () => 0,
  (a) => a,
  (_, b) => b,
  (a, b) => (a + b) >> 1,
  paeth,
]

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c
  const pa = Math.abs(p - a)
  const pb = Math.abs(p - b)
  const pc = Math.abs(p - c)
  if (pa <= pb && pa <= pc) return a
  return pb <= pc ? b : c
}

/** Per row the filter with the least sum of absolute differences, the standard's own heuristic. */
function filteredRows(rgba: Uint8Array | Uint8ClampedArray, width: number, height: number): Uint8Array {
  const stride = width * 4
  const out = new Uint8Array(height * (stride + 1))
  const trial = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    let least = Number.POSITIVE_INFINITY
    PREDICTORS.forEach((predict, type) => {
      let cost = 0
      for (let x = 0; x < stride; x++) {
        const at = y * stride + x
        const a = x >= 4 ? rgba[at - 4]! : 0
        const b = y > 0 ? rgba[at - stride]! : 0
        const c = x >= 4 && y > 0 ? rgba[at - stride - 4]! : 0
        const v = (rgba[at]! - predict(a, b, c)) & 255
        trial[x] = v
        cost += v < 128 ? v : 256 - v
      }
      if (cost >= least) return
      least = cost
      out[y * (stride + 1)] = type
      out.set(trial, y * (stride + 1) + 1)
    })
  }
  return out
}
