export type { EffectEstimate, EffectResult, LinkFinding } from '@ecotope/cause'
export { explainText } from '@ecotope/cube'
export { type Device, devices } from '@ecotope/tensor'
export type { Application, PredictOptions, Published, PublishOptions } from './application.ts'
export { type BenchmarkFileOptions, benchmarkFiles } from './cause/benchmark.ts'
export {
  type DiscoveredFiles,
  type DiscoverFileOptions,
  discoverFiles,
  GRAPH_PICTURES,
  type GraphPicture,
} from './cause/discover.ts'
export { type EffectFileOptions, effectFiles } from './cause/effect.ts'
export {
  explainGraphFile,
  type GraphOptions,
  type GraphRun,
  type GraphRunOptions,
  runGraphFile,
} from './cubes/graph-run.ts'
export type { InspectedCube, InspectedLayer } from './cubes/inspect-cube.ts'
export { graphProblems, type LoadedProgram, loadProgram, parameterValues } from './cubes/program.ts'
export { namePattern, RAMPS, type RampName, type ViewedFile, type ViewFileOptions, viewFile } from './cubes/view.ts'
export {
  planRecipe,
  type RanStep,
  type Run,
  type RunOptions,
  runRecipe,
  type StepEvent,
} from './execute.ts'
export { type ExplainOptions, explainRecipe, wrap } from './explain.ts'
export { type PlannedGraph, type PlannedNode, planGraph } from './graph.ts'
export { type FileHash, type Hasher, hashFile, openHasher } from './hash.ts'
export {
  type InspectedBand,
  type InspectedPolygons,
  type InspectedProperty,
  type InspectedRaster,
  type Inspection,
  type InspectOptions,
  inspect,
  type Problem,
  type PropertyValue,
} from './inspect.ts'
export { canonicalJson, hashJson, type JsonObject, type JsonValue } from './json.ts'
export { explainLineage, type LineageOptions, lineage, type ProvDocument, readLineage } from './lineage.ts'
export type { Overlap } from './overlap.ts'
export { type Parameters, type ResolveOptions, resolveParameters } from './parameters.ts'
export type { PlannedStep, RunPlan } from './plan.ts'
export type {
  Estimate,
  EstimateContext,
  Process,
  ProcessParameter,
  ProcessSpec,
  StepContext,
  StepResult,
} from './process.ts'
export {
  type GraphNode,
  loadRecipe,
  type ProcessGraph,
  parseRecipe,
  type Recipe,
  type RecipeParameter,
} from './recipe.ts'
export { makeLandslideScene, type SceneFiles } from './scene/files.ts'
export type { SceneOptions } from './scene/scene.ts'
export { type JsonType, type Schema, type Schemas, schemaText } from './schema.ts'
export { type ClassNames, namesOf, type ScoreOptions, type ScoreResult, score } from './score.ts'
export { segmentation, segmentationProcesses } from './segmentation/index.ts'
export { type BandStatistics, PERCENTILES } from './statistics.ts'
export { openStore, StepDamaged, type StepRecord, type Store, type StoredFile, type StoredStep } from './store.ts'
export { inWords, makeFolder, unreadable } from './surroundings.ts'
