/** Writes the plainest GeoTIFF there is, for tests of what reads one: little-endian, uncompressed, one strip a band. */
import { writeFile } from 'node:fs/promises'

export interface PlainTiff {
  readonly width: number
  readonly height: number
  /** Band by band. Whole numbers below 256 are written as uint8, everything else as float32. */
  readonly bands: readonly (readonly number[] | Float32Array)[]
  /** West, north and pixel size in units of the CRS. */
  readonly at?: readonly [west: number, north: number, size: number]
  /** EPSG code of a projected CRS; null: the file names none. */
  readonly epsg?: number | null
  readonly nodata?: string
  /** Metadata of the file, as GDAL writes it. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly float?: boolean
}

type Entry = [tag: number, type: 2 | 3 | 4 | 12, values: readonly number[]]

const ascii = (text: string): number[] => [...Buffer.from(`${text}\0`, 'utf8')]
const bytesOf: Record<Entry[1], number> = { 2: 1, 3: 2, 4: 4, 12: 8 }

export async function writePlainTiff(path: string, tiff: PlainTiff): Promise<void> {
  const { width, height, bands, at = [600000, 5200000, 10], epsg = 32632, nodata, metadata = {} } = tiff
  const isByte =
    tiff.float !== true && bands.every((band) => band.every((v) => Number.isInteger(v) && v >= 0 && v < 256))
  const data = bands.map((band) =>
    Buffer.from(isByte ? Uint8Array.from(band) : new Uint8Array(Float32Array.from(band).buffer)),
  )
  const strip = data[0]!.length
  const items = Object.entries(metadata).map(([name, value]) => `<Item name="${name}">${escaped(value)}</Item>`)
  const entries: Entry[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, bands.map(() => (isByte ? 8 : 32))],
    [259, 3, [1]],
    [262, 3, [1]],
    [273, 4, bands.map((_, i) => 8 + i * strip)],
    [277, 3, [bands.length]],
    [278, 4, [height]],
    [279, 4, bands.map(() => strip)],
    [284, 3, [2]],
    ...(bands.length > 1 ? [[338, 3, bands.slice(1).map(() => 0)] as Entry] : []),
    [339, 3, bands.map(() => (isByte ? 1 : 3))],
    [33550, 12, [at[2], at[2], 0]],
    [33922, 12, [0, 0, 0, at[0], at[1], 0]],
    ...(epsg === null ? [] : [[34735, 3, [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg]] as Entry]),
    ...(items.length > 0 ? [[42112, 2, ascii(`<GDALMetadata>${items.join('')}</GDALMetadata>`)] as Entry] : []),
    ...(nodata === undefined ? [] : [[42113, 2, ascii(nodata)] as Entry]),
  ]
  const directory = 8 + Math.ceil((strip * bands.length) / 2) * 2
  await writeFile(
    path,
    Buffer.concat([header(directory), ...data, Buffer.alloc((strip * bands.length) % 2), encode(entries, directory)]),
  )
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')

function header(directory: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.write('II*\0', 'latin1')
  bytes.writeUInt32LE(directory, 4)
  return bytes
}

function encode(entries: readonly Entry[], start: number): Buffer {
  const table = Buffer.alloc(2 + 12 * entries.length + 4)
  table.writeUInt16LE(entries.length, 0)
  const tails: Buffer[] = []
  let next = start + table.length
  for (const [i, [tag, type, values]] of entries.entries()) {
    const at = 2 + 12 * i
    table.writeUInt16LE(tag, at)
    table.writeUInt16LE(type, at + 2)
    table.writeUInt32LE(values.length, at + 4)
    const bytes = Buffer.alloc(Math.max(4, Math.ceil((bytesOf[type] * values.length) / 2) * 2))
    for (const [k, value] of values.entries()) {
      if (type === 2) bytes.writeUInt8(value, k)
      else if (type === 3) bytes.writeUInt16LE(value, 2 * k)
      else if (type === 4) bytes.writeUInt32LE(value, 4 * k)
      else bytes.writeDoubleLE(value, 8 * k)
    }
    if (bytes.length <= 4) bytes.copy(table, at + 8)
    else {
      table.writeUInt32LE(next, at + 8)
      next += bytes.length
      tails.push(bytes)
    }
  }
  return Buffer.concat([table, ...tails])
}
