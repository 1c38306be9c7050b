/**
 * Pieces of the HDF5 file format (specification version 3): little-endian buffers, checksums, datatypes, messages.
 * Offsets and lengths are 8 bytes. Written from the published format specification.
 */
import type { DType } from '../types.ts'

export const UNDEFINED = 0xffffffffffffffffn

/** Bytes that grow; numbers are little-endian. */
export class Bytes {
  #buffer = Buffer.alloc(256)
  length = 0

  #room(more: number): number {
    if (this.length + more > this.#buffer.length) {
      const grown = Buffer.alloc(Math.max(this.#buffer.length * 2, this.length + more))
      this.#buffer.copy(grown, 0, 0, this.length)
      this.#buffer = grown
    }
    this.length += more
    return this.length - more
  }

  // The place first: making room may replace the buffer.
  u8(...values: number[]): this {
    const at = this.#room(values.length)
    this.#buffer.set(values, at)
    return this
  }
  u16(value: number): this {
    const at = this.#room(2)
    this.#buffer.writeUInt16LE(value, at)
    return this
  }
  u32(value: number): this {
    const at = this.#room(4)
    this.#buffer.writeUInt32LE(value >>> 0, at)
    return this
  }
  u64(value: number | bigint): this {
    const at = this.#room(8)
    this.#buffer.writeBigUInt64LE(BigInt(value), at)
    return this
  }
  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length)
    this.#buffer.set(bytes, at)
    return this
  }
  text(value: string): this {
    return this.raw(Buffer.from(value, 'utf8'))
  }
  zeros(count: number): this {
    this.#room(count)
    return this
  }
  done(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by))

/** Bob Jenkins' lookup3 hash (`hashlittle`, public domain), the checksum of HDF5 metadata. */
export function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [a, b, c] = [0xdeadbeef + bytes.length, 0xdeadbeef + bytes.length, 0xdeadbeef + bytes.length].map(
    (v) => v | 0,
  ) as [number, number, number]
  let at = 0
  let left = bytes.length
  for (; left > 12; left -= 12, at += 12) {
    a = (a + view.getUint32(at, true)) | 0
    b = (b + view.getUint32(at + 4, true)) | 0
    c = (c + view.getUint32(at + 8, true)) | 0
    a = (a - c) ^ rotate(c, 4)
    c = (c + b) | 0
    b = (b - a) ^ rotate(a, 6)
    a = (a + c) | 0
    c = (c - b) ^ rotate(b, 8)
    b = (b + a) | 0
    a = (a - c) ^ rotate(c, 16)
    c = (c + b) | 0
    b = (b - a) ^ rotate(a, 19)
    a = (a + c) | 0
    c = (c - b) ^ rotate(b, 4)
    b = (b + a) | 0
  }
  if (left === 0) return c >>> 0
  const tail = new Uint8Array(12)
  tail.set(bytes.subarray(at, at + left))
  const rest = new DataView(tail.buffer)
  a = (a + rest.getUint32(0, true)) | 0
  b = (b + rest.getUint32(4, true)) | 0
  c = (c + rest.getUint32(8, true)) | 0
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  c = ((c ^ b) - rotate(b, 24)) | 0
  return c >>> 0
}

/** Numbers of a sample type: class, bit field and properties of the datatype message. */
export function numberType(dtype: DType): Buffer {
  const bytes = Number(/\d+$/.exec(dtype)![0]) / 8
  const out = new Bytes()
  if (dtype.startsWith('float')) {
    const [sign, exponent, bias] = bytes === 4 ? [31, [23, 8, 0, 23], 127] : [63, [52, 11, 0, 52], 1023]
    out.u8(0x11, 0x20, sign, 0).u32(bytes)
    return out
      .u16(0)
      .u16(bytes * 8)
      .u8(...exponent)
      .u32(bias)
      .done()
  }
  out.u8(0x10, dtype.startsWith('int') ? 0x08 : 0, 0, 0).u32(bytes)
  return out
    .u16(0)
    .u16(bytes * 8)
    .done()
}

/** Text of a fixed number of bytes, the last one zero (readers of dimension scales insist on it), UTF-8. */
export const fixedText = (bytes: number): Buffer => new Bytes().u8(0x13, 0x10, 0, 0).u32(bytes).done()

/** Text of any length, in the global heap, UTF-8. */
export const anyText = (): Buffer =>
  new Bytes().u8(0x19, 0x01, 0x01, 0).u32(16).u8(0x10, 0, 0, 0).u32(1).u16(0).u16(8).done()

/** References to objects, and lists of such in the global heap. */
export const reference = (): Buffer => new Bytes().u8(0x17, 0, 0, 0).u32(8).done()
export const references = (): Buffer => new Bytes().u8(0x19, 0, 0, 0).u32(16).raw(reference()).done()

/** The extents of an array; none make a scalar. */
export function dataspace(shape: readonly number[]): Buffer {
  const out = new Bytes().u8(2, shape.length, 0, shape.length === 0 ? 0 : 1)
  for (const length of shape) out.u64(length)
  return out.done()
}

export interface Message {
  readonly type: number
  readonly body: Uint8Array
}

export const MESSAGE = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  fill: 5,
  link: 6,
  layout: 8,
  groupInfo: 10,
  filters: 11,
  attribute: 12,
}

/** An object header (version 2) of one piece. */
export function objectHeader(messages: readonly Message[]): Buffer {
  const size = messages.reduce((sum, { body }) => sum + 4 + body.length, 0)
  const out = new Bytes().text('OHDR').u8(2, 0x02).u32(size)
  for (const { type, body } of messages) out.u8(type).u16(body.length).u8(0).raw(body)
  return out.u32(checksum(out.done())).done()
}

export function attribute(name: string, type: Uint8Array, space: Uint8Array, value: Uint8Array): Message {
  const label = Buffer.from(`${name}\0`, 'utf8')
  const out = new Bytes().u8(3, 0).u16(label.length).u16(type.length).u16(space.length).u8(1)
  return { type: MESSAGE.attribute, body: out.raw(label).raw(type).raw(space).raw(value).done() }
}
