export { parseCrs } from './crs/crs.ts'
export { crsFromEpsg } from './crs/epsg.ts'
export { crsEquals, transformer } from './crs/transform.ts'
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
export type * from './types.ts'
