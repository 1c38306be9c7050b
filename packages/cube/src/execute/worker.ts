/** The thread side of `threadExecutor`: opens one job at a time and runs its tasks as they are asked for. */
import { enableCompileCache } from 'node:module'
import { isMarkedAsUntransferable, type MessagePort, parentPort } from 'node:worker_threads'
import type { TaskRunner } from './executor.ts'
import { errorData } from './failures.ts'
import { openRunner } from './inline.ts'
import { type Reply, type Request, transferable } from './messages.ts'

// Compiled code is kept on disk from one thread to the next: loading takes a quarter of the time.
enableCompileCache()

const port: MessagePort = parentPort!
let runner: TaskRunner | undefined

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'open':
      await runner?.close()
      runner = undefined
      runner = await openRunner(request.job)
      return undefined
    case 'run':
      return runner!.run(request.payload, {
        onWarning: ({ tag, message }) => port.postMessage({ kind: 'warning', tag, message } satisfies Reply),
      })
    case 'close': {
      const closing = runner
      runner = undefined
      return closing?.close()
    }
  }
}

async function reply(request: Request): Promise<void> {
  try {
    const result = await answer(request)
    const moved = [...transferable(result)].filter((buffer) => !isMarkedAsUntransferable(buffer))
    port.postMessage({ kind: 'done', id: request.id, result } satisfies Reply, moved)
  } catch (error) {
    port.postMessage({ kind: 'failed', id: request.id, error: errorData(error) } satisfies Reply)
  }
}

let last: Promise<void> = Promise.resolve()

// One after the other, in the order in which they come.
port.on('message', (request: Request) => {
  last = last.then(() => reply(request))
})
