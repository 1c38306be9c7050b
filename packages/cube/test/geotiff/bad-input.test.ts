/** Files that are not what they should be: always a clear error, never another one. */
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EcotopeError, InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openRaster, parseCrs, wholeWindow } from '../../src/index.ts'
import { temporaryFolder } from '../temporary.ts'

const fixtures = join(import.meta.dirname, '../fixtures/geotiff')
const sound = join(fixtures, 'deflate_uint16_p2.tif')

async function readAll(path: string): Promise<number> {
  const raster = await openRaster(path)
  try {
    return (await raster.read(wholeWindow(raster.grid))).length
  } finally {
    await raster.close()
  }
}

async function changed(bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), 'changed.tif')
  await writeFile(path, bytes)
  return path
}

/** A file with the value of a short tag of the first directory replaced. */
async function withTag(tag: number, value: number, id = tag): Promise<string> {
  const bytes = Buffer.from(await readFile(join(fixtures, 'none_uint8_p1.tif')))
  const little = bytes[0] === 0x49
  const short = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const long = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const big = short(2) === 43
  const start = big ? (little ? Number(bytes.readBigUInt64LE(8)) : Number(bytes.readBigUInt64BE(8))) : long(4)
  const count = big
    ? little
      ? Number(bytes.readBigUInt64LE(start))
      : Number(bytes.readBigUInt64BE(start))
    : short(start)
  for (let i = 0; i < count; i++) {
    const at = start + (big ? 8 + 20 * i : 2 + 12 * i)
    if (short(at) !== tag) continue
    const write = (position: number, v: number) =>
      little ? bytes.writeUInt16LE(v, position) : bytes.writeUInt16BE(v, position)
    write(at, id)
    write(at + (big ? 12 : 8), value)
  }
  return changed(bytes)
}

describe('openRaster', () => {
  it('names a missing file', async () => {
    await expect(openRaster(join(fixtures, 'absent.tif'))).rejects.toMatchObject({
      tag: 'MissingFile',
      message: expect.stringContaining('absent.tif'),
    })
  })

  it('knows what is not a TIFF', async () => {
    await expect(openRaster(fixtures)).rejects.toMatchObject({ tag: 'NotTiff' })
    for (const text of ['', 'hello', '<html><body>404 not found</body></html>', 'II', 'II*\0\0\0\0\0', 'MM\0+']) {
      await expect(openRaster(await changed(new TextEncoder().encode(text))), text).rejects.toThrow(InputError)
    }
  })

  it('asks for a CRS where the file has none, and takes the one given', async () => {
    const path = await withTag(34735, 0, 65000)
    await expect(openRaster(path)).rejects.toMatchObject({
      tag: 'NoCrs',
      hint: expect.stringMatching(/--crs.*open_collection/),
    })
    const raster = await openRaster(path, { crs: parseCrs('EPSG:32633') })
    expect(raster.grid.crs.code).toBe('EPSG:32633')
    await raster.close()
  })

  it('says where the position is missing', async () => {
    await expect(openRaster(await withTag(33550, 0, 65001))).rejects.toMatchObject({ tag: 'NoGrid' })
  })

  it('names a compression that it does not read', async () => {
    const webp = openRaster(await withTag(259, 50001))
    await expect(webp).rejects.toMatchObject({
      tag: 'UnsupportedCompression',
      message: expect.stringContaining('WebP'),
      hint: expect.stringContaining('gdal-async'),
    })
    await expect(openRaster(await withTag(259, 12345))).rejects.toMatchObject({ tag: 'UnsupportedCompression' })
  })

  it('names a block that is cut off', async () => {
    const bytes = await readFile(sound)
    await expect(openRaster(await changed(bytes.subarray(0, bytes.length - 1)))).rejects.toThrow(InputError)
    const none = await readFile(join(fixtures, 'none_float32_p1.tif'))
    const error: unknown = await openRaster(await changed(none.subarray(0, none.length - 40))).catch((e: unknown) => e)
    expect(error).toMatchObject({ tag: 'TruncatedFile', message: expect.stringMatching(/(strip|tile) \d+/) })
  })

  it('fails with a clear error wherever the file is cut', async () => {
    const bytes = await readFile(sound)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        await expect(readAll(await changed(bytes.subarray(0, length)))).rejects.toThrow(EcotopeError)
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    'deflate_uint16_p2',
    'lzw_int16_p2',
    'zstd_float32_p3',
    'packbits_uint8_p1',
    'none_float64_p1',
    'overviews',
  ])('reads or fails clearly, whatever bytes of %s are wrong', async (name) => {
    const bytes = await readFile(join(fixtures, `${name}.tif`))
    const byte = fc.record({ at: fc.nat(bytes.length - 1), value: fc.integer({ min: 0, max: 255 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(byte, { minLength: 1, maxLength: 6 }), async (changes) => {
        const broken = Uint8Array.from(bytes)
        for (const { at, value } of changes) broken[at] = value
        const result: unknown = await readAll(await changed(broken)).catch((e: unknown) => e)
        if (typeof result !== 'number') expect(result).toBeInstanceOf(EcotopeError)
      }),
      { numRuns: 120 },
    )
  })

  it('does not mind other files beside it', async () => {
    const folder = await temporaryFolder()
    await copyFile(sound, join(folder, 'a b ü.tif'))
    expect(await readAll(join(folder, 'a b ü.tif'))).toBeGreaterThan(0)
  })
})
