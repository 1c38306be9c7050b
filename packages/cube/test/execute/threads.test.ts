import { describe, expect, test } from 'vitest'
import { threadExecutor } from '../../src/execute/threads.ts'
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
