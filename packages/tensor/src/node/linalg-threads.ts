/** Node: helper threads as worker threads. */
import { Worker } from 'node:worker_threads'
import type { HelperStart } from '../linalg/threads/helpers.ts'

/** Starts one helper; resolves with the function that ends it. */
export function startHelper(start: HelperStart): Promise<() => void> {
  const worker = new Worker(new URL('./linalg-helper.ts', import.meta.url), { workerData: start })
  worker.unref()
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(() => void worker.terminate()))
    worker.once('error', reject)
  })
}
