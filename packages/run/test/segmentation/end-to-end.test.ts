/** The whole recipe on a small simulated scene: files, numbers, the saved model, and what happens on the second call. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openRaster, readPolygons, wholeWindow, writeCog } from '@ecotope/cube'
import { type NetworkSpec, network } from '@ecotope/model'
import { createRunner } from '@ecotope/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  loadRecipe,
  makeLandslideScene,
  type Published,
  type Run,
  resolveParameters,
  runRecipe,
  segmentation,
} from '../../src/index.ts'
import { openSamples } from '../../src/segmentation/prepare.ts'

const recipes = fileURLToPath(new URL('../../../../recipes/', import.meta.url))
const small = {
  epochs: 3,
  stepsPerEpoch: 6,
  members: 2,
  width: 4,
  depth: 3,
  tile: 32,
  batchSize: 4,
  split: 'blocks:32:checkerboard',
  derive: ['slope', 'ndvi'],
}

let folder: string
let run: Run
let published: Published
const out = (): string => join(folder, 'out')

async function execute(given: Record<string, unknown> = {}): Promise<Run> {
  const recipe = await loadRecipe(join(recipes, 'landslides'))
  const files = {
    features: [join(folder, 'dem.tif'), join(folder, 'rapideye.tif')],
    labels: join(folder, 'scars.geojson'),
  }
  const parameters = resolveParameters(recipe, { ...files, ...small, ...given })
  return runRecipe(recipe, parameters, {
    processes: segmentation.processes,
    store: join(folder, 'store'),
    seed: 3,
    threads: 2,
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segmentation-'))
  await makeLandslideScene(folder, { size: 192, seed: 5 })
  run = await execute()
  published = await segmentation.publish(run, out(), { command: 'ecotope run recipes/landslides' })
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a run of the landslide recipe', () => {
  test('publishes every file that is promised', () => {
    expect([...published.files].sort((a, b) => a.localeCompare(b))).toEqual([
      'class.tif',
      'lineage.json',
      'metrics.json',
      'model',
      'polygons.geojson',
      'probability.tif',
      'report.html',
      'uncertainty.tif',
    ])
  })

  test('the maps agree with one another and lie on the working grid', async () => {
    const [probability, map, uncertainty] = await Promise.all(
      ['probability', 'class', 'uncertainty'].map((name) => openRaster(join(out(), `${name}.tif`))),
    )
    const all = wholeWindow(map!.grid)
    expect(probability!.bands.map((band) => band.name)).toEqual(['background', 'landslide'])
    expect(map!.grid.crs.code).toBe('EPSG:31983')
    const [p, k, u] = await Promise.all([probability!.read(all), map!.read(all), uncertainty!.read(all)])
    const n = k.length
    let mapped = 0
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(k[i]!)) continue
      mapped++
      expect(Math.abs(p[i]! + p[n + i]! - 1)).toBeLessThan(1e-5)
      expect(k[i]).toBe(p[n + i]! > p[i]! ? 1 : 0)
      expect(u[i]!).toBeGreaterThanOrEqual(u[n + i]! - 1e-6)
      expect(u[i]!).toBeLessThanOrEqual(1 + 1e-6)
    }
    expect(mapped).toBeGreaterThan(n / 2)
    await Promise.all([probability!, map!, uncertainty!].map((raster) => raster.close()))
  })

  test('the numbers are complete', async () => {
    const metrics = JSON.parse(await readFile(join(out(), 'metrics.json'), 'utf8')) as Record<string, unknown>
    expect(metrics).toMatchObject({
      kappa: expect.any(Number),
      overallAccuracy: expect.any(Number),
      meanF1: expect.any(Number),
      classes: [{ name: 'background', iou: expect.any(Number), support: expect.any(Number) }, { name: 'landslide' }],
      calibration: { ece: expect.any(Number), nll: expect.any(Number) },
      areas: { estimator: 'census' },
      seconds: { prepare: expect.any(Number), train: expect.any(Number), predict: expect.any(Number) },
      peakRssMb: expect.any(Number),
      seed: 3,
    })
  })

  test('the ONNX file alone gives the probabilities of the map', async () => {
    const step = run.steps.find((each) => each.node === 'samples')!
    const samples = await openSamples(step, 1e9)
    const [width, height] = [96, 80]
    const window = { row: 40, column: 48, width, height }
    const values = await samples.features.read(window)
    const runner = await createRunner(await readFile(join(out(), 'model', 'model.onnx')))
    const result = await runner.run({ x: { data: values, shape: [1, samples.features.bands.length, height, width] } })
    await runner.close()
    const probability = await openRaster(join(out(), 'probability.tif'))
    const expected = await probability.read(window)
    // Closer to the edge than the network reaches, the window lacks its surroundings.
    const fit = run.steps.find((each) => each.node === 'fit')!.value as unknown as { network: NetworkSpec }
    const edge = network(fit.network).reach
    expect(2 * edge).toBeLessThan(height)
    for (let r = edge; r < height - edge; r++)
      for (let c = edge; c < width - edge; c++) {
        const at = r * width + c
        expect(Math.abs(result.probability!.data[at]! - expected[at]!)).toBeLessThan(1e-4)
      }
    await Promise.all([probability.close(), samples.close()])
  })

  test('predict repeats the map from the saved model', async () => {
    const elsewhere = join(folder, 'elsewhere')
    const features = ['dem.tif', 'rapideye.tif'].map((name) => join(folder, name))
    await segmentation.predict({
      model: join(out(), 'model'),
      features,
      out: elsewhere,
      threads: 2,
      memoryBytes: 1e9,
      command: '',
    })
    const [mine, again] = await Promise.all([out(), elsewhere].map((path) => openRaster(join(path, 'class.tif'))))
    const [a, b] = await Promise.all(
      [mine!, again!].map((raster) => raster.read({ row: 60, column: 60, width: 60, height: 60 })),
    )
    const same = a!.filter((value, i) => value === b![i]).length
    expect(same / a!.length).toBeGreaterThan(0.999)
    await Promise.all([mine!.close(), again!.close()])
  })

  test('predict refuses features in another order', async () => {
    const features = ['rapideye.tif', 'dem.tif'].map((name) => join(folder, name))
    await expect(
      segmentation.predict({
        model: join(out(), 'model'),
        features,
        out: join(folder, 'none'),
        threads: 1,
        memoryBytes: 1e9,
        command: '',
      }),
    ).rejects.toMatchObject({ tag: 'OtherBands', hint: expect.stringContaining('order') })
  })

  test('predict refuses values in other units', async () => {
    const source = await openRaster(join(folder, 'rapideye.tif'))
    const counts = join(folder, 'counts.tif')
    await writeCog(
      counts,
      { grid: source.grid, bands: source.bands.map(({ unit: _, ...band }) => band), dtype: 'float32' },
      async (window) => (await source.read(window)).map((value) => value * 1e4),
    )
    await source.close()
    const features = [join(folder, 'dem.tif'), counts]
    const options = {
      model: join(out(), 'model'),
      features,
      out: join(folder, 'none'),
      threads: 1,
      memoryBytes: 1e9,
      command: '',
    }
    await expect(segmentation.predict(options)).rejects.toMatchObject({ tag: 'OtherUnits', data: { band: 'blue' } })
  })

  test('polygons can be read again and the report stands alone', async () => {
    const { features } = await readPolygons(join(out(), 'polygons.geojson')).catch(() => ({
      features: { features: [] },
    }))
    const value = run.steps.find((step) => step.node === 'polygons')!.value as { polygons: number }
    expect(features.features.length).toBe(value.polygons)
    const report = await readFile(join(out(), 'report.html'), 'utf8')
    expect(report).toContain('<!doctype html>')
    expect(report).not.toMatch(/(src|href)="https?:/)
  })

  test('a second run finds every step, another network trains again on the same samples', async () => {
    const again = await execute()
    expect(again.steps.every((step) => step.reused)).toBe(true)
    const other = await execute({ epochs: 1, members: 1 })
    expect(other.steps.filter((step) => step.reused).map((step) => step.node)).toEqual(['samples', 'split'])
  }, 120_000)
})
