/** The digamma function of counts, from a table that grows as it is needed. */

const EULER = 0.5772156649015329
/** Bernoulli numbers over twice their index (Abramowitz and Stegun 6.3.18). */
const SERIES = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 5 / 660, -691 / 32760, 1 / 12]

let table = new Float64Array(0)

function digammaOf(n: number): number {
  if (n <= 10) {
    let sum = 0
    for (let i = 1; i < n; i++) sum += 1 / i
    return sum - EULER
  }
  const square = 1 / (n * n)
  let rest = 0
  for (let i = SERIES.length - 1; i >= 0; i--) rest = rest * square + SERIES[i]!
  return Math.log(n) - 0.5 / n - rest * square
}

/** Entry n is digamma(n), for n from 0 (where it is minus infinity) to at least `most`. */
export function digammas(most: number): Float64Array {
  if (table.length > most) return table
  const grown = new Float64Array(Math.max(most + 1, 2 * table.length))
  for (let n = 0; n < grown.length; n++) grown[n] = n === 0 ? Number.NEGATIVE_INFINITY : digammaOf(n)
  table = grown
  return table
}
