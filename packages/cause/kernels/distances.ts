// Neighbours in the maximum norm in float64, by brute force: for each point the distance to its k-th nearest, and how many
// points lie within it in subspaces. Pointers are byte addresses; rows lie one after the other, those of Z first, then X, then
// Y, `rowBytes` each.
export { addNoise, advance, loadState, saveState } from './pcg64'

let zRows: i32 = 0
let xRows: i32 = 0
let yRows: i32 = 0
let rowsAt: usize = 0
let rowBytes: usize = 0
let jointAt: usize = 0
let xzAt: usize = 0
let yzAt: usize = 0
let zAt: usize = 0

// @ts-ignore: decorator
@inline
function put(to: usize, index: u32, value: i32): void {
  store<i32>(to + (<usize>index << 2), value)
}

/** Distances of all points to one: per row the smaller of the absolute difference and the row's limit. */
function distances64(count: i32, point: i32, limits: usize): void {
  const own = <usize>point << 3
  for (let p = 0; p < count; p += 2) {
    const offset = <usize>p << 3
    let row = rowsAt
    let limit = limits
    let z = f64x2.splat(0)
    for (let r = 0; r < zRows; r++) {
      z = f64x2.pmax(z, apart64(row, offset, own, limit))
      row += rowBytes
      limit += 8
    }
    let xz = z
    let yz = z
    for (let r = 0; r < xRows; r++) {
      xz = f64x2.pmax(xz, apart64(row, offset, own, limit))
      row += rowBytes
      limit += 8
    }
    for (let r = 0; r < yRows; r++) {
      yz = f64x2.pmax(yz, apart64(row, offset, own, limit))
      row += rowBytes
      limit += 8
    }
    v128.store(zAt + offset, z)
    v128.store(xzAt + offset, xz)
    v128.store(yzAt + offset, yz)
    v128.store(jointAt + offset, f64x2.pmax(xz, yz))
  }
}

// @ts-ignore: decorator
@inline
function apart64(row: usize, offset: usize, own: usize, limit: usize): v128 {
  const distance = f64x2.abs(f64x2.sub(v128.load(row + offset), v128.load64_splat(row + own)))
  return f64x2.pmin(distance, v128.load64_splat(limit))
}

/** How many of `count` distances are at most `distance`. */
export function within64(at: usize, count: i32, distance: f64): i32 {
  const limit = f64x2.splat(distance)
  let a = i64x2.splat(0)
  let b = a
  const whole = count & ~3
  for (let i = 0; i < whole; i += 4) {
    const point = at + (<usize>i << 3)
    a = i64x2.sub(a, f64x2.le(v128.load(point), limit))
    b = i64x2.sub(b, f64x2.le(v128.load(point, 16), limit))
  }
  const both = i64x2.add(a, b)
  let total = <i32>i64x2.extract_lane(both, 0) + <i32>i64x2.extract_lane(both, 1)
  for (let i = whole; i < count; i++) total += <i32>(load<f64>(at + (<usize>i << 3)) <= distance)
  return total
}

/** At most so many candidates are sorted one by one. */
const FEW: i32 = 24

/** The `wanted`-th smallest (1: the smallest) of `count` distances; `candidates`: room for some of them. */
export function smallest64(at: usize, count: i32, wanted: i32, candidates: usize): f64 {
  let low = -1.0
  let lowCount = 0
  let high = 0.0
  for (let i = 0; i < count; i++) high = max(high, load<f64>(at + (<usize>i << 3)))
  let highCount = count
  let turn = 0
  while (highCount - lowCount > FEW) {
    const share = turn & 1 ? 0.5 : <f64>(wanted - lowCount) / <f64>(highCount - lowCount)
    let next = low + (high - low) * share
    if (next <= low || next >= high) next = low + (high - low) * 0.5
    // No number lies between: all that remain are equal.
    if (next <= low || next >= high) return high
    const inside = within64(at, count, next)
    if (inside >= wanted) {
      high = next
      highCount = inside
    } else {
      low = next
      lowCount = inside
    }
    turn++
  }
  let kept = 0
  for (let i = 0; i < count; i++) {
    const distance = load<f64>(at + (<usize>i << 3))
    if (distance <= low || distance > high) continue
    let j = kept - 1
    while (j >= 0 && load<f64>(candidates + (<usize>j << 3)) > distance) {
      store<f64>(candidates + (<usize>(j + 1) << 3), load<f64>(candidates + (<usize>j << 3)))
      j--
    }
    store<f64>(candidates + (<usize>(j + 1) << 3), distance)
    kept++
  }
  return load<f64>(candidates + (<usize>(wanted - lowCount - 1) << 3))
}

/** Distance of each point to its k-th neighbour among `count`, in a space of `dims` rows. */
export function kthDistances(
  count: i32,
  dims: i32,
  rows: usize,
  bytes: usize,
  limits: usize,
  k: i32,
  to: usize,
  buffers: usize,
): void {
  zRows = dims
  xRows = 0
  yRows = 0
  rowsAt = rows
  rowBytes = bytes
  jointAt = buffers
  xzAt = buffers + bytes
  yzAt = buffers + 2 * bytes
  zAt = buffers + 3 * bytes
  for (let p = 0; p < count; p++) {
    distances64(count, p, limits)
    store<f64>(to + (<usize>p << 3), smallest64(jointAt, count, k + 1, buffers + 4 * bytes))
  }
}

/**
 * Counts (int32: joint, XZ, YZ, Z, `count` each) of points within the distance of the k-th neighbour times `shrink`. Points
 * at `bound` or farther are no neighbours: where fewer than k remain, the distance is of the neighbour at `share` of them
 * (at least the first; infinite where there is none), or with a share of 0 of the last of them. Returns 0, or where a share
 * above 1 asks for more than there are, how many there are.
 */
export function countDistances(
  count: i32,
  z: i32,
  x: i32,
  y: i32,
  rows: usize,
  bytes: usize,
  limits: usize,
  k: i32,
  shrink: f64,
  bound: f64,
  share: f64,
  counts: usize,
  buffers: usize,
): i32 {
  zRows = z
  xRows = x
  yRows = y
  rowsAt = rows
  rowBytes = bytes
  jointAt = buffers
  xzAt = buffers + bytes
  yzAt = buffers + 2 * bytes
  zAt = buffers + 3 * bytes
  const candidates = buffers + 4 * bytes
  const size = <usize>count << 2
  for (let p = 0; p < count; p++) {
    distances64(count, p, limits)
    let order = k
    if (bound < Infinity) {
      const last = within64(jointAt, count, bound * (1.0 - 1e-15)) - 1
      if (last < k) {
        order = share == 0.0 ? last : max(<i32>(<f64>last * share), 1)
        if (order > last && last > 1) return last + 1
        if (order > last) order = -1
      }
    }
    const distance = order < 0 ? Infinity : smallest64(jointAt, count, order + 1, candidates) * shrink
    const index = <u32>p
    put(counts, index, within64(jointAt, count, distance))
    put(counts + size, index, within64(xzAt, count, distance))
    put(counts + 2 * size, index, within64(yzAt, count, distance))
    put(counts + 3 * size, index, z > 0 ? within64(zAt, count, distance) : count)
  }
  return 0
}
