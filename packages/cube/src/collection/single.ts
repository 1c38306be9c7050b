/** One file as the cube that it is, with all its own dimensions; several as a stack of what shares a grid. */

import { cubeExtensions, openLayers } from '../format/formats.ts'
import type { ArraySource } from '../model/array-source.ts'
import type { CubeNode, SourceNode } from '../model/node.ts'
import type { ProcessContext } from '../process/row.ts'
import { type CollectionRequest, openCollection } from './open.ts'
import { expandPaths } from './paths.ts'
import { stackLayers } from './stack.ts'
import { sourceFor } from './with-missing.ts'

/** The cube that files are. Throws what `openCollection` and `stackLayers` throw, such as `DifferentGrids`. */
export async function openCube(request: CollectionRequest, context: ProcessContext): Promise<CubeNode> {
  const node = await wholeFile(request, context)
  if (node !== undefined) return node
  const collection = await openCollection(request, context)
  context.keep(collection)
  for (const warning of collection.warnings) context.onWarning?.(warning)
  return stackLayers(collection)
}

export const sourceNode = (source: ArraySource, label: string): SourceNode => ({
  kind: 'source',
  schema: source.schema,
  label,
  inputs: [],
  source,
})

/** A single file with a single array, unless its name has something to say. */
async function wholeFile(request: CollectionRequest, context: ProcessContext): Promise<CubeNode | undefined> {
  const { paths, time, bands, format, crs, options } = request
  if (time !== undefined || bands !== undefined) return undefined
  const files = await expandPaths(paths, context.folder, cubeExtensions())
  if (files.length !== 1 || /\.(geo)?json$/i.test(files[0]!)) return undefined
  const opened = await openLayers(files[0]!, {
    ...(format === undefined ? {} : { format }),
    ...(crs === undefined ? {} : { crs }),
    ...(options === undefined ? {} : { options }),
  })
  const [layer, more] = opened.layers
  if (layer === undefined || more !== undefined) {
    await opened.close()
    return undefined
  }
  context.keep(opened)
  return sourceNode(sourceFor(layer.source, context), files[0]!)
}
