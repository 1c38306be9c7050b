/** A page: helper threads as Web Workers. */
import type { HelperStart } from '../linalg/threads/helpers.ts'

/** Starts one helper; resolves with the function that ends it. */
export function startHelper(start: HelperStart): Promise<() => void> {
  const worker = new Worker(new URL('./linalg-helper.ts', import.meta.url), { type: 'module' })
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(() => worker.terminate())
    worker.onerror = (event) => reject(new Error(event.message || 'the script of a helper thread could not be loaded'))
    worker.postMessage(start)
  })
}
