/** The pixels of zones as runs along rows. */
import type { Window } from '../../types.ts'
import { burn, type Placed } from './coverage.ts'

/** Runs of pixels: row, first column, length, one after the other. */
export type Runs = Int32Array

/** The runs of pixels that a placed geometry owns. */
export function runsOf(placed: Placed, zone: number): Runs {
  const window = placed.windows[zone]!
  const owned = burn(placed.geometries.features[zone]!.geometry, placed, window)
  const runs: number[] = []
  for (let row = 0; row < window.height; row++) {
    for (let column = 0; column < window.width; column++) {
      if (owned[row * window.width + column] === 0) continue
      const start = column
      while (column < window.width && owned[row * window.width + column] !== 0) column++
      runs.push(window.row + row, window.column + start, column - start)
    }
  }
  return Int32Array.from(runs)
}

/** Runs inside a block, as the first and the end of their cells within a plane. */
export interface HeldRuns {
  readonly cells: readonly number[]
  readonly ends: readonly number[]
  readonly step: number
}

export function within(runs: Runs, held: Window, stepX: number, stepY: number): HeldRuns {
  const [cells, ends]: [number[], number[]] = [[], []]
  const [right, bottom] = [held.column + held.width, held.row + held.height]
  for (let r = 0; r < runs.length; r += 3) {
    const row = runs[r]!
    // Runs come in the order of rows.
    if (row >= bottom) break
    const column = Math.max(held.column, runs[r + 1]!)
    const end = Math.min(right, runs[r + 1]! + runs[r + 2]!)
    if (row < held.row || column >= end) continue
    const first = (row - held.row) * stepY + (column - held.column) * stepX
    // Whole rows follow one another.
    if (first === ends.at(-1)) ends.pop()
    else cells.push(first)
    ends.push((row - held.row) * stepY + (end - held.column) * stepX)
  }
  return { cells, ends, step: stepX }
}
