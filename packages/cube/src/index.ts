export { westToEast } from './cf/longitudes.ts'
export { fromName } from './collection/file-names.ts'
export { describeLayers } from './collection/layer-set.ts'
export { type CollectionRequest, openCollection } from './collection/open.ts'
export { filesMatching, isGlob } from './collection/paths.ts'
export { stackLayers } from './collection/stack.ts'
export type { Layer, LayerSet } from './collection/types.ts'
export { parseCrs } from './crs/crs.ts'
export { crsFromEpsg } from './crs/epsg.ts'
export { crsEquals, transformer } from './crs/transform.ts'
export type { TypedArray } from './dtype.ts'
export type { Executor, JobSpec, Outcome, RunOptions, Task, TaskRunner } from './execute/executor.ts'
export { inlineExecutor } from './execute/inline.ts'
export { refuseOptions } from './execute/sink.ts'
export { type ThreadExecutorOptions, threadExecutor } from './execute/threads.ts'
export type { SelectOptions } from './fluent/choosing.ts'
export { Collection, type CollectionOptions, open } from './fluent/collection.ts'
export type { DateComponent } from './fluent/components.ts'
export { Cube } from './fluent/cube.ts'
export type { CubeArray } from './fluent/cube-array.ts'
export { type CallbackInput, Expression } from './fluent/expression.ts'
export type { ComputeCubeOptions, InterpolateOptions, Period, SaveCubeOptions } from './fluent/options.ts'
export type { LabelOptions } from './fluent/reductions.ts'
export type { EveryDays, Interval, RollingOptions, WindowLength } from './fluent/windows.ts'
export { formatNamed, formatOf, formats, hasExtension, sinkFor } from './format/formats.ts'
export { valueJson } from './format/json.ts'
export type { FormatRow } from './format/layers.ts'
export { isUrl } from './format/sniff.ts'
export { refuseTarget, writeAside } from './geotiff/aside.ts'
export { type CogSpec, type ReadWindow, writeCog } from './geotiff/cog.ts'
export type { CogCompression } from './geotiff/encode.ts'
export type { OverviewMethod } from './geotiff/overview.ts'
export type { SampleTarget } from './geotiff/reader.ts'
export {
  type EvaluateOptions,
  type Evaluation,
  evaluateGraph,
  evaluateProgram,
  type InspectEntry,
  runGraph,
  validateProgram,
} from './graph/evaluate.ts'
export type { UserProcess } from './graph/program.ts'
export { type Program, parseProgram, type UserParameter } from './graph/program.ts'
export { withUserProcesses } from './graph/user.ts'
export { type Problem as GraphProblem, validateGraph } from './graph/validate.ts'
export {
  cropGrid,
  gridBounds,
  gridEquals,
  gridOf,
  gridResolution,
  intersectWindows,
  invertAffine,
  isNorthUp,
  pixelToCrs,
  transformBounds,
  wholeWindow,
  windowOf,
} from './grid.ts'
export { metresPerDegree, pixelAreasSquareMetres, pixelMetres } from './ground.ts'
export { type BandIndexName, type BandIndexOptions, bandIndex, bandIndices, rolesOf } from './indices.ts'
export { type KernelInstance, kernelInstance } from './kernels/load.ts'
export type { Packing } from './model/block.ts'
export type { BandsDimension, Calendar, Dimension, SpatialDimension, TemporalDimension } from './model/dimension.ts'
export type { Geometries, Geometry } from './model/geometry.ts'
export { memorySource } from './model/memory.ts'
export { type CubeNode, type CubeSchema, shapeOf } from './model/node.ts'
export {
  type CalendarDate,
  dateOf,
  decodeTimes,
  encodeTimes,
  formatInstant,
  parseInstant,
  secondsOf,
} from './model/time.ts'
export { mosaicNode } from './mosaic/mosaic-node.ts'
export { writeNpy, writeNpz } from './npy/npy.ts'
export {
  classColours,
  hexOf,
  inkOn,
  lineColour,
  OKABE_ITO,
  type RampName,
  rampColour,
  rampGradient,
  rampTable,
  rgbOf,
} from './picture/colour.ts'
export { type Drawing, FAINT, HAIR, INK, type Shape } from './picture/drawing.ts'
export { featureValues } from './picture/feature-values.ts'
export { textWidth } from './picture/font.ts'
export { niceTicks, tickText } from './picture/numbers.ts'
export { type Picture, PLOT_OPTIONS, type PlotOptions, pictureOf, plot } from './picture/plot.ts'
export { encodePng, pngUri } from './picture/png.ts'
export { type ComputeOptions, computeCube } from './plan/compute.ts'
export { type Explanation, explain, explainText } from './plan/explain.ts'
export type { FailedChunk } from './plan/reader.ts'
export { type GraphSaveOptions, type Saved, type SaveOptions, saveGraph, saveOrigin } from './plan/save.ts'
export { registry as processRegistry } from './process/registry.ts'
export type { GraphNode, ProcessGraph, Value } from './process/row.ts'
export { type Colour, type OpenOptions, openRaster, type Raster, type RasterInfo } from './raster.ts'
export { describeOutput, itemPath } from './stac/item.ts'
export { isStac } from './stac/read.ts'
export { memoryCube, type StackOptions, selectBands, stack } from './stack.ts'
export { pointsCube, seriesCube } from './table/cube.ts'
export { readTable, writeTable } from './table/read.ts'
export type { Table } from './table/table.ts'
export {
  aspect,
  type Curvature,
  curvature,
  hillshade,
  roughness,
  ruggedness,
  slope,
  type TerrainOptions,
  topographicPosition,
} from './terrain.ts'
export type * from './types.ts'
export { polygonAreaSquareMetres } from './vector/area.ts'
export { type PolygoniseOptions, polygonise } from './vector/polygonise.ts'
export { type RasteriseOptions, rasterise } from './vector/rasterise.ts'
export { type PolygonsRead, type ReadPolygonsOptions, readPolygons } from './vector/read.ts'
export { readFeatures } from './vector/read-features.ts'
export { bufferBounds, convexHull, featuresBounds } from './vector/rings.ts'
export { transformFeatures } from './vector/transform.ts'
export { type WriteGeoJsonOptions, writeGeoJson } from './vector/write.ts'
export { writeFeatures } from './vector/write-features.ts'
export { type Resampling, type WarpOptions, warp } from './warp/warp.ts'
export { warpNode } from './warp/warp-node.ts'
export { type ZonalOptions, type ZonalTable, zonalStatistics } from './zonal/statistics.ts'
