/** What the phases of one search share: questions asked by numbers of nodes, samples counted, time kept. */
import { InputError, type WorkOptions } from '@ecotope/core'
import type { AskOptions, SharedTests, Tester, TestResult } from '../independence/test.ts'
import type { Node } from '../series/series.ts'
import { type Pace, paced } from '../work/pace.ts'
import { codeOf, type NodeCode, type NodeCoding, nodeCoding, nodeOf } from './assumptions.ts'
import { type Discovery, LinkGraph } from './graph.ts'
import { LagArray } from './lag-array.ts'
import { checkLags, type LagRange } from './options.ts'

/** Of a link that is assumed to exist: it is not tested. */
export const CERTAIN: TestResult = { value: 1, pValue: 0, dependent: true, samples: 0 }

const NONE: readonly Node[] = []

/** One search in progress. */
export class Search {
  readonly tester: Tester
  readonly variables: number
  readonly tauMin: number
  readonly tauMax: number
  readonly coding: NodeCoding
  readonly #work: WorkOptions
  readonly #started = performance.now()
  readonly #made: number
  readonly #nodes: readonly Node[]
  /** Each node as a list of its own, so that no question makes one. */
  readonly #lists: readonly (readonly Node[])[]
  #asking: AskOptions
  /** Null where the tester has no way for tests that share conditions. */
  #shared: SharedTests | null | undefined
  #least = Number.POSITIVE_INFINITY
  #most = 0

  constructor(tester: Tester, range: LagRange, work: WorkOptions = {}) {
    const { tauMin, tauMax } = checkLags(range)
    this.tester = tester
    this.variables = tester.series.names.length
    this.tauMin = tauMin
    this.tauMax = tauMax
    this.coding = nodeCoding(this.variables, tauMax)
    this.#work = work
    this.#made = tester.made
    const { span } = this.coding
    this.#nodes = Array.from({ length: this.variables * span }, (_, code) => nodeOf(this.coding, code))
    this.#lists = this.#nodes.map((node) => [node])
    this.#asking = { tauMax, alpha: Number.NaN }
  }

  code(variable: number, back: number): NodeCode {
    return codeOf(this.coding, variable, back)
  }

  /** The nodes with these numbers; a new list. */
  nodes(codes: readonly NodeCode[]): Node[] {
    const nodes = new Array<Node>(codes.length)
    for (let i = 0; i < codes.length; i++) nodes[i] = this.#nodes[codes[i]!]!
    return nodes
  }

  pace(phase: string): Pace {
    return paced(phase, this.#work)
  }

  /** Tests node x against variable j now, given z. */
  ask(x: NodeCode, j: number, z: readonly NodeCode[], alpha: number): TestResult | Promise<TestResult> {
    if (this.#asking.alpha !== alpha) this.#asking = { tauMax: this.tauMax, alpha }
    const answer = this.tester.ask(this.#lists[x]!, this.#lists[this.code(j, 0)]!, this.nodes(z), this.#asking)
    return answer instanceof Promise ? answer.then((result) => this.#counted(result)) : this.#counted(answer)
  }

  /** Does what is long before the first test; can be stopped, as the rest. */
  async prepare(): Promise<void> {
    const pace = this.pace('correlations')
    await this.tester.prepare?.({ tauMax: this.tauMax }, (fraction) => pace.at(fraction))
  }

  /**
   * Starts tests of variable j that share the conditions z. What comes back tests node x given z without x, and more nodes;
   * undefined where that has to be asked by itself. It serves until the next call.
   */
  given(
    j: number,
    z: readonly NodeCode[],
    alpha: number,
  ): (x: NodeCode, more?: readonly Node[]) => TestResult | undefined {
    this.#shared ??= this.tester.shared?.({ tauMax: this.tauMax }) ?? null
    const shared = this.#shared
    if (!shared?.given(this.#nodes[this.code(j, 0)]!, this.nodes(z))) return () => undefined
    return (x, more = NONE) => {
      const found = shared.test(this.#nodes[x]!, more, alpha)
      return found && this.#counted(found)
    }
  }

  interval(x: NodeCode, j: number, z: readonly NodeCode[]): Promise<readonly [number, number] | undefined> {
    return this.tester.interval(this.#lists[x]!, this.#lists[this.code(j, 0)]!, this.nodes(z), { tauMax: this.tauMax })
  }

  criterion(j: number, parents: readonly NodeCode[]): Promise<number> {
    return this.tester.criterion(j, this.nodes(parents), this.tauMax)
  }

  #counted(result: TestResult): TestResult {
    const { samples } = result
    if (samples < this.#least) this.#least = samples
    if (samples > this.#most) this.#most = samples
    return result
  }

  /** Zero values, p-values of 1, no link. */
  empty(): { readonly values: LagArray; readonly pValues: LagArray; readonly graph: LinkGraph } {
    return {
      values: new LagArray(this.variables, this.tauMax, 0),
      pValues: new LagArray(this.variables, this.tauMax, 1),
      graph: new LinkGraph(this.variables, this.tauMax),
    }
  }

  /** What every result says about its search. */
  told(): Pick<Discovery, 'test' | 'variables' | 'tauMin' | 'tauMax' | 'tests' | 'seconds' | 'samples' | 'warnings'> {
    return {
      test: this.tester.independence.name,
      variables: this.tester.series.names,
      tauMin: this.tauMin,
      tauMax: this.tauMax,
      tests: this.tester.made - this.#made,
      seconds: (performance.now() - this.#started) / 1000,
      samples: [this.#most === 0 ? 0 : this.#least, this.#most],
      warnings: [...this.tester.warnings],
    }
  }
}

/** Throws `InputError` ThresholdNotCorrected where p-values are to be corrected, but the test makes none. */
export function checkCorrection(tester: Tester, fdr: string): void {
  if (fdr === 'none' || tester.independence.significance !== 'threshold') return
  throw new InputError('ThresholdNotCorrected', 'a test by threshold makes no p-values that could be corrected', {
    hint: 'Leave the correction out, or let the test make p-values.',
  })
}
