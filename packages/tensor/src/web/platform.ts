/** A page: a Web Worker with onnxruntime-web. */

import type { Platform } from '../run/platform.ts'
import type { ReplyMessage } from '../run/protocol.ts'

export const platform: Platform = {
  devices: ['wasm', 'webgpu'],
  open: ({ onMessage, onLost }) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<ReplyMessage>) => onMessage(data)
    worker.onerror = (event) => onLost(`failed: ${event.message || 'its script could not be loaded'}`)
    return {
      post: (message, transfer) => worker.postMessage(message, [...transfer]),
      hold: () => undefined,
      close: async () => worker.terminate(),
    }
  },
}
