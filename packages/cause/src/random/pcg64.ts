/**
 * The random numbers of the field's reference implementations: PCG64 (O'Neill 2014, XSL-RR 128/64) seeded by a sequence of
 * hashes (M. E. O'Neill, "Developing a seed_seq alternative", 2015), drawn as NumPy's `default_rng` draws them, so that
 * shuffle tests and bootstraps give the same p-values for the same seed.
 */

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n
const MASK64 = (1n << 64n) - 1n
const MASK128 = (1n << 128n) - 1n
const POOL = 4

/** Hash constants of the seed sequence. */
const [INIT_A, MULT_A, INIT_B, MULT_B, MIX_L, MIX_R] = [
  0x43b0d7e5, 0x931e8875, 0x8b51f9dd, 0x58f38ded, 0xca01f9dd, 0x4973f715,
]

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

/** A stream. Mutable: each draw moves it on. */
export class NumpyRandom {
  #state: bigint
  readonly #increment: bigint
  #spare: number | undefined

  /** `seed`: a whole number of at least 0; `spawnKey`: of a child of that seed. */
  constructor(seed: number, spawnKey: readonly number[] = []) {
    const entropy = seed < 2 ** 32 ? [seed] : [seed >>> 0, Math.floor(seed / 2 ** 32)]
    const words = seedWords(entropy, spawnKey, 8)
    const [s0, s1, i0, i1] = Array.from(
      { length: 4 },
      (_, i) => (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!),
    )
    this.#increment = ((((i0! << 64n) | i1!) << 1n) | 1n) & MASK128
    this.#state = this.#step(0n)
    this.#state = this.#step((this.#state + ((s0! << 64n) | s1!)) & MASK128)
  }

  #step(state: bigint): bigint {
    return (state * MULTIPLIER + this.#increment) & MASK128
  }

  #word64(): bigint {
    this.#state = this.#step(this.#state)
    const folded = ((this.#state >> 64n) ^ this.#state) & MASK64
    const turn = this.#state >> 122n
    return ((folded >> turn) | (folded << ((64n - turn) & 63n))) & MASK64
  }

  /** 32 bits; two come from one word of 64, the low half first. */
  word32(): number {
    if (this.#spare !== undefined) {
      const word = this.#spare
      this.#spare = undefined
      return word
    }
    const word = this.#word64()
    this.#spare = Number(word >> 32n)
    return Number(word & 0xffffffffn)
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return Number(this.#word64() >> 11n) * 2 ** -53
  }

  /** Uniform whole number in [0, n), n up to 2^32, by Lemire's multiplication (2019). */
  integer(n: number): number {
    if (n <= 1) return 0
    let product = BigInt(this.word32()) * BigInt(n)
    const threshold = BigInt((2 ** 32 - n) % n)
    while ((product & 0xffffffffn) < threshold) product = BigInt(this.word32()) * BigInt(n)
    return Number(product >> 32n)
  }

  /** Uniform whole number in [0, max], by masking and rejecting (as shuffles draw). */
  upTo(max: number): number {
    if (max === 0) return 0
    const mask = 2 ** (32 - Math.clz32(max)) - 1
    let value = (this.word32() & mask) >>> 0
    while (value > max) value = (this.word32() & mask) >>> 0
    return value
  }

  /** Shuffles in place (Fisher and Yates, from the end). */
  shuffle<A extends { length: number; [index: number]: number }>(items: A): A {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.upTo(i)
      const held = items[i]!
      items[i] = items[j]!
      items[j] = held
    }
    return items
  }

  /** 0 .. n - 1 in random order. */
  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i))
  }
}
