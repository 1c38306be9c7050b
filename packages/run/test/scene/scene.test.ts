/** The simulated scene as a whole: deterministic, with scars like real ones, in files that any program reads. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CancelledError, EnvironmentError, InputError } from '@ecotope/core'
import { openRaster, rasterise, readPolygons, slope, transformFeatures } from '@ecotope/cube'
import { afterAll, describe, expect, it } from 'vitest'
import { makeLandslideScene } from '../../src/scene/files.ts'
import { makeScene, type Scene } from '../../src/scene/scene.ts'
import { shapeOf } from '../../src/scene/shape.ts'
import { SCAR_STATISTICS } from '../../src/scene/statistics.ts'

const folder = mkdtempSync(join(tmpdir(), 'ecotope-scene-'))
afterAll(() => rmSync(folder, { recursive: true }))

const data = resolve(import.meta.dirname, '../../../..', process.env.ECOTOPE_DATA ?? '../shared/data')
const inventory = join(
  data,
  'spamlab_landslides/Relict_landslides_CNN_kmeans/Cicatrizes_nova_area_inteira_CRS32723.geojson',
)
if (!existsSync(inventory)) console.log(`skipped: the scar inventory is not at ${inventory}`)

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const sd = (values: readonly number[]): number => {
  const m = mean(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / (values.length - 1))
}
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

const scenes = new Map<string, Scene>()
function scene(seed: number, size: number): Scene {
  const key = `${seed} ${size}`
  const made = scenes.get(key) ?? makeScene({ seed, size })
  scenes.set(key, made)
  return made
}
const hash = (array: Uint16Array | Float32Array): string =>
  createHash('sha256').update(new Uint8Array(array.buffer)).digest('hex')

describe('makeScene', () => {
  it('is the same for the same seed and another for another', () => {
    const [one, again, other] = [scene(1, 160), makeScene({ seed: 1, size: 160 }), scene(2, 160)]
    expect(hash(one.image.data)).toBe(hash(again.image.data))
    expect(hash(one.dem.data)).toBe(hash(again.dem.data))
    expect(one.scars.features).toEqual(again.scars.features)
    expect(hash(one.image.data)).not.toBe(hash(other.image.data))
  })

  it('covers 2 to 4 % with scars that stay inside', () => {
    for (const [seed, size] of [
      [1, 160],
      [2, 160],
      [3, 320],
      [4, 320],
    ] as const) {
      const { scars, dem } = scene(seed, size)
      const burnt = rasterise(scars, dem.grid, { value: () => 1 })
      const share = mean([...burnt])
      expect(share, `seed ${seed}, size ${size}`).toBeGreaterThan(0.02)
      expect(share, `seed ${seed}, size ${size}`).toBeLessThan(0.04)
    }
  })

  it('has scars with the sizes and forms of real ones', () => {
    const shapes = [3, 4].flatMap((seed) => scene(seed, 320).scars.features.map((f) => shapeOf(f.geometry)))
    const { logArea, logElongation, areaRange, solidity } = SCAR_STATISTICS
    const logs = shapes.map((s) => Math.log(s.areaSquareMetres))
    expect(shapes.length).toBeGreaterThan(15)
    // Two standard errors of the mean, and room for what a small scene cannot hold.
    expect(Math.abs(mean(logs) - logArea.mean)).toBeLessThan((2 * logArea.sd) / Math.sqrt(shapes.length) + 0.2)
    expect(Math.abs(mean(shapes.map((s) => Math.log(s.length / s.width))) - logElongation.mean)).toBeLessThan(0.25)
    expect(Math.abs(median(shapes.map((s) => s.solidity)) - solidity)).toBeLessThan(0.05)
    for (const s of shapes) {
      expect(s.areaSquareMetres).toBeGreaterThan(0.6 * areaRange[0])
      expect(s.areaSquareMetres).toBeLessThan(1.2 * areaRange[1])
    }
  })

  it('has mountains, with scars on steep ground', async () => {
    const { dem, scars } = scene(3, 320)
    const { grid } = dem
    const cube = {
      dims: ['bands', 'y', 'x'] as const,
      bands: [{ name: 'dem' }],
      grid,
      label: 'dem',
      read: async ({ column, row, width, height }: { column: number; row: number; width: number; height: number }) =>
        Float32Array.from({ length: width * height }, (_, i) => {
          const [x, y] = [column + (i % width), row + Math.floor(i / width)]
          const outside = x < 0 || y < 0 || x >= grid.width || y >= grid.height
          return outside ? Number.NaN : dem.data[y * grid.width + x]!
        }),
    }
    const slopes = [...(await slope(cube).read({ column: 0, row: 0, width: grid.width, height: grid.height }))]
    const burnt = rasterise(scars, grid, { value: () => 1 })
    const relief = dem.data.reduce((a, b) => Math.max(a, b)) - dem.data.reduce((a, b) => Math.min(a, b))
    expect(relief).toBeGreaterThan(150)
    expect(median(slopes)).toBeGreaterThan(12)
    expect(mean(slopes.filter((_, i) => burnt[i] === 1))).toBeGreaterThan(mean(slopes) + 3)
  })

  it('shows plants, bare scars that stand out, and no empty pixel over the terrain model', () => {
    const { image, scars } = scene(3, 320)
    const n = image.grid.width * image.grid.height
    const burnt = rasterise(transformFeatures(scars, image.grid.crs), image.grid, { value: () => 1 })
    const ndvi = Array.from({ length: n }, (_, i) => {
      const [red, nir] = [image.data[2 * n + i]!, image.data[4 * n + i]!]
      return (nir - red) / (nir + red)
    })
    const inside = ndvi.filter((_, i) => burnt[i] === 1)
    const outside = ndvi.filter((_, i) => burnt[i] !== 1)
    expect(median(outside) - median(inside)).toBeGreaterThan(0.15)
    // Regrown scars and bare fields: no threshold separates them.
    expect(mean(inside.map((v) => (v > 0.5 ? 1 : 0)))).toBeGreaterThan(0.05)
    const typical = median(inside)
    expect(mean(outside.map((v) => (v < typical ? 1 : 0)))).toBeGreaterThan(0.015)
    expect(image.data.every((v) => v > 0)).toBe(true)
  })

  it.each([159, 4001, 300.5, Number.NaN])('refuses a size of %s', (size) => {
    expect(() => makeScene({ size })).toThrow(InputError)
  })
})

describe('makeLandslideScene', () => {
  it('writes rasters in two CRS and polygons in longitude and latitude', async () => {
    const directory = join(folder, 'new', 'scene')
    const heard: number[] = []
    const files = await makeLandslideScene(directory, {
      seed: 1,
      size: 160,
      onProgress: ({ fraction }) => void heard.push(fraction),
    })
    expect(readdirSync(directory).sort()).toEqual(['dem.tif', 'rapideye.tif', 'scars.geojson'])
    expect(heard).toEqual([...heard].sort((a, b) => a - b))
    expect(heard.at(-1)).toBe(1)
    const [dem, image] = [await openRaster(files.dem), await openRaster(files.image)]
    try {
      expect([dem.grid.crs.code, image.grid.crs.code]).toEqual(['EPSG:31983', 'EPSG:32724'])
      expect(image.bands.map((band) => band.role)).toEqual(['blue', 'green', 'red', 'redEdge', 'nir'])
      expect(image.info.metadata.ECOTOPE_SIMULATED).toBe('yes')
      const made = scene(1, 160)
      const window = { column: 7, row: 9, width: 3, height: 2 }
      const heights = await dem.read(window)
      const counts = await image.readRaw(window)
      for (let i = 0; i < 6; i++) {
        const at = (9 + Math.floor(i / 3)) * 160 + 7 + (i % 3)
        expect(heights[i]).toBe(made.dem.data[at])
        const there = (9 + Math.floor(i / 3)) * image.grid.width + 7 + (i % 3)
        expect(counts[i]).toBe(made.image.data[there])
      }
    } finally {
      await dem.close()
      await image.close()
    }
    const { features, warnings } = await readPolygons(files.scars)
    expect(warnings).toEqual([])
    expect(features.crs.isGeographic).toBe(true)
    expect(features.features[0]!.properties.class).toBe('landslide')
    const before = readFileSync(files.image)
    await makeLandslideScene(directory, { seed: 1, size: 160 })
    expect(readFileSync(files.image).equals(before)).toBe(true)
  })

  it('stops cleanly and says where it cannot write', async () => {
    const directory = join(folder, 'stopped')
    const stop = new AbortController()
    const onProgress = ({ fraction }: { fraction: number }): void => {
      if (fraction > 0.5) stop.abort()
    }
    await expect(makeLandslideScene(directory, { size: 160, signal: stop.signal, onProgress })).rejects.toThrow(
      CancelledError,
    )
    expect(existsSync(directory)).toBe(false)
    const file = join(folder, 'new', 'scene', 'dem.tif')
    await expect(makeLandslideScene(join(file, 'x'), { size: 160 })).rejects.toThrow(EnvironmentError)
  })
})

describe.skipIf(!existsSync(inventory))('the table of scar statistics', () => {
  it('is what the inventory says', async () => {
    const { features } = await readPolygons(inventory)
    const shapes = features.features.map((f) => shapeOf(f.geometry))
    const { count, logArea, areaRange, logElongation, logLength, solidity } = SCAR_STATISTICS
    const areas = shapes.map((s) => s.areaSquareMetres)
    const logs = areas.map(Math.log)
    expect(shapes).toHaveLength(count)
    expect([Math.round(Math.min(...areas)), Math.round(Math.max(...areas))]).toEqual(areaRange)
    expect(mean(logs)).toBeCloseTo(logArea.mean, 3)
    expect(sd(logs)).toBeCloseTo(logArea.sd, 3)
    const elongation = shapes.map((s) => Math.log(s.length / s.width))
    expect(mean(elongation)).toBeCloseTo(logElongation.mean, 3)
    expect(sd(elongation)).toBeCloseTo(logElongation.sd, 3)
    const residuals = shapes.map(
      (s) => Math.log(s.length) - logLength.intercept - logLength.slope * Math.log(s.areaSquareMetres),
    )
    expect(mean(residuals)).toBeCloseTo(0, 2)
    expect(sd(residuals)).toBeCloseTo(logLength.sd, 2)
    expect(median(shapes.map((s) => s.solidity))).toBeCloseTo(solidity, 2)
  })
})
