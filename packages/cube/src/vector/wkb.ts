/** Well-known binary geometry (OGC 06-103r4, ISO Z and M types, EWKB flags) to GeoJSON-like geometry. Reads only. */
import { InputError } from '@ecotope/core'
import type { RawGeometry } from './layer.ts'

const TYPES: Readonly<Record<number, string>> = {
  1: 'Point',
  2: 'LineString',
  3: 'Polygon',
  4: 'MultiPoint',
  5: 'MultiLineString',
  6: 'MultiPolygon',
  7: 'GeometryCollection',
  8: 'CircularString',
  9: 'CompoundCurve',
  10: 'CurvePolygon',
  11: 'MultiCurve',
  12: 'MultiSurface',
  15: 'PolyhedralSurface',
  16: 'TIN',
  17: 'Triangle',
}

const EWKB_Z = 0x80000000
const EWKB_M = 0x40000000
const EWKB_SRID = 0x20000000

interface Cursor {
  readonly view: DataView
  offset: number
}

interface Head {
  readonly type: string
  readonly little: boolean
  /** Numbers per position. */
  readonly size: number
}

function u32(cursor: Cursor, little: boolean): number {
  const value = cursor.view.getUint32(cursor.offset, little)
  cursor.offset += 4
  return value
}

function head(cursor: Cursor): Head {
  const little = cursor.view.getUint8(cursor.offset) === 1
  cursor.offset += 1
  const word = u32(cursor, little)
  if ((word & EWKB_SRID) !== 0) cursor.offset += 4
  const code = word & 0x0fffffff
  const thousands = Math.floor(code / 1000)
  const hasZ = (word & EWKB_Z) !== 0 || thousands === 1 || thousands === 3
  const hasM = (word & EWKB_M) !== 0 || thousands === 2 || thousands === 3
  return { type: TYPES[code % 1000] ?? `type ${code}`, little, size: 2 + Number(hasZ) + Number(hasM) }
}

function positions(cursor: Cursor, { little, size }: Head): number[][] {
  const count = u32(cursor, little)
  if (count * size * 8 > cursor.view.byteLength - cursor.offset) throw new RangeError('more positions than bytes')
  const out: number[][] = new Array(count)
  for (let i = 0; i < count; i++) {
    const at = cursor.offset + i * size * 8
    out[i] = [cursor.view.getFloat64(at, little), cursor.view.getFloat64(at + 8, little)]
  }
  cursor.offset += count * size * 8
  return out
}

function many<T>(cursor: Cursor, little: boolean, one: () => T): T[] {
  const count = u32(cursor, little)
  const out: T[] = []
  for (let i = 0; i < count; i++) out.push(one())
  return out
}

function geometry(cursor: Cursor): RawGeometry {
  const start = head(cursor)
  const member = (): RawGeometry => geometry(cursor)
  switch (start.type) {
    case 'Polygon':
    case 'Triangle':
      return { type: 'Polygon', coordinates: many(cursor, start.little, () => positions(cursor, start)) }
    case 'LineString':
      return { type: start.type, coordinates: positions(cursor, start) }
    case 'Point': {
      const at = cursor.offset
      cursor.offset += start.size * 8
      const [x, y] = [0, 8].map((more) => cursor.view.getFloat64(at + more, start.little))
      // NaN stands for an empty point.
      return { type: start.type, coordinates: Number.isNaN(x) ? [] : [x, y] }
    }
    case 'MultiPolygon':
    case 'MultiPoint':
    case 'MultiLineString':
      return { type: start.type, coordinates: many(cursor, start.little, member).map((g) => g.coordinates) }
    case 'GeometryCollection':
      return { type: start.type, geometries: many(cursor, start.little, member) }
    default:
      // Curves and surfaces: named in messages, never approximated silently.
      return { type: start.type }
  }
}

/** Geometry of a WKB blob, x and y only. Throws `InvalidGeometry` where bytes are missing. */
export function parseWkb(bytes: Uint8Array, what: string): RawGeometry {
  try {
    return geometry({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 })
  } catch (cause) {
    throw new InputError('InvalidGeometry', `${what} holds a geometry whose bytes are broken`, { cause })
  }
}
