/** The header and image file directories of TIFF and BigTIFF: tags to values. Knows nothing of images. */
import { InputError } from '@ecotope/core'
import { type ByteSource, truncated } from './source.ts'
import { FIELD_BYTES } from './tags.ts'

export interface Directory {
  /** Values of a numeric tag, undefined where absent. */
  numbers(tag: number): Promise<Float64Array | undefined>
  /** First value of a numeric tag. */
  number(tag: number): Promise<number | undefined>
  /** An ASCII tag up to its first NUL. */
  text(tag: number): Promise<string | undefined>
  has(tag: number): boolean
}

export interface TiffFile {
  readonly littleEndian: boolean
  readonly bigTiff: boolean
  readonly directories: readonly Directory[]
}

interface Entry {
  readonly type: number
  readonly count: number
  /** Where the values are: inline values are at the entry itself. */
  readonly offset: number
}

/** More than any sane file has; a loop of directories ends here. */
const MAX_DIRECTORIES = 4096

const notTiff = (path: string): InputError =>
  new InputError('NotTiff', `${path} is not a TIFF file`, {
    hint: 'convert it to GeoTIFF first (gdal_translate INPUT OUTPUT.tif)',
    data: { path },
  })

/** Reads header and directories (not the values of long tags). Throws `NotTiff` or `TruncatedFile`. */
export async function readDirectories(source: ByteSource): Promise<TiffFile> {
  if (source.size < 8) throw notTiff(source.path)
  const head = await source.read(0, Math.min(16, source.size), 'the header')
  const view = new DataView(head.buffer)
  const order = view.getUint16(0)
  if (order !== 0x4949 && order !== 0x4d4d) throw notTiff(source.path)
  const littleEndian = order === 0x4949
  const version = view.getUint16(2, littleEndian)
  if (version !== 42 && version !== 43) throw notTiff(source.path)
  const bigTiff = version === 43
  if (bigTiff && source.size < 16) throw truncated(source.path, 'the header', 16, source.size)
  let at = bigTiff ? Number(view.getBigUint64(8, littleEndian)) : view.getUint32(4, littleEndian)
  const directories: Directory[] = []
  const seen = new Set<number>()
  while (at !== 0 && !seen.has(at) && directories.length < MAX_DIRECTORIES) {
    seen.add(at)
    const { directory, next, end } = await readDirectory(source, at, littleEndian, bigTiff, directories.length)
    directories.push(directory)
    if (directories.length === 1 && source.prefetch !== undefined) await prefetchHead(source, end)
    at = next
  }
  if (directories.length === 0) throw notTiff(source.path)
  return { littleEndian, bigTiff, directories }
}

/** Of a Cloud-Optimised GeoTIFF, what all directories take: the overviews' lists are a third as long as the first's. */
async function prefetchHead(source: ByteSource, end: number): Promise<void> {
  const ghost = Buffer.from(await source.read(0, Math.min(source.size, GHOST_BYTES), 'the header')).toString('latin1')
  if (!ghost.includes('LAYOUT=IFDS_BEFORE_DATA')) return
  const masks = ghost.includes('MASK_INTERLEAVED_WITH_IMAGERY=YES') ? 2 : 1
  await source.prefetch!(Math.ceil(end * masks * 1.4))
}

/** GDAL's structural metadata lie within these first bytes. */
const GHOST_BYTES = 512

async function readDirectory(source: ByteSource, at: number, littleEndian: boolean, bigTiff: boolean, index: number) {
  const what = `directory ${index + 1}`
  const counter = bigTiff ? 8 : 2
  const size = bigTiff ? 20 : 12
  const first = new DataView((await source.read(at, counter, what)).buffer)
  const count = bigTiff ? Number(first.getBigUint64(0, littleEndian)) : first.getUint16(0, littleEndian)
  if (count > 65535) throw notTiff(source.path)
  const offsetBytes = bigTiff ? 8 : 4
  const body = await source.read(at + counter, count * size + offsetBytes, what)
  const view = new DataView(body.buffer)
  const long = (p: number): number =>
    bigTiff ? Number(view.getBigUint64(p, littleEndian)) : view.getUint32(p, littleEndian)
  const entries = new Map<number, Entry>()
  let end = at + counter + count * size + offsetBytes
  for (let i = 0; i < count; i++) {
    const p = i * size
    const type = view.getUint16(p + 2, littleEndian)
    const values = long(p + 4)
    const inlineAt = p + (bigTiff ? 12 : 8)
    const inline = (FIELD_BYTES[type] ?? 1) * values <= offsetBytes
    const offset = inline ? at + counter + inlineAt : long(inlineAt)
    if (!inline) end = Math.max(end, offset + (FIELD_BYTES[type] ?? 1) * values)
    entries.set(view.getUint16(p, littleEndian), { type, count: values, offset })
  }
  return { directory: directoryOf(source, entries, littleEndian, what), next: long(count * size), end }
}

function directoryOf(
  source: ByteSource,
  entries: ReadonlyMap<number, Entry>,
  littleEndian: boolean,
  what: string,
): Directory {
  const bytes = async (tag: number): Promise<{ entry: Entry; view: DataView } | undefined> => {
    const entry = entries.get(tag)
    if (entry === undefined) return undefined
    const width = FIELD_BYTES[entry.type] ?? 1
    const data = await source.read(entry.offset, entry.count * width, `tag ${tag} of ${what}`)
    return { entry, view: new DataView(data.buffer) }
  }
  const numbers = async (tag: number): Promise<Float64Array | undefined> => {
    const found = await bytes(tag)
    if (found === undefined) return undefined
    const read = FIELDS[found.entry.type] ?? FIELDS[1]!
    const width = FIELD_BYTES[found.entry.type] ?? 1
    return Float64Array.from({ length: found.entry.count }, (_, i) => read(found.view, i * width, littleEndian))
  }
  return {
    has: (tag) => entries.has(tag),
    numbers,
    number: async (tag) => (await numbers(tag))?.[0],
    text: async (tag) => {
      const found = await bytes(tag)
      if (found === undefined) return undefined
      const text = new TextDecoder().decode(found.view.buffer as ArrayBuffer)
      const end = text.indexOf('\0')
      return end < 0 ? text : text.slice(0, end)
    },
  }
}

/** How a value of each field type is read. */
const FIELDS: Readonly<Record<number, (view: DataView, at: number, little: boolean) => number>> = {
  1: (v, p) => v.getUint8(p),
  2: (v, p) => v.getUint8(p),
  3: (v, p, e) => v.getUint16(p, e),
  4: (v, p, e) => v.getUint32(p, e),
  5: (v, p, e) => v.getUint32(p, e) / v.getUint32(p + 4, e),
  6: (v, p) => v.getInt8(p),
  7: (v, p) => v.getUint8(p),
  8: (v, p, e) => v.getInt16(p, e),
  9: (v, p, e) => v.getInt32(p, e),
  10: (v, p, e) => v.getInt32(p, e) / v.getInt32(p + 4, e),
  11: (v, p, e) => v.getFloat32(p, e),
  12: (v, p, e) => v.getFloat64(p, e),
  13: (v, p, e) => v.getUint32(p, e),
  16: (v, p, e) => Number(v.getBigUint64(p, e)),
  17: (v, p, e) => Number(v.getBigInt64(p, e)),
  18: (v, p, e) => Number(v.getBigUint64(p, e)),
}
