/**
 * Our side of pipeline.ts: a line on standard input asks for one run, which opens the files anew; wall and processor
 * milliseconds, a checksum and peak megabytes answer. Usage: node pipeline-worker.ts CASE FOLDER [WORKERS]
 */
import { createInterface } from 'node:readline'
import { type Cube, open } from '@ecotope/cube'

const [name = '', folder = '', workers = '2'] = process.argv.slice(2)

const cases: Readonly<Record<string, { readonly path: string; readonly make: (cube: Cube) => Cube }>> = {
  ndvi: { path: 's2.zarr', make: (cube) => cube.ndvi({ red: 'B04', nir: 'B08' }).median('t') },
  'ndvi-cog': { path: 'deflate/*.tif', make: (cube) => cube.ndvi({ red: 'B04', nir: 'B08' }).median('t') },
  median: { path: 's2.zarr', make: (cube) => cube.median('t') },
  monthly: { path: 'daily.zarr', make: (cube) => cube.aggregateTemporalPeriod('month', 'mean') },
  rolling: { path: 'daily.zarr', make: (cube) => cube.rolling(7, 'mean', { center: true, minPeriods: 1 }) },
  quantile: {
    path: 'daily.zarr',
    make: (cube) => cube.reduce('t', (data) => data.reduce('quantiles', { probabilities: [0.9] }).at(0)),
  },
}

const { path, make } = cases[name]!

async function once(): Promise<Float32Array | Float64Array> {
  await using scene = await open(`${folder}/${path}`)
  const { data } = await make(scene.stack()).compute({ workers: Number(workers) })
  return data
}

for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const data = await once()
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  let sum = 0
  for (const value of data) if (!Number.isNaN(value)) sum += value
  console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
}
