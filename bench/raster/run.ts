/**
 * Reading the scene's GeoTIFF beside rasterio, and an exact bilinear warp from UTM to UTM (2000 x 2000, float32) beside
 * GDAL: runs interleaved, ratio of medians. Prints JSON. Usage: node bench/raster/run.ts [read|warp|all] [rounds]
 * [file.tif]; needs `python3` with rasterio and GDAL, and for `read` the reference data (ECOTOPE_DATA) or a file.
 */
import { fileURLToPath } from 'node:url'
import { median, openPeer, python } from '../peer.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const data = process.env.ECOTOPE_DATA ?? here('../../../shared/data')

async function compare(mode: 'read' | 'warp', rounds: number, path: string, limit: number) {
  const peers = {
    ecotope: openPeer(process.execPath, [here('worker.ts'), mode, path]),
    peer: openPeer(python, [here('peer.py'), mode, path]),
  }
  const samples = { ecotope: [] as (readonly number[])[], peer: [] as (readonly number[])[] }
  const warmUp = mode === 'read' ? 5 : 1
  for (let round = 0; round < rounds + warmUp; round++) {
    for (const name of ['ecotope', 'peer'] as const) {
      const sample = await peers[name].once()
      if (round >= warmUp) samples[name].push(sample)
    }
  }
  peers.ecotope.end()
  peers.peer.end()
  const of = (name: 'ecotope' | 'peer', column: number): number => median(samples[name].map((s) => s[column]!))
  const [ours, theirs] = [samples.ecotope[0]![2]!, samples.peer[0]![2]!]
  return {
    mode,
    rounds,
    ratio: of('ecotope', 0) / of('peer', 0),
    limit,
    cpuRatio: of('ecotope', 1) / of('peer', 1),
    ecotope: { wallMs: of('ecotope', 0), cpuMs: of('ecotope', 1) },
    peer: { wallMs: of('peer', 0), cpuMs: of('peer', 1) },
    // The same result up to rounding, else the comparison means nothing.
    sumDifference: Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs)),
  }
}

const [mode = 'all', rounds, path = `${data}/cloud_segmentation/sentinel2_visible.tif`] = process.argv.slice(2)
if (mode !== 'warp') console.log(JSON.stringify(await compare('read', Number(rounds ?? 31), path, 1.5)))
if (mode !== 'read') console.log(JSON.stringify(await compare('warp', Number(rounds ?? 5), path, 1)))
