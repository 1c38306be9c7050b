/** The one table of formats: how each is known, opened and written. Opening a path goes through here. */
import { extname } from 'node:path'
import { InputError, nearest } from '@ecotope/core'
import type { SinkFormat } from '../execute/sink.ts'
import type { ArraySource, SourceHandle } from '../model/array-source.ts'
import type { FormatRow, OpenedLayers, OpenLayersOptions } from './layers.ts'
import { ROWS } from './rows.ts'
import { type Found, isUrl, lookAt } from './sniff.ts'

export const formats: readonly FormatRow[] = ROWS

/** Opens a file, a store or an address. Throws `InputError`: `UnknownFormat`, `FormatUnsuitable`, `MissingFile`. */
export async function openLayers(
  path: string,
  options: OpenLayersOptions & { readonly format?: string } = {},
): Promise<OpenedLayers> {
  const row = options.format === undefined ? await formatOf(path) : formatNamed(options.format)
  if (row.open === undefined) {
    throw new InputError('FormatUnsuitable', `${path}: ${row.format} holds no cubes that could be opened`, {
      hint: `formats that can be opened are ${namesOf((one) => one.open !== undefined)}`,
      data: { path, format: row.format },
    })
  }
  return row.open(path, options)
}

/** Opens one array again from its handle. Throws `InputError('UnknownFormat')`. */
export function openHandle(handle: SourceHandle): Promise<ArraySource> {
  const row = formatNamed(handle.format)
  if (row.handleOpen === undefined) throw unknownFormat(handle.path, `${row.format} cannot be opened from a handle`)
  return row.handleOpen(handle)
}

/** The format of a path: by what lies there, by its extension where that tells nothing. */
export async function formatOf(path: string): Promise<FormatRow> {
  const found: Found | undefined = isUrl(path) ? undefined : await lookAt(path)
  const byContent = found === undefined ? undefined : formatOfContent(found)
  const row = byContent ?? formats.find(({ extensions }) => hasExtension(path, extensions))
  if (row !== undefined) return row
  const seen = found?.kind === 'folder' ? 'the folder is no store of a known format' : 'its format is not known'
  throw unknownFormat(path, seen)
}

/** The format by first bytes or by the entries of a folder; undefined where they tell nothing. */
export function formatOfContent(found: Found): FormatRow | undefined {
  if (found.kind === 'folder') {
    return formats.find(({ marks }) => marks?.some((name) => found.names.includes(name)))
  }
  return formats.find(({ sniff }) => sniff?.(found.head))
}

/** A format by its openEO name or an alias, in any case. Throws `InputError('UnknownFormat')`. */
export function formatNamed(name: string): FormatRow {
  const wanted = name.toLowerCase()
  const row = formats.find((one) => one.format.toLowerCase() === wanted || one.aliases.includes(wanted))
  if (row !== undefined) return row
  const near = nearest(
    name,
    formats.map(({ format }) => format),
  )
  throw new InputError('UnknownFormat', `there is no format "${name}"`, {
    hint: near === undefined ? `the formats are ${namesOf(() => true)}` : `did you mean ${near}?`,
    data: { format: name, formats: formats.map(({ format }) => format) },
  })
}

/** The sink for a format's name, or for the extension of a path. Throws `InputError('UnknownFormat')`. */
export function sinkFor(path: string, format?: string): SinkFormat {
  const row =
    format === undefined
      ? formats.find((one) => one.sink && hasExtension(path, one.sink.extensions))
      : formatNamed(format)
  if (row?.sink !== undefined) return row.sink
  const written = formats.flatMap(({ sink }) => (sink === undefined ? [] : [...sink.extensions])).join(', ')
  const message =
    row === undefined ? `${path}: its extension names no format that can be written` : `${row.format} cannot be written`
  throw new InputError('UnknownFormat', message, {
    hint: `write to a path that ends in ${written}`,
    data: { path, format },
  })
}

export const hasExtension = (path: string, extensions: readonly string[]): boolean => {
  // In names of files these are letters like others.
  const name = (isUrl(path) ? path.replace(/[?#].*$/, '') : path).replace(/\/+$/, '').toLowerCase()
  return extensions.some((extension) => name.endsWith(extension))
}

/** Whether a folder is named as stores of a format are. */
export const isStoreName = (path: string): boolean =>
  formats.some(({ marks, extensions }) => marks !== undefined && hasExtension(path, extensions))

/** Extensions of files that hold cubes, for folders that are opened whole. */
export const cubeExtensions = (): string[] =>
  formats.flatMap(({ open, extensions, isTable }) => (open === undefined || isTable ? [] : [...extensions]))

const namesOf = (wanted: (row: FormatRow) => boolean): string =>
  formats
    .filter(wanted)
    .map(({ format, extensions }) => `${format} (${extensions.join(', ')})`)
    .join(', ')

function unknownFormat(path: string, what: string): InputError {
  return new InputError('UnknownFormat', `${path}: ${what}`, {
    hint: `formats that can be opened are ${namesOf(({ open }) => open !== undefined)}; name one with the option format`,
    data: { path, extension: extname(path), formats: formats.map(({ format }) => format) },
  })
}
