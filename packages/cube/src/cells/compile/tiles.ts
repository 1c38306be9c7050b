/** Cuts a region into tiles whose inputs fit in the cache of one core. */
import { DTYPES } from '../../dtype.ts'
import type { CubeSchema } from '../../model/node.ts'
import { cellCount, type Region } from '../../model/region.ts'
import { type Access, overlapsAlong, regionsOf } from '../needs.ts'

/** Bytes of inputs that a tile may need: a part of a second-level cache. */
const TILE_BYTES = 384 * 1024

/** A row of a tile of at least one line of the cache is read as a whole. */
const LINE_BYTES = 64
/** What two tiles need is read twice: a tenth more is hardly felt. */
const READ_TWICE = 1.1

/**
 * The shape of tiles: longest along the vector dimension, then along the innermost ones. Before them, once a row is a
 * line of the cache, along dimensions where windows overlap, as far as that saves reading.
 */
export function tileShape(
  region: Region,
  vector: number,
  group: number,
  accesses: readonly Access[],
  inputs: readonly CubeSchema[],
  output: CubeSchema,
): number[] {
  const rank = region.shape.length
  const shape = region.shape.map((length, d) => Math.min(length, d === vector ? group : 1))
  const outputBytes = DTYPES[output.packing.dtype].bytes
  const inputBytes = (): number => {
    let bytes = 0
    // In the middle: windows are cut at the ends.
    const start = region.start.map((from, d) => from + Math.floor((region.shape[d]! - shape[d]!) / 2))
    for (const [input, box] of regionsOf(accesses, inputs.length, { start, shape }).entries()) {
      if (box !== undefined) bytes += cellCount(box.shape) * DTYPES[inputs[input]!.packing.dtype].bytes
    }
    return bytes
  }
  /** Of tiles that are whole along a dimension. */
  const wholeBytes = (d: number): number => {
    const before = shape[d]!
    shape[d] = region.shape[d]!
    const bytes = inputBytes()
    shape[d] = before
    return bytes
  }
  const fits = (): boolean => inputBytes() + cellCount(shape) * outputBytes <= TILE_BYTES
  const order = Array.from({ length: rank }, (_, i) => rank - 1 - i).filter((d) => d !== vector)
  if (vector >= 0) order.unshift(vector)
  const overlapping = order.filter((d) => d !== vector && overlapsAlong(accesses, d))
  if (overlapping.length > 0 && vector >= 0) {
    const line = Math.ceil(LINE_BYTES / outputBytes / group) * group
    shape[vector] = Math.min(region.shape[vector]!, line)
  }
  for (const [i, d] of [...overlapping, ...order].entries()) {
    const whole = region.shape[d]!
    const least = i < overlapping.length ? wholeBytes(d) * READ_TWICE : 0
    while (shape[d]! < whole && (inputBytes() / shape[d]!) * whole > least) {
      const before = shape[d]!
      shape[d] = Math.min(whole, before * 2)
      if (fits()) continue
      shape[d] = before
      break
    }
    if (shape[d]! < whole) {
      // Tiles of equal length: a short last one would cost as much as a whole one.
      const parts = Math.ceil(whole / shape[d]!)
      const even = Math.ceil(whole / parts)
      shape[d] = d === vector ? Math.min(whole, Math.ceil(even / group) * group) : even
    }
  }
  return shape
}

/** Tiles of a region in row-major order. */
export function* tilesOf(region: Region, shape: readonly number[]): Generator<Region> {
  const rank = shape.length
  const start = [...region.start]
  const end = region.start.map((from, d) => from + region.shape[d]!)
  for (;;) {
    yield { start: [...start], shape: shape.map((length, d) => Math.min(length, end[d]! - start[d]!)) }
    let d = rank - 1
    for (; d >= 0; d--) {
      start[d]! += shape[d]!
      if (start[d]! < end[d]!) break
      start[d] = region.start[d]!
    }
    if (d < 0) return
  }
}
