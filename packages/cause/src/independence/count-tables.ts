/**
 * Functions of counts, from tables that grow as they are needed. Logarithms are rounded correctly: where shuffled values equal
 * the value itself but for rounding, a last digit would decide a p-value.
 */

const EULER = 0.5772156649015329
/** Bernoulli numbers over twice their index (Abramowitz and Stegun 6.3.18). */
const SERIES = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 5 / 660, -691 / 32760, 1 / 12]
/** Binary digits behind the point of exact logarithms. */
const DIGITS = 110n
const UNIT = 2 ** -110

let logTable = new Float64Array(2)
/** The logarithm of the last entry, in units of 2^-DIGITS. */
let exact = 0n
let psiTable = new Float64Array(0)
let entropyTable = new Float64Array(0)

/** Entry n is log n, for n from 0 (where it is 0) to at least `most`. */
export function logarithms(most: number): Float64Array {
  const known = logTable.length
  if (known > most) return logTable
  const grown = new Float64Array(Math.max(most + 1, 2 * known))
  grown.set(logTable)
  for (let n = known; n < grown.length; n++) {
    // log n = log(n - 1) + 2 artanh(1 / (2 n - 1))
    const odd = BigInt(2 * n - 1)
    let power = (2n << DIGITS) / odd
    for (let i = 1n; power > 0n; i += 2n) {
      exact += power / i
      power /= odd * odd
    }
    grown[n] = Number(exact) * UNIT
  }
  logTable = grown
  return logTable
}

function digammaOf(n: number, log: number): number {
  if (n <= 10) {
    let sum = 0
    for (let i = 1; i < n; i++) sum += 1 / i
    return sum - EULER
  }
  const square = 1 / (n * n)
  let rest = 0
  for (let i = SERIES.length - 1; i >= 0; i--) rest = rest * square + SERIES[i]!
  return log - 0.5 / n - rest * square
}

/** Entry n is digamma(n), for n from 0 (where it is minus infinity) to at least `most`. */
export function digammas(most: number): Float64Array {
  if (psiTable.length <= most)
    psiTable = logarithms(most).map((log, n) => (n === 0 ? Number.NEGATIVE_INFINITY : digammaOf(n, log)))
  return psiTable
}

/** Entry n is n log n, for n from 0 to at least `most`. */
export function entropies(most: number): Float64Array {
  if (entropyTable.length <= most) entropyTable = logarithms(most).map((log, n) => n * log)
  return entropyTable
}
