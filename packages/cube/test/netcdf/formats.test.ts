import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sliceBox } from '../../src/model/copy.ts'
import { netcdfFromHandle, netcdfSource, netcdfSources, openNetcdfFile } from '../../src/netcdf/array-source.ts'
import { rowPieces } from '../../src/netcdf/file.ts'
import { temporaryFolder } from '../temporary.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/netcdf/formats.json', import.meta.url), 'utf8'),
) as Record<string, string>

async function file(kind: string, cut?: number): Promise<string> {
  const path = join(await temporaryFolder(), 'a.nc')
  const bytes = Buffer.from(golden[kind]!, 'base64')
  await writeFile(path, cut === undefined ? bytes : bytes.subarray(0, bytes.length - cut))
  return path
}

const KINDS: Readonly<Record<string, string>> = {
  NETCDF3_CLASSIC: 'classic',
  NETCDF3_64BIT_OFFSET: '64-bit offset',
  NETCDF3_64BIT_DATA: '64-bit data',
  NETCDF4: 'HDF5',
}

describe.each(Object.entries(KINDS))('%s', (kind, name) => {
  test('every type, fixed and by records, whole and by boxes', async () => {
    const path = await file(kind)
    const opened = await openNetcdfFile(path)
    expect(opened.kind).toBe(name)
    expect(opened.attributes.title).toBe('grün')
    expect(opened.variables.get('record_f4')!.attributes.pair).toEqual(
      kind === 'NETCDF4' ? Float64Array.of(1, 2.5) : [1, 2.5],
    )
    const numeric = [...opened.variables.keys()].filter((key) => /^(fixed|record)_/.test(key))
    expect(numeric.length).toBe(kind === 'NETCDF3_64BIT_DATA' || kind === 'NETCDF4' ? 20 : 10)
    for (const key of numeric) {
      const isRecord = key.startsWith('record')
      const shape = isRecord ? [3, 4, 5] : [4, 5]
      expect(opened.variables.get(key)!.shape).toEqual(shape)
      const whole = await opened.read(
        key,
        shape.map(() => 0),
        shape,
      )
      expect(Array.from(whole as ArrayLike<number | bigint>, Number)).toEqual(
        Array.from({ length: isRecord ? 60 : 20 }, (_, i) => (isRecord ? i : i + 1)),
      )
    }
    await opened.close()
  })

  test('boxes anywhere are what they are in the whole', async () => {
    const path = await file(kind)
    const source = await netcdfSource(path, 'record_i2')
    const whole = await source.read({ start: [0, 0, 0], shape: [3, 4, 5] })
    const extent = (n: number) =>
      fc.tuple(fc.nat(n - 1), fc.nat(n - 1)).map(([a, b]) => [Math.min(a, b), Math.abs(a - b) + 1] as const)
    await fc.assert(
      fc.asyncProperty(extent(3), extent(4), extent(5), async (t, y, x) => {
        const region = { start: [t[0], y[0], x[0]], shape: [t[1], y[1], x[1]] }
        expect(await source.read(region)).toEqual(sliceBox(whole, [3, 4, 5], region))
      }),
      { numRuns: 40 },
    )
    expect(source.schema.dims[0]).toMatchObject({
      type: 'temporal',
      labels: ['2000-01-01T00:00:00Z', '2000-01-02T00:00:00Z', '2000-01-03T12:00:00Z'],
    })
    await source.close()
  })

  test('texts', async () => {
    const opened = await openNetcdfFile(await file(kind))
    if (kind === 'NETCDF4') expect(await opened.read('names', [0], [4])).toEqual(['ä', 'b', '', 'd'])
    else expect(await opened.read('label', [1], [3])).toEqual(['bb', 'ccc', ''])
    await opened.close()
  })
})

test('groups of NetCDF-4: names are paths, dimensions of the root are shared', async () => {
  const sources = await netcdfSources(await file('NETCDF4'))
  const inner = sources.find(({ handle }) => handle.variable === 'inner/deep/value')!
  expect(inner.schema.dims.map((dim) => dim.name)).toEqual(['y', 'x'])
  expect(inner.chunks).toEqual([2, 3])
  expect([...(await inner.read({ start: [3, 3], shape: [1, 2] }))]).toEqual([19, 19.5])
  const again = await netcdfFromHandle(inner.handle)
  expect([...(await again.read({ start: [0, 0], shape: [1, 1] }))]).toEqual([10])
  for (const source of [...sources, again]) await source.close()
})

test('64-bit integers are read as float64, unsigned ones too', async () => {
  for (const kind of ['NETCDF3_64BIT_DATA', 'NETCDF4']) {
    const source = await netcdfSource(await file(kind), 'record_u8')
    expect(source.schema.packing.dtype).toBe('float64')
    expect([...(await source.read({ start: [2, 3, 3], shape: [1, 1, 2] }))]).toEqual([58, 59])
    await source.close()
  }
})

test('a single record variable is not padded', async () => {
  const source = await netcdfSource(await file('single'), 'odd')
  expect([...(await source.read({ start: [1, 0], shape: [2, 3] }))]).toEqual([3, 4, 5, 6, 7, 8])
  await source.close()
})

test('the end of a file that is missing is a chunk that cannot be read, the rest can', async () => {
  const path = await file('single')
  const bytes = readFileSync(path)
  // The bytes 0 to 8 are the cells; the last two are cut off.
  const at = bytes.lastIndexOf(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8))
  await writeFile(path, bytes.subarray(0, at + 7))
  const source = await netcdfSource(path, 'odd')
  expect([...(await source.read({ start: [0, 0], shape: [2, 3] }))]).toEqual([0, 1, 2, 3, 4, 5])
  const failure = await source.read({ start: [0, 0], shape: [3, 3] }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ tag: 'CorruptChunk', data: { path, variable: 'odd', chunk: [2, 0] } })
  await source.close()
})

test('a coordinate that is cut off is told when the file is opened', async () => {
  const path = await file('NETCDF3_CLASSIC', 1500)
  await expect(netcdfSource(path, 'record_f8')).rejects.toMatchObject({
    tag: 'CorruptChunk',
    data: { variable: 'time' },
  })
})

test('headers that are cut off or damaged, other files, unknown variables', async () => {
  const path = await file('NETCDF3_CLASSIC', 0)
  const bytes = readFileSync(path)
  await writeFile(path, bytes.subarray(0, 3000))
  await expect(netcdfSources(path)).rejects.toMatchObject({ tag: 'CorruptFile' })
  const noise = Buffer.from(bytes)
  noise.fill(0x77, 8, 24)
  await writeFile(path, noise)
  await expect(netcdfSources(path)).rejects.toMatchObject({ tag: 'CorruptFile' })
  await writeFile(path, 'CDF')
  await expect(netcdfSources(path)).rejects.toMatchObject({ tag: 'CorruptFile' })
  await writeFile(path, 'a text file of no format')
  await expect(netcdfSources(path)).rejects.toMatchObject({ tag: 'UnknownFormat' })
  await expect(netcdfSources('/none.nc')).rejects.toMatchObject({ tag: 'MissingFile' })
  await expect(netcdfSource(await file('single'), 'even')).rejects.toThrow(/no variable "even"/)
})

test('rows are cut into pieces of about a mebibyte', () => {
  expect(rowPieces([10, 2000, 3000], 4)).toEqual([1, 87, 3000])
  expect(rowPieces([5], 8)).toEqual([5])
  expect(rowPieces([2, 10 ** 7], 1)).toEqual([1, 1048576])
})

test('chosen dates are read alone, in any order, also from a handle', async () => {
  const source = await netcdfSource(await file('NETCDF3_64BIT_OFFSET'), 'record_i2')
  const chosen = source.narrow!(0, [2, 0, 1, 2])!
  expect(chosen.schema.dims[0]!.labels.map((label) => String(label).slice(8, 10))).toEqual(['03', '01', '02', '03'])
  expect([...(await chosen.read({ start: [0, 3, 4], shape: [4, 1, 1] }))]).toEqual([59, 19, 39, 59])
  const fewer = chosen.narrow!(0, [1])!
  expect([...(await fewer.read({ start: [0, 0, 0], shape: [1, 1, 3] }))]).toEqual([0, 1, 2])
  const again = await netcdfFromHandle(structuredClone(chosen.handle))
  expect(again.schema).toEqual(chosen.schema)
  expect(await again.read({ start: [1, 0, 0], shape: [3, 4, 5] })).toEqual(
    await chosen.read({ start: [1, 0, 0], shape: [3, 4, 5] }),
  )
  const cells = chosen.narrow!(2, [4, 0])!
  expect([...(await cells.read({ start: [0, 0, 0], shape: [2, 1, 2] }))]).toEqual([44, 40, 4, 0])
  await source.close()
  await again.close()
})

test('records that one variable has and another has not are fill values', async () => {
  const path = await file('records')
  const opened = await openNetcdfFile(path)
  const all = (name: string) =>
    opened.read(
      name,
      opened.variables.get(name)!.shape.map(() => 0),
      opened.variables.get(name)!.shape,
    )
  expect(Array.from((await all('full')) as Int16Array)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  expect(Array.from((await all('short')) as Int16Array)).toEqual([0, 1, 2, 3, 4, 5, -1, -1, -1, -1, -1, -1])
  expect(Array.from((await all('none')) as Float32Array)).toEqual(new Array(12).fill(9.969209968386869e36))
  expect(await all('wide')).toEqual(BigInt64Array.of(7n, ...new Array<bigint>(3).fill(-9223372036854775806n)))
  expect(await opened.read('short', [1, 1], [2, 2])).toEqual(Int16Array.of(4, 5, -1, -1))
  expect(await opened.read('short', [3, 0], [1, 2])).toEqual(Int16Array.of(-1, -1))
  await opened.close()
})
