/**
 * What the HDF5 library sees of files: it asks its file system for lengths and bytes, and for some paths it is told what
 * is not so. Thus files that were cut off are read as far as they go, and files on web servers piece by piece.
 */

/** The part of the library's file system that is asked for lengths and bytes. */
export interface LibraryFiles {
  fstat(file: number): { size: number }
  read(stream: LibraryStream, buffer: Int8Array | Uint8Array, offset: number, length: number, position?: number): number
  write(stream: LibraryStream, buffer: Int8Array | Uint8Array, offset: number, length: number, at?: number): number
  getStreamChecked(file: number): LibraryStream
  readonly ErrnoError: new (code: number) => Error
}

interface LibraryStream {
  readonly path: string
  readonly fd: number
  position: number
}

/** A file as the library is to see it. */
export interface SeenFile {
  readonly bytes: number
  /** Fills `into` from a position on; undefined where it cannot. Default: what the file has there, all or nothing. */
  readonly read?: (into: Uint8Array, position: number) => number | undefined
}

/** An input or output error, as the library's system numbers them. */
const IO_ERROR = 29

/** Files that are open, by path, and how many times. */
const seen = new Map<string, { readonly file: SeenFile; users: number }>()
const patched = new WeakSet<LibraryFiles>()

/** Makes the library see a path as said, until what is returned is called. */
export function see(files: LibraryFiles, path: string, file: SeenFile): () => void {
  if (!patched.has(files)) patch(files)
  patched.add(files)
  const entry = seen.get(path) ?? { file, users: 0 }
  seen.set(path, entry)
  entry.users++
  return () => {
    if (--entry.users === 0) seen.delete(path)
  }
}

function patch(files: LibraryFiles): void {
  const { fstat, read } = files
  files.fstat = (file) => {
    const state = fstat.call(files, file)
    const bytes = seen.get(files.getStreamChecked(file).path)?.file.bytes
    if (bytes !== undefined) state.size = Math.max(state.size, bytes)
    return state
  }
  files.read = (stream, buffer, offset, length, position) => {
    const own = seen.get(stream.path)?.file
    if (own?.read !== undefined) {
      const into = new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)
      const count = own.read(into, position ?? stream.position)
      if (count === undefined) throw new files.ErrnoError(IO_ERROR)
      if (position === undefined) stream.position += count
      return count
    }
    const count = read.call(files, stream, buffer, offset, length, position)
    // Without this the library takes what is missing for zeros.
    if (own !== undefined && count < length) throw new files.ErrnoError(IO_ERROR)
    return count
  }
}

/** The stream of errors. */
const STDERR = 2

/** Runs work of the library; what it writes about failures is not shown, but returned. */
export function withoutLines<T>(files: LibraryFiles, work: () => T): { readonly value: T; readonly lines: string } {
  const { write } = files
  const parts: Buffer[] = []
  files.write = (stream, buffer, offset, length, at) => {
    if (stream.fd !== STDERR) return write.call(files, stream, buffer, offset, length, at)
    parts.push(Buffer.from(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)))
    return length
  }
  try {
    const value = work()
    return { value, lines: Buffer.concat(parts).toString() }
  } finally {
    files.write = write
  }
}
