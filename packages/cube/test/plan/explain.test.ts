import { describe, expect, test } from 'vitest'
import type { Cell } from '../../src/cells/cell.ts'
import type { CellNode, CubeNode } from '../../src/model/node.ts'
import { type Region, splitRegion } from '../../src/model/region.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { explain, explainPlan, explainText } from '../../src/plan/explain.ts'
import { planOf } from '../../src/plan/plan.ts'
import { scheduleOf } from '../../src/plan/schedule.ts'
import { boxSum, fakeSource, schemaOf } from './fakes.ts'

const input = (i: number): Cell => ({ kind: 'input', input: i })

const doubled = (node: CubeNode): CellNode => ({
  kind: 'cells',
  label: 'doubled',
  inputs: [node],
  cell: { kind: 'call', operation: 'add', args: [input(0), input(0)] },
  schema: node.schema,
})

function meanOf(node: CubeNode): CellNode {
  const cell: Cell = { kind: 'reduce', reducer: 'mean', dim: 't', length: 8, of: input(0) }
  return { kind: 'cells', label: 'mean', inputs: [node], cell, schema: schemaOf({ y: 256, x: 256 }) }
}

const SIDES = { t: 8, y: 256, x: 256 }

describe('explain', () => {
  test('bytes, tasks and memory of a reduction', async () => {
    const { node, decoded } = fakeSource(SIDES, [1, 64, 64])
    const explained = explain(meanOf(doubled(node)), { budgetBytes: 2 ** 21, workers: 2, chunks: [64, 64] })
    expect(explained.nodes.map(({ label }) => label)).toEqual(['fake', 'mean'])
    expect(explained.nodesBefore).toBe(3)
    expect(explained.nodes[1]).toMatchObject({
      kind: 'cells',
      inputs: [0],
      kernel: expect.stringMatching(/WebAssembly/),
    })
    expect(explained.nodes[0]).toMatchObject({ source: { format: 'fake', path: 'fake', chunks: [1, 64, 64] } })
    // Every cell of the source is 4 bytes, each chunk is decoded once and says to be 4096 bytes stored.
    expect(explained.decodedBytes).toBe(4 * 8 * 256 * 256)
    expect(explained.leastDecodedBytes).toBe(explained.decodedBytes)
    expect(explained.storedBytes).toBe(8 * 16 * 4096)
    expect(explained.taskBytes).toBeLessThanOrEqual((2 ** 21 * 7) / 16)
    expect(explained.totalBytes).toBeLessThanOrEqual(explained.budgetBytes)
    expect(explained.taskShape.every((side) => side % 64 === 0)).toBe(true)
    expect(decoded.size).toBe(0)
    await computeCube(meanOf(doubled(node)), { budgetBytes: 2 ** 21 })
    expect(decoded.size).toBe(8 * 16)
  })

  test('halos show as chunks that are needed more than once', () => {
    const { node } = fakeSource({ y: 256, x: 256 }, [64, 64])
    const explained = explain(boxSum(node, 2), { budgetBytes: 2 ** 19 })
    expect(explained.tasks).toBeGreaterThan(1)
    expect(explained.decodedBytes).toBeGreaterThan(explained.leastDecodedBytes)
    expect(explained.leastDecodedBytes).toBe(4 * 256 * 256)
  })

  test('what is made in pieces is read in pieces', () => {
    const { node } = fakeSource(SIDES, [8, 64, 64])
    const sum = boxSum(meanOf(node), 2)
    const plan = planOf(sum, { budgetBytes: 4 * 2 ** 20, chunks: [256, 256] })
    const decoded = (regions: Iterable<Region>): number =>
      [...regions].reduce((bytes, region) => bytes + scheduleOf(plan.root, region, plan).decodedBytes, 0)
    const read = decoded(splitRegion(plan.whole, plan.pieces!))
    expect(plan.tasks).toBe(1)
    expect(read).not.toBe(decoded([plan.whole]))
    expect(explainPlan(plan).decodedBytes).toBe(read)
  })

  test('the text names nodes, tasks, memory and reads', () => {
    const { node } = fakeSource(SIDES, [1, 64, 64])
    const text = explainText(explain(meanOf(doubled(node)), { budgetBytes: 2 ** 21, chunks: [64, 64] }))
    expect(text).toContain('#0 fake: t 8 x y 256 x x 256 (float32), fake fake, chunks 1 x 64 x 64')
    expect(text).toContain('#1 mean of #0: y 256 x x 256 (float32), WebAssembly')
    expect(text).toContain('fused: 3 nodes became 2')
    expect(text).toMatch(/tasks: \d+ of \d+,\d+, 1 at one time/)
    expect(text).toContain('reads: 3 MB decoded, 1 MB stored; without cache 1.00 times')
  })

  test('a cube without cells has no tasks', () => {
    const { node } = fakeSource({ t: 0, x: 4 }, [1, 4])
    expect(explain(node)).toMatchObject({ tasks: 0, decodedBytes: 0 })
  })
})
