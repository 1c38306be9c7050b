import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { importOnnx, layoutOf } from '../../src/index.ts'
import { valuesOf } from '../../src/onnx/data.ts'
import { decodeModel, type TensorData } from '../../src/onnx/decode.ts'
import { fromHalf, toHalf } from '../../src/onnx/half.ts'
import { fieldsOf } from '../../src/onnx/reader.ts'
import { Writer } from '../../src/onnx/writer.ts'
import { files, modelBytes } from './models.ts'

/** Runs `fn`; anything but a value or an `InputError` fails the test. */
function survives(fn: () => unknown): void {
  try {
    fn()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    expect(error.message.length).toBeGreaterThan(10)
  }
}

describe('the wire format', () => {
  test('integers of any sign come back (property)', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 1000 }), (value, number) => {
        const w = new Writer()
        w.integer(number, value)
        const [field, ...rest] = [...fieldsOf(w.bytes)]
        expect([field!.number, field!.integer(), rest.length]).toEqual([number, value, 0])
      }),
    )
  })

  test('beyond 53 bits the nearest number is given', () => {
    const largest = Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 127)
    expect([...fieldsOf(largest)][0]!.integer()).toBe(2 ** 63)
    const minusTwo = Uint8Array.of(8, 254, 255, 255, 255, 255, 255, 255, 255, 255, 1)
    expect([...fieldsOf(minusTwo)][0]!.integer()).toBe(-2)
  })

  test('texts, floats and packed lists come back (property)', () => {
    fc.assert(
      fc.property(fc.string(), fc.float({ noNaN: true }), (text, float) => {
        const w = new Writer()
        w.string(1, text)
        w.float(2, float)
        const [a, b] = [...fieldsOf(w.bytes)]
        // Lone surrogates have no UTF-8 form.
        expect(a!.text()).toBe(new TextDecoder().decode(new TextEncoder().encode(text)))
        expect(b!.float()).toBe(float)
      }),
    )
    const packed = Uint8Array.of(10, 4, 1, 172, 2, 3)
    expect([...fieldsOf(packed)][0]!.integers()).toEqual([1, 300, 3])
  })

  test.each<[string, number[], RegExp]>([
    ['a length beyond the end', [10, 100, 1, 2], /field 1 of 100 bytes, where 2 are left/],
    ['an integer that does not end', [8, 255, 255], /the end of the file inside an integer/],
    ['an integer of more than 64 bits', [8, ...new Array<number>(11).fill(255)], /more than 64 bits/],
    ['an unknown wire type', [11], /wire type 3/],
    ['field 0', [0, 0], /number 0/],
    ['a negative length', [10, 254, 255, 255, 255, 255, 255, 255, 255, 255, 1], /-2 bytes/],
  ])('%s is refused', (_, bytes, pattern) => {
    expect(() => [...fieldsOf(Uint8Array.from(bytes))]).toThrow(pattern)
  })

  test('a value of another kind than expected is refused', () => {
    const w = new Writer()
    w.integer(1, 5)
    w.string(2, 'abc')
    const [a, b] = [...fieldsOf(w.bytes)]
    expect(() => a!.text()).toThrow(/field 1 does not hold bytes/)
    expect(() => b!.integer()).toThrow(/field 2 does not hold an integer/)
    expect(() => b!.float()).toThrow(/numbers of 32 bits/)
  })
})

describe('damaged and hostile files', () => {
  const small = modelBytes('temporal-dynamo-21.onnx')
  const fine = modelBytes('text-torchscript-14.onnx')

  test('a file cut anywhere is refused or read, never worse (property)', () => {
    fc.assert(
      fc.property(fc.nat(small.length - 1), (length) => survives(() => importOnnx(small.subarray(0, length)))),
      { numRuns: 300 },
    )
  })

  test('changed bytes are refused or read, never worse (property)', () => {
    const edits = fc.array(fc.tuple(fc.nat(fine.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(edits, (list) => {
        const damaged = fine.slice()
        for (const [at, byte] of list) damaged[at] = byte
        survives(() => importOnnx(damaged).inputs)
      }),
      { numRuns: 300 },
    )
  })

  test('any bytes at all (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => survives(() => decodeModel(bytes))),
      { numRuns: 500 },
    )
    expect(() => importOnnx(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'))).toThrow(InputError)
    expect(() => importOnnx(new Uint8Array())).toThrow(/no graph/)
  })

  test('a shape that would fill the memory is refused before it is allocated', () => {
    expect(() => valuesOf(tensor(1, [2 ** 30, 2 ** 30], { raw: new Uint8Array(8) }))).toThrow(/impossible shape/)
    expect(() => valuesOf(tensor(1, [2 ** 30], { raw: new Uint8Array(8) }))).toThrow(/has 8 bytes/)
    expect(() => valuesOf(tensor(1, [-1], {}))).toThrow(/impossible shape/)
    expect(() => valuesOf(tensor(1, [3], { floats: [Float32Array.of(1, 2)] }))).toThrow(/has 2 numbers/)
  })

  test('graphs in graphs in graphs are refused', () => {
    const nested = (depth: number): Uint8Array => {
      const w = new Writer()
      w.message(1, () => {
        w.message(5, () => {
          w.string(1, 'body')
          if (depth > 0) w.raw(6, nested(depth - 1))
        })
      })
      return w.bytes.slice()
    }
    const model = new Writer()
    model.raw(7, nested(60))
    expect(() => decodeModel(model.bytes)).toThrow(/nested more than/)
  })
})

function tensor(type: number, dims: number[], parts: Partial<TensorData>): TensorData {
  const empty = { raw: undefined, floats: [], doubles: [], integers: [], external: new Map(), isExternal: false }
  return { name: 't', dims, type, ...empty, ...parts }
}

const raw = (data: ArrayBufferView): { raw: Uint8Array } => ({
  raw: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
})

describe('encodings of numbers', () => {
  test.each<[string, TensorData, string, number[]]>([
    ['float, raw', tensor(1, [2], raw(Float32Array.of(1.5, -2))), 'float', [1.5, -2]],
    ['float, fields', tensor(1, [2], { floats: [Float32Array.of(1.5), Float32Array.of(-2)] }), 'float', [1.5, -2]],
    ['double, raw', tensor(11, [1], raw(Float64Array.of(0.1))), 'float', [Math.fround(0.1)]],
    ['double, fields', tensor(11, [1], { doubles: [Float64Array.of(0.1)] }), 'float', [Math.fround(0.1)]],
    ['float16, raw', tensor(10, [3], raw(Uint16Array.of(0x3e00, 0xc000, 1))), 'float', [1.5, -2, 2 ** -24]],
    ['float16, fields', tensor(10, [1], { integers: [[0x3e00]] }), 'float', [1.5]],
    ['bfloat16, raw', tensor(16, [2], raw(Uint16Array.of(0x3fc0, 0xc000))), 'float', [1.5, -2]],
    ['bfloat16, fields', tensor(16, [1], { integers: [[0x3fc0]] }), 'float', [1.5]],
    ['int64, raw', tensor(7, [2], raw(BigInt64Array.of(-1n, 2n ** 40n))), 'int', [-1, 2 ** 40]],
    ['int64, fields', tensor(7, [2], { integers: [[-1, 7]] }), 'int', [-1, 7]],
    ['int32, raw', tensor(6, [1], raw(Int32Array.of(-9))), 'int', [-9]],
    ['int16, raw', tensor(5, [1], raw(Int16Array.of(-9))), 'int', [-9]],
    ['int8, raw', tensor(3, [1], raw(Int8Array.of(-9))), 'int', [-9]],
    ['uint8, raw', tensor(2, [1], raw(Uint8Array.of(250))), 'int', [250]],
    ['uint16, raw', tensor(4, [1], raw(Uint16Array.of(65000))), 'int', [65000]],
    ['uint32, raw', tensor(12, [1], raw(Uint32Array.of(4e9))), 'int', [4e9]],
    ['uint64, fields', tensor(13, [1], { integers: [[12]] }), 'int', [12]],
    ['bool, raw', tensor(9, [2], raw(Uint8Array.of(0, 1))), 'bool', [0, 1]],
    ['a scalar', tensor(1, [], raw(Float32Array.of(3))), 'float', [3]],
    ['no elements', tensor(7, [0], {}), 'int', []],
  ])('%s', (_, data, kind, expected) => {
    const values = valuesOf(data)
    expect(values.kind).toBe(kind)
    expect(Array.from(values.data)).toEqual(expected)
  })

  test('raw bytes at any alignment', () => {
    const bytes = new Uint8Array(9)
    new DataView(bytes.buffer).setFloat32(1, 2.5, true)
    expect(Array.from(valuesOf(tensor(1, [1], { raw: bytes.subarray(1, 5) })).data)).toEqual([2.5])
  })

  test('types that are not read are named', () => {
    expect(() => valuesOf(tensor(17, [1], {}))).toThrow(/tensor t has elements of ONNX type 17/)
  })

  test('halves: every finite pattern comes back, others round to nearest even (property)', () => {
    for (let pattern = 0; pattern < 65536; pattern++) {
      if ((pattern & 0x7c00) === 0x7c00 && (pattern & 0x3ff) !== 0) continue
      expect(toHalf(fromHalf(pattern))).toBe(pattern)
    }
    fc.assert(
      fc.property(fc.float({ min: -60000, max: 60000, noNaN: true }), (x) => {
        const nearest = Math.abs(fromHalf(toHalf(x)) - x)
        const pattern = toHalf(x)
        for (const other of [pattern - 1, pattern + 1]) {
          if (other < 0 || (other & 0x7c00) === 0x7c00) continue
          expect(nearest).toBeLessThanOrEqual(Math.abs(fromHalf(other) - x))
        }
      }),
    )
    expect(toHalf(1 + 2 ** -11)).toBe(toHalf(1))
    expect(toHalf(1 + 3 * 2 ** -11)).toBe(toHalf(1 + 2 ** -9))
    expect([toHalf(1e6), toHalf(-1e6), toHalf(1e-9)]).toEqual([0x7c00, 0xfc00, 0])
    expect(Number.isNaN(fromHalf(toHalf(Number.NaN)))).toBe(true)
  })
})

describe('weights in another file', () => {
  const external = (entries: Record<string, string>): TensorData =>
    tensor(1, [2], { isExternal: true, external: new Map(Object.entries(entries)) })

  test('are read through the callback', () => {
    const calls: unknown[] = []
    const file = Float32Array.of(9, 1, 2, 9)
    const read = (location: string, offset: number, length: number | undefined): Uint8Array => {
      calls.push([location, offset, length])
      return new Uint8Array(file.buffer, offset, length)
    }
    const values = valuesOf(external({ location: 'w.bin', offset: '4', length: '8' }), read)
    expect(Array.from(values.data)).toEqual([1, 2])
    expect(Array.from(valuesOf(external({ location: 'w.bin', offset: '8' }), read).data)).toEqual([2, 9])
    expect(calls).toEqual([
      ['w.bin', 4, 8],
      ['w.bin', 8, undefined],
    ])
  })

  test('need it, and must be as long as the shape says', () => {
    expect(() => valuesOf(external({ location: 'w.bin' }))).toThrow(/lies in another file, w\.bin/)
    expect(() => valuesOf(external({ location: 'w.bin', length: '4' }), () => new Uint8Array(4))).toThrow(/has 4 bytes/)
    expect(() => valuesOf(external({ location: 'w.bin', offset: '-4' }), () => new Uint8Array(8))).toThrow(
      /offset "-4"/,
    )
  })
})

test('every network of the oracle is read', () => {
  for (const { file } of files) expect(layoutOf(importOnnx(modelBytes(file)).parameters).size).toBeGreaterThan(100)
})
