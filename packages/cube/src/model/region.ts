/** Boxes of cells in a cube, one extent per dimension. What planner, executors, sources and sinks speak of. */

/** Cells `start` to `start + shape`, per dimension, in the cube's own order of dimensions. Always inside the cube. */
export interface Region {
  readonly start: readonly number[]
  readonly shape: readonly number[]
}

/** The number of cells. */
export function cellCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** The region that covers a whole cube of this shape. */
export function wholeRegion(shape: readonly number[]): Region {
  return { start: shape.map(() => 0), shape: [...shape] }
}

/** Steps between neighbours along each dimension of a row-major array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step
    step *= shape[d]!
  }
  return strides
}
