/** LZ4 as numcodecs writes it: the decoded size in four bytes, then one block. */
import { sound } from './damage.ts'
import { bloscKernel, kernelAreas, LZ4_TABLE_BYTES } from './kernel.ts'

/** The greatest that one byte of LZ4 can stand for, with room. */
const GREATEST_RATIO = 256

/** The result lies in the kernel's memory. */
export function decodeLz4(data: Uint8Array): Uint8Array {
  sound(data.length >= 4, `lz4: ${data.length} bytes are too few`)
  const size = new DataView(data.buffer, data.byteOffset).getUint32(0, true)
  sound(size <= (data.length - 4) * GREATEST_RATIO, `lz4: ${size} bytes cannot come from ${data.length}`)
  const { memory, at } = kernelAreas(data, size)
  const made = bloscKernel().call.decompress(at[0]! + 4, data.length - 4, at[1]!, size)
  sound(
    made === size,
    `lz4: the block is damaged (${made < 0 ? 'a match or run reaches outside' : `${made} bytes of ${size}`})`,
  )
  return memory.subarray(at[1]!, at[1]! + size)
}

/** The reverse; the result lies in the kernel's memory. */
export function encodeLz4(data: Uint8Array, acceleration = 1): Uint8Array {
  const bound = data.length + (data.length >> 7) + 64
  const { memory, at } = kernelAreas(data, bound + 4, LZ4_TABLE_BYTES)
  const made = bloscKernel().call.compress(at[0]!, data.length, at[1]! + 4, bound, at[2]!, Math.max(1, acceleration))
  new DataView(memory.buffer).setUint32(at[1]!, data.length, true)
  return memory.subarray(at[1]!, at[1]! + 4 + made)
}
