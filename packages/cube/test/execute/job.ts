/** A job for the conformance suite of executors: its tasks do, on demand, everything that tasks can do to an executor. */

import { existsSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { EnvironmentError, InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import type { JobSpec, Task, TaskRunner } from '../../src/execute/executor.ts'

export interface Payload {
  readonly n: number
  /** Milliseconds. */
  readonly sleep?: number
  readonly fail?: 'input' | 'environment' | 'fault' | 'once'
  /** Bytes of the result's array. */
  readonly produce?: number
  readonly die?: boolean
}

export interface Context {
  /** A line for every start and end of a task; files beside it remember what happened once. */
  readonly log: string
}

export const jobOf = (context: Context): JobSpec<Context> => ({ module: import.meta.url, context })

export const taskOf = (n: number, more: Partial<Payload> = {}, bytes = 1): Task<Payload> => ({
  id: `task-${n}`,
  payload: { n, ...more },
  bytes,
})

/** True the first time in the life of the log file. */
async function isFirst(log: string, name: string): Promise<boolean> {
  const marker = `${log}.${name}`
  if (existsSync(marker)) return false
  await writeFile(marker, '')
  return true
}

const failures = {
  input: () => new InputError('BadThing', 'this input is bad', { hint: 'give a good one', data: { chunk: [1, 2] } }),
  environment: () => new EnvironmentError('DiskLost', 'the disk is gone'),
  fault: () => new TypeError('a fault of ours'),
  once: () => new EnvironmentError('Hiccup', 'once'),
}

async function runTask({ log }: Context, payload: Payload, work: WorkOptions): Promise<unknown> {
  await appendFile(log, `start ${payload.n}\n`)
  if (payload.sleep !== undefined) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, payload.sleep)
      work.signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  throwIfAborted(work.signal)
  if (payload.die === true && (await isFirst(log, `died-${payload.n}`))) process.exit(7)
  if (payload.fail !== undefined && (payload.fail !== 'once' || (await isFirst(log, `failed-${payload.n}`))))
    throw failures[payload.fail]()
  await appendFile(log, `end ${payload.n}\n`)
  if (payload.produce !== undefined) return { n: payload.n, data: new Uint8Array(payload.produce).fill(payload.n) }
  return payload.n * payload.n
}

export function open(context: Context): TaskRunner<Payload> {
  return {
    run: (payload, work) => runTask(context, payload, work),
    close: () => appendFile(context.log, 'close\n'),
  }
}
