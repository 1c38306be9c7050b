/**
 * Zonal means of 1,000 polygons beside exactextract: the first date of make.py (deflate COG, 6 bands), stars of 5 to 60
 * pixels. One thread each (exactextract has one), runs interleaved, ratio of medians; prints JSON.
 * Usage: node bench/cube/zonal.ts FOLDER [rounds]. The peer is Python ($PYTHON) with rasterio and exactextract.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { geotiffSource } from '../../packages/cube/src/geotiff/array-source.ts'
import type { Feature, Features } from '../../packages/cube/src/types.ts'
import { zonalStatistics } from '../../packages/cube/src/zonal/statistics.ts'
import { compare, openPeer, python } from '../peer.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const [folder = '.', rounds = '7', side] = process.argv.slice(2)
const path = join(
  folder,
  'deflate',
  readdirSync(join(folder, 'deflate'))
    .filter((f) => f.endsWith('.tif'))
    .toSorted()[0]!,
)
const zones = join(folder, 'zones.geojson')

/** Stars by a generator of 32-bit integers, within the scene. */
function stars(west: number, north: number, extent: number): Feature[] {
  let state = 1
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: 1000 }, () => {
    const [x, y, radius] = [west + extent * draw(), north - extent * draw(), 50 + 550 * draw() ** 2]
    const n = 6 + Math.floor(draw() * 20)
    const ring = Array.from({ length: n }, (_, k) => {
      const r = radius * (0.4 + 0.6 * draw())
      const angle = (2 * Math.PI * k) / n
      return [x + r * Math.cos(angle), y + r * Math.sin(angle)]
    })
    return { geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]!]] }, properties: {} }
  })
}

const source = await geotiffSource(path)
const { crs, affine, width } = source.schema.grid!
const features: Features = { crs, label: 'stars', features: stars(affine[2], affine[5], affine[0] * width) }
await source.close()

if (side === 'ours') {
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const raster = await geotiffSource(path)
    const { values } = await zonalStatistics(raster, features, { statistics: ['mean'] })
    await raster.close()
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const sum = values.reduce((total, v) => total + (Number.isNaN(v) ? 0 : v), 0)
    console.log(elapsed, (user + system) / 1000, sum, process.resourceUsage().maxRSS / 1024)
  }
} else {
  const list = features.features.map((feature) => ({ type: 'Feature', ...feature }))
  const named = { type: 'name', properties: { name: 'urn:ogc:def:crs:EPSG::32632' } }
  writeFileSync(zones, JSON.stringify({ type: 'FeatureCollection', crs: named, features: list }))
  const peers = {
    ecotope: openPeer(process.execPath, [here('zonal.ts'), folder, '0', 'ours']),
    peer: openPeer(python, [here('zonal.py'), path, zones]),
  }
  console.log(JSON.stringify({ case: 'zonal', limit: 0.5, ...(await compare(peers, Number(rounds))) }))
}
