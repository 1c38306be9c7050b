/**
 * The expression language of fused kernels: what one cell of a cube is, as a tree (shared parts make it a DAG) over
 * cells of inputs. Callbacks of `reduce_dimension`, `apply`, `aggregate_temporal`, `merge_cubes`, masks and band
 * arithmetic become this; it is compiled to WebAssembly, or interpreted (the reference). Values are float64 numbers in
 * meaning; NaN is missing; booleans are 0 and 1.
 *
 * A cell is evaluated at a position: an index for every dimension name in scope. The scope of a node's cell is the
 * node's own dimensions; `reduce`, `at` and `take` change the scope of what is below them.
 */

/**
 * Elementwise processes by their openEO names, see `cells/operations.ts`; and reductions of the arguments themselves,
 * `meanOf` (missing ones ignored) or `meanOf!` (not), of which `quantileOf` has the probability as its first argument.
 */
export type CellOperation = string

/**
 * Reductions over a dimension; `quantile` has `probability`. `count` counts where the cell is true (neither 0 nor
 * missing), `countValid` where it is finite; `variance` and `sd` are of samples (n - 1).
 */
export type Reducer =
  | 'sum'
  | 'mean'
  | 'product'
  | 'min'
  | 'max'
  | 'count'
  | 'countValid'
  | 'variance'
  | 'sd'
  | 'median'
  | 'quantile'
  | 'first'
  | 'last'
  | 'any'
  | 'all'

export type Cell =
  /** The value of input `input` here. Dimensions that the input lacks are broadcast; all it has must be in scope. */
  | { readonly kind: 'input'; readonly input: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'call'; readonly operation: CellOperation; readonly args: readonly Cell[] }
  /** The number of the label in a dimension (seconds since 1970 of temporal ones), as `values` lists it. */
  | { readonly kind: 'label'; readonly dim: string; readonly values: readonly number[] }
  /** `of` with dimension `dim` (which is in scope below, not above) fixed at a label's index. */
  | { readonly kind: 'at'; readonly dim: string; readonly index: number; readonly of: Cell }
  /** `of` at index `indices[i]` of `dim` where the scope has index i of it; missing where `indices[i]` is -1. */
  | { readonly kind: 'take'; readonly dim: string; readonly indices: readonly number[]; readonly of: Cell }
  /**
   * Over all `length` indices of `dim` (in scope below only); or with `groups`, dimension `dim` stays in scope and
   * index g reduces over the indices `groups[g]`.
   */
  | {
      readonly kind: 'reduce'
      readonly reducer: Reducer
      readonly dim: string
      readonly length: number
      readonly groups?: readonly (readonly number[])[]
      /** false: one missing value makes the result missing. Default true. */
      readonly ignoreNodata?: boolean
      /** For `quantile`, in [0, 1]; method of openEO (type 7, linear). */
      readonly probability?: number
      readonly of: Cell
    }
  /** `of` with dimensions of the scope renamed: `names[above] = below`. */
  | { readonly kind: 'rename'; readonly names: Readonly<Record<string, string>>; readonly of: Cell }
