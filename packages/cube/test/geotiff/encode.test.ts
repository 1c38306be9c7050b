/** How tiles of wide samples are deflated: whole again when inflated, and never much larger than by a thorough search. */
import { deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ENCODERS, encodeTile } from '../../src/geotiff/encode.ts'
import { doFloating } from '../../src/geotiff/predictor.ts'

const SIDE = 256
/** A tile of floats as it is before compression: predictor 3. */
function tileOf(value: (i: number) => number): Uint8Array {
  const bytes = new Uint8Array(Float32Array.from({ length: 4 * SIDE * SIDE }, (_, i) => value(i)).buffer)
  doFloating(bytes, { rows: SIDE, columns: SIDE, samples: 4 }, 4)
  return bytes
}

const noise = (i: number): number => Math.sin(i / 900) + (((i * 48271) % 2147483647) / 2147483647) ** 2
const KINDS: Readonly<Record<string, (i: number) => number>> = {
  noise,
  steps: (i) => (((i >> 2) * 2654435761) >>> 27) * 1.7,
  rows: (i) => Math.sin((i % 1024) ** 2),
  constant: () => 3.25,
  'half noise, half rows': (i) => (i < 2 * SIDE * SIDE ? noise(i) : Math.sin((i % 1024) ** 2)),
}

describe('deflate of wide samples', () => {
  it.each(Object.entries(KINDS))('keeps %s whole and about as small as a thorough search', async (_, kind) => {
    const tile = tileOf(kind)
    const coded = await ENCODERS.deflate.encode(tile, 4)
    expect(Buffer.compare(inflateSync(coded), tile)).toBe(0)
    expect(coded.length).toBeLessThanOrEqual(1.02 * deflateSync(tile, { level: 3, memLevel: 9 }).length)
  })

  it('gives bytes in memory of their own, no more than they need', async () => {
    for (const compression of ['deflate', 'zstd'] as const) {
      const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => noise(i))
      const coded = await encodeTile({ data, width: SIDE, height: SIDE }, 0, 0, SIDE, 1, 'float32', 0, 3, compression)
      expect(coded.buffer.byteLength).toBe(coded.length)
    }
  })
})
