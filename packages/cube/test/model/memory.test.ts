/** Boxes of row-major arrays, and cubes over arrays in memory. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FLOAT64, type Packing } from '../../src/model/block.ts'
import { copyBox, sliceBox } from '../../src/model/copy.ts'
import { memorySource } from '../../src/model/memory.ts'
import { cellCount, stridesOf } from '../../src/model/region.ts'

const other = (name: string, length: number) => ({
  type: 'other' as const,
  name,
  labels: Array.from({ length }, (_, i) => i),
})

/** Every index of a box, in row-major order. */
function* positions(shape: readonly number[]): Generator<number[]> {
  for (let i = 0; i < cellCount(shape); i++) {
    let rest = i
    yield stridesOf(shape).map((stride) => {
      const index = Math.floor(rest / stride)
      rest -= index * stride
      return index
    })
  }
}

const at = (shape: readonly number[], position: readonly number[]) =>
  stridesOf(shape).reduce((sum, stride, d) => sum + stride * position[d]!, 0)

describe('copyBox', () => {
  it('copies what a loop over all positions copies', () => {
    const axis = fc.record({
      n: fc.integer({ min: 0, max: 3 }),
      a: fc.nat(2),
      b: fc.nat(2),
      c: fc.nat(2),
      d: fc.nat(2),
    })
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 4 }), (axes) => {
        const shape = axes.map((x) => x.n)
        const [from, to] = [axes.map((x) => x.a), axes.map((x) => x.b)]
        const sourceShape = axes.map((x) => x.n + x.a + x.c)
        const targetShape = axes.map((x) => x.n + x.b + x.d)
        const source = Int16Array.from({ length: cellCount(sourceShape) }, (_, i) => i + 1)
        const target = new Int16Array(cellCount(targetShape))
        const expected = new Int16Array(target.length)
        for (const position of positions(shape)) {
          const read = position.map((p, d) => p + from[d]!)
          const write = position.map((p, d) => p + to[d]!)
          expected[at(targetShape, write)] = source[at(sourceShape, read)]!
        }
        copyBox(source, sourceShape, from, target, targetShape, to, shape)
        expect(target).toEqual(expected)
      }),
    )
  })

  it('gives the array itself for a region that covers it', () => {
    const data = Float32Array.of(1, 2, 3, 4)
    expect(sliceBox(data, [2, 2], { start: [0, 0], shape: [2, 2] })).toBe(data)
    expect(sliceBox(data, [2, 2], { start: [0, 1], shape: [2, 1] })).toEqual(Float32Array.of(2, 4))
  })
})

describe('memorySource', () => {
  it('reads regions in the packing of the schema', async () => {
    const packing: Packing = { dtype: 'uint8', nodata: 0, scale: 0.5, offset: 1 }
    const node = memorySource(
      Uint8Array.of(1, 2, 3, 4, 5, 6),
      { dims: [other('a', 2), other('b', 3)], packing },
      'made up',
    )
    expect(node).toMatchObject({ kind: 'source', label: 'made up', inputs: [] })
    expect(node.source.chunks).toEqual([2, 3])
    expect(await node.source.read({ start: [0, 1], shape: [2, 2] })).toEqual(Uint8Array.of(2, 3, 5, 6))
    await node.source.close()
  })

  it('keeps shared memory as it is, for threads', () => {
    const shared = new Float64Array(new SharedArrayBuffer(16)) as unknown as Float64Array<ArrayBuffer>
    const node = memorySource(shared, { dims: [other('a', 2)], packing: FLOAT64 })
    expect((node.source.handle.data as Float64Array).buffer).toBe(shared.buffer)
  })

  it('reads a cube without dimensions and one without cells', async () => {
    const one = memorySource(Float64Array.of(7), { dims: [], packing: FLOAT64 })
    expect(await one.source.read({ start: [], shape: [] })).toEqual(Float64Array.of(7))
    const none = memorySource(new Float64Array(0), { dims: [other('a', 0)], packing: FLOAT64 })
    expect(await none.source.read({ start: [0], shape: [0] })).toEqual(new Float64Array(0))
  })

  it('refuses arrays of another size, and ended work', async () => {
    const schema = { dims: [other('a', 2)], packing: FLOAT64 }
    expect(() => memorySource(Float64Array.of(1), schema)).toThrow(expect.objectContaining({ tag: 'BadShape' }))
    const node = memorySource(Float64Array.of(1, 2), schema)
    const reading = node.source.read({ start: [0], shape: [1] }, { signal: AbortSignal.abort() })
    await expect(reading).rejects.toThrow()
  })
})
