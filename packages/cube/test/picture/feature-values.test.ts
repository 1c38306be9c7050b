/** Features as values for pictures, and pictures of vector cubes as files. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { FLOAT64 } from '../../src/model/block.ts'
import type { Geometries } from '../../src/model/geometry.ts'
import { memorySource } from '../../src/model/memory.ts'
import { featureValues } from '../../src/picture/feature-values.ts'
import { plot } from '../../src/picture/plot.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { temporaryFolder } from '../temporary.ts'

const features: Geometries = {
  crs: parseCrs('EPSG:32632'),
  features: [
    { geometry: { type: 'Point', coordinates: [600000, 5200000] }, properties: { fid: 1, kind: 'lake', deep: 4 } },
    { geometry: { type: 'Point', coordinates: [600900, 5200500] }, properties: { fid: 2, kind: 'bog', deep: null } },
  ],
  label: 'waters',
}

const valuesOf = async (property?: string): Promise<number[]> => [
  ...(await computeCube(featureValues(features, property))).data,
]

describe('features for pictures', () => {
  test('show the first quantity that is no id, a property that is named, or the features', async () => {
    expect(await valuesOf()).toEqual([4, Number.NaN])
    expect(await valuesOf('fid')).toEqual([1, 2])
    expect(await valuesOf('kind')).toEqual([2, 1])
    const { band } = featureValues(features, 'kind').schema
    expect(band?.classes?.map(({ name }) => name)).toEqual(['bog', 'lake'])
    const bare = { ...features, features: features.features.map((feature) => ({ ...feature, properties: {} })) }
    expect(featureValues(bare).schema.band?.name).toBe('feature')
  })

  test('say which properties there are', () => {
    expect(() => featureValues(features, 'depp')).toThrow(
      expect.objectContaining({ tag: 'NoBand', hint: expect.stringContaining('"deep"') }),
    )
  })

  test('have a legend of their classes', async () => {
    const text = (await plot(featureValues(features, 'kind'))).svg()
    expect(text).toContain('bog')
    expect(text).toContain('lake')
  })
})

test.each([
  ['features', []],
  ['series of features', [{ type: 'temporal', name: 't', labels: ['2020-01-01', '2020-02-01'], calendar: 'standard' }]],
] as const)('a cube of %s is saved as a picture', async (_, times) => {
  const geometry = { type: 'geometry', name: 'geometry', labels: [0, 1], features } as const
  const dims = [...times, geometry]
  const data = Float64Array.from({ length: 2 * Math.max(1, 2 * times.length) }, (_, i) => i)
  const cube = new Cube(memorySource(data, { dims, packing: FLOAT64 }, 'waters'))
  const folder = await temporaryFolder()
  await cube.save(join(folder, 'a.png'))
  expect((await readFile(join(folder, 'a.png'))).subarray(1, 4).toString()).toBe('PNG')
  await cube.save(join(folder, 'a.svg'))
  expect(await readFile(join(folder, 'a.svg'), 'utf8')).toContain('<svg')
})
