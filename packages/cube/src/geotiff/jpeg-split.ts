/**
 * A JPEG of any number of components as one grey JPEG for each: the codes of a scan are handed out to streams of their
 * own, as they are (ITU T.81, F.2). Nothing is decoded but the lengths of codes.
 */

/** The longest code, in bits. */
const LONGEST = 16

interface Component {
  /** Three bytes of the frame header: number, sampling, quantisation table. */
  readonly frame: Uint8Array
  /** Numbers of its Huffman tables: DC in the upper, AC in the lower four bits. */
  readonly tables: number
}

/** Values of codes: by length, the first code of that length, and where its values begin. */
interface Codes {
  readonly counts: Uint8Array
  readonly values: Uint8Array
}

const MARKER = { frame: 0xc0, extendedFrame: 0xc1, huffman: 0xc4, scan: 0xda, restarts: 0xdd } as const

/** `segments`: those of a whole file without start and end, the last being the scan. Throws RangeError for damage. */
export function splitJpeg(segments: readonly Uint8Array[]): Uint8Array[][] {
  const scan = segments.at(-1)!
  const frame = segments.find((s) => s[1] === MARKER.frame || s[1] === MARKER.extendedFrame)
  if (scan[1] !== MARKER.scan || frame === undefined) throw new RangeError('no sequential frame with a scan')
  const components = componentsOf(frame, scan)
  if (components.some(({ frame: [, sampling] }) => sampling !== components[0]!.frame[1])) {
    throw new RangeError('components of different resolution')
  }
  const codes = codesOf(segments)
  const height = (frame[5]! << 8) | frame[6]!
  const width = (frame[7]! << 8) | frame[8]!
  const restarts = segments.find((s) => s[1] === MARKER.restarts)
  const interval = restarts === undefined ? 0 : (restarts[4]! << 8) | restarts[5]!
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8)
  const streams = handOut(scan, components, codes, blocks, interval)
  const others = segments.filter((s) => s !== frame && s !== scan)
  return components.map(({ frame: [id, , table], tables }, i) => [
    ...others,
    Uint8Array.of(...frame.subarray(0, 2), 0, 11, ...frame.subarray(4, 9), 1, id!, 0x11, table!),
    Uint8Array.of(0xff, MARKER.scan, 0, 8, 1, id!, tables, 0, 63, 0),
    streams[i]!,
  ])
}

function componentsOf(frame: Uint8Array, scan: Uint8Array): Component[] {
  const count = scan[4]!
  if (count !== frame[9]) throw new RangeError(`a scan of ${count} components`)
  return Array.from({ length: count }, (_, i) => ({
    frame: frame.subarray(10 + 3 * i, 13 + 3 * i),
    tables: scan[6 + 2 * i]!,
  }))
}

/** Tables by their class (0 DC, 1 AC) and number, as in the file: `class << 4 | number`. */
function codesOf(segments: readonly Uint8Array[]): Map<number, Codes> {
  const out = new Map<number, Codes>()
  for (const segment of segments) {
    if (segment[1] !== MARKER.huffman) continue
    for (let at = 4; at + 17 <= segment.length; ) {
      const counts = segment.subarray(at + 1, at + 1 + LONGEST)
      const size = counts.reduce((sum, n) => sum + n, 0)
      const start = at + 1 + LONGEST
      out.set(segment[at]!, { counts, values: segment.subarray(start, start + size) })
      at = start + size
    }
  }
  return out
}

function handOut(
  scan: Uint8Array,
  components: readonly Component[],
  codes: ReadonlyMap<number, Codes>,
  blocks: number,
  interval: number,
): Uint8Array[] {
  const reader = bitReader(scan.subarray(2 + ((scan[2]! << 8) | scan[3]!)))
  const parts = components.map(({ tables }) => {
    const dc = codes.get(tables >> 4)
    const ac = codes.get(0x10 | (tables & 15))
    if (dc === undefined || ac === undefined) throw new RangeError('a Huffman table is missing')
    return { dc, ac, writer: bitWriter() }
  })
  for (let block = 0; block < blocks; block++) {
    if (interval > 0 && block > 0 && block % interval === 0) {
      reader.restart()
      for (const { writer } of parts) writer.restart(block / interval - 1)
    }
    for (const { dc, ac, writer } of parts) {
      copyBits(reader, writer, copyCode(reader, writer, dc))
      for (let k = 1; k < 64; ) {
        const code = copyCode(reader, writer, ac)
        const bits = code & 15
        if (bits === 0 && code !== 0xf0) break
        copyBits(reader, writer, bits)
        k += (code >> 4) + 1
      }
    }
  }
  return parts.map(({ writer }) => writer.end())
}

interface BitReader {
  bit(): number
  /** Goes behind the next restart marker. */
  restart(): void
}

interface BitWriter {
  bit(bit: number): void
  /** Ends what was written, by ones, with restart marker `number` modulo 8. */
  restart(number: number): void
  end(): Uint8Array
}

/** Hands on one code; its value. */
function copyCode(reader: BitReader, writer: BitWriter, { counts, values }: Codes): number {
  let code = 0
  let first = 0
  let at = 0
  for (let length = 0; length < LONGEST; length++) {
    const bit = reader.bit()
    writer.bit(bit)
    code = (code << 1) | bit
    first <<= 1
    const count = counts[length]!
    if (code - first < count) return values[at + code - first]!
    first += count
    at += count
  }
  throw new RangeError('a code that no table has')
}

function copyBits(reader: BitReader, writer: BitWriter, count: number): void {
  for (let i = 0; i < count; i++) writer.bit(reader.bit())
}

function bitReader(data: Uint8Array): BitReader {
  let at = 0
  let held = 0
  let left = 0
  return {
    bit: () => {
      if (left === 0) {
        if (at >= data.length || (data[at] === 0xff && data[at + 1] !== 0))
          throw new RangeError('the scan is too short')
        held = data[at]!
        // A zero follows every 255 that is no marker.
        at += held === 0xff ? 2 : 1
        left = 8
      }
      left--
      return (held >> left) & 1
    },
    restart: () => {
      left = 0
      if (data[at] !== 0xff || (data[at + 1]! & 0xf8) !== 0xd0) throw new RangeError(`no restart at byte ${at}`)
      at += 2
    },
  }
}

function bitWriter(): BitWriter {
  const out: number[] = []
  let held = 0
  let used = 0
  const bit = (value: number): void => {
    held = (held << 1) | value
    if (++used < 8) return
    out.push(held)
    if (held === 0xff) out.push(0)
    held = 0
    used = 0
  }
  const fill = (): void => {
    while (used > 0) bit(1)
  }
  return {
    bit,
    restart: (number) => {
      fill()
      out.push(0xff, 0xd0 | (number & 7))
    },
    end: () => {
      fill()
      out.push(0xff, 0xd9)
      return Uint8Array.from(out)
    },
  }
}
