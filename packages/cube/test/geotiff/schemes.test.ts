/** JPEG and LERC inside TIFF: what GDAL reads in small files (oracles/raster/make_schemes.py), to the last count. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { wholeWindow } from '../../src/grid.ts'
import { openRaster } from '../../src/raster.ts'
import { temporaryFolder } from '../temporary.ts'

interface Reading {
  readonly dtype: string
  /** CRC-32 of the bands' little-endian bytes. */
  readonly bands: readonly number[]
  readonly mask?: number
  readonly overview?: readonly number[]
  /** The file in base64. */
  readonly file: string
}

const readings = JSON.parse(
  readFileSync(new URL('../../../../oracles/raster/schemes.json', import.meta.url), 'utf8'),
) as Record<string, Reading>

async function fileOf(name: string, change = (bytes: Buffer): Buffer => bytes): Promise<string> {
  const path = join(await temporaryFolder(), 'a.tif')
  await writeFile(path, change(Buffer.from(readings[name]!.file, 'base64')))
  return path
}

async function sums(path: string, overview?: number): Promise<number[]> {
  const raster = await openRaster(path, overview === undefined ? {} : { overview })
  const out: number[] = []
  for (const band of raster.bands.keys()) {
    const values = await raster.readRaw(wholeWindow(raster.grid), [band])
    out.push(crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)))
  }
  await raster.close()
  return out
}

describe('files as GDAL reads them', () => {
  it.each(Object.keys(readings))('%s', async (name) => {
    const path = await fileOf(name)
    const { dtype, bands, mask, overview } = readings[name]!
    const raster = await openRaster(path)
    expect(raster.dtype).toBe(dtype)
    expect(await sums(path)).toEqual(bands)
    expect(raster.info.overviews.length).toBe(overview === undefined ? 0 : 1)
    if (overview !== undefined) expect(await sums(path, 0)).toEqual(overview)
    if (mask !== undefined) {
      const cells = await raster.readMask!(wholeWindow(raster.grid))
      expect(crc32(Uint8Array.from(cells, (v) => (v === 0 ? 0 : 255)))).toBe(mask)
    }
    await raster.close()
  })

  it('windows are parts of the whole', async () => {
    const raster = await openRaster(await fileOf('chroma_tiles'))
    const whole = await raster.readRaw(wholeWindow(raster.grid))
    const part = await raster.readRaw({ column: 30, row: 14, width: 9, height: 5 }, [1])
    const expected = Array.from({ length: 45 }, (_, i) => {
      const [r, c] = [14 + Math.floor(i / 9), 30 + (i % 9)]
      return whole[(37 + r) * 45 + c]!
    })
    expect([...part]).toEqual(expected)
    await raster.close()
  })
})

describe('what is refused', () => {
  it.each([
    ['grey_tiles', [0xff, 0xda]],
    ['four_together', [0xff, 0xda]],
    ['lerc_float32', [0x4c, 0x65, 0x72, 0x63]],
  ] as const)('a damaged block of %s', async (name, start) => {
    const path = await fileOf(name, (bytes) => {
      const at = bytes.indexOf(Buffer.from(start))
      expect(at).toBeGreaterThan(0)
      return bytes.fill(0, at, at + 30)
    })
    const raster = await openRaster(path)
    await expect(raster.readRaw(wholeWindow(raster.grid))).rejects.toMatchObject({
      tag: 'CorruptBlock',
      data: { path, block: 0 },
    })
    await raster.close()
  })

  it.each([
    ['chroma_tiles', [0xff, 0xc0], 5],
    ['four_together', [0xff, 0xc0], 5],
  ] as const)('damaged sizes of %s, without asking for all memory', async (name, start, behind) => {
    const path = await fileOf(name, (bytes) => {
      const at = bytes.indexOf(Buffer.from(start))
      expect(at).toBeGreaterThan(0)
      return bytes.fill(0xf0, at + behind, at + behind + 4)
    })
    const raster = await openRaster(path)
    await expect(raster.readRaw(wholeWindow(raster.grid))).rejects.toMatchObject({
      tag: 'CorruptBlock',
      cause: { message: '61680 x 61680 pixels are too many' },
    })
    await raster.close()
  })
})
