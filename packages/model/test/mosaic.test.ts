import { CancelledError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashed } from '../../../oracles/tensor/unet.ts'
import {
  type Ensemble,
  edgeWeights,
  type NetworkSpec,
  network,
  normaliseInPlace,
  openEnsemble,
  predictMosaic,
  type TilingOptions,
  tiling,
} from '../src/index.ts'
import { cubeOf, largestDifference, oracleParameters, small } from './support.ts'

/** A scene with structure at several scales, and a hole of missing values. */
function scene(width: number, height: number) {
  const noise = hashed(width * height, 21)
  const value = (scale: number) => (row: number, column: number) =>
    row > 10 && row < 15 && column < 20
      ? Number.NaN
      : Math.sin(row / scale) + Math.cos((column + row) / (2 * scale)) + 0.5 * noise[row * width + column]!
  return cubeOf(width, height, value(3), value(11))
}

const normalisation = { bands: ['a', 'b'], centre: [0.1, -0.2], scale: [0.9, 1.2], limit: 10 }

/** Predicts by tiles and returns the logits `[classes, height, width]`. */
async function tiled(ensemble: Ensemble, cube: ReturnType<typeof cubeOf>, options: TilingOptions) {
  const { classes } = ensemble.network.spec
  const { width, height } = options
  const out = new Float32Array(classes * width * height).fill(Number.NaN)
  await predictMosaic(
    classes,
    options,
    async (window) => {
      const features = await cube.read(window)
      normaliseInPlace(features, normalisation)
      return (await ensemble.logits(features, window))[0]!
    },
    async (first, rows, values) => {
      for (let k = 0; k < classes; k++) {
        out.set(values.subarray(k * rows * width, (k + 1) * rows * width), (k * height + first) * width)
      }
    },
  )
  return out
}

const optionsFor = (ensemble: Ensemble, width: number, height: number, tilePixels: number): TilingOptions => {
  const { multiple, reach } = ensemble.network
  return { width, height, tilePixels, multiple, margin: reach, ramp: 8 }
}

/** The difference between tiles of several sizes and one tile over everything. */
async function worstDifference(spec: NetworkSpec, width: number, height: number, sizes: readonly number[]) {
  const members = [oracleParameters(network(spec).parameters)]
  const ensemble = openEnsemble({ network: spec, members, threads: 1 })
  const cube = scene(width, height)
  const whole = await tiled(ensemble, cube, optionsFor(ensemble, width, height, 4096))
  const differences: number[] = []
  for (const size of sizes) {
    const options = optionsFor(ensemble, width, height, size)
    const plan = tiling(options)
    expect(plan.columns.length * plan.rows.length).toBeGreaterThan(1)
    differences.push(largestDifference(await tiled(ensemble, cube, options), whole))
  }
  await ensemble.close()
  const spread = Math.max(...whole) - Math.min(...whole)
  expect(spread).toBeGreaterThan(0.5)
  return { differences, spread }
}

describe('tiles equal whole-image inference to 1e-5 where the norm does not depend on the tile', () => {
  const rows = (['unet', 'attention-res-unet'] as const).flatMap((architecture) =>
    (['channel', 'batch'] as const).flatMap((norm) =>
      (
        [
          [131, 67],
          [64, 203],
        ] as const
      ).map(([width, height]) => ({ architecture, norm, width, height })),
    ),
  )
  test.each(rows)('$architecture, $norm norm, $width x $height', async ({ architecture, norm, width, height }) => {
    const spec = small({ architecture, norm, classes: 3 })
    const { differences, spread } = await worstDifference(spec, width, height, [32, 64, 100])
    for (const difference of differences) expect(difference / Math.max(1, spread)).toBeLessThan(1e-5)
  })

  test('a deeper network, over ragged extents', async () => {
    const spec = small({ depth: 4, norm: 'batch' })
    const { differences, spread } = await worstDifference(spec, 211, 150, [128])
    for (const difference of differences) expect(difference / Math.max(1, spread)).toBeLessThan(1e-5)
  })

  test('and not where it does: the test can fail', async () => {
    const { differences } = await worstDifference(small({ norm: 'group' }), 131, 67, [64])
    expect(differences[0]).toBeGreaterThan(1e-3)
  })
})

const arbitraryTiling = fc
  .record({
    width: fc.integer({ min: 1, max: 160 }),
    height: fc.integer({ min: 1, max: 160 }),
    tilePixels: fc.integer({ min: 1, max: 100 }),
    multiple: fc.constantFrom(2, 4, 8, 16),
    margin: fc.integer({ min: 0, max: 30 }),
    ramp: fc.integer({ min: 0, max: 20 }),
  })
  .map((options): TilingOptions => options)

describe('tilings', () => {
  test('tiles start and end on multiples, and overlap by two margins and the ramp', () => {
    fc.assert(
      fc.property(arbitraryTiling, (options) => {
        const { columns, tileWidth } = tiling(options)
        expect(columns[0]).toBe(0)
        expect(columns.at(-1)! + tileWidth).toBeGreaterThanOrEqual(options.width)
        expect(columns.at(-1)! + tileWidth).toBeLessThan(options.width + options.multiple)
        expect(tileWidth % options.multiple).toBe(0)
        columns.forEach((start, i) => {
          expect(start % options.multiple).toBe(0)
          if (i === 0) return
          expect(start).toBeGreaterThan(columns[i - 1]!)
          expect(columns[i - 1]! + tileWidth - start).toBeGreaterThanOrEqual(2 * options.margin + options.ramp)
        })
      }),
    )
  })

  test('weights cover every pixel, are 0 within a margin of an inner edge', () => {
    fc.assert(
      fc.property(arbitraryTiling, (options) => {
        const { rows, tileHeight } = tiling(options)
        const covered = new Float64Array(options.height)
        for (const start of rows) {
          const weights = edgeWeights(start, tileHeight, options.height, options)
          const [isFirst, isLast] = [start === 0, start + tileHeight >= options.height]
          expect(weights.every((v) => v >= 0 && v <= 1)).toBe(true)
          if (!isFirst) expect(weights.subarray(0, options.margin).every((v) => v === 0)).toBe(true)
          if (!isLast) expect(weights.subarray(tileHeight - options.margin).every((v) => v === 0)).toBe(true)
          weights.forEach((v, i) => {
            if (start + i < options.height) covered[start + i]! += v
          })
        }
        expect(Math.min(...covered)).toBeGreaterThan(0)
      }),
    )
  })

  test('a mosaic of a pure function of position is that function, rows come once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTiling, async (options) => {
        const value = (layer: number, row: number, column: number): number => layer + (row - 0.5 * column) / 100
        let next = 0
        let worst = 0
        await predictMosaic(
          2,
          options,
          async ({ row, column, width, height }) =>
            Float32Array.from({ length: 2 * width * height }, (_, i) => {
              const pixel = i % (width * height)
              return value(Math.floor(i / (width * height)), row + Math.floor(pixel / width), column + (pixel % width))
            }),
          async (first, rows, values) => {
            expect(first).toBe(next)
            next += rows
            values.forEach((v, i) => {
              const pixel = i % (rows * options.width)
              const layer = Math.floor(i / (rows * options.width))
              const expected = value(layer, first + Math.floor(pixel / options.width), pixel % options.width)
              worst = Math.max(worst, Math.abs(v - expected))
            })
          },
        )
        expect(next).toBe(options.height)
        expect(worst).toBeLessThan(1e-5)
      }),
      { numRuns: 30 },
    )
  })
})

test('what a tile says within its margins never counts, missing values included', async () => {
  const options: TilingOptions = { width: 70, height: 55, tilePixels: 32, multiple: 4, margin: 6, ramp: 4 }
  const plan = tiling(options)
  let wrong = 0
  await predictMosaic(
    1,
    options,
    async ({ row, column, width, height }) => {
      const down = edgeWeights(row, plan.tileHeight, options.height, options)
      const across = edgeWeights(column, plan.tileWidth, options.width, options)
      return Float32Array.from({ length: width * height }, (_, i) =>
        down[Math.floor(i / width)] === 0 || across[i % width] === 0 ? Number.NaN : 7,
      )
    },
    async (_first, _rows, values) => {
      for (const v of values) if (Math.abs(v - 7) > 1e-6 || Number.isNaN(v)) wrong++
    },
  )
  expect(plan.columns.length * plan.rows.length).toBeGreaterThan(4)
  expect(wrong).toBe(0)
})

describe('while predicting', () => {
  const options: TilingOptions = { width: 90, height: 40, tilePixels: 32, multiple: 4, margin: 4, ramp: 4 }
  const zeros = async ({ width, height }: { width: number; height: number }) => new Float32Array(width * height)
  const ignore = async (): Promise<void> => {}

  test('progress grows to 1', async () => {
    const fractions: number[] = []
    await predictMosaic(1, options, zeros, ignore, { onProgress: ({ fraction }) => fractions.push(fraction) })
    expect(fractions.at(-1)).toBe(1)
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  })

  test('one tile is asked for ahead, no more', async () => {
    let [begun, ended, most] = [0, 0, 0]
    const slow = async (window: { width: number; height: number }) => {
      most = Math.max(most, ++begun - ended)
      await new Promise((resolve) => setImmediate(resolve))
      ended++
      return zeros(window)
    }
    await predictMosaic(1, options, slow, ignore)
    expect(most).toBe(2)
  })

  test('cancelling stops at the next tile', async () => {
    const controller = new AbortController()
    let tiles = 0
    const stopping = async (window: { width: number; height: number }) => {
      if (++tiles === 2) controller.abort()
      return zeros(window)
    }
    await expect(predictMosaic(1, options, stopping, ignore, { signal: controller.signal })).rejects.toThrow(
      CancelledError,
    )
    expect(tiles).toBeLessThan(4)
  })

  test('a failure of one tile is the failure of the whole', async () => {
    const failing = async () => {
      throw new Error('no such tile')
    }
    await expect(predictMosaic(1, options, failing, ignore)).rejects.toThrow('no such tile')
  })
})
