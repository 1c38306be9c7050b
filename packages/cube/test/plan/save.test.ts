import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ProgressEvent } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { threadExecutor } from '../../src/execute/threads.ts'
import { saveCube, saveOrigin } from '../../src/plan/save.ts'
import { temporaryFolder } from '../temporary.ts'
import { wholeOf } from './fakes.ts'
import { type MadeContext, madeCube, originOf, sinkModule, testSink } from './made.ts'

const MEAN: MadeContext = { sides: { t: 6, y: 32, x: 32 }, chunks: [1, 16, 16], reducer: 'mean' }
const SINK = { sink: testSink, sinkModule }

async function valuesAt(path: string): Promise<number[]> {
  const bytes = Uint8Array.from(await readFile(path))
  return [...new Float64Array(bytes.buffer)]
}

const expected = (context: MadeContext) =>
  wholeOf(madeCube({ sides: context.sides, chunks: context.chunks, reducer: context.reducer! }))

const output = async () => join(await temporaryFolder(), 'out.test')

describe('save', () => {
  test.each([1, 2])('with %i workers gives the cube', async (workers) => {
    const path = await output()
    const events: ProgressEvent[] = []
    const saved = await saveOrigin(originOf(MEAN), path, {
      ...SINK,
      workers,
      budgetBytes: 20_000 * workers,
      formatOptions: { chunks: [8, 8] },
      onProgress: (event) => events.push(event),
    })
    expect(await valuesAt(path)).toEqual(await expected(MEAN))
    expect(saved.tasks).toBeGreaterThan(2)
    expect(saved.failed).toEqual([])
    expect(events).toHaveLength(saved.tasks)
    expect(events.at(-1)).toMatchObject({ step: 'save', fraction: 1, secondsLeft: 0 })
    expect(await readdir(dirname(path))).toEqual(['out.test', 'out.test.order'])
  })

  test('a cube of this process is saved too', async () => {
    const path = await output()
    await saveCube(madeCube(MEAN), path, SINK)
    expect(await valuesAt(path)).toEqual(await expected(MEAN))
  })

  test('sinks that want order get it', async () => {
    const path = await output()
    const formatOptions = { chunks: [8, 8], order: 'row-major' }
    await saveOrigin(originOf(MEAN), path, { ...SINK, workers: 2, budgetBytes: 40_000, formatOptions })
    const starts = (await readFile(`${path}.order`, 'utf8')).trim().split('\n')
    const at = starts.map((text) => text.split(',').map((part) => Number(part.split(':')[0])))
    expect(at).toEqual([...at].sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!))
    expect(await valuesAt(path)).toEqual(await expected(MEAN))
  })

  test('each stored chunk is decoded once where tasks can be aligned to chunks', async () => {
    const path = await output()
    const log = `${path}.log`
    const context = { ...MEAN, log }
    await saveOrigin(originOf(context), path, {
      ...SINK,
      workers: 2,
      budgetBytes: 100_000,
      formatOptions: { chunks: [8, 8] },
    })
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(6 * 4)
    expect(new Set(lines).size).toBe(6 * 4)
  })

  test('a box of the sink that does not fit with what it is made from is made in pieces', async () => {
    const path = await output()
    const context: MadeContext = { sides: { t: 40, y: 32, x: 32 }, chunks: [1, 8, 32], reducer: 'median' }
    const saved = await saveOrigin(originOf(context), path, { ...SINK, workers: 1, budgetBytes: 90_000 })
    expect(saved.plan.pieces).toBeDefined()
    expect(saved.tasks).toBe(1)
    expect(await valuesAt(path)).toEqual(await expected(context))
  })

  test('a dry run writes nothing', async () => {
    const path = await output()
    const saved = await saveOrigin(originOf(MEAN), path, { ...SINK, dryRun: true })
    expect(saved.plan.nodes.map(({ label }) => label)).toEqual(['made', 'mean'])
    expect(existsSync(path)).toBe(false)
  })

  test('a given executor is used and left open', async () => {
    const executor = threadExecutor({ workers: 2 })
    for (const path of [await output(), await output()]) {
      await saveOrigin(originOf(MEAN), path, { ...SINK, executor, formatOptions: { chunks: [8, 8] } })
      expect(await valuesAt(path)).toEqual(await expected(MEAN))
    }
    await executor.close()
  })

  test('a damaged chunk ends it and leaves the old output', async () => {
    const path = await output()
    await writeFile(path, 'old')
    const context = { ...MEAN, broken: ['3:4,16:32,0:16'] }
    const options = { ...SINK, workers: 2, budgetBytes: 60_000, formatOptions: { chunks: [8, 8] } }
    await expect(saveOrigin(originOf(context), path, options)).rejects.toMatchObject({
      tag: 'CorruptChunk',
      data: { path: 'made', chunk: [3, 1, 0] },
    })
    expect(await readFile(path, 'utf8')).toBe('old')
  })

  test('the list of damaged chunks is there before the output is', async () => {
    const path = await output()
    const options = { ...SINK, onError: 'skip' as const, formatOptions: { chunks: [8, 8] } }
    const seen: boolean[] = []
    const sink: typeof SINK.sink = {
      ...SINK.sink,
      create: async (...args) => {
        const job = await SINK.sink.create(...args)
        const finish: typeof job.finish = (work) => {
          seen.push(existsSync(`${path}.failed.json`))
          return job.finish(work)
        }
        return { ...job, finish }
      },
    }
    await saveOrigin(originOf({ ...MEAN, broken: ['3:4,16:32,0:16'] }), path, { ...options, sink })
    await saveOrigin(originOf(MEAN), path, { ...options, sink })
    expect([...seen, existsSync(`${path}.failed.json`)]).toEqual([true, true, false])
  })

  test('damaged chunks are skipped on request and listed', async () => {
    const path = await output()
    const context = { ...MEAN, broken: ['3:4,16:32,0:16', '5:6,0:16,0:16'] }
    const options = { ...SINK, workers: 2, budgetBytes: 60_000, formatOptions: { chunks: [8, 8] } }
    const saved = await saveOrigin(originOf(context), path, { ...options, onError: 'skip' })
    expect(saved.failed.map(({ chunk }) => chunk.join('.')).sort()).toEqual(['3.1.0', '5.0.0'])
    expect(JSON.parse(await readFile(`${path}.failed.json`, 'utf8'))).toEqual(saved.failed)
    const [values, whole] = [await valuesAt(path), await expected(MEAN)]
    // The means are of one value fewer where a chunk is missing, and untouched elsewhere.
    const changed = values.filter((value, i) => value !== whole[i])
    expect(values.some(Number.isNaN)).toBe(false)
    expect(changed.length).toBeGreaterThan(400)
    expect(values.every((value, i) => i % 32 < 16 || value === whole[i])).toBe(true)
  })

  test('cancelling ends it and leaves what is done for the next run', async () => {
    const path = await output()
    const controller = new AbortController()
    const context = { ...MEAN, sleep: 20 }
    const options = { ...SINK, workers: 2, budgetBytes: 30_000, formatOptions: { chunks: [8, 8] } }
    const run = saveOrigin(originOf(context), path, {
      ...options,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    await expect(run).rejects.toMatchObject({ tag: 'Cancelled' })
    expect(existsSync(path)).toBe(false)
    const saved = await saveOrigin(originOf(context), path, options)
    expect(saved.resumed).toBeGreaterThan(0)
    expect(await valuesAt(path)).toEqual(await expected(MEAN))
  })

  test('a killed process is resumed', async () => {
    const path = await output()
    const log = `${path}.log`
    const context = { ...MEAN, sides: { t: 6, y: 64, x: 64 }, sleep: 30, log }
    const child = spawn(process.execPath, [join(import.meta.dirname, 'save-child.ts'), path, JSON.stringify(context)])
    await new Promise<void>((resolve) => {
      let lines = 0
      child.stdout.on('data', () => {
        if (++lines === 3) child.kill('SIGKILL')
      })
      child.on('exit', () => resolve())
    })
    expect(child.signalCode).toBe('SIGKILL')
    expect(existsSync(path)).toBe(false)
    const before = (await readFile(`${path}.order`, 'utf8')).trim().split('\n').length
    const saved = await saveOrigin(originOf(context), path, {
      ...SINK,
      workers: 2,
      formatOptions: { chunks: [8, 8] },
      budgetBytes: 60_000,
    })
    expect(saved.resumed).toBeGreaterThanOrEqual(before)
    expect(saved.resumed).toBeLessThan(saved.tasks)
    expect(await valuesAt(path)).toEqual(await expected(context))
  })
})
