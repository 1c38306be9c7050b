import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BatchShape, trainingBatch, validationBatch, validationTiles } from '../src/batch.ts'
import {
  forEachLabel,
  indexRoles,
  type LabelledCube,
  normalisationOf,
  type PixelIndex,
  parseSplit,
  splitPlan,
  strips,
  tileReader,
  trainingMoments,
  trainingSubBlocks,
  UNLABELLED,
} from '../src/index.ts'
import { drawTile, pixelIndexBuilder } from '../src/sampler.ts'
import { labelledCube } from './support.ts'

function indexOf(pixels: readonly (readonly [k: number, row: number, column: number])[], classes: number): PixelIndex {
  const builder = pixelIndexBuilder(classes, random(1))
  for (const pixel of pixels) builder.add(...pixel)
  return builder.build()
}

describe('the index of pixels', () => {
  test('holds every pixel while there is room', () => {
    const index = indexOf(
      [
        [0, 1, 2],
        [2, 3, 4],
        [0, 5, 6],
      ],
      3,
    )
    expect(index.counts).toEqual([2, 0, 1])
    expect(index.rows.map((v) => [...v])).toEqual([[1, 5], [], [3]])
    expect(index.columns.map((v) => [...v])).toEqual([[2, 6], [], [4]])
  })

  test('is a uniform sample of a longer stream: early and late pixels are as likely', () => {
    const [capacity, length, runs] = [20, 100, 400]
    const kept = new Float64Array(length)
    for (let seed = 0; seed < runs; seed++) {
      const builder = pixelIndexBuilder(1, random(seed), capacity)
      for (let i = 0; i < length; i++) builder.add(0, i, 0)
      const { rows, counts } = builder.build()
      expect(counts).toEqual([length])
      expect(rows[0]).toHaveLength(capacity)
      expect(new Set(rows[0]).size).toBe(capacity)
      for (const row of rows[0]!) kept[row]!++
    }
    // Binomial(400, 0.2): mean 80, deviation 8; chi-square over 99 degrees of freedom, corrected for drawing without return.
    const chiSquare = kept.reduce((sum, n) => sum + (n - 80) ** 2 / 64, 0)
    expect(chiSquare).toBeGreaterThan(55)
    expect(chiSquare).toBeLessThan(150)
  })
})

describe('drawing tiles', () => {
  const options = { tilePixels: 16, balance: 0.5, width: 100, height: 80 }

  test('lie within the raster and hold the pixel they were drawn for', () => {
    fc.assert(
      fc.property(fc.nat(79), fc.nat(99), fc.nat(), (row, column, seed) => {
        const at = drawTile(indexOf([[0, row, column]], 1), options, random(seed))
        expect(at.row).toBeGreaterThanOrEqual(0)
        expect(at.column).toBeGreaterThanOrEqual(0)
        expect(at.row + 16).toBeLessThanOrEqual(80)
        expect(at.column + 16).toBeLessThanOrEqual(100)
        expect(row - at.row).toBeGreaterThanOrEqual(0)
        expect(row - at.row).toBeLessThan(16)
        expect(column - at.column).toBeGreaterThanOrEqual(0)
        expect(column - at.column).toBeLessThan(16)
      }),
    )
  })

  test('away from edges the pixel is anywhere in the tile', () => {
    const index = indexOf([[0, 40, 50]], 1)
    const draw = random(1)
    const seen = new Float64Array(16)
    for (let i = 0; i < 3200; i++) seen[40 - drawTile(index, options, draw).row]!++
    expect(Math.min(...seen)).toBeGreaterThan(140)
    expect(Math.max(...seen)).toBeLessThan(260)
  })

  test('a raster that is smaller than a tile lies within the tile, at places that vary', () => {
    const index = indexOf([[0, 3, 60]], 1)
    const draw = random(1)
    const rows = new Set<number>()
    for (let i = 0; i < 300; i++) {
      const at = drawTile(index, { ...options, height: 10 }, draw)
      rows.add(at.row)
      expect(at.row).toBeLessThanOrEqual(0)
      expect(at.row + 16).toBeGreaterThanOrEqual(10)
      expect(at.column).toBeGreaterThanOrEqual(0)
    }
    expect(rows.size).toBe(7)
  })

  test.each([
    [0, 0.1],
    [0.5, 0.3],
    [1, 0.5],
  ])('balance %d: a class of a tenth gets a share of %d', (balance, share) => {
    const pixels = Array.from({ length: 100 }, (_, i) => [i < 10 ? 1 : 0, i < 10 ? 70 : 5, 40] as const)
    const draw = random(4)
    const index = indexOf(pixels, 3)
    let rare = 0
    for (let i = 0; i < 4000; i++) if (drawTile(index, { ...options, balance }, draw).row > 40) rare++
    expect(Math.abs(rare / 4000 - share)).toBeLessThan(0.03)
  })

  test.each([0, 1])('without training pixels there is a clear error (balance %d)', (balance) => {
    expect(() => drawTile(indexOf([], 2), { ...options, balance }, random(1))).toThrow(
      expect.objectContaining({ tag: 'NoTrainingPixels' }),
    )
  })
})

describe('validation tiles', () => {
  const options = { tilePixels: 16, width: 100, height: 80, limit: 64 }

  test('hold every validation pixel once, within the raster', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(79), fc.nat(99)), { minLength: 1, maxLength: 30 }), (pixels) => {
        const tiles = validationTiles(indexOf(pixels, 3), options)
        for (const [, row, column] of pixels) {
          const holding = tiles.filter(
            (t) => row >= t.row && row < t.row + 16 && column >= t.column && column < t.column + 16,
          )
          expect(holding.length).toBeGreaterThan(0)
        }
        for (const t of tiles) {
          expect(t.row + 16).toBeLessThanOrEqual(80)
          expect(t.column + 16).toBeLessThanOrEqual(100)
        }
        expect(new Set(tiles.map((t) => `${t.row}:${t.column}`)).size).toBe(tiles.length)
      }),
    )
  })

  test('where there are too many, the rare class keeps one', () => {
    const common = Array.from({ length: 8000 }, (_, i) => [0, Math.floor(i / 100), i % 100] as const)
    const tiles = validationTiles(indexOf([...common, [1, 35, 70]], 2), { ...options, limit: 5 })
    expect(tiles).toHaveLength(5)
    expect(tiles).toContainEqual({ row: 32, column: 64 })
  })

  test('of a small raster begin at its corner', () => {
    expect(validationTiles(indexOf([[0, 3, 4]], 1), { ...options, width: 9, height: 9 })).toEqual([
      { row: 0, column: 0 },
    ])
  })
})

/** Features: row, column. Labels: 1 in the right half, none in every seventh column. */
const scene = (width: number, height: number): LabelledCube =>
  labelledCube(
    width,
    height,
    (_, column) => (column % 7 === 0 ? Number.NaN : column < width / 2 ? 0 : 1),
    (row) => row,
    (_, column) => column,
  )

describe('samples of a labelled cube', () => {
  const labelled = { ...scene(50, 40), origin: { row: 8, column: 24 } }
  const plan = splitPlan(parseSplit('blocks:16:checkerboard'), 1, ['1:4', '3:7'])
  const roleOf = (row: number, column: number) => plan.roleAt(row + 8, column + 24)

  test('strips cover a raster once', () => {
    expect([...strips(30, 10, 4)].map(({ row, height }) => [row, height])).toEqual([
      [0, 4],
      [4, 4],
      [8, 2],
    ])
  })

  test('roles count from the origin in the reference grid, and every labelled pixel has one', async () => {
    const expected = { train: [0, 0], validation: [0, 0], test: [0, 0] }
    await forEachLabel(labelled, (k, row, column) => {
      expected[roleOf(row, column)][k]!++
    })
    const { counts, train } = await indexRoles(labelled, plan, random(1))
    expect(counts).toEqual(expected)
    expect(Math.min(...counts.train, ...counts.validation, ...counts.test)).toBeGreaterThan(0)
    train.rows.forEach((rows, k) => {
      rows.forEach((row, i) => {
        expect(roleOf(row, train.columns[k]![i]!)).toBe('train')
      })
    })
  })

  test('sub-blocks hold all that does not test', async () => {
    const blocks = await trainingSubBlocks(labelled, plan)
    const { counts } = await indexRoles(labelled, plan, random(1))
    for (const k of [0, 1]) {
      const sum = blocks.reduce((total, b) => total + b.counts[k]!, 0)
      expect(sum).toBe(counts.train[k]! + counts.validation[k]!)
    }
    expect(blocks.map((b) => `${b.row}:${b.column}`)).toEqual(expect.arrayContaining(['1:4', '3:7']))
  })

  test('moments are those of the labelled training pixels', async () => {
    const rows: number[] = []
    await forEachLabel(labelled, (_, row, column) => {
      if (roleOf(row, column) === 'train') rows.push(row)
    })
    const mean = rows.reduce((a, b) => a + b, 0) / rows.length
    const variance = rows.reduce((a, b) => a + (b - mean) ** 2, 0) / (rows.length - 1)
    const moments = await trainingMoments(labelled, plan)
    expect(moments.count[0]).toBe(rows.length)
    expect(moments.mean[0]).toBeCloseTo(mean, 9)
    expect(moments.standardDeviation(0)).toBeCloseTo(Math.sqrt(variance), 9)
  })

  test('labels of a tile are those of the role; beyond the grid there are none, and features are 0', async () => {
    const normalisation = normalisationOf(['row', 'column'], await trainingMoments(labelled, plan))
    const reader = tileReader(labelled, plan, normalisation)
    const window = { row: 30, column: -3, width: 20, height: 20 }
    const labels = await reader.labels(window, 'train')
    const features = await reader.features(window)
    labels.forEach((label, i) => {
      const [row, column] = [30 + Math.floor(i / 20), (i % 20) - 3]
      const inside = row < 40 && column >= 0
      const known = inside && column % 7 !== 0 && roleOf(row, column) === 'train'
      expect(label).toBe(known ? (column < 25 ? 0 : 1) : UNLABELLED)
      if (!inside) expect([features[i], features[400 + i]]).toEqual([0, 0])
      else expect(features[i]! * normalisation.scale[0]! + normalisation.centre[0]!).toBeCloseTo(row, 3)
    })
  })

  test('a cancelled run stops reading', async () => {
    const signal = AbortSignal.abort()
    await expect(trainingMoments(labelled, plan, { signal })).rejects.toMatchObject({ tag: 'Cancelled' })
    await expect(forEachLabel(labelled, () => {}, { signal })).rejects.toMatchObject({ tag: 'Cancelled' })
  })
})

describe('batches', () => {
  const labelled = scene(50, 40)
  const plan = splitPlan(parseSplit('blocks:16:checkerboard'), 1, ['0:1', '2:0', '1:4'])
  const shape: BatchShape = { batch: 3, bands: 2, classes: 2, tilePixels: 12 }
  const plain = { bands: ['row', 'column'], centre: [0, 0], scale: [1, 1], limit: 1e9 }
  const reader = tileReader(labelled, plan, plain)
  const augmentation = { flips: true, quarterTurns: true, brightness: 0, noise: 0 }

  test('features and labels move together, and only training labels are there', async () => {
    const index = await indexRoles(labelled, plan, random(1))
    const from = { index: index.train, balance: 0.5, width: 50, height: 40, augmentation }
    const draw = random(2)
    for (let i = 0; i < 8; i++) {
      const { x, target } = await trainingBatch(reader, shape, from, draw)
      for (let p = 0; p < 3 * 144; p++) {
        const [slot, pixel] = [Math.floor(p / 144), p % 144]
        const [row, column] = [x[slot * 288 + pixel]!, x[slot * 288 + 144 + pixel]!]
        const known = column % 7 !== 0 && plan.roleAt(row, column) === 'train'
        const expected = known ? (column < 25 ? [1, 0] : [0, 1]) : [0, 0]
        expect([target[slot * 288 + pixel], target[slot * 288 + 144 + pixel]]).toEqual(expected)
      }
    }
  })

  test('the same stream gives the same batch', async () => {
    const index = await indexRoles(labelled, plan, random(1))
    const noisy = { ...augmentation, brightness: 0.1, noise: 0.1 }
    const from = { index: index.train, balance: 0.5, width: 50, height: 40, augmentation: noisy }
    const once = await trainingBatch(reader, shape, from, random(5))
    expect(await trainingBatch(reader, shape, from, random(5))).toEqual(once)
  })

  test('validation leaves spare slots empty', async () => {
    const { x, target } = await validationBatch(reader, shape, [{ row: 0, column: 0 }])
    expect(x.subarray(288).every((v) => v === 0)).toBe(true)
    expect(target.subarray(288).every((v) => v === 0)).toBe(true)
    expect(target.subarray(0, 288).reduce((a, b) => a + b, 0)).toBeGreaterThan(0)
  })
})
