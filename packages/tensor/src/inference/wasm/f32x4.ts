/** Instructions on four float32 (and their bits as four int32), for the assembler of the linear algebra. */
import { binary, type Code, memory, simd, unary } from '../../linalg/wasm/assembler.ts'

const bytesOf = (data: ArrayBufferView): number[] => [...new Uint8Array(data.buffer as ArrayBuffer)]

const constant = (data: Float32Array | Int32Array): Code => [0xfd, 12, bytesOf(data)]

export const f32x4 = {
  /** Loads four numbers; the address needs the alignment of one number only. */
  load: (address: Code, offset = 0): Code => [address, simd(0), memory(2, offset)],
  /** Loads one number into all lanes. */
  loadSplat: (address: Code, offset = 0): Code => [address, simd(9), memory(2, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(11), memory(2, offset)],
  /** Stores lane 0 to 3 as one number. */
  storeLane: (address: Code, value: Code, lane: number, offset = 0): Code => [
    address,
    value,
    simd(0x5a),
    memory(2, offset),
    lane,
  ],
  all: (value: number): Code => constant(Float32Array.of(value, value, value, value)),
  /** Ones in the bits of the first `count` lanes. */
  lanes: (count: number): Code => constant(Int32Array.from({ length: 4 }, (_, i) => (i < count ? -1 : 0))),
  /** The lanes of a (0 to 3) and b (4 to 7) in the given order. */
  shuffle: (a: Code, b: Code, order: readonly number[]): Code => [
    a,
    b,
    0xfd,
    13,
    order.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  ],
  ceil: unary(simd(0x67)),
  floor: unary(simd(0x68)),
  /** To the nearest integer, halves to the even one. */
  nearest: unary(simd(0x6a)),
  abs: unary(simd(0xe0)),
  neg: unary(simd(0xe1)),
  sqrt: unary(simd(0xe3)),
  add: binary(simd(0xe4)),
  sub: binary(simd(0xe5)),
  mul: binary(simd(0xe6)),
  div: binary(simd(0xe7)),
  /** NaN where either is. */
  min: binary(simd(0xe8)),
  max: binary(simd(0xe9)),
  /** b < a ? b : a: one instruction, and NaN where a is. */
  quickMin: binary(simd(0xea)),
  /** a < b ? b : a. */
  quickMax: binary(simd(0xeb)),
  equal: binary(simd(0x41)),
  less: binary(simd(0x43)),
  greater: binary(simd(0x44)),
  greaterEqual: binary(simd(0x46)),
  /** a * b + c, rounded once where the engine fuses. */
  relaxedMadd: (a: Code, b: Code, c: Code): Code => [a, b, c, simd(0x105)],
  /** c - a * b. */
  relaxedNmadd: (a: Code, b: Code, c: Code): Code => [a, b, c, simd(0x106)],
}

export const bits = {
  not: unary(simd(0x4d)),
  and: binary(simd(0x4e)),
  or: binary(simd(0x50)),
  xor: binary(simd(0x51)),
  /** a where the mask has ones, b elsewhere. */
  select: (a: Code, b: Code, mask: Code): Code => [a, b, mask, simd(0x52)],
}

export const i32x4 = {
  all: (value: number): Code => constant(Int32Array.of(value, value, value, value)),
  shl: (a: Code, by: number): Code => [a, 0x41, by, simd(0xab)],
  /** With the sign. */
  shr: (a: Code, by: number): Code => [a, 0x41, by, simd(0xac)],
  add: binary(simd(0xae)),
  sub: binary(simd(0xb1)),
  /** Of float32, towards zero; NaN becomes 0. */
  truncate: unary(simd(0xf8)),
  toFloat: unary(simd(0xfa)),
}
