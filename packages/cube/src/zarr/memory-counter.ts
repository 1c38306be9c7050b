/**
 * The engine does not count shared memory as memory that is worth a collection, in any of the threads that have seen it,
 * so that dropped results would pile up. Results do not depend on any of this.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes that may pile up. */
const WAITING_BYTES = 128 * 1024 * 1024

let collect: (() => void) | undefined

/** Counts shared memory that this thread is about to get; looks for dropped memory when much has come since the last time. */
export function memoryCounter(): (bytes: number) => void {
  let waiting = 0
  return (bytes) => {
    if (waiting > 0 && waiting + bytes > WAITING_BYTES) {
      collectGarbage()
      waiting = 0
    }
    waiting += bytes
  }
}

/** Takes milliseconds where there are few objects. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}
