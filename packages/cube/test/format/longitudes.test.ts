/** Longitudes of 0 to 360 are turned where the option says so, in each format that climate models write. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { openHandle, openLayers } from '../../src/format/formats.ts'
import { memorySource } from '../../src/model/memory.ts'
import { temporaryFolder } from '../temporary.ts'

const columns = Array.from({ length: 12 }, (_, i) => i)
const cube = new Cube(
  memorySource(
    Float32Array.from({ length: 24 }, (_, i) => i),
    {
      dims: [
        { type: 'spatial', name: 'y', axis: 'y', labels: [45, -45] },
        { type: 'spatial', name: 'x', axis: 'x', labels: columns.map((i) => 15 + 30 * i) },
      ],
      grid: { crs: parseCrs('EPSG:4326'), affine: [30, 0, 0, 0, -90, 90], width: 12, height: 2 },
      packing: { dtype: 'float32', scale: 1, offset: 0 },
    },
    'made up',
  ),
)

it.each(['nc', 'zarr', 'tif'])('of .%s files', async (extension) => {
  const path = join(await temporaryFolder(), `world.${extension}`)
  await cube.save(path)
  const asStored = await openLayers(path)
  expect(asStored.layers[0]!.source.schema.grid!.affine[2]).toBe(0)
  await asStored.close()
  const opened = await openLayers(path, { options: { longitudes: '-180' } })
  const { source } = opened.layers[0]!
  expect(source.schema.grid!.affine[2]).toBe(-180)
  const first = { start: source.schema.dims.map(() => 0), shape: source.schema.dims.map(() => 1) }
  expect([...(await source.read(first))]).toEqual([6])
  const again = await openHandle(JSON.parse(JSON.stringify(source.handle)) as typeof source.handle)
  expect([...(await again.read(first))]).toEqual([6])
  await again.close()
  await opened.close()
  await expect(openLayers(path, { options: { longitudes: 'west' } })).rejects.toMatchObject({ tag: 'BadOption' })
})
