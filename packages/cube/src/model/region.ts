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

export function sameRegion(a: Region, b: Region): boolean {
  return a.start.every((start, d) => start === b.start[d] && a.shape[d] === b.shape[d])
}

/** Writing of a region for messages and keys: `0:4,128:256`. */
export function regionText(region: Region): string {
  return region.start.map((start, d) => `${start}:${start + region.shape[d]!}`).join(',')
}

/** The cells that both have; undefined where there are none. */
export function intersectRegions(a: Region, b: Region): Region | undefined {
  const start: number[] = []
  const shape: number[] = []
  for (let d = 0; d < a.start.length; d++) {
    const from = Math.max(a.start[d]!, b.start[d]!)
    const to = Math.min(a.start[d]! + a.shape[d]!, b.start[d]! + b.shape[d]!)
    if (to <= from) return undefined
    start.push(from)
    shape.push(to - from)
  }
  return { start, shape }
}

/** The least box that holds both. */
export function coverRegions(a: Region, b: Region): Region {
  const start = a.start.map((from, d) => Math.min(from, b.start[d]!))
  const shape = start.map((from, d) => Math.max(a.start[d]! + a.shape[d]!, b.start[d]! + b.shape[d]!) - from)
  return { start, shape }
}

export function containsRegion(outer: Region, inner: Region): boolean {
  return inner.start.every(
    (from, d) => from >= outer.start[d]! && from + inner.shape[d]! <= outer.start[d]! + outer.shape[d]!,
  )
}

/** The same cells counted from the first cell of `origin`. */
export function regionWithin(region: Region, origin: Region): Region {
  return { start: region.start.map((from, d) => from - origin.start[d]!), shape: region.shape }
}

/** The least region on whole chunks that holds `region`, cut at the cube's edge. */
export function alignRegion(region: Region, chunks: readonly number[], shape: readonly number[]): Region {
  const start = region.start.map((from, d) => Math.floor(from / chunks[d]!) * chunks[d]!)
  return {
    start,
    shape: start.map((from, d) => {
      const end = region.start[d]! + region.shape[d]!
      return Math.min(Math.ceil(end / chunks[d]!) * chunks[d]!, shape[d]!) - from
    }),
  }
}

/** How many chunks a region touches. Nothing for an empty region. */
export function chunkCount(region: Region, chunks: readonly number[]): number {
  let count = 1
  for (let d = 0; d < chunks.length; d++) {
    const [from, length] = [region.start[d]!, region.shape[d]!]
    if (length === 0) return 0
    count *= Math.floor((from + length - 1) / chunks[d]!) - Math.floor(from / chunks[d]!) + 1
  }
  return count
}

/**
 * A region cut at the multiples of `chunks` (counted from the cube's first cell), in row-major order. Cut at chunk
 * borders only: the pieces at the region's edges may be smaller. Nothing for an empty region.
 */
export function* splitRegion(region: Region, chunks: readonly number[]): Generator<Region> {
  const rank = chunks.length
  if (region.shape.some((length) => length === 0)) return
  const first = region.start.map((from, d) => Math.floor(from / chunks[d]!))
  const last = region.start.map((from, d) => Math.floor((from + region.shape[d]! - 1) / chunks[d]!))
  const at = [...first]
  for (;;) {
    const start = at.map((index, d) => Math.max(index * chunks[d]!, region.start[d]!))
    yield {
      start,
      shape: start.map((from, d) => Math.min((at[d]! + 1) * chunks[d]!, region.start[d]! + region.shape[d]!) - from),
    }
    let d = rank - 1
    for (; d >= 0; d--) {
      at[d]!++
      if (at[d]! <= last[d]!) break
      at[d] = first[d]!
    }
    if (d < 0) return
  }
}
