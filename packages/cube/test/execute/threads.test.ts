import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/execute/executor.ts'
import { threadExecutor } from '../../src/execute/threads.ts'
import { temporaryFolder } from '../temporary.ts'
import { executorConformance } from './conformance.ts'
import { jobOf, taskOf } from './job.ts'

executorConformance({
  name: 'threads',
  create: (options) => threadExecutor({ workers: 2, ...options }),
  isolated: true,
})

executorConformance({
  name: 'shared threads',
  create: (options) => threadExecutor({ workers: 2, shared: true, ...options }),
  isolated: true,
})

describe('preparing', () => {
  const linesOf = async (log: string) => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '')
  const done = async (outcomes: AsyncIterable<Outcome>) => {
    const results: unknown[] = []
    for await (const outcome of outcomes) results.push('result' in outcome ? outcome.result : outcome.error.tag)
    return results
  }

  test.each([true, false])('opening gets what was prepared; threads are shared: %s', async (shared) => {
    const log = join(await temporaryFolder(), 'log')
    const executor = threadExecutor({ workers: 1, shared })
    executor.prepare!(jobOf({ log }))
    expect(await done(executor.run(jobOf({ log }), [taskOf(3)]))).toEqual([9])
    await executor.close()
    expect(await linesOf(log)).toEqual(['prepare', 'open with own', 'start 3', 'end 3', 'close'])
  })

  test('what nobody took is closed with the executor, though its threads go on', async () => {
    const log = join(await temporaryFolder(), 'log')
    const executor = threadExecutor({ workers: 2, shared: true })
    executor.prepare!(jobOf({ log }))
    await executor.close()
    expect(await linesOf(log)).toEqual(['prepare', 'prepare', 'unused', 'unused'])
  })

  test('another job closes what was prepared before', async () => {
    const log = join(await temporaryFolder(), 'log')
    const executor = threadExecutor({ workers: 1 })
    executor.prepare!(jobOf({ log }))
    executor.prepare!(jobOf({ log }))
    await done(executor.run(jobOf({ log }), [taskOf(1)]))
    await executor.close()
    const lines = await linesOf(log)
    expect(lines.filter((line) => line === 'unused')).toHaveLength(1)
    expect(lines).toContain('open with own')
  })

  test('what cannot be prepared is opened as ever', async () => {
    const log = join(await temporaryFolder(), 'log')
    const executor = threadExecutor({ workers: 1 })
    executor.prepare!(jobOf({ log, failsToPrepare: true }))
    expect(await done(executor.run(jobOf({ log }), [taskOf(2)]))).toEqual([4])
    await executor.close()
    expect(await linesOf(log)).toEqual(['start 2', 'end 2', 'close'])
  })
})

describe('threads', () => {
  test('a job that cannot be sent says so', async () => {
    const executor = threadExecutor({ workers: 1 })
    const job = { ...jobOf({ log: '/dev/null' }), context: { log: () => undefined } }
    const outcomes = executor.run(job, [taskOf(1)])[Symbol.asyncIterator]()
    await expect(outcomes.next()).rejects.toMatchObject({ tag: 'NotPlainData' })
    await executor.close()
  })

  test('a number of workers that makes no sense is refused', () => {
    expect(() => threadExecutor({ workers: 0 })).toThrow('0 workers')
  })
})
