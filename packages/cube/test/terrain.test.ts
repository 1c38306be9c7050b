/** Terrain layers against gdaldem, analytic surfaces, and their laziness. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../src/crs/crs.ts'
import { aspect, curvature, hillshade, roughness, ruggedness, slope, topographicPosition } from '../src/terrain.ts'
import type { Affine, BandCube, Grid, Window } from '../src/types.ts'

interface Case {
  readonly name: 'plane' | 'oblong' | 'degrees'
  readonly affine: Affine
  readonly edges: boolean
  readonly scale: number
  readonly slope: readonly (number | null)[]
  readonly aspect: readonly (number | null)[] | null
  readonly hillshade: readonly (number | null)[]
  readonly TRI?: readonly (number | null)[]
  readonly TPI?: readonly (number | null)[]
  readonly Roughness?: readonly (number | null)[]
}
interface Oracle {
  readonly width: number
  readonly height: number
  readonly nodata: number
  readonly dem: readonly number[]
  readonly cases: readonly Case[]
}
const oracle = JSON.parse(
  readFileSync(new URL('../../../oracles/vector/terrain.json', import.meta.url), 'utf8'),
) as Oracle

const plane = parseCrs('EPSG:32723')
const degrees = parseCrs('EPSG:4326')

/** A cube in memory, missing outside. */
function cubeOf(grid: Grid, values: ArrayLike<number>, bands = [{ name: 'dem' }]): BandCube {
  return {
    dims: ['bands', 'y', 'x'],
    bands,
    grid,
    label: 'dem',
    read: async ({ column, row, width, height }) => {
      const out = new Float32Array(bands.length * width * height).fill(Number.NaN)
      for (let b = 0; b < bands.length; b++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const [c, r] = [column + x, row + y]
            if (c < 0 || r < 0 || c >= grid.width || r >= grid.height) continue
            out[(b * height + y) * width + x] = values[(b * grid.height + r) * grid.width + c]!
          }
        }
      }
      return out
    },
  }
}
const whole = ({ width, height }: Grid): Window => ({ column: 0, row: 0, width, height })

describe('terrain equals gdaldem', () => {
  for (const one of oracle.cases) {
    const grid: Grid = {
      crs: one.name === 'degrees' ? degrees : plane,
      affine: one.affine,
      width: oracle.width,
      height: oracle.height,
    }
    const dem = cubeOf(
      grid,
      oracle.dem.map((z) => (z === oracle.nodata ? Number.NaN : z)),
    )
    const options = {
      edges: one.edges ? ('extrapolate' as const) : ('missing' as const),
      ...(one.scale === 1 ? {} : { metresPerUnit: one.scale }),
    }
    const compare = async (cube: BandCube, expected: readonly (number | null)[], tolerance: number): Promise<void> => {
      const values = await cube.read(whole(grid))
      values.forEach((value, i) => {
        const wanted = expected[i]!
        if (wanted === null) expect(value).toBeNaN()
        else expect(Math.abs(value - wanted), `pixel ${i}: ${value} for ${wanted}`).toBeLessThanOrEqual(tolerance)
      })
    }
    const title = `${one.name}, edges ${one.edges}`
    // gdaldem computes in 32 bits.
    it(`slope, ${title}`, () => compare(slope(dem, options), one.slope, 5e-4))
    const azimuths = one.aspect
    if (azimuths !== null) it(`aspect, ${title}`, () => compare(aspect(dem, options), azimuths, 5e-3))
    for (const [mode, layer] of [
      ['TRI', ruggedness],
      ['TPI', topographicPosition],
      ['Roughness', roughness],
    ] as const) {
      const expected = one[mode]
      if (expected !== undefined) it(`${mode}, ${title}`, () => compare(layer(dem, options), expected, 5e-4))
    }
    // gdaldem rounds to whole numbers.
    it(`hillshade, ${title}`, () =>
      compare(hillshade(dem, { ...options, azimuthDeg: 200, altitudeDeg: 35 }), one.hillshade, 0.5001))
  }
})

/** A surface sampled at pixel centres; x east, y north, in metres. */
function sample(grid: Grid, z: (x: number, y: number) => number): BandCube {
  const [a, b, c, d, e, f] = grid.affine
  const values = Float64Array.from({ length: grid.width * grid.height }, (_, i) => {
    const [column, row] = [(i % grid.width) + 0.5, Math.floor(i / grid.width) + 0.5]
    return z(a * column + b * row + c, d * column + e * row + f)
  })
  return cubeOf(grid, values)
}

/** All but the four corners, where gdaldem repeats columns. */
const inner = (values: Float32Array, { width, height }: Grid): number[] =>
  [...values].filter((_, i) => ![0, width - 1, width * (height - 1), width * height - 1].includes(i))

describe('terrain of known surfaces', () => {
  const affines: Readonly<Record<string, Affine>> = {
    'north up': [5, 0, -50, 0, -5, 50],
    'south up': [5, 0, -50, 0, 4, -40],
    mirrored: [-5, 0, 50, 0, -5, 50],
    rotated: [3, 4, -70, 4, -3, 0],
  }
  for (const [name, affine] of Object.entries(affines)) {
    const grid: Grid = { crs: plane, affine, width: 20, height: 20 }

    it(`slope and aspect of an inclined plane, ${name}`, async () => {
      // Rises to the north-east by 45 degrees, so it faces south-west.
      const dem = sample(grid, (x, y) => (x + y) / Math.SQRT2 + 300)
      for (const value of inner(await slope(dem).read(whole(grid)), grid)) expect(value).toBeCloseTo(45, 3)
      for (const value of inner(await aspect(dem).read(whole(grid)), grid)) expect(value).toBeCloseTo(225, 2)
      const parts = await aspect(dem, { as: 'components' }).read({ column: 3, row: 3, width: 1, height: 1 })
      expect([...parts].map((v) => Math.round(v * 1e4) / 1e4)).toEqual([-0.5, -0.5])
      const [light] = await hillshade(dem, { azimuthDeg: 225, altitudeDeg: 45 }).read({
        column: 9,
        row: 9,
        width: 1,
        height: 1,
      })
      expect(light).toBeCloseTo(255, 3)
    })

    it(`curvature of a quadratic, ${name}`, async () => {
      const [p, q, r, s, t] = [0.3, -0.2, 0.012, 0.005, -0.008]
      const dem = sample(grid, (x, y) => p * x + q * y + (r * x * x) / 2 + s * x * y + (t * y * y) / 2)
      const values = await curvature(dem, { kinds: ['profile', 'plan', 'total'] }).read(whole(grid))
      const [a, b, c, d, e, f] = affine
      for (let i = 0; i < 400; i++) {
        const [column, row] = [(i % 20) + 0.5, Math.floor(i / 20) + 0.5]
        if (column < 1 || row < 1 || column > 19 || row > 19) continue
        const [x, y] = [a * column + b * row + c, d * column + e * row + f]
        const [gx, gy] = [p + r * x + s * y, q + s * x + t * y]
        const steepness = gx * gx + gy * gy
        expect(values[i]).toBeCloseTo(-(r * gx * gx + 2 * s * gx * gy + t * gy * gy) / steepness, 4)
        expect(values[400 + i]).toBeCloseTo(-(r * gy * gy - 2 * s * gx * gy + t * gx * gx) / steepness, 4)
        expect(values[800 + i]).toBeCloseTo(-(r + t), 4)
      }
    })
  }

  it('takes degrees as metres of their latitude', async () => {
    const grid: Grid = { crs: degrees, affine: [0.001, 0, 10, 0, -0.001, 60.01], width: 8, height: 8 }
    const dem = sample(grid, (x) => x * 55800)
    for (const value of inner(await slope(dem).read(whole(grid)), grid)) expect(value).toBeCloseTo(45, 1)
  })
})

describe('terrain as a cube', () => {
  const grid: Grid = { crs: plane, affine: [5, 0, 0, 0, -5, 0], width: 30, height: 20 }
  const dem = sample(grid, (x, y) => 40 * Math.sin(x / 31) + 30 * Math.cos(y / 17))

  it('gives the same values for any window, missing outside', async () => {
    for (const cube of [slope(dem), curvature(dem), hillshade(dem, { edges: 'missing' })]) {
      const all = await cube.read(whole(grid))
      for (const window of [
        { column: 0, row: 0, width: 7, height: 20 },
        { column: 11, row: 3, width: 19, height: 1 },
        { column: -4, row: -2, width: 40, height: 30 },
        { column: 28, row: 18, width: 5, height: 5 },
        { column: 0, row: 5, width: 1, height: 4 },
        { column: 29, row: 0, width: 1, height: 20 },
        { column: 40, row: 2, width: 3, height: 3 },
      ]) {
        const part = await cube.read(window)
        const size = window.width * window.height
        part.forEach((value, i) => {
          const [band, at] = [Math.floor(i / size), i % size]
          const [c, r] = [window.column + (at % window.width), window.row + Math.floor(at / window.width)]
          const outside = c < 0 || r < 0 || c >= 30 || r >= 20
          expect(value).toBe(outside ? Number.NaN : all[(band * 20 + r) * 30 + c])
        })
      }
    }
  })

  it('copes with a raster of one pixel, one row, one column', async () => {
    for (const [width, height] of [
      [1, 1],
      [5, 1],
      [1, 5],
    ] as const) {
      const small = sample({ ...grid, width, height }, (x, y) => x + y)
      for (const value of await slope(small).read(whole(small.grid))) expect(value).toBeGreaterThanOrEqual(0)
    }
  })

  it('finds the elevation band by its role and asks when it cannot', async () => {
    const two = cubeOf(grid, new Float32Array(1200), [{ name: 'a' }, { name: 'b' }])
    expect(() => slope(two)).toThrow(/none is known as elevation/)
    const bands = [{ name: 'a' }, { name: 'b', role: 'dem' }]
    const values = await slope(cubeOf(grid, new Float32Array(1200), bands)).read(whole(grid))
    expect(values.every((v) => v === 0)).toBe(true)
  })
})
