/** Numbers, checksums, arithmetic codecs, objects: each by its definition or by published values. */
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adler32, crc32c, fletcher32 } from '../../src/codecs/checksums.ts'
import { DamagedData } from '../../src/codecs/damage.ts'
import {
  crc32Of,
  engineDecode,
  engineDecodeAside,
  gzipEncode,
  zlibEncode,
  zstdEncode,
  zstdEncodeAside,
} from '../../src/codecs/engine.ts'
import { decodeJsonItems, decodeVlenBytes, decodeVlenUtf8 } from '../../src/codecs/items.ts'
import { parseJson } from '../../src/codecs/json.ts'
import { asNumbers, halfToNumber, newNumbers, numberToHalf, numberType, swapBytes } from '../../src/codecs/numbers.ts'
import { castNumbers, decodeDelta, decodeFixedScaleOffset, decodePackBits } from '../../src/codecs/numeric.ts'
import { type ByteCodec, codecNames, codecOf } from '../../src/codecs/table.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const type = (name: string) => numberType(name)!
const raw = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)

describe('checksums of "123456789" and of nothing, as published', () => {
  test.each([
    ['crc32c', crc32c, 0xe3069283, 0],
    ['crc32', crc32Of, 0xcbf43926, 0],
    ['adler32', adler32, 0x091e01de, 1],
  ])('%s', (_, of, known, empty) => {
    expect(of(bytesOf('123456789'))).toBe(known)
    expect(of(new Uint8Array(0))).toBe(empty)
  })

  test('adler32 of long data stays exact', () => {
    let [a, b] = [1, 0]
    const data = new Uint8Array(20_000).fill(255)
    for (const value of data) {
      a = (a + value) % 65521
      b = (b + a) % 65521
    }
    expect(adler32(data)).toBe(b * 65536 + a)
  })

  test('fletcher32 is what numcodecs writes, also of odd and long data', () => {
    const made = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + Math.floor(i / 3)) & 255)
    expect([2, 5, 720, 721, 5000, 100_001].map((length) => fletcher32(made(length)))).toEqual([
      0x70007, 0x39412b1d, 0x748169b9, 0x7e3b09ba, 0x55d7790f, 0xfb964a7f,
    ])
    expect(fletcher32(new Uint8Array(100_000).fill(255))).toBe(0xffffffff)
  })

  test('a codec that finds another sum says so', () => {
    for (const name of ['crc32', 'crc32c', 'adler32', 'fletcher32']) {
      const codec = codecOf(name, {}, { dtype: '<i2' }, 'here') as ByteCodec
      expect(() => codec.decode(new Uint8Array(9).fill(3))).toThrow(`${name}: the checksum does not match`)
      expect(() => codec.decode(new Uint8Array(2))).toThrow(DamagedData)
    }
  })
})

describe('numbers', () => {
  test('names of numpy and of Zarr 3', () => {
    expect(numberType('<i2')).toEqual({ kind: 'i', bytes: 2, isBigEndian: false })
    expect(numberType('>u8')).toEqual({ kind: 'u', bytes: 8, isBigEndian: true })
    expect(numberType('float16')).toEqual({ kind: 'f', bytes: 2, isBigEndian: false })
    expect(numberType('bool')).toEqual({ kind: 'b', bytes: 1, isBigEndian: false })
    expect(numberType('|b1')).toEqual(numberType('bool'))
    for (const name of ['int24', '<f1', 'float8', '<c8', 'int', '', '<U4', 'b2'])
      expect(numberType(name)).toBeUndefined()
  })

  test('halves: all 65536 of them, there and back', () => {
    for (let word = 0; word < 65536; word++) {
      const value = halfToNumber(word)
      if (Number.isNaN(value)) expect(Number.isNaN(halfToNumber(numberToHalf(value)))).toBe(true)
      else expect(numberToHalf(value)).toBe(word)
    }
    expect(halfToNumber(0x0001)).toBe(2 ** -24)
    expect(halfToNumber(0x7bff)).toBe(65504)
    expect(numberToHalf(65520)).toBe(0x7c00)
    expect(numberToHalf(1 + 2 ** -11)).toBe(numberToHalf(1))
    expect(numberToHalf(1 + 3 * 2 ** -11)).toBe(numberToHalf(1 + 2 ** -9))
  })

  test('both byte orders, at any place in memory', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 20 }), fc.nat(7), (values, shift) => {
        const data = new Uint8Array(values.length * 4 + shift)
        const view = new DataView(data.buffer)
        for (const isLittle of [true, false]) {
          for (const [k, value] of values.entries()) view.setFloat32(shift + 4 * k, value, isLittle)
          const made = asNumbers(data.subarray(shift), type(isLittle ? '<f4' : '>f4'))
          expect(Array.from(made as Float32Array)).toEqual(values)
        }
      }),
    )
  })

  test('bytes turn round in groups', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    swapBytes(bytes, 2)
    expect([...bytes]).toEqual([2, 1, 4, 3, 6, 5, 8, 7])
    swapBytes(bytes, 8)
    expect([...bytes]).toEqual([7, 8, 5, 6, 3, 4, 1, 2])
  })

  test('new numbers give their bytes in their order', () => {
    for (const name of ['>i2', '<i2', '>f2', '<f8', '>i8']) {
      const { numbers, bytes } = newNumbers(type(name), 3)
      for (let k = 0; k < 3; k++) numbers[k] = (name.endsWith('i8') ? BigInt(k - 1) : k - 1) as never
      expect(Array.from(asNumbers(bytes(), type(name)) as Iterable<number | bigint>, Number)).toEqual([-1, 0, 1])
    }
  })
})

describe('arithmetic', () => {
  test('delta sums up, and wraps as integers do', () => {
    expect([...decodeDelta(Uint8Array.of(250, 3, 3), type('|u1'), type('|u1'))]).toEqual([250, 253, 0])
    const wide = decodeDelta(raw(Int8Array.of(100, 100, -50)), type('|i1'), type('<i4'))
    expect([...(asNumbers(wide, type('<i4')) as Int32Array)]).toEqual([100, 200, 150])
    const large = decodeDelta(raw(BigInt64Array.of(2n ** 62n, 2n ** 62n)), type('<i8'), type('<i8'))
    expect([...(asNumbers(large, type('<i8')) as BigInt64Array)]).toEqual([2n ** 62n, -(2n ** 63n)])
    const floats = decodeDelta(raw(Float32Array.of(0.1, 0.2, 0.3)), type('<f4'), type('<f4'))
    const [a, b, c] = Float32Array.of(0.1, 0.2, 0.3)
    expect((asNumbers(floats, type('<f4')) as Float32Array)[2]).toBe(Math.fround(Math.fround(a! + b!) + c!))
  })

  test('scale and offset', () => {
    const made = decodeFixedScaleOffset(raw(Int16Array.of(-5, 0, 25)), type('<i2'), type('<f8'), 10, 1000)
    expect([...(asNumbers(made, type('<f8')) as Float64Array)]).toEqual([999.5, 1000, 1002.5])
    const whole = decodeFixedScaleOffset(raw(Int16Array.of(-5, 25)), type('<i2'), type('<i8'), 10, 1000)
    expect([...(asNumbers(whole, type('<i8')) as BigInt64Array)]).toEqual([999n, 1002n])
  })

  test('casts', () => {
    const floats = raw(Float64Array.of(1.9, -1.9, 0, Number.NaN))
    expect([...(asNumbers(castNumbers(floats, type('<f8'), type('<i4')), type('<i4')) as Int32Array)]).toEqual([
      1, -1, 0, 0,
    ])
    expect([...castNumbers(floats, type('<f8'), type('bool'))]).toEqual([1, 1, 0, 1])
    expect([...(asNumbers(castNumbers(floats, type('<f8'), type('<i8')), type('<i8')) as BigInt64Array)]).toEqual([
      1n,
      -1n,
      0n,
      0n,
    ])
  })

  test('bits', () => {
    expect([...decodePackBits(Uint8Array.of(3, 0b1011_0000))]).toEqual([1, 0, 1, 1, 0])
    expect(() => decodePackBits(Uint8Array.of())).toThrow(DamagedData)
    expect(() => decodePackBits(Uint8Array.of(9, 1))).toThrow(DamagedData)
    expect(() => decodePackBits(Uint8Array.of(5))).toThrow(DamagedData)
  })
})

describe('objects', () => {
  const vlen = (...texts: string[]): Uint8Array => {
    const parts = [
      Uint32Array.of(texts.length),
      ...texts.flatMap((text) => [Uint32Array.of(bytesOf(text).length), bytesOf(text)]),
    ]
    return Uint8Array.from(parts.flatMap((part) => [...raw(part)]))
  }

  test('texts of any length', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 10 }), (texts) => {
        expect(decodeVlenUtf8(vlen(...texts))).toEqual(texts)
      }),
    )
    expect(decodeVlenBytes(vlen('ab', ''))).toEqual([bytesOf('ab'), new Uint8Array(0)])
  })

  test('truncated lists are damage', () => {
    const whole = vlen('abc', 'de')
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeVlenBytes(whole.subarray(0, length)), String(length)).toThrow(DamagedData)
    }
    expect(() => decodeVlenBytes(Uint8Array.of(255, 255, 255, 255))).toThrow(DamagedData)
  })

  test('JSON with and without shape', () => {
    expect(decodeJsonItems(bytesOf('["a", null, NaN, "|O", [3]]'), true)).toEqual(['a', null, Number.NaN])
    expect(decodeJsonItems(bytesOf('[[1, 2], [3, [4]], "|O", [2, 2]]'), true)).toEqual([1, 2, 3, [4]])
    expect(decodeJsonItems(bytesOf('["x", "|O", []]'), true)).toEqual(['x'])
    expect(decodeJsonItems(bytesOf('[1, 2, "<i4"]'), false)).toEqual([1, 2])
    for (const text of ['', '{}', '["a"', '[1, "<i4"]']) {
      expect(() => decodeJsonItems(bytesOf(text), true), text).toThrow(DamagedData)
    }
  })

  test('bare numbers of Python, not those within texts', () => {
    expect(parseJson('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \\" Infinity"}')).toEqual({
      a: Number.NaN,
      b: [-Infinity, Infinity],
      c: 'NaN " Infinity',
    })
    expect(() => parseJson('{"a": nan}')).toThrow(SyntaxError)
  })
})

describe('compression of the engine', () => {
  const data = Uint8Array.from({ length: 100_000 }, (_, k) => (k >> 3) % 251)

  test.each([
    ['zstd', zstdEncode],
    ['zlib', zlibEncode],
    ['gzip', gzipEncode],
  ] as const)('%s, here and in other threads, size known or not', async (name, encode) => {
    const encoded = new Uint8Array(encode(data, 3))
    expect(encoded.length).toBeLessThan(data.length / 4)
    for (const size of [undefined, data.length]) {
      expect(engineDecode(name, encoded, size)).toEqual(data)
      expect(await engineDecodeAside(name, encoded, size)).toEqual(data)
    }
    expect(() => engineDecode(name, encoded, 1000)).toThrow(DamagedData)
    expect(() => engineDecode(name, encoded.subarray(0, 50), data.length)).toThrow(DamagedData)
    expect(() => engineDecode(name, Uint8Array.of(1, 2, 3), 9)).toThrow(`${name}: `)
    await expect(engineDecodeAside(name, Uint8Array.of(1, 2, 3), 9)).rejects.toThrow(DamagedData)
  })

  test('zstd in other threads makes the same', async () => {
    expect(new Uint8Array(await zstdEncodeAside(data, 3))).toEqual(new Uint8Array(zstdEncode(data, 3)))
  })
})

describe('table', () => {
  test('names with and without the prefix of numcodecs', () => {
    expect(codecNames()).toContain('blosc')
    for (const name of ['zlib', 'numcodecs.zlib', 'numcodecs/zlib']) {
      expect(codecOf(name, {}, { dtype: '<i2' }, 'here').kind).toBe('bytes')
    }
  })

  test('what is not read is refused by name, with what to do', () => {
    const refusal = (name: string, configuration = {}): InputError => {
      try {
        codecOf(name, configuration, { dtype: '<i2' }, 'a/b')
      } catch (error) {
        expect(error).toBeInstanceOf(InputError)
        return error as InputError
      }
      throw new Error(`${name} was taken`)
    }
    expect(refusal('pickle')).toMatchObject({ tag: 'UnsupportedCodec', data: { path: 'a/b', codec: 'pickle' } })
    expect(refusal('pickle').hint).toContain('never read')
    expect(refusal('zsdt').hint).toContain('zstd')
    expect(refusal('shuffle', { elementsize: 'x' }).tag).toBe('BadCodec')
    expect(refusal('delta', { dtype: '<c8' }).tag).toBe('BadCodec')
  })
})
