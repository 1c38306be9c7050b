/** Scores of class rasters: against numbers worked out by hand, with names, blocks, nodata and other grids. */
import { join } from 'node:path'
import type { Warning } from '@ecotope/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ScoreOptions, score } from '../src/index.ts'
import { temporary } from './fakes.ts'
import { type PlainTiff, writePlainTiff } from './tiff.ts'

let folder: string
beforeEach(async () => {
  folder = await temporary()
})

async function tiff(name: string, values: readonly number[], changes: Partial<PlainTiff> = {}): Promise<string> {
  const path = join(folder, name)
  const width = changes.width ?? Math.sqrt(values.length)
  await writePlainTiff(path, { width, height: values.length / width, bands: [values], nodata: '255', ...changes })
  return path
}

// biome-ignore format: rows of pixels.
const reference = [
  0, 0, 1, 1,
  0, 0, 1, 1,
  0, 0, 1, 255,
  0, 0, 1, 1,
]
// biome-ignore format: rows of pixels.
const prediction = [
  0, 0, 1, 1,
  0, 1, 1, 1,
  0, 0, 0, 1,
  0, 255, 1, 1,
]

async function scored(options: Partial<ScoreOptions> = {}, changes: Partial<PlainTiff> = {}) {
  return score({
    reference: await tiff('reference.tif', reference),
    prediction: await tiff('prediction.tif', prediction, changes),
    ...options,
  })
}

describe('score', () => {
  it('equals numbers worked out by hand', async () => {
    const found = await scored()
    // 14 pixels have both classes: 0→0 six, 0→1 one, 1→0 one, 1→1 six.
    expect(found.confusion).toEqual([
      [6, 1],
      [1, 6],
    ])
    expect(found.overallAccuracy).toBeCloseTo(12 / 14, 12)
    // Expected agreement (7·7 + 7·7) / 14² = 1/2.
    expect(found.kappa).toBeCloseTo((12 / 14 - 0.5) / 0.5, 12)
    expect(found.meanF1).toBeCloseTo(6 / 7, 12)
    expect(found.classes.map(({ name, support }) => [name, support])).toEqual([
      ['0', 7],
      ['1', 7],
    ])
  })

  // Test blocks: rows 0 and 1 with columns 2 and 3, rows 2 and 3 with columns 0 and 1.
  it.each([
    { checkerboard: 'test', matrix: [3, 0, 0, 4] },
    { checkerboard: 'train', matrix: [3, 1, 1, 2] },
  ] as const)('counts only the $checkerboard blocks of a checkerboard', async ({ checkerboard, matrix }) => {
    const found = await scored({ block: 2, checkerboard })
    expect(found.blocks).toBe(2)
    expect(found.confusion.flat()).toEqual(matrix)
  })

  it('matches classes by name where both rasters name them', async () => {
    const swapped = prediction.map((v) => (v === 255 ? 255 : 11 - v))
    const found = await scored({
      reference: await tiff('named.tif', reference, { metadata: { CLASS_NAMES: '["shadow","snow"]' } }),
      prediction: await tiff('swapped.tif', swapped, { metadata: { CLASS_NAMES: '{"11":"shadow","10":"snow"}' } }),
    })
    expect(found.matchedByName).toBe(true)
    expect(found.classes.map(({ name }) => name)).toEqual(['shadow', 'snow'])
    expect(found.confusion).toEqual([
      [6, 1],
      [1, 6],
    ])
  })

  it('takes names from the caller', async () => {
    const names = new Map([
      [0, 'a'],
      [1, 'b'],
    ])
    const found = await scored({
      referenceNames: names,
      predictionNames: new Map([
        [0, 'b'],
        [1, 'a'],
      ]),
    })
    expect(found.confusion).toEqual([
      [1, 6],
      [6, 1],
    ])
  })

  it('warns where values are compared that do not correspond', async () => {
    const warnings: Warning[] = []
    await scored({
      prediction: await tiff(
        'other.tif',
        prediction.map((v) => v + (v === 255 ? 0 : 5)),
      ),
      onWarning: (warning) => warnings.push(warning),
    })
    expect(warnings.map(({ tag }) => tag)).toEqual(['ValuesDiffer'])
  })

  it.each<[string, Partial<PlainTiff>]>([
    ['CRS', { epsg: 32633 }],
    ['size', { width: 8 }],
    ['place or pixel size', { at: [600010, 5200000, 10] }],
  ])('refuses other grids: %s', async (what, changes) => {
    await expect(scored({}, changes)).rejects.toMatchObject({
      tag: 'GridsDiffer',
      message: expect.stringContaining(what) as string,
      hint: expect.stringContaining('--resample') as string,
    })
  })

  it('brings the prediction to the grid of the reference', async () => {
    const coarse = [0, 1, 0, 1]
    const path = await tiff('coarse.tif', coarse, { at: [600000, 5200000, 20] })
    const found = await scored({ prediction: path, resample: true })
    expect(found.confusion).toEqual([
      [8, 0],
      [0, 7],
    ])
  })

  it('leaves out what the resampled prediction does not cover', async () => {
    const path = await tiff('shifted.tif', [0, 1, 0, 1], { at: [600020, 5200000, 20] })
    expect((await scored({ prediction: path, resample: true })).count).toBe(7)
  })

  it('refuses rasters that hold no classes or have nothing in common', async () => {
    const half = prediction.map((v) => v + 0.5)
    await expect(scored({ prediction: await tiff('f.tif', half) })).rejects.toMatchObject({ tag: 'NotClasses' })
    const empty = prediction.map(() => 255)
    await expect(scored({ prediction: await tiff('e.tif', empty) })).rejects.toMatchObject({ tag: 'NothingToCompare' })
    await expect(scored({ prediction: join(folder, 'none.tif') })).rejects.toMatchObject({ tag: 'MissingFile' })
  })
})
