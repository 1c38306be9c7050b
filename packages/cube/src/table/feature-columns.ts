/** What is known of the features of a vector cube as columns of a table, beside their labels. */
import type { GeometryDimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import type { Column, TableValue } from './table.ts'

const found = new WeakMap<CubeSchema, readonly Column[]>()

/**
 * A column for each property that some feature has, and for ids that are not the labels; one value per feature, null
 * where it has none. Names that the columns of the cube have get a number. Empty where a cube has no geometries.
 */
export function featureColumns(schema: CubeSchema): readonly Column[] {
  const { dims, band } = schema
  const geometry = dims.find((dim) => dim.type === 'geometry')
  if (geometry === undefined) return []
  const known = found.get(schema)
  if (known !== undefined) return known
  const bands = dims.find((dim) => dim.type === 'bands')
  const taken = new Set([...dims.map(({ name }) => name), ...(bands?.labels ?? [band?.name ?? 'value'])])
  const columns = columnsOf(geometry).map(({ name, values }) => ({ name: freeName(name, taken), values }))
  found.set(schema, columns)
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
