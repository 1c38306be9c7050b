/** What an independence test is, and how searches ask it. The rows of the table are in `table.ts`. */
import type { Warning } from '@ecotope/core'
import type { CutOff, MaskType, Samples } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'

/**
 * How a p-value is made: `analytic` from the known null distribution, `shuffle` from permuted samples (in blocks where the
 * test says so), `threshold` none: dependent where the value passes it.
 */
export type Significance = 'analytic' | 'shuffle' | 'threshold'

/** Options that all tests have; each test adds its own. */
export interface TestOptions {
  /** Default: `analytic` where the test has it, else `shuffle`. */
  readonly significance?: Significance
  /** Permutations of a shuffle test; default 500. */
  readonly shuffles?: number
  /** Steps in a shuffled block; default: from the autocorrelation (residual tests), else 1. */
  readonly shuffleBlock?: number
  /** Start of the random numbers; default 42. */
  readonly seed?: number
  readonly maskType?: MaskType
  /** Intervals of the value; default: none. */
  readonly confidence?: 'analytic' | 'bootstrap'
  /** Default 0.9. */
  readonly confidenceLevel?: number
  /** Bootstrap draws; default 100. */
  readonly confidenceSamples?: number
  /** Steps in a bootstrap block; default: from the autocorrelation. */
  readonly confidenceBlock?: number
}

/**
 * A test of X independent of Y given Z, on samples in which no row is constant. Pure but for its stream of random numbers,
 * which moves on with each shuffle test, in the order of the tests.
 */
export interface IndependenceTest {
  /** As on the command line: `parcorr`, `cmi-knn`, ... */
  readonly name: string
  readonly significance: Significance
  /** Whether the sign of the value means something (a threshold is then on its size). */
  readonly twoSided: boolean
  readonly maskType: MaskType
  readonly options: TestOptions
  /** The test statistic. */
  value(samples: Samples): number | Promise<number>
  /** In [0, 1]. */
  pValue(value: number, samples: Samples): number | Promise<number>
  /** Lower and upper bound of the value. Only where `options.confidence` is given. */
  interval?(samples: Samples): readonly [number, number] | Promise<readonly [number, number]>
  /**
   * Nodes whose values the test needs besides (their samples are then shared with X, Y and Z, and masks of Z hold for them).
   * Their rows have the role EXTRA; they are neither conditions nor dimensions.
   */
  extra?(x: readonly Node[], y: readonly Node[]): readonly Node[]
  /** What a user should know about tests made so far. */
  warnings?(): readonly Warning[]
  /** Score of a model of Y by the other rows, the less the better (Akaike); for choosing `pcAlpha`. */
  criterion?(samples: Samples): number
  /**
   * A shorter way where the series allow it (complete series and partial correlation: one covariance matrix for all tests).
   * Undefined where it cannot serve.
   */
  shortcut?(
    series: TimeSeries,
    tauMax: number,
    cutOff: CutOff,
    noteConstant: (node: Node) => void,
  ): Shortcut | undefined
}

export interface Shortcut {
  /** Undefined where these nodes need the long way (collinear, constant). */
  test(x: readonly Node[], y: readonly Node[], z: readonly Node[]): TestResult | undefined
  /** As `IndependenceTest.criterion`, of variable j and its parents. */
  criterion?(j: number, parents: readonly Node[]): number | undefined
  /** Work that is done before the first test, in small pieces: each tells the share that is done. */
  readonly preparing?: Iterator<number, void>
  /** For tests that share conditions; undefined where there is no shorter way to them. */
  shared?(): SharedTests | undefined
}

/** Tests of one variable that have most of their conditions in common. Answers are those of `Tester.ask`, to rounding. */
export interface SharedTests {
  /** Target and conditions of the tests that follow; false where these have to be asked one by one. */
  given(y: Node, z: readonly Node[]): boolean
  /**
   * Of x and the target, given the shared conditions without x, and more (a node may be named more than once). Undefined where
   * it has to be asked by itself.
   */
  test(x: Node, more: readonly Node[], alpha?: number): TestResult | undefined
}

export interface Measured {
  readonly value: number
  readonly pValue: number
}

export interface TestResult extends Measured {
  /** By alpha or threshold, where one was given. */
  readonly dependent?: boolean
  /** Samples used. */
  readonly samples: number
}

export interface AskOptions {
  readonly tauMax: number
  /** Default `2xtau-max`. */
  readonly cutOff?: CutOff
  /** Significance level, or threshold of the value. */
  readonly alpha?: number
}

/** A test bound to series: what searches work with. Answers are kept: a test of the same sets is made once. */
export interface Tester {
  readonly series: TimeSeries
  readonly independence: Pick<IndependenceTest, 'name' | 'significance' | 'twoSided' | 'options'>
  /** X and Y constant: value 0, p-value 1. Throws `InputError` NoSamples, BadNode, TooFewSamples. */
  ask(x: readonly Node[], y: readonly Node[], z: readonly Node[], options: AskOptions): TestResult | Promise<TestResult>
  /** Bounds of the value; undefined where the test makes none. */
  interval(
    x: readonly Node[],
    y: readonly Node[],
    z: readonly Node[],
    options: AskOptions,
  ): Promise<readonly [number, number] | undefined>
  /** Does what the first test would do before, with pauses; `pause` is told the share that is done. */
  prepare?(options: AskOptions, pause: (fraction: number) => void | Promise<void>): Promise<void>
  /** A shorter way for tests that share conditions; undefined where there is none. */
  shared?(options: AskOptions): SharedTests | undefined
  /** Score of the model of variable j by parents (see `criterion`). Throws `InputError` NoCriterion. */
  criterion(j: number, parents: readonly Node[], tauMax: number): Promise<number>
  /** Tests made so far, and answered from memory. */
  readonly made: number
  readonly recalled: number
  /** What a user should know (constant rows, singular conditions); each once. */
  readonly warnings: readonly Warning[]
}
