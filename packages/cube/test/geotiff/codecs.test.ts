/** Block schemes by themselves: what an encoder packs, the decoder unpacks. */
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compressionOf, decompress } from '../../src/geotiff/codecs.ts'
import { decodeLzw } from '../../src/geotiff/planes.ts'

/** A plain encoder by TIFF 6.0, section 13, for the tests only. */
function encodeLzw(data: Uint8Array): Uint8Array {
  const out: number[] = []
  let held = 0
  let bits = 0
  let width = 9
  const put = (code: number): void => {
    held = (held << width) | code
    bits += width
    for (; bits >= 8; bits -= 8) out.push((held >>> (bits - 8)) & 255)
    held &= (1 << bits) - 1
  }
  let table = new Map<string, number>()
  const clear = (): void => {
    put(256)
    table = new Map(Array.from({ length: 256 }, (_, i) => [String.fromCharCode(i), i]))
    width = 9
  }
  clear()
  let next = 258
  let word = ''
  for (const byte of data) {
    const longer = word + String.fromCharCode(byte)
    if (table.has(longer)) {
      word = longer
      continue
    }
    put(table.get(word)!)
    table.set(longer, next++)
    if (next === 512 || next === 1024 || next === 2048) width++
    if (next === 4095) {
      clear()
      next = 258
    }
    word = String.fromCharCode(byte)
  }
  if (word !== '') put(table.get(word)!)
  put(257)
  if (bits > 0) out.push((held << (8 - bits)) & 255)
  return Uint8Array.from(out)
}

function encodePackBits(data: Uint8Array): Uint8Array {
  const out: number[] = []
  for (let i = 0; i < data.length; ) {
    let run = 1
    while (run < 128 && data[i + run] === data[i] && i + run < data.length) run++
    if (run > 1) {
      out.push(257 - run, data[i]!)
      i += run
    } else {
      let end = i + 1
      while (end < data.length && end - i < 128 && data[end] !== data[end + 1]) end++
      out.push(end - i - 1, ...data.subarray(i, end))
      i = end
    }
  }
  return Uint8Array.from(out)
}

/** Bytes with runs and repeated strings, as rasters have. */
const bytes = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 60 })), { maxLength: 40 })
  .map((parts) =>
    Uint8Array.from(parts.flatMap(([part, times]) => Array.from({ length: times }, () => [...part]).flat())),
  )

const ENCODERS = {
  none: (data: Uint8Array) => data,
  lzw: encodeLzw,
  deflate: deflateSync,
  packbits: encodePackBits,
  zstd: zstdCompressSync,
} as const

describe('decompress', () => {
  it.each(Object.keys(ENCODERS) as (keyof typeof ENCODERS)[])('undoes %s', async (name) => {
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const decoded = await decompress(name, ENCODERS[name](data), data.length)
        expect(Buffer.from(decoded).equals(Buffer.from(data))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it.each(['deflate', 'zstd'] as const)('undoes large blocks of %s in other threads', async (name) => {
    const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) >> 7)
    expect(Buffer.from(await decompress(name, ENCODERS[name](data), data.length)).equals(Buffer.from(data))).toBe(true)
  })

  it('stops at the size of the block', async () => {
    const data = new Uint8Array(1000).fill(5)
    for (const name of ['lzw', 'packbits'] as const) {
      expect((await decompress(name, ENCODERS[name](data), 10)).length).toBe(10)
    }
  })
})

describe('LZW', () => {
  it('goes through all code widths and the clearing of the table', () => {
    const data = Uint8Array.from({ length: 60_000 }, (_, i) => (i * 2654435761) >>> 24)
    expect(Buffer.from(decodeLzw(encodeLzw(data), data.length)).equals(Buffer.from(data))).toBe(true)
  })

  it('repeats strings that are just being defined, of any length', () => {
    for (const period of [1, 2, 3, 7, 15, 16, 17, 100]) {
      const data = Uint8Array.from({ length: 50_000 }, (_, i) => (i % period) * 3)
      expect(Buffer.from(decodeLzw(encodeLzw(data), data.length)).equals(Buffer.from(data))).toBe(true)
    }
  })

  it('gives what there is of data that is cut off, and no more than is asked for', () => {
    const data = Uint8Array.from({ length: 3000 }, (_, i) => 128 + 100 * Math.sin(i / 30) + (i % 3))
    const packed = encodeLzw(data)
    fc.assert(
      fc.property(fc.nat(packed.length), fc.nat(3200), (stored, size) => {
        const decoded = decodeLzw(packed.subarray(0, stored), size)
        expect(decoded).toHaveLength(size)
        const [from, end] = [decoded.findLastIndex((value) => value !== 0) + 1, Math.min(size, data.length)]
        expect(decoded.subarray(0, from)).toEqual(data.subarray(0, from))
        if (stored === packed.length) expect(from).toBe(end)
      }),
    )
  })

  it('reads any bytes or refuses them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(500), (noise, size) => {
        try {
          expect(decodeLzw(noise, size)).toHaveLength(size)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
    )
  })

  it('refuses codes that cannot be', () => {
    // 9 bits: clear (256), then 400, which no table has after one code.
    const bits = `${(256).toString(2).padStart(9, '0')}${(65).toString(2).padStart(9, '0')}${(400).toString(2)}`.padEnd(
      32,
      '0',
    )
    const data = Uint8Array.from({ length: 4 }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2))
    expect(() => decodeLzw(data, 100)).toThrow(RangeError)
  })
})

describe('compressionOf', () => {
  it('knows codes and names what it does not read', () => {
    expect([1, 5, 8, 32946, 32773, 50000].map((code) => compressionOf(code, 'a.tif'))).toEqual([
      'none',
      'lzw',
      'deflate',
      'deflate',
      'packbits',
      'zstd',
    ])
    expect(() => compressionOf(34925, 'a.tif')).toThrow(InputError)
    expect(() => compressionOf(34925, 'a.tif')).toThrow(/LZMA/)
  })
})
