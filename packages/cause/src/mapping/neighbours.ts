/** All neighbours of a state by distance: brute force and one sort, from which every library takes what it holds. */

export interface Neighbours {
  /** States in ascending order of distance; equally near: the nearer in time first, then the earlier. */
  readonly states: Int32Array
  /** Euclidean. */
  readonly distances: Float64Array
  /** How many of these arrays are in use. */
  count: number
}

export interface Places {
  readonly dimension: number
  /** `[state * dimension + coordinate]`. */
  readonly states: Float64Array
  /** Clock time of each state. */
  readonly times: Float64Array
}

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/** The neighbours of a place; the arrays are used again by the next call. */
export type Neighbourhood = (
  place: Float64Array,
  at: number,
  time: number,
  /** States no further in time than this are left out (the state itself always). */
  radius: number,
) => Neighbours

/** Up to this many neighbours are picked one by one instead of sorting all. */
const FEW = 32

/**
 * All neighbours, or the `most` nearest ones. Where there are no more than `most` of them anyway and `most` is not small,
 * they come in any order.
 */
export function neighbourhood(library: Places, most = Number.POSITIVE_INFINITY): Neighbourhood {
  const n = library.times.length
  const squares = new Float64Array(n)
  const found: Neighbours = { states: new Int32Array(n), distances: new Float64Array(n), count: 0 }
  const sort = sorter(n)
  return (place, at, time, radius) => {
    const count = within(library, place, at, time, radius, squares, found.states)
    found.count = Math.min(count, most)
    if (most <= FEW) pick(found.states, squares, library.times, time, count, most)
    else if (count > most || most === Number.POSITIVE_INFINITY) {
      sort(found.states, squares, count)
      mend(found.states, squares, library.times, time, count)
    }
    for (let i = 0; i < found.count; i++) found.distances[i] = Math.sqrt(squares[found.states[i]!]!)
    return found
  }
}

/** Squared distances (by state), and the states that count. */
function within(
  { dimension, states, times }: Places,
  place: Float64Array,
  at: number,
  time: number,
  radius: number,
  squares: Float64Array,
  found: Int32Array,
): number {
  let count = 0
  for (let state = 0; state < times.length; state++) {
    if (Math.abs(times[state]! - time) <= radius) continue
    let sum = 0
    for (let k = 0; k < dimension; k++) {
      const difference = states[state * dimension + k]! - place[at + k]!
      sum += difference * difference
    }
    squares[state] = sum
    found[count++] = state
  }
  return count
}

/**
 * Sorts states by squared distance as bare numbers, which carry the index of their state in their last bits; what these
 * bits disturb has to be mended afterwards.
 */
function sorter(n: number): (states: Int32Array, squares: Float64Array, count: number) => void {
  const keys = new Float64Array(n)
  const words = new Uint32Array(keys.buffer)
  const low = LITTLE_ENDIAN ? 0 : 1
  const mask = 2 ** Math.max(1, Math.ceil(Math.log2(Math.max(2, n)))) - 1
  return (states, squares, count) => {
    for (let i = 0; i < count; i++) {
      const state = states[i]!
      keys[i] = squares[state]!
      words[2 * i + low] = ((words[2 * i + low]! & ~mask) | state) >>> 0
    }
    keys.subarray(0, count).sort()
    for (let i = 0; i < count; i++) states[i] = words[2 * i + low]! & mask
  }
}

/** Moves the nearest to the front, in order: each state is inserted among the few nearest so far. */
function pick(
  states: Int32Array,
  squares: Float64Array,
  times: Float64Array,
  time: number,
  count: number,
  most: number,
): void {
  let kept = 0
  for (let i = 0; i < count; i++) {
    const state = states[i]!
    const square = squares[state]!
    if (kept === most && !after(states[most - 1]!, state, squares[states[most - 1]!]!, square, times, time)) continue
    let j = Math.min(kept, most - 1) - 1
    while (j >= 0 && after(states[j]!, state, squares[states[j]!]!, square, times, time)) {
      states[j + 1] = states[j]!
      j--
    }
    states[j + 1] = state
    if (kept < most) kept++
  }
}

/** Insertion sort of what is all but sorted. */
function mend(order: Int32Array, squares: Float64Array, times: Float64Array, time: number, count: number): void {
  for (let i = 1; i < count; i++) {
    const state = order[i]!
    const square = squares[state]!
    let j = i - 1
    while (j >= 0 && after(order[j]!, state, squares[order[j]!]!, square, times, time)) {
      order[j + 1] = order[j]!
      j--
    }
    order[j + 1] = state
  }
}

function after(a: number, b: number, squareA: number, squareB: number, times: Float64Array, time: number): boolean {
  if (squareA !== squareB) return squareA > squareB
  const [far, near] = [Math.abs(times[a]! - time), Math.abs(times[b]! - time)]
  return far === near ? a > b : far > near
}
