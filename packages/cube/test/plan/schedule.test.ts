import { describe, expect, test } from 'vitest'
import type { Cell } from '../../src/cells/cell.ts'
import { FLOAT64 } from '../../src/model/block.ts'
import type { CubeNode } from '../../src/model/node.ts'
import { inParallel } from '../../src/model/parallel.ts'
import { evaluateRegion } from '../../src/plan/evaluate.ts'
import { scheduleOf, stepsOf, storedBeside } from '../../src/plan/schedule.ts'
import { concatNode } from '../../src/process/cubes/nodes.ts'
import { boxSum, fakeSource, other, schemaOf } from './fakes.ts'

const region = { start: [8, 8], shape: [8, 8] }

describe('schedules', () => {
  test('inputs come before what is made from them, and go when nobody needs them', () => {
    const { node } = fakeSource({ y: 32, x: 32 }, [8, 8])
    const root = boxSum(boxSum(node, 1, 'inner'), 2, 'outer')
    const { steps } = scheduleOf(root, region)
    expect(steps.map((step) => step.node.label)).toEqual(['fake', 'inner', 'outer'])
    expect(steps.map((step) => step.region.shape)).toEqual([
      [14, 14],
      [12, 12],
      [8, 8],
    ])
    expect(steps.map((step) => step.frees)).toEqual([[], [0], [1]])
  })

  test('memory is that of the blocks that live at one time', () => {
    const { node } = fakeSource({ y: 32, x: 32 }, [32, 32])
    const { peakBytes, decodedBytes } = scheduleOf(boxSum(node, 2), region)
    // 12 x 12 float32 in, 8 x 8 float64 out; or the input while one whole chunk is decoded.
    expect(peakBytes).toBe(Math.max(12 * 12 * 4 + 8 * 8 * 8, 12 * 12 * 4 + 32 * 32 * 4))
    expect(decodedBytes).toBe(32 * 32 * 4)
  })

  test('large chunks as they are stored are known beside what is decoded', () => {
    const small = fakeSource({ y: 2048, x: 2048 }, [1024, 1024]).node
    expect(storedBeside(boxSum(small, 2))).toBe(0)
    const large = { ...small, source: { ...small.source, storedChunkBytes: 3e6 } }
    expect(storedBeside(boxSum(large, 2))).toBe(6e6)
  })

  test('two demands that overlap are one block', async () => {
    const { node, decoded } = fakeSource({ y: 32, x: 32 }, [8, 8])
    const small = boxSum(node, 1, 'small')
    const large = boxSum(node, 3, 'large')
    const both = concatNode([small, large], 'y', 'both', other('y', 64))
    const half = { start: [24, 8], shape: [16, 8] }
    const steps = stepsOf(both, half)
    // The lower end of one and the upper end of the other are far apart: two blocks of the source.
    expect(steps.filter(({ node: { kind } }) => kind === 'source')).toHaveLength(2)
    const near = stepsOf(sumOf(small, large), region)
    expect(near.filter(({ node: { kind } }) => kind === 'source')).toHaveLength(1)
    await evaluateRegion(sumOf(small, large), region)
    expect([...decoded.values()].every((count) => count === 1)).toBe(true)
  })

  test('what others need whole is not read once more piece by piece', async () => {
    const { node, decoded, data } = fakeSource({ t: 6, x: 4 }, [2, 4])
    const [values, means] = [0, 1].map((at): Cell => ({ kind: 'input', input: at }))
    const cell: Cell = { kind: 'reduce', reducer: 'mean', dim: 't', length: 6, of: values! }
    const mean: CubeNode = { kind: 'cells', label: 'mean', inputs: [node], cell, schema: schemaOf({ x: 4 }, FLOAT64) }
    const root: CubeNode = {
      kind: 'cells',
      label: 'anomaly',
      inputs: [node, mean],
      cell: { kind: 'call', operation: 'subtract', args: [values!, means!] },
      schema: schemaOf({ t: 6, x: 4 }, FLOAT64),
    }
    const whole = { start: [0, 0], shape: [6, 4] }
    expect(stepsOf(mean, { start: [0], shape: [4] }, { foldAbove: 1 })).toHaveLength(1)
    expect(stepsOf(root, whole, { foldAbove: 1 }).map((step) => step.node.label)).toEqual(['fake', 'mean', 'anomaly'])
    const block = await evaluateRegion(root, whole, { foldAbove: 1 })
    expect([...decoded.values()]).toEqual([1, 1, 1])
    const sums = [0, 1, 2, 3].map((x) => [0, 1, 2, 3, 4, 5].reduce((sum, t) => sum + data[4 * t + x]!, 0))
    expect([...block.data]).toEqual(Array.from(data, (value, i) => value - sums[i % 4]! / 6))
  })

  test('inputs that a region does not touch are not computed', () => {
    const files = [0, 1, 2].map(() => fakeSource({ y: 8, x: 32 }, [8, 8]).node)
    const steps = stepsOf(concatNode(files, 'y', 'stack', other('y', 24)), region)
    expect(steps).toHaveLength(2)
    expect(steps[1]!.inputs).toEqual([undefined, 0, undefined])
  })
})

function sumOf(a: CubeNode, b: CubeNode): CubeNode {
  return {
    kind: 'cells',
    label: 'sum',
    inputs: [a, b],
    schema: a.schema,
    cell: {
      kind: 'call',
      operation: 'add',
      args: [
        { kind: 'input', input: 0 },
        { kind: 'input', input: 1 },
      ],
    },
  }
}

describe('inParallel', () => {
  test('keeps to its limit and does everything once', async () => {
    let [running, most] = [0, 0]
    const done: number[] = []
    await inParallel([5, 1, 4, 2, 3, 0], 2, async (n) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, n))
      running--
      done.push(n)
    })
    expect(most).toBe(2)
    expect(done.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('the first failure ends it after what runs has ended', async () => {
    const started: number[] = []
    const run = inParallel([0, 1, 2, 3, 4, 5, 6, 7], 2, async (n) => {
      started.push(n)
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (n === 1) throw new Error('one')
    })
    await expect(run).rejects.toThrow('one')
    expect(started.length).toBeLessThan(6)
  })
})
