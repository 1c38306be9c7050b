/** ESRI shapefiles (`.shp` with `.dbf`, `.prj`, `.cpg` beside it, or all in a ZIP archive). Reads only, x and y only. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { InputError } from '@ecotope/core'
import type { Position } from '../types.ts'
import { parseDbase } from './dbase.ts'
import type { RawFeature, RawGeometry, RawLayer } from './layer.ts'
import { ringContains, signedArea } from './rings.ts'

/** Finds a file of the set by its extension, in any case. */
type Sibling = (extension: string) => Promise<Uint8Array | undefined>

/** Records of a shapefile. Throws InputError `InvalidShapefile`; the CRS is the text of the `.prj` file. */
export async function readShapefile(path: string): Promise<RawLayer> {
  const folder = dirname(path)
  const stem = basename(path, extname(path)).toLowerCase()
  const names = await readdir(folder)
  return layerOf(path, await readFile(path), async (extension) => {
    const name = names.find((one) => one.toLowerCase() === `${stem}${extension}`)
    return name === undefined ? undefined : readFile(join(folder, name))
  })
}

/** Records of the only shapefile (or the one named `layer`) of a ZIP archive. */
export async function readZippedShapefile(path: string, layer: string | undefined): Promise<RawLayer> {
  const { unzipSync } = await import('fflate')
  let entries: [string, Uint8Array][]
  try {
    entries = Object.entries(unzipSync(new Uint8Array(await readFile(path))))
  } catch (cause) {
    throw invalid(path, 'the archive is damaged', cause)
  }
  const shapes = entries.filter(([name]) => /\.shp$/i.test(name) && !/(^|\/)(__MACOSX|\._)/.test(name))
  const found = layer === undefined ? shapes : shapes.filter(([name]) => basename(name, extname(name)) === layer)
  const [entry] = found
  if (entry === undefined || found.length > 1) {
    const listed = shapes.map(([name]) => basename(name, extname(name)))
    throw new InputError(
      found.length > 1 ? 'AmbiguousLayer' : 'UnknownLayer',
      `${path} holds ${found.length} such shapefiles`,
      {
        hint: listed.length === 0 ? 'the archive has no .shp file' : `say which layer to use: ${listed.join(', ')}`,
        data: { path, layers: listed },
      },
    )
  }
  const [name, bytes] = entry
  const stem = name.slice(0, -4).toLowerCase()
  return layerOf(`${path}:${name}`, bytes, async (extension) => {
    return entries.find(([other]) => other.toLowerCase() === `${stem}${extension}`)?.[1]
  })
}

async function layerOf(path: string, bytes: Uint8Array, sibling: Sibling): Promise<RawLayer> {
  const geometries = parseShapes(bytes, path)
  const table = await sibling('.dbf')
  const encoding = await sibling('.cpg')
  const text = (raw: Uint8Array | undefined): string | undefined =>
    raw === undefined ? undefined : new TextDecoder().decode(raw).trim()
  const rows = table === undefined ? undefined : parseDbase(table, text(encoding), path)
  const features = geometries.flatMap((geometry, i): RawFeature[] => {
    if (rows !== undefined && i < rows.length && rows[i] === undefined) return []
    const properties = rows?.[i] ?? {}
    const name = properties.name ?? properties.NAME ?? properties.id ?? properties.ID
    const id = name === undefined || name === null ? `${i + 1}` : `${i + 1} (${String(name)})`
    return [{ geometry, properties, id }]
  })
  const wkt = text(await sibling('.prj'))
  return { name: basename(path, extname(path)), features, crs: wkt === undefined || wkt === '' ? [] : [wkt] }
}

const HEADER = 100

/** Geometries in the order of the file. */
function parseShapes(bytes: Uint8Array, path: string): (RawGeometry | null)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER || view.getInt32(0) !== 9994) throw invalid(path, 'it has no header')
  const end = Math.min(view.getInt32(24) * 2, bytes.length)
  if (view.getInt32(24) * 2 > bytes.length) throw invalid(path, `it ends after ${bytes.length} bytes`)
  const out: (RawGeometry | null)[] = []
  for (let at = HEADER; at + 12 <= end; ) {
    const length = view.getInt32(at + 4) * 2
    if (length < 4 || at + 8 + length > end) throw invalid(path, `record ${out.length + 1} is cut off`)
    const record = new DataView(bytes.buffer, bytes.byteOffset + at + 8, length)
    try {
      out.push(shapeOf(record))
    } catch (cause) {
      throw invalid(path, `record ${out.length + 1} is damaged`, cause)
    }
    at += 8 + length
  }
  return out
}

function shapeOf(record: DataView): RawGeometry | null {
  const type = record.getInt32(0, true)
  // Types with heights are 10 more, with measures 20 more.
  switch (type % 10) {
    case 0:
      return null
    case 1:
      return type === 31 ? { type: 'MultiPatch' } : { type: 'Point', coordinates: positions(record, 4, 1)[0] }
    case 3:
      return linesOf(parts(record))
    case 5:
      return polygonsOf(parts(record))
    case 8:
      return { type: 'MultiPoint', coordinates: positions(record, 40, record.getInt32(36, true)) }
    default:
      throw new RangeError(`shape type ${type}`)
  }
}

function positions(record: DataView, at: number, count: number): Position[] {
  if (count < 0 || at + count * 16 > record.byteLength) throw new RangeError('more positions than bytes')
  return Array.from({ length: count }, (_, i) => [
    record.getFloat64(at + i * 16, true),
    record.getFloat64(at + i * 16 + 8, true),
  ])
}

function parts(record: DataView): Position[][] {
  const count = record.getInt32(36, true)
  const total = record.getInt32(40, true)
  if (count < 0 || count > total) throw new RangeError('more parts than positions')
  const all = positions(record, 44 + count * 4, total)
  const starts = Array.from({ length: count }, (_, i) => record.getInt32(44 + i * 4, true))
  return starts.map((start, i) => all.slice(start, starts[i + 1] ?? total))
}

const linesOf = (lines: Position[][]): RawGeometry =>
  lines.length === 1 ? { type: 'LineString', coordinates: lines[0]! } : { type: 'MultiLineString', coordinates: lines }

/** Rings that run clockwise are shells, the others holes of the smallest shell around them. */
function polygonsOf(rings: Position[][]): RawGeometry | null {
  const closed = rings.filter((ring) => ring.length >= 4)
  if (closed.length === 0) return null
  const areas = closed.map(signedArea)
  const shells = closed.flatMap((ring, i) => (areas[i]! < 0 ? [{ rings: [ring], area: -areas[i]! }] : []))
  // Some writers have it the other way round; a file without any shell does.
  if (shells.length === 0) return polygonsOf(closed.map((ring) => [...ring].reverse()))
  for (const [i, ring] of closed.entries()) {
    if (areas[i]! < 0) continue
    const around = shells
      .filter(
        (shell) =>
          shell.area > areas[i]! && ring.some((position) => ringContains(shell.rings[0]!, position[0]!, position[1]!)),
      )
      .sort((a, b) => a.area - b.area)[0]
    if (around === undefined) shells.push({ rings: [ring], area: areas[i]! })
    else around.rings.push(ring)
  }
  const polygons = shells.map((shell) => shell.rings)
  return polygons.length === 1
    ? { type: 'Polygon', coordinates: polygons[0]! }
    : { type: 'MultiPolygon', coordinates: polygons }
}

function invalid(path: string, why: string, cause?: unknown): InputError {
  return new InputError('InvalidShapefile', `${path} is no complete shapefile: ${why}`, {
    hint: 'copy all files of the shapefile again',
    data: { path },
    ...(cause === undefined ? {} : { cause }),
  })
}
