export {
  type BenchmarkResult,
  type BenchmarkRow,
  benchmarkTable,
  type Mean,
  type RunBenchmarkOptions,
  runBenchmark,
} from './benchmark/benchmark.ts'
export { type BenchmarkMethodName, benchmarkMethods } from './benchmark/methods.ts'
export { KINDS, type Kind, type KnownOptions, type KnownSeries, knownSeries } from './benchmark/process.ts'
export { auroc, type Scores, scoresOf } from './benchmark/scores.ts'
export {
  anomalies,
  type ClimatologyMethod,
  type ClimatologyOptions,
  type ClimatologyPeriod,
  climatology,
} from './cubes/climatology.ts'
export { type Detrending, detrend } from './cubes/detrend.ts'
export { type LaggedLinks, type LaggedModel, laggedRegression } from './cubes/lagged-regression.ts'
export { type Driver, LINK_BANDS, type LinkMap, type LinkMapOptions, linkMap } from './cubes/link-map.ts'
export { type Modes, type ModesOptions, modesOf } from './cubes/modes.ts'
export {
  type CubeModes,
  cubeModes,
  linkFeatures,
  type RegionOptions,
  type RegionSeries,
  regionSeries,
} from './cubes/regions.ts'
export { inSeason, type Months } from './cubes/seasons.ts'
export { type Discovered, type DiscoverOptions, discover, type MethodRow, methods } from './discover.ts'
export {
  type Aggregated,
  type Aggregation,
  type AggregationOptions,
  aggregate,
} from './discovery/aggregation.ts'
export type { LinkAssumptions } from './discovery/assumptions.ts'
export { nodeKey } from './discovery/assumptions.ts'
export {
  type BootstrapOptions as SearchBootstrapOptions,
  bootstrapOf,
  type Windowed,
  type WindowOptions,
  windowsOf,
} from './discovery/bootstrap-aggregation.ts'
export type { ColliderRule } from './discovery/colliders.ts'
export { type Discovery, type DiscoveryJson, type Link, LinkGraph, reversed, type Triple } from './discovery/graph.ts'
export { type DummyOptions, type NodeKind, type WithDummies, withDummies } from './discovery/jpcmci-context.ts'
export { discoverJpcmciPlus, type JpcmciPlusOptions } from './discovery/jpcmci-plus.ts'
export { LagArray } from './discovery/lag-array.ts'
export { discoverLpcmci } from './discovery/lpcmci/lpcmci.ts'
export type { LpcmciOptions } from './discovery/lpcmci/options.ts'
export { benjaminiHochberg } from './discovery/matrices.ts'
export type { FdrMethod, SearchOptions } from './discovery/options.ts'
export { discoverPc, discoverPcWithoutTime, type PcOptions } from './discovery/pc-algorithm.ts'
export { discoverParents } from './discovery/pc-stable.ts'
export { discoverBivCi, discoverFullCi, discoverMci, discoverPcmci, laggedDependence } from './discovery/pcmci.ts'
export { discoverPcmciPlus, type PcmciPlusOptions } from './discovery/pcmci-plus.ts'
export { type Anneal, discoverRpcmci, type RegimeDiscovery, type RegimeOptions } from './discovery/rpcmci.ts'
export type { SearchPlan } from './discovery/search-job.ts'
export { type SearchName, searches, searchNamed } from './discovery/table.ts'
export {
  type EffectEstimate,
  type EffectOptions,
  type EffectResult,
  effectOf,
  type MediatedEffect,
} from './effects/effect-of.ts'
export { type PossibleEffects, possibleEffects } from './effects/possible-effects.ts'
export { diagnose, type VariableDiagnostics } from './finding/diagnostics.ts'
export { type Findings, findingsOf, type LinkFinding } from './finding/findings.ts'
export { type PairwiseMultOptions, pairwiseMult } from './independence/pairwise-mult.ts'
export { parcorr } from './independence/parcorr.ts'
export { type ParcorrMultOptions, parcorrMult } from './independence/parcorr-mult.ts'
export { type ParcorrWlsOptions, parcorrWls, type SpreadSource } from './independence/parcorr-wls.ts'
export { regressionCi } from './independence/regression-ci.ts'
export { robustParcorr } from './independence/robust-parcorr.ts'
export { type IndependenceTestName, independenceTest, independenceTests } from './independence/table.ts'
export type {
  AskOptions,
  IndependenceTest,
  Measured,
  Significance,
  Tester,
  TestOptions,
  TestResult,
} from './independence/test.ts'
export { type TesterOptions, testerOf } from './independence/tester.ts'
export { drawLagFunctions, type LagFunctionOptions } from './picture/lag-functions.ts'
export { drawNetwork, type NetworkOptions } from './picture/network.ts'
export { drawTimeSeriesGraph, type TimeSeriesGraphOptions } from './picture/time-series-graph.ts'
export { NumpyRandom } from './random/pcg64.ts'
export { type ContextColumn, type Contexts, withContexts } from './series/contexts.ts'
export { type CutOff, type MaskType, type Samples, type SamplesOptions, samplesOf } from './series/samples.ts'
export {
  type DataSet,
  type DataSetInput,
  type Node,
  nodeName,
  type Resampling,
  type TimeSeries,
  type TimeSeriesOptions,
  timeSeries,
} from './series/series.ts'
export { numbersOf, seriesOf, type TableSeriesOptions } from './series/table.ts'
