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
  { name: 'U-Net training step (ReLU) / PyTorch', script: 'tensor/run.ts', args: ['train', '8', 'relu'], limit: 1.2 },
  { name: 'U-Net training step (SiLU) / PyTorch', script: 'tensor/run.ts', args: ['train', '6', 'silu'], limit: 1.2 },
  { name: 'whole-image inference (ReLU) / PyTorch', script: 'tensor/run.ts', args: ['infer', '9', 'relu'], limit: 0.6 },
  { name: 'whole-image inference (SiLU) / PyTorch', script: 'tensor/run.ts', args: ['infer', '9', 'silu'], limit: 0.6 },
  { name: 'reading a tiled deflate GeoTIFF / rasterio', script: 'raster/run.ts', args: ['read', '21'], limit: 1.5 },
  { name: 'warp UTM to UTM, bilinear, exact / GDAL', script: 'raster/run.ts', args: ['warp', '7'], limit: 1 },
]

type Result = Readonly<Record<string, unknown>> & { readonly ratio: number; readonly cpuRatio: number }

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

const load = loadavg()[0]!.toFixed(2)
const lines = rows.map((row) => {
  const result = measure(row)
  console.log(row.name, result.ratio.toFixed(2))
  const within = result.ratio <= row.limit ? 'yes' : 'no'
  return `| ${row.name} | ${result.ratio.toFixed(2)} | ${result.cpuRatio.toFixed(2)} | ${row.limit} | ${within} |`
})
const { model } = cpus()[0]!
writeFileSync(
  here('RESULTS.md'),
  `# Results of the last run

Ratios of medians, Ecotope over the peer (smaller is faster); runs interleaved, two threads each. Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${model.trim()}, ${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load} before the start, Node.js ${process.versions.node}, ${versions()}.

| benchmark | wall time | processor time | limit (wall) | within |
| --- | --- | --- | --- | --- |
${lines.join('\n')}
`,
)
