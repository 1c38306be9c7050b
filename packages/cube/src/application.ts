/** What programs around the cube need beside the cube itself: graphs as files, plans, formats, pictures, STAC items. */
export { describeLayers } from './collection/layer-set.ts'
export { type CollectionRequest, openCollection } from './collection/open.ts'
export { stackLayers } from './collection/stack.ts'
export type { Layer, LayerSet } from './collection/types.ts'
export { formatNamed, formatOf, formats, hasExtension, sinkFor } from './format/formats.ts'
export { valueJson } from './format/json.ts'
export type { FormatRow } from './format/layers.ts'
export { isUrl } from './format/sniff.ts'
export { writeAside } from './geotiff/aside.ts'
export { type Evaluation, evaluateProgram, type InspectEntry, runGraph } from './graph/evaluate.ts'
export { type Program, parseProgram, type UserParameter } from './graph/program.ts'
export { withUserProcesses } from './graph/user.ts'
export { type Problem as GraphProblem, validateGraph } from './graph/validate.ts'
export { type CubeNode, type CubeSchema, shapeOf } from './model/node.ts'
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
export { type Picture, type PlotOptions, plot } from './picture/plot.ts'
export { encodePng, pngUri } from './picture/png.ts'
export { type Explanation, explain } from './plan/explain.ts'
export { type Saved, saveOrigin } from './plan/save.ts'
export { registry as processRegistry } from './process/registry.ts'
export type { GraphNode, ProcessGraph, Value } from './process/row.ts'
export { itemPath, writeStacItem } from './stac/item.ts'
export { isStac } from './stac/read.ts'
