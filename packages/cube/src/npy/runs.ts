/** Which bytes of a row-major array a box covers: contiguous runs in the order of the file. */
import { cellCount, stridesOf } from '../model/region.ts'

export interface Run {
  /** Byte in the file, byte in the box. */
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** Runs of a box in an array that starts at byte `begin`. */
export function runsOf(
  whole: readonly number[],
  start: readonly number[],
  shape: readonly number[],
  bytes: number,
  begin: number,
): Run[] {
  const strides = stridesOf(whole).map((cells) => cells * bytes)
  let split = shape.length
  let run = bytes
  // Up to the last dimension that is not covered whole, cells lie in one row.
  while (split > 0 && (split === shape.length || shape[split] === whole[split])) run *= shape[--split]!
  const steps = stridesOf(shape.slice(0, split))
  const count = run === 0 ? 0 : cellCount(shape.slice(0, split))
  return Array.from({ length: count }, (_, i) => {
    const from = start.reduce((sum, first, d) => {
      const step = d < split ? Math.floor(i / steps[d]!) % shape[d]! : 0
      return sum + (first + step) * strides[d]!
    }, begin)
    return { from, to: i * run, bytes: run }
  })
}
