/** What every executor has to do. One call of `executorConformance` per implementation. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledError, EcotopeError, InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import type { Executor, Outcome, RunOptions, Task } from '../../src/execute/executor.ts'
import { temporaryFolder } from '../temporary.ts'
import { jobOf, type Payload, taskOf } from './job.ts'

export interface ExecutorCase {
  readonly name: string
  readonly create: (options: { budgetBytes?: number }) => Executor
  /** Whether tasks run beside each other, so that one that dies takes nothing with it. */
  readonly isolated: boolean
}

interface Bench {
  readonly executor: Executor
  readonly log: string
  run(tasks: Iterable<Task<Payload>> | AsyncIterable<Task<Payload>>, options?: RunOptions): AsyncIterable<Outcome>
  collect(tasks: Iterable<Task<Payload>>, options?: RunOptions): Promise<Outcome[]>
  lines(): Promise<string[]>
}

async function benchOf(executor: Executor): Promise<Bench> {
  const log = join(await temporaryFolder(), 'log')
  const run: Bench['run'] = (tasks, options) => executor.run(jobOf({ log }), tasks, options)
  return {
    executor,
    log,
    run,
    collect: async (tasks, options) => {
      const outcomes: Outcome[] = []
      for await (const outcome of run(tasks, options)) outcomes.push(outcome)
      return outcomes
    },
    lines: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').filter((line) => line !== ''),
  }
}

const range = (n: number, more: (i: number) => Partial<Payload> = () => ({})) =>
  Array.from({ length: n }, (_, i) => taskOf(i, more(i)))

const resultOf = (outcome: Outcome) => ('result' in outcome ? outcome.result : outcome.error.tag)

const started = (lines: readonly string[]) => lines.filter((line) => line.startsWith('start')).length

/** The most tasks that ran at one time, by the log. */
function mostAtOnce(lines: readonly string[]): number {
  let [now, most] = [0, 0]
  for (const line of lines) {
    now += line.startsWith('start') ? 1 : line.startsWith('end') ? -1 : 0
    most = Math.max(most, now)
  }
  return most
}

type With = (options: { budgetBytes?: number }, use: (bench: Bench) => Promise<void>) => () => Promise<void>

export function executorConformance({ name, create, isolated }: ExecutorCase): void {
  const with_: With = (options, use) => async () => {
    const executor = create(options)
    try {
      await use(await benchOf(executor))
    } finally {
      await executor.close()
    }
  }
  describe(`executor ${name}`, () => {
    results(with_)
    failures(with_)
    if (isolated) deaths(with_)
    endings(with_)
    pressure(with_)
  })
}

function results(with_: With): void {
  test(
    'outcomes come in the order of tasks when asked for, whatever takes longest',
    with_({}, async ({ collect }) => {
      const outcomes = await collect(
        range(9, (i) => ({ sleep: i % 3 === 0 ? 60 : 1 })),
        { order: 'task' },
      )
      expect(outcomes.map((outcome) => outcome.task.id)).toEqual(range(9).map((task) => task.id))
      expect(outcomes.map(resultOf)).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64])
    }),
  )
  test(
    'every task has exactly one outcome in any order',
    with_({}, async ({ collect, lines }) => {
      const outcomes = await collect(range(20, (i) => ({ sleep: (i * 7) % 11 })))
      expect(outcomes.map(resultOf).sort((a, b) => Number(a) - Number(b))).toEqual(range(20).map((_, i) => i * i))
      expect(started(await lines())).toBe(20)
    }),
  )
  test(
    'an empty job has no outcomes',
    with_({}, async ({ collect }) => expect(await collect([])).toEqual([])),
  )
  test(
    'arrays arrive as they were made',
    with_({}, async ({ collect }) => {
      const outcomes = await collect([taskOf(3, { produce: 1000 }), taskOf(4, { produce: 10 })], { order: 'task' })
      expect(outcomes.map(resultOf)).toEqual([
        { n: 3, data: new Uint8Array(1000).fill(3) },
        { n: 4, data: new Uint8Array(10).fill(4) },
      ])
    }),
  )
  test(
    'the same tasks again give the same results',
    with_({}, async ({ collect }) => {
      const once = await collect(range(5), { order: 'task' })
      expect(await collect(range(5), { order: 'task' })).toEqual(once)
    }),
  )
  test(
    'progress counts what is done',
    with_({}, async ({ collect }) => {
      const fractions: number[] = []
      await collect(range(6), { onProgress: ({ fraction }) => fractions.push(fraction) })
      expect(fractions).toHaveLength(6)
      expect(fractions.at(-1)).toBe(1)
      expect([...fractions].sort((a, b) => a - b)).toEqual(fractions)
    }),
  )
}

function failures(with_: With): void {
  test(
    'a failure of the surroundings is tried again',
    with_({}, async ({ collect, lines }) => {
      const [outcome] = await collect([taskOf(2, { fail: 'once' })])
      expect(outcome).toMatchObject({ result: 4, attempts: 2 })
      expect(started(await lines())).toBe(2)
    }),
  )
  test(
    'attempts end',
    with_({}, async ({ collect }) => {
      const outcomes = await collect([taskOf(2, { fail: 'environment' })], { attempts: 4, onError: 'skip' })
      expect(outcomes).toMatchObject([{ error: { tag: 'DiskLost' }, attempts: 4 }])
    }),
  )
  test(
    'bad input is not tried again, ends the job, and keeps what it says',
    with_({}, async ({ collect, lines }) => {
      // The others take long enough for a second thread to come up meanwhile, however busy the machine is.
      const tasks = range(50, (i) => (i === 1 ? { fail: 'input' } : { sleep: 100 }))
      const error = await collect(tasks).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(InputError)
      expect(error).toMatchObject({ tag: 'BadThing', hint: 'give a good one', data: { chunk: [1, 2] } })
      expect((await lines()).filter((line) => line === 'start 1')).toHaveLength(1)
      expect(started(await lines())).toBeLessThan(50)
    }),
  )
  test(
    'a failing task is one outcome among others when failures are skipped',
    with_({}, async ({ collect }) => {
      const tasks = range(6, (i) => (i % 2 === 1 ? { fail: i === 1 ? 'fault' : 'input' } : {}))
      const outcomes = await collect(tasks, { onError: 'skip', order: 'task' })
      expect(outcomes.map(resultOf)).toEqual([0, 'TaskFailed', 4, 'BadThing', 16, 'BadThing'])
      const [fault] = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []))
      expect(fault).toBeInstanceOf(EcotopeError)
      expect(fault!.message).toBe('a fault of ours')
    }),
  )
  test(
    'an iterable of tasks that fails ends the job',
    with_({}, async ({ collect }) => {
      const tasks = function* () {
        yield taskOf(1)
        throw new InputError('NoMore', 'no more tasks')
      }
      await expect(collect(tasks())).rejects.toMatchObject({ tag: 'NoMore' })
    }),
  )
  test(
    'a job that cannot be opened says why',
    with_({}, async ({ executor }) => {
      const run = executor.run({ module: new URL('no-such-module.ts', import.meta.url).href, context: {} }, [taskOf(1)])
      await expect(run[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(EcotopeError)
    }),
  )
}

function deaths(with_: With): void {
  test(
    'a lost worker is replaced and its task runs again',
    with_({}, async ({ collect }) => {
      const outcomes = await collect(
        range(8, (i) => (i % 4 === 1 ? { die: true } : {})),
        { order: 'task' },
      )
      expect(outcomes.map(resultOf)).toEqual([0, 1, 4, 9, 16, 25, 36, 49])
      expect(outcomes[1]!.attempts).toBe(2)
    }),
  )
  test(
    'tasks that waited behind one whose worker is lost have not been tried',
    with_({}, async ({ collect, lines }) => {
      const outcomes = await collect(
        range(12, (i) => (i < 2 ? { die: true } : {})),
        { order: 'task' },
      )
      expect(outcomes.map(({ attempts }) => attempts)).toEqual([2, 2, ...new Array<number>(10).fill(1)])
      expect(started(await lines())).toBe(14)
    }),
  )
}

function endings(with_: With): void {
  test(
    'cancelling ends quickly with CancelledError',
    with_({}, async ({ collect, lines }) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 150)
      const before = performance.now()
      const tasks = range(10, () => ({ sleep: 20_000 }))
      await expect(collect(tasks, { signal: controller.signal })).rejects.toBeInstanceOf(CancelledError)
      expect(performance.now() - before).toBeLessThan(3000)
      expect((await lines()).some((line) => line.startsWith('end'))).toBe(false)
    }),
  )
  test(
    'a signal that is raised already starts nothing',
    with_({}, async ({ collect, lines }) => {
      await expect(collect(range(3), { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError)
      expect(await lines()).toEqual([])
    }),
  )
  test(
    'after a cancelled job the executor takes the next one',
    with_({}, async ({ collect }) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      await collect([taskOf(0, { sleep: 20_000 })], { signal: controller.signal }).catch(() => undefined)
      expect((await collect(range(3), { order: 'task' })).map(resultOf)).toEqual([0, 1, 4])
    }),
  )
  test(
    'a consumer that stops early stops the job and lets go of the tasks',
    with_({}, async ({ run, lines }) => {
      let isReleased = false
      const endless = function* () {
        try {
          for (let i = 0; ; i++) yield taskOf(i)
        } finally {
          isReleased = true
        }
      }
      for await (const outcome of run(endless())) if (outcome.task.id === 'task-5') break
      expect(isReleased).toBe(true)
      const after = started(await lines())
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(started(await lines())).toBe(after)
      expect(after).toBeLessThan(30)
    }),
  )
  test(
    'runners are closed at the end',
    with_({}, async ({ collect, lines, executor }) => {
      await collect(range(6))
      const closed = (await lines()).filter((line) => line === 'close').length
      expect(closed).toBeGreaterThan(0)
      expect(closed).toBeLessThanOrEqual(executor.workers)
    }),
  )
}

function pressure(with_: With): void {
  test(
    'tasks are pulled only as there is room for their results',
    with_({}, async ({ run, executor }) => {
      let pulled = 0
      const tasks = async function* () {
        for (; pulled < 100; pulled++) yield taskOf(pulled)
      }
      const outcomes = run(tasks())[Symbol.asyncIterator]()
      await outcomes.next()
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(pulled).toBeLessThanOrEqual(3 * executor.workers + 2)
      await outcomes.return?.()
    }),
  )
  test(
    'few tasks wait behind a long one',
    with_({}, async ({ collect, lines, executor }) => {
      await collect(range(14, (i) => ({ sleep: i === 0 ? 400 : 1 })))
      const log = await lines()
      const late = started(log.slice(log.indexOf('end 0')))
      expect(late).toBeLessThanOrEqual(executor.workers > 1 ? 1 : 13)
    }),
  )
  test(
    'the bytes of tasks in work stay below the budget',
    with_({ budgetBytes: 100 }, async ({ collect, lines }) => {
      const tasks = Array.from({ length: 8 }, (_, i) => taskOf(i, { sleep: 10 }, 60))
      expect(await collect(tasks)).toHaveLength(8)
      expect(mostAtOnce(await lines())).toBe(1)
    }),
  )
  test(
    'a task that is larger than the budget runs alone',
    with_({ budgetBytes: 100 }, async ({ collect, lines }) => {
      const tasks = [taskOf(0, { sleep: 10 }, 50), taskOf(1, { sleep: 10 }, 5000), taskOf(2, { sleep: 10 }, 50)]
      expect((await collect(tasks, { order: 'task' })).map(resultOf)).toEqual([0, 1, 4])
      expect(mostAtOnce(await lines())).toBe(1)
    }),
  )
  test(
    'results held back for their order count against the budget, and the job still ends',
    with_({ budgetBytes: 100 }, async ({ collect }) => {
      const tasks = Array.from({ length: 12 }, (_, i) => taskOf(i, { sleep: i === 0 ? 100 : 1 }, 30))
      const outcomes = await collect(tasks, { order: 'task' })
      expect(outcomes.map((outcome) => outcome.task.id)).toEqual(tasks.map((task) => task.id))
    }),
  )
}
