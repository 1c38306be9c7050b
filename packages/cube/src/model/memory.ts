/** Cubes whose cells lie in memory, as source nodes: small made-up cubes, arguments of graphs, inputs of tests. */
import { InputError, throwIfAborted } from '@ecotope/core'
import type { TypedArray } from '../dtype.ts'
import type { ArraySource } from './array-source.ts'
import { sliceBox } from './copy.ts'
import { type CubeSchema, type SourceNode, shapeOf } from './node.ts'
import { cellCount } from './region.ts'

/**
 * A cube over an array: row-major in the order of `schema.dims`, in the schema's packing. An array on a
 * SharedArrayBuffer is passed to threads within the handle (`data`) without a copy.
 * Throws InputError `BadShape` where the array has not one cell for each position.
 */
export function memorySource(data: TypedArray, schema: CubeSchema, label = 'memory'): SourceNode {
  const shape = shapeOf(schema)
  const expected = cellCount(shape)
  if (data.length !== expected) {
    throw new InputError('BadShape', `${label}: ${data.length} values for a cube of ${shape.join(' x ')}`, {
      hint: `give ${expected} values, the last dimension fastest`,
      data: { expected, actual: data.length },
    })
  }
  return { kind: 'source', schema, label, inputs: [], source: sourceOf(data, schema, label) }
}

function sourceOf(data: TypedArray, schema: CubeSchema, label: string): ArraySource {
  const shape = shapeOf(schema)
  return {
    schema,
    handle: { format: 'memory', path: label, data },
    // Memory has no chunks; these only give planners a sensible size to align tasks to.
    chunks: shape.map((length, d) => (d < shape.length - 2 ? 1 : Math.max(1, Math.min(length, 256)))),
    read(region, options) {
      return new Promise((resolve) => {
        throwIfAborted(options?.signal)
        resolve(sliceBox(data, shape, region))
      })
    },
    close: () => Promise.resolve(),
  }
}
