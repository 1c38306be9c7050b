/**
 * Tiles of GeoTIFFs that are being written, in a folder beside the target until all are there: compressed tiles one
 * after the other, a journal of where they are (so that a killed run goes on), and halved pixels for the overviews.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@ecotope/core'
import { makeFolder } from '../format/folder.ts'
import { writeError } from './aside.ts'
import { begunMs, disown, own } from './sink-owner.ts'
import { writeFully } from './spool.ts'

export interface SinkStore {
  has(tile: number): boolean
  /** When the first run began that has left tiles, in milliseconds since 1970; undefined where none has. */
  readonly resumesFromMs: number | undefined
  /**
   * Keeps a tile of the full resolution and, where overviews are made, its pixels at half the resolution; for later runs
   * too, where `isFinal`.
   */
  put(tile: number, bytes: Uint8Array, halved: Uint8Array | undefined, isFinal: boolean): Promise<void>
  /** Keeps a tile of an overview until the end of this run; gives its number. */
  add(bytes: Uint8Array): Promise<number>
  get(place: number): Promise<Uint8Array>
  /** Number (for `get`) and bytes of a tile of the full resolution. */
  place(tile: number): { readonly spooled: number; readonly bytes: number }
  /** Bytes of a tile's slot of halved pixels, from `at` on. */
  halved(tile: number, bytes: number, at: number): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
  /** Closes and removes everything. */
  remove(): Promise<void>
}

/** Journal entry: tile (uint32), bytes (uint32), offset (float64). */
const ENTRY = 16

/** The folder of one job that writes to a path. */
export function storeFolder(path: string, job: string): string {
  const hash = createHash('sha256').update(job).digest('hex').slice(0, 16)
  return join(dirname(path), `.${basename(path)}.${hash}.partial`)
}

/**
 * Opens the store of a job that writes to `path`, with what an earlier run of it left. `slotBytes`: halved pixels of one
 * tile. Throws InputError `OutputBusy` where another process does the same job, `EnvironmentError('CannotWrite')`.
 */
export async function openStore(path: string, folder: string, slotBytes: number): Promise<SinkStore> {
  try {
    await makeFolder(folder)
    await own(path, folder)
    const begun = await begunMs(folder)
    const files = await Promise.all(['tiles', 'journal', 'halved'].map((name) => openFile(join(folder, name))))
    return await storeOf({ path, folder }, begun, files as [FileHandle, FileHandle, FileHandle], slotBytes)
  } catch (cause) {
    throw cause instanceof InputError ? cause : writeError(path, cause)
  }
}

/** For reading and writing, made where it is not there; what is there stays. */
async function openFile(path: string): Promise<FileHandle> {
  await (await open(path, 'a')).close()
  return await open(path, 'r+')
}

async function storeOf(
  { path, folder }: { readonly path: string; readonly folder: string },
  begun: number,
  [tiles, journal, halves]: readonly [FileHandle, FileHandle, FileHandle],
  slotBytes: number,
): Promise<SinkStore> {
  const places: { readonly offset: number; readonly bytes: number }[] = []
  const known = new Map<number, number>()
  const entries = new DataView(Uint8Array.from(await journal.readFile()).buffer)
  let end = 0
  let journalEnd = 0
  const size = (await tiles.stat()).size
  for (; journalEnd + ENTRY <= entries.byteLength; journalEnd += ENTRY) {
    const bytes = entries.getUint32(journalEnd + 4, true)
    const offset = entries.getFloat64(journalEnd + 8, true)
    // An entry that a killed run began is all zeros.
    if (bytes === 0 || offset + bytes > size) continue
    known.set(entries.getUint32(journalEnd, true), places.push({ offset, bytes }) - 1)
    end = Math.max(end, offset + bytes)
  }
  const append = async (bytes: Uint8Array): Promise<number> => {
    const offset = end
    end += bytes.length
    await writeFully(tiles, bytes, offset)
    return places.push({ offset, bytes: bytes.length }) - 1
  }
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (cause) {
      // Of the folder beside their output nobody has heard.
      throw writeError(path, cause)
    }
  }
  const close = async (): Promise<void> => {
    for (const file of [tiles, journal, halves]) await file.close().catch(() => undefined)
    await disown(folder).catch(() => undefined)
  }
  return {
    has: (tile) => known.has(tile),
    resumesFromMs: known.size === 0 ? undefined : begun,
    put: (tile, bytes, halved, isFinal) =>
      guarded(async () => {
        if (halved !== undefined) await writeFully(halves, halved, tile * slotBytes)
        const place = await append(bytes)
        known.set(tile, place)
        if (!isFinal) return
        const entry = new DataView(new ArrayBuffer(ENTRY))
        entry.setUint32(0, tile, true)
        entry.setUint32(4, bytes.length, true)
        entry.setFloat64(8, places[place]!.offset, true)
        const at = journalEnd
        journalEnd += ENTRY
        await writeFully(journal, new Uint8Array(entry.buffer), at)
      }),
    add: (bytes) => guarded(() => append(bytes)),
    get: async (place) => {
      const { offset, bytes } = places[place]!
      return await readFully(tiles, bytes, offset)
    },
    place: (tile) => {
      const spooled = known.get(tile)!
      return { spooled, bytes: places[spooled]!.bytes }
    },
    halved: (tile, bytes, at) => readFully(halves, bytes, tile * slotBytes + at),
    close,
    remove: async () => {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function readFully(file: FileHandle, length: number, position: number): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(length)
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(out, at, length - at, position + at)
    if (bytesRead === 0) throw new RangeError(`the spool ends at byte ${position + at}`)
    at += bytesRead
  }
  return out
}
