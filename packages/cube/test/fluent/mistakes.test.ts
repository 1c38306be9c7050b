/** Mistakes of users that no format and no process sees alone: each ends in an error that says what to do. */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { open } from '../../src/fluent/collection.ts'
import { Cube } from '../../src/fluent/cube.ts'
import type { Expression } from '../../src/fluent/expression.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { temporaryFolder } from '../temporary.ts'

const schema: CubeSchema = {
  dims: [
    { type: 'bands', name: 'bands', labels: ['B04', 'B08'], bands: [{ name: 'B04' }, { name: 'B08' }] },
    { type: 'spatial', name: 'y', axis: 'y', labels: [15, 5] },
    { type: 'spatial', name: 'x', axis: 'x', labels: [5, 15, 25] },
  ],
  grid: { crs: parseCrs('EPSG:32632'), affine: [10, 0, 0, 0, -10, 20], width: 3, height: 2 },
  packing: { dtype: 'uint8', scale: 1, offset: 0 },
}
const cube = new Cube(memorySource(new Uint8Array(12), schema, 'made up'))

const failing = async (work: () => unknown): Promise<InputError> => {
  try {
    await work()
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return error as InputError
  }
  throw new Error('nothing failed')
}

describe('mistakes', () => {
  it('bands that the cube has not are not left out without a word', async () => {
    const error = await failing(() => cube.filterBands(['B08', 'B4']))
    expect(error).toMatchObject({ tag: 'NoBand', data: { band: 'B4' } })
    expect(error.hint).toMatch(/B04/)
  })

  it.each([Number.NaN, -1, 0])('a budget of %s is no amount', async (budget) => {
    expect(await failing(() => cube.save('never.zarr', { budget }))).toMatchObject({ tag: 'BadSize' })
  })

  it.each(['tif', 'zarr', 'nc', 'npy', 'json'])('a map without pixels is not written as .%s', async (extension) => {
    const folder = await temporaryFolder()
    const nowhere = cube.filterBbox([900, 900, 1000, 1000], 32632)
    const error = await failing(() => nowhere.save(join(folder, `a.${extension}`)))
    expect(error).toMatchObject({ tag: 'EmptyCube', data: { dimensions: ['y', 'x'] } })
    expect(error.hint).toMatch(/bounds/)
    expect(await readdir(folder)).toEqual([])
  })

  it.each(['tif', 'nc', 'npy', 'json'])(
    'a folder is not replaced by a .%s, before anything is computed',
    async (extension) => {
      const path = join(await temporaryFolder(), `a.${extension}`)
      await mkdir(path)
      expect(await failing(() => cube.save(path))).toMatchObject({ tag: 'IsFolder', data: { path } })
      expect(await readdir(path)).toEqual([])
    },
  )

  it.each<[string, (x: Expression) => unknown, string, RegExp]>([
    ['computes like JavaScript', (x) => (x as unknown as number) + 1, 'NotTraced', /x\.add\(1\)/],
    ['compares like JavaScript', (x) => ((x as unknown as number) > 3 ? x : 0), 'NotTraced', /select/],
    ['calls Math', (x) => Math.sqrt(x as unknown as number), 'NotTraced', /x\.sqrt\(\)/],
    ['forgets to return', () => undefined, 'BadCallback', /return/],
    ['gives a text', () => 'x', 'BadCallback', /return/],
  ])('a callback that %s is told what to write', async (_, callback, tag, hint) => {
    const error = await failing(() => cube.apply(callback as (x: Expression) => Expression))
    expect(error.tag).toBe(tag)
    expect(error.hint).toMatch(hint)
  })

  it('a callback may give a constant', async () => {
    const made = cube.apply((() => 5) as unknown as (x: Expression) => Expression)
    expect(new Set((await made.compute()).data)).toEqual(new Set([5]))
  })

  it('an empty path is no folder', async () => {
    expect((await failing(() => open(''))).tag).toBe('NoFiles')
  })

  it('pixels of a millionth of a metre are refused before memory is taken', async () => {
    const error = await failing(() => cube.resample({ resolution: 1e-8 }).shape)
    expect(error.tag).toBe('GridTooLarge')
    expect(error.hint).toMatch(/resolution/)
  })
})
