/** Compressed blocks until their place in the file is known: in memory while few, then in a file beside the target. */
import { type FileHandle, open, rm } from 'node:fs/promises'

/** Bytes that are kept in memory before a file is begun. */
const MEMORY_BYTES = 64 * 2 ** 20

export interface Spool {
  /** Keeps a block; gives its number. */
  add(block: Uint8Array): Promise<number>
  get(index: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** A spool whose overflow goes to `path`, which is removed at the end. */
export function spoolAt(path: string, memoryBytes = MEMORY_BYTES): Spool {
  const blocks: (Uint8Array | undefined)[] = []
  const places: { readonly offset: number; readonly length: number }[] = []
  let held = 0
  let end = 0
  let file: Promise<FileHandle> | undefined
  return {
    add: async (block) => {
      const index = places.length
      if (held + block.length <= memoryBytes) {
        held += block.length
        blocks[index] = block
        places.push({ offset: -1, length: block.length })
        return index
      }
      const offset = end
      end += block.length
      places.push({ offset, length: block.length })
      file ??= open(path, 'wx+')
      await writeFully(await file, block, offset)
      return index
    },
    get: async (index) => {
      const kept = blocks[index]
      if (kept !== undefined) return kept
      const { offset, length } = places[index]!
      const out = new Uint8Array(length)
      const handle = await file!
      for (let at = 0; at < length; ) at += (await handle.read(out, at, length - at, offset + at)).bytesRead
      return out
    },
    close: async () => {
      if (file === undefined) return
      await (await file.catch(() => undefined))?.close()
      await rm(path, { force: true })
    },
  }
}

/** Writes all bytes at a position; a short write is continued. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  }
}
