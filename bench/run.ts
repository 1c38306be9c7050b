/**
 * Every benchmark beside its peer, one after the other, written to RESULTS.md with machine, versions and date. Words on the
 * command line pick groups (tensor, cube, workers, cause: their sections are written) or rows by a part of their name (nothing is written).
 * Run it on a quiet machine: `npm run bench`. Needs Debian's python3-torch, python3-rasterio and python3-gdal with OpenBLAS
 * (PYTHON), and for cubes a Python with zarr 3, xarray, dask, bottleneck, rasterio 1.4 and exactextract (CUBE_PYTHON), and
 * a folder of 4 GB for the cubes of cube/make.py (ECOTOPE_BENCH). For causes a Python with tigramite, numba, statsmodels and
 * pyEDM (CAUSE_PYTHON).
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { python } from './peer.ts'

type Group = 'tensor' | 'cube' | 'workers' | 'cause'

interface Row {
  readonly name: string
  /** Default: tensor. */
  readonly group?: Group
  readonly script: string
  readonly args: readonly string[]
  readonly limit: number
}

/** Where the cubes are that make.py makes. */
const FOLDER = process.env.ECOTOPE_BENCH ?? join(tmpdir(), 'ecotope-bench')

type ShortRow = readonly [name: string, script: string, args: readonly string[], limit: number]

const rowsOf = (group: Group, list: readonly ShortRow[]): Row[] =>
  list.map(([name, script, args, limit]) => ({ name, group, script, args, limit }))

const rows: readonly Row[] = [
  { name: 'U-Net training step (ReLU) / PyTorch', script: 'tensor/run.ts', args: ['train', '8', 'relu'], limit: 0.95 },
  { name: 'U-Net training step (SiLU) / PyTorch', script: 'tensor/run.ts', args: ['train', '8', 'silu'], limit: 0.95 },
  {
    name: 'transformer training step / PyTorch',
    script: 'tensor/networks.ts',
    args: ['transformer', '31'],
    limit: 0.95,
  },
  { name: 'ConvLSTM training step / PyTorch', script: 'tensor/networks.ts', args: ['convLstm', '12'], limit: 1 },
  {
    name: 'spectra, 10^6 with gradients / PyTorch',
    script: 'tensor/networks.ts',
    args: ['spectra', '101'],
    limit: 0.8,
  },
  {
    name: 'whole-image inference (ReLU) / PyTorch',
    script: 'tensor/run.ts',
    args: ['infer', '9', 'relu'],
    limit: 0.45,
  },
  {
    name: 'whole-image inference (SiLU) / PyTorch',
    script: 'tensor/run.ts',
    args: ['infer', '9', 'silu'],
    limit: 0.45,
  },
  {
    name: 'matrix product, n = 2000, 1 thread / NumPy',
    script: 'tensor/linalg.ts',
    args: ['matmul', '2000', '7'],
    limit: 2,
  },
  {
    name: 'matrix product, n = 2000, 2 threads / NumPy',
    script: 'tensor/linalg.ts',
    args: ['matmul', '2000', '7', '2'],
    limit: 2,
  },
  {
    name: 'Cholesky, n = 2000, 1 thread / NumPy',
    script: 'tensor/linalg.ts',
    args: ['cholesky', '2000', '7'],
    limit: 4,
  },
  {
    name: 'symmetric eigen, n = 2000, 1 thread / NumPy',
    script: 'tensor/linalg.ts',
    args: ['eigen', '2000', '5'],
    limit: 4,
  },
  { name: 'reading a tiled deflate GeoTIFF / rasterio', script: 'raster/run.ts', args: ['read', '21'], limit: 1.5 },
  { name: 'warp UTM to UTM, bilinear, exact / GDAL', script: 'raster/run.ts', args: ['warp', '7'], limit: 1 },
  ...rowsOf('cube', [
    ['full read, Zarr (Blosc) / zarr-python', 'cube/zarr.ts', ['read', '5'], 1],
    ['write Zarr (Blosc) / zarr-python', 'cube/zarr.ts', ['write-blosc', '3'], 1],
    ['write Zarr (zstd) / zarr-python', 'cube/zarr.ts', ['write-zstd', '3'], 1],
    ['full read, deflate COG / rasterio', 'cube/raster.ts', [FOLDER, 'read-deflate', '9'], 1],
    ['full read, zstd COG / rasterio', 'cube/raster.ts', [FOLDER, 'read-zstd', '5'], 1],
    ['full read, LZW COG / rasterio', 'cube/raster.ts', [FOLDER, 'read-lzw', '9'], 1],
    ['full read, deflate COG of float32 / rasterio', 'cube/raster.ts', [FOLDER, 'read-floats', '9'], 1],
    ['write COG (deflate) / GDAL', 'cube/raster.ts', [FOLDER, 'write', '5'], 1],
    ['write COG of float32 (deflate) / GDAL', 'cube/raster.ts', [FOLDER, 'write-floats', '5'], 1],
    ['warp, exact / GDAL', 'cube/raster.ts', [FOLDER, 'warp', '5'], 0.6],
    ['NDVI and temporal median / NumPy and bottleneck', 'cube/pipeline.ts', ['ndvi-numpy', '7', FOLDER], 0.6],
    ['NDVI and temporal median / xarray and dask', 'cube/pipeline.ts', ['ndvi-dask', '5', FOLDER], 0.25],
    ['monthly means of a daily year / xarray', 'cube/pipeline.ts', ['monthly', '5', FOLDER], 0.5],
    [
      'monthly means of a daily year, saved as Zarr / xarray and dask',
      'cube/pipeline.ts',
      ['monthly-saved', '3', FOLDER],
      0.5,
    ],
    ['mean of a daily year / xarray and dask', 'cube/pipeline.ts', ['mean', '5', FOLDER], 1],
    ['anomalies of a daily year / xarray and dask', 'cube/pipeline.ts', ['anomalies', '3', FOLDER], 1],
    ['rolling means of seven days / xarray', 'cube/pipeline.ts', ['rolling', '1', FOLDER], 1],
    ['90th percentile of a daily year / xarray', 'cube/pipeline.ts', ['quantile', '1', FOLDER], 1],
    ['zonal means of 1,000 polygons / exactextract', 'cube/zonal.ts', [FOLDER, '7'], 0.5],
    ['convolution 5 x 5 (separable) / SciPy', 'cube/kernel.ts', ['9'], 1],
  ]),
  ...rowsOf('workers', [
    ['temporal median of six bands, 2 workers / 1 worker', 'cube/speedup.ts', ['median', '11', FOLDER], 1 / 1.7],
    ['NDVI and temporal median, 2 workers / 1 worker', 'cube/speedup.ts', ['ndvi', '31', FOLDER], 1 / 1.7],
    [
      'NDVI and temporal median, 2 workers / 1 worker, first runs',
      'cube/speedup.ts',
      ['ndvi', '21', FOLDER, 'unsettled'],
      1 / 1.7,
    ],
    [
      'NDVI and temporal median, 2 runs at once / 1 (half)',
      'cube/speedup.ts',
      ['ndvi', '15', FOLDER, 'ceiling'],
      1 / 1.7,
    ],
    ['monthly means, 2 workers / 1 worker', 'cube/speedup.ts', ['monthly', '21', FOLDER], 1 / 1.7],
  ]),
  ...rowsOf('cause', [
    ['PCMCI, partial correlation / tigramite', 'cause/pcmci.ts', ['5', 'fixed'], 1 / 20],
    ['PCMCI, level by AIC / tigramite', 'cause/pcmci.ts', ['1', 'levels'], 1 / 20],
    ['PCMCI+ / tigramite', 'cause/pcmci-plus.ts', ['5', 'majority'], 1 / 20],
    ['CMI by nearest neighbours, no condition / tigramite', 'cause/cmi-knn.ts', ['3', 'tests-0'], 1 / 20],
    ['CMI by nearest neighbours, one condition / tigramite', 'cause/cmi-knn.ts', ['3', 'tests-1'], 1 / 20],
    ['CMI by nearest neighbours, four conditions / tigramite', 'cause/cmi-knn.ts', ['1', 'tests-4'], 1 / 20],
    ['PCMCI with CMI, every 43rd of its tests / tigramite', 'cause/cmi-knn.ts', ['1', 'pcmci-sample'], 1 / 20],
    ['PCMCI, CMI with 10 shuffles / tigramite', 'cause/cmi-knn.ts', ['1', 'pcmci-short'], 1 / 20],
    ['LPCMCI / tigramite', 'cause/lpcmci.ts', ['5', 'medium'], 1 / 10],
    ['LPCMCI, missing values / tigramite', 'cause/lpcmci.ts', ['5', 'gaps'], 1 / 10],
    ['J-PCMCI+ / tigramite', 'cause/ensembles.ts', ['3', 'jpcmci'], 1],
    ['cross mapping / pyEDM', 'cause/mapping.ts', ['3', 'ccm'], 1],
    ['Granger pairs / statsmodels', 'cause/mapping.ts', ['3', 'granger'], 1],
  ]),
]

/** What has no peer: bounds in seconds and megabytes. */
const absolutes: readonly ShortRow[] = [
  ['lagged regression of each pixel, 200 x 200 x 500', 'cause/link-map.ts', ['3'], 10],
  ['PCMCI, 500 variables x 1,000 steps x lag 2, level 0.05', 'cause/large.ts', ['500', 'pcmci', '0.05'], 600],
  ['PCMCI, 500 variables x 1,000 steps x lag 2, level 0.2', 'cause/large.ts', ['500', 'pcmci', '0.2'], 600],
]

interface Absolute {
  readonly seconds: number
  readonly peakMb: number
}

function absoluteLine([name, script, args, limit]: ShortRow): string {
  const { seconds, peakMb } = run<Absolute>(script, args, 'cause')
  console.log(name, seconds, peakMb)
  return `| ${name} | ${seconds.toFixed(1)} | ${Math.round(peakMb)} | ${limit} |`
}

interface Result {
  readonly ratio: number
  readonly cpuRatio: number
  /** Peak resident memory; where it was measured. */
  readonly memoryRatio?: number
  /** Wall time with the rounds that the host disturbed, and the share of those that it did not; where rounds are kept. */
  readonly allRatio?: number
  readonly quiet?: number
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const pythons: Readonly<Record<Group, string>> = {
  tensor: python,
  cube: process.env.CUBE_PYTHON ?? python,
  workers: process.env.CUBE_PYTHON ?? python,
  cause: process.env.CAUSE_PYTHON ?? python,
}
const groupOf = ({ group = 'tensor' }: Row): Group => group

/** The last line that a benchmark prints. */
function run<T>(script: string, args: readonly string[], group: Group): T {
  const env = { ...process.env, PYTHON: pythons[group], CAUSE_PYTHON: pythons.cause }
  const text = execFileSync(process.execPath, [here(script), ...args], { encoding: 'utf8', env })
  return JSON.parse(text.trim().split('\n').at(-1)!) as T
}

/** Python packages that a group is compared with. */
const packages: Readonly<Record<Group, readonly string[]>> = {
  tensor: ['torch', 'numpy', 'rasterio'],
  cube: ['numpy', 'bottleneck', 'zarr', 'numcodecs', 'xarray', 'dask', 'rasterio', 'exactextract'],
  workers: [],
  cause: ['tigramite', 'numpy', 'scipy', 'numba', 'statsmodels', 'pyEDM'],
}

function versions(group: Group): readonly string[] {
  if (packages[group].length === 0) return []
  const script = `from importlib.metadata import version
print(', '.join(f'{name} {version(name)}' for name in ${JSON.stringify(packages[group])}))
${packages[group].includes('rasterio') ? "import rasterio; print('GDAL', rasterio.__gdal_version__)" : ''}`
  return execFileSync(pythons[group], ['-c', script], { encoding: 'utf8' }).trim().split('\n')
}

const cell = (ratio: number | undefined): string =>
  ratio === undefined ? '' : ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2)

function line(row: Row): string {
  const result = run<Result>(row.script, row.args, groupOf(row))
  console.log(row.name, cell(result.ratio), cell(result.memoryRatio))
  const within = result.ratio <= row.limit ? 'yes' : 'no'
  const { ratio, allRatio, quiet, cpuRatio, memoryRatio } = result
  const cells = [ratio, allRatio, quiet, cpuRatio, memoryRatio, row.limit].map(cell)
  return `| ${[row.name, ...cells, within].join(' | ')} |`
}

const NOTES: Readonly<Record<Group, string>> = {
  tensor: "PyTorch and Ecotope have two threads each; NumPy has one, Ecotope's linear algebra what the row says.",
  cube: 'Two threads each, except zonal means (one). A made-up cube of 24 dates, 6 bands and 2048 x 2048 pixels (uint16), and a year of daily 1024 x 1024 (float32).',
  workers:
    'Two workers over one, on the same cubes: after 100 s of running, when the engine compiles little, but for the first runs.',
  cause:
    'One thread each, but for CMI by nearest neighbours (all processors for both). PCMCI and PCMCI+: 20 variables, 1,000 steps, lags to 5; CMI: 7 variables, 1,000 steps, lags to 3, 200 shuffles a test; LPCMCI: 8 variables of 10, 500 steps, lags to 3.',
}

function section(group: Group): string {
  const load = loadavg()[0]!.toFixed(2)
  const lines = rows.filter((row) => groupOf(row) === group).map(line)
  const machine = `${cpus()[0]!.model.trim()}, ${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const software = [`Node.js ${process.versions.node}`, ...versions(group)].join(', ')
  return `## ${group}

${NOTES[group]} Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}, load ${load} before the start, ${software}.

| benchmark | wall time | in all rounds | quiet rounds | processor time | peak memory | limit (wall) | within |
| --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
${group === 'cause' ? absoluteTable() : ''}`
}

const absoluteTable = (): string => `
| without a peer | seconds | peak memory (MB) | limit (s) |
| --- | --- | --- | --- |
${absolutes.map(absoluteLine).join('\n')}
`

const HEAD = `# Results of the last run

Ratios of medians, Ecotope over the peer (smaller is better); runs interleaved. Judged is the wall time in quiet rounds, those of which the host of a virtual machine took at most 2 % for others (\`steal\` of /proc/stat); where these are not half of either side, in all. Made by \`npm run bench\`.
`

/** The sections of RESULTS.md, each with its heading. */
function published(): Map<string, string> {
  const text = existsSync(here('RESULTS.md')) ? readFileSync(here('RESULTS.md'), 'utf8') : ''
  const parts = text.split(/^(?=## )/m).slice(1)
  return new Map(parts.map((part) => [/^## (\w+)/.exec(part)![1]!, part]))
}

const groups = ['tensor', 'cube', 'workers', 'cause'] as const
const wanted = process.argv.slice(2)
const chosen = groups.filter((group) => wanted.length === 0 || wanted.includes(group))
if (chosen.some((group) => group === 'cube' || group === 'workers') && !existsSync(join(FOLDER, 'daily.zarr')))
  execFileSync(pythons.cube, [here('cube/make.py'), FOLDER], { stdio: 'inherit' })
const sections = published()
for (const group of chosen) sections.set(group, section(group))
if (chosen.length > 0) {
  const all = groups.flatMap((group) => sections.get(group)?.trim() ?? [])
  writeFileSync(here('RESULTS.md'), `${[HEAD.trim(), ...all].join('\n\n')}\n`)
} else {
  for (const row of rows.filter(({ name }) => wanted.some((part) => name.includes(part)))) console.log(line(row))
}
