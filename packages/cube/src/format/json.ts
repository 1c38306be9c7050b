/** Cubes and other values as JSON: the form in which openEO's own tests write cubes, with null for what is missing. */
import type { Dimension } from '../model/dimension.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import type { Value } from '../process/row.ts'
import { type BufferedFormat, bufferedSink, type WholeCube, writeText } from './buffered-sink.ts'
import { geometryCollection } from './geojson.ts'

/** A cube as plain data: `{ type: "datacube", order, dimensions, data }`, `data` nested in the order of `order`. */
export function cubeJson({ schema, values }: WholeCube): Readonly<Record<string, unknown>> {
  const isBoolean = schema.packing.isBoolean === true
  const cell = (value: number): unknown => (Number.isFinite(value) ? (isBoolean ? value !== 0 : value) : textOf(value))
  return {
    type: 'datacube',
    order: schema.dims.map(({ name }) => name),
    dimensions: Object.fromEntries(schema.dims.map((dim) => [dim.name, dimensionJson(dim, schema)])),
    ...(schema.unit === undefined ? {} : { unit: schema.unit }),
    nodata: null,
    data: nested(values, shapeOf(schema), cell),
  }
}

/** Infinities have no number in JSON; openEO writes none either. */
const textOf = (value: number): string | null => (Number.isNaN(value) ? null : value > 0 ? 'Infinity' : '-Infinity')

function nested(values: Float64Array, shape: readonly number[], cell: (value: number) => unknown): unknown {
  if (shape.length === 0) return cell(values[0]!)
  const build = (d: number, at: number, size: number): unknown[] => {
    const length = shape[d]!
    const step = size / Math.max(1, length)
    return Array.from({ length }, (_, i) =>
      d === shape.length - 1 ? cell(values[at + i]!) : build(d + 1, at + i * step, step),
    )
  }
  return build(0, 0, values.length)
}

function dimensionJson(dim: Dimension, { grid }: CubeSchema): Readonly<Record<string, unknown>> {
  const base = { type: dim.type, values: dim.labels }
  const reference = grid === undefined ? {} : { reference_system: grid.crs.code ?? grid.crs.wkt ?? grid.crs.proj4 }
  switch (dim.type) {
    case 'spatial':
      return { ...base, axis: dim.axis, ...(dim.axis === 'z' ? {} : reference) }
    case 'temporal':
      return dim.calendar === 'standard' ? base : { ...base, calendar: dim.calendar }
    case 'bands': {
      const units = dim.bands.map(({ unit }) => unit ?? null)
      return units.every((unit) => unit === null) ? base : { ...base, units }
    }
    case 'geometry':
      return { ...base, geometries: geometryCollection(dim.features) }
    case 'other':
      return dim.unit === undefined ? base : { ...base, unit: dim.unit }
  }
}

const json: BufferedFormat = {
  format: 'JSON',
  extensions: ['.json'],
  mostCells: 2 ** 24,
  write: (path, cube) => writeText(path, `${JSON.stringify(cubeJson(cube))}\n`),
}

export const jsonSink = bufferedSink(json)

/** A value of a graph that is no cube, as JSON. Labelled arrays become `{ labels, values }`, geometries GeoJSON. */
export function valueJson(value: Value): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Value[]).map(valueJson)
  if (isKind(value, 'labeled-array'))
    return { labels: value.labels, values: (value.values as readonly Value[]).map(valueJson) }
  if (isKind(value, 'features')) return geometryCollection(value.features as Parameters<typeof geometryCollection>[0])
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, valueJson(inner as Value)]))
}

const isKind = (value: object, kind: string): value is Record<string, unknown> => 'kind' in value && value.kind === kind
