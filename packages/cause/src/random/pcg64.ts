/**
 * The random numbers of the field's reference implementations: PCG64 (O'Neill 2014, XSL-RR 128/64) seeded by a sequence of
 * hashes (M. E. O'Neill, "Developing a seed_seq alternative", 2015), drawn as NumPy's `default_rng` draws them, so that
 * shuffle tests and bootstraps give the same p-values for the same seed. One kernel per thread serves all streams.
 */
import { InputError } from '@ecotope/core'
import { kernelInstance } from '@ecotope/cube'
import { wasm } from '../kernels/pcg64.wasm.ts'

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n
const MASK64 = (1n << 64n) - 1n
const MASK128 = (1n << 128n) - 1n
const POOL = 4

/** Hash constants of the seed sequence. */
const [INIT_A, MULT_A, INIT_B, MULT_B, MIX_L, MIX_R] = [
  0x43b0d7e5, 0x931e8875, 0x8b51f9dd, 0x58f38ded, 0xca01f9dd, 0x4973f715,
]

interface Kernel {
  loadState(from: number): void
  saveState(to: number): void
  word32(): number
  uniform(): number
  integer(limit: number): number
  upTo(max: number): number
  shuffle(at: number, count: number): void
  shuffleRows(at: number, rows: number, width: number): void
  advance(count: bigint): void
}

/** Words of 32 bits that describe a stream. */
const STATE_WORDS = 10
/** Where arrays to shuffle are put. */
const ROOM_AT = 64
/** Below this many items, shuffling in place costs less than copying. */
const BULK = 32

const instance = kernelInstance<Kernel>(wasm)
/** Whose state the kernel holds. */
let current: NumpyRandom | undefined

function hasher(start: number, multiplier: number): (value: number) => number {
  let constant = start
  return (value) => {
    let mixed = (value ^ constant) >>> 0
    constant = Math.imul(constant, multiplier) >>> 0
    mixed = Math.imul(mixed, constant) >>> 0
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
}

function mix(a: number, b: number): number {
  const mixed = (Math.imul(MIX_L, a) - Math.imul(MIX_R, b)) >>> 0
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** `count` words of 32 bits from words of entropy and the key of a spawned child. */
export function seedWords(entropy: readonly number[], spawnKey: readonly number[], count: number): Uint32Array {
  const padded =
    spawnKey.length > 0 && entropy.length < POOL ? [...entropy, ...Array(POOL - entropy.length).fill(0)] : entropy
  const words = [...padded, ...spawnKey]
  const hash = hasher(INIT_A, MULT_A)
  const pool = Array.from({ length: POOL }, (_, i) => hash(words[i] ?? 0))
  for (let from = 0; from < POOL; from++)
    for (let to = 0; to < POOL; to++) if (from !== to) pool[to] = mix(pool[to]!, hash(pool[from]!))
  for (const word of words.slice(POOL)) for (let to = 0; to < POOL; to++) pool[to] = mix(pool[to]!, hash(word))
  const out = hasher(INIT_B, MULT_B)
  return Uint32Array.from({ length: count }, (_, i) => out(pool[i % POOL]!))
}

/** State and increment as eight words, low word first. */
function seeded(seed: number, spawnKey: readonly number[]): Uint32Array {
  if (!(Number.isSafeInteger(seed) && seed >= 0))
    throw new InputError('BadSeed', `a seed is a whole number of at least 0, not ${seed}`, { data: { seed } })
  const entropy = seed < 2 ** 32 ? [seed] : [seed >>> 0, Math.floor(seed / 2 ** 32)]
  const words = seedWords(entropy, spawnKey, 8)
  const [s0, s1, i0, i1] = Array.from(
    { length: 4 },
    (_, i) => (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!),
  )
  const increment = ((((i0! << 64n) | i1!) << 1n) | 1n) & MASK128
  const state = ((increment + ((s0! << 64n) | s1!)) * MULTIPLIER + increment) & MASK128
  const halves = BigUint64Array.of(state & MASK64, state >> 64n, increment & MASK64, increment >> 64n)
  return new Uint32Array(halves.buffer)
}

/** A stream. Mutable: each draw moves it on. */
export class NumpyRandom {
  readonly #state = new Uint32Array(STATE_WORDS)

  /** `seed`: a whole number of at least 0; `spawnKey`: of a child of that seed. Throws `InputError` BadSeed. */
  constructor(seed: number, spawnKey: readonly number[] = []) {
    this.#state.set(seeded(seed, spawnKey))
  }

  /** The stream that `state()` described, from there on. */
  static from(state: Uint32Array): NumpyRandom {
    const random = new NumpyRandom(0)
    random.#state.set(state)
    return random
  }

  /** Where the stream is: ten words, to be sent to another thread. */
  state(): Uint32Array<ArrayBuffer> {
    this.#leave()
    return this.#state.slice()
  }

  /** The kernel with the state of this stream in it. */
  #enter(): Kernel {
    const { call, room } = instance()
    if (current === this) return call
    if (current !== undefined) current.#leave()
    new Uint32Array(room(ROOM_AT).buffer, 0, STATE_WORDS).set(this.#state)
    call.loadState(0)
    current = this
    return call
  }

  #leave(): void {
    if (current !== this) return
    const { call, room } = instance()
    call.saveState(0)
    this.#state.set(new Uint32Array(room(ROOM_AT).buffer, 0, STATE_WORDS))
    current = undefined
  }

  /** 32 bits; two come from one word of 64, the low half first. */
  word32(): number {
    return this.#enter().word32() >>> 0
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return this.#enter().uniform()
  }

  /** Uniform whole number in [0, n), n up to 2^32, by Lemire's multiplication (2019). */
  integer(n: number): number {
    return this.#enter().integer(n <= 1 ? 0 : n - 1) >>> 0
  }

  /** Uniform whole number in [0, max], by masking and rejecting (as shuffles draw). */
  upTo(max: number): number {
    return this.#enter().upTo(max) >>> 0
  }

  /** One of the items, each as likely. */
  choice<T>(items: ArrayLike<T>): T {
    if (items.length === 0) throw new InputError('NoItems', 'nothing can be drawn from no items')
    return items[this.integer(items.length)]!
  }

  /** Shuffles in place (Fisher and Yates, from the end). */
  shuffle<A extends { length: number; [index: number]: number }>(items: A): A {
    if (items instanceof Int32Array && items.length > BULK) return this.#bulk(items, 1) as unknown as A
    const kernel = this.#enter()
    for (let i = items.length - 1; i > 0; i--) {
      const j = kernel.upTo(i) >>> 0
      const held = items[i]!
      items[i] = items[j]!
      items[j] = held
    }
    return items
  }

  /** Shuffles each of the rows, in order; `items` has rows of the same length one after the other. */
  shuffleRows(items: Int32Array, rows: number): Int32Array {
    return items.length === 0 ? items : this.#bulk(items, rows)
  }

  #bulk(items: Int32Array, rows: number): Int32Array {
    const kernel = this.#enter()
    const memory = new Int32Array(instance().room(ROOM_AT + items.byteLength).buffer, ROOM_AT, items.length)
    memory.set(items)
    kernel.shuffleRows(ROOM_AT, rows, items.length / rows)
    items.set(memory)
    return items
  }

  /** 0 .. n - 1 in random order. */
  permutation(n: number): Int32Array {
    const items = new Int32Array(n)
    for (let i = 0; i < n; i++) items[i] = i
    return this.shuffle(items)
  }

  /** Moves on as if `count` numbers had been drawn by `uniform()`. */
  advance(count: number): void {
    this.#enter().advance(BigInt(count))
  }
}
