import fc from 'fast-check'
import { expect, test } from 'vitest'
import { westToEast } from '../../src/cf/longitudes.ts'
import { parseCrs } from '../../src/crs/crs.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import { sliceBox } from '../../src/model/copy.ts'
import { memorySource } from '../../src/model/memory.ts'
import { wholeRegion } from '../../src/model/region.ts'

function source(west: number, step: number, width: number) {
  const grid = { crs: parseCrs('EPSG:4326'), affine: [step, 0, west, 0, -30, 60], width, height: 4 } as const
  const t = { type: 'temporal', name: 't', labels: ['2001-01-01', '2001-02-01'], calendar: 'noleap' } as const
  const data = Float32Array.from({ length: 2 * 4 * width }, (_, i) => i)
  const packing = { dtype: 'float32', scale: 1, offset: 0 } as const
  return memorySource(data, { dims: [t, ...spatialDimensions(grid)], grid, packing }).source
}

test('a global axis is cut at the antimeridian: every cell keeps its place on the Earth', async () => {
  const plain = source(0, 30, 12)
  const turned = westToEast(plain)
  const labels = turned.schema.dims[2]!.labels as number[]
  expect(labels[0]).toBe(-165)
  expect(labels.at(-1)).toBe(165)
  expect(turned.schema.grid!.affine).toEqual([30, 0, -180, 0, -30, 60])
  const before = await plain.read(wholeRegion([2, 4, 12]))
  const after = await turned.read(wholeRegion([2, 4, 12]))
  const own = plain.schema.dims[2]!.labels as number[]
  labels.forEach((label, i) => {
    const j = own.findIndex((other) => (other - label + 720) % 360 === 0)
    for (let row = 0; row < 8; row++) expect(after[row * 12 + i]).toBe(before[row * 12 + j])
  })
})

test('boxes across the seam are what they are in the whole', async () => {
  const turned = westToEast(source(-15, 30, 12))
  const whole = await turned.read(wholeRegion([2, 4, 12]))
  const extent = (n: number) =>
    fc.tuple(fc.nat(n - 1), fc.nat(n - 1)).map(([a, b]) => [Math.min(a, b), Math.abs(a - b) + 1] as const)
  await fc.assert(
    fc.asyncProperty(extent(2), extent(4), extent(12), async (t, y, x) => {
      const region = { start: [t[0], y[0], x[0]], shape: [t[1], y[1], x[1]] }
      expect(await turned.read(region)).toEqual(sliceBox(whole, [2, 4, 12], region))
    }),
    { numRuns: 60 },
  )
})

test('an axis beyond 180 is renamed, others stay as they are', async () => {
  const beyond = westToEast(source(200, 10, 5))
  expect(beyond.schema.dims[2]!.labels).toEqual([-155, -145, -135, -125, -115])
  expect(beyond.schema.grid!.affine[2]).toBe(-160)
  expect(await beyond.read({ start: [0, 0, 1], shape: [1, 1, 2] })).toEqual(Float32Array.of(1, 2))
  for (const one of [source(-180, 30, 12), source(150, 10, 8), source(0, 10, 18)]) expect(westToEast(one)).toBe(one)
})
