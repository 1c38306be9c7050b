/** GeoParquet in GeoArrow's encodings (oracles/vector/make_native.py); truth values and damage of GeoPackages. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Warning } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import type { Geometries } from '../../src/model/geometry.ts'
import { readFeatures } from '../../src/vector/read-features.ts'
import { writeFeatures } from '../../src/vector/write-features.ts'
import { temporaryFolder } from '../temporary.ts'

const oracle = (name: string): string => fileURLToPath(new URL(`../../../../oracles/vector/${name}`, import.meta.url))

const EXPECTED = {
  point: [{ type: 'Point', coordinates: [1, 2] }, null],
  polygon: [
    [
      [0, 0],
      [4, 0],
      [4, 4],
      [0, 0],
    ],
    [
      [5, 5],
      [6, 5],
      [6, 6],
      [5, 5],
    ],
  ],
  multilinestring: [
    [
      [0, 0],
      [1, 1],
    ],
    [
      [7, 8],
      [9, 9],
    ],
  ],
} as const

describe('native encodings of GeoParquet', () => {
  it('points, and none', async () => {
    const read = await readFeatures(oracle('native_point.parquet'))
    expect(read.features.map(({ geometry }) => geometry)).toEqual(EXPECTED.point)
    expect(read.crs.code).toBe('EPSG:3035')
  })

  it.each(['polygon', 'multilinestring'] as const)('%s', async (name) => {
    const read = await readFeatures(oracle(`native_${name}.parquet`))
    const firsts = read.features.map(({ geometry }) => (geometry as { coordinates: readonly unknown[] }).coordinates[0])
    expect(firsts).toEqual(EXPECTED[name])
    expect(read.features.map(({ properties }) => properties.i)).toEqual([0, 1])
  })
})

describe('GeoPackages', () => {
  const flags: Geometries = {
    crs: parseCrs('EPSG:3035'),
    label: 'flags',
    features: [true, false, null].map((flag, i) => ({
      geometry: { type: 'Point', coordinates: [i, i] },
      properties: { flag, count: i },
    })),
  }

  it('have truth values', async () => {
    const path = join(await temporaryFolder(), 'flags.gpkg')
    await writeFeatures(path, flags)
    const read = await readFeatures(path)
    expect(read.features.map(({ properties }) => properties.flag)).toEqual([true, false, null])
    expect(read.features.map(({ properties }) => properties.count)).toEqual([0, 1, 2])
  })

  describe('keep properties whose names are taken', () => {
    const made = (properties: readonly Record<string, unknown>[]): Geometries => ({
      ...flags,
      features: properties.map((one, i) => ({ geometry: { type: 'Point', coordinates: [i, 0] }, properties: one })),
    })
    const written = async (properties: readonly Record<string, unknown>[]) => {
      const path = join(await temporaryFolder(), 'taken.gpkg')
      const warnings: Warning[] = []
      await writeFeatures(path, made(properties), { onWarning: (warning) => warnings.push(warning) })
      const { features } = await readFeatures(path)
      expect(features.map(({ geometry }) => geometry)).toEqual(made(properties).features.map((one) => one.geometry))
      return { read: features.map((feature) => feature.properties), warnings }
    }

    it('under other names, with a warning', async () => {
      const { read, warnings } = await written([
        { fid: 'a7', geom: 1, fid_1: 'kept', GEOM: true, name: 'x', Name: 'y' },
        { fid: 'a3', geom: 2, fid_1: 'kept', GEOM: false, name: 'z', Name: null },
      ])
      expect(read).toEqual([
        { fid: 1, fid_2: 'a7', geom_1: 1, fid_1: 'kept', GEOM_2: true, name: 'x', Name_1: 'y' },
        { fid: 2, fid_2: 'a3', geom_1: 2, fid_1: 'kept', GEOM_2: false, name: 'z', Name_1: null },
      ])
      expect(warnings.map(({ tag }) => tag)).toEqual(Array(4).fill('ColumnRenamed'))
      expect(warnings[0]!.message).toMatch(/taken\.gpkg: the property fid is in the column fid_2/)
    })

    it.each(['fid', 'FID'])('as ids, where %s holds ids that rise', async (fid) => {
      const rows = [
        { [fid]: 0, a: 'x' },
        { [fid]: 7, a: 'y' },
        { [fid]: 2 ** 40, a: 'z' },
      ]
      expect(await written(rows)).toEqual({ read: rows, warnings: [] })
      // Written once more, they are what they were.
      expect(await written((await written(rows)).read)).toEqual({ read: rows, warnings: [] })
    })

    it.each([
      ['fall', [2, 1]],
      ['come twice', [1, 1]],
      ['are negative', [-1, 1]],
      ['are no integers', [0.5, 1]],
      ['are missing', [1, null]],
    ])('as columns, where ids %s', async (_, ids) => {
      const { read, warnings } = await written(ids.map((fid) => ({ fid })))
      expect(read).toEqual(ids.map((fid, i) => ({ fid: i + 1, fid_1: fid })))
      expect(warnings).toHaveLength(1)
    })
  })

  it('that are damaged anywhere are named, not met as errors of the database', async () => {
    const path = join(await temporaryFolder(), 'flags.gpkg')
    await writeFeatures(path, flags)
    const whole = await readFile(path)
    let failed = 0
    for (let at = 4096; at < whole.length; at += 4096) {
      const bytes = Buffer.from(whole)
      bytes.fill(255, at, at + 16)
      await writeFile(path, bytes)
      await readFeatures(path).catch((error: unknown) => {
        failed++
        expect(error).toMatchObject({ message: expect.stringContaining('flags.gpkg') })
      })
    }
    expect(failed).toBeGreaterThan(2)
  })
})
