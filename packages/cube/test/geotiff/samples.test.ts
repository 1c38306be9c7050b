/** Samples that memory has no words for: bits of any number, halves, three bytes, 64-bit integers. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeDirectory, longs, shorts } from '../../src/geotiff/encode.ts'
import { georeference } from '../../src/geotiff/geokeys-write.ts'
import { TAG } from '../../src/geotiff/tags.ts'
import { openRaster, parseCrs, wholeWindow } from '../../src/index.ts'
import { temporaryFolder } from '../temporary.ts'

interface Stored {
  readonly bits: number
  readonly format?: number
  readonly samples?: number
  readonly fillOrder?: number
}

const DATA = 8

/** A little-endian file of one strip, not compressed. */
async function tiff(bytes: ArrayBufferLike | readonly number[], width: number, height: number, stored: Stored) {
  const { bits, format = 1, samples = 1, fillOrder = 1 } = stored
  const data = new Uint8Array(bytes as ArrayBuffer)
  const grid = { crs: parseCrs('EPSG:32632'), affine: [10, 0, 5e5, 0, -10, 5e6], width, height } as const
  const fields = [
    longs(TAG.imageWidth, [width]),
    longs(TAG.imageLength, [height]),
    shorts(TAG.bitsPerSample, new Array<number>(samples).fill(bits)),
    shorts(TAG.compression, [1]),
    shorts(TAG.fillOrder, [fillOrder]),
    longs(TAG.stripOffsets, [DATA]),
    shorts(TAG.samplesPerPixel, [samples]),
    longs(TAG.rowsPerStrip, [height]),
    longs(TAG.stripByteCounts, [data.length]),
    shorts(TAG.sampleFormat, new Array<number>(samples).fill(format)),
    ...georeference(grid),
  ]
  const start = DATA + data.length + (data.length % 2)
  const directory = encodeDirectory(fields, start, 0, false)
  const file = new Uint8Array(start + directory.length)
  file.set([0x49, 0x49, 42, 0])
  new DataView(file.buffer).setUint32(4, start, true)
  file.set(data, DATA)
  file.set(directory, start)
  const path = join(await temporaryFolder(), 'a.tif')
  await writeFile(path, file)
  return openRaster(path)
}

async function valuesOf(...made: Parameters<typeof tiff>): Promise<number[]> {
  const raster = await tiff(...made)
  const values = await raster.readRaw(wholeWindow(raster.grid))
  await raster.close()
  return Array.from(values)
}

/** Numbers as rows of bits, each row from a whole byte. */
function bitRows(rows: readonly (readonly number[])[], bits: number): number[] {
  return rows.flatMap((row) => {
    const text = row.map((value) => value.toString(2).padStart(bits, '0')).join('')
    return Array.from({ length: Math.ceil(text.length / 8) }, (_, i) =>
      Number.parseInt(text.slice(8 * i, 8 * i + 8).padEnd(8, '0'), 2),
    )
  })
}

describe('unsigned samples of any number of bits', () => {
  it.each([1, 2, 3, 4, 5, 7, 9, 10, 12, 13, 15, 17, 20, 31])('%i bits', async (bits) => {
    const most = 2 ** bits - 1
    const rows = [
      [0, most, 1 % (most + 1)],
      [most, Math.floor(most / 2), 0],
    ]
    expect(await valuesOf(bitRows(rows, bits), 3, 2, { bits })).toEqual(rows.flat())
  })

  it('several bands, pixel by pixel', async () => {
    const bytes = bitRows([[1, 4000, 2, 4001, 3, 4002]], 12)
    expect(await valuesOf(bytes, 3, 1, { bits: 12, samples: 2 })).toEqual([1, 2, 3, 4000, 4001, 4002])
  })

  it('24 bits in the order of GDAL', async () => {
    expect(await valuesOf([0, 0, 2, 1, 2, 3], 2, 1, { bits: 24 })).toEqual([2, 0x010203])
  })

  it('the lowest bit first', async () => {
    expect(await valuesOf([0b00000101], 4, 1, { bits: 1, fillOrder: 2 })).toEqual([1, 0, 1, 0])
    expect(await valuesOf([0x80, 1], 2, 1, { bits: 8, fillOrder: 2 })).toEqual([1, 128])
  })
})

describe('floats of two and three bytes', () => {
  it('halves', async () => {
    const words = Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x7e00, 1, 0x8000)
    const values = [1, -2, Infinity, Number.NaN, 2 ** -24, -0]
    expect(await valuesOf(words.buffer, 6, 1, { bits: 16, format: 3 })).toEqual(values)
  })

  it('three bytes', async () => {
    const bytes = [0, 0, 0x3f, 0, 0x80, 0xbf, 0, 0, 0x7f, 1, 0, 0x7f, 1, 0, 0, 0, 0, 0x80]
    const values = [1, -1.5, Infinity, Number.NaN, 2 ** -78, -0]
    expect(await valuesOf(bytes, 6, 1, { bits: 24, format: 3 })).toEqual(values)
  })
})

describe('64-bit integers', () => {
  it('as float64 while they are exact', async () => {
    const signed = BigInt64Array.of(-5n, 2n ** 53n, -(2n ** 63n))
    expect(await valuesOf(signed.buffer, 3, 1, { bits: 64, format: 2 })).toEqual([-5, 2 ** 53, -(2 ** 63)])
    const unsigned = BigUint64Array.of(7n, 2n ** 63n)
    expect(await valuesOf(unsigned.buffer, 2, 1, { bits: 64 })).toEqual([7, 2 ** 63])
  })

  it('refused by name where they are not', async () => {
    const read = valuesOf(BigInt64Array.of(1n, 2n ** 53n + 1n).buffer, 2, 1, { bits: 64, format: 2 })
    await expect(read).rejects.toMatchObject({
      tag: 'InexactValue',
      message: expect.stringMatching(/^strip 1 of .*a\.tif: the value 9007199254740993 has more digits/),
    })
  })
})

it('complex numbers are refused', async () => {
  await expect(tiff(new ArrayBuffer(8), 1, 1, { bits: 64, format: 6 })).rejects.toMatchObject({
    tag: 'UnsupportedSample',
  })
})
