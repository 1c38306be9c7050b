/** The script of a helper thread in a page. */
import { type HelperStart, serveKernels } from '../linalg/threads/helpers.ts'

globalThis.onmessage = ({ data }: MessageEvent<HelperStart>) => {
  globalThis.postMessage('ready')
  serveKernels(data)
}
