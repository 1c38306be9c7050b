/** Stacks, bands by name, cubes in memory. */
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { cropGrid, type Grid, memoryCube, parseCrs, selectBands, stack, wholeWindow } from '../src/index.ts'

const grid: Grid = { crs: parseCrs('EPSG:32632'), affine: [10, 0, 600000, 0, -10, 5200000], width: 8, height: 6 }
const ramp = (count: number, from = 0): Float32Array => Float32Array.from({ length: count }, (_, i) => from + i)
const bands = (...names: string[]) => names.map((name) => ({ name }))

describe('memoryCube', () => {
  it('gives windows, missing beyond the grid', async () => {
    const cube = memoryCube(ramp(96), bands('a', 'b'), grid)
    const values = await cube.read({ column: 6, row: -1, width: 3, height: 2 })
    expect([...values]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      6,
      7,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      54,
      55,
      Number.NaN,
    ])
  })

  it('refuses an array that does not fill the grid', () => {
    expect(() => memoryCube(ramp(95), bands('a', 'b'), grid)).toThrow(InputError)
  })
})

describe('selectBands', () => {
  const cube = memoryCube(ramp(144), bands('blue', 'green', 'red'), grid)

  it('takes bands in the order asked for', async () => {
    const picked = selectBands(cube, ['red', 'blue'])
    expect(picked.bands.map((b) => b.name)).toEqual(['red', 'blue'])
    const values = await picked.read({ column: 0, row: 0, width: 2, height: 1 })
    expect([...values]).toEqual([96, 97, 0, 1])
  })

  it('suggests the nearest name', () => {
    expect(() => selectBands(cube, ['gren'])).toThrow(
      expect.objectContaining({ tag: 'NoBand', hint: 'did you mean "green"?' }),
    )
  })
})

describe('stack', () => {
  it('aligns layers and keeps those that are aligned untouched', async () => {
    const fine = memoryCube(ramp(48), bands('dem'), grid)
    const coarse: Grid = { ...grid, affine: [20, 0, 600000, 0, -20, 5200000], width: 4, height: 3 }
    const other = memoryCube(ramp(12, 100), bands('dem', 'x').slice(0, 1), coarse)
    const both = stack([fine, other], grid, { resampling: ['bilinear', 'nearest'] })
    expect(both.bands.map((b) => b.name)).toEqual(['dem', 'dem_2'])
    const values = await both.read(wholeWindow(grid))
    expect(values.subarray(0, 48)).toEqual(ramp(48))
    expect([...values.subarray(48, 56)]).toEqual([100, 100, 101, 101, 102, 102, 103, 103])
  })

  it('takes one resampling for all, and parts of a grid', async () => {
    const cube = memoryCube(ramp(48), bands('a'), grid)
    const part = cropGrid(grid, { column: 2, row: 1, width: 3, height: 2 })
    const stacked = stack([cube, cube], part, { resampling: 'nearest' })
    expect([...(await stacked.read(wholeWindow(part)))]).toEqual([10, 11, 12, 18, 19, 20, 10, 11, 12, 18, 19, 20])
    expect(stacked.bands.map((b) => b.name)).toEqual(['a', 'a_2'])
  })
})
