/**
 * Features of vector cubes as CF variables: their properties along the dimension of geometries, and where they lie as
 * geometries (CF 1.11, section 7.5) of points, lines or polygons.
 */
import type { GeometryDimension } from '../model/dimension.ts'
import type { Geometry } from '../model/geometry.ts'
import type { CubeSchema } from '../model/node.ts'
import { featureColumns } from '../table/feature-columns.ts'
import type { Column } from '../table/table.ts'
import type { Crs, Position } from '../types.ts'
import { orientRings } from '../vector/rings.ts'
import type { Attributes } from './attributes.ts'
import type { CfDimension, CfOut } from './encode.ts'
import { crsAttributes } from './mapping.ts'

export interface CfFeatures {
  /** Those of the nodes, beside the dimensions of the cube. */
  readonly dims: readonly CfDimension[]
  readonly variables: readonly CfOut[]
  /** Of the data along the geometries. */
  readonly attributes: Attributes
}

type Kind = 'point' | 'line' | 'polygon'

const KINDS: Readonly<Record<Geometry['type'], Kind>> = {
  Point: 'point',
  MultiPoint: 'point',
  LineString: 'line',
  MultiLineString: 'line',
  Polygon: 'polygon',
  MultiPolygon: 'polygon',
}

/** Lists of positions that are written one after the other; `isHole` of rings within a shell. */
interface Part {
  readonly positions: readonly Position[]
  readonly isHole: boolean
}

const whole = (positions: readonly Position[]): Part => ({ positions, isHole: false })
const ringsOf = (rings: readonly (readonly Position[])[]): Part[] =>
  orientRings(rings).map((positions, i) => ({ positions, isHole: i > 0 }))

function partsOf(geometry: Geometry | null): Part[] {
  const parts = (): Part[] => {
    switch (geometry?.type) {
      case 'Point':
        return geometry.coordinates.length === 0 ? [] : [whole([geometry.coordinates])]
      case 'MultiPoint':
        return geometry.coordinates.map((position) => whole([position]))
      case 'LineString':
        return [whole(geometry.coordinates)]
      case 'MultiLineString':
        return geometry.coordinates.map(whole)
      case 'Polygon':
        return ringsOf(geometry.coordinates)
      case 'MultiPolygon':
        return geometry.coordinates.flatMap(ringsOf)
      default:
        return []
    }
  }
  return parts().filter(({ positions }) => positions.length > 0)
}

/** The kind that all geometries are of; undefined where they differ, or none has a place. */
function kindOf({ features: { features } }: GeometryDimension): Kind | undefined {
  const kinds = new Set(
    features.flatMap(({ geometry }) => (partsOf(geometry).length > 0 ? [KINDS[geometry!.type]] : [])),
  )
  return kinds.size === 1 ? [...kinds][0] : undefined
}

function axisAttributes(axis: 'x' | 'y', crs: Crs): Attributes {
  const isX = axis === 'x'
  if (crs.isGeographic) {
    const named = isX ? 'longitude' : 'latitude'
    return { axis: axis.toUpperCase(), standard_name: named, units: isX ? 'degrees_east' : 'degrees_north' }
  }
  const units = crs.unit === 'metre' ? 'm' : crs.unit
  return { axis: axis.toUpperCase(), standard_name: `projection_${axis}_coordinate`, units }
}

/** Numbers with NaN for what is missing, else texts with an empty one. */
function propertyVariable({ name, values }: Column, dim: string): CfOut {
  const base = { name, dims: [dim], shape: [values.length], attributes: {} }
  const isNumeric =
    values.some((value) => value !== null) && values.every((value) => value === null || typeof value === 'number')
  return isNumeric
    ? {
        ...base,
        dtype: 'float64',
        values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
      }
    : { ...base, dtype: 'string', values: values.map((value) => (value === null ? '' : String(value))) }
}

/** What a cube's features are in CF; undefined of cubes without. Names that are in `taken` are not used, and are added to it. */
export function featuresOf(schema: CubeSchema, taken: Set<string>, mapping: string): CfFeatures | undefined {
  const dimension = schema.dims.find((dim) => dim.type === 'geometry')
  if (dimension === undefined || dimension.labels.length === 0) return undefined
  const free = (wanted: string): string => {
    let name = wanted.replaceAll('/', '_').trim() || 'property'
    for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`
    taken.add(name)
    return name
  }
  const columns = featureColumns(schema).map((column) =>
    propertyVariable({ ...column, name: free(column.name) }, dimension.name),
  )
  const kind = kindOf(dimension)
  const listed = columns.map(({ name }) => name)
  if (kind === undefined) return { dims: [], variables: columns, attributes: coordinatesOf(listed) }
  const places = placesOf(dimension, kind, free, mapping)
  const attributes = {
    ...coordinatesOf([...listed, ...places.along]),
    geometry: places.container,
    grid_mapping: mapping,
  }
  return { dims: places.dims, variables: [...columns, ...places.variables], attributes }
}

/** Names with blanks cannot be listed. */
const coordinatesOf = (names: readonly string[]): Attributes => {
  const listed = names.filter((name) => !/\s/.test(name))
  return listed.length === 0 ? {} : { coordinates: listed.join(' ') }
}

interface Places {
  readonly dims: readonly CfDimension[]
  readonly variables: readonly CfOut[]
  readonly container: string
  /** Coordinates with one value for each geometry. */
  readonly along: readonly string[]
}

function placesOf(dimension: GeometryDimension, kind: Kind, free: (name: string) => string, mapping: string): Places {
  const { crs, features } = dimension.features
  const all = features.map(({ geometry }) => partsOf(geometry))
  const parts = all.flat()
  const hasOnePart = all.every((own) => own.length <= 1)
  const isSingle = kind === 'point' && hasOnePart
  const [container, x, y] = ['geometry_container', 'x', 'y'].map(free) as [string, string, string]
  const node = isSingle ? dimension.name : free('node')
  const part = kind === 'point' || hasOnePart ? undefined : free('part')
  const nodes = isSingle ? all.map((own) => own[0]?.positions[0]) : parts.flatMap(({ positions }) => positions)
  const sizes = countsOf(all, parts, { geometry: isSingle ? undefined : dimension.name, part }, kind).map(
    ({ role, dim, values }) => [role, integerVariable(free(role), dim, values)] as const,
  )
  const coordinates = `${x} ${y}`
  const attributes = {
    geometry_type: kind,
    node_coordinates: coordinates,
    ...Object.fromEntries(sizes.map(([role, { name }]) => [role, name])),
    ...(isSingle ? { coordinates } : {}),
    grid_mapping: mapping,
  }
  return {
    dims: [
      ...(isSingle ? [] : [{ name: node, length: nodes.length }]),
      ...(part === undefined ? [] : [{ name: part, length: parts.length }]),
    ],
    variables: [
      scalar(container, attributes),
      scalar(mapping, crsAttributes(crs)),
      ...sizes.map(([, variable]) => variable),
      axisVariable(x, node, nodes, 0, crs),
      axisVariable(y, node, nodes, 1, crs),
    ],
    container,
    along: isSingle ? [x, y] : [],
  }
}

interface Counts {
  /** The attribute of the container that names them (CF 1.11, section 7.5), and their usual name. */
  readonly role: 'node_count' | 'part_node_count' | 'interior_ring'
  readonly dim: string
  readonly values: readonly number[]
}

/** How nodes belong to parts and to geometries, along the dimensions that there are for them. */
function countsOf(
  all: readonly (readonly Part[])[],
  parts: readonly Part[],
  dims: { readonly geometry: string | undefined; readonly part: string | undefined },
  kind: Kind,
): Counts[] {
  const sizeOf = ({ positions }: Part): number => positions.length
  const rows: readonly (readonly [role: Counts['role'], dim: string | undefined, values: () => number[]])[] = [
    ['node_count', dims.geometry, () => all.map((own) => own.reduce((sum, part) => sum + sizeOf(part), 0))],
    ['part_node_count', dims.part, () => parts.map(sizeOf)],
    ['interior_ring', kind === 'polygon' ? dims.part : undefined, () => parts.map(({ isHole }) => Number(isHole))],
  ]
  return rows.flatMap(([role, dim, values]) => (dim === undefined ? [] : [{ role, dim, values: values() }]))
}

const integerVariable = (name: string, dim: string, values: readonly number[]): CfOut => ({
  name,
  dims: [dim],
  shape: [values.length],
  dtype: 'int32',
  attributes: {},
  values: Int32Array.from(values),
})

const axisVariable = (
  name: string,
  dim: string,
  nodes: readonly (Position | undefined)[],
  k: 0 | 1,
  crs: Crs,
): CfOut => ({
  name,
  dims: [dim],
  shape: [nodes.length],
  dtype: 'float64',
  attributes: axisAttributes(k === 0 ? 'x' : 'y', crs),
  values: Float64Array.from(nodes, (position) => position?.[k] ?? Number.NaN),
})

/** A variable that is there for its attributes. */
const scalar = (name: string, attributes: Attributes): CfOut => ({
  name,
  dims: [],
  shape: [],
  dtype: 'int32',
  attributes,
  values: Int32Array.of(0),
})
