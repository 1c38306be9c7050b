/** Geometry to well-known binary (little-endian, x and y). Writes only. */
import type { Geometry } from '../model/geometry.ts'
import type { Position } from '../types.ts'

const CODES: Readonly<Record<Geometry['type'], number>> = {
  Point: 1,
  LineString: 2,
  Polygon: 3,
  MultiPoint: 4,
  MultiLineString: 5,
  MultiPolygon: 6,
}

/** The members of a geometry of several parts, as geometries. */
const MEMBERS = { MultiPoint: 'Point', MultiLineString: 'LineString', MultiPolygon: 'Polygon' } as const

/** The bytes of a geometry. */
export function writeWkb(geometry: Geometry): Buffer {
  const head = Buffer.alloc(5)
  head[0] = 1
  head.writeUInt32LE(CODES[geometry.type], 1)
  return Buffer.concat([head, ...bodyOf(geometry)])
}

function bodyOf(geometry: Geometry): Buffer[] {
  switch (geometry.type) {
    case 'Point':
      return [positions([geometry.coordinates])]
    case 'LineString':
      return [count(geometry.coordinates.length), positions(geometry.coordinates)]
    case 'Polygon':
      return [
        count(geometry.coordinates.length),
        ...geometry.coordinates.flatMap((ring) => [count(ring.length), positions(ring)]),
      ]
    default: {
      const type = MEMBERS[geometry.type]
      const members = geometry.coordinates.map((coordinates) => writeWkb({ type, coordinates } as Geometry))
      return [count(members.length), ...members]
    }
  }
}

function count(value: number): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(value)
  return out
}

function positions(list: readonly Position[]): Buffer {
  const out = Buffer.alloc(list.length * 16)
  // An empty point has no coordinates; NaN stands for it.
  list.forEach((position, i) => {
    out.writeDoubleLE(position[0] ?? Number.NaN, i * 16)
    out.writeDoubleLE(position[1] ?? Number.NaN, i * 16 + 8)
  })
  return out
}
