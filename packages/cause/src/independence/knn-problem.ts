/** A nearest-neighbour estimate as plain data, which can be sent to other threads, and what evaluates it. */

/** How rows are changed before distances are taken. */
export type KnnTransform = 'ranks' | 'standardize' | 'uniform' | 'none'

export interface KnnProblem {
  readonly kind: 'knn'
  /** Rows of X, Y and Z, without NaN. */
  readonly rows: readonly Float64Array[]
  /** Role of each row. */
  readonly roles: Uint8Array
  /** Number of neighbours, less than there are samples. */
  readonly neighbours: number
  readonly transform: KnnTransform
  /** Role of the rows that permutations move. */
  readonly moved: number
}

/**
 * Estimates from noise that begins at this state of the stream; with a permutation, the moved rows take their value at t from
 * `permutation[t]`.
 */
export type Estimator = (state: Uint32Array, permutation?: Int32Array) => number

/** Noise that destroys ties, in standard deviations of a row. */
export const NOISE = 1e-6

export const rowsOf = (roles: Uint8Array, role: number): number[] =>
  [...roles.keys()].filter((row) => roles[row] === role)

/** `to[t] = from[permutation[t]]`. */
export function gather(from: Float64Array, permutation: Int32Array, to: Float64Array): Float64Array {
  for (let t = 0; t < permutation.length; t++) to[t] = from[permutation[t]!]!
  return to
}
