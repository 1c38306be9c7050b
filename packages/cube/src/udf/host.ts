/**
 * The process of one user-defined function. Its own thread stays free: it starts the sandbox's thread, hands messages on
 * and watches memory. A process of its own, since V8 ends the whole process where memory runs out in the midst of one of
 * its built-ins, and since only a process can be ended whatever it does.
 */
import { Worker } from 'node:worker_threads'
import type { HostMessage, HostStart, UdfAnswer, UdfRequest } from './messages.ts'

/** How often the memory of arrays, which V8 does not limit, is looked at. */
const WATCH_MS = 25

const tell = (message: HostMessage): void => void process.send?.(message)

function startThread({ code, memoryMb }: HostStart): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: code,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: 4 },
    env: {},
    execArgv: [],
    argv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    name: `udf ${code.name}`,
  })
}

/** The buffers of a request, which the thread may have. */
const buffersOf = ({ input }: UdfRequest): ArrayBuffer[] => (input.kind === 'block' ? [input.data.buffer] : [])

function main(start: HostStart): void {
  const thread = startThread(start)
  let running = 0
  const look = async (): Promise<void> => {
    if (running === 0) return
    const { external_memory: arrays, used_heap_size: heap } = await thread.getHeapStatistics()
    if (arrays + heap > start.memoryMb * 2 ** 20) end({ state: 'memory' })
  }
  // The thread may end in the meantime, which its own events tell of.
  setInterval(() => void look().catch(() => undefined), WATCH_MS)
  thread.on('online', () => tell({ state: 'up' }))
  // What comes at the same time goes in one message, as each has its price; before anything that ends the process.
  let answers: UdfAnswer[] = []
  const flush = (): void => {
    if (answers.length > 0) tell({ state: 'answers', answers })
    answers = []
  }
  const end = (message: HostMessage): void => {
    flush()
    tell(message)
  }
  thread.on('message', (answer: UdfAnswer) => {
    running--
    if (answers.push(answer) === 1) setImmediate(flush)
  })
  thread.on('error', ({ code, message }: Error & { code?: string }) =>
    end(code === 'ERR_WORKER_OUT_OF_MEMORY' ? { state: 'memory' } : { state: 'failed', message }),
  )
  thread.on('exit', () => end({ state: 'failed', message: 'its thread ended' }))
  process.on('message', (requests: readonly UdfRequest[]) => {
    running += requests.length
    for (const request of requests) thread.postMessage(request, buffersOf(request))
  })
}

process.once('message', main)
// Whoever asked is gone; a thread that is busy would keep the process.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
