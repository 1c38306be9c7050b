/** A number for each pair of variables and lag: `[i, j, tau]` is of variable i, tau steps ago, on variable j. */
export class LagArray {
  readonly variables: number
  readonly tauMax: number
  readonly data: Float64Array

  constructor(variables: number, tauMax: number, fill = 0) {
    this.variables = variables
    this.tauMax = tauMax
    this.data = new Float64Array(variables * variables * (tauMax + 1)).fill(fill)
  }

  #at(i: number, j: number, tau: number): number {
    return (i * this.variables + j) * (this.tauMax + 1) + tau
  }

  get(i: number, j: number, tau: number): number {
    return this.data[this.#at(i, j, tau)]!
  }

  set(i: number, j: number, tau: number, value: number): void {
    this.data[this.#at(i, j, tau)] = value
  }

  copy(): LagArray {
    const copy = new LagArray(this.variables, this.tauMax)
    copy.data.set(this.data)
    return copy
  }

  /** Nested as in files: `[i][j][tau]`. */
  nested(): number[][][] {
    return nest(this.variables, this.tauMax, (i, j, tau) => this.get(i, j, tau))
  }
}

/** `[i][j][tau]`. */
export function nest<T>(variables: number, tauMax: number, at: (i: number, j: number, tau: number) => T): T[][][] {
  const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k)
  return range(variables).map((i) => range(variables).map((j) => range(tauMax + 1).map((tau) => at(i, j, tau))))
}
