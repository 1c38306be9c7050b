/** User-defined functions within callbacks of cube processes, which then wait for them. */
import { describe, expect, it } from 'vitest'
import { byParts, callback, cube, features, node, other, parameter, polygon, raster, read, run } from './support.ts'

const udf = (body: string, data: unknown = parameter('data')) =>
  callback('run_udf', { data, udf: `export function apply(data) {\n  ${body}\n}`, runtime: 'TypeScript' })

describe('run_udf in callbacks', () => {
  it('runs on cells and on rows', async () => {
    const data = cube([other('a', 1, 2), other('b', 1, 2)], [1, 2, null, 4])
    const twice = udf('return data === null ? null : data * 2', parameter('x'))
    expect((await run('apply', { data, process: twice })).values).toEqual([2, 4, null, 8])
    const reducer = udf('return data.filter((v) => v !== null).length')
    const made = await node('reduce_dimension', { data, reducer, dimension: 'a' })
    expect((await read(made)).values).toEqual([1, 2])
    expect(await byParts(made, 1)).toEqual([1, 2])
  })

  it('runs on groups and zones', async () => {
    const sum = udf('return data.reduce((a, b) => a + (b ?? 0), 0)')
    const zones = features(polygon(400000, 5699980, 400020, 5700000))
    const zonal = await run('aggregate_spatial', { data: raster(3, 2, (i) => i), geometries: zones, reducer: sum })
    expect(zonal.values).toEqual([0 + 1 + 3 + 4])
  })
})
