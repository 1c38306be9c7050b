/** Many files as if all were open: those not used for longest are closed and opened again when they are read. */
import type { InputError } from '@ecotope/core'
import type { OpenedLayer, OpenedLayers } from '../format/layers.ts'
import type { ArraySource } from '../model/array-source.ts'

/** Well below the usual limit of 1024 open files of a process, with room for several workers' own files. */
const OPEN_FILES = 128

interface Entry {
  readonly open: () => Promise<OpenedLayers>
  opened: Promise<OpenedLayers> | undefined
  users: number
  used: number
}

export interface PooledLayers {
  readonly layers: readonly OpenedLayer[]
  /** Why other arrays of the file are no layers. */
  readonly refused: readonly InputError[]
}

export interface SourcePool {
  /** Opens a file once to learn what it holds; its layers can be read for as long as the pool is open. */
  add(open: () => Promise<OpenedLayers>): Promise<PooledLayers>
  close(): Promise<void>
}

export function sourcePool(limit = OPEN_FILES): SourcePool {
  const entries: Entry[] = []
  let clock = 0
  const shrink = async (): Promise<void> => {
    const idle = entries.filter(({ opened, users }) => opened !== undefined && users === 0)
    const over = entries.filter(({ opened }) => opened !== undefined).length - limit
    if (over <= 0) return
    for (const entry of idle.sort((a, b) => a.used - b.used).slice(0, over)) await shut(entry)
  }
  const use = async <T>(entry: Entry, work: (opened: OpenedLayers) => Promise<T>): Promise<T> => {
    entry.users++
    entry.used = ++clock
    try {
      entry.opened ??= entry.open()
      return await work(await entry.opened)
    } catch (cause) {
      // A file that could not be opened is tried anew by the next reader.
      const failed = entry.opened !== undefined && (await entry.opened.then(() => false).catch(() => true))
      if (failed) entry.opened = undefined
      throw cause
    } finally {
      entry.users--
      await shrink()
    }
  }
  return {
    add: async (open) => {
      const entry: Entry = { open, opened: undefined, users: 0, used: 0 }
      entries.push(entry)
      return use(entry, (opened) =>
        Promise.resolve({
          layers: opened.layers.map(({ name, source }, index) => ({
            name,
            source: pooled(source, (work) => use(entry, ({ layers }) => work(layers[index]!.source))),
          })),
          refused: opened.refused ?? [],
        }),
      )
    },
    close: async () => {
      for (const entry of entries) await shut(entry)
    },
  }
}

async function shut(entry: Entry): Promise<void> {
  const { opened } = entry
  entry.opened = undefined
  const layers = await opened?.catch(() => undefined)
  await layers?.close()
}

type Use = <T>(work: (source: ArraySource) => Promise<T>) => Promise<T>

/** What is known of a source stays; its cells are read from whichever opening is current. */
function pooled(source: ArraySource, use: Use): ArraySource {
  const { schema, handle, chunks, storedChunkBytes, period } = source
  return {
    schema,
    handle,
    chunks,
    get blocks() {
      return source.blocks
    },
    ...(storedChunkBytes === undefined ? {} : { storedChunkBytes }),
    ...(period === undefined ? {} : { period }),
    read: (region, options) => use((current) => current.read(region, options)),
    readTo: (region, place, options) =>
      use((current) => current.readTo?.(region, place, options) ?? Promise.resolve(false)),
    close: () => Promise.resolve(),
  }
}
