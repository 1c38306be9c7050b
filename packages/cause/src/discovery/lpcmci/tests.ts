/** The tests of one LPCMCI search: each is asked once, and the largest p-values are kept. */
import type { TestResult } from '../../independence/test.ts'
import type { Pace } from '../../work/pace.ts'
import type { NodeCode } from '../assumptions.ts'
import type { Search } from '../search.ts'
import type { Memory } from './memory.ts'
import { keyOf } from './node-space.ts'

/** Answers from memory between two looks at the clock. */
const RECALLS = 256

/** Answers that are kept; then all are forgotten, and asked again. (The tester keeps those that cost much, or chance.) */
const MOST_KEPT = 1_000_000

/** Tests of a pair in a phase, more or less. */
const TYPICAL_TESTS = 5

export class Tests {
  #from = 0
  #to = 1
  #inPhase = 0
  #message = ''
  readonly #search: Search
  readonly #alpha: number
  readonly #pace: Pace
  readonly #answers = new Map<number, Map<string, TestResult>>()
  #kept = 0
  #recalled = 0

  constructor(search: Search, alpha: number) {
    this.#search = search
    this.#alpha = alpha
    this.#pace = search.pace('lpcmci')
  }

  /** A phase begins: it is so much of the search, as shares in [0, 1]. */
  enter(from: number, to: number, message: string): void {
    this.#from = from
    this.#to = to
    this.#message = message
    this.#inPhase = 0
  }

  /** The search is at its end. */
  end(): void | Promise<void> {
    return this.#pace.at(1, this.#message)
  }

  /** How many tests a phase will need is not known before: progress slows down towards its end. */
  #turn(): void | Promise<void> {
    this.#inPhase++
    const typical = TYPICAL_TESTS * this.#search.variables ** 2 * (this.#search.tauMax + 1)
    const share = this.#inPhase / (this.#inPhase + typical)
    return this.#pace.at(this.#from + (this.#to - this.#from) * share, this.#message)
  }

  /**
   * Tests x and y (now) given `chosen` and `rest`, which have no node in common. `order`: all of them in the order in which
   * the reference hands them to the test; made only where the test is new.
   */
  ask(
    memory: Memory,
    x: NodeCode,
    y: NodeCode,
    chosen: readonly NodeCode[],
    rest: readonly NodeCode[],
    order: () => readonly NodeCode[],
  ): TestResult | Promise<TestResult> {
    // Not the pair's own index: with masks it matters which of two nodes comes first.
    const pair = memory.graph.index(memory.space.variable[x]!, memory.space.back[x]!, memory.space.variable[y]!)
    let answers = this.#answers.get(pair)
    if (!answers) {
      answers = new Map()
      this.#answers.set(pair, answers)
    }
    const key = keyOf(rest.length === 0 ? [...chosen] : [...chosen, ...rest])
    const known = answers.get(key)
    if (known === undefined) {
      if (++this.#kept > MOST_KEPT) this.#forget()
      return this.#new(memory, x, y, order(), answers, key)
    }
    memory.record(x, y, known.value, known.pValue)
    this.#recalled = (this.#recalled + 1) % RECALLS
    const turn = this.#recalled === 0 ? this.#turn() : undefined
    return turn === undefined ? known : turn.then(() => known)
  }

  #forget(): void {
    for (const answers of this.#answers.values()) answers.clear()
    this.#kept = 0
  }

  #new(
    memory: Memory,
    x: NodeCode,
    y: NodeCode,
    z: readonly NodeCode[],
    answers: Map<string, TestResult>,
    key: string,
  ): TestResult | Promise<TestResult> {
    const keep = (result: TestResult): TestResult => {
      answers.set(key, result)
      memory.record(x, y, result.value, result.pValue)
      return result
    }
    const answer = this.#search.ask(x, memory.space.variable[y]!, z, this.#alpha)
    const turn = this.#turn()
    if (answer instanceof Promise) return Promise.all([answer, turn]).then(([result]) => keep(result))
    const result = keep(answer)
    return turn === undefined ? result : turn.then(() => result)
  }
}

/** Lets the caller look at an answer without waiting where it is there at once. */
export const now = (answer: TestResult | Promise<TestResult>): answer is TestResult => !(answer instanceof Promise)
