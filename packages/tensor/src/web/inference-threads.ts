/** A page: threads of the image engine as Web Workers. */
import type { StartHelper } from '../inference/run/session.ts'

export const startHelper: StartHelper = (start) => {
  const worker = new Worker(new URL('./inference-helper.ts', import.meta.url), { type: 'module' })
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(() => worker.terminate())
    worker.onerror = (event) => reject(new Error(event.message || 'the script of a thread could not be loaded'))
    worker.postMessage(start)
  })
}
