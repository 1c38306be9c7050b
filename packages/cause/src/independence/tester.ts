/** Binds an independence test to series: samples, constant rows, p-values, intervals, and answers that are kept. */
import { InputError, type Warning } from '@ecotope/core'
import { EXTRA, maxLagOf, nodeSets, type Samples, samplesOf, X, Y } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import type { AskOptions, IndependenceTest, Measured, SharedTests, Shortcut, Tester, TestResult } from './test.ts'

export interface TesterOptions {
  /** Whether a shorter way may serve where the test has one; default true. For comparisons. */
  readonly shortcut?: boolean
}

interface Answer extends Measured {
  readonly samples: number
  /** Whether X or Y was constant. */
  readonly constant: boolean
}

/** See `Tester`. */
export function testerOf(test: IndependenceTest, series: TimeSeries, options: TesterOptions = {}): Tester {
  return new BoundTester(test, series, options)
}

class BoundTester implements Tester {
  readonly series: TimeSeries
  readonly independence: IndependenceTest
  made = 0
  recalled = 0
  readonly #answers = new Map<string, Answer | Promise<Answer>>()
  readonly #warnings = new Map<string, Warning>()
  readonly #shortcuts = new Map<string, Shortcut | undefined>()
  readonly #twins: ArrayLike<number>
  /** Whether X and Y may be swapped: not where only one of them is masked. */
  readonly #symmetric: boolean
  readonly #short: boolean
  #last: { tauMax: number; cutOff: AskOptions['cutOff']; way: Shortcut | undefined } | undefined

  constructor(test: IndependenceTest, series: TimeSeries, { shortcut = true }: TesterOptions) {
    this.series = series
    this.independence = test
    this.#short = shortcut && test.shortcut !== undefined
    const masked = test.maskType !== '' && series.datasets.some(({ masks }) => masks !== undefined)
    this.#twins = masked ? series.datasets[0]!.columns.map((_, c) => c) : twins(series)
    this.#symmetric = !masked || test.maskType.includes('x') === test.maskType.includes('y')
  }

  get warnings(): readonly Warning[] {
    return [...this.#warnings.values(), ...(this.independence.warnings?.() ?? [])]
  }

  ask(
    x: readonly Node[],
    y: readonly Node[],
    z: readonly Node[],
    options: AskOptions,
  ): TestResult | Promise<TestResult> {
    if (this.#short) {
      const short = this.#way(options)?.test(x, y, z)
      if (short !== undefined) {
        this.made++
        return judged(short, options.alpha)
      }
    }
    const answer = this.#answer(x, y, z, options)
    return answer instanceof Promise ? answer.then((a) => this.#judge(a, options)) : this.#judge(answer, options)
  }

  async prepare(options: AskOptions, pause: (fraction: number) => void | Promise<void>): Promise<void> {
    const steps = this.#short ? this.#way(options)?.preparing : undefined
    // Not `for of`, which would end the work where the search is stopped: the next test goes on with it.
    for (let step = steps?.next(); step && !step.done; step = steps?.next()) {
      const turn = pause(step.value)
      if (turn) await turn
    }
  }

  shared(options: AskOptions): SharedTests | undefined {
    const way = this.#short ? this.#way(options)?.shared?.() : undefined
    return (
      way && {
        given: (y, z) => way.given(y, z),
        test: (x, more, alpha) => {
          const found = way.test(x, more)
          if (found === undefined) return undefined
          this.made++
          return judged(found, alpha)
        },
      }
    )
  }

  #way({ tauMax, cutOff }: AskOptions): Shortcut | undefined {
    const last = this.#last
    if (last !== undefined && last.tauMax === tauMax && last.cutOff === cutOff) return last.way
    const key = `${tauMax},${cutOff}`
    if (!this.#shortcuts.has(key)) {
      const note = (node: Node): void => this.#constant(node)
      this.#shortcuts.set(key, this.independence.shortcut!(this.series, tauMax, cutOff ?? '2xtau-max', note))
    }
    const way = this.#shortcuts.get(key)
    this.#last = { tauMax, cutOff, way }
    return way
  }

  #answer(x: readonly Node[], y: readonly Node[], z: readonly Node[], options: AskOptions): Answer | Promise<Answer> {
    const key = this.#key(x, y, z, options)
    const known = this.#answers.get(key)
    if (known !== undefined) {
      this.recalled++
      return known
    }
    const answer = this.#measure(x, y, z, options)
    this.#answers.set(key, answer)
    if (answer instanceof Promise)
      answer.then(
        (settled) => this.#answers.set(key, settled),
        () => this.#answers.delete(key),
      )
    return answer
  }

  /** X and Y may be swapped and nodes may come in any order; columns with the same values are one. */
  #key(
    x: readonly Node[],
    y: readonly Node[],
    z: readonly Node[],
    { tauMax, cutOff = '2xtau-max' }: AskOptions,
  ): string {
    const sets = nodeSets(this.series, x, y, z)
    const part = (nodes: readonly Node[]): string =>
      nodes
        .toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
        .map(([column, lag]) => `${this.#twins[column]},${lag}`)
        .join(' ')
    const [a, b] = [part(sets.x), part(sets.y)]
    const cut = maxLagOf([...sets.x, ...sets.y, ...sets.z], tauMax, cutOff)
    const future = cutOff === '2xtau-max-future' ? `f${tauMax}` : ''
    return `${a < b || !this.#symmetric ? `${a}|${b}` : `${b}|${a}`}|${part(sets.z)}|${cut}${future}`
  }

  #measure(x: readonly Node[], y: readonly Node[], z: readonly Node[], options: AskOptions): Answer | Promise<Answer> {
    const samples = this.#withoutConstants(this.#samples(x, y, z, options))
    this.made++
    if (!(samples.roles.includes(X) && samples.roles.includes(Y)))
      return { value: 0, pValue: 1, samples: samples.count, constant: true }
    const { independence: test } = this
    const finish = (value: number, pValue: number): Answer => ({
      value,
      pValue,
      samples: samples.count,
      constant: false,
    })
    const evaluate = (value: number): Answer | Promise<Answer> => {
      if (test.significance === 'threshold') return finish(value, Number.NaN)
      const p = test.pValue(value, samples)
      return typeof p === 'number' ? finish(value, p) : p.then((own) => finish(value, own))
    }
    const value = test.value(samples)
    return typeof value === 'number' ? evaluate(value) : value.then(evaluate)
  }

  /** Nodes that the test wants besides come last and are not dimensions. */
  #samples(x: readonly Node[], y: readonly Node[], z: readonly Node[], { tauMax, cutOff }: AskOptions): Samples {
    const { maskType, extra } = this.independence
    const options = { tauMax, maskType, ...(cutOff && { cutOff }) }
    const more = extra?.(x, y) ?? []
    const samples = samplesOf(this.series, x, y, more.length === 0 ? z : [...z, ...more], options)
    if (more.length === 0) return samples
    const sets = nodeSets(this.series, x, y, z)
    const own = sets.x.length + sets.y.length + sets.z.length
    return { ...samples, roles: samples.roles.map((role, k) => (k < own ? role : EXTRA)) }
  }

  #withoutConstants(samples: Samples): Samples {
    const keep = samples.rows.map((row, k) => samples.roles[k] === EXTRA || !row.every((value) => value === row[0]))
    if (!keep.includes(false)) return samples
    for (const [k, node] of samples.nodes.entries()) if (!keep[k]) this.#constant(node)
    const take = <T>(items: readonly T[]): T[] => items.filter((_, k) => keep[k])
    return {
      ...samples,
      rows: take(samples.rows),
      nodes: take(samples.nodes),
      roles: samples.roles.filter((_, k) => keep[k]),
      ...(samples.types && { types: take(samples.types) }),
      ...(samples.weights && { weights: take(samples.weights) }),
    }
  }

  #constant([column]: Node): void {
    const name = this.series.vectors === undefined ? this.series.names[column] : `column ${column}`
    this.#warnings.set(`constant ${column}`, {
      tag: 'ConstantVariable',
      message: `${name} is constant in the samples of a test; it is left out of conditions, and independent of all`,
    })
  }

  #judge({ value, pValue, samples, constant }: Answer, { alpha }: AskOptions): TestResult {
    const { significance, twoSided } = this.independence
    if (significance !== 'threshold')
      return { value, pValue, samples, ...(alpha !== undefined && { dependent: !constant && pValue <= alpha }) }
    if (alpha === undefined)
      throw new InputError('NoThreshold', 'a test by threshold needs one', {
        hint: 'Give alpha: the least dependent value.',
      })
    const dependent = !constant && (twoSided ? Math.abs(value) >= Math.abs(alpha) : value >= alpha)
    return { value, pValue: dependent ? 0 : 1, samples, dependent }
  }

  async interval(
    x: readonly Node[],
    y: readonly Node[],
    z: readonly Node[],
    options: AskOptions,
  ): Promise<readonly [number, number] | undefined> {
    if (this.independence.interval === undefined) return undefined
    const samples = this.#samples(x, y, z, options)
    const varies = this.#withoutConstants(samples)
    if (!(varies.roles.includes(X) && varies.roles.includes(Y))) return undefined
    return this.independence.interval(samples)
  }

  async criterion(j: number, parents: readonly Node[], tauMax: number): Promise<number> {
    const { independence: test } = this
    if (test.criterion === undefined)
      throw new InputError('NoCriterion', `${test.name} cannot choose the level of the condition search`, {
        hint: 'Give one pcAlpha, e.g. 0.05.',
      })
    const short = this.#short ? this.#way({ tauMax })?.criterion?.(j, parents) : undefined
    return short ?? test.criterion(this.#samples([[j, 0]], [[j, 0]], parents, { tauMax }))
  }
}

/** What a shorter way found, by p-value. */
function judged(found: TestResult, alpha: number | undefined): TestResult {
  if (alpha === undefined) return found
  const { value, pValue, samples } = found
  return { value, pValue, samples, dependent: pValue <= alpha }
}

/** For each column the first column with the same values in all data sets. */
function twins({ datasets }: TimeSeries): Int32Array {
  const width = datasets[0]!.columns.length
  const sums = new Map<number, number[]>()
  const same = (a: number, b: number): boolean =>
    datasets.every(({ columns }) => columns[a]!.every((value, t) => Object.is(value, columns[b]![t])))
  return Int32Array.from({ length: width }, (_, column) => {
    const print = datasets[0]!.columns[column]!.reduce(
      (sum, value, t) => sum + (Number.isNaN(value) ? 1 : value) * (t + 1),
      0,
    )
    const alike = sums.get(print) ?? []
    const first = alike.find((other) => same(other, column))
    if (first === undefined) sums.set(print, [...alike, column])
    return first ?? column
  })
}
