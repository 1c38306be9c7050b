/** A Gaussian kernel matrix as U^T U with few rows, by pivoted Cholesky (Harbrecht, Peters & Schneider 2012). */
import type { linalg } from '@ecotope/tensor'

/**
 * U of r x n, such that no entry of the kernel matrix exp(-|z - z'|^2 / 2) differs from U^T U by more than `tolerance`;
 * undefined where more than `mostRows` rows would be needed. `z` is already divided by the length scales.
 */
export function factorKernel(
  z: readonly Float64Array[],
  tolerance: number,
  mostRows: number,
): linalg.Matrix | undefined {
  const n = z[0]!.length
  const left = new Float64Array(n).fill(1)
  let data = new Float64Array(Math.min(mostRows, 32) * n)
  for (let r = 0; ; r++) {
    const pivot = largest(left)
    if (left[pivot]! <= tolerance) return { rows: r, columns: n, data: data.slice(0, r * n) }
    if (r >= mostRows) return undefined
    if ((r + 1) * n > data.length) {
      const wider = new Float64Array(Math.min(mostRows, 2 * r) * n)
      wider.set(data)
      data = wider
    }
    const row = data.subarray(r * n, (r + 1) * n)
    kernelRow(z, pivot, row)
    subtractRows(data, r, n, pivot, row)
    const scale = 1 / Math.sqrt(left[pivot]!)
    for (let i = 0; i < n; i++) {
      const value = row[i]! * scale
      row[i] = value
      left[i]! -= value * value
    }
    left[pivot] = 0
  }
}

function largest(values: Float64Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}

function kernelRow(z: readonly Float64Array[], pivot: number, row: Float64Array): void {
  for (const values of z) {
    const at = values[pivot]!
    for (let i = 0; i < row.length; i++) {
      const d = values[i]! - at
      row[i]! += d * d
    }
  }
  for (let i = 0; i < row.length; i++) row[i] = Math.exp(-0.5 * row[i]!)
}

/** Takes what the rows so far explain off the new one; four rows at a time, for the sake of the loads. */
function subtractRows(data: Float64Array, r: number, n: number, pivot: number, row: Float64Array): void {
  let k = 0
  for (; k + 4 <= r; k += 4) {
    const [a, b, c, d] = [k * n, (k + 1) * n, (k + 2) * n, (k + 3) * n]
    const [p, q, s, t] = [data[a + pivot]!, data[b + pivot]!, data[c + pivot]!, data[d + pivot]!]
    for (let i = 0; i < n; i++) row[i]! -= p * data[a + i]! + q * data[b + i]! + (s * data[c + i]! + t * data[d + i]!)
  }
  for (; k < r; k++) {
    const [a, p] = [k * n, data[k * n + pivot]!]
    for (let i = 0; i < n; i++) row[i]! -= p * data[a + i]!
  }
}
