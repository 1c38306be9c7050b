/** The reprojections and clips that rioxarray's authors keep as references (reference data `rioxarray_golden`). */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cropGrid, gridBounds, gridEquals, windowOf } from '../../src/grid.ts'
import type { ArraySource } from '../../src/model/array-source.ts'
import type { Packing } from '../../src/model/block.ts'
import { type SourceNode, shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { netcdfSource } from '../../src/netcdf/array-source.ts'
import { warpNode } from '../../src/warp/warp-node.ts'
import { dataFolder, hasData } from '../data.ts'

const folder = join(dataFolder, 'rioxarray_golden')
const PASSED_NODATA = -9999
const UNNAMED = '__xarray_dataarray_variable__'

const nodeOf = (source: ArraySource): SourceNode => ({
  kind: 'source',
  schema: source.schema,
  label: 'input',
  inputs: [],
  source,
})

/** Stored values with NaN for missing. */
function values(data: ArrayLike<number>, { nodata = Number.NaN }: Packing): number[] {
  // The reference with another nodata value than the input's still declares that one.
  return Array.from(data, (v) => (v === nodata || v === PASSED_NODATA ? Number.NaN : v))
}

/** GDAL's, which rioxarray leaves as it is. */
const ERROR_THRESHOLD = 0.125

/** Cells of the input on the grid of the golden by nearest neighbour. */
async function warped(input: ArraySource, golden: ArraySource, errorThreshold: number): Promise<number[]> {
  const node = warpNode(nodeOf(input), golden.schema.grid!, { resampling: 'nearest', errorThreshold })
  const whole = wholeRegion(shapeOf(node.schema))
  if (node.kind !== 'blocks') return values(await input.read(whole), input.schema.packing)
  const [needed] = node.needs(whole)
  const block = { region: needed!, data: await input.read(needed!) }
  return values((await node.compute(whole, [block], {})).data, node.schema.packing)
}

describe.skipIf(!hasData('rioxarray_golden'))('rioxarray references', () => {
  it.each([
    ['MODIS_ARRAY', 'MODIS_ARRAY_UTM_GDAL361', UNNAMED, 0],
    ['MODIS_ARRAY', 'MODIS_ARRAY_MATCH_UTM_GDAL361', UNNAMED, 0],
    ['MODIS_ARRAY', 'MODIS_ARRAY_MATCH_PASSED_NODATA_GDAL361', UNNAMED, 0],
    ['MODIS_ARRAY', 'MODIS_ARRAY_UTM', UNNAMED, 6],
    ['MODIS_ARRAY', 'MODIS_ARRAY_MATCH_UTM', UNNAMED, 2],
    ['MODIS_ARRAY', 'MODIS_ARRAY_MATCH_PASSED_NODATA', UNNAMED, 2],
    ['PLANET_SCOPE_3D', 'PLANET_SCOPE_WGS84', 'blue', 0],
    ['PLANET_SCOPE_3D', 'PLANET_SCOPE_WGS84', 'green', 0],
    ['sentinel_2_L1C_geographic', 'sentinel_2_L1C_utm', 'red', 0],
    ['sentinel_2_L1C_geographic', 'sentinel_2_L1C_utm', 'nir', 0],
    ['sentinel_2_L1C_geographic', 'sentinel_2_L1C_utm__auto_nodata', 'red', 0],
    ['sentinel_2_L1C_geographic', 'sentinel_2_L1C_utm__auto_nodata', 'nir', 0],
  ] as const)('%s reprojected is %s (%s)', async (from, to, variable, older) => {
    const input = await netcdfSource(join(folder, 'input', `${from}.nc`), variable)
    const golden = await netcdfSource(join(folder, 'compare', `${to}.nc`), variable)
    const expected = values(await golden.read(wholeRegion(shapeOf(golden.schema))), golden.schema.packing)
    const cells = await warped(input, golden, ERROR_THRESHOLD)
    expect(cells.length).toBe(expected.length)
    const differing = (ours: readonly number[]): number =>
      expected.filter((value, i) => !Object.is(value, ours[i])).length
    // Those without GDAL361 in their names were made by a GDAL before 3.6.1, which left other cells at the border out.
    expect(differing(cells)).toBe(older)
    // By exact positions cells near an edge fall to a neighbour.
    expect(differing(await warped(input, golden, 0)) / expected.length).toBeLessThan(0.03)
    await input.close()
    await golden.close()
  })

  it.each(['MODIS_ARRAY_CLIP', 'MODIS_ARRAY_CLIP_EXPAND'])('%s is a part of the input', async (to) => {
    const input = await netcdfSource(join(folder, 'input', 'MODIS_ARRAY.nc'), UNNAMED)
    const golden = await netcdfSource(join(folder, 'compare', `${to}.nc`), UNNAMED)
    const { column, row, width, height } = windowOf(input.schema.grid!, gridBounds(golden.schema.grid!))
    const part = { start: [row, column], shape: [height, width] }
    const all = wholeRegion(shapeOf(golden.schema))
    expect(part.shape).toEqual(all.shape)
    const cells = values(await input.read(part), input.schema.packing)
    const clipped = values(await golden.read(all), golden.schema.packing)
    // Cells outside the polygon are missing in the golden.
    expect(clipped.some((v) => !Number.isNaN(v))).toBe(true)
    for (const [i, v] of clipped.entries()) if (!Number.isNaN(v)) expect(v).toBe(cells[i])
    expect(gridEquals(golden.schema.grid!, cropGrid(input.schema.grid!, { column, row, width, height }))).toBe(true)
    await input.close()
    await golden.close()
  })

  // SciPy fills holes with the nearest cell, of several at the same distance with any. There is no process for it here:
  // what the references hold is read, and is that.
  it.each([
    ['MODIS_ARRAY', 'MODIS_ARRAY_INTERPOLATE', UNNAMED, 12],
    ['veris', 'veris_interpolate', 'Slope', 1639],
    ['veris', 'veris_interpolate', 'Red', 1639],
    ['PLANET_SCOPE_3D', 'PLANET_SCOPE_3D_INTERPOLATE', 'blue', 0],
    ['PLANET_SCOPE_3D', 'PLANET_SCOPE_3D_INTERPOLATE', 'green', 0],
    ['sentinel_2_L1C_geographic', 'sentinel_2_L1C_interpolate_na', 'red', 0],
    ['sentinel_2_L1C_geographic', 'sentinel_2_L1C_interpolate_na', 'nir', 0],
  ] as const)('%s with its holes filled is %s (%s)', async (from, to, variable, holes) => {
    const input = await netcdfSource(join(folder, 'input', `${from}.nc`), variable)
    const golden = await netcdfSource(join(folder, 'compare', `${to}.nc`), variable)
    const whole = wholeRegion(shapeOf(input.schema))
    expect(shapeOf(golden.schema)).toEqual(whole.shape)
    const cells = values(await input.read(whole), input.schema.packing)
    const filled = values(await golden.read(whole), golden.schema.packing)
    expect(cells.filter(Number.isNaN)).toHaveLength(holes)
    const { affine, width, height } = input.schema.grid!
    const size = width * height
    for (let plane = 0; plane < cells.length; plane += size) {
      const known = Array.from({ length: size }, (_, i) => i).filter((i) => !Number.isNaN(cells[plane + i]!))
      for (let i = 0; i < size; i++) {
        if (!Number.isNaN(cells[plane + i]!)) continue
        const distance = (k: number): number =>
          Math.hypot(
            ((k % width) - (i % width)) * affine[0],
            (Math.floor(k / width) - Math.floor(i / width)) * affine[4],
          )
        const distances = known.map(distance)
        const least = distances.reduce((a, b) => Math.min(a, b), Infinity)
        const near = known.filter((_, k) => distances[k]! <= least * (1 + 1e-9))
        expect(near.map((k) => cells[plane + k])).toContain(filled[plane + i])
      }
    }
    expect(cells.map((cell, i) => (Number.isNaN(cell) ? filled[i] : cell))).toEqual(filled)
    await input.close()
    await golden.close()
  })

  it.each([
    ['MODIS_ARRAY_INTERPOLATE_FILLED', 400],
    // The test of that name has no cell that is known.
    ['MODIS_ARRAY_INTERPOLATE_NAN', Number.NaN],
  ])('%s holds %d in the holes', async (to, expected) => {
    const input = await netcdfSource(join(folder, 'input', 'MODIS_ARRAY.nc'), UNNAMED)
    const golden = await netcdfSource(join(folder, 'compare', `${to}.nc`), UNNAMED)
    const whole = wholeRegion(shapeOf(input.schema))
    const cells = values(await input.read(whole), input.schema.packing)
    const filled = values(await golden.read(whole), golden.schema.packing)
    const known = (i: number): number => (Number.isNaN(expected) ? Number.NaN : cells[i]!)
    expect(filled).toEqual(cells.map((cell, i) => (Number.isNaN(cell) ? expected : known(i))))
    await input.close()
    await golden.close()
  })
})
