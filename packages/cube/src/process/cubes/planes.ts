/** Planes of x and y within blocks of any dimensions, whatever their order. */
import type { Region } from '../../model/region.ts'
import { stridesOf } from '../../model/region.ts'
import { offsets } from './along.ts'

/** Offsets of every plane in an input block and an output block, of the dimensions other than x and y. */
export function planeOffsets(
  x: number,
  y: number,
  from: Region,
  to: Region,
): Generator<readonly [input: number, output: number]> {
  const shared = to.shape.flatMap((_, d): (readonly [number, number])[] => (d === x || d === y ? [] : [[d, d]]))
  return offsets(shared, to.shape, stridesOf(from.shape), stridesOf(to.shape))
}

/** A region with other extents along x and y. */
export function withWindow(
  region: Region,
  x: number,
  y: number,
  window: { readonly column: number; readonly row: number; readonly width: number; readonly height: number },
): Region {
  return {
    start: region.start.map((start, d) => (d === x ? window.column : d === y ? window.row : start)),
    shape: region.shape.map((length, d) => (d === x ? window.width : d === y ? window.height : length)),
  }
}
