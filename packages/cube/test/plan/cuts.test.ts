import { describe, expect, test } from 'vitest'
import type { Cell } from '../../src/cells/cell.ts'
import { FLOAT32 } from '../../src/model/block.ts'
import type { CellNode, CubeNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { explainPlan } from '../../src/plan/explain.ts'
import { nodeAt, type Plan, planOf } from '../../src/plan/plan.ts'
import { boxSum, fakeSource, schemaOf } from './fakes.ts'

const MB = 2 ** 20

function reduced(node: CubeNode, reducer: 'mean' | 'median', length: number, side: number): CellNode {
  const cell: Cell = { kind: 'reduce', dim: 't', length, reducer, of: { kind: 'input', input: 0 } }
  return { kind: 'cells', label: reducer, inputs: [node], cell, schema: schemaOf({ y: side, x: side }, FLOAT32) }
}

function timesDecoded(plan: Plan): number {
  const { decodedBytes, leastDecodedBytes } = explainPlan(plan)
  return decodedBytes / leastDecodedBytes
}

const cutLabels = (plan: Plan): string[] => plan.spools.map(({ node }) => nodeAt(plan.staged, node).label)

describe('where tasks would decode the same again and again', () => {
  test('what lies under a neighbourhood is made first, where it is small, and cells are the same', async () => {
    const { node, decoded } = fakeSource({ t: 64, y: 512, x: 512 }, [1, 64, 64])
    const root = boxSum(reduced(node, 'median', 64, 512), 2)
    const options = { budgetBytes: 4 * MB }
    const plan = planOf(root, options)
    expect(cutLabels(plan)).toEqual(['median'])
    expect(timesDecoded(plan)).toBe(1)
    const { data } = await computeCube(root, options)
    expect(new Set(decoded.values())).toEqual(new Set([1]))
    const plenty = await computeCube(root, { budgetBytes: 2 ** 30 })
    expect(Buffer.from(data.buffer).equals(Buffer.from(plenty.data.buffer))).toBe(true)
  })

  test('a result whose boxes cross what it is made from is made first and cut for the sink', () => {
    const { node } = fakeSource({ t: 64, y: 512, x: 512 }, [1, 256, 512])
    const root = boxSum(boxSum(node, 8), 8)
    const plan = planOf(root, { budgetBytes: 16 * MB, workers: 2, chunks: [64, 32, 32] })
    expect(plan.spools).toHaveLength(1)
    expect(timesDecoded(plan)).toBeLessThan(2)
  })

  test('thin tasks over all of an image, whose chunks are decoded by blocks', () => {
    const { node } = fakeSource({ t: 64, y: 512, x: 512 }, [32, 64, 64])
    const blocks = { ...node, source: { ...node.source, blocks: [1, 64, 64] } }
    const budget = { budgetBytes: 12 * MB }
    const plan = planOf(boxSum(blocks, 2), budget)
    expect(plan.shape.slice(1)).toEqual([512, 512])
    expect(plan.spools).toEqual([])
    expect(timesDecoded(plan)).toBe(1)
    // Without blocks, each thin task would decode all of a chunk.
    expect(planOf(boxSum(node, 2), budget).shape.slice(1)).not.toEqual([512, 512])
  })

  test('what is found first counts as it is found, and temporary files are not decoded', () => {
    const { node } = fakeSource({ t: 365, y: 512, x: 512 }, [30, 64, 64])
    const root = reduced(node, 'median', 365, 512)
    const plan = planOf(root, { budgetBytes: 12 * MB, workers: 2 })
    expect(plan.spools).toHaveLength(1)
    expect(plan.costs).toMatchObject({ decodedBytes: 0 })
    expect(plan.costs.copiedBytes).toBeGreaterThan(0)
    const { decodedBytes } = explainPlan(plan)
    expect(decodedBytes).toBeGreaterThanOrEqual(4 * 365 * 512 * 512)
    expect(decodedBytes).toBeLessThan(1.2 * 4 * 365 * 512 * 512)
  })
})
