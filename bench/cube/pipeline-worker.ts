/**
 * Our side of pipeline.ts: a line on standard input asks for one run, which opens the files anew; wall and processor
 * milliseconds, a checksum and peak megabytes answer. Usage: node pipeline-worker.ts CASE FOLDER [WORKERS]
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Cube, open } from '@ecotope/cube'

const [name = '', folder = '', workers = '2'] = process.argv.slice(2)

interface Case {
  readonly path: string
  readonly make: (cube: Cube) => Cube
  /** Whether the result is a store instead of an array. */
  readonly isSaved?: boolean
}

const monthly = (cube: Cube): Cube => cube.aggregateTemporalPeriod('month', 'mean')

const cases: Readonly<Record<string, Case>> = {
  ndvi: { path: 's2.zarr', make: (cube) => cube.ndvi({ red: 'B04', nir: 'B08' }).median('t') },
  median: { path: 's2.zarr', make: (cube) => cube.median('t') },
  monthly: { path: 'daily.zarr', make: monthly },
  'monthly-saved': { path: 'daily.zarr', make: monthly, isSaved: true },
  mean: { path: 'daily.zarr', make: (cube) => cube.mean('t') },
  anomalies: { path: 'daily.zarr', make: (cube) => cube.subtract(cube.mean('t')) },
  rolling: { path: 'daily.zarr', make: (cube) => cube.rolling(7, 'mean', { center: true, minPeriods: 1 }) },
  quantile: {
    path: 'daily.zarr',
    make: (cube) => cube.reduce('t', (data) => data.reduce('quantiles', { probabilities: [0.9] }).at(0)),
  },
}

const { path, make, isSaved } = cases[name]!
const saved = join(tmpdir(), 'ecotope-bench.zarr')

type Cells = Float32Array | Float64Array

/** One run; what it gives is looked at later. */
async function once(): Promise<() => Promise<Cells>> {
  await using scene = await open(`${folder}/${path}`)
  const cube = make(scene.stack())
  if (isSaved) {
    await cube.save(saved, { workers: Number(workers) })
    return readBack
  }
  const { data } = await cube.compute({ workers: Number(workers) })
  return () => Promise.resolve(data)
}

async function readBack(): Promise<Cells> {
  await using scene = await open(saved)
  return (await scene.stack().compute()).data
}

for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const cells = await once()
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  let sum = 0
  for (const value of await cells()) if (!Number.isNaN(value)) sum += Math.abs(value)
  console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
}
