/** Writes a COG of every kind that the GeoTIFF sink makes, for check_cog.py. Usage: node write_cogs.ts FOLDER. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseCrs } from '../../packages/cube/src/crs/crs.ts'
import { spatialDimensions } from '../../packages/cube/src/geotiff/array-source.ts'
import { geotiffSink } from '../../packages/cube/src/geotiff/sink.ts'
import type { Packing } from '../../packages/cube/src/model/block.ts'
import type { CubeSchema } from '../../packages/cube/src/model/node.ts'
import { wholeRegion } from '../../packages/cube/src/model/region.ts'

const folder = process.argv[2] ?? '.'
mkdirSync(folder, { recursive: true })

const packings: Readonly<Record<string, Packing>> = {
  uint16: { dtype: 'uint16', nodata: 0, scale: 0.0001, offset: 0 },
  float32: { dtype: 'float32', scale: 1, offset: 0 },
  uint8: { dtype: 'uint8', nodata: 255, scale: 1, offset: 0, isBoolean: true },
}

async function write(name: string, packing: Packing, bands: number, size: number, options: object): Promise<void> {
  const grid = { crs: parseCrs('EPSG:32632'), affine: [10, 0, 6e5, 0, -10, 52e5], width: size, height: size } as const
  const labels = Array.from({ length: bands }, (_, i) => `B${i + 1}`)
  const dimension = { type: 'bands', name: 'bands', labels, bands: labels.map((label) => ({ name: label })) } as const
  const schema: CubeSchema = { dims: [dimension, ...spatialDimensions(grid)], grid, packing }
  const values = Float32Array.from({ length: bands * size * size }, (_, i) => 100 + 90 * Math.sin(i / 300))
  const data =
    packing.dtype === 'float32'
      ? values
      : packing.dtype === 'uint8'
        ? Uint8Array.from(values)
        : Uint16Array.from(values)
  const job = await geotiffSink.create(join(folder, `${name}.tif`), schema, { job: 'oracle', options: { ...options } })
  const encoder = await geotiffSink.encoder(job.handle)
  const region = wholeRegion([bands, size, size])
  await job.write(region, await encoder.encode(region, { region, data }, {}))
  await job.finish()
}

for (const [dtype, packing] of Object.entries(packings)) {
  for (const compression of ['deflate', 'zstd', 'none'] as const) {
    await write(`${dtype}_${compression}`, packing, 3, 1100, { compression })
    await write(`${dtype}_${compression}_small`, packing, 1, 100, { compression, blockSize: 256 })
  }
}
await write('big', packings.uint16!, 2, 1100, { bigTiff: true, blockSize: 256 })
await write('flat', packings.uint16!, 2, 500, { overviews: 'none', blockSize: 512 })
