/** Long strips that are not compressed are read by parts. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { geotiffSource } from '../../src/geotiff/array-source.ts'
import { temporaryFolder } from '../temporary.ts'

const [WIDTH, HEIGHT] = [1000, 1500]
const value = (i: number): number => (i * 7919) % 60_013

const [LONG, DOUBLE, FIELDS] = [4, 12, 11]
/** Size of a pixel, and where the first one lies. */
const PLACE = [10, 10, 0, 0, 0, 0, 600_000, 5_200_000, 0]

/** A TIFF of 16-bit samples in strips of so many rows, which lie in the file in no order. */
function tiff(rowsPerStrip: number): Uint8Array {
  const count = Math.ceil(HEIGHT / rowsPerStrip)
  const rowBytes = 2 * WIDTH
  const lengths = Array.from({ length: count }, (_, i) => Math.min(rowsPerStrip, HEIGHT - i * rowsPerStrip) * rowBytes)
  const head = 8 + 2 + FIELDS * 12 + 4 + 8 * count + 8 * PLACE.length
  const order = lengths.map((_, i) => (i + 1) % count)
  const offsets: number[] = []
  let at = head
  for (const i of order) {
    offsets[i] = at
    at += lengths[i]!
  }
  const bytes = new Uint8Array(at)
  const view = new DataView(bytes.buffer)
  bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0])
  const place = head - 8 * PLACE.length
  const lists = place - 8 * count
  const listed = (k: number, list: readonly number[]) => (count === 1 ? list[0]! : lists + 4 * k * count)
  const fields = [
    [256, LONG, 1, WIDTH],
    [257, LONG, 1, HEIGHT],
    [258, LONG, 1, 16],
    [259, LONG, 1, 1],
    [262, LONG, 1, 1],
    [273, LONG, count, listed(0, offsets)],
    [277, LONG, 1, 1],
    [278, LONG, 1, rowsPerStrip],
    [279, LONG, count, listed(1, lengths)],
    [33550, DOUBLE, 3, place],
    [33922, DOUBLE, 6, place + 24],
  ] as const
  view.setUint16(8, fields.length, true)
  for (const [i, number] of PLACE.entries()) view.setFloat64(place + 8 * i, number, true)
  for (const [i, [tag, type, n, x]] of fields.entries()) {
    view.setUint16(10 + 12 * i, tag, true)
    view.setUint16(12 + 12 * i, type, true)
    view.setUint32(14 + 12 * i, n, true)
    view.setUint32(18 + 12 * i, x, true)
  }
  for (let i = 0; i < count; i++) {
    view.setUint32(lists + 4 * i, offsets[i]!, true)
    view.setUint32(lists + 4 * (count + i), lengths[i]!, true)
    for (let k = 0; k < lengths[i]! / 2; k++)
      view.setUint16(offsets[i]! + 2 * k, value(i * rowsPerStrip * WIDTH + k), true)
  }
  return bytes
}

describe('strips that are not compressed', () => {
  it.each([HEIGHT, 700, 601, 10])('of %s rows are no larger than a mebibyte, with the same cells', async (rows) => {
    const path = join(await temporaryFolder(), 'strips.tif')
    await writeFile(path, tiff(rows))
    const source = await geotiffSource(path, { crs: 'EPSG:32632' })
    const [, height, width] = source.chunks
    expect(2 * height! * width!).toBeLessThanOrEqual(2 ** 20)
    for (const [start, shape] of [
      [
        [0, 0, 0],
        [1, HEIGHT, WIDTH],
      ],
      [
        [0, 345, 17],
        [1, 720, 31],
      ],
    ] as const) {
      const data = await source.read({ start, shape })
      const isSame = data.every((x, i) => {
        const [row, column] = [Math.floor(i / shape[2]), i % shape[2]]
        return x === value((start[1] + row) * WIDTH + start[2] + column)
      })
      expect(isSame).toBe(true)
    }
    await source.close()
  })
})
