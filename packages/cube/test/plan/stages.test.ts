import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ProgressEvent } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { inlineExecutor } from '../../src/execute/inline.ts'
import { FLOAT32, FLOAT64 } from '../../src/model/block.ts'
import type { CellNode, CubeNode, SourceNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { explain, explainPlan, explainText } from '../../src/plan/explain.ts'
import { fuse } from '../../src/plan/fuse.ts'
import { memorySink } from '../../src/plan/memory-sink.ts'
import { planOf } from '../../src/plan/plan.ts'
import { saveOrigin } from '../../src/plan/save.ts'
import { scheduleOf } from '../../src/plan/schedule.ts'
import { stageOf } from '../../src/plan/stages.ts'
import { temporaryFolder } from '../temporary.ts'
import { boxSum, fakeSource, schemaOf, wholeOf } from './fakes.ts'
import { type MadeContext, madeCube, originOf, sinkModule, testSink } from './made.ts'

const input = (i: number): Cell => ({ kind: 'input', input: i })
const call = (operation: string, ...args: readonly Cell[]): Cell => ({ kind: 'call', operation, args })
const over = (length: number, reducer: Reducer, ignoreNodata = true): Cell => ({
  ...{ kind: 'reduce', dim: 't', length, reducer, ignoreNodata, of: input(0) },
  ...(reducer === 'quantile' ? { probability: 0.3 } : {}),
})
const made = (cell: Cell, sides: Readonly<Record<string, number>>, ...inputs: readonly CubeNode[]): CellNode => ({
  kind: 'cells',
  label: 'statistic',
  inputs,
  cell,
  schema: schemaOf(sides, FLOAT64),
})

/** A source that nobody reads. */
function bareSource(sides: Readonly<Record<string, number>>, chunks: readonly number[]): { readonly node: SourceNode } {
  const schema = schemaOf(sides, FLOAT32)
  const read = () => Promise.reject(new Error('nothing is read'))
  const handle = { format: 'fake', path: 'fake' }
  const source = { schema, chunks, handle, read, close: () => Promise.resolve() }
  return { node: { kind: 'source', schema, label: 'bare', inputs: [], source } }
}

const REDUCERS: readonly Reducer[] = [
  ...(['sum', 'mean', 'product', 'min', 'max', 'count', 'countValid', 'variance'] as const),
  ...(['sd', 'median', 'quantile', 'first', 'last', 'any', 'all'] as const),
]

const MEMORY = new URL('../../src/plan/memory-sink.ts', import.meta.url).href

/** Saved in this thread as if there were several, which sends plain data about all the same. */
async function savedBy(workers: number, node: CubeNode, budgetBytes: number, onError: 'fail' | 'skip' = 'fail') {
  const { sink, result } = memorySink()
  const executor = { ...inlineExecutor(), workers }
  const told: ProgressEvent[] = []
  const onProgress = (event: ProgressEvent): unknown => told.push(event)
  const rest = { sink, sinkModule: MEMORY, executor, budgetBytes, onError, onProgress }
  const saved = await saveOrigin({ node }, 'memory', rest)
  return { values: [...result()], saved, told }
}

/** Numbers that are the same but for the order of sums. */
const near = (values: readonly number[]): number[] => values.map((x) => Number(x.toPrecision(11)))

describe('small results of large inputs are found first', () => {
  test('by several workers, each with some of the pieces, for every reducer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...REDUCERS),
        fc.boolean(),
        fc.constantFrom(1, 30, 200),
        fc.integer({ min: 2, max: 5 }),
        fc.constantFrom(0, 11, 1),
        async (reducer, ignoreNodata, chunk, workers, gaps) => {
          const isGap = (i: number) => gaps > 0 && i % gaps === 0 && (gaps > 1 || i < 6000)
          const value = (i: number) => (isGap(i) ? Number.NaN : 1 + ((i * 7919) % 10_007) / 1e4)
          const { node } = fakeSource({ t: 6000, x: 1 }, [chunk, 1], { packing: FLOAT64, value })
          const root = made(call('add', over(6000, reducer, ignoreNodata), over(6000, 'max')), { x: 1 }, node)
          // Series of which order statistics do not fit.
          const budgetBytes = 40_000
          const plan = planOf(root, { budgetBytes, workers })
          const { values, told } = await savedBy(workers, root, budgetBytes)
          expect(near(values)).toEqual(near(await wholeOf(root)))
          expect(plan.stages).toEqual([0])
          const fractions = told.flatMap(({ step, fraction }) => (step === 'found first' ? [fraction] : []))
          expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
          expect(fractions.length).toBeGreaterThan(1)
          expect(fractions.at(-1)).toBeCloseTo(1, 9)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('in threads, and nothing is left behind', async () => {
    const context: MadeContext = { sides: { t: 30_000, x: 2 }, chunks: [500, 2], reducer: 'median' }
    const path = join(await temporaryFolder(), 'out.test')
    const log = `${path}.log`
    const options = { sink: testSink, sinkModule, workers: 2, budgetBytes: 100_000 }
    const saved = await saveOrigin(originOf({ ...context, log }), path, options)
    expect(saved.plan.foundFirst).toMatchObject([{ bytes: 16 }])
    const bytes = Uint8Array.from(await readFile(path))
    expect([...new Float64Array(bytes.buffer)]).toEqual(await wholeOf(madeCube(context)))
    // Every chunk is decoded once a pass.
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    expect(lines.length % 60).toBe(0)
    expect((await readdir(dirname(path))).sort()).toEqual(['out.test', 'out.test.log', 'out.test.order'])
  })

  test('once, however many tasks need them, by one worker too', async () => {
    const { node, decoded } = fakeSource({ t: 20_000 }, [500], { packing: FLOAT64, value: (i) => (i * 31) % 1009 })
    const mean = made(over(20_000, 'mean'), {}, node)
    const root = made(call('subtract', input(0), input(1)), { t: 20_000 }, node, mean)
    const expected = await wholeOf(root)
    decoded.clear()
    const budgetBytes = 100_000
    expect(planOf(root, { budgetBytes }).stages).toHaveLength(1)
    expect(explainText(explain(root, { budgetBytes }))).toContain('found first, by all workers: statistic')
    const { data } = await computeCube(root, { budgetBytes })
    expect(near([...data])).toEqual(near(expected))
    expect(decoded.size).toBe(40)
    expect(Math.max(...decoded.values())).toBeLessThanOrEqual(3)
  })

  test('inside each other, inputs first', async () => {
    const { node, decoded } = fakeSource({ t: 20_000 }, [500], { packing: FLOAT64, value: (i) => (i * 31) % 1009 })
    const mean = made(over(20_000, 'mean'), {}, node)
    const distance = made(call('absolute', call('subtract', input(0), input(1))), { t: 20_000 }, node, mean)
    const root = made(over(20_000, 'median'), {}, distance)
    const expected = await wholeOf(root)
    for (const workers of [1, 3]) {
      decoded.clear()
      const { values, saved } = await savedBy(workers, root, 100_000)
      expect(near(values)).toEqual(near(expected))
      expect(saved.plan.foundFirst.length).toBe(workers === 1 ? 1 : 2)
      expect(Math.max(...decoded.values())).toBeLessThanOrEqual(6)
    }
  })

  test('chunks that cannot be read are left out or missing, and told', async () => {
    const { node, broken } = fakeSource({ t: 6000 }, [500], { packing: FLOAT64, value: (i) => 1 + (i % 9) })
    broken.add('500:1000')
    const root = made(over(6000, 'max'), {}, node)
    const { values, saved } = await savedBy(2, root, 30_000, 'skip')
    expect(values).toEqual([9])
    expect(saved.failed).toHaveLength(1)
    await expect(savedBy(2, root, 30_000)).rejects.toThrow()
  })

  test('in parts, where all of it at one time does not fit', async () => {
    const value = (i: number) => (i * 31) % 1009
    const { node, decoded } = fakeSource({ t: 400, y: 50, x: 4 }, [50, 2, 4], { packing: FLOAT64, value })
    const mean = { kind: 'reduce', reducer: 'mean', dim: 'y', length: 50, of: input(0) } as const
    const sums: Cell = { kind: 'reduce', reducer: 'sum', dim: 'x', length: 4, of: mean }
    const each = { ...made(sums, { t: 400 }, node), label: 'each' }
    const root = made(call('subtract', input(0), input(1)), { t: 400, y: 50, x: 4 }, node, each)
    const expected = await wholeOf(root)
    for (const workers of [2, 3]) {
      decoded.clear()
      const { values, saved } = await savedBy(workers, root, 200_000)
      expect(near(values)).toEqual(near(expected))
      expect(saved.plan.foundFirst).toMatchObject([{ label: 'each' }])
      // 25 tasks would read all of it each.
      expect(Math.max(...decoded.values())).toBeLessThanOrEqual(6)
    }
  })

  test('though larger than a part of a piece, where made from many times their size', () => {
    const { node } = bareSource({ t: 360, y: 1024, x: 1024 }, [4, 256, 256])
    const mean = made(over(360, 'mean'), { y: 1024, x: 1024 }, node)
    const single: CubeNode = { ...mean, schema: { ...mean.schema, packing: FLOAT32 } }
    const root = made(call('subtract', input(0), input(1)), { t: 360, y: 1024, x: 1024 }, node, single)
    // Tasks of some dates would read all dates each.
    const plan = planOf(root, { budgetBytes: 150e6, workers: 2, chunks: [4, 512, 512] })
    expect(plan.stages).toHaveLength(1)
    const { decodedBytes, leastDecodedBytes } = explainPlan(plan)
    expect(decodedBytes / leastDecodedBytes).toBeLessThan(2)
  })

  test('in parts whose pieces are whole chunks, where all of it would be made in thin ones', () => {
    const { node } = bareSource({ x: 4096, t: 4096 }, [512, 64])
    const root = made(over(4096, 'mean'), { x: 4096 }, node)
    const options = { foldAbove: 100_000, workers: 2, mostBytes: 4_000_000 }
    const { region, shape } = stageOf(root, options)!
    const part = scheduleOf(root, { start: [0], shape }, { foldAbove: options.foldAbove, inPasses: true })
    const whole = scheduleOf(root, region, { foldAbove: options.foldAbove, inPasses: true })
    expect(whole.peakBytes * options.workers).toBeLessThanOrEqual(options.mostBytes)
    expect(whole.decodedBytes).toBeGreaterThan(2 * 4 * 4096 * 4096)
    expect((part.decodedBytes * 4096) / shape[0]!).toBe(4 * 4096 * 4096)
  })

  test('sums of sums of more than fits are folded one inside the other', async () => {
    const { node } = fakeSource({ t: 3000, x: 3000 }, [100, 3000], { packing: FLOAT32, value: (i) => i % 13 })
    const inner = made({ ...over(3000, 'mean') }, { x: 3000 }, node)
    const root = made({ kind: 'reduce', reducer: 'max', dim: 'x', length: 3000, of: input(0) }, {}, inner)
    expect(fuse(root).inputs[0]!.kind).toBe('cells')
    expect(planOf(root, { budgetBytes: 8_000_000 }).costs.peakBytes).toBeLessThan(8_000_000)
    const { data } = await computeCube(root, { budgetBytes: 8_000_000 })
    expect(data[0]).toBeCloseTo(Math.max(...(await wholeOf(inner))), 5)
  })

  test('large plans are made in no time', () => {
    // 12 million pieces, of which planning may not look at each.
    const { node } = bareSource({ t: 10_000, y: 50_000, x: 50_000 }, [1, 512, 512])
    const inner = made(
      { kind: 'reduce', reducer: 'mean', dim: 'x', length: 50_000, of: input(0) },
      { t: 10_000, y: 50_000 },
      node,
    )
    const each = made({ kind: 'reduce', reducer: 'mean', dim: 'y', length: 50_000, of: input(0) }, { t: 10_000 }, inner)
    const { y, x, t } = { t: 10_000, y: 50_000, x: 50_000 }
    const root = made(call('subtract', input(0), input(1)), { t, y, x }, node, each)
    const plan = planOf(root, { workers: 2 })
    expect(plan.stages).toHaveLength(1)
    expect(plan.costs.peakBytes).toBeLessThan(512 * 2 ** 20)
  })

  test('so are plans of folds in folds in folds', () => {
    const { node } = fakeSource({ t: 20_000 }, [500], { packing: FLOAT64 })
    let at: CubeNode = node
    for (let i = 0; i < 6; i++) {
      const summed = boxSum(at, 1)
      const mean = made(over(20_000, 'mean'), {}, summed)
      at = made(call('subtract', input(0), input(1)), { t: 20_000 }, summed, mean)
    }
    expect(planOf(at, { budgetBytes: 300_000, workers: 2 }).tasks).toBeGreaterThan(0)
  })

  test('not where tasks are many enough, or all would be read more often', () => {
    const { node } = fakeSource({ t: 300, x: 200 }, [300, 10])
    const each = made(over(300, 'mean'), { x: 200 }, node)
    expect(planOf(each, { budgetBytes: 60_000, workers: 2 }).stages).toEqual([])
    const { node: long } = fakeSource({ t: 20_000 }, [500])
    const fits = made(over(20_000, 'median'), {}, long)
    expect(planOf(fits, { budgetBytes: 600_000, workers: 2 }).stages).toEqual([])
    expect(planOf(made(over(20_000, 'mean'), {}, long), { budgetBytes: 100_000 }).stages).toEqual([])
  })
})
