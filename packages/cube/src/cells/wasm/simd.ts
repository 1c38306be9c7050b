/** SIMD instructions of WebAssembly as far as kernels use them: opcodes under the specification's names. */
import { binaries, type Code, mapped, memoryArgument, unaries, unsigned } from './assembler.ts'

const simd = (opcode: number): Code => [0xfd, unsigned(opcode)]

const two = <const Names extends string>(opcodes: Readonly<Record<Names, number>>) => binaries(mapped(opcodes, simd))
const one = <const Names extends string>(opcodes: Readonly<Record<Names, number>>) => unaries(mapped(opcodes, simd))

type Load = (address: Code, offset?: number) => Code
const loads = <const Names extends string>(opcodes: Readonly<Record<Names, number>>) =>
  mapped(
    opcodes,
    (opcode): Load =>
      (address, offset = 0) => [address, simd(opcode), memoryArgument(offset)],
  )

/** Bytes of one element. */
export type ElementBytes = 1 | 2 | 4 | 8

const LOAD_LANE: Readonly<Record<ElementBytes, number>> = { 1: 0x54, 2: 0x55, 4: 0x56, 8: 0x57 }
const STORE_LANE: Readonly<Record<ElementBytes, number>> = { 1: 0x58, 2: 0x59, 4: 0x5a, 8: 0x5b }
const LOAD_SPLAT: Readonly<Record<ElementBytes, number>> = { 1: 7, 2: 8, 4: 9, 8: 10 }

export const v128 = {
  ...loads({ load: 0, load8x8S: 1, load8x8U: 2, load16x4S: 3, load16x4U: 4, load32Zero: 0x5c, load64Zero: 0x5d }),
  ...one({ not: 0x4d, anyTrue: 0x53 }),
  ...two({ and: 0x4e, andnot: 0x4f, or: 0x50, xor: 0x51 }),
  zero: [simd(12), new Array<number>(16).fill(0)] as Code,
  ones: [simd(12), new Array<number>(16).fill(255)] as Code,
  /** Bits of `a` where the mask has ones, else of `b`. */
  bitselect: (a: Code, b: Code, mask: Code): Code => [a, b, mask, simd(0x52)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(11), memoryArgument(offset)],
  loadSplat: (bytes: ElementBytes, address: Code): Code => [address, simd(LOAD_SPLAT[bytes]), memoryArgument(0)],
  /** `vector` with one lane from memory. */
  loadLane: (bytes: ElementBytes, address: Code, vector: Code, lane: number): Code => [
    address,
    vector,
    simd(LOAD_LANE[bytes]),
    memoryArgument(0),
    lane,
  ],
  storeLane: (bytes: ElementBytes, address: Code, vector: Code, lane: number): Code => [
    address,
    vector,
    simd(STORE_LANE[bytes]),
    memoryArgument(0),
    lane,
  ],
  /** Bytes of `a` (0 to 15) and `b` (16 to 31). */
  shuffle: (a: Code, b: Code, bytes: readonly number[]): Code => [a, b, simd(13), bytes],
}

/** The upper half of a vector in the lower half (and again in the upper). */
export const upperHalf = (a: Code): Code =>
  v128.shuffle(a, a, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15])

/** The lower halves of two vectors in one. */
export const lowerHalves = (a: Code, b: Code): Code =>
  v128.shuffle(a, b, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])

const shift = (opcode: number) => (a: Code, bits: Code) => [a, bits, simd(opcode)] as Code

export const i8x16 = { ...two({ narrowS: 0x65, narrowU: 0x66 }) }

export const i16x8 = {
  ...two({ narrowS: 0x85, narrowU: 0x86 }),
  ...one({ extendLow8S: 0x87, extendLow8U: 0x89 }),
}

export const i32x4 = {
  ...one({
    splat: 0x11,
    allTrue: 0xa3,
    extendLow16S: 0xa7,
    extendHigh16S: 0xa8,
    extendLow16U: 0xa9,
    extendHigh16U: 0xaa,
  }),
  ...one({ truncSatF32S: 0xf8, truncSatF32U: 0xf9, truncSatF64S: 0xfc, truncSatF64U: 0xfd }),
  ...two({ eq: 0x37, ltS: 0x39, gtS: 0x3b, leS: 0x3d, geS: 0x3f }),
  ...two({ add: 0xae, sub: 0xb1, minS: 0xb6, maxS: 0xb8 }),
  shl: shift(0xab),
  shrS: shift(0xac),
  shrU: shift(0xad),
  lane: (a: Code, lane: number): Code => [a, simd(0x1b), lane],
}

export const i64x2 = {
  ...one({ splat: 0x12, allTrue: 0xc3, extendLow32S: 0xc7 }),
  ...two({ eq: 0xd6, ltS: 0xd8, gtS: 0xd9, leS: 0xda, geS: 0xdb, add: 0xce, sub: 0xd1 }),
  shl: shift(0xcb),
  shrS: shift(0xcc),
  shrU: shift(0xcd),
}

export const f32x4 = {
  ...one({ splat: 0x13, abs: 0xe0, neg: 0xe1, sqrt: 0xe3, ceil: 0x67, floor: 0x68, trunc: 0x69, nearest: 0x6a }),
  ...one({ convertS: 0xfa, convertU: 0xfb, demote: 0x5e }),
  ...two({ eq: 0x41, ne: 0x42, lt: 0x43, gt: 0x44, le: 0x45, ge: 0x46 }),
  ...two({ add: 0xe4, sub: 0xe5, mul: 0xe6, div: 0xe7, min: 0xe8, max: 0xe9, pmin: 0xea, pmax: 0xeb }),
  lane: (a: Code, lane: number): Code => [a, simd(0x1f), lane],
  withLane: (a: Code, lane: number, value: Code): Code => [a, value, simd(0x20), lane],
}

export const f64x2 = {
  ...one({ splat: 0x14, abs: 0xec, neg: 0xed, sqrt: 0xef, ceil: 0x74, floor: 0x75, trunc: 0x7a, nearest: 0x94 }),
  ...one({ convertLowS: 0xfe, convertLowU: 0xff, promoteLow: 0x5f }),
  ...two({ eq: 0x47, ne: 0x48, lt: 0x49, gt: 0x4a, le: 0x4b, ge: 0x4c }),
  ...two({ add: 0xf0, sub: 0xf1, mul: 0xf2, div: 0xf3, min: 0xf4, max: 0xf5, pmin: 0xf6, pmax: 0xf7 }),
  lane: (a: Code, lane: number): Code => [a, simd(0x21), lane],
  withLane: (a: Code, lane: number, value: Code): Code => [a, value, simd(0x22), lane],
}
