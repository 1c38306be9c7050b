/** Attributes of gathering, scattering, sorting and running sums. Indices are int32 in [0, extent). */

export interface IndexingAttributes {
  /** x, indices: `numpy.take`; shape `x[:axis] + indices + x[axis + 1:]`. x of any dtype. */
  readonly gather: { readonly axis: number }
  /** updates, indices: zeros whose `axis` has `extent`, with the updates added; the adjoint of `gather`. */
  readonly scatterSum: { readonly axis: number; readonly extent: number }
  /** x, indices: `numpy.take_along_axis`; shape of the indices, which may differ from x along `axis` only. */
  readonly gatherElements: { readonly axis: number }
  /** updates, indices: the adjoint of `gatherElements`. */
  readonly scatterSumElements: { readonly axis: number; readonly extent: number }
  /** The places of the k largest (or smallest) along an axis, best first, ties by place. int32. */
  readonly argTopK: { readonly axis: number; readonly k: number; readonly largest: boolean }
  /** Running sum. `exclusive` leaves out the element itself, `reverse` runs from the end. */
  readonly cumsum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean }
}

export type IndexingPrimitive = keyof IndexingAttributes
