/** Node: threads of the image engine as worker threads. */
import { Worker } from 'node:worker_threads'
import type { StartHelper } from '../inference/run/session.ts'

export const startHelper: StartHelper = (start) => {
  const worker = new Worker(new URL('./inference-helper.ts', import.meta.url), { workerData: start })
  worker.unref()
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(() => void worker.terminate()))
    worker.once('error', reject)
  })
}
