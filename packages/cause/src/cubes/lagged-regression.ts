/** The same lagged regression for very many cells: what drives each, at which lag, given its own past. */
import { InputError } from '@ecotope/core'
import { studentT } from '../statistics/distributions.ts'

export interface LaggedModel {
  /** Series of the drivers, each of T steps; NaN where missing. */
  readonly drivers: readonly Float64Array[]
  /** Lags of the drivers, in steps, each at least 0. */
  readonly lags: readonly number[]
  /** Lags 1 .. own of the cell itself that are held; default 1. */
  readonly own?: number
}

/** For each driver and lag (driver-major), an array over cells. NaN where a cell has too few samples or does not change. */
export interface LaggedLinks {
  /** Change of the cell per unit of the driver. */
  readonly coefficients: readonly Float64Array[]
  /** Half the width of the coefficient's 95 % interval. */
  readonly halfWidths: readonly Float64Array[]
  /** Partial correlations, in [-1, 1]. */
  readonly correlations: readonly Float64Array[]
  readonly pValues: readonly Float64Array[]
  /** Samples of each cell. */
  readonly samples: Int32Array
}

/** Sums of products of the predictors and the target around their means. */
interface Moments {
  /** Row-major, predictors then target. */
  readonly products: Float64Array
  readonly count: number
}

/**
 * Least squares of `y[t]` on `driver[t - lag]` and `y[t - 1] .. y[t - own]` with an intercept, for each cell; tests by
 * Student's t. `cells`: cell-major, T steps each; NaN where missing (these rows are left out).
 * Throws `InputError`: BadLags, DriverLength.
 */
export function laggedRegression(cells: Float32Array | Float64Array, steps: number, model: LaggedModel): LaggedLinks {
  const { drivers, lags, own = 1 } = model
  check(model, steps)
  const count = cells.length / steps
  const links = drivers.length * lags.length
  const make = (): Float64Array[] => Array.from({ length: links }, () => new Float64Array(count).fill(Number.NaN))
  const result = {
    coefficients: make(),
    halfWidths: make(),
    correlations: make(),
    pValues: make(),
    samples: new Int32Array(count),
  }
  const design = new Design(model, steps)
  const solver = new Solver(links + own)
  const tails = new Tails()
  for (let cell = 0; cell < count; cell++) {
    const moments = design.momentsOf(cells.subarray(cell * steps, (cell + 1) * steps))
    const freedom = moments.count - links - own - 1
    result.samples[cell] = moments.count
    if (freedom < 1 || !solver.solve(moments.products)) continue
    const variance = solver.rest / freedom
    const { pValue, critical } = tails.of(freedom)
    for (let k = 0; k < links; k++) {
      const error = Math.sqrt(variance * solver.inverseDiagonal[k]!)
      const t = solver.coefficients[k]! / error
      result.coefficients[k]![cell] = solver.coefficients[k]!
      result.halfWidths[k]![cell] = critical * error
      result.correlations[k]![cell] = t / Math.sqrt(t * t + freedom)
      result.pValues[k]![cell] = pValue(t)
    }
  }
  return result
}

function check({ drivers, lags, own = 1 }: LaggedModel, steps: number): void {
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0
  if (lags.length === 0 || !lags.every(isCount) || !isCount(own) || Math.max(...lags, own) >= steps)
    throw new InputError(
      'BadLags',
      `lags ${lags.join(', ')} with ${own} own lags do not fit series of ${steps} steps`,
      {
        hint: 'Lags are whole numbers of steps from 0 up, and shorter than the series.',
      },
    )
  const bad = drivers.findIndex(({ length }) => length !== steps)
  if (bad >= 0 || drivers.length === 0)
    throw new InputError(
      'DriverLength',
      bad < 0 ? 'there is no driver' : `driver ${bad} has ${drivers[bad]!.length} steps, the cells have ${steps}`,
    )
}

/** Two-sided p-values by degrees of freedom, of which there are few. */
class Tails {
  readonly #known = new Map<number, { pValue: (t: number) => number; critical: number }>()

  of(freedom: number): { pValue: (t: number) => number; critical: number } {
    let found = this.#known.get(freedom)
    if (found === undefined) {
      const distribution = studentT(freedom)
      found = { pValue: (t) => Math.min(1, 2 * distribution.sf(Math.abs(t))), critical: distribution.quantile(0.975) }
      this.#known.set(freedom, found)
    }
    return found
  }
}

/** Moments of cells: those among drivers are the same for all cells without gaps. */
class Design {
  readonly #drivers: readonly Float64Array[]
  readonly #lags: readonly number[]
  readonly #own: number
  readonly #steps: number
  readonly #first: number
  readonly #width: number
  /** Centred columns of the drivers where nothing is missing. */
  readonly #columns: readonly Float64Array[] | undefined
  readonly #fixed: Float64Array
  readonly #centred: readonly Float64Array[]

  constructor({ drivers, lags, own = 1 }: LaggedModel, steps: number) {
    this.#drivers = drivers
    this.#lags = lags
    this.#own = own
    this.#steps = steps
    this.#first = Math.max(...lags, own)
    this.#width = drivers.length * lags.length + own + 1
    const rows = steps - this.#first
    this.#columns = drivers.some((driver) => driver.some(Number.isNaN))
      ? undefined
      : drivers.flatMap((driver) => lags.map((lag) => centre(driver.slice(this.#first - lag, steps - lag))))
    this.#centred = Array.from({ length: own + 1 }, () => new Float64Array(rows))
    this.#fixed = new Float64Array(this.#width ** 2)
    for (const [a, x] of (this.#columns ?? []).entries())
      for (let b = a; b < this.#columns!.length; b++) this.#put(this.#fixed, a, b, dot(x, this.#columns![b]!))
  }

  #put(products: Float64Array, a: number, b: number, value: number): void {
    products[a * this.#width + b] = value
    products[b * this.#width + a] = value
  }

  momentsOf(cell: Float32Array | Float64Array): Moments {
    if (this.#columns === undefined || cell.some(Number.isNaN)) return this.#withGaps(cell)
    const products = this.#fixed.slice()
    const rows = this.#steps - this.#first
    // Own lags 1 .. own, then the target (lag 0).
    for (let k = 0; k <= this.#own; k++) {
      const lag = (k + 1) % (this.#own + 1)
      const column = this.#centred[k]!
      for (let t = 0; t < rows; t++) column[t] = cell[t + this.#first - lag]!
      centre(column)
    }
    const offset = this.#columns.length
    for (let k = 0; k <= this.#own; k++) {
      for (const [a, x] of this.#columns.entries()) this.#put(products, a, offset + k, dot(x, this.#centred[k]!))
      for (let l = k; l <= this.#own; l++)
        this.#put(products, offset + k, offset + l, dot(this.#centred[k]!, this.#centred[l]!))
    }
    return { products, count: rows }
  }

  #withGaps(cell: Float32Array | Float64Array): Moments {
    const kept: Float64Array[] = []
    for (let t = this.#first; t < this.#steps; t++) {
      const row = new Float64Array(this.#width)
      let at = 0
      for (const driver of this.#drivers) for (const lag of this.#lags) row[at++] = driver[t - lag]!
      for (let lag = 1; lag <= this.#own; lag++) row[at++] = cell[t - lag]!
      row[at] = cell[t]!
      if (!row.some(Number.isNaN)) kept.push(row)
    }
    const columns = Array.from({ length: this.#width }, (_, a) => centre(Float64Array.from(kept, (row) => row[a]!)))
    const products = new Float64Array(this.#width ** 2)
    for (const [a, x] of columns.entries())
      for (let b = a; b < this.#width; b++) this.#put(products, a, b, dot(x, columns[b]!))
    return { products, count: kept.length }
  }
}

/** Takes the mean away, in place. */
function centre(x: Float64Array): Float64Array {
  let sum = 0
  for (let t = 0; t < x.length; t++) sum += x[t]!
  const mean = sum / x.length
  for (let t = 0; t < x.length; t++) x[t] = x[t]! - mean
  return x
}

function dot(x: Float64Array, y: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = x.length - (x.length % 4)
  for (let t = 0; t < whole; t += 4) {
    a += x[t]! * y[t]!
    b += x[t + 1]! * y[t + 1]!
    c += x[t + 2]! * y[t + 2]!
    d += x[t + 3]! * y[t + 3]!
  }
  for (let t = whole; t < x.length; t++) a += x[t]! * y[t]!
  return a + b + c + d
}

/** Normal equations by Cholesky on correlations; the same arrays for all cells. */
class Solver {
  readonly coefficients: Float64Array
  readonly inverseDiagonal: Float64Array
  /** Sum of squares that is left. */
  rest = 0
  readonly #size: number
  readonly #factor: Float64Array
  readonly #scales: Float64Array

  constructor(size: number) {
    this.#size = size
    this.coefficients = new Float64Array(size)
    this.inverseDiagonal = new Float64Array(size)
    this.#factor = new Float64Array(size * size)
    this.#scales = new Float64Array(size)
  }

  /** False where a predictor, or the target, does not change or predictors are collinear. */
  solve(products: Float64Array): boolean {
    const [n, width] = [this.#size, this.#size + 1]
    const target = products[n * width + n]!
    for (let a = 0; a < n; a++) this.#scales[a] = Math.sqrt(products[a * width + a]!)
    if (!(target > 0) || this.#scales.some((scale) => !(scale > 0)) || !this.#factorise(products)) return false
    const L = this.#factor
    const z = this.coefficients
    for (let a = 0; a < n; a++) {
      let sum = products[a * width + n]! / this.#scales[a]!
      for (let k = 0; k < a; k++) sum -= L[a * n + k]! * z[k]!
      z[a] = sum / L[a * n + a]!
    }
    this.rest = Math.max(0, target - z.reduce((sum, value) => sum + value * value, 0))
    for (let a = n - 1; a >= 0; a--) {
      let sum = z[a]!
      for (let k = a + 1; k < n; k++) sum -= L[k * n + a]! * z[k]!
      z[a] = sum / L[a * n + a]!
    }
    this.#invert()
    for (let a = 0; a < n; a++) z[a] = z[a]! / this.#scales[a]!
    return this.rest > 1e-12 * target
  }

  #factorise(products: Float64Array): boolean {
    const [n, width, L] = [this.#size, this.#size + 1, this.#factor]
    for (let a = 0; a < n; a++)
      for (let b = 0; b <= a; b++) {
        let sum = products[a * width + b]! / (this.#scales[a]! * this.#scales[b]!)
        for (let k = 0; k < b; k++) sum -= L[a * n + k]! * L[b * n + k]!
        if (a === b && !(sum > 1e-10)) return false
        L[a * n + b] = a === b ? Math.sqrt(sum) : sum / L[b * n + b]!
      }
    return true
  }

  /** Diagonal of the inverse: column by column of the inverse factor. */
  #invert(): void {
    const [n, L] = [this.#size, this.#factor]
    const column = new Float64Array(n)
    for (let a = 0; a < n; a++) {
      let squares = 0
      for (let b = a; b < n; b++) {
        let sum = b === a ? 1 : 0
        for (let k = a; k < b; k++) sum -= L[b * n + k]! * column[k]!
        column[b] = sum / L[b * n + b]!
        squares += column[b]! ** 2
      }
      this.inverseDiagonal[a] = squares / this.#scales[a]! ** 2
    }
  }
}
