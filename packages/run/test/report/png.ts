/** Decodes the PNGs that the tests meet: 8 bits, indexed or RGBA, one or more IDAT chunks, all five filters. */
import { crc32, inflateSync } from 'node:zlib'

export function decodePng(png: Buffer): { width: number; height: number; rgba: Uint8Array; indexed: boolean } {
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    if (crc32(png.subarray(at + 4, at + 8 + length)) !== png.readUInt32BE(at + 8 + length))
      throw new Error(`checksum of ${type}`)
    chunks.set(type, png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  const header = chunks.get('IHDR')!
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const indexed = header[9] === 3
  const bytes = indexed ? 1 : 4
  const lines = unfiltered(inflateSync(chunks.get('IDAT')!), width * bytes, height, bytes)
  if (!indexed) return { width, height, rgba: lines, indexed }
  const [colours, alpha] = [chunks.get('PLTE')!, chunks.get('tRNS')!]
  const rgba = new Uint8Array(width * height * 4)
  lines.forEach((p, i) => {
    rgba.set([colours[3 * p]!, colours[3 * p + 1]!, colours[3 * p + 2]!, alpha[p] ?? 255], 4 * i)
  })
  return { width, height, rgba, indexed }
}

function unfiltered(data: Buffer, stride: number, height: number, bytes: number): Uint8Array {
  const out = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const type = data[y * (stride + 1)]!
    for (let x = 0; x < stride; x++) {
      const a = x >= bytes ? out[y * stride + x - bytes]! : 0
      const b = y > 0 ? out[(y - 1) * stride + x]! : 0
      const c = x >= bytes && y > 0 ? out[(y - 1) * stride + x - bytes]! : 0
      const p = a + b - c
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c
      out[y * stride + x] = data[y * (stride + 1) + 1 + x]! + [0, a, b, (a + b) >> 1, paeth][type]!
    }
  }
  return out
}
