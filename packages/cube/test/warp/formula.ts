/** The raster that the warping oracles are made from, and how results are compared with theirs. */
import { expect } from 'vitest'

/** A formula, with holes where asked for (see oracles/raster/make_warp.py). */
export function formula(width: number, height: number, modulus: number, holes: boolean): Float32Array<ArrayBuffer> {
  const out = new Float32Array(width * height)
  const isBlock = (v: number, size: number): boolean => v >= Math.floor(size / 3) && v < Math.floor(size / 2)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const hole = holes && ((3 * x + 5 * y) % 17 === 0 || (isBlock(x, width) && isBlock(y, height)))
      out[y * width + x] = hole ? Number.NaN : ((3 * x * x + 5 * y * y + 7 * x * y) % modulus) / 4
    }
  }
  return out
}

/** Missing in the same places, and nowhere farther apart than the tolerance. */
export function expectClose(actual: ArrayLike<number>, expected: Float32Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  let worst = 0
  let disagreeing = 0
  for (const [i, value] of expected.entries()) {
    if (Number.isNaN(value) !== Number.isNaN(actual[i]!)) disagreeing++
    else if (!Number.isNaN(value)) worst = Math.max(worst, Math.abs(value - actual[i]!))
  }
  expect(disagreeing).toBe(0)
  expect(worst).toBeLessThanOrEqual(tolerance)
}
