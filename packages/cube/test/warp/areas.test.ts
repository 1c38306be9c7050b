/** Target pixels larger than the source, or beyond its border; numbers by gdalwarp -et 0 (GDAL 3.6). */
import { describe, expect, it } from 'vitest'
import { type Affine, type Grid, memoryCube, parseCrs, type Resampling, warp, wholeWindow } from '../../src/index.ts'

const crs = parseCrs('EPSG:32632')
const gridOf = (affine: Affine, width: number, height: number): Grid => ({ crs, affine, width, height })
const source = gridOf([10, 0, 0, 0, -10, 0], 12, 12)
const ones = memoryCube(new Float32Array(144).fill(1), [{ name: 'a' }], source)

async function warped(target: Grid, resampling: Resampling): Promise<number[]> {
  return Array.from(await warp(ones, target, { resampling }).read(wholeWindow(target)))
}

describe('pixels that stick out of the source', () => {
  it('far are missing, near are filled', async () => {
    // 12 columns of 60 m about 12 of 10 m: GDAL takes the scale as 1, so that more than two pixels of 10 m are too far.
    const target = gridOf([60, 0, -300, 0, -60, 0], 12, 2)
    const values = await warped(target, 'max')
    expect(values.slice(0, 12).map((v) => !Number.isNaN(v))).toEqual(
      Array.from({ length: 12 }, (_, i) => i === 5 || i === 6),
    )
    const off = gridOf([60, 0, -330, 0, -60, 0], 12, 2)
    expect((await warped(off, 'max')).slice(0, 12).map((v) => !Number.isNaN(v))).toEqual(
      Array.from({ length: 12 }, (_, i) => i === 6),
    )
  })
})

describe('sum', () => {
  it('keeps the total where the target covers the source', async () => {
    const total = (values: readonly number[]): number => values.reduce((sum, v) => sum + (Number.isNaN(v) ? 0 : v), 0)
    for (const [affine, expected] of [
      [[25, 0, -20, 0, -25, 13], 144],
      [[3, 0, -4, 0, -7, 5], 144],
      // A corner lies outside of this one.
      [[16, 9, -60, 9, -16, 40], 136],
    ] as const) {
      expect(total(await warped(gridOf(affine, 60, 60), 'sum'))).toBeCloseTo(expected, 3)
    }
  })

  it('gives a pixel the parts that lie in it', async () => {
    const ramp = memoryCube(
      Float32Array.from({ length: 144 }, (_, i) => i % 12),
      [{ name: 'a' }],
      source,
    )
    const target = gridOf([15, 0, 0, 0, -15, 0], 4, 2)
    const values = await warp(ramp, target, { resampling: 'sum' }).read(wholeWindow(target))
    // 1.5 rows of 0 + 1 / 2, then of 1 / 2 + 2, ...
    expect(Array.from(values.subarray(0, 4))).toEqual([0.75, 3.75, 7.5, 10.5])
  })

  it('leaves missing pixels out', async () => {
    const holed = memoryCube(
      Float32Array.from({ length: 144 }, (_, i) => (i % 12 < 6 ? Number.NaN : 1)),
      [{ name: 'a' }],
      source,
    )
    const target = gridOf([20, 0, 10, 0, -20, 0], 5, 1)
    const values = await warp(holed, target, { resampling: 'sum' }).read(wholeWindow(target))
    expect(Array.from(values)).toEqual([Number.NaN, Number.NaN, 2, 4, 4])
  })
})
