/** The kernel that decodes zlib data, undoes predictors and puts bands in planes: against zlib and the plain loops. */
import { constants, deflateSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { doFloating32, planesOf } from '../../src/geotiff/planes.ts'
import { doFloating, split } from '../../src/geotiff/predictor.ts'

const line = (length: number) => ({ rows: 1, columns: length, samples: 1 })
const inflate = (data: Uint8Array, size: number): Uint8Array | undefined =>
  planesOf(data, 'uint8', line(size), { compression: 'deflate', predictor: 1 })?.slice() as Uint8Array | undefined

/** Bytes as they occur: noise, steps, waves, runs, few symbols. */
const KINDS: readonly ((i: number) => number)[] = [
  (i) => (i * 2654435761) >>> 24,
  (i) => i % 7,
  (i) => 128 + 60 * Math.sin(i / 40) + ((i * 7919) % 5),
  () => 0,
  (i) => ((i * 48271) % 101 === 0 ? i : 5),
  (i) => -Math.log(((i * 48271) % 2147483647) / 2147483647) * 3,
]

describe('the inflate kernel', () => {
  it.each([0, 1, 2, 10, 1000, 70000, 300000])('decodes %i bytes of every kind, level and strategy', (length) => {
    for (const kind of KINDS) {
      const data = Uint8Array.from({ length }, (_, i) => kind(i))
      for (const level of [0, 1, 6, 9]) {
        for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY, constants.Z_FIXED]) {
          const decoded = inflate(deflateSync(data, { level, strategy }), length)
          expect(decoded !== undefined && Buffer.compare(decoded, data) === 0).toBe(true)
        }
      }
    }
  })

  it('refuses exactly the damaged data that zlib refuses', () => {
    const data = Uint8Array.from({ length: 3000 }, (_, i) => 100 + 50 * Math.sin(i / 9) + (i % 3))
    const packed = deflateSync(data)
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(packed)
        damaged[at] = damaged[at]! ^ change
        let expected: Uint8Array | undefined
        try {
          expected = inflateSync(damaged)
        } catch {
          expected = undefined
        }
        const decoded = inflate(damaged, 3000)
        if (expected === undefined) expect(decoded).toBeUndefined()
        else if (expected.length === 3000) expect(Buffer.compare(decoded!, expected)).toBe(0)
      }),
      { numRuns: 400 },
    )
  })

  it('refuses data that is cut off or another length', () => {
    const packed = deflateSync(new Uint8Array(500).fill(3))
    expect(inflate(packed, 499)).toBeUndefined()
    expect(inflate(packed, 501)).toBeUndefined()
    for (let n = 0; n < packed.length; n++) expect(inflate(packed.subarray(0, n), 500)).toBeUndefined()
  })
})

describe('planesOf', () => {
  const cases = [
    ['uint8', 1],
    ['uint16', 2],
    ['int16', 2],
    ['float32', 4],
    ['uint32', 4],
  ] as const
  it.each(cases)('equals the plain loops on %s, any shape', (dtype, bytes) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 19 }),
        fc.boolean(),
        fc.constantFrom('none', 'deflate'),
        (rows, columns, samples, summed, compression) => {
          const shape = { rows, columns, samples }
          const data = Uint8Array.from({ length: rows * columns * samples * bytes }, (_, i) => (i * 2654435761) >>> 24)
          const words = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[bytes]
          const pixels = new words(data.slice().buffer)
          const expected = new words(pixels.length)
          split(pixels, expected, shape, summed)
          const stored = compression === 'deflate' ? deflateSync(data) : data
          const planes = planesOf(stored, dtype, shape, { compression, predictor: summed ? 2 : 1 })!
          expect(new words(planes.slice().buffer)).toEqual(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each([1, 2, 3, 4, 5, 7, 8, 11, 15, 16, 17, 40])(
    'does and undoes the predictor of floats of %i samples',
    (samples) => {
      for (const columns of [1, 2, 3, 5, 8, 16, 17, 33, 64, 100]) {
        const shape = { rows: 3, columns, samples }
        const values = Float32Array.from({ length: 3 * columns * samples }, (_, i) => Math.sin(i) * 10 ** (i % 7))
        const expected = new Uint32Array(values.length)
        split(new Uint32Array(values.buffer), expected, shape, false)
        const bytes = new Uint8Array(values.slice().buffer)
        doFloating(bytes, shape, 4)
        const done = new Uint8Array(values.slice().buffer)
        doFloating32(done, shape)
        expect(done).toEqual(bytes)
        const planes = planesOf(bytes, 'float32', shape, { compression: 'none', predictor: 3 })!
        expect(new Uint32Array(planes.slice().buffer)).toEqual(expected)
      }
    },
  )

  it('leaves wide samples to others', () => {
    const stored = { compression: 'none', predictor: 1 } as const
    expect(planesOf(new Uint8Array(16), 'float64', line(2), stored)).toBeUndefined()
    expect(planesOf(new Uint8Array(4), 'uint16', line(2), { ...stored, predictor: 3 })).toBeUndefined()
  })
})
