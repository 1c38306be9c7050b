/** The script of a thread of the image engine in a page. */
import { type CrewStart, serveCrew } from '../inference/run/crew.ts'

globalThis.onmessage = ({ data }: MessageEvent<CrewStart>) => {
  serveCrew(data, () => globalThis.postMessage('ready'))
}
