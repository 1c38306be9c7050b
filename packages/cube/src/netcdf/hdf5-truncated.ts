/**
 * HDF5 files that were cut off, which the library refuses to open: it is told the length that the file says it had, and
 * reading beyond the end fails, so that all that lies before can be read.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** The part of the library's file system that is asked for lengths and bytes. */
export interface LibraryFiles {
  fstat(file: number): { size: number }
  read(stream: LibraryStream, buffer: Uint8Array, offset: number, length: number, position?: number): number
  getStreamChecked(file: number): LibraryStream
  readonly ErrnoError: new (code: number) => Error
}

interface LibraryStream {
  readonly path: string
}

export interface Lengths {
  readonly actual: number
  /** What the superblock says. */
  readonly stored: number
}

/** Where the superblock has the end of the file, by its version. */
const END_AT: readonly number[] = [40, 44, 28, 28]
const SUPERBLOCK_BYTES = 64
/** Sizes of addresses, by the version of the superblock. */
const SIZE_AT: readonly number[] = [13, 13, 9, 9]

/** Both lengths of a file that is shorter than it says; undefined of others. Files are taken to start with the superblock. */
export function truncation(path: string): Lengths | undefined {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(SUPERBLOCK_BYTES)
    const count = readSync(file, head, 0, SUPERBLOCK_BYTES, 0)
    const actual = fstatSync(file).size
    const version = head[8]!
    const end = END_AT[version]
    if (end === undefined || count < end + 8 || head[SIZE_AT[version]!] !== 8) return undefined
    const stored = Number(head.readBigUInt64LE(end))
    return stored > actual && stored <= Number.MAX_SAFE_INTEGER ? { actual, stored } : undefined
  } finally {
    closeSync(file)
  }
}

/** An input or output error, as the library's system numbers them. */
const IO_ERROR = 29

/** Files that are open though cut off, by path: their stored length and how many times they are open. */
const extended = new Map<string, { readonly stored: number; users: number }>()
const patched = new WeakSet<LibraryFiles>()

/** Makes the library see the length that a file says it had, until what is returned is called. */
export function extend(files: LibraryFiles, path: string, { stored }: Lengths): () => void {
  if (!patched.has(files)) patch(files)
  patched.add(files)
  const entry = extended.get(path) ?? { stored, users: 0 }
  extended.set(path, entry)
  entry.users++
  return () => {
    if (--entry.users === 0) extended.delete(path)
  }
}

function patch(files: LibraryFiles): void {
  const { fstat, read } = files
  files.fstat = (file) => {
    const state = fstat.call(files, file)
    const stored = extended.get(files.getStreamChecked(file).path)?.stored
    if (stored !== undefined) state.size = Math.max(state.size, stored)
    return state
  }
  files.read = (stream, buffer, offset, length, position) => {
    const count = read.call(files, stream, buffer, offset, length, position)
    // Without this the library takes what is missing for zeros.
    if (count < length && extended.has(stream.path)) throw new files.ErrnoError(IO_ERROR)
    return count
  }
}
