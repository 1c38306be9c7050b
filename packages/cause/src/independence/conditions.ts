/** Residuals of rows given others, from correlations alone; conditions may depend on each other, as the parts of dummies do. */

/** Shares of variance that are rounding, and those that are too near to it for a short way. */
const NOTHING = 1e-13
const TOO_LITTLE = 1e-6
/** One correlation is stronger than another only by more than rounding: dummies of two data sets mirror each other. */
export const STRONGER = 1 + 1e-9

/** What a row has in common with the conditions, along orthogonal directions, and the share of its variance that is left. */
interface Residual {
  readonly along: Float64Array
  readonly share: number
}

/** The triangle (Cholesky) of the conditions' correlations; what the last conditions began with is kept. */
export class Conditions {
  readonly #correlation: (a: number, b: number) => number
  #rows: number[] = []
  /** Rows of the triangle; of a row that depends on those before it the diagonal is 0. */
  #triangle: Float64Array[] = []

  /** `correlation`: of two rows of a correlation matrix. */
  constructor(correlation: (a: number, b: number) => number) {
    this.#correlation = correlation
  }

  /** Whether some conditions depend on others. */
  get dependent(): boolean {
    return this.#triangle.some((line, k) => line[k] === 0)
  }

  /** False where conditions are so nearly dependent that digits would be lost. */
  set(rows: readonly number[]): boolean {
    let kept = 0
    while (kept < rows.length && rows[kept] === this.#rows[kept]) kept++
    this.#rows.length = kept
    this.#triangle.length = kept
    for (let k = kept; k < rows.length; k++) {
      const { along, share } = this.residual(rows[k]!)
      if (share > NOTHING && share < TOO_LITTLE) return false
      const line = new Float64Array(k + 1)
      if (share > NOTHING) line.set(along)
      line[k] = share > NOTHING ? Math.sqrt(share) : 0
      this.#rows.push(rows[k]!)
      this.#triangle.push(line)
    }
    return true
  }

  residual(row: number): Residual {
    const along = new Float64Array(this.#rows.length)
    let share = 1
    for (let k = 0; k < along.length; k++) {
      const line = this.#triangle[k]!
      if (line[k] === 0) continue
      let rest = this.#correlation(row, this.#rows[k]!)
      for (let i = 0; i < k; i++) rest -= line[i]! * along[i]!
      along[k] = rest / line[k]!
      share -= along[k]! ** 2
    }
    return { along, share: Math.max(0, share) }
  }

  /**
   * The strongest correlation of a row of `a` with one of `b`, given the conditions; those that they explain are left out.
   * Undefined where so little is left of a row that digits would be lost.
   */
  strongest(a: readonly number[], b: readonly number[]): number | undefined {
    const [left, right] = [a, b].map((rows) => rows.map((row) => this.residual(row)))
    if ([...left!, ...right!].some(({ share }) => share > NOTHING && share < TOO_LITTLE)) return undefined
    let most = 0
    for (const [i, p] of left!.entries())
      for (const [j, q] of right!.entries()) {
        if (p.share <= NOTHING || q.share <= NOTHING) continue
        let product = this.#correlation(a[i]!, b[j]!)
        for (let k = 0; k < p.along.length; k++) product -= p.along[k]! * q.along[k]!
        const value = Math.max(-1, Math.min(1, product / Math.sqrt(p.share * q.share)))
        if (Math.abs(value) > Math.abs(most) * STRONGER) most = value
      }
    return most
  }
}
