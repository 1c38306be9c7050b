/** The pieces of a warp against those that GDAL 3.6 reports (CPL_DEBUG=ON), and positions along rows. */
import { describe, expect, it } from 'vitest'
import { type Affine, type Grid, parseCrs } from '../../src/index.ts'
import { chunksOf } from '../../src/warp/chunks.ts'
import { pixelMap } from '../../src/warp/pixel-map.ts'
import { warpPlan } from '../../src/warp/plan.ts'

const gridOf = (crs: string, affine: Affine, width: number, height: number): Grid => ({
  crs: parseCrs(crs),
  affine,
  width,
  height,
})

const MODIS = gridOf(
  '+proj=sinu +R=6371007.181',
  [231.6563582639561, 0, -7274009.649486291, 0, -231.65635826375018, 5050108.61015275],
  200,
  200,
)
const UTM = gridOf(
  'EPSG:32615',
  [388.5942472830014, 0, 484874.54569851706, 0, -388.5942472830014, 5029316.395716385],
  257,
  119,
)

const shown = (target: Grid, source: Grid, radius: number): string[] =>
  chunksOf(target, source, radius)
    .within({ column: 0, row: 0, width: target.width, height: target.height })
    .filter((chunk) => chunk.source.width > 0)
    .map(
      ({ source: s, ...c }) =>
        `${s.column},${s.row},${s.width}x${s.height} ${c.column},${c.row},${c.width}x${c.height}`,
    )

describe('chunksOf', () => {
  it('halves what lies half beside the source', () => {
    expect(shown(UTM, MODIS, 0)).toEqual([
      '0,0,108x99 0,0,64x59',
      '0,0,200x200 64,0,64x119',
      '0,0,200x200 128,0,64x119',
      '90,99,110x101 192,59,65x60',
    ])
  })

  it('sees both ends of a source across the meridian of 180 degrees', () => {
    const world = gridOf('EPSG:4326', [5, 0, -180, 0, -5, 90], 72, 36)
    const pacific = gridOf('EPSG:3832', [300000, 0, -3000000, 0, -300000, 4500000], 40, 30)
    expect(shown(pacific, world, 1)).toEqual(['0,9,72x18 0,0,40x30'])
    expect(shown(pacific, world, 2)).toEqual(['0,8,72x20 0,0,40x30'])
    const [chunk] = chunksOf(pacific, world, 1).within({ column: 0, row: 0, width: 40, height: 30 })
    expect(chunk!.scale[0]).toBeCloseTo(40 / 72, 10)
  })

  it('gives only the chunks that meet a window', () => {
    const met = chunksOf(UTM, MODIS, 0).within({ column: 70, row: 10, width: 20, height: 20 })
    expect(met).toHaveLength(1)
    expect(met[0]).toMatchObject({ column: 64, row: 0, width: 64, height: 119 })
  })

  it('takes ratios of resolution near a whole number as whole, and near 1 as 1', () => {
    const fine = gridOf('EPSG:32632', [10, 0, 600000, 0, -10, 5200000], 90, 90)
    const coarse = (size: number): Grid => gridOf('EPSG:32632', [size, 0, 600000, 0, -size, 5200000], 30, 30)
    const scale = (size: number): number => chunksOf(coarse(size), fine, 2).within(WINDOW)[0]!.scale[0]
    const WINDOW = { column: 0, row: 0, width: 30, height: 30 }
    expect(scale(20.3)).toBe(1 / 2)
    expect(scale(25)).toBeCloseTo(0.4, 10)
    expect(scale(10.4)).toBe(1)
  })
})

describe('positions with an error threshold', () => {
  it('lie on straight lines along rows, within the threshold in the middle', () => {
    const { pieces } = warpPlan(UTM, MODIS, { resampling: 'nearest', errorThreshold: 0.125 })
    const window = { column: 128, row: 40, width: 64, height: 1 }
    const [piece] = pieces(window)
    const [xs, ys] = [new Float64Array(64), new Float64Array(64)]
    piece!.blocks[0]!.positions(0.5, 64, 1, xs, ys)
    const exact = Float64Array.from({ length: 128 }, (_, i) => (i % 2 === 0 ? 128.5 + i / 2 : 40.5))
    pixelMap(UTM, MODIS, 0).exact(exact)
    let worst = 0
    for (let i = 0; i < 64; i++) {
      if (!Number.isNaN(xs[i]!)) worst = Math.max(worst, Math.hypot(xs[i]! - exact[2 * i]!, ys[i]! - exact[2 * i + 1]!))
    }
    expect(worst).toBeGreaterThan(1e-4)
    expect(worst).toBeLessThan(0.125)
  })

  it('is exact for methods over areas', () => {
    const [piece] = warpPlan(UTM, MODIS, { resampling: 'average', errorThreshold: 0.125 }).pieces({
      column: 64,
      row: 64,
      width: 64,
      height: 55,
    })
    const [xs, ys] = [new Float64Array(65 * 65), new Float64Array(65 * 65)]
    const block = piece!.blocks[0]!
    block.positions(0, 1, 1, xs, ys)
    const corner = Float64Array.of(block.column, block.row)
    pixelMap(UTM, MODIS, 0).exact(corner)
    expect(Math.abs(xs[0]! - corner[0]!)).toBeLessThan(2e-6)
  })
})
