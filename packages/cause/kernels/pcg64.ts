// PCG64 (O'Neill 2014, XSL-RR 128/64) drawn as NumPy's Generator draws it. The state lives in globals; pointers are byte
// addresses. Ten words of 32 bits describe a stream: state (low word first), increment, spare word, whether there is one.

const MULTIPLIER_LOW: u64 = 0x4385df649fccf645
const MULTIPLIER_HIGH: u64 = 0x2360ed051fc65da4

let stateLow: u64 = 0
let stateHigh: u64 = 0
let incrementLow: u64 = 0
let incrementHigh: u64 = 0
let spare: u32 = 0
let hasSpare: bool = false

/** High 64 bits of a product. */
// @ts-ignore: decorator
@inline
function highProduct(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff
  const a1 = a >> 32
  const b0 = b & 0xffffffff
  const b1 = b >> 32
  const low = a0 * b0
  const middle = a1 * b0 + (low >> 32)
  const other = a0 * b1 + (middle & 0xffffffff)
  return a1 * b1 + (middle >> 32) + (other >> 32)
}

export function loadState(from: usize): void {
  stateLow = load<u64>(from)
  stateHigh = load<u64>(from, 8)
  incrementLow = load<u64>(from, 16)
  incrementHigh = load<u64>(from, 24)
  spare = load<u32>(from, 32)
  hasSpare = load<u32>(from, 36) != 0
}

export function saveState(to: usize): void {
  store<u64>(to, stateLow)
  store<u64>(to, stateHigh, 8)
  store<u64>(to, incrementLow, 16)
  store<u64>(to, incrementHigh, 24)
  store<u32>(to, spare, 32)
  store<u32>(to, <u32>hasSpare, 36)
}

// @ts-ignore: decorator
@inline
function word64(): u64 {
  const high = highProduct(stateLow, MULTIPLIER_LOW) + stateHigh * MULTIPLIER_LOW + stateLow * MULTIPLIER_HIGH
  stateLow = stateLow * MULTIPLIER_LOW + incrementLow
  stateHigh = high + incrementHigh + <u64>(stateLow < incrementLow)
  return rotr<u64>(stateHigh ^ stateLow, stateHigh >> 58)
}

/** 32 bits; two come from one word of 64, the low half first. */
export function word32(): u32 {
  if (hasSpare) {
    hasSpare = false
    return spare
  }
  const word = word64()
  spare = <u32>(word >> 32)
  hasSpare = true
  return <u32>word
}

/** In [0, 1), 53 bits. */
export function uniform(): f64 {
  return <f64>(word64() >> 11) * (1.0 / 9007199254740992.0)
}

/** In [0, limit], by Lemire's multiplication. */
export function integer(limit: u32): u32 {
  if (limit == 0) return 0
  if (limit == 0xffffffff) return word32()
  const count = limit + 1
  let product = <u64>word32() * <u64>count
  if (<u32>product < count) {
    const threshold = (0xffffffff - limit) % count
    while (<u32>product < threshold) product = <u64>word32() * <u64>count
  }
  return <u32>(product >> 32)
}

/** In [0, max], by masking and rejecting. */
export function upTo(max: u32): u32 {
  if (max == 0) return 0
  const mask: u32 = 0xffffffff >> clz<u32>(max)
  let value = word32() & mask
  while (value > max) value = word32() & mask
  return value
}

/** Shuffles `count` words of 32 bits from the end. */
export function shuffle(at: usize, count: u32): void {
  for (let i = count - 1; <i32>i > 0; i--) {
    const here = at + (<usize>i << 2)
    const there = at + (<usize>upTo(i) << 2)
    const held = load<u32>(here)
    store<u32>(here, load<u32>(there))
    store<u32>(there, held)
  }
}

/** Each of `rows` rows of `width` words by itself, in order. */
export function shuffleRows(at: usize, rows: u32, width: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    shuffle(at, width)
    at += <usize>width << 2
  }
}

/** Moves on by `count` words of 64 bits in as many steps as `count` has bits (Brown 1994). */
export function advance(count: u64): void {
  let factorLow = MULTIPLIER_LOW
  let factorHigh = MULTIPLIER_HIGH
  let termLow = incrementLow
  let termHigh = incrementHigh
  while (count > 0) {
    if (count & 1) {
      const high = highProduct(stateLow, factorLow) + stateHigh * factorLow + stateLow * factorHigh
      stateLow = stateLow * factorLow + termLow
      stateHigh = high + termHigh + <u64>(stateLow < termLow)
    }
    // Twice the step: term becomes (factor + 1) term.
    const moreLow = factorLow + 1
    const moreHigh = factorHigh + <u64>(moreLow == 0)
    const nextHigh = highProduct(termLow, moreLow) + termHigh * moreLow + termLow * moreHigh
    termLow = termLow * moreLow
    termHigh = nextHigh
    const squareHigh = highProduct(factorLow, factorLow) + 2 * factorHigh * factorLow
    factorLow = factorLow * factorLow
    factorHigh = squareHigh
    count >>= 1
  }
}

/** `to[i] = from[i] + scale u`, u uniform in [0, 1) from the loaded stream. */
export function addNoise(from: usize, to: usize, count: i32, scale: f64): void {
  for (let i = 0; i < count; i++) store<f64>(to + (<usize>i << 3), load<f64>(from + (<usize>i << 3)) + scale * uniform())
}
