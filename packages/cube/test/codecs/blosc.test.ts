/** Blosc, LZ4 and the shuffles: round trips of anything, and errors instead of crashes for damaged input. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type BloscOptions,
  decodeBlosc,
  decodeBloscFile,
  decodeBloscParts,
  encodeBlosc,
  type FileNow,
} from '../../src/codecs/blosc.ts'
import { DamagedData } from '../../src/codecs/damage.ts'
import { bloscKernel, inputArea, isBorrowed, KERNEL_BASE, kernelAreas, owned } from '../../src/codecs/kernel.ts'
import { decodeLz4, encodeLz4 } from '../../src/codecs/lz4.ts'
import { decodeSnappy } from '../../src/codecs/snappy.ts'
import { parseBloscGolden } from './blosc-golden.ts'

/** Bytes as a file; `onRead` is told what is asked of it. */
const fileOf = (data: Uint8Array, onRead: (length: number) => void = () => undefined): FileNow => ({
  size: data.length,
  read: (offset, into) => {
    onRead(into.length)
    const part = data.subarray(offset, offset + into.length)
    into.set(part)
    return part.length
  },
  [Symbol.dispose]: () => undefined,
})

/** A container with its blocks in the opposite order, as those that several threads have written may lie. */
function turned(encoded: Uint8Array): Uint8Array {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length)
  const count = Math.ceil(view.getUint32(4, true) / view.getUint32(8, true))
  const starts = Array.from({ length: count }, (_, b) => view.getUint32(16 + 4 * b, true))
  const out = encoded.slice()
  let at = 16 + 4 * count
  for (let b = count - 1; b >= 0; b--) {
    const block = encoded.subarray(starts[b], starts[b + 1] ?? encoded.length)
    out.set(block, at)
    new DataView(out.buffer).setUint32(16 + 4 * b, at, true)
    at += block.length
  }
  return out
}

/** Bytes with long runs, short patterns and noise in turn, as compressors meet them. */
const runs = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant('run'), length: fc.integer({ min: 1, max: 3000 }), value: fc.nat(255) }),
      fc.record({
        kind: fc.constant('pattern'),
        length: fc.integer({ min: 1, max: 700 }),
        value: fc.integer({ min: 2, max: 40 }),
      }),
      fc.record({ kind: fc.constant('noise'), length: fc.integer({ min: 1, max: 400 }), value: fc.nat(255) }),
    ),
    { maxLength: 14 },
  )
  .map((parts) => {
    const bytes: number[] = []
    for (const { kind, length, value } of parts) {
      for (let k = 0; k < length; k++) {
        bytes.push(
          kind === 'run' ? value : kind === 'pattern' ? (k % value) * 7 : (k * 2654435761 + value * k * k) >>> 24,
        )
      }
    }
    return Uint8Array.from(bytes)
  })

const anyBytes = fc.oneof(runs, fc.uint8Array({ maxLength: 300 }))

describe('LZ4', () => {
  test('round trips', () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 1, max: 20 }), (data, acceleration) => {
        const encoded = owned(encodeLz4(data, acceleration))
        expect(owned(decodeLz4(encoded))).toEqual(data)
      }),
      { numRuns: 200 },
    )
  })

  test('runs get small, noise hardly larger', () => {
    expect(encodeLz4(new Uint8Array(100_000).fill(3)).length).toBeLessThan(500)
    const noise = Uint8Array.from({ length: 100_000 }, (_, k) => Math.imul(k, 2654435761) >>> 24)
    expect(encodeLz4(noise).length).toBeLessThan(100_600)
  })

  test('a compressor without room gives up', () => {
    const data = Uint8Array.from({ length: 1000 }, (_, k) => Math.imul(k + 1, 2246822519) >>> 24)
    const { at } = kernelAreas(data, 2000, 16384)
    expect(bloscKernel().call.compress(at[0]!, 1000, at[1]!, 100, at[2]!, 1)).toBe(0)
  })

  test('damage is an error', () => {
    const sound = owned(encodeLz4(new Uint8Array(5000).map((_, k) => k % 37)))
    expect(() => decodeLz4(new Uint8Array(3))).toThrow(DamagedData)
    expect(() => decodeLz4(sound.subarray(0, sound.length - 2))).toThrow(DamagedData)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), (noise) => {
        noise.set([64, 0, 0, 0])
        try {
          expect(decodeLz4(noise)).toHaveLength(64)
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedData)
        }
      }),
      { numRuns: 500 },
    )
  })
})

const options: fc.Arbitrary<BloscOptions> = fc.record({
  cname: fc.constantFrom('lz4', 'zstd', 'zlib'),
  clevel: fc.integer({ min: 1, max: 8 }),
  shuffle: fc.constantFrom('noshuffle', 'shuffle', 'bitshuffle'),
  typesize: fc.constantFrom(1, 2, 3, 4, 7, 8, 16, 17, 255),
})

describe('Blosc', () => {
  test('round trips', () => {
    fc.assert(
      fc.property(anyBytes, options, (data, chosen) => {
        const encoded = owned(encodeBlosc(data, chosen))
        expect(owned(decodeBlosc(encoded, data.length))).toEqual(data)
        expect(encoded.length).toBeLessThanOrEqual(data.length + 16)
      }),
      { numRuns: 200 },
    )
  })

  test('several blocks, a rest', () => {
    const data = new Uint8Array(3 * 262144 + 777).map((_, k) => (k >> 8) ^ (k & 3))
    for (const cname of ['lz4', 'zstd', 'zlib'] as const) {
      for (const typesize of [1, 2, 4, 8]) {
        const encoded = owned(encodeBlosc(data, { cname, clevel: 5, shuffle: 'shuffle', typesize }))
        expect(encoded.length).toBeLessThan(data.length / 2)
        expect(Buffer.compare(decodeBlosc(encoded, data.length), data)).toBe(0)
      }
    }
  })

  test('any part is decoded alone, also from bytes that were read into the memory of the kernel', () => {
    const data = new Uint8Array(3 * 262144 + 776).map((_, k) => (k >> 8) ^ (k & 7))
    const noise = new Uint8Array(300_000).map((_, k) => (k * 2654435761) >>> 13)
    const cases = [data, noise, data.subarray(0, 1000)].flatMap((from) =>
      ([1, 3, 4, 7] as const).map((typesize) => {
        const chosen = { cname: 'lz4', clevel: 5, shuffle: 'shuffle', typesize } as const
        return { from, encoded: owned(encodeBlosc(from, chosen)) }
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.nat(), fc.nat(), fc.boolean(), ({ from, encoded }, a, b, isHere) => {
        const [first, end] = [a % from.length, b % from.length].sort((x, y) => x - y) as [number, number]
        const got = new Uint8Array(from.length)
        const input = isHere ? inputArea(encoded.length) : encoded
        if (isHere) input.set(encoded)
        decodeBloscParts(input, from.length, first, end, (part, at) => got.set(part, at))
        expect(Buffer.compare(got.subarray(first, end), from.subarray(first, end))).toBe(0)
        expect(got.subarray(0, first).every((byte) => byte === 0)).toBe(true)
        expect(got.subarray(end).every((byte) => byte === 0)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('a file is read no further than it is needed, whatever the order of its blocks', () => {
    const data = new Uint8Array(3 * 262144 + 776).map((_, k) => (k >> 8) ^ (k & 7))
    const noise = new Uint8Array(300_000).map((_, k) => (k * 2654435761) >>> 13)
    const cases = [data, noise, data.subarray(0, 1000)].flatMap((from) =>
      (['lz4', 'zstd'] as const).flatMap((cname) =>
        ([1, 3, 4, 7] as const).map((typesize) => {
          const encoded = owned(encodeBlosc(from, { cname, clevel: 5, shuffle: 'shuffle', typesize }))
          return { from, encoded, isStored: (encoded[2]! & 2) !== 0 }
        }),
      ),
    )
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.nat(), fc.nat(), fc.boolean(), (one, a, b, isTurned) => {
        const { from, encoded, isStored } = one
        const [first, end] = [a % from.length, b % from.length].sort((x, y) => x - y) as [number, number]
        const got = new Uint8Array(from.length)
        const file = fileOf(isTurned && !isStored ? turned(encoded) : encoded)
        decodeBloscFile(file, from.length, first, end, (part, at) => got.set(part, at))
        expect(Buffer.compare(got.subarray(first, end), from.subarray(first, end))).toBe(0)
        expect(got.subarray(0, first).every((byte) => byte === 0)).toBe(true)
        expect(got.subarray(end).every((byte) => byte === 0)).toBe(true)
      }),
      { numRuns: 150 },
    )
    const stored = owned(encodeBlosc(data, { cname: 'lz4', clevel: 5, shuffle: 'shuffle', typesize: 4 }))
    let read = 0
    const counted = fileOf(stored, (length) => {
      read += length
    })
    decodeBloscFile(counted, data.length, 300_000, 300_100, () => undefined)
    expect(read).toBeLessThan(stored.length / 2)
  })

  test('a damaged file is an error', () => {
    const data = new Uint8Array(3 * 262144 + 776).map((_, k) => (k >> 8) ^ (k & 7))
    const encoded = owned(encodeBlosc(data, { cname: 'lz4', clevel: 5, shuffle: 'shuffle', typesize: 4 }))
    const read = (bytes: Uint8Array): Uint8Array => {
      const got = new Uint8Array(data.length)
      decodeBloscFile(fileOf(bytes), data.length, 0, data.length, (part, at) => got.set(part, at))
      return got
    }
    expect(read(encoded)).toEqual(data)
    for (const length of [0, 10, 16, 20, 40, encoded.length - 1])
      expect(() => read(encoded.subarray(0, length)), `${length} bytes`).toThrow(DamagedData)
    fc.assert(
      fc.property(fc.nat(31), fc.nat(255), (at, value) => {
        const broken = encoded.slice()
        broken[at] = value
        try {
          expect(read(broken)).toHaveLength(data.length)
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedData)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('what c-blosc reads of ours is what went in', () => {
    for (const { data, encoded } of parseBloscGolden()) {
      expect(Buffer.compare(decodeBlosc(encoded, data.length), data)).toBe(0)
    }
  })

  test('damage is an error, and never more than the memory it says', () => {
    const data = new Uint8Array(4000).map((_, k) => (k * k) >> 6)
    const sound = owned(encodeBlosc(data, { cname: 'lz4', clevel: 5, shuffle: 'shuffle', typesize: 4 }))
    expect(() => decodeBlosc(sound, 3999)).toThrow('4000 bytes where 3999 are expected')
    expect(() => decodeBlosc(sound.subarray(0, 10))).toThrow(DamagedData)
    expect(() => decodeBlosc(sound.subarray(0, -1))).toThrow(DamagedData)
    const change = fc.record({ at: fc.nat(sound.length - 1), value: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = sound.slice()
        for (const { at, value } of changes) bytes[at] = value
        try {
          expect(decodeBlosc(bytes, 4000)).toHaveLength(4000)
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedData)
        }
      }),
      { numRuns: 400 },
    )
  })
})

/** A BloscLZ stream of at most `capacity` bytes, by the kernel. */
function decodeBlosclz(data: Uint8Array, capacity: number): Uint8Array {
  const { memory, at } = kernelAreas(data, capacity)
  const made = bloscKernel().call.decompressLz(at[0]!, data.length, at[1]!, capacity)
  if (made < 0) throw new DamagedData('blosclz')
  return memory.slice(at[1]!, at[1]! + made)
}

describe('small decoders of Blosc', () => {
  test.each([
    ['snappy', decodeSnappy],
    ['blosclz', decodeBlosclz],
  ])('%s: noise is an error or fits', (_, decode) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          expect(decode(noise, 500).length).toBeLessThanOrEqual(500)
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedData)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('snappy: literals and overlapping matches', () => {
    // 9 bytes: "abc", then 6 bytes from 3 back.
    expect(decodeSnappy(Uint8Array.of(9, 2 << 2, 97, 98, 99, ((6 - 4) << 2) | 1, 3), 9)).toEqual(
      new TextEncoder().encode('abcabcabc'),
    )
    expect(() => decodeSnappy(Uint8Array.of(9, 1), 8)).toThrow('at most 8')
  })

  test('blosclz: literals and overlapping matches', () => {
    // "abc", then a match of 6 bytes from 3 back: (6 - 2) in the upper bits, distance - 1 in the next byte.
    expect(decodeBlosclz(Uint8Array.of(2, 97, 98, 99, 4 << 5, 2), 9)).toEqual(new TextEncoder().encode('abcabcabc'))
    expect(() => decodeBlosclz(Uint8Array.of(2, 97, 98, 99, 4 << 5, 3), 9)).toThrow(DamagedData)
    expect(() => decodeBlosclz(Uint8Array.of(2, 97, 98, 99, 4 << 5, 2), 8)).toThrow(DamagedData)
  })
})

describe('kernel', () => {
  const { call } = bloscKernel()

  /** By the definition: byte k of number i lies at k x count + i. */
  const planes = (data: Uint8Array, count: number, size: number): Uint8Array =>
    Uint8Array.from({ length: count * size }, (_, j) => data[(j % count) * size + Math.floor(j / count)]!)

  /** Bit b of byte k of number i is bit i % 8 of byte (k x 8 + b) x count / 8 + i / 8. */
  function bitRows(data: Uint8Array, count: number, size: number): Uint8Array {
    const out = new Uint8Array(count * size)
    for (let i = 0; i < count; i++)
      for (let k = 0; k < size; k++)
        for (let b = 0; b < 8; b++)
          out[(k * 8 + b) * (count / 8) + (i >> 3)]! |= ((data[i * size + k]! >> b) & 1) << (i & 7)
    return out
  }

  test.each([1, 2, 3, 4, 5, 8, 12, 16])('shuffles of numbers of %i bytes are as defined', (size) => {
    for (const count of [0, 8, 16, 24, 40, 136, 512, 520, 1544]) {
      const data = Uint8Array.from({ length: count * size }, (_, k) => Math.imul(k + 1, 2654435761) >>> 24)
      for (const [there, back, definition] of [
        [call.shuffle, call.unshuffle, planes],
        [call.shuffleBits, call.unshuffleBits, bitRows],
      ] as const) {
        const { memory, at } = kernelAreas(data, data.length, data.length)
        there(at[0]!, at[1]!, count, size)
        expect(memory.slice(at[1]!, at[1]! + data.length)).toEqual(definition(data, count, size))
        back(at[1]!, at[2]!, count, size)
        expect(memory.slice(at[2]!, at[2]! + data.length)).toEqual(data)
      }
    }
  })

  test('shuffles of numbers that are no multiple of a vector', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 1, max: 9 }), (count, size) => {
        const data = Uint8Array.from({ length: count * size }, (_, k) => k * 31)
        const { memory, at } = kernelAreas(data, data.length)
        call.shuffle(at[0]!, at[1]!, count, size)
        expect(memory.slice(at[1]!, at[1]! + data.length)).toEqual(planes(data, count, size))
      }),
    )
  })

  test('results are borrowed until they are owned; input may be a result', () => {
    const data = Uint8Array.of(1, 2, 3, 4)
    const { memory, at } = kernelAreas(data, 1_000_000)
    expect(at[0]).toBe(KERNEL_BASE)
    const borrowed = memory.subarray(at[0]!, at[0]! + 4)
    expect(isBorrowed(borrowed)).toBe(true)
    const kept = owned(borrowed)
    expect(isBorrowed(kept)).toBe(false)
    const again = kernelAreas(borrowed, 50_000_000)
    expect(again.memory.slice(again.at[0]!, again.at[0]! + 4)).toEqual(kept)
  })
})

test('the golden containers are those of the oracle', () => {
  const path = join(import.meta.dirname, '../../../../oracles/zarr/blosc.json')
  expect((JSON.parse(readFileSync(path, 'utf8')) as { checked: number }).checked).toBeGreaterThan(20)
})
