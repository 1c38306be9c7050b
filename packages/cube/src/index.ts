export * from './application.ts'
export { fromName } from './collection/file-names.ts'
export { parseCrs } from './crs/crs.ts'
export { crsFromEpsg } from './crs/epsg.ts'
export { crsEquals, transformer } from './crs/transform.ts'
export type { TypedArray } from './dtype.ts'
export { Collection, type CollectionOptions, open } from './fluent/collection.ts'
export { type ComputeCubeOptions, Cube, type Period, type SaveCubeOptions } from './fluent/cube.ts'
export type { CubeArray } from './fluent/cube-array.ts'
export { type CallbackInput, Expression } from './fluent/expression.ts'
export { type CogSpec, type ReadWindow, writeCog } from './geotiff/cog.ts'
export type { CogCompression } from './geotiff/encode.ts'
export type { OverviewMethod } from './geotiff/overview.ts'
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
export type { Packing } from './model/block.ts'
export type { BandsDimension, Calendar, Dimension, SpatialDimension, TemporalDimension } from './model/dimension.ts'
export { memorySource } from './model/memory.ts'
export { explainText } from './plan/explain.ts'
export { type Colour, type OpenOptions, openRaster, type Raster, type RasterInfo } from './raster.ts'
export { memoryCube, type StackOptions, selectBands, stack } from './stack.ts'
export { aspect, type Curvature, curvature, hillshade, slope, type TerrainOptions } from './terrain.ts'
export type * from './types.ts'
export { polygonAreaSquareMetres } from './vector/area.ts'
export { type PolygoniseOptions, polygonise } from './vector/polygonise.ts'
export { type RasteriseOptions, rasterise } from './vector/rasterise.ts'
export { type PolygonsRead, type ReadPolygonsOptions, readPolygons } from './vector/read.ts'
export { bufferBounds, convexHull, featuresBounds } from './vector/rings.ts'
export { transformFeatures } from './vector/transform.ts'
export { type WriteGeoJsonOptions, writeGeoJson } from './vector/write.ts'
export { type Resampling, type WarpOptions, warp } from './warp/warp.ts'
