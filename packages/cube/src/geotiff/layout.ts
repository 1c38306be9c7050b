/** Where everything of a COG lies: header, GDAL's structural metadata, directories, then tiles from coarse to fine. */
import type { FileHandle } from 'node:fs/promises'
import { DTYPES } from '../dtype.ts'
import type { CogSpec, Level, Plan } from './cog.ts'
import { directorySize, ENCODERS, encodeDirectory, even, type Field, long8s, longs, shorts, text } from './encode.ts'
import { georeference } from './geokeys-write.ts'
import { formatMetadata, type MetadataItem } from './metadata.ts'
import { type Spool, writeFully } from './spool.ts'
import { TAG } from './tags.ts'

/** What GDAL's driver says of its COGs; readers use it to skip checks. The last space leaves room for `YES`. */
const STRUCTURE = [
  'LAYOUT=IFDS_BEFORE_DATA',
  'BLOCK_ORDER=ROW_MAJOR',
  'BLOCK_LEADER=SIZE_AS_UINT4',
  'BLOCK_TRAILER=LAST_4_BYTES_REPEATED',
  'KNOWN_INCOMPATIBLE_EDITION=NO',
  ' ',
].join('\n')

const GHOST = `GDAL_STRUCTURAL_METADATA_SIZE=${String(STRUCTURE.length).padStart(6, '0')} bytes\n${STRUCTURE}`

/** Classic TIFF addresses 32 bits; a little room is left. */
const CLASSIC_LIMIT = 2 ** 32 - 2 ** 16
/** Bytes around a tile: its size before, its last four bytes repeated after. */
const LEADER = 4
const TRAILER = 4
const CHUNK = 4 * 2 ** 20

/** Writes the whole file from the spooled tiles. */
export async function writeLayout(handle: FileHandle, plan: Plan, spool: Spool): Promise<void> {
  const data = plan.levels.reduce(
    (sum, { tiles }) => sum + tiles.reduce((s, t) => s + LEADER + t.bytes + TRAILER, 0),
    0,
  )
  const classic = plan.spec.bigTiff !== true && headSize(plan, false) + data < CLASSIC_LIMIT
  const head = encodeHead(plan, !classic)
  await writeFully(handle, head, 0)
  let position = head.length
  let held: Uint8Array[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    await writeFully(handle, Buffer.concat(held), position)
    position += bytes
    held = []
    bytes = 0
  }
  for (const { tiles } of [...plan.levels].reverse()) {
    for (const tile of tiles) {
      const block = await spool.get(tile.spooled)
      held.push(leaderOf(block.length), block, trailerOf(block))
      bytes += LEADER + block.length + TRAILER
      if (bytes >= CHUNK) await flush()
    }
  }
  await flush()
}

function leaderOf(length: number): Uint8Array {
  const out = new Uint8Array(LEADER)
  new DataView(out.buffer).setUint32(0, length, true)
  return out
}

function trailerOf(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(TRAILER)
  out.set(block.subarray(Math.max(0, block.length - TRAILER)))
  return out
}

const firstDirectory = (big: boolean): number => even((big ? 16 : 8) + GHOST.length)

function headSize(plan: Plan, big: boolean): number {
  const zeros = plan.levels.map(({ tiles }) => new Float64Array(tiles.length))
  return plan.levels.reduce(
    (sum, _, i) => sum + directorySize(fieldsOf(plan, i, zeros[i]!, big), big),
    firstDirectory(big),
  )
}

function encodeHead(plan: Plan, big: boolean): Uint8Array {
  const size = headSize(plan, big)
  const offsets = offsetsOf(plan.levels, size)
  const out = new Uint8Array(size)
  const view = new DataView(out.buffer)
  out.set([0x49, 0x49])
  view.setUint16(2, big ? 43 : 42, true)
  let at = firstDirectory(big)
  if (big) {
    view.setUint16(4, 8, true)
    view.setBigUint64(8, BigInt(at), true)
  } else view.setUint32(4, at, true)
  out.set(new TextEncoder().encode(GHOST), big ? 16 : 8)
  for (let i = 0; i < plan.levels.length; i++) {
    const fields = fieldsOf(plan, i, offsets[i]!, big)
    const next = at + directorySize(fields, big)
    out.set(encodeDirectory(fields, at, i + 1 < plan.levels.length ? next : 0, big), at)
    at = next
  }
  return out
}

/** Positions of the tiles' data, per level. */
function offsetsOf(levels: readonly Level[], start: number): Float64Array[] {
  const out = levels.map(({ tiles }) => new Float64Array(tiles.length))
  let at = start
  for (let i = levels.length - 1; i >= 0; i--) {
    for (const [k, tile] of levels[i]!.tiles.entries()) {
      out[i]![k] = at + LEADER
      at += LEADER + tile.bytes + TRAILER
    }
  }
  return out
}

const SAMPLE_FORMATS = { unsigned: 1, signed: 2, float: 3 } as const

function fieldsOf(plan: Plan, index: number, offsets: Float64Array, big: boolean): Field[] {
  const { spec, side } = plan
  const level = plan.levels[index]!
  const { isFloat, bytes, range } = DTYPES[spec.dtype]
  const samples = spec.bands.length
  const format = isFloat ? SAMPLE_FORMATS.float : range[0] < 0 ? SAMPLE_FORMATS.signed : SAMPLE_FORMATS.unsigned
  const photometric = photometricOf(spec)
  const fields = [
    longs(TAG.imageWidth, [level.width]),
    longs(TAG.imageLength, [level.height]),
    shorts(TAG.bitsPerSample, new Array<number>(samples).fill(8 * bytes)),
    shorts(TAG.compression, [ENCODERS[plan.compression].code]),
    shorts(TAG.photometric, [photometric]),
    shorts(TAG.samplesPerPixel, [samples]),
    shorts(TAG.planarConfiguration, [1]),
    shorts(TAG.tileWidth, [side]),
    shorts(TAG.tileLength, [side]),
    (big ? long8s : longs)(TAG.tileOffsets, offsets),
    longs(
      TAG.tileByteCounts,
      level.tiles.map((tile) => tile.bytes),
    ),
    shorts(TAG.sampleFormat, new Array<number>(samples).fill(format)),
  ]
  const extra = samples - (photometric === 2 ? 3 : 1)
  if (extra > 0) fields.push(shorts(TAG.extraSamples, new Array<number>(extra).fill(0)))
  if (index > 0) fields.push(longs(TAG.newSubfileType, [1]))
  if (plan.predictor > 1) fields.push(shorts(TAG.predictor, [plan.predictor]))
  if (spec.colourTable !== undefined) fields.push(shorts(TAG.colorMap, colourMap(spec.colourTable)))
  if (spec.nodata !== undefined) fields.push(text(TAG.gdalNodata, nodataText(spec.nodata)))
  if (index > 0) return fields
  const items = metadataItems(spec)
  if (items.length > 0) fields.push(text(TAG.gdalMetadata, formatMetadata(items)))
  return [...fields, ...georeference(spec.grid)]
}

/** 3 palette, 2 red-green-blue where the first three bands are that, else 1. */
function photometricOf({ bands, dtype, colourTable }: CogSpec): 1 | 2 | 3 {
  if (colourTable !== undefined) return 3
  const rgb = bands.length >= 3 && ['red', 'green', 'blue'].every((role, i) => bands[i]!.role === role)
  return rgb && (dtype === 'uint8' || dtype === 'uint16') ? 2 : 1
}

function colourMap(table: readonly (readonly number[])[]): Uint16Array {
  const out = new Uint16Array(3 * 256)
  for (const [i, colour] of table.slice(0, 256).entries()) {
    for (let k = 0; k < 3; k++) out[k * 256 + i] = colour[k]! * 257
  }
  return out
}

const nodataText = (value: number): string => (Number.isNaN(value) ? 'nan' : String(value))

function metadataItems({ bands, metadata = {}, scale = 1, offset = 0 }: CogSpec): MetadataItem[] {
  const items: MetadataItem[] = Object.entries(metadata).map(([name, value]) => ({ name, value }))
  for (const [sample, band] of bands.entries()) {
    const s = typeof scale === 'number' ? scale : (scale[sample] ?? 1)
    const o = typeof offset === 'number' ? offset : (offset[sample] ?? 0)
    items.push({ name: 'DESCRIPTION', value: band.name, sample, role: 'description' })
    if (s !== 1) items.push({ name: 'SCALE', value: String(s), sample, role: 'scale' })
    if (o !== 0) items.push({ name: 'OFFSET', value: String(o), sample, role: 'offset' })
    if (band.unit !== undefined) items.push({ name: 'UNITTYPE', value: band.unit, sample, role: 'unittype' })
  }
  return items
}
