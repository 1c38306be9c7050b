/**
 * Pipelines from files to a result in memory, two threads each, beside the Python stack: runs interleaved, ratio of
 * medians. Prints JSON. Usage: node bench/cube/pipeline.ts [CASE] [ROUNDS] [FOLDER]; FOLDER holds what make.py makes.
 * Needs numpy, bottleneck, zarr, xarray and dask for the Python that PYTHON names.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare, openPeer, python } from '../peer.ts'

/** Case: ours, theirs, and the limit that was set. */
const cases: Readonly<Record<string, readonly [ours: string, theirs: string, limit: number]>> = {
  'ndvi-numpy': ['ndvi', 'ndvi-numpy', 0.6],
  'ndvi-dask': ['ndvi', 'ndvi-dask', 0.25],
  monthly: ['monthly', 'monthly-xarray', 0.5],
  'monthly-dask': ['monthly', 'monthly-dask', 0.5],
  'monthly-saved': ['monthly-saved', 'monthly-saved', 0.5],
  mean: ['mean', 'mean-xarray', 1],
  anomalies: ['anomalies', 'anomalies-xarray', 1],
  rolling: ['rolling', 'rolling-xarray', 1],
  quantile: ['quantile', 'quantile-xarray', 1],
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const [wanted = 'all', rounds = '5', folder = join(tmpdir(), 'ecotope-bench')] = process.argv.slice(2)

for (const [name, [ours, theirs, limit]] of Object.entries(cases)) {
  if (wanted !== 'all' && wanted !== name) continue
  const peers = {
    ecotope: openPeer(process.execPath, [here('pipeline-worker.ts'), ours, folder]),
    peer: openPeer(python, ['-W', 'ignore', here('pipeline.py'), theirs, folder]),
  }
  const result = await compare(peers, Number(rounds))
  const difference = Math.abs(result.ecotope.value / result.peer.value - 1)
  if (difference > 1e-4) throw new Error(`${name}: the results differ by ${difference}`)
  console.log(JSON.stringify({ name, limit, ...result }))
}
