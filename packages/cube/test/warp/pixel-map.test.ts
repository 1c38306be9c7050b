/** The map between pixels of two grids: polynomials within their tolerance, exact where they fail. */
import { describe, expect, it } from 'vitest'
import { type Affine, type Grid, parseCrs } from '../../src/index.ts'
import { BLOCK, pixelMap } from '../../src/warp/pixel-map.ts'

const grid = (crs: string, affine: Affine, width: number, height: number): Grid => ({
  crs: parseCrs(crs),
  affine,
  width,
  height,
})

const PAIRS: readonly (readonly [string, Grid, Grid])[] = [
  [
    'UTM to its neighbour',
    grid('EPSG:32633', [10, 0, 143500, 0, -10, 5210000], 2000, 2000),
    grid('EPSG:32632', [10, 0, 600000, 0, -10, 5200000], 2000, 2000),
  ],
  [
    'Mercator to sinusoidal, coarse',
    grid('EPSG:3857', [5000, 0, -2e6, 0, -5000, 8e6], 800, 800),
    grid('+proj=sinu +R=6371007.181', [926.6, 0, -2e6, 0, -926.6, 8e6], 5000, 5000),
  ],
  [
    'the pole',
    grid('EPSG:3031', [25000, 0, -4e6, 0, -25000, 4e6], 320, 320),
    grid('EPSG:4326', [0.25, 0, -180, 0, -0.25, 90], 1440, 720),
  ],
]

describe('pixelMap', () => {
  it.each(PAIRS)('stays within its tolerance: %s', (_, target, source) => {
    for (const tolerance of [1e-6, 1e-3]) {
      const map = pixelMap(target, source, tolerance)
      const window = { column: 100, row: 90, width: 130, height: 100 }
      const xs = new Float64Array(BLOCK * BLOCK)
      const ys = new Float64Array(BLOCK * BLOCK)
      let worst = 0
      for (const block of map.blocks(window)) {
        block.positions(0.5, block.width, block.height, xs, ys)
        for (let i = 0; i < block.width * block.height; i += 7) {
          const exact = Float64Array.of(
            block.column + (i % block.width) + 0.5,
            block.row + Math.floor(i / block.width) + 0.5,
          )
          map.exact(exact)
          if (Number.isNaN(exact[0]!)) expect(xs[i]).toBeNaN()
          else worst = Math.max(worst, Math.abs(exact[0]! - xs[i]!), Math.abs(exact[1]! - ys[i]!))
        }
      }
      // Checked at nine places a block; between them the error can be a little larger.
      expect(worst).toBeLessThan(1.5 * tolerance)
    }
  })

  it('covers a window with blocks that lie on the grid and do not overlap', () => {
    const [, target, source] = PAIRS[2]!
    const covered = new Uint8Array(320 * 320)
    for (const block of pixelMap(target, source, 1e-6).blocks({ column: 0, row: 0, width: 320, height: 320 })) {
      expect(block.column % block.width).toBe(0)
      for (let r = block.row; r < block.row + block.height; r++) {
        for (let c = block.column; c < block.column + block.width; c++) covered[r * 320 + c]!++
      }
    }
    expect(covered.every((count) => count === 1)).toBe(true)
  })

  it('needs few exact transformations', () => {
    const [, target, source] = PAIRS[0]!
    expect(pixelMap(target, source, 1e-6).blocks({ column: 0, row: 0, width: 1024, height: 1024 })).toHaveLength(256)
  })
})
