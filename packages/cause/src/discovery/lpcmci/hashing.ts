/** 64-bit hashes of CPython for tuples of integers and for frozen sets (set-order.ts says why), in halves of 32 bits. */
import type { Hashes } from './set-order.ts'

/** A growing number of elements and their hashes. */
export class HashList implements Hashes {
  readonly low: number[] = []
  readonly high: number[] = []

  /** Number of the new element. */
  push(high: number, low: number): number {
    this.low.push(low | 0)
    this.high.push(high | 0)
    return this.low.length - 1
  }
}

// Halves of the last result, so that no operation makes an object.
let high = 0
let low = 0

/** Sets the result to the product, modulo 2^64. */
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const a0 = aLow & 0xffff
  const a1 = aLow >>> 16
  const b0 = bLow & 0xffff
  const b1 = bLow >>> 16
  const first = a0 * b0
  const middle = a0 * b1 + a1 * b0 + Math.floor(first / 65536)
  const carry = a1 * b1 + Math.floor(middle / 65536)
  high = (carry + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0
  low = ((middle % 65536) << 16) | (first & 0xffff)
}

function add(aHigh: number, aLow: number): void {
  const sum = (low >>> 0) + (aLow >>> 0)
  high = (high + aHigh + (sum > 0xffffffff ? 1 : 0)) | 0
  low = sum | 0
}

const PRIME_1 = [0x9e3779b1, 0x85ebca87] as const
const PRIME_2 = [0xc2b2ae3d, 0x27d4eb4f] as const
const PRIME_5 = [0x27d4eb2f, 0x165667c5] as const
const LENGTH_MIX = 3527539

function startTuple(): void {
  high = PRIME_5[0]
  low = PRIME_5[1]
}

/** One round of xxHash on the hash of an item. */
function addItem(itemHigh: number, itemLow: number): void {
  const [sumHigh, sumLow] = [high, low]
  multiply(itemHigh, itemLow, PRIME_2[0], PRIME_2[1])
  add(sumHigh, sumLow)
  multiply((high << 31) | (low >>> 1), (low << 31) | (high >>> 1), PRIME_1[0], PRIME_1[1])
}

function endTuple(items: number): void {
  add(PRIME_5[0], PRIME_5[1] ^ LENGTH_MIX ^ items)
  if (low === -1 && high === -1) [high, low] = [0, 1546275796]
}

/** Adds the tuple of these integers. A small integer is its own hash, save for -1, which has that of -2. */
export function pushIntegers(hashes: HashList, values: readonly number[]): number {
  startTuple()
  for (const value of values) addItem(value < 0 ? -1 : 0, value === -1 ? -2 : value)
  endTuple(values.length)
  return hashes.push(high, low)
}

/** Adds the tuple of these elements of `parts`. */
export function pushTuple(hashes: HashList, parts: Hashes, elements: readonly number[]): number {
  startTuple()
  for (const element of elements) addItem(parts.high[element]!, parts.low[element]!)
  endTuple(elements.length)
  return hashes.push(high, low)
}

/** Adds the frozen set of these elements of `parts`. */
export function pushFrozenSet(hashes: HashList, parts: Hashes, elements: readonly number[]): number {
  let [sumHigh, sumLow] = [0, 0]
  for (const element of elements) {
    const [itemHigh, itemLow] = [parts.high[element]!, parts.low[element]!]
    const shifted = (itemHigh << 16) | (itemLow >>> 16)
    multiply(itemHigh ^ shifted, itemLow ^ 89869747 ^ (itemLow << 16), 0, 3644798167)
    sumHigh ^= high
    sumLow ^= low
  }
  multiply(0, elements.length + 1, 0, 1927868237)
  const [mixHigh, mixLow] = [high ^ sumHigh, low ^ sumLow]
  const folded = mixLow ^ ((mixLow >>> 11) | (mixHigh << 21)) ^ ((mixLow >>> 25) | (mixHigh << 7))
  multiply(mixHigh ^ (mixHigh >>> 11) ^ (mixHigh >>> 25), folded, 0, 69069)
  add(0, 907133923)
  if (low === -1 && high === -1) [high, low] = [0, 590923713]
  return hashes.push(high, low)
}
