/** convert_data_type: what NumPy's `rint`, `clip` and `astype` give, and no value that becomes missing by chance. */
import { describe, expect, it } from 'vitest'
import { Cube } from '../../../src/fluent/cube.ts'
import type { Packing } from '../../../src/model/block.ts'
import { memorySource } from '../../../src/model/memory.ts'
import { computeCube } from '../../../src/plan/compute.ts'

const NONE = Number.NaN
const made = (values: readonly number[], packing: Packing = { dtype: 'float64', scale: 1, offset: 0 }): Cube => {
  const dims = [{ type: 'other' as const, name: 'i', labels: values.map((_, i) => i) }]
  const data = packing.dtype === 'uint8' ? Uint8Array.from(values) : Float64Array.from(values)
  return new Cube(memorySource(data, { dims, packing }, 'made up'))
}
const stored = async (cube: Cube): Promise<number[]> => [
  ...(await computeCube(cube.node, { region: { start: [0], shape: [...cube.shape] } })).data,
]

describe('convert_data_type', () => {
  const cube = made([-1, 0.5, 1.5, 254.6, 300, NONE])

  it('rounds halves to even and keeps integers in their range, beside the value for missing', async () => {
    expect(await stored(cube.astype('uint8', { nodata: 255 }))).toEqual([0, 0, 2, 254, 254, 255])
    expect(await stored(cube.astype('uint8', { nodata: 0 }))).toEqual([1, 1, 2, 255, 255, 0])
    expect(await stored(cube.astype('int8', { nodata: 7 }))).toEqual([-1, 0, 2, 127, 127, 7])
  })

  it('packs with scale and offset, and computes on with what is stored', async () => {
    const ndvi = made([-0.25, 0.12346, NONE]).astype('int16', { scale: 1e-4, nodata: -32768 })
    expect(await stored(ndvi)).toEqual([-2500, 1235, -32768])
    const more = await ndvi.multiply(10).compute()
    ;[-2.5, 1.235].forEach((value, i) => {
      expect(more.at(i)).toBeCloseTo(value, 6)
    })
    expect(more.at(2)).toBeNaN()
    expect(await stored(made([100, 130.2]).astype('uint8', { offset: 100, scale: 0.5, nodata: 255 }))).toEqual([0, 60])
  })

  it('does not leave the rounding out where steps are computed together', async () => {
    const half = made([0.4, 1.4, 2.4]).astype('int16', { nodata: -1 })
    expect((await half.sum('i').compute()).at()).toBe(3)
  })

  it('goes to floats, and from integers without a value for missing', async () => {
    expect(await stored(cube.astype('float32'))).toEqual([-1, 0.5, 1.5, Math.fround(254.6), 300, NONE])
    const bytes = made([1, 200], { dtype: 'uint8', scale: 1, offset: 0 })
    expect(bytes.astype('int16').node.schema.packing).toEqual({ dtype: 'int16', scale: 1, offset: 0 })
    expect(await stored(bytes.astype('int8'))).toEqual([1, 127])
  })

  it('wants a value for missing where cells may be', () => {
    expect(() => cube.astype('int16')).toThrow(expect.objectContaining({ tag: 'NoNodata' }))
    expect(() => cube.astype('uint8', { nodata: -1 })).toThrow(expect.objectContaining({ tag: 'BadNodata' }))
  })
})
