/** Regions of equal value in a raster, as runs of pixels along rows joined by union-find. Knows neither grid nor CRS. */

export type ClassArray = Uint8Array | Uint16Array | Int16Array | Int32Array

/** Horizontal runs of equal pixels; ignored pixels are in no run. */
export interface Runs {
  readonly count: number
  /** First run of every row; one more entry than rows. */
  readonly rows: Int32Array
  /** First column of a run. */
  readonly starts: Int32Array
  /** Column after its last. */
  readonly ends: Int32Array
}

/** An Int32Array that grows. */
export class IntList {
  data = new Int32Array(1 << 12)
  length = 0

  push(value: number): void {
    if (this.length === this.data.length) {
      const larger = new Int32Array(this.data.length * 2)
      larger.set(this.data)
      this.data = larger
    }
    this.data[this.length++] = value
  }
}

/** Splits rows into runs. */
export function findRuns(classes: ClassArray, width: number, height: number, ignore: number | undefined): Runs {
  const starts = new IntList()
  const ends = new IntList()
  const rows = new Int32Array(height + 1)
  for (let row = 0; row < height; row++) {
    rows[row] = starts.length
    const base = row * width
    for (let column = 0; column < width; ) {
      const value = classes[base + column]!
      let end = column + 1
      while (end < width && classes[base + end] === value) end++
      if (value !== ignore) {
        starts.push(column)
        ends.push(end)
      }
      column = end
    }
  }
  rows[height] = starts.length
  return { count: starts.length, rows, starts: starts.data, ends: ends.data }
}

function rootOf(parents: Int32Array, run: number): number {
  let root = run
  while (parents[root] !== root) root = parents[root]!
  // Path compression: later look-ups are one step.
  let at = run
  while (parents[at] !== root) {
    const next = parents[at]!
    parents[at] = root
    at = next
  }
  return root
}

function join(parents: Int32Array, p: number, q: number): void {
  const [a, b] = [rootOf(parents, p), rootOf(parents, q)]
  // The earlier run leads, so that a region's root is its first run in reading order.
  if (a < b) parents[b] = a
  else if (b < a) parents[a] = b
}

/**
 * The region of every run, named by the region's first run. `reach` 0 joins runs that share an edge (4-connected),
 * 1 also those that share a corner (8-connected).
 */
export function joinRuns(classes: ClassArray, width: number, runs: Runs, reach: 0 | 1): Int32Array {
  const parents = Int32Array.from({ length: runs.count }, (_, i) => i)
  for (let row = 1; row + 1 < runs.rows.length; row++) {
    let above = runs.rows[row - 1]!
    const lastAbove = runs.rows[row]!
    for (let run = runs.rows[row]!; run < runs.rows[row + 1]!; run++) {
      const start = runs.starts[run]! - reach
      const end = runs.ends[run]! + reach
      const value = classes[row * width + runs.starts[run]!]
      while (above < lastAbove && runs.ends[above]! <= start) above++
      for (let k = above; k < lastAbove && runs.starts[k]! < end; k++) {
        if (classes[(row - 1) * width + runs.starts[k]!] === value) join(parents, k, run)
      }
    }
  }
  for (let run = 0; run < runs.count; run++) parents[run] = rootOf(parents, run)
  return parents
}

/** Sum over the runs of each region of pixels times their area, kept at the region's name; shape `[runs]`. */
export function regionAreas(runs: Runs, regions: Int32Array, pixelAreas: Float64Array): Float64Array {
  const areas = new Float64Array(runs.count)
  for (let row = 0; row + 1 < runs.rows.length; row++) {
    for (let run = runs.rows[row]!; run < runs.rows[row + 1]!; run++) {
      areas[regions[run]!]! += (runs.ends[run]! - runs.starts[run]!) * pixelAreas[row]!
    }
  }
  return areas
}
