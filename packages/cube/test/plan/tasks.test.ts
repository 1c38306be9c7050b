import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import type { Reducer } from '../../src/cells/cell.ts'
import type { ArraySource } from '../../src/model/array-source.ts'
import { FLOAT32, FLOAT64 } from '../../src/model/block.ts'
import { type BlockNode, type CellNode, type CubeNode, shapeOf } from '../../src/model/node.ts'
import { cellCount, chunkCount, wholeRegion } from '../../src/model/region.ts'
import { explainPlan, explainText } from '../../src/plan/explain.ts'
import { planOf, regionsOfPlan } from '../../src/plan/plan.ts'
import { ChunkReader } from '../../src/plan/reader.ts'
import { scheduleOf } from '../../src/plan/schedule.ts'
import { cacheShare, foldAbove, megabytes, taskShape, taskShare } from '../../src/plan/tasks.ts'
import { boxSum, fakeSource, runningSum, schemaOf } from './fakes.ts'

const MB = 2 ** 20

const reducing =
  (reducer: Reducer) =>
  (node: CubeNode, sides: Readonly<Record<string, number>>, length: number): CellNode => ({
    kind: 'cells',
    label: reducer,
    inputs: [node],
    schema: schemaOf(sides, FLOAT64),
    cell: { kind: 'reduce', reducer, dim: 't', length, of: { kind: 'input', input: 0 } },
  })
const [median, mean] = [reducing('median'), reducing('mean')]

/** One cell for each square of cells, and those around it. */
function coarser(input: CubeNode, factor: number): BlockNode {
  const [dates, height, width] = shapeOf(input.schema) as [number, number, number]
  const needed = (start: number, length: number, most: number): [number, number] => {
    const from = Math.max(0, start * factor - factor)
    return [from, Math.min(most, (start + length) * factor + factor) - from]
  }
  return {
    kind: 'blocks',
    label: 'coarser',
    inputs: [input],
    schema: schemaOf({ t: dates, y: height / factor, x: width / factor }, FLOAT32),
    needs: ({ start, shape }) => {
      const [row, high] = needed(start[1]!, shape[1]!, height)
      const [column, wide] = needed(start[2]!, shape[2]!, width)
      return [{ start: [start[0]!, row, column], shape: [shape[0]!, high, wide] }]
    },
    compute: () => Promise.reject(new Error('nothing is computed')),
  }
}

describe('task shapes', () => {
  test('whole source chunks, whatever the sink writes', () => {
    const { node } = fakeSource({ t: 10, y: 512, x: 512 }, [1, 128, 128])
    const { shape } = taskShape(median(node, { y: 512, x: 512 }, 10), { budgetBytes: 4 * MB, align: [64, 64] })
    expect(shape.every((side) => side % 128 === 0)).toBe(true)
  })

  test('whole boxes of the sink where they do not agree with the source', () => {
    const { node } = fakeSource({ y: 600, x: 600 }, [100, 100])
    const { shape } = taskShape(node, { budgetBytes: MB, align: [64, 64] })
    expect(shape.every((side) => side % 64 === 0 || side === 600)).toBe(true)
    expect(shape.every((side) => side >= 128)).toBe(true)
  })

  test('smaller than source chunks only where these do not fit', () => {
    const { node } = fakeSource({ t: 100, y: 256, x: 256 }, [1, 256, 256])
    const root = runningSum(node, 0)
    const small = taskShape(root, { budgetBytes: 8 * MB })
    expect(small.shape[0]).toBe(100)
    expect(small.shape[1]!).toBeLessThan(256)
    expect(small.costs.peakBytes).toBeLessThanOrEqual(taskShare(8 * MB))
    expect(taskShape(root, { budgetBytes: 1000 * MB }).shape).toEqual([100, 256, 256])
  })

  test('enough tasks for all workers, each within its share', () => {
    const { node } = fakeSource({ t: 4, y: 2048, x: 2048 }, [1, 256, 256])
    const root = median(node, { y: 2048, x: 2048 }, 4)
    const options = { budgetBytes: 200 * MB, workers: 4 }
    const { shape, costs } = taskShape(root, options)
    expect(chunkCount(wholeRegion([2048, 2048]), shape)).toBeGreaterThanOrEqual(16)
    expect(costs.peakBytes).toBeLessThanOrEqual(taskShare(options.budgetBytes, 4))
  })

  test('one worker may take what a share of several would not hold', () => {
    const { node } = fakeSource({ t: 1000, x: 16 }, [1000, 1])
    const root = runningSum(node, 0)
    const least = scheduleOf(root, { start: [0, 0], shape: [1, 1] }).peakBytes
    const options = { budgetBytes: Math.ceil((1.5 * least * 8) / 7) + 100, workers: 4 }
    expect(taskShape(root, options).costs.peakBytes).toBeGreaterThan(taskShare(options.budgetBytes, 4))
    // Into memory, of which any cell is a box of its own, too: not one cell at a time.
    const { shape, pieces } = planOf(root, { ...options, chunks: [1, 1] })
    expect(pieces).toBeUndefined()
    expect(shape[0]).toBeGreaterThanOrEqual(500)
  })

  test('a reduction that would have to read piece by piece makes a box of the sink in pieces instead', () => {
    const { node } = fakeSource({ t: 40, y: 256, x: 256 }, [40, 32, 32])
    const root = mean(node, { y: 256, x: 256 }, 40)
    const { shape, pieces, costs, foldAbove: piece } = planOf(root, { budgetBytes: 12 * MB, chunks: [256, 256] })
    expect(shape).toEqual([256, 256])
    expect(cellCount(pieces!)).toBeLessThan(256 * 256)
    expect(scheduleOf(root, wholeRegion(pieces!), { foldAbove: piece }).steps).toHaveLength(2)
    expect(costs.peakBytes).toBeLessThanOrEqual(taskShare(12 * MB))
    expect(planOf(root, { budgetBytes: 200 * MB, chunks: [256, 256] }).pieces).toBeUndefined()
  })

  test('pieces are smaller where much lies under each of their cells, so that tasks are not', () => {
    const { node } = fakeSource({ t: 64, y: 512, x: 512 }, [1, 128, 128])
    const root = mean(coarser(node, 8), { y: 64, x: 64 }, 64)
    const options = { budgetBytes: 6 * MB, workers: 2, chunks: [1, 1] }
    const plan = planOf(root, options)
    expect(plan.foldAbove).toBeLessThan(foldAbove(options.budgetBytes, 2))
    expect(plan.costs.peakBytes).toBeLessThanOrEqual(taskShare(options.budgetBytes, 2))
    const { decodedBytes, leastDecodedBytes } = explainPlan(plan)
    // With the usual pieces, tasks are of 8 x 8 cells.
    expect(decodedBytes / leastDecodedBytes).toBeLessThan(3)
  })

  test('tasks grow by both sides of an image where one alone would save nothing', () => {
    const schema = schemaOf({ t: 365, y: 1024, x: 1024 })
    const source: ArraySource = {
      schema,
      chunks: [30, 256, 256],
      handle: { format: 'fake', path: 'daily' },
      read: () => Promise.reject(new Error('nothing is read')),
      close: () => Promise.resolve(),
    }
    const node: CubeNode = { kind: 'source', schema, label: 'daily', inputs: [], source }
    const around = boxSum(node, 1)
    const single: CubeNode = { ...around, schema: { ...around.schema, packing: FLOAT32 } }
    const root = mean(single, { y: 1024, x: 1024 }, 365)
    const { shape, costs } = taskShape(root, { budgetBytes: 512 * MB, workers: 2 })
    expect(Math.min(...shape)).toBeGreaterThan(256)
    expect(costs.peakBytes).toBeLessThanOrEqual(taskShare(512 * MB, 2))
  })

  test('what has to be held whole and is too much says how much it needs', () => {
    const { node } = fakeSource({ t: 200_000 }, [1000], { packing: FLOAT64 })
    const root = runningSum(node, 0)
    const error = (() => {
      try {
        return planOf(root, { budgetBytes: 50_000 })
      } catch (cause) {
        return cause
      }
    })()
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ tag: 'BudgetTooSmall', data: { budgetBytes: 50_000 } })
    const { needed } = (error as InputError).data as { needed: number }
    expect(planOf(root, { budgetBytes: needed }).tasks).toBeGreaterThan(0)
  })

  test('where only one worker has room, its tasks are as large as for one, not single cells', () => {
    const { node } = fakeSource({ t: 64, y: 64, x: 64 }, [64, 64, 64])
    const chunk = 4 * 64 ** 3
    const budgetBytes = 2.2 * chunk
    const { shape, costs } = taskShape(node, { budgetBytes, workers: 2 })
    expect(costs.peakBytes).toBeGreaterThan(taskShare(budgetBytes, 2))
    expect(costs.peakBytes).toBeLessThanOrEqual(taskShare(budgetBytes))
    expect(chunkCount(wholeRegion([64, 64, 64]), shape)).toBeLessThanOrEqual(8)
    // Nor are they cut finer for the last few percent of memory.
    const least = scheduleOf(node, { start: [0, 0, 0], shape: [1, 1, 1] }).peakBytes
    expect(() => taskShape(node, { budgetBytes: 1.01 * ((1.5 * least * 8) / 7), workers: 2 })).toThrow(/at least|needs/)
  })

  test('tasks cover the cube once, in row-major order', () => {
    const { node } = fakeSource({ y: 100, x: 90 }, [16, 16])
    const plan = planOf(boxSum(node, 1), { budgetBytes: 30_000, chunks: [8, 8] })
    const regions = [...regionsOfPlan(plan)]
    expect(regions).toHaveLength(plan.tasks)
    const cells = regions.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0)
    expect(cells).toBe(9000)
    expect(regions.every(({ start }) => start.every((at) => at % 8 === 0))).toBe(true)
  })

  test('shares leave room for the cache and for what allocators hold', () => {
    expect(2 * taskShare(864 * MB, 2) + 2 * cacheShare(864 * MB, 2)).toBe(800 * MB)
    expect(2 * taskShare(120 * MB, 2) + 2 * cacheShare(120 * MB, 2)).toBe(80 * MB)
    expect(foldAbove(80 * MB, 2)).toBeLessThan(taskShare(80 * MB, 2))
    expect([megabytes(1), megabytes(2e6), megabytes(2.5e9)]).toEqual(['1 MB', '2 MB', '2.5 GB'])
  })
})

describe('ChunkReader', () => {
  const read = async (cacheBytes: number, regions: readonly (readonly [number, number])[]) => {
    const { node, decoded, data } = fakeSource({ x: 64 }, [16])
    const reader = new ChunkReader({ cacheBytes })
    for (const [start, length] of regions)
      expect([...(await reader.read(node.source, { start: [start], shape: [length] }))]).toEqual([
        ...data.subarray(start, start + length),
      ])
    return [...decoded.values()].reduce((sum, count) => sum + count, 0)
  }

  test('chunks of which parts are used are decoded once while they are kept', async () => {
    const overlapping = [
      [0, 18],
      [14, 20],
      [30, 20],
      [46, 18],
    ] as const
    expect(await read(1000, overlapping)).toBeLessThan(await read(0, overlapping))
    expect(
      await read(1000, [
        [4, 4],
        [8, 4],
        [20, 2],
        [5, 3],
      ]),
    ).toBe(2)
  })

  test('the least recently used go first', async () => {
    // Room for two chunks of 64 bytes.
    const regions = [
      [1, 2],
      [17, 2],
      [1, 2],
      [33, 2],
      [1, 2],
      [17, 2],
    ] as const
    expect(await read(128, regions)).toBe(4)
  })

  test('parts that are asked for at the same time are decoded once', async () => {
    const { node, decoded } = fakeSource({ x: 64 }, [16])
    const reader = new ChunkReader({ cacheBytes: 1000 })
    await Promise.all([1, 2, 3].map((start) => reader.read(node.source, { start: [start], shape: [4] })))
    expect([...decoded.values()]).toEqual([1])
  })

  test('a failed chunk is not remembered', async () => {
    const { node, broken } = fakeSource({ x: 64 }, [16])
    const reader = new ChunkReader({ cacheBytes: 1000 })
    broken.add('0:16')
    await expect(reader.read(node.source, { start: [2], shape: [4] })).rejects.toMatchObject({ tag: 'CorruptChunk' })
    broken.clear()
    expect(await reader.read(node.source, { start: [2], shape: [4] })).toHaveLength(4)
  })
})

describe('the last tasks', () => {
  const plans = (side: number, options: Parameters<typeof planOf>[1]) => {
    const { node } = fakeSource({ t: 32, y: side, x: side }, [1, 32, 32])
    return planOf(median(node, { y: side, x: side }, 32), { budgetBytes: 24 * MB, ...options })
  }
  const isCoveredOnce = (plan: ReturnType<typeof planOf>): boolean => {
    const [height, width] = plan.whole.shape as [number, number]
    const seen = new Uint8Array(height * width)
    for (const { start, shape } of regionsOfPlan(plan))
      for (let y = 0; y < shape[0]!; y++)
        for (let x = 0; x < shape[1]!; x++) seen[(start[0]! + y) * width + start[1]! + x]!++
    return seen.every((n) => n === 1)
  }

  test('are cut into parts that cost no more, one for each worker', () => {
    const plan = plans(512, { workers: 2 })
    const regions = [...regionsOfPlan(plan)]
    expect(plan.shape).toEqual([128, 256])
    expect(plan.last).toEqual([64, 256])
    expect(regions.map(({ shape }) => cellCount(shape) / (64 * 256))).toEqual([2, 2, 2, 2, 2, 2, 1, 1, 1, 1])
    expect(plan.tasks).toBe(regions.length)
    expect(explainText(explainPlan(plan))).toContain('tasks: 10 of 128,256, the last of 64,256, 2 at one time')
    expect(isCoveredOnce(plan)).toBe(true)
    const decoded = regions.reduce((sum, region) => sum + scheduleOf(plan.root, region, plan).decodedBytes, 0)
    expect(decoded).toBe(4 * 32 * 512 * 512)
  })

  test('are whole for one worker, for small ones, and where a sink takes boxes in turn', () => {
    expect(plans(512, { workers: 1 }).last).toBeUndefined()
    expect(plans(512, { workers: 2, order: 'row-major' }).last).toBeUndefined()
    expect(plans(512, { workers: 2, budgetBytes: 6 * MB }).last).toBeUndefined()
  })

  test('keep to the boxes of the sink, and to extents that are no multiple of anything', () => {
    const plan = plans(500, { workers: 2, chunks: [64, 64] })
    expect(plan.last).toBeDefined()
    expect(isCoveredOnce(plan)).toBe(true)
    for (const { start } of regionsOfPlan(plan)) expect(start.every((from) => from % 64 === 0)).toBe(true)
  })

  test('are cut through chunks only along blocks that are decoded alone', () => {
    const { node } = fakeSource({ t: 32, y: 512, x: 512 }, [1, 256, 256])
    const root = median(node, { y: 512, x: 512 }, 32)
    const options = { workers: 2, budgetBytes: 96 * MB }
    expect(planOf(root, options)).toMatchObject({ shape: [256, 256], tasks: 4 })
    const blocks = { ...node, source: { ...node.source, blocks: [1, 128, 256] } }
    expect(planOf({ ...root, inputs: [blocks] }, options)).toMatchObject({ last: [128, 256], tasks: 6 })
  })
})
