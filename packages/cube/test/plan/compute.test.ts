import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import type { CellNode, CubeNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { boxSum, fakeSource, runningSum, schemaOf, wholeOf } from './fakes.ts'

const KB = 1024

/** The mean over t, as `reduce_dimension` makes it. */
const meanOverT = (input: CubeNode, sides: Readonly<Record<string, number>>, length: number): CellNode => ({
  kind: 'cells',
  label: 'mean',
  inputs: [input],
  schema: schemaOf(sides),
  cell: { kind: 'reduce', reducer: 'mean', dim: 't', length, of: { kind: 'input', input: 0 } },
})

describe('computeCube', () => {
  test('a small budget gives the same cells in pieces', async () => {
    const { node } = fakeSource({ t: 6, y: 40, x: 40 }, [1, 16, 16])
    const root = boxSum(meanOverT(node, { y: 40, x: 40 }, 6), 2)
    const expected = await wholeOf(root)
    const seen: number[] = []
    const pieces = await computeCube(root, { budgetBytes: 64 * KB, onProgress: ({ fraction }) => seen.push(fraction) })
    expect([...pieces.data]).toEqual(expected)
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.at(-1)).toBe(1)
    expect([...(await computeCube(root)).data]).toEqual(expected)
  })

  test('only the region that is asked for is read', async () => {
    const { node, decoded } = fakeSource({ t: 6, y: 64, x: 64 }, [1, 16, 16])
    const region = { start: [0, 16, 32], shape: [6, 16, 16] }
    const block = await computeCube(node, { region })
    expect(block.region).toEqual(region)
    expect(decoded.size).toBe(6)
  })

  test('each stored chunk is decoded once when tasks are smaller than the cube', async () => {
    const { node, decoded } = fakeSource({ t: 4, y: 128, x: 128 }, [1, 32, 32], { value: (i) => i % 100 })
    await computeCube(meanOverT(node, { y: 128, x: 128 }, 4), { budgetBytes: 128 * KB })
    expect(decoded.size).toBe(64)
    expect([...decoded.values()].every((count) => count === 1)).toBe(true)
  })

  test('neighbourhoods decode each chunk once where the cache holds a row of them', async () => {
    const { node, decoded } = fakeSource({ y: 128, x: 128 }, [32, 32])
    const root = boxSum(node, 1)
    const expected = await wholeOf(root)
    decoded.clear()
    expect([...(await computeCube(root, { budgetBytes: 512 * KB })).data]).toEqual(expected)
    expect([...decoded.values()].every((count) => count === 1)).toBe(true)
  })

  test('whole dimensions are held whole', async () => {
    const { node } = fakeSource({ t: 30, y: 20, x: 20 }, [1, 20, 20])
    const root = runningSum(node, 0)
    expect([...(await computeCube(root, { budgetBytes: 256 * KB })).data]).toEqual(await wholeOf(root))
  })

  test('a budget that cannot do says what is needed', async () => {
    const { node } = fakeSource({ t: 5000, y: 4, x: 4 }, [1, 4, 4])
    const error = await computeCube(runningSum(node, 0), { budgetBytes: 8 * KB }).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ tag: 'BudgetTooSmall' })
    expect((error as InputError).hint).toMatch(/at least \d+ MB/)
  })

  test('a damaged chunk fails, or is missing when failures are skipped', async () => {
    const { node, broken } = fakeSource({ y: 8, x: 8 }, [4, 4], { value: () => 1 })
    broken.add('4:8,0:4')
    await expect(computeCube(node)).rejects.toMatchObject({ tag: 'CorruptChunk' })
    const failed: unknown[] = []
    const options = { onError: 'skip', onFailedChunk: (failure: unknown) => failed.push(failure) } as const
    const { data } = await computeCube(node, options)
    expect([...data].filter(Number.isNaN)).toHaveLength(16)
    expect(failed).toEqual([
      {
        path: 'fake',
        chunk: [1, 0],
        region: { start: [4, 0], shape: [4, 4] },
        message: 'chunk 1.0 is damaged',
      },
    ])
  })

  test('cubes without cells and cubes without dimensions', async () => {
    const { node } = fakeSource({ t: 0, y: 4 }, [1, 4])
    expect((await computeCube(node)).data).toHaveLength(0)
    const { node: series } = fakeSource({ t: 5 }, [2])
    expect([...(await computeCube(meanOverT(series, {}, 5))).data]).toEqual([
      Math.fround((await wholeOf(series)).reduce((a, b) => a + b) / 5),
    ])
  })

  test('cancelling ends it', async () => {
    const { node } = fakeSource({ y: 4 }, [4])
    await expect(computeCube(node, { signal: AbortSignal.abort() })).rejects.toMatchObject({ tag: 'Cancelled' })
  })
})
