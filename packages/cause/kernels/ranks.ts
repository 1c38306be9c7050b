// Neighbours of ranks in the maximum norm, by brute force: for each point the distance to its k-th nearest, and how many points
// lie nearer than that in subspaces. Ranks have 16 bits, are all distinct, and sorted by the first row. Pointers are byte
// addresses; rows lie one after the other, those of Z first, then X, then Y, `rowBytes` each.
export { addNoise, advance, loadState, saveState } from './pcg64'

/** Points of a step of the loops: four vectors of eight. */
const STEP: i32 = 32
/** Farther than any rank. */
const FAR: i16 = 0x7fff

// ---- Order --------------------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function at(order: usize, i: i32): u32 {
  return load<u32>(order + (<usize>i << 2))
}

// @ts-ignore: decorator
@inline
function keyOf(keys: usize, index: u32): f64 {
  return load<f64>(keys + (<usize>index << 3))
}

function merge(keys: usize, order: usize, scratch: usize, low: i32, middle: i32, high: i32): void {
  memory.copy(scratch, order + (<usize>low << 2), <usize>(middle - low) << 2)
  let i = 0
  let j = middle
  let to = low
  const left = middle - low
  while (i < left && j < high) {
    const a = at(scratch, i)
    const b = at(order, j)
    if (keyOf(keys, b) < keyOf(keys, a)) {
      store<u32>(order + (<usize>to << 2), b)
      j++
    } else {
      store<u32>(order + (<usize>to << 2), a)
      i++
    }
    to++
  }
  memory.copy(order + (<usize>to << 2), scratch + (<usize>i << 2), <usize>(left - i) << 2)
}

/** Sorts indices by their keys, stable; costs little where they are nearly in order already. */
export function sortOrder(keys: usize, order: usize, scratch: usize, count: i32): void {
  const block = 8
  for (let start = 0; start < count; start += block) {
    const end = min(start + block, count)
    for (let i = start + 1; i < end; i++) {
      const index = at(order, i)
      const key = keyOf(keys, index)
      let j = i - 1
      while (j >= start && key < keyOf(keys, at(order, j))) {
        store<u32>(order + (<usize>(j + 1) << 2), at(order, j))
        j--
      }
      store<u32>(order + (<usize>(j + 1) << 2), index)
    }
  }
  for (let width = block; width < count; width <<= 1) {
    for (let low = 0; low + width < count; low += width << 1) {
      const middle = low + width
      if (keyOf(keys, at(order, middle)) >= keyOf(keys, at(order, middle - 1))) continue
      merge(keys, order, scratch, low, middle, min(middle + width, count))
    }
  }
}

/** Ranks by place: `rank[order[i]] = i`, then `to[p] = rank[places[p]]` as 16 bits. */
export function placeRanks(order: usize, places: usize, scratch: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<u16>(scratch + (<usize>at(order, i) << 1), <u16>i)
  for (let p = 0; p < count; p++)
    store<u16>(to + (<usize>p << 1), load<u16>(scratch + (<usize>at(places, p) << 1)))
}

// ---- Neighbours ---------------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function apart(row: usize, query: v128, so: v128): v128 {
  return i16x8.max_s(so, i16x8.abs(i16x8.sub(v128.load(row), query)))
}

// @ts-ignore: decorator
@inline
function store4(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(to, a)
  v128.store(to, b, 16)
  v128.store(to, c, 32)
  v128.store(to, d, 48)
}

let zRows: i32 = 0
let xRows: i32 = 0
let yRows: i32 = 0
let rowsAt: usize = 0
let rowBytes: usize = 0
let queryAt: usize = 0
let jointAt: usize = 0
let xzAt: usize = 0
let yzAt: usize = 0
let zAt: usize = 0

/** Distances of the points [from, to) to the query, in the joint space and (where asked) in its subspaces. */
function distances16(from: i32, to: i32): void {
  for (let p = from; p < to; p += STEP) {
    const offset = <usize>p << 1
    let row = rowsAt + offset
    let query = queryAt
    let z0 = i16x8.splat(0)
    let z1 = z0
    let z2 = z0
    let z3 = z0
    for (let r = 0; r < zRows; r++) {
      const q = v128.load(query)
      z0 = apart(row, q, z0)
      z1 = apart(row + 16, q, z1)
      z2 = apart(row + 32, q, z2)
      z3 = apart(row + 48, q, z3)
      row += rowBytes
      query += 16
    }
    if (zAt != 0) store4(zAt + offset, z0, z1, z2, z3)
    let x0 = z0
    let x1 = z1
    let x2 = z2
    let x3 = z3
    for (let r = 0; r < xRows; r++) {
      const q = v128.load(query)
      x0 = apart(row, q, x0)
      x1 = apart(row + 16, q, x1)
      x2 = apart(row + 32, q, x2)
      x3 = apart(row + 48, q, x3)
      row += rowBytes
      query += 16
    }
    if (xzAt != 0) store4(xzAt + offset, x0, x1, x2, x3)
    for (let r = 0; r < yRows; r++) {
      const q = v128.load(query)
      z0 = apart(row, q, z0)
      z1 = apart(row + 16, q, z1)
      z2 = apart(row + 32, q, z2)
      z3 = apart(row + 48, q, z3)
      row += rowBytes
      query += 16
    }
    if (yzAt != 0) store4(yzAt + offset, z0, z1, z2, z3)
    store4(
      jointAt + offset,
      i16x8.max_s(x0, z0),
      i16x8.max_s(x1, z1),
      i16x8.max_s(x2, z2),
      i16x8.max_s(x3, z3),
    )
  }
}

// @ts-ignore: decorator
@inline
function sumLanes(counts: v128): i32 {
  const pairs = i32x4.extadd_pairwise_i16x8_s(counts)
  return (
    i32x4.extract_lane(pairs, 0) +
    i32x4.extract_lane(pairs, 1) +
    i32x4.extract_lane(pairs, 2) +
    i32x4.extract_lane(pairs, 3)
  )
}

/** How many of the points [from, to) are nearer than `distance`. */
function nearer16(at: usize, from: i32, to: i32, distance: i16): i32 {
  const limit = i16x8.splat(distance)
  let a = i16x8.splat(0)
  let b = a
  let c = a
  let d = a
  const end = at + (<usize>to << 1)
  for (let point = at + (<usize>from << 1); point < end; point += 64) {
    a = i16x8.sub(a, i16x8.gt_s(limit, v128.load(point)))
    b = i16x8.sub(b, i16x8.gt_s(limit, v128.load(point, 16)))
    c = i16x8.sub(c, i16x8.gt_s(limit, v128.load(point, 32)))
    d = i16x8.sub(d, i16x8.gt_s(limit, v128.load(point, 48)))
  }
  return sumLanes(a) + sumLanes(b) + sumLanes(c) + sumLanes(d)
}

/** The least distance within which (itself included) `wanted` points lie; `reach` is one, with `found` points. */
function search16(from: i32, to: i32, wanted: i32, guess: i32, reach: i32, found: i32): i32 {
  let low = 0
  let lowCount = 1
  let high = reach
  let highCount = found
  // Counts grow with some power of the distance; a guess that was good for the point before is as good as any.
  let next = guess
  let turn = 0
  while (high - low > 1) {
    if (next <= low) next = low + 1
    if (next >= high) next = high - 1
    const count = nearer16(jointAt, from, to, <i16>(next + 1))
    if (count >= wanted) {
      high = next
      highCount = count
    } else {
      low = next
      lowCount = count
    }
    turn++
    if (turn > 5) next = (low + high) >> 1
    else {
      const share = (<f64>(wanted - lowCount) - 0.5) / <f64>(highCount - lowCount)
      next = low + <i32>(share * <f64>(high - low) + 0.5)
    }
  }
  return high
}

/** Ranks nearer than `distance` to a rank, among `count`. */
// @ts-ignore: decorator
@inline
function ranksNear(rank: i32, distance: i32, count: i32): i32 {
  return min(count - 1, rank + distance - 1) - max(0, rank - distance + 1) + 1
}

// @ts-ignore: decorator
@inline
function rankOf(row: i32, point: i32): i32 {
  return load<u16>(rowsAt + <usize>row * rowBytes + (<usize>point << 1))
}

// @ts-ignore: decorator
@inline
function put(to: usize, index: u32, value: i32): void {
  store<i32>(to + (<usize>index << 2), value)
}

function blank(at: usize, from: i32, to: i32): void {
  if (at == 0) return
  for (let p = from; p < to; p++) store<i16>(at + (<usize>p << 1), FAR)
}

/**
 * Counts of points nearer than the k-th neighbour of the joint space, in XZ, YZ and Z, at `counts` (three arrays of int32,
 * by `places`: the index of each point). The first row holds 0, 1, 2, ...; rows have room for a multiple of 32 points.
 * `buffers`: five times `bytes`.
 */
export function countRanks(
  count: i32,
  z: i32,
  x: i32,
  y: i32,
  rows: usize,
  bytes: usize,
  k: i32,
  places: usize,
  counts: usize,
  buffers: usize,
): void {
  zRows = z
  xRows = x
  yRows = y
  rowsAt = rows
  rowBytes = bytes
  jointAt = buffers
  queryAt = buffers + 4 * bytes
  // A space of one row needs no counting: its ranks are all there.
  zAt = z > 1 ? buffers + bytes : 0
  xzAt = z + x > 1 ? buffers + 2 * bytes : 0
  yzAt = z + y > 1 ? buffers + 3 * bytes : 0
  const everywhere = z == 0 && y > 1
  const total = z + x + y
  const wanted = k + 1
  const yz = counts + (<usize>count << 2)
  const zz = yz + (<usize>count << 2)
  let guess = max(1, min(count - 1, k))
  for (let p = 0; p < count; p++) {
    for (let r = 0; r < total; r++) v128.store(queryAt + (<usize>r << 4), i16x8.splat(<i16>rankOf(r, p)))
    let reach = everywhere ? count : guess + (guess >> 2) + 4
    let from = 0
    let to = 0
    let found = 0
    for (;;) {
      if (reach > count) reach = count
      from = max(0, p - reach) & ~(STEP - 1)
      const end = min(count, p + reach + 1)
      to = (end + STEP - 1) & ~(STEP - 1)
      distances16(from, to)
      if (to > count) {
        blank(jointAt, count, to)
        blank(xzAt, count, to)
        blank(yzAt, count, to)
        blank(zAt, count, to)
      }
      found = nearer16(jointAt, from, to, <i16>min(reach + 1, 0x7fff))
      if (found >= wanted || reach >= count) break
      reach <<= 1
    }
    const distance = search16(from, to, wanted, guess, reach, found)
    guess = distance
    if (!everywhere) {
      from = max(0, p - distance) & ~(STEP - 1)
      to = (min(count, p + distance + 1) + STEP - 1) & ~(STEP - 1)
    }
    const index = at(places, p)
    const e = <i16>distance
    put(counts, index, xzAt != 0 ? nearer16(xzAt, from, to, e) : ranksNear(rankOf(z, p), distance, count))
    put(yz, index, yzAt != 0 ? nearer16(yzAt, from, to, e) : ranksNear(rankOf(z + x, p), distance, count))
    if (z > 0) put(zz, index, zAt != 0 ? nearer16(zAt, from, to, e) : ranksNear(p, distance, count))
    else put(zz, index, count)
  }
}
