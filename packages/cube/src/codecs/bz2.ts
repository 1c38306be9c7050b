/** bzip2, decoded by seek-bzip. */
import seekBzip from 'seek-bzip'
import { DamagedData } from './damage.ts'

export function decodeBz2(data: Uint8Array): Uint8Array {
  try {
    const input = Buffer.from(data.buffer, data.byteOffset, data.length)
    return new Uint8Array(seekBzip.decode(input, undefined, true))
  } catch (cause) {
    throw new DamagedData(`bz2: ${(cause as Error).message}`, { cause })
  }
}
