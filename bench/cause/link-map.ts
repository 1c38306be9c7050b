/**
 * A per-pixel lagged regression over a made-up cube of 500 x 200 x 200: seconds and peak memory.
 * `node bench/cause/link-map.ts [repeats]`
 */

import { linkMap } from '@ecotope/cause'
import { random } from '@ecotope/core'
import { Cube, memorySource, parseCrs } from '@ecotope/cube'
import { median } from '../peer.ts'

const [STEPS, SIZE] = [500, 200]
const repeats = Number(process.argv[2] ?? 3)

const stream = random(1)
const data = new Float32Array(STEPS * SIZE * SIZE).map(() => stream.uniform() - 0.5)
const labels = (from: number, step: number): number[] => Array.from({ length: SIZE }, (_, k) => from + step * k)
const schema = {
  dims: [
    {
      type: 'temporal' as const,
      name: 't',
      labels: Array.from({ length: STEPS }, (_, t) => new Date(Date.UTC(2000, 0, 1 + 8 * t)).toISOString()),
      calendar: 'standard' as const,
    },
    { type: 'spatial' as const, name: 'y', axis: 'y' as const, labels: labels(50, -0.1) },
    { type: 'spatial' as const, name: 'x', axis: 'x' as const, labels: labels(10, 0.1) },
  ],
  grid: { crs: parseCrs('EPSG:4326'), affine: [0.1, 0, 9.95, 0, -0.1, 50.05] as const, width: SIZE, height: SIZE },
  packing: { dtype: 'float32' as const, scale: 1, offset: 0 },
}
const cube = new Cube(memorySource(data, schema, 'made up'))
const driver = { name: 'sst', values: Float64Array.from({ length: STEPS }, () => stream.normal()) }

const seconds: number[] = []
for (let k = 0; k < repeats; k++) {
  const started = performance.now()
  await linkMap(cube, [driver], { lags: [1, 2, 3, 4, 5], own: 2 })
  seconds.push((performance.now() - started) / 1000)
}
console.log(JSON.stringify({ seconds: median(seconds), peakMb: process.resourceUsage().maxRSS / 1024 }))
