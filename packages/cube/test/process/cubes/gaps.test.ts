/** Filled gaps against xarray (oracles/cube/gaps.py), along each dimension of a cube, and what cannot be filled. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Cube } from '../../../src/fluent/cube.ts'
import { FLOAT32, FLOAT64 } from '../../../src/model/block.ts'
import type { Dimension } from '../../../src/model/dimension.ts'
import type { CubeValue } from '../../../src/process/row.ts'
import { bands, cube, other, raster, run, times } from './support.ts'

interface Golden {
  readonly labels: readonly (string | number)[]
  readonly data: readonly (number | null)[]
  readonly method: string
  readonly limit: number | null
  readonly max_gap: number | null
  readonly use_coordinate: boolean
  readonly filled: readonly (number | null)[]
}

const goldens = JSON.parse(
  readFileSync(new URL('../../../../../oracles/cube/gaps.json', import.meta.url), 'utf8'),
) as readonly Golden[]

const along = (labels: Golden['labels']): Dimension =>
  typeof labels[0] === 'string' ? { ...times(...(labels as string[])), name: 'd' } : other('d', ...labels)

describe('interpolate_na', () => {
  it.each(['linear', 'nearest', 'previous', 'next'])('%s is that of xarray', async (method) => {
    const cases = goldens.filter((golden) => golden.method === method)
    expect(cases.length).toBeGreaterThan(30)
    for (const { labels, data, filled, ...args } of cases) {
      const result = await run('interpolate_na', { data: cube([along(labels)], [...data]), dimension: 'd', ...args })
      filled.forEach((value, i) => {
        if (value === null) expect([args, data, i, result.values[i]]).toEqual([args, data, i, null])
        else expect(result.values[i], JSON.stringify({ labels, data, ...args, i })).toBeCloseTo(value, 10)
      })
    }
  })

  it.each([
    FLOAT32,
    FLOAT64,
    { dtype: 'int16', nodata: -1, scale: 0.5, offset: 10 },
    { dtype: 'float32', nodata: -9999, scale: 2, offset: 0 },
    { dtype: 'float32', nodata: Number.NaN, scale: 1, offset: 0 },
  ] as const)('carries known cells of %j on as if it gathered columns', async (packing) => {
    const dates = times('2020-01-01', '2020-01-05', '2020-01-06', '2020-01-20', '2020-02-01')
    // More columns than are carried side by side, so that a block has a rest.
    const value = (i: number): number | null => ((i * 7919) % 10 < 4 ? null : 10 + (i % 1009))
    const { node: made } = raster(90, 60, value, [other('k', 0, 1), dates], packing)
    for (const dimension of ['t', 'k', 'x'])
      for (const method of ['previous', 'next'] as const)
        for (const limit of [{}, { limit: 1 }, { limit: 2 }]) {
          const options = { method, ...limit }
          const { data: carried } = await new Cube(made).interpolateNa(dimension, options).compute()
          const { data: gathered } = await new Cube(made)
            .interpolateNa(dimension, { ...options, maxGap: 1e9 })
            .compute()
          expect(carried).toEqual(gathered)
        }
    const part = new Cube(made).interpolateNa('t', { method: 'next' })
    const whole = await part.compute()
    expect([...(await part.isel('t', 2).compute()).data]).toEqual(
      [...whole.data].filter((_, i) => Math.floor(i / 5400) % 5 === 2),
    )
  })

  it('takes infinite cells as known', async () => {
    const made = raster(3, 1, (i) => [Infinity, null, -Infinity][i]!, [], FLOAT32)
    const filled = await new Cube(made.node).interpolateNa('x', { method: 'previous' }).compute()
    expect([...filled.data]).toEqual([Infinity, Infinity, -Infinity])
  })

  it('goes along any dimension, of packed integers, whichever way labels run', async () => {
    const packed = { dtype: 'int16', nodata: -1, scale: 0.5, offset: 10 } as const
    const data = raster(
      2,
      3,
      [
        [10, 20],
        [null, 20],
        [30, null],
      ],
      [times('2020-01-01')],
      packed,
    )
    const filled = new Cube(data.node).interpolateNa('y', { maxGap: 20 })
    expect([...(await filled.compute()).data]).toEqual([10, 20, 20, 20, 30, Number.NaN])
    expect(filled.node.schema.packing.dtype).toBe('float32')
    const ends = await new Cube(data.node).interpolateNa('y', { method: 'previous' }).compute()
    expect([...ends.data]).toEqual([10, 20, 10, 20, 30, 20])
    expect([...(await new Cube(data.node).interpolateNa('y', { maxGap: 19 }).compute()).data].at(2)).toBeNaN()
    const across = await new Cube(raster(3, 1, [5, null, 9]).node)
      .interpolateNa('x', { useCoordinate: false })
      .compute()
    expect([...across.data]).toEqual([5, 7, 9])
  })

  it('stays within memory: rows of the dimension are whole, others are cut', async () => {
    const [width, height, dates] = [64, 64, 9]
    const days = Array.from({ length: dates }, (_, i) => `2020-01-0${i + 1}`)
    const value = (i: number): number | null => (Math.floor(i / (width * height)) % 2 === 1 ? null : i)
    const { node } = raster(width, height, value, [times(...days)])
    const filled = new Cube(node).interpolateNa('t')
    const { data } = await filled.compute({ budgetBytes: 2 ** 20 })
    expect(data.every((found, i) => found === i)).toBe(true)
    expect(filled.explain({ budgetBytes: 2 ** 18 }).tasks).toBeGreaterThan(1)
  })

  it('is a node of a graph, in our namespace', () => {
    const { node } = cube([times('2020-01-01', '2020-01-02')], [1, null])
    const source = new Cube(node, { process: 'load_stac', args: { url: 'x' } })
    expect(source.interpolateNa('t', { limit: 2 }).toProcessGraph()).toMatchObject({
      interpolate_na: { process_id: 'interpolate_na', namespace: 'ecotope', arguments: { dimension: 't', limit: 2 } },
    })
  })

  it.each([
    [cube([bands('a', 'b')], [1, null]), 'bands', {}, 'NotNumbers'],
    [cube([times('2020-01-02', '2020-01-01', '2020-01-03')], [1, null, 2]), 't', {}, 'NotMonotonic'],
    [cube([other('d', 1, 1, 2)], [1, null, 2]), 'd', {}, 'NotMonotonic'],
    [cube([other('d', 1, 2)], [1, null]), 'e', {}, 'DimensionNotAvailable'],
    [cube([other('d', 1, 2)], [1, null]), 'd', { limit: 0 }, 'ProcessParameterInvalid'],
    [cube([other('d', 1, 2)], [1, null]), 'd', { method: 'cubic' }, 'ProcessParameterInvalid'],
  ] as const)('refuses what makes no sense (%#)', async (data, dimension, args, tag) => {
    await expect(run('interpolate_na', { data: data as CubeValue, dimension, ...args })).rejects.toMatchObject({ tag })
  })

  it('counts cells where labels are names', async () => {
    const data = cube([bands('a', 'b', 'c')], [1, null, 3])
    expect((await run('interpolate_na', { data, dimension: 'bands', use_coordinate: false })).values).toEqual([1, 2, 3])
  })
})
