/** Our side of run.ts: a line on standard input asks for one run, milliseconds (wall, processor) and a sum answer. */
import { createInterface } from 'node:readline'
import { type Grid, memoryCube, openRaster, parseCrs, warp, wholeWindow } from '@ecotope/cube'

const SIZE = 2000
const [mode, path = ''] = process.argv.slice(2)

function warpOnce(): () => Promise<Float32Array> {
  const values = Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i / 100) * 100)
  const grid = (epsg: string, west: number, north: number): Grid => ({
    crs: parseCrs(epsg),
    affine: [10, 0, west, 0, -10, north],
    width: SIZE,
    height: SIZE,
  })
  const source = memoryCube(values, [{ name: 'a' }], grid('EPSG:32632', 600000, 5200000))
  const target = grid('EPSG:32633', 143500, 5210000)
  return () => warp(source, target, { resampling: 'bilinear' }).read(wholeWindow(target))
}

async function readOnce() {
  const raster = await openRaster(path)
  try {
    return await raster.readRaw(wholeWindow(raster.grid))
  } finally {
    await raster.close()
  }
}

const once = mode === 'warp' ? warpOnce() : readOnce
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const values = await once()
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  let sum = 0
  for (const value of values) if (!Number.isNaN(value)) sum += value
  console.log(elapsed, (user + system) / 1000, sum)
}
