/** Protocol Buffers wire format, reading only, never beyond the bytes given. Knows nothing of ONNX. */

import { InputError } from '@ecotope/core'

const text = new TextDecoder()

function malformed(what: string, at: number): InputError {
  return new InputError('OnnxMalformed', `not an ONNX model: ${what} at byte ${at}`, {
    hint: 'The file may be truncated, stored as a Git LFS pointer, or of another format.',
    data: { at },
  })
}

/** One field of a message: its number, and its value in the encoding that the wire type says. */
export class Field {
  readonly number: number
  readonly #bytes: Uint8Array | undefined
  readonly #value: number | undefined
  readonly #bits: number
  readonly #at: number

  /** `bits`: 32 or 64 for fixed-width values, which are in `bytes`; 0 otherwise. */
  constructor(number: number, at: number, bytes: Uint8Array | undefined, value: number | undefined, bits: number) {
    this.number = number
    this.#at = at
    this.#bytes = bytes
    this.#value = value
    this.#bits = bits
  }

  integer(): number {
    if (this.#value === undefined) throw this.#wrong('an integer')
    return this.#value
  }

  bytes(): Uint8Array {
    if (this.#bytes === undefined || this.#bits !== 0) throw this.#wrong('bytes')
    return this.#bytes
  }

  text(): string {
    return text.decode(this.bytes())
  }

  float(): number {
    const [value] = this.floats()
    if (value === undefined) throw this.#wrong('a number')
    return value
  }

  /** Repeated integers: packed, or the one of this field. */
  integers(): number[] {
    if (this.#value !== undefined) return [this.#value]
    const cursor = new Cursor(this.bytes(), this.#at)
    const out: number[] = []
    while (!cursor.done) out.push(cursor.varint())
    return out
  }

  /** Repeated 32-bit floating-point numbers: packed, or the one of this field. */
  floats(): Float32Array {
    return Float32Array.from(this.#fixed(4, (view, at) => view.getFloat32(at, true)))
  }

  /** Repeated 64-bit floating-point numbers: packed, or the one of this field. */
  doubles(): Float64Array {
    return Float64Array.from(this.#fixed(8, (view, at) => view.getFloat64(at, true)))
  }

  #fixed(width: number, get: (view: DataView, at: number) => number): number[] {
    const bytes = this.#bytes
    if (bytes === undefined || (this.#bits !== 0 && this.#bits !== 8 * width) || bytes.length % width !== 0) {
      throw this.#wrong(`numbers of ${8 * width} bits`)
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return Array.from({ length: bytes.length / width }, (_, i) => get(view, i * width))
  }

  #wrong(expected: string): InputError {
    return malformed(`field ${this.number} does not hold ${expected}`, this.#at)
  }
}

/** A position in a message. */
class Cursor {
  readonly #bytes: Uint8Array
  /** Where the message begins in the file, for errors. */
  readonly #origin: number
  #at = 0

  constructor(bytes: Uint8Array, origin: number) {
    this.#bytes = bytes
    this.#origin = origin
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  get position(): number {
    return this.#origin + this.#at
  }

  /** A signed 64-bit integer; beyond 2^53 the nearest double. */
  varint(): number {
    let value = 0
    for (let i = 0, scale = 1; i < 10; i++, scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw malformed('the end of the file inside an integer', this.position)
      if (i > 6) return this.#long(i, value, byte)
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return value
  }

  /** The rest of an integer of more than 49 bits, in exact arithmetic: byte `i` has been read. */
  #long(i: number, low: number, byte: number): number {
    let value = BigInt(low)
    let current = byte
    for (let shift = BigInt(7 * i); ; shift += 7n) {
      value |= BigInt(current & 127) << shift
      if (current < 128) return Number(BigInt.asIntN(64, value))
      if (shift >= 63n) throw malformed('an integer of more than 64 bits', this.position)
      const next = this.#bytes[this.#at++]
      if (next === undefined) throw malformed('the end of the file inside an integer', this.position)
      current = next
    }
  }

  take(length: number, what: string): Uint8Array {
    if (!(length >= 0) || this.#at + length > this.#bytes.length) {
      throw malformed(`${what} of ${length} bytes, where ${this.#bytes.length - this.#at} are left,`, this.position)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

/** The fields of a message in their order. `origin` is where it begins in the file. Raises `InputError`. */
export function* fieldsOf(bytes: Uint8Array, origin = 0): Generator<Field> {
  const cursor = new Cursor(bytes, origin)
  while (!cursor.done) {
    const at = cursor.position
    const tag = cursor.varint()
    const number = Math.floor(tag / 8)
    if (number < 1 || number > 536_870_911) throw malformed(`a field with the number ${number}`, at)
    yield fieldAt(cursor, number, tag % 8, at)
  }
}

function fieldAt(cursor: Cursor, number: number, wire: number, at: number): Field {
  if (wire === 0) return new Field(number, at, undefined, cursor.varint(), 0)
  if (wire === 1) return new Field(number, at, cursor.take(8, 'a number'), undefined, 64)
  if (wire === 5) return new Field(number, at, cursor.take(4, 'a number'), undefined, 32)
  if (wire !== 2) throw malformed(`the unknown wire type ${wire}`, at)
  const length = cursor.varint()
  return new Field(number, cursor.position, cursor.take(length, `field ${number}`), undefined, 0)
}
