/** Shapefiles of points with a number each, as small as they get. */
import { writeFile } from 'node:fs/promises'

interface Point {
  readonly geometry: { readonly coordinates: readonly number[] }
  readonly properties: { readonly id: number }
}

/** Writes `stem.shp`, `.dbf` with the column `id`, and `.prj`. */
export async function writeShapefile(stem: string, wkt: string, points: readonly Point[]): Promise<void> {
  const shapes = Buffer.alloc(100 + 28 * points.length)
  shapes.writeInt32BE(9994, 0)
  shapes.writeInt32BE(shapes.length / 2, 24)
  shapes.writeInt32LE(1000, 28)
  shapes.writeInt32LE(1, 32)
  for (const [i, { geometry }] of points.entries()) {
    const at = 100 + 28 * i
    shapes.writeInt32BE(i + 1, at)
    shapes.writeInt32BE(10, at + 4)
    shapes.writeInt32LE(1, at + 8)
    for (const [d, value] of geometry.coordinates.entries()) shapes.writeDoubleLE(value, at + 12 + 8 * d)
  }
  const head = Buffer.alloc(65)
  head.writeUInt8(3, 0)
  head.writeUInt32LE(points.length, 4)
  head.writeUInt16LE(65, 8)
  head.writeUInt16LE(6, 10)
  head.write('id', 32)
  head.write('N', 32 + 11)
  head.writeUInt8(5, 32 + 16)
  head.writeUInt8(0x0d, 64)
  const rows = points.map(({ properties }) => ` ${String(properties.id).padStart(5)}`).join('')
  await writeFile(`${stem}.shp`, shapes)
  await writeFile(`${stem}.dbf`, Buffer.concat([head, Buffer.from(`${rows}\x1a`)]))
  await writeFile(`${stem}.prj`, wkt)
}
