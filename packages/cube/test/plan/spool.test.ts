import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FLOAT64 } from '../../src/model/block.ts'
import { sliceBox } from '../../src/model/copy.ts'
import type { CellNode } from '../../src/model/node.ts'
import { cellCount, splitRegion, wholeRegion } from '../../src/model/region.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { explain, explainText } from '../../src/plan/explain.ts'
import { fillShape, planOf } from '../../src/plan/plan.ts'
import { saveOrigin } from '../../src/plan/save.ts'
import { createSpool, removeSpool, spoolHandle, spoolSink, spoolSource } from '../../src/plan/spool.ts'
import { concatNode } from '../../src/process/cubes/nodes.ts'
import { temporaryFolder } from '../temporary.ts'
import { fakeSource, runningSum, schemaOf, wholeOf } from './fakes.ts'
import { type MadeContext, madeCube, originOf, sinkModule, testSink } from './made.ts'

/** Images of 64 x 64, of which a median over all dates can only take small parts at a time. */
const MANY: MadeContext = { sides: { t: 300, y: 64, x: 64 }, chunks: [1, 64, 64], reducer: 'median' }
const BUDGET = 400_000

describe('temporary files', () => {
  test('cells come back, whatever boxes they are written and read by', async () => {
    const folder = await temporaryFolder()
    const side = fc.integer({ min: 1, max: 5 })
    const sides = fc.tuple(side, side, side)
    await fc.assert(
      fc.asyncProperty(sides, sides, sides, sides, async ([t, y, x], chunks, write, read) => {
        const { node, data } = fakeSource({ t, y, x }, [1, 1, 1])
        const shape = [t, y, x]
        const handle = spoolHandle(join(folder, 'spool'), node.schema, chunks)
        createSpool(handle)
        const encoder = await spoolSink.encoder(handle)
        for (const region of splitRegion(wholeRegion(shape), write))
          await encoder.encode(region, { region, data: sliceBox(data, shape, region) }, {})
        await encoder.close()
        const { source } = spoolSource(node, handle)
        for (const region of splitRegion(wholeRegion(shape), read))
          expect(await source.read(region)).toEqual(sliceBox(data, shape, region))
        await source.close()
        await removeSpool(handle)
      }),
      { numRuns: 60 },
    )
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a disk that is full', () => {
  const { node } = fakeSource({ t: 2, y: 2, x: 2 }, [1, 1, 1])
  const region = wholeRegion([2, 2, 2])

  test.skipIf(!existsSync('/dev/full'))('is told with the file and what to do', async () => {
    const encoder = await spoolSink.encoder(spoolHandle('/dev/full', node.schema, [1, 2, 2]))
    await expect(encoder.encode(region, { region, data: new Float64Array(8) }, {})).rejects.toMatchObject({
      tag: 'CannotWrite',
      message: expect.stringContaining('temporary file is needed: cannot write /dev/full'),
      hint: expect.stringContaining('disk is full'),
    })
    await encoder.close()
  })

  test('in the place of temporary files: it may be another', async () => {
    const handle = spoolHandle(join(tmpdir(), 'nowhere', 'spool'), node.schema, [1, 2, 2])
    expect(() => createSpool(handle)).toThrow(
      expect.objectContaining({ tag: 'CannotWrite', hint: expect.stringContaining('TMPDIR') }),
    )
  })
})

describe('cutting anew', () => {
  test('images of which each task needs a corner are decoded once, and nothing is left behind', async () => {
    const path = join(await temporaryFolder(), 'out.test')
    const log = `${path}.log`
    // What killed runs have left goes; what one that runs is writing stays.
    const [dead, alive] = [999_999_999, process.ppid].map((pid) => `.out.test.${pid}-0123456789ab.partial.spool-0`)
    for (const name of [dead, alive]) await writeFile(join(dirname(path), name!), 'x')
    const steps = new Map<string, number>()
    const saved = await saveOrigin(originOf({ ...MANY, log }), path, {
      onProgress: ({ step, fraction }) => steps.set(step, fraction),
      sink: testSink,
      sinkModule,
      workers: 2,
      budgetBytes: BUDGET,
      formatOptions: { chunks: [8, 8] },
    })
    expect(saved.plan.cutAnew).toHaveLength(1)
    expect(saved.plan.cutAnew[0]!.chunks[0]).toBe(300)
    expect([...steps]).toEqual([
      ['cut anew', 1],
      ['save', 1],
    ])
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(300)
    const bytes = Uint8Array.from(await readFile(path))
    expect([...new Float64Array(bytes.buffer)]).toEqual(await wholeOf(madeCube(MANY)))
    expect((await readdir(dirname(path))).sort()).toEqual([alive, 'out.test', 'out.test.log', 'out.test.order'])
  })

  test('with a small budget, threads that fill the files end before others read them', async () => {
    const path = join(await temporaryFolder(), 'out.test')
    const openings = `${path}.openings`
    await saveOrigin(originOf({ ...MANY, openings }), path, {
      sink: testSink,
      sinkModule,
      workers: 1,
      budgetBytes: BUDGET,
      formatOptions: { chunks: [8, 8] },
    })
    const [main, ...threads] = (await readFile(openings, 'utf8')).trim().split('\n')
    expect(main).toBe(String(threadId))
    expect(new Set(threads).size).toBe(2)
  })

  test('what is stored in narrow columns lies in columns of the file, so that it is written in long runs', () => {
    const { node } = fakeSource({ t: 24, y: 256, x: 256 }, [24, 256, 4])
    const plan = planOf(runningSum(node, 0), { budgetBytes: BUDGET, chunks: [24, 32, 32] })
    const { chunks, layout } = plan.spools[0]!
    expect(chunks[2]).toBeGreaterThan(4)
    expect(layout.slice(1)).toEqual([chunks[1], 4])
  })

  test('files are filled by one worker that decodes chunks once, rather than by two that decode them in parts', () => {
    const { node } = fakeSource({ t: 4, y: 1024, x: 1024 }, [1, 1024, 1024], { value: () => 1 })
    // A chunk is 4 MB decoded, two of them and what is made of them are more than the share of one of two.
    const share = { budgetBytes: 16 * 2 ** 20, workers: 2 }
    expect(fillShape(node, share).shape).toEqual([1, 1024, 1024])
    expect(fillShape(node, { ...share, workers: 1 }).shape).toEqual([1, 1024, 1024])
    // Where both can hold whole chunks, both fill.
    const { shape, costs } = fillShape(node, { budgetBytes: 64 * 2 ** 20, workers: 2 })
    expect(shape.slice(1)).toEqual([1024, 1024])
    expect(2 * costs.peakBytes).toBeLessThan(64 * 2 ** 20)
  })

  test('runs of memory on both sides go straight to their places, others through memory between', async () => {
    const path = join(await temporaryFolder(), 'spool')
    const { node, data } = fakeSource({ t: 6, y: 8, x: 10 }, [1, 8, 10])
    const handle = spoolHandle(path, node.schema, [2, 8, 5])
    createSpool(handle)
    const encoder = await spoolSink.encoder(handle)
    for (const x of [0, 5]) {
      const region = { start: [0, 0, x], shape: [6, 8, 5] }
      await encoder.encode(region, { region, data: sliceBox(data, [6, 8, 10], region) }, {})
    }
    await encoder.close()
    const { source } = spoolSource(node, handle)
    const starts = { start: [1, 2, 3], shape: [4, 5, 6] }
    for (const region of [wholeRegion([6, 8, 10]), { start: [0, 0, 5], shape: [6, 8, 5] }, starts])
      expect(await source.read(region)).toEqual(sliceBox(data, [6, 8, 10], region))
    for (const region of [
      { start: [3, 2, 5], shape: [1, 3, 5] },
      { start: [2, 7, 1], shape: [1, 1, 3] },
    ])
      expect(await source.read(region)).toEqual(sliceBox(data, [6, 8, 10], region))
    await source.close()
  })

  test('large regions are written a part at a time', async () => {
    const path = join(await temporaryFolder(), 'spool')
    const { node, data } = fakeSource({ t: 2, y: 512, x: 1024 }, [1, 512, 1024])
    const handle = spoolHandle(path, node.schema, [2, 512, 1000])
    createSpool(handle)
    const encoder = await spoolSink.encoder(handle)
    const region = wholeRegion([2, 512, 1024])
    await encoder.encode(region, { region, data }, {})
    await encoder.close()
    const { source } = spoolSource(node, handle)
    const read = await source.read(region)
    expect(read.every((v, i) => v === data[i])).toBe(true)
    await source.close()
  })

  test('so are cubes that are computed in memory', async () => {
    const { node, decoded } = fakeSource({ t: 300, y: 48, x: 48 }, [1, 48, 48])
    const root = runningSum(node, 0)
    const expected = await wholeOf(root)
    decoded.clear()
    const { data } = await computeCube(root, { budgetBytes: BUDGET })
    expect([...data]).toEqual(expected)
    expect([...decoded.values()].every((count) => count === 1)).toBe(true)
  })

  test('stacks of files are cut anew as one', async () => {
    const files = Array.from({ length: 200 }, (_, i) =>
      fakeSource({ t: 1, y: 48, x: 48 }, [1, 48, 48], { value: (k) => i ^ k }),
    )
    const stack = concatNode(
      files.map(({ node }) => node),
      't',
    )
    const root: CellNode = {
      kind: 'cells',
      label: 'median',
      inputs: [stack],
      cell: { kind: 'reduce', reducer: 'median', dim: 't', length: 200, of: { kind: 'input', input: 0 } },
      schema: schemaOf({ y: 48, x: 48 }, FLOAT64),
    }
    const plan = planOf(root, { budgetBytes: BUDGET })
    expect(plan.spools).toHaveLength(1)
    const expected = await wholeOf(root)
    for (const { decoded } of files) decoded.clear()
    expect([...(await computeCube(root, { budgetBytes: BUDGET })).data]).toEqual(expected)
    expect(files.every(({ decoded }) => [...decoded.values()].every((count) => count === 1))).toBe(true)
  })

  test('nothing is cut anew where tasks fit the chunks', () => {
    expect(planOf(madeCube(MANY), { budgetBytes: 100 * BUDGET }).spools).toEqual([])
    const { node } = fakeSource({ t: 10, y: 64, x: 64 }, [10, 8, 8])
    expect(planOf(runningSum(node, 0), { budgetBytes: BUDGET }).spools).toEqual([])
  })

  test('the plan says so', () => {
    const explained = explain(madeCube(MANY), { budgetBytes: BUDGET, workers: 2, chunks: [8, 8] })
    const cut = explained.cutAnew[0]!
    expect(cut).toMatchObject({ label: 'made', bytes: 2 * cellCount([300, 64, 64]) })
    expect(explainText(explained)).toContain(`cut anew on disk: made, 3 MB, in chunks of ${cut.chunks.join(' x ')}`)
  })
})
