/** Filters of HDF5: files by h5py and netCDF4 with one variable for each. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openNetcdfFile } from '../../src/netcdf/array-source.ts'
import { temporaryFolder } from '../temporary.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/netcdf/filters.json', import.meta.url), 'utf8'),
) as Record<'h5py' | 'netCDF4', string>

async function written(bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), 'a.nc')
  await writeFile(path, bytes)
  return path
}

const LACKING = new Set(['blosc_zlib', 'blosc2_zlib'])

/** Cells of a box of the 40 x 50 that every variable holds. */
const expected = ([top, left]: readonly number[], [rows, columns]: readonly number[]): number[] =>
  Array.from({ length: rows! * columns! }, (_, i) => {
    const cell = (top! + Math.floor(i / columns!)) * 50 + left! + (i % columns!)
    return (cell * 7) % 1000
  })

describe.each([
  ['h5py', 14],
  ['netCDF4', 9],
] as const)('filters as %s writes them', (writer, count) => {
  test('whole and by boxes', async () => {
    const opened = await openNetcdfFile(await written(Buffer.from(golden[writer], 'base64')))
    const names = [...opened.variables.keys()]
    expect(names.length).toBe(count)
    for (const name of names) {
      if (LACKING.has(name)) {
        await expect(opened.read(name, [0, 0], [40, 50])).rejects.toMatchObject({
          tag: 'UnsupportedCodec',
          message: expect.stringMatching(/blosc2? with zlib$/) as string,
        })
        continue
      }
      expect(Array.from((await opened.read(name, [0, 0], [40, 50])) as Iterable<number>), name).toEqual(
        expected([0, 0], [40, 50]),
      )
      expect(Array.from((await opened.read(name, [15, 30], [3, 5])) as Iterable<number>), name).toEqual(
        expected([15, 30], [3, 5]),
      )
    }
    await opened.close()
  })
})

test('damage inside a chunk of a plugin is named', async () => {
  const bytes = Buffer.from(golden.netCDF4, 'base64')
  // Frames of Zstandard begin so; the first is chunk 0, 0 of the first variable that has them.
  const at = bytes.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))
  expect(at).toBeGreaterThan(0)
  bytes.fill(0xff, at, at + 40)
  const path = await written(bytes)
  const opened = await openNetcdfFile(path)
  await expect(opened.read('zstd', [0, 0], [40, 50])).rejects.toMatchObject({
    tag: 'CorruptChunk',
    data: { path, variable: 'zstd', chunk: [0, 0] },
  })
  await opened.close()
})
