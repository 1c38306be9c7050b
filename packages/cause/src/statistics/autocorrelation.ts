/** Autocorrelation, and from its decay the length of blocks that keep it (Mader et al. 2013, equation 6). */
import { fitCurve } from './curve-fit.ts'
import { correlation } from './moments.ts'

/** Correlation of a series with itself `0 .. maxLag` steps later; each lag by the pairs that it leaves. */
export function autocorrelation(series: Float64Array, maxLag: number): Float64Array {
  const n = series.length
  return Float64Array.from({ length: maxLag + 1 }, (_, lag) =>
    lag === 0 ? 1 : correlation(series.subarray(lag), series.subarray(0, n - lag)),
  )
}

/** Size of the analytic signal of a real series (Hilbert transform by the discrete Fourier transform). */
export function envelope(series: Float64Array): Float64Array {
  const n = series.length
  const cos = Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n))
  const sin = Float64Array.from({ length: n }, (_, k) => Math.sin((2 * Math.PI * k) / n))
  const half = Math.floor(n / 2)
  const real = new Float64Array(n)
  const imaginary = new Float64Array(n)
  for (let k = 0; k <= half; k++) {
    const weight = k === 0 || 2 * k === n ? 1 : 2
    let [re, im] = [0, 0]
    for (let t = 0; t < n; t++) {
      re += series[t]! * cos[(k * t) % n]!
      im -= series[t]! * sin[(k * t) % n]!
    }
    for (let t = 0; t < n; t++) {
      const at = (k * t) % n
      real[t] = real[t]! + (weight * (re * cos[at]! - im * sin[at]!)) / n
      imaginary[t] = imaginary[t]! + (weight * (re * sin[at]! + im * cos[at]!)) / n
    }
  }
  return real.map((value, t) => Math.hypot(value, imaginary[t]!))
}

/**
 * Steps in a block for shuffles and bootstraps of these rows, at most a tenth of their length and at least 1: the longest
 * that any row asks for by the decay rate of the envelope of its autocorrelation. Rows whose decay cannot be fitted ask for 1.
 */
export function blockLength(rows: readonly Float64Array[]): number {
  const n = rows[0]?.length ?? 0
  const longest = Math.floor(0.1 * n)
  let length = 1
  for (const row of rows) length = Math.max(length, wanted(row, longest))
  return Math.max(1, Math.min(length, longest))
}

function wanted(row: Float64Array, maxLag: number): number {
  const n = row.length
  const decay = maxLag >= 1 ? decayRate(envelope(autocorrelation(row, maxLag))) : undefined
  if (decay === undefined) return 1
  const odds = decay / (1 - decay)
  const optimal = Math.cbrt((4 * n * (odds + odds ** 2) ** 2) / (1 + 2 * odds) ** 2)
  return Number.isFinite(optimal) ? Math.floor(optimal) : 1
}

function decayRate(values: Float64Array): number | undefined {
  if (!values.every(Number.isFinite)) return undefined
  const fit = fitCurve(
    ([size, rate]) => values.map((value, lag) => size! * rate! ** lag - value),
    Float64Array.of(1, 1),
  )
  return fit.converged ? fit.parameters[1] : undefined
}
