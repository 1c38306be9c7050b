/**
 * Every benchmark beside its peer, one after the other, written to RESULTS.md with machine, versions and date. Needs
 * Debian's python3-torch, python3-rasterio and python3-gdal with OpenBLAS. Run it on a quiet machine: `npm run bench`.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { python } from './peer.ts'

interface Row {
  readonly name: string
  readonly script: string
  readonly args: readonly string[]
  readonly limit: number
}

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
]

interface Result {
  readonly ratio: number
  readonly cpuRatio: number
  /** Peak resident memory; where it was measured. */
  readonly memoryRatio?: number
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

function measure({ script, args }: Row): Result {
  const text = execFileSync(process.execPath, [here(script), ...args], { encoding: 'utf8' })
  return JSON.parse(text.trim().split('\n').at(-1)!) as Result
}

function versions(): string {
  const script =
    'import torch, rasterio; print("PyTorch", torch.__version__ + ", rasterio", rasterio.__version__ + ", GDAL", rasterio.__gdal_version__)'
  return execFileSync(python, ['-c', script], { encoding: 'utf8' }).trim()
}

/** Words on the command line pick rows by name; then nothing is written. */
const wanted = process.argv.slice(2)
const isWanted = ({ name }: Row): boolean => wanted.length === 0 || wanted.some((part) => name.includes(part))

const load = loadavg()[0]!.toFixed(2)
const cell = (ratio: number | undefined): string => (ratio === undefined ? '' : ratio.toFixed(2))
const lines = rows.filter(isWanted).map((row) => {
  const result = measure(row)
  console.log(row.name, result.ratio.toFixed(2), cell(result.memoryRatio))
  const within = result.ratio <= row.limit ? 'yes' : 'no'
  return `| ${row.name} | ${cell(result.ratio)} | ${cell(result.cpuRatio)} | ${cell(result.memoryRatio)} | ${row.limit} | ${within} |`
})
const { model } = cpus()[0]!
if (wanted.length === 0)
  writeFileSync(
    here('RESULTS.md'),
    `# Results of the last run

Ratios of medians, Ecotope over the peer (smaller is better); runs interleaved. PyTorch and Ecotope have two threads each; NumPy has one, Ecotope's linear algebra what the row says. Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${model.trim()}, ${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load} before the start, Node.js ${process.versions.node}, ${versions()}.

| benchmark | wall time | processor time | peak memory | limit (wall) | within |
| --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`,
  )
