/**
 * Nearest neighbours in the maximum norm by a k-d tree (Maneewongvatana and Mount 1999). Where neighbours are equally far, their
 * order, and who is the last to be taken, follow from how the tree is built and walked, and permutations among neighbours
 * follow from that order; so the tree is built and walked as SciPy's `cKDTree` does, selection included.
 */
import { selectMedian } from './introselect.ts'

const LEAF = 16

/** Node i splits `dim[i]` (-1: a leaf) at `split[i]`, its points are `indices[start[i] .. end[i])`. */
interface Tree {
  readonly points: Float64Array
  readonly width: number
  readonly indices: Int32Array
  readonly dim: number[]
  readonly split: number[]
  readonly start: number[]
  readonly end: number[]
  readonly less: number[]
  readonly greater: number[]
}

/** Indices with values below the pivot come first; how many there are, counted from the beginning of `indices`. */
function partition(tree: Tree, from: number, to: number, dim: number, pivot: number): number {
  const { points, width, indices } = tree
  const below = (i: number): boolean => points[indices[i]! * width + dim]! < pivot
  let [first, last] = [from, to]
  for (;;) {
    while (first < last && below(first)) first++
    if (first === last) return first
    last--
    while (first < last && !below(last)) last--
    if (first === last) return first
    const held = indices[first]!
    indices[first] = indices[last]!
    indices[last] = held
    first++
  }
}

function bounds(tree: Tree, from: number, to: number): readonly [lows: Float64Array, highs: Float64Array] {
  const { points, width, indices } = tree
  const lows = new Float64Array(width).fill(Number.POSITIVE_INFINITY)
  const highs = new Float64Array(width).fill(Number.NEGATIVE_INFINITY)
  for (let i = from; i < to; i++)
    for (let d = 0; d < width; d++) {
      const value = points[indices[i]! * width + d]!
      if (value < lows[d]!) lows[d] = value
      if (value > highs[d]!) highs[d] = value
    }
  return [lows, highs]
}

/** Where the points are parted: below the median of the widest dimension, or above it where it is the least value. */
function cut(tree: Tree, from: number, to: number, dim: number): readonly [at: number, split: number] {
  const { points, width, indices } = tree
  const value = (index: number): number => points[index * width + dim]!
  const middle = from + Math.floor((to - from) / 2)
  selectMedian(indices, from, middle, to, value)
  const median = value(indices[middle]!)
  const at = partition(tree, from, middle, dim, median)
  if (at > from) return [at, median]
  const split = nextAfter(median)
  return [partition(tree, from, to, dim, split), split]
}

const bits = new BigInt64Array(1)
const float = new Float64Array(bits.buffer)

/** The next larger number. */
function nextAfter(value: number): number {
  if (value === 0) return Number.MIN_VALUE
  float[0] = value
  bits[0] = bits[0]! + (value > 0 ? 1n : -1n)
  return float[0]
}

function grow(tree: Tree, from: number, to: number): number {
  const node = tree.dim.push(-1) - 1
  for (const list of [tree.split, tree.less, tree.greater]) list.push(0)
  tree.start.push(from)
  tree.end.push(to)
  if (to - from <= LEAF) return node
  const [lows, highs] = bounds(tree, from, to)
  let [dim, size] = [0, 0]
  for (let d = 0; d < tree.width; d++)
    if (highs[d]! - lows[d]! > size) {
      dim = d
      size = highs[d]! - lows[d]!
    }
  if (size === 0) return node
  const [at, split] = cut(tree, from, to, dim)
  tree.dim[node] = dim
  tree.split[node] = split
  tree.less[node] = grow(tree, from, at)
  tree.greater[node] = grow(tree, at, to)
  return node
}

function build(points: Float64Array, width: number): Tree {
  const count = points.length / width
  const indices = Int32Array.from({ length: count }, (_, i) => i)
  const tree: Tree = { points, width, indices, dim: [], split: [], start: [], end: [], less: [], greater: [] }
  grow(tree, 0, count)
  return tree
}

/** A binary heap, the least priority first. Ties keep the places that sifting gives them. */
class Heap<T> {
  readonly #items: { readonly priority: number; readonly value: T }[] = []

  get size(): number {
    return this.#items.length
  }

  get least(): number {
    return this.#items[0]!.priority
  }

  push(priority: number, value: T): void {
    const items = this.#items
    let i = items.push({ priority, value }) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      if (!(items[i]!.priority < items[up]!.priority)) break
      const held = items[up]!
      items[up] = items[i]!
      items[i] = held
      i = up
    }
  }

  pop(): { readonly priority: number; readonly value: T } {
    const items = this.#items
    const first = items[0]!
    const last = items.pop()!
    if (items.length === 0) return first
    items[0] = last
    for (let i = 0; ; ) {
      let next = 2 * i + 1
      if (next >= items.length) break
      if (next + 1 < items.length && items[next]!.priority > items[next + 1]!.priority) next++
      if (!(items[i]!.priority > items[next]!.priority)) break
      const held = items[next]!
      items[next] = items[i]!
      items[i] = held
      i = next
    }
    return first
  }
}

interface Visit {
  readonly node: number
  /** Least distance of the cell's points; of max-norm, so that sides need not be kept. */
  readonly distance: number
}

function nearest(tree: Tree, query: number, k: number, bound: number): Heap<number> {
  const { points, width, indices } = tree
  const base = query * width
  const found = new Heap<number>()
  const waiting = new Heap<Visit>()
  let limit = bound
  let visit: Visit = { node: 0, distance: 0 }
  for (;;) {
    const { node, distance } = visit
    const dim = tree.dim[node]!
    if (dim < 0) {
      for (let i = tree.start[node]!; i < tree.end[node]!; i++) {
        const other = indices[i]! * width
        let far = 0
        for (let d = 0; d < width; d++) {
          const apart = Math.abs(points[other + d]! - points[base + d]!)
          if (apart > far) far = apart
        }
        if (!(far < limit)) continue
        if (found.size === k) found.pop()
        found.push(-far, indices[i]!)
        if (found.size === k) limit = -found.least
      }
      if (waiting.size === 0) return found
      visit = waiting.pop().value
      continue
    }
    if (distance > limit) return found
    const side = points[base + dim]! - tree.split[node]!
    const [near, far] = side < 0 ? [tree.less[node]!, tree.greater[node]!] : [tree.greater[node]!, tree.less[node]!]
    const away = Math.max(distance, Math.abs(side))
    visit = { node: near, distance }
    if (away <= limit) waiting.push(away, { node: far, distance: away })
  }
}

/**
 * The `k` nearest neighbours of each point, itself included, nearest first: k indices a point. `rows`: coordinates, one array
 * each. Points at `bound` or farther are not taken; -1 stands where there are too few.
 */
export function nearestNeighbours(
  rows: readonly Float64Array[],
  k: number,
  bound: number = Number.POSITIVE_INFINITY,
): Int32Array {
  const width = rows.length
  const count = rows[0]!.length
  const points = new Float64Array(count * width)
  for (const [d, row] of rows.entries()) for (let t = 0; t < count; t++) points[t * width + d] = row[t]!
  const tree = build(points, width)
  const out = new Int32Array(count * k).fill(-1)
  for (let t = 0; t < count; t++) {
    const found = nearest(tree, t, k, bound)
    for (let i = found.size - 1; i >= 0; i--) out[t * k + i] = found.pop().value
  }
  return out
}
