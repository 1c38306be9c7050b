/** Files beside a GeoTIFF: what GDAL makes of them (oracles/raster/make_beside.py), on disk and on a server. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { geotiffSource } from '../../src/geotiff/array-source.ts'
import { parsePam, parseWorldFile } from '../../src/geotiff/beside.ts'
import { wholeWindow } from '../../src/grid.ts'
import { openRaster, type Raster } from '../../src/raster.ts'
import { temporaryFolder } from '../temporary.ts'
import { serveFiles } from './server.ts'

interface Level {
  readonly values: readonly number[]
  readonly valid: readonly number[]
}

interface Reading extends Level {
  readonly crs: number | null
  readonly transform: readonly number[]
  readonly nodata: readonly (number | null)[]
  readonly descriptions: readonly (string | null)[]
  readonly units: readonly (string | null)[]
  readonly scales: readonly number[]
  readonly offsets: readonly number[]
  readonly tags: Readonly<Record<string, string>>
  readonly overviews: readonly number[]
  readonly overview?: Level
  readonly files: Readonly<Record<string, string>>
}

const readings = JSON.parse(
  readFileSync(new URL('../../../../oracles/raster/beside.json', import.meta.url), 'utf8'),
) as Record<string, Reading>

async function written(name: string, leaveOut = /$^/): Promise<string> {
  const folder = await temporaryFolder()
  for (const [file, bytes] of Object.entries(readings[name]!.files)) {
    if (!leaveOut.test(file)) await writeFile(join(folder, file), Buffer.from(bytes, 'base64'))
  }
  return join(folder, 'a.tif')
}

/** A cell is valid where a band of it has a value. */
async function expectLevel(raster: Raster, { values, valid }: Level): Promise<void> {
  const window = wholeWindow(raster.grid)
  expect([...(await raster.readRaw(window))]).toEqual(values)
  const physical = await raster.read(window)
  const size = window.width * window.height
  const isValid = (_: unknown, i: number): number =>
    raster.bands.some((_band, b) => !Number.isNaN(physical[b * size + i])) ? 1 : 0
  expect(Array.from({ length: size }, isValid)).toEqual(valid)
}

describe('as GDAL reads them', () => {
  it.each(Object.entries(readings))('%s', async (name, expected) => {
    const path = await written(name)
    const raster = await openRaster(path)
    expect(raster.grid.crs.code ?? raster.grid.crs.proj4).toMatch(new RegExp(`EPSG:${expected.crs}|zone=33`))
    expect(raster.grid.affine).toEqual(expected.transform)
    expect(raster.bands.map(({ nodata }) => nodata ?? null)).toEqual(expected.nodata)
    expect(raster.bands.map(({ description }) => description ?? null)).toEqual(expected.descriptions)
    expect(raster.bands.map(({ unit }) => unit ?? null)).toEqual(expected.units)
    expect(raster.scales).toEqual(expected.scales)
    expect(raster.offsets).toEqual(expected.offsets)
    expect(raster.info.metadata).toMatchObject(expected.tags)
    expect(raster.info.overviews.map(({ width }) => Math.round(raster.grid.width / width))).toEqual(expected.overviews)
    await expectLevel(raster, expected)
    await raster.close()
    if (expected.overview !== undefined) {
      const coarse = await openRaster(path, { overview: 0 })
      await expectLevel(coarse, expected.overview)
      await coarse.close()
    }
  })

  it('values of a cube, where nodata differs by band', async () => {
    const source = await geotiffSource(await written('pam alone'))
    expect(source.schema.packing).toMatchObject({ dtype: 'float32', scale: 1, offset: 0 })
    const cells = await source.read({ start: [0, 0, 0], shape: [2, 3, 4] })
    const expected = Array.from({ length: 24 }, (_, i) => (i < 12 ? (i === 5 ? Number.NaN : i * 3 + 7) : i))
    expect([...cells]).toEqual(expected)
    await source.close?.()
  })
})

describe('systems that cannot be read', () => {
  const LOCAL = '<PAMDataset><SRS>LOCAL_CS["somewhere",UNIT["metre",1]]</SRS></PAMDataset>'

  it.each([
    ['a world file goes behind the file', /tfw/, 'EPSG:32632'],
    ['world file a.tfw', /none/, 'EPSG:32632'],
  ])('leave the own one: %s', async (name, leaveOut, code) => {
    const path = await written(name, leaveOut)
    await writeFile(`${path}.aux.xml`, LOCAL)
    const raster = await openRaster(path)
    expect(raster.grid.crs.code).toBe(code)
    await raster.close()
  })

  it('are named where there is no other', async () => {
    const path = await written('pam alone', /aux/)
    await writeFile(`${path}.aux.xml`, LOCAL)
    await expect(openRaster(path)).rejects.toMatchObject({ tag: 'BadCrs' })
  })
})

describe('damage beside', () => {
  it('overviews are not missed, a mask is', async () => {
    const path = await written('overviews beside')
    await writeFile(`${path}.ovr`, 'no TIFF at all')
    const raster = await openRaster(path)
    expect(raster.info.overviews).toEqual([])
    await raster.close()
    await writeFile(`${path}.msk`, 'no TIFF at all')
    await expect(openRaster(path)).rejects.toMatchObject({ tag: 'NotTiff', data: { path: `${path}.msk` } })
  })
})

describe('without them', () => {
  it('an image says what it lacks', async () => {
    const alone = await written('pam alone', /aux|tfw/)
    await expect(openRaster(alone)).rejects.toMatchObject({ tag: 'NoCrs' })
    await expect(openRaster(alone, { crs: parseCrs('EPSG:32632') })).rejects.toMatchObject({ tag: 'NoGrid' })
  })

  it.each(['', 'no XML', '<PAMDataset><GeoTransform>1,2</GeoTransform></PAMDataset>', '<PAMDataset><SRS></SRS>'])(
    'PAM that says nothing: %s',
    (xml) => expect(parsePam(xml)).toEqual({ nodata: [], items: [] }),
  )

  it.each(['', '1 2 3', '1\n0\n0\n0\n5\n6', '1\n0\n0\nx\n5\n6'])('no world file: %j', (text) =>
    expect(parseWorldFile(text)).toBeUndefined(),
  )

  it('world files with commas and more lines', () => {
    expect(parseWorldFile('2,5\r\n0\r\n0\r\n-2,5\r\n10\r\n20\r\nmore\r\n')).toEqual([2.5, 0, 8.75, 0, -2.5, 21.25])
  })
})

describe('on a server', () => {
  const filesOf = (name: string): Record<string, Uint8Array> =>
    Object.fromEntries(
      Object.entries(readings[name]!.files).map(([file, bytes]) => [file, Buffer.from(bytes, 'base64')]),
    )

  it.each([
    ['pam goes before the file', ['a.tif']],
    ['pam alone', ['a.tif', 'a.tif.aux.xml']],
    ['world file a.wld', ['a.tif', 'a.tif.aux.xml', 'a.tfw', 'a.tifw', 'a.wld']],
  ])('only what an image lacks is asked for: %s', async (name, asked) => {
    const server = await serveFiles(filesOf(name))
    const raster = await openRaster(`${server.url}a.tif?key=1`, { http: { backOffMs: 1 } })
    expect([...server.asked]).toEqual(asked)
    if (name !== 'pam goes before the file') expect(raster.grid.affine).toEqual(readings[name]!.transform)
    await raster.close()
    await server.close()
  })
})
