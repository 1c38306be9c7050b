/** Protocol Buffers wire format, writing only, into one growing buffer. Knows nothing of ONNX. */

const VARINT = 0
const BYTES = 2
const FIXED32 = 5

const text = new TextEncoder()

export class Writer {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(capacity = 1 << 16) {
    this.#bytes = new Uint8Array(capacity)
  }

  /** What has been written, without a copy. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  integer(field: number, value: number): void {
    this.#varint(field * 8 + VARINT)
    this.#varint(value)
  }

  float(field: number, value: number): void {
    this.#varint(field * 8 + FIXED32)
    this.#reserve(4)
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true)
    this.#length += 4
  }

  string(field: number, value: string): void {
    this.raw(field, text.encode(value))
  }

  raw(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + BYTES)
    this.#varint(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** A nested message. Its length is known only afterwards: longer ones are moved up to make room for it. */
  message(field: number, write: (writer: this) => void): void {
    this.#varint(field * 8 + BYTES)
    this.#reserve(1)
    const start = ++this.#length
    write(this)
    const size = this.#length - start
    const extra = varintSize(size) - 1
    if (extra > 0) {
      this.#reserve(extra)
      this.#bytes.copyWithin(start + extra, start, this.#length)
    }
    this.#length = start - 1
    this.#varint(size)
    this.#length = start + extra + size
  }

  #varint(value: number): void {
    this.#reserve(10)
    if (value < 0) {
      this.#negative(value)
      return
    }
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  /** Negative numbers are 64-bit two's complement: ten bytes. */
  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count))
    grown.set(this.bytes)
    this.#bytes = grown
  }
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}
