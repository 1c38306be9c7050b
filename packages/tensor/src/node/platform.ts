/** Node: a worker thread with onnxruntime-node. */

import { Worker } from 'node:worker_threads'
import type { Platform } from '../run/platform.ts'
import type { ReplyMessage } from '../run/protocol.ts'

export const platform: Platform = {
  devices: ['cpu', 'webgpu', 'cuda'],
  open: ({ onMessage, onLost }) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    worker.unref()
    worker.on('message', (message: ReplyMessage) => onMessage(message))
    worker.on('error', (cause) => onLost(`failed: ${String(cause)}`, cause))
    worker.on('exit', (code) => onLost(`ended with code ${code}`))
    return {
      post: (message, transfer) => worker.postMessage(message, transfer),
      hold: (awaiting) => (awaiting ? worker.ref() : worker.unref()),
      close: async () => {
        await worker.terminate()
      },
    }
  },
}
