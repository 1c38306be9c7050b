/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * A value depends only on the key and its position, never on how many workers drew before it.
 */

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85
const ROUNDS = 10
const TO_UNIT = 2 ** -32

export type Quad = readonly [number, number, number, number]

/** High 32 bits of the product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const middle = a1 * b0 + ((a0 * b0) >>> 16)
  const carry = a0 * b1 + (middle & 0xffff)
  return (a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0
}

/** Writes the four words of a counter and a key at `at`. */
function writeBlock([c0, c1, c2, c3]: Quad, [k0, k1]: readonly [number, number], out: Uint32Array, at: number): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0)
    const high1 = mulHigh(M1, c2)
    const low0 = Math.imul(M0, c0) >>> 0
    const low1 = Math.imul(M1, c2) >>> 0
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0
    k0 = (k0 + W0) >>> 0
    k1 = (k1 + W1) >>> 0
  }
  out[at] = c0
  out[at + 1] = c1
  out[at + 2] = c2
  out[at + 3] = c3
}

/** Four unsigned 32-bit words for a counter (4 words) and a key (2 words). */
export function philox(counter: Quad, key: readonly [number, number]): Quad {
  const out = new Uint32Array(4)
  writeBlock(counter, key, out, 0)
  return [out[0]!, out[1]!, out[2]!, out[3]!]
}

/** The first `n` words of the counters 0, 1, 2, ... under a key. */
export function philoxWords(n: number, key: readonly [number, number]): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(4 * Math.ceil(n / 4))
  for (let at = 0; at < out.length; at += 4) {
    const block = at / 4
    writeBlock([block >>> 0, Math.floor(block / 2 ** 32) >>> 0, 0, 0], key, out, at)
  }
  return out.subarray(0, n)
}

/** FNV-1a over UTF-16 code units, so that streams can be named by words. */
export function hashText(text: string, start: number): number {
  let h = (0x811c9dc5 ^ start) >>> 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0
  return h
}

/** A stream of random numbers. `split` gives an independent stream; drawing never touches another stream. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number
  /** Standard normal (Box and Muller 1958). */
  normal(): number
  /** Uniform integer in [0, n). */
  integer(n: number): number
  /** A new array in random order (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[]
  /** An independent stream named by a label. */
  split(label: string | number): Random
  /** An array of standard normals, shape `[n]`. */
  normals(n: number): Float32Array<ArrayBuffer>
}

/** The stream of an explicit seed (any safe integer). */
export function random(seed: number): Random {
  const low = seed >>> 0
  const high = Math.floor(seed / 2 ** 32) >>> 0
  return stream([low, high])
}

function stream(key: readonly [number, number]): Random {
  let position = 0
  let words: Quad = [0, 0, 0, 0]
  let spare: number | undefined
  const word = (): number => {
    const lane = position & 3
    if (lane === 0) {
      const block = Math.floor(position / 4)
      words = philox([block >>> 0, Math.floor(block / 2 ** 32) >>> 0, 0, 0], key)
    }
    position++
    return words[lane]!
  }
  const uniform = (): number => word() * TO_UNIT
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  const integer = (n: number): number => Math.floor(uniform() * n)
  return {
    uniform,
    normal,
    integer,
    shuffle: (items) => {
      const out = [...items]
      for (let i = out.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        const held = out[i]!
        out[i] = out[j]!
        out[j] = held
      }
      return out
    },
    split: (label) => {
      const text = String(label)
      const [a, b] = philox([hashText(text, 0), hashText(text, 0x5bd1e995), 1, 0], key)
      return stream([a, b])
    },
    normals: (n) => {
      const out = new Float32Array(n)
      for (let i = 0; i < n; i++) out[i] = normal()
      return out
    },
  }
}
