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

/**
 * Sorts the library's states around any place. Sorted are the squared distances as bare numbers, which carry the index of
 * their state in their last bits; what these bits have disturbed is mended afterwards.
 */
export function neighbourhood(library: Places): (
  place: Float64Array,
  at: number,
  time: number,
  /** States no further in time than this are left out (the state itself always). */
  radius: number,
) => Neighbours {
  const { dimension, states, times } = library
  const n = times.length
  const squares = new Float64Array(n)
  const keys = new Float64Array(n)
  const words = new Uint32Array(keys.buffer)
  const low = LITTLE_ENDIAN ? 0 : 1
  const mask = 2 ** Math.max(1, Math.ceil(Math.log2(Math.max(2, n)))) - 1
  const out: Neighbours = { states: new Int32Array(n), distances: new Float64Array(n), count: 0 }
  return (place, at, time, radius) => {
    let count = 0
    for (let state = 0; state < n; state++) {
      if (Math.abs(times[state]! - time) <= radius) continue
      let sum = 0
      for (let k = 0; k < dimension; k++) {
        const difference = states[state * dimension + k]! - place[at + k]!
        sum += difference * difference
      }
      squares[state] = sum
      keys[count] = sum
      words[2 * count + low] = ((words[2 * count + low]! & ~mask) | state) >>> 0
      count++
    }
    keys.subarray(0, count).sort()
    const order = out.states
    for (let i = 0; i < count; i++) order[i] = words[2 * i + low]! & mask
    mend(order, squares, times, time, count)
    for (let i = 0; i < count; i++) out.distances[i] = Math.sqrt(squares[order[i]!]!)
    out.count = count
    return out
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
