/** What is known of the features of a vector cube as columns of a table, beside their labels: properties, ids, places of points. */
import type { GeometryDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import type { Column, TableValue } from './table.ts'

const found = new WeakMap<CubeSchema, readonly Column[]>()

/**
 * A column for each property that some feature has, and for ids that are not the labels; one value per feature, null
 * where it has none. Names that the columns of the cube have get a number. Empty where a cube has no geometries.
 */
export function featureColumns(schema: CubeSchema): readonly Column[] {
  const { dims } = schema
  const geometry = dims.find((dim) => dim.type === 'geometry')
  if (geometry === undefined) return []
  const known = found.get(schema)
  if (known !== undefined) return known
  const taken = takenNames(schema)
  const columns = columnsOf(geometry).map(({ name, values }) => ({ name: freeName(name, taken), values }))
  found.set(schema, columns)
  return columns
}

const places = new WeakMap<CubeSchema, readonly Column[]>()

/**
 * As `featureColumns`, and where all features are points two columns of where they lie: x and y, or longitude and
 * latitude, by which tables are read as points.
 */
export function rowColumns(schema: CubeSchema): readonly Column[] {
  const known = featureColumns(schema)
  const geometry = schema.dims.find((dim) => dim.type === 'geometry')
  const points = geometry?.features.features.map((feature) => feature.geometry)
  if (points === undefined || points.length === 0) return known
  if (!points.every((point) => point === null || point.type === 'Point')) return known
  const found = places.get(schema)
  if (found !== undefined) return found
  const taken = new Set([...takenNames(schema), ...known.map(({ name }) => name)])
  const names = geometry!.features.crs.isGeographic ? ['longitude', 'latitude'] : ['x', 'y']
  const added = names.map((name, k) => ({
    name: freeName(name, taken),
    values: points.map((point) => (point?.coordinates as readonly number[] | undefined)?.[k] ?? null),
  }))
  const columns = [...known, ...added]
  places.set(schema, columns)
  return columns
}

function columnsOf({ labels, features: { features } }: GeometryDimension): Column[] {
  const names = new Set(features.flatMap(({ properties }) => Object.keys(properties)))
  const properties = Array.from(names, (name) => ({
    name,
    values: features.map((feature) => tableValue(own(feature.properties, name))),
  }))
  const hasOwnIds = features.some(({ id }, i) => id !== undefined && id !== labels[i])
  return hasOwnIds && !names.has('id')
    ? [{ name: 'id', values: features.map(({ id }) => id ?? null) }, ...properties]
    : properties
}

function takenNames({ dims, band }: CubeSchema): Set<string> {
  const bands = dims.find((dim) => dim.type === 'bands')
  return new Set([...dims.map(({ name }) => name), ...(bands?.labels ?? [band?.name ?? 'value'])])
}

const own = (properties: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(properties, name) ? properties[name] : null

/** Lists and objects are written as JSON. */
function tableValue(value: unknown): TableValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`
  taken.add(name)
  return name
}
