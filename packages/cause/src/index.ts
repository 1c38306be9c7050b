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
export {
  type AdditiveNoise,
  type AdditiveNoiseOptions,
  additiveNoise,
  type Direction,
} from './direction/additive-noise.ts'
export type { Curve } from './direction/curves.ts'
export { directLingam, type Lingam, type LingamOptions } from './direction/direct-lingam.ts'
export { type HsicOptions, type HsicSample, type HsicTest, hsicSample, hsicTest } from './direction/hsic.ts'
export { type Resit, type ResitOptions, resit } from './direction/resit.ts'
export { type VarLingam, type VarLingamOptions, varLingam } from './direction/var-lingam.ts'
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
export type { FdrMethod, SearchOptions } from './discovery/options.ts'
export { discoverPc, discoverPcWithoutTime, type PcOptions } from './discovery/pc-algorithm.ts'
export { discoverParents } from './discovery/pc-stable.ts'
export { discoverBivCi, discoverFullCi, discoverMci, discoverPcmci, laggedDependence } from './discovery/pcmci.ts'
export { discoverPcmciPlus, type PcmciPlusOptions } from './discovery/pcmci-plus.ts'
export { type Anneal, discoverRpcmci, type RegimeDiscovery, type RegimeOptions } from './discovery/rpcmci.ts'
export type { SearchPlan } from './discovery/search-job.ts'
export { type SearchName, searches, searchNamed } from './discovery/table.ts'
export { ancestorSet, flawOf, isValid, optimalNodes, validSets } from './effects/adjustment.ts'
export { bootstrapped, intervalOf, spreadOf } from './effects/bootstrap.ts'
export {
  type EffectEstimate,
  type EffectOptions,
  type EffectResult,
  effectOf,
  type MediatedEffect,
} from './effects/effect-of.ts'
export {
  type Bounded,
  fitLinearMediation,
  LinearMediation,
  type MediationOptions,
  mediationIntervals,
} from './effects/linear-mediation.ts'
export { fitNaturalEffects, type NaturalEffectOptions, type NaturalEffects } from './effects/natural-effects.ts'
export { parseNode } from './effects/node-name.ts'
export { isOptimal } from './effects/optimality.ts'
export { givenCoefficients, pathCoefficients, pathEffects } from './effects/path-effects.ts'
export { type PossibleEffects, possibleEffects } from './effects/possible-effects.ts'
export { findPredictors, fitPredictor, type Predictor, trainingSteps } from './effects/prediction.ts'
export { type EffectQuery, effectQuery } from './effects/query.ts'
export { forest } from './effects/regressors/forest.ts'
export { kernelRidge } from './effects/regressors/kernel-ridge.ts'
export { linear, ridge } from './effects/regressors/linear.ts'
export { nearestNeighbours } from './effects/regressors/neighbours.ts'
export type { FittedModel, Regressor } from './effects/regressors/regressor.ts'
export { regressorNamed } from './effects/regressors/table.ts'
export { fitTotalEffect, type TotalEffect, type TotalEffectOptions } from './effects/total-effect.ts'
export { diagnose, type VariableDiagnostics } from './finding/diagnostics.ts'
export { type Findings, findingsOf, type LinkFinding } from './finding/findings.ts'
export {
  causalityTest,
  instantaneousTest,
  type PairTests,
  pairTests,
  residualsOf,
  type Test as GrangerTest,
  type TestKind as GrangerTestKind,
  whiteness,
} from './granger/causality.ts'
export { type GrangerOptions, type GrangerPair, type GrangerResult, granger, type LagValue } from './granger/granger.ts'
export {
  type KernelGrangerOptions,
  type KernelGrangerResult,
  type KernelPair,
  kernelGranger,
} from './granger/kernel.ts'
export type { Kernel } from './granger/kernel-span.ts'
export { type SpectralOptions, type SpectralPair, type SpectralResult, spectralGranger } from './granger/spectral.ts'
export {
  type Criterion,
  fitVar,
  type OrderChoice,
  type OrderOptions,
  selectOrder,
  type VarModel,
} from './granger/var-model.ts'
export { type CmiKnnOptions, cmiKnn } from './independence/cmi-knn.ts'
export { type CmiKnnMixedOptions, cmiKnnMixed } from './independence/cmi-knn-mixed.ts'
export { type CmiSymbOptions, cmiSymb } from './independence/cmi-symb.ts'
export { type GpdcOptions, gpdc } from './independence/gpdc.ts'
export type { KernelOptions, KernelParameter } from './independence/gpdc-kernel.ts'
export type { GaussianProcessOptions } from './independence/gpdc-regression.ts'
export { type GSquaredOptions, gsquared } from './independence/gsquared.ts'
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
  SharedTests,
  Shortcut,
  Significance,
  Tester,
  TestOptions,
  TestResult,
} from './independence/test.ts'
export { type TesterOptions, testerOf } from './independence/tester.ts'
export { type CrossMapOptions, type CrossMapPair, type CrossMapResult, crossMap } from './mapping/cross-map.ts'
export type { LagSkill, PairMap } from './mapping/cross-map-effect.ts'
export type { Forecast, ForecastOptions } from './mapping/forecast.ts'
export { type PartialMap, type PartialOptions, partialCrossMap } from './mapping/partial.ts'
export {
  type Nonlinearity,
  type NonlinearityOptions,
  nonlinearity,
  type SMapForecast,
  type SMapOptions,
  sMap,
} from './mapping/s-map.ts'
export { chooseDimension, type DimensionChoice, type DimensionOptions, simplex } from './mapping/simplex.ts'
export type { Skill } from './mapping/skill.ts'
export type { SurrogateKind, SurrogateOptions } from './mapping/surrogates.ts'
export type { Trend } from './mapping/trend.ts'
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
export { benjaminiHochberg } from './statistics/false-discovery.ts'
export type { Band as CoefficientBand } from './varying/bands.ts'
export type { TermTest } from './varying/constancy.ts'
export {
  type CoefficientCurve,
  type VaryingModel,
  type VaryingOptions,
  varyingCoefficients,
} from './varying/varying.ts'
