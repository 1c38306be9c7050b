import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeModel } from '../src/onnx/encode.ts'
import { OnnxGraph } from '../src/onnx/graph.ts'
import { Writer } from '../src/onnx/writer.ts'

/** A reader of the wire format, written from its specification: field numbers with their raw values. */
function read(bytes: Uint8Array): [number, bigint | Uint8Array][] {
  const out: [number, bigint | Uint8Array][] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asIntN(64, value)
    }
  }
  const take = (n: number): Uint8Array => {
    at += n
    return bytes.subarray(at - n, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const kind = tag & 7
    out.push([tag >> 3, kind === 0 ? varint() : take(kind === 5 ? 4 : Number(varint()))])
  }
  return out
}

const field = (bytes: Uint8Array, number: number): (bigint | Uint8Array)[] =>
  read(bytes)
    .filter(([n]) => n === number)
    .map(([, value]) => value)
const text = (value: bigint | Uint8Array | undefined): string => new TextDecoder().decode(value as Uint8Array)

describe('Writer', () => {
  test('integers of any sign round-trip (property)', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 1000 }), (value, number) => {
        const w = new Writer(1)
        w.integer(number, value)
        expect(read(w.bytes)).toEqual([[number, BigInt(value)]])
      }),
    )
  })

  test('nested messages of any size keep their contents and what follows (property)', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(127, 128, 16383, 16384, 70000)), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(sizes, (list) => {
        const w = new Writer(1)
        w.message(1, (inner) => {
          for (const size of list) inner.message(2, (deep) => deep.raw(3, new Uint8Array(size).fill(size % 251)))
        })
        w.string(4, 'end')
        const [[, outer], [, end]] = read(w.bytes) as [[number, Uint8Array], [number, Uint8Array]]
        const found = field(outer, 2).map((message) => field(message as Uint8Array, 3)[0])
        expect(found).toEqual(list.map((size) => new Uint8Array(size).fill(size % 251)))
        expect(text(end)).toBe('end')
      }),
      { numRuns: 50 },
    )
  })

  test('floats are little-endian', () => {
    const w = new Writer()
    w.float(2, 1)
    expect([...w.bytes]).toEqual([(2 << 3) | 5, 0, 0, 0x80, 0x3f])
  })
})

describe('OnnxGraph', () => {
  test('equal nodes and short constants are emitted once, different ones apart', () => {
    const g = new OnnxGraph()
    const x = g.input('x', [2], 'float32')
    expect(g.emit('Neg', [x], [2])).toBe(g.emit('Neg', [x], [2]))
    expect(g.emit('Elu', [x], [2], { attributes: { alpha: 1 } })).not.toBe(
      g.emit('Elu', [x], [2], { attributes: { alpha: 2 } }),
    )
    expect(g.emit('Neg', [x], [2], { domain: 'com.microsoft' })).not.toBe(g.emit('Neg', [x], [2]))
    expect(g.scalar(3)).toBe(g.scalar(3))
    expect(g.scalar(3)).not.toBe(g.constant(Float32Array.of(3), [1]))
    expect(g.integers([1])).not.toBe(g.scalar(1))
  })

  test('the encoded model declares opsets of the domains in use, names, shapes and metadata', () => {
    const g = new OnnxGraph()
    const x = g.input('x', [2, 3], 'float32')
    g.scope = 'layer'
    g.output('y', g.emit('QuickGelu', [x], [2, 3], { domain: 'com.microsoft', attributes: { alpha: { float: 1 } } }))
    const bytes = encodeModel(g, { opset: 18, metadata: { a: 'b' }, dynamic: { x: { 0: 'batch' } } })
    const opsets = field(bytes, 8).map((o) => [text(field(o as Uint8Array, 1)[0]), field(o as Uint8Array, 2)[0]])
    expect(opsets).toEqual(
      expect.arrayContaining([
        ['', 18n],
        ['com.microsoft', 1n],
      ]),
    )
    const graph = field(bytes, 7)[0] as Uint8Array
    const nodes = field(graph, 1) as Uint8Array[]
    expect(nodes.map((node) => text(field(node, 4)[0]))).toEqual(['QuickGelu', 'Identity'])
    expect(text(field(nodes[0]!, 3)[0])).toBe('layer/QuickGelu.0')
    expect(text(field(graph, 11)[0])).toContain('batch')
    expect(text(field(bytes, 14)[0])).toContain('b')
  })
})
