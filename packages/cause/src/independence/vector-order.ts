/**
 * The order of values in which equal ones come as NumPy has them where its sort runs in vectors of eight (AVX-512): up to 256
 * values by a bitonic network (Batcher 1968), more by partitions around a median of eight. Ranks of series with ties, and
 * with them neighbours and p-values, follow from it.
 */

import { sortItems } from './introselect.ts'

const LANES = 8
/** Vectors that a partition takes at a time. */
const UNROLL = 4
const STEP = LANES * UNROLL
/** At most so many values are sorted by a network. */
const NETWORK = 256

const keys = new Float64Array(NETWORK)
const items = new Int32Array(NETWORK)

/** Exchanges two places where the first holds the larger value. */
function exchange(low: number, high: number): void {
  const [a, b] = [keys[low]!, keys[high]!]
  if (!(a > b)) return
  keys[low] = b
  keys[high] = a
  const held = items[low]!
  items[low] = items[high]!
  items[high] = held
}

/** Compares each place of a block of `size` with its mirror image, then halves with halves. */
function mergeBlocks(width: number, size: number): void {
  for (let block = 0; block < width; block += size)
    for (let i = 0; i < size / 2; i++) exchange(block + i, block + size - 1 - i)
  for (let apart = size / 4; apart >= 1; apart /= 2)
    for (let block = 0; block < width; block += 2 * apart)
      for (let i = block; i < block + apart; i++) exchange(i, i + apart)
}

function network(values: Float64Array, order: Int32Array, from: number, count: number): void {
  let width = NETWORK
  while (width > LANES && 2 * count <= width) width /= 2
  keys.fill(Number.POSITIVE_INFINITY, count, width)
  items.fill(-1, count, width)
  for (let i = 0; i < count; i++) {
    items[i] = order[from + i]!
    keys[i] = values[items[i]!]!
  }
  for (let size = 2; size <= width; size *= 2) mergeBlocks(width, size)
  order.set(items.subarray(0, count), from)
}

function pivotOf(values: Float64Array, order: Int32Array, left: number, right: number): number {
  const apart = Math.floor((right - left) / LANES)
  const sample = Float64Array.from({ length: LANES }, (_, i) => values[order[left + (i + 1) * apart]!]!)
  return sample.sort()[LANES / 2]!
}

/**
 * Brings values below the pivot to the front of `order[left .. right)`; where the others begin. Values that fill no vectors are
 * parted first; then vectors are taken from whichever side has less room, both ends last.
 */
function part(values: Float64Array, order: Int32Array, left: number, right: number, pivot: number): number {
  const isBelow = (item: number): boolean => values[item]! < pivot
  let [from, to] = [left, right]
  for (let rest = (right - left) % STEP; rest > 0; rest--) {
    if (isBelow(order[from]!)) from++
    else {
      to--
      const held = order[from]!
      order[from] = order[to]!
      order[to] = held
    }
  }
  if (from === to) return from
  let [low, high] = [from, to]
  const put = (vector: Int32Array): void => {
    const above = vector.filter((item) => !isBelow(item))
    for (const item of vector) if (isBelow(item)) order[low++] = item
    high -= above.length
    order.set(above, high)
  }
  const putAll = (vectors: Int32Array): void => {
    for (let i = 0; i < vectors.length; i += LANES) put(vectors.subarray(i, i + LANES))
  }
  const first = order.slice(from, from + STEP)
  const last = order.slice(to - STEP, to)
  from += STEP
  to -= STEP
  while (from !== to) {
    const fromRight = high - to < from - low
    if (fromRight) to -= STEP
    const vectors = order.slice(fromRight ? to : from, (fromRight ? to : from) + STEP)
    if (!fromRight) from += STEP
    putAll(vectors)
  }
  putAll(first)
  putAll(last)
  return low
}

function sort(values: Float64Array, order: Int32Array, left: number, right: number, turns: number): void {
  const count = right + 1 - left
  if (count <= 1) return
  if (count <= NETWORK) {
    network(values, order, left, count)
    return
  }
  if (turns <= 0) {
    // Half of the values may equal the least one: partitions then leave all on one side.
    sortItems(order, left, right + 1, (item) => values[item]!)
    return
  }
  const pivot = pivotOf(values, order, left, right)
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = left; i <= right; i++) {
    const value = values[order[i]!]!
    if (value < least) least = value
    if (value > most) most = value
  }
  const middle = part(values, order, left, right + 1, pivot)
  if (pivot !== least) sort(values, order, left, middle - 1, turns - 1)
  if (pivot !== most) sort(values, order, middle, right, turns - 1)
}

/** Indices of values in ascending order. No NaN. */
export function vectorOrder(values: Float64Array): Int32Array {
  const count = values.length
  const order = Int32Array.from({ length: count }, (_, i) => i)
  if (values.every((value, i) => i === 0 || value >= values[i - 1]!)) return order
  sort(values, order, 0, count - 1, 2 * Math.floor(Math.log2(count)))
  return order
}
