/** Checksums that lie beside data: CRC-32C (Castagnoli), Adler-32, and Fletcher-32 as HDF5 computes it. */

/** Eight tables, so that eight bytes are taken in one step. */
const TABLES = makeTables(0x82f63b78)

function makeTables(polynomial: number): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256))
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1
    tables[0]![n] = c
  }
  for (let n = 0; n < 256; n++) {
    let c = tables[0]![n]!
    for (let t = 1; t < 8; t++) {
      c = tables[0]![c & 255]! ^ (c >>> 8)
      tables[t]![n] = c
    }
  }
  return tables
}

export function crc32c(data: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
  ]
  let c = 0xffffffff
  let p = 0
  for (; p + 8 <= data.length; p += 8) {
    c ^= data[p]! | (data[p + 1]! << 8) | (data[p + 2]! << 16) | (data[p + 3]! << 24)
    c =
      t7[c & 255]! ^
      t6[(c >>> 8) & 255]! ^
      t5[(c >>> 16) & 255]! ^
      t4[c >>> 24]! ^
      t3[data[p + 4]!]! ^
      t2[data[p + 5]!]! ^
      t1[data[p + 6]!]! ^
      t0[data[p + 7]!]!
  }
  for (; p < data.length; p++) c = t0[(c ^ data[p]!) & 255]! ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/** Bytes after which the sums have to be reduced before they leave 32 bits. */
const ADLER_RUN = 5552

export function adler32(data: Uint8Array): number {
  let a = 1
  let b = 0
  for (let start = 0; start < data.length; start += ADLER_RUN) {
    const end = Math.min(data.length, start + ADLER_RUN)
    for (let p = start; p < end; p++) {
      a += data[p]!
      b += a
    }
    a %= 65521
    b %= 65521
  }
  return ((b << 16) | a) >>> 0
}

/** Words after which the sums have to be folded before the second one leaves 32 bits. */
const FLETCHER_RUN = 360

const folded = (sum: number): number => (sum & 0xffff) + (sum >>> 16)

/** Of 16-bit words with the high byte first; an odd last byte is the high one of a last word (H5checksum.c). */
export function fletcher32(data: Uint8Array): number {
  let a = 0
  let b = 0
  for (let start = 0; start < data.length; start += 2 * FLETCHER_RUN) {
    const end = Math.min(data.length, start + 2 * FLETCHER_RUN)
    for (let p = start; p < end; p += 2) {
      a += (data[p]! << 8) | (p + 1 < data.length ? data[p + 1]! : 0)
      b += a
    }
    a = folded(a)
    b = folded(b)
  }
  return ((folded(b) << 16) | folded(a)) >>> 0
}
