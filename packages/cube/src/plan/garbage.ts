/**
 * Gives back the memory of dropped blocks early. The engine counts the bytes of arrays loosely and lets hundreds of
 * megabytes of them wait; a budget cannot be kept that way. Results do not depend on any of this.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options?: { readonly type: 'minor' | 'major' }) => void

let collect: Collect | undefined
let dropped = 0

/** Dropped bytes that may wait. */
const WAITING_BYTES = 24 * 2 ** 20
/** Bytes of living and dropped arrays above which old garbage is looked for too, beyond what was left the last time. */
const GROWTH_BYTES = 48 * 2 ** 20
let left = 0

/** Tells that this many bytes of blocks are not referred to any longer. */
export function dropBytes(bytes: number): void {
  dropped += bytes
  if (dropped < WAITING_BYTES) return
  dropped = 0
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as Collect
  }
  // Blocks are young as a rule, and looking through the young takes about a millisecond.
  collect({ type: 'minor' })
  if (process.memoryUsage().arrayBuffers < left + GROWTH_BYTES) return
  collect({ type: 'major' })
  left = process.memoryUsage().arrayBuffers
}
