/**
 * HDF5 files on web servers. The library reads without waiting, so bytes that are not here yet fail its reading; they
 * are fetched by ranges, and what failed is tried again, until nothing is missing.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../format/temporary.ts'
import type { ByteSource } from '../geotiff/source.ts'
import { consecutive, type Run } from '../model/consecutive.ts'
import { type LibraryFiles, see } from './hdf5-files.ts'

export interface RemoteHdf5 {
  /**
   * What the library opens: an empty file that it sees as the one on the server. Another each time, since of what it has
   * left open in a file where reading failed, it believes that it was read.
   */
  fresh(): string
  /** Runs work of the library that has no effect where it fails, as often as it lacks bytes. */
  attempt<T>(work: () => T): Promise<T>
  close(): Promise<void>
}

/** Descriptions lie close together, and chunks are larger: about what comes in the time of one more request. */
const BLOCK_BYTES = 128 * 1024
/** Blocks that are kept between reads. */
const BLOCKS_KEPT = 256

class Blocks {
  readonly #source: ByteSource
  /** Least recently used first. */
  readonly #held = new Map<number, Uint8Array>()
  #missing = new Set<number>()
  #running = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  read(into: Uint8Array, position: number): number | undefined {
    const count = Math.max(0, Math.min(into.length, this.#source.size - position))
    if (count === 0) return 0
    const [first, last] = [position, position + count - 1].map((at) => Math.floor(at / BLOCK_BYTES)) as [number, number]
    for (let index = first; index <= last; index++) if (!this.#held.has(index)) this.#missing.add(index)
    if (this.#missing.size > 0) return undefined
    for (let index = first; index <= last; index++) {
      const block = this.#held.get(index)!
      this.#held.delete(index)
      this.#held.set(index, block)
      const start = Math.max(position, index * BLOCK_BYTES)
      const end = Math.min(position + count, index * BLOCK_BYTES + block.length)
      into.set(block.subarray(start - index * BLOCK_BYTES, end - index * BLOCK_BYTES), start - position)
    }
    return count
  }

  async attempt<T>(work: () => T): Promise<T> {
    this.#running++
    try {
      for (;;) {
        this.#missing = new Set()
        const done = outcomeOf(work)
        const missing = [...this.#missing].sort((a, b) => a - b)
        // The library may take something that it cannot read for something that is not there.
        if (missing.length === 0) return resultOf(done)
        await Promise.all(consecutive(missing).map((run) => this.#fetch(run)))
      }
    } finally {
      if (--this.#running === 0) this.#drop()
    }
  }

  async #fetch({ start: first, length: count }: Run): Promise<void> {
    const start = first * BLOCK_BYTES
    const length = Math.min(count * BLOCK_BYTES, this.#source.size - start)
    const bytes = await this.#source.read(start, length, 'a part of the file')
    for (let i = 0; i < count; i++) this.#held.set(first + i, bytes.slice(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES))
  }

  /** What reads under way need stays, however much it is. */
  #drop(): void {
    for (const index of this.#held.keys()) {
      if (this.#held.size <= BLOCKS_KEPT) return
      this.#held.delete(index)
    }
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown }

function outcomeOf<T>(work: () => T): Outcome<T> {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}

function resultOf<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error
  return outcome.value
}

/** The source is closed with it. */
export async function remoteHdf5(files: LibraryFiles, source: ByteSource): Promise<RemoteHdf5> {
  const { folder, remove } = await temporaryFolder('hdf5')
  const blocks = new Blocks(source)
  const seen: (() => void)[] = []
  const fresh = (): string => {
    const path = join(folder, `remote-${seen.length}.h5`)
    writeFileSync(path, '')
    seen.push(see(files, path, { bytes: source.size, read: (into, position) => blocks.read(into, position) }))
    return path
  }
  return {
    fresh,
    attempt: (work) => blocks.attempt(work),
    close: async () => {
      for (const restore of seen) restore()
      await remove()
      await source.close()
    },
  }
}
