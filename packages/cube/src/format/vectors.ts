/** Vector cubes as files of features: a feature for each geometry, a property for each of its values. */
import { InputError, type WorkOptions } from '@ecotope/core'
import type { SinkFormat } from '../execute/sink.ts'
import type { Dimension, GeometryDimension } from '../model/dimension.ts'
import type { Geometries } from '../model/geometry.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { stridesOf } from '../model/region.ts'
import { writeFeatures } from '../vector/write-features.ts'
import { bufferedSink, type WholeCube } from './buffered-sink.ts'

export const hasGeometries = ({ dims }: CubeSchema): boolean => dims.some((dim) => dim.type === 'geometry')

/** The geometries of a cube with its values as properties, named by the labels of the other dimensions; null is missing. */
export function valuesAsProperties({ schema, values }: WholeCube): Geometries {
  const g = schema.dims.findIndex((dim) => dim.type === 'geometry')
  if (g < 0) {
    throw new InputError('FormatUnsuitable', 'this format holds vector cubes, and the cube has no geometries', {
      hint: 'save rasters as .tif, .zarr or .nc',
      data: { dims: schema.dims.map(({ name }) => name) },
    })
  }
  const { features } = schema.dims[g] as GeometryDimension
  const strides = stridesOf(shapeOf(schema))
  const columns = columnsOf(schema.dims, strides, g)
  return {
    ...features,
    features: features.features.map((feature, i) => {
      const own = columns.map(({ name, at }) => {
        const value = values[at + i * strides[g]!]!
        const known = schema.packing.isBoolean === true ? value === 1 : value
        return [name, Number.isFinite(value) ? known : null] as const
      })
      return { ...feature, properties: { ...feature.properties, ...Object.fromEntries(own) } }
    }),
  }
}

/** A column for each combination of labels of the other dimensions; dimensions of one label add nothing to the name. */
function columnsOf(dims: readonly Dimension[], strides: readonly number[], g: number): { name: string; at: number }[] {
  let columns: { names: string[]; at: number }[] = [{ names: [], at: 0 }]
  for (const [d, dim] of dims.entries()) {
    if (d === g) continue
    columns = columns.flatMap(({ names, at }) =>
      Array.from(dim.labels, (label, i) => ({
        names: dim.labels.length > 1 || dim.type === 'bands' ? [...names, String(label)] : names,
        at: at + i * strides[d]!,
      })),
    )
  }
  return columns.map(({ names, at }) => ({ name: names.join(' ') || 'value', at }))
}

/** A vector cube as a file of features, by the extension. */
export function writeCubeFeatures(path: string, cube: WholeCube, work: WorkOptions): Promise<void> {
  const { dims } = cube.schema
  const g = dims.findIndex((dim) => dim.type === 'geometry')
  const measured = g < 0 ? [] : columnsOf(dims, stridesOf(shapeOf(cube.schema)), g).map(({ name }) => name)
  return writeFeatures(path, valuesAsProperties(cube), { ...work, measured })
}

/** A format of `writeFeatures`, which knows it by the extension. */
export const vectorSink = (format: string, extension: string): SinkFormat =>
  bufferedSink({
    format,
    extensions: [extension],
    mostCells: 2 ** 24,
    write: writeCubeFeatures,
  })
