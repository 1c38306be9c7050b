/** Warping against GDAL with error threshold 0 (oracles/raster/make_warp.py), and against itself. */
import { inflateSync } from 'node:zlib'
import { CancelledError, InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import cases from '../../../../oracles/raster/warp.json' with { type: 'json' }
import more from '../../../../oracles/raster/warp_more.json' with { type: 'json' }
import {
  type Affine,
  type BandCube,
  type Grid,
  memoryCube,
  parseCrs,
  type Resampling,
  warp,
  wholeWindow,
} from '../../src/index.ts'
import { expectClose, formula } from './formula.ts'

const RESAMPLINGS = ['nearest', 'bilinear', 'cubic', 'average', 'mode'] as const

function cubeOf(
  crs: string,
  affine: readonly number[],
  [width = 0, height = 0]: readonly number[],
  modulus = 251,
  holes = false,
) {
  const grid: Grid = { crs: parseCrs(crs), affine: affine as unknown as Affine, width, height }
  return memoryCube(formula(width, height, modulus, holes), [{ name: 'a' }], grid)
}

describe('warp equals GDAL', () => {
  it.each(cases)('$name, $resampling, holes $holes', async (row) => {
    const resampling = row.resampling as Resampling
    const source = cubeOf(row.crs, row.affine, row.size, resampling === 'mode' ? 5 : 251, row.holes)
    const target = cubeOf(row.target.crs, row.target.affine, row.target.size).grid
    const bytes = new Uint8Array(inflateSync(Buffer.from(row.values, 'base64')))
    const expected = new Float32Array(bytes.buffer)
    const values = await warp(source, target, { resampling }).read(wholeWindow(target))
    // Values reach 62; float32 rounding of sums in another order is about 4e-6.
    expectClose(values, expected, 1e-5)
    const exact = await warp(source, target, { resampling, tolerance: 0 }).read(wholeWindow(target))
    expectClose(exact, expected, 1e-5)
  })
})

describe('warp equals GDAL at poles, across 180 degrees, on world and sinusoidal maps, by rarer methods', () => {
  it.each(more)('$name, $resampling, holes $holes', async (row) => {
    const source = cubeOf(row.crs, row.affine, row.size, row.resampling === 'mode' ? 5 : 251, row.holes)
    const target = cubeOf(row.target.crs, row.target.affine, row.target.size).grid
    const expected = new Float32Array(new Uint8Array(inflateSync(Buffer.from(row.values, 'base64'))).buffer)
    const resampling = row.resampling as Resampling
    const options = 'errorThreshold' in row ? { resampling, errorThreshold: row.errorThreshold } : { resampling }
    const values = await warp(source, target, options).read(wholeWindow(target))
    // Values reach 62; positions agree to a millionth of a pixel.
    expectClose(values, expected, 5e-5)
  })
})

describe('warp', () => {
  const source = cubeOf('EPSG:32632', [30, 0, 600000, 0, -30, 5200000], [300, 280])
  const target: Grid = {
    crs: parseCrs('EPSG:32633'),
    affine: [30, 0, 143100, 0, -30, 5210000],
    width: 260,
    height: 250,
  }

  it.each([
    ...RESAMPLINGS.map((resampling) => ({ resampling })),
    { resampling: 'lanczos' },
    { resampling: 'sum' },
    { resampling: 'bilinear', errorThreshold: 0.125 },
  ] as const)('gives a window the same values as the whole, %j', async (options) => {
    const cube = warp(source, target, options)
    const whole = await cube.read(wholeWindow(target))
    await fc.assert(
      fc.asyncProperty(
        fc.nat(250),
        fc.nat(240),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        async (column, row, width, height) => {
          const part = await cube.read({ column, row, width, height })
          for (let r = 0; r < height; r++) {
            for (let c = 0; c < width; c++) {
              const inside = column + c < target.width && row + r < target.height
              if (inside) expect(part[r * width + c]).toEqual(whole[(row + r) * target.width + column + c])
            }
          }
        },
      ),
      { numRuns: 12 },
    )
  })

  it('keeps positions within its tolerance', async () => {
    // A plane: the value is the position, so the difference of results is that of positions.
    const { grid } = source
    const plane = new Float32Array(grid.width * grid.height)
    for (let i = 0; i < plane.length; i++) plane[i] = i % grid.width
    const cube = memoryCube(plane, [{ name: 'column' }], grid)
    const fast = await warp(cube, target, {}).read(wholeWindow(target))
    const exact = await warp(cube, target, { tolerance: 0 }).read(wholeWindow(target))
    expectClose(fast, exact, 3e-5)
  })

  it('is the source itself on an equal grid, reads nothing before it is asked, and passes cancellation', async () => {
    let reads = 0
    const counted: BandCube = { ...source, read: (w, o) => source.read(w, o).finally(() => reads++) }
    const same = warp(counted, { ...source.grid, crs: parseCrs('+proj=utm +zone=32 +datum=WGS84') }, {})
    expect(reads).toBe(0)
    const window = { column: 3, row: 4, width: 5, height: 6 }
    expect(await same.read(window)).toEqual(await source.read(window))
    const signal = AbortSignal.abort()
    await expect(warp(source, target).read(window, { signal })).rejects.toThrow(CancelledError)
  })

  it('reads only what a window needs', async () => {
    const windows: number[] = []
    const watched: BandCube = {
      ...source,
      read: (w, o) => source.read(w, o).finally(() => windows.push(w.width * w.height)),
    }
    await warp(watched, target).read({ column: 100, row: 100, width: 10, height: 10 })
    expect(Math.max(...windows)).toBeLessThan(80 * 80)
  })

  it('is missing everywhere where grids do not meet', async () => {
    const far: Grid = { ...target, affine: [30, 0, 500000, 0, -30, 100000] }
    for (const resampling of RESAMPLINGS) {
      const values = await warp(source, far, { resampling }).read({ column: 0, row: 0, width: 20, height: 20 })
      expect(values.every(Number.isNaN)).toBe(true)
    }
  })

  it('crosses the meridian of 180 degrees and grids from 0 to 360', async () => {
    const world = cubeOf('EPSG:4326', [1, 0, 0, 0, -1, 90], [360, 180])
    const fiji: Grid = {
      crs: parseCrs('EPSG:32760'),
      affine: [50000, 0, 300000, 0, -50000, 8500000],
      width: 12,
      height: 8,
    }
    const values = await warp(world, fiji, { resampling: 'nearest' }).read(wholeWindow(fiji))
    expect(values.some(Number.isNaN)).toBe(false)
  })

  it('has the same places on other turns of one system, in any window', async () => {
    const world = cubeOf('EPSG:4326', [1, 0, 0, 0, -1, 90], [360, 180])
    const at = formula(360, 180, 251, false)
    const west: Grid = { ...world.grid, affine: [1, 0, -180, 0, -1, 90] }
    const turned = warp(world, west, { resampling: 'nearest' })
    const whole = await turned.read(wholeWindow(west))
    const expected = whole.map((_, i) => at[Math.floor(i / 360) * 360 + (((i % 360) + 180) % 360)]!)
    expect(whole).toEqual(expected)
    const part = await turned.read({ column: 177, row: 20, width: 7, height: 2 })
    expect([...part]).toEqual([0, 1].flatMap((r) => [...expected.subarray((20 + r) * 360 + 177, (20 + r) * 360 + 184)]))
    // Half pixels, from the source turned by hand.
    const fine: Grid = { ...west, affine: [0.5, 0, -170.25, 0, -0.5, 40], width: 300, height: 60 }
    const byHand = memoryCube(at, world.bands, { ...world.grid, affine: [1, 0, -360, 0, -1, 90] })
    for (const resampling of ['bilinear', 'cubic', 'average'] as const) {
      const values = await warp(world, fine, { resampling }).read(wholeWindow(fine))
      expect(values).toEqual(await warp(byHand, fine, { resampling }).read(wholeWindow(fine)))
    }
    const beyond: Grid = { ...west, affine: [1, 0, 10, 0, -1, 200], width: 5, height: 5 }
    expect((await warp(world, beyond).read(wholeWindow(beyond))).every(Number.isNaN)).toBe(true)
  })

  it('resamples every band by itself', async () => {
    const { grid } = source
    const size = grid.width * grid.height
    const two = new Float32Array(2 * size).fill(1)
    two.fill(Number.NaN, size, size + 40 * grid.width)
    const cube = memoryCube(two, [{ name: 'full' }, { name: 'holed' }], grid)
    const values = await warp(cube, target, { resampling: 'cubic' }).read(wholeWindow(target))
    const half = values.length / 2
    const missing = (from: number): number => values.subarray(from, from + half).filter(Number.isNaN).length
    expect(missing(half)).toBeGreaterThan(missing(0))
  })

  it('refuses an unknown resampling by name', () => {
    expect(() => warp(source, target, { resampling: 'gauss' as Resampling })).toThrow(InputError)
  })
})
