/**
 * The small-data example of docs/segmentation.md: a DEM and NDVI composites of 101 x 100 pixels and land-cover polygons
 * (an EOPatch of eo-learn, MIT licence) through the segmentation recipe. Needs the reference data (ECOTOPE_DATA).
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Band, gridOf, parseCrs, writeCog } from '@ecotope/cube'
import { application } from '../packages/cli/src/application.ts'
import { runProcess } from '../packages/cli/src/process.ts'

const data = process.env.ECOTOPE_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url))
const patch = join(data, 'eolearn_testeopatch', 'example_data', 'TestEOPatch')
const out = join('out', 'small-data')

/** A NumPy array of version 1 in C order. */
function readNpy(path: string): { shape: number[]; values: Float32Array | Float64Array | Uint8Array } {
  const bytes = readFileSync(join(patch, path))
  const length = bytes.readUInt16LE(8)
  const header = bytes.subarray(10, 10 + length).toString('latin1')
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)![1]!
    .split(',')
    .filter((s) => s.trim() !== '')
    .map(Number)
  const body = bytes.buffer.slice(bytes.byteOffset + 10 + length, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const types = { '<f4': Float32Array, '<f8': Float64Array, '|u1': Uint8Array, '|b1': Uint8Array }
  const Type = types[/'descr': '([^']*)'/.exec(header)![1]! as keyof typeof types]
  return { shape, values: new Type(body) }
}

const [height, width] = [101, 100]
const n = height * width
// The patch's own bounding box; its pixels are 9.995 m x 9.997 m.
const bounds = [465181.0522318204, 5079244.8912012065, 466180.53145382757, 5080254.63349641] as const
const box = gridOf(
  bounds,
  parseCrs('EPSG:32633'),
  [(bounds[2] - bounds[0]) / width, (bounds[3] - bounds[1]) / height],
  {},
)
const grid = { ...box, width, height }

async function write(name: string, bands: readonly Band[], values: Float32Array): Promise<string> {
  const path = join(out, name)
  await writeCog(path, { grid, bands, dtype: 'float32', nodata: Number.NaN, overviews: 'none' }, async (window) => {
    const part = new Float32Array(bands.length * window.width * window.height)
    for (let b = 0; b < bands.length; b++)
      for (let r = 0; r < window.height; r++)
        for (let c = 0; c < window.width; c++)
          part[(b * window.height + r) * window.width + c] =
            values[b * n + (window.row + r) * width + window.column + c]!
    return part
  })
  return path
}

/** Median of the cloud-free NDVI of each quarter of the year, and the maximum of all. */
function composites(): Float32Array {
  const { values: ndvi } = readNpy('data/NDVI.npy')
  const { values: cloud } = readNpy('mask/CLM.npy')
  const times = JSON.parse(readFileSync(join(patch, 'timestamps.json'), 'utf8')) as string[]
  const quarter = times.map((time) => Math.floor((Number(time.slice(5, 7)) - 1) / 3))
  const result = new Float32Array(5 * n).fill(Number.NaN)
  for (let i = 0; i < n; i++) {
    const seasons: number[][] = [[], [], [], []]
    for (const [t, q] of quarter.entries()) {
      const value = ndvi[t * n + i]!
      if (cloud[t * n + i] === 0 && Number.isFinite(value)) seasons[q]!.push(value)
    }
    seasons.forEach((season, q) => {
      if (season.length > 0) result[q * n + i] = season.sort((a, b) => a - b)[season.length >> 1]!
    })
    result[4 * n + i] = Math.max(...seasons.flat())
  }
  return result
}

mkdirSync(out, { recursive: true })
const dem = await write(
  'dem.tif',
  [{ name: 'dem', unit: 'm' }],
  Float32Array.from(readNpy('data_timeless/DEM.npy').values),
)
const names = ['ndvi winter', 'ndvi spring', 'ndvi summer', 'ndvi autumn', 'ndvi maximum']
const ndvi = await write(
  'ndvi.tif',
  names.map((name) => ({ name })),
  composites(),
)
const classes = ['forest', 'grassland', 'schrubland', 'artificial surface']
await runProcess(
  [
    ...[
      'run',
      'recipes/segmentation',
      '--features',
      `${dem},${ndvi}`,
      '--labels',
      join(patch, 'vector_timeless', 'LULC.gpkg'),
    ],
    ...[
      '--label-property',
      'LULC_NAME',
      '--param',
      `classes=${classes.join(',')}`,
      '--split',
      'blocks:16:checkerboard',
    ],
    ...['tile=32', 'batchSize=16', 'width=16', 'depth=3', 'epochs=20', 'derive=slope', 'balance=0.5'].flatMap((p) => [
      '--param',
      p,
    ]),
    ...['--out', join(out, 'result'), ...process.argv.slice(2)],
  ],
  application,
)
