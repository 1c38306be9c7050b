/** Processes on vector cubes: GeoJSON read, geometries filtered, buffered, reprojected, sampled. Cells stay as they are. */
import { InputError, random } from '@ecotope/core'
import { FLOAT64 } from '../../model/block.ts'
import type { GeometryDimension } from '../../model/dimension.ts'
import type { Geometries, Geometry, GeometryFeature } from '../../model/geometry.ts'
import { memorySource } from '../../model/memory.ts'
import type { CubeNode } from '../../model/node.ts'
import type { Crs, Position } from '../../types.ts'
import type { ProcessRow, Value } from '../row.ts'
import { elementsOf } from '../schema.ts'
import { cubeOf, cubeValue, geometriesArgument, listOf, optionalText, requireDimension, textOf } from './arguments.ts'
import { crsOf } from './filters.ts'
import { dimensionOfFeatures, fromGeoJson, geometryDimension, isEmpty, reprojected } from './geometries.ts'
import { enumerated, otherDimension } from './labels.ts'
import { indicesWhere, sameCells, selectNode } from './nodes.ts'
import { randomPoints, regularPoints } from './sampling.ts'
import { GEOJSON, givesCube, optional, PROJECTION, parameter, TEXT_OR_NULL, VECTOR } from './schemas.ts'
import { bufferer, RELATIONS, type Relation, relationTest } from './topology.ts'

/** The geometry dimension. Throws `DimensionNotAvailable`. */
function geometryOf(node: CubeNode): GeometryDimension {
  const dimension = geometryDimension(node)
  if (dimension !== undefined) return dimension
  throw new InputError('DimensionNotAvailable', 'the cube has no dimension of geometries', {
    hint: 'this process works on vector cubes; make one with load_geojson or aggregate_spatial',
  })
}

/** The cube with other features at the same labels. */
function withFeatures(label: string, node: CubeNode, dimension: GeometryDimension, features: Geometries): CubeNode {
  const dims = node.schema.dims.map((one) => (one.name === dimension.name ? { ...dimension, features } : one))
  return sameCells(label, node, { ...node.schema, dims })
}

/** Throws `UnitMismatch` where coordinates are not in metres: processes whose distances are do not convert. */
function requireMetres(crs: Crs): void {
  if (!crs.isGeographic && Math.abs((crs.metresPerUnit ?? 1) - 1) < 1e-9) return
  throw new InputError('UnitMismatch', `distances in metres do not fit geometries in ${crs.name} (in ${crs.unit})`, {
    hint: 'bring them to a system in metres with vector_reproject first',
    data: { crs: crs.code ?? crs.name, unit: crs.unit },
  })
}

async function buffered(node: CubeNode, distance: number): Promise<CubeNode> {
  const dimension = geometryOf(node)
  const { features } = dimension
  requireMetres(features.crs)
  const buffer = await bufferer(distance)
  const grown = features.features.map(
    (feature): GeometryFeature => ({
      ...feature,
      geometry: feature.geometry === null || isEmpty(feature.geometry) ? null : buffer(feature.geometry),
    }),
  )
  return withFeatures('vector_buffer', node, dimension, { ...features, features: grown })
}

function reprojectedNode(node: CubeNode, crs: Crs, name: string | undefined): CubeNode {
  const d = name === undefined ? -1 : requireDimension(node, name)
  const wanted = node.schema.dims.filter(
    (dimension, i): dimension is GeometryDimension => dimension.type === 'geometry' && (d < 0 || i === d),
  )
  if (wanted.length === 0) geometryOf({ ...node, schema: { ...node.schema, dims: [] } })
  return wanted.reduce(
    (done, dimension) => withFeatures('vector_reproject', done, dimension, reprojected(dimension.features, crs, false)),
    node,
  )
}

async function filterVector(node: CubeNode, bases: Geometries, relation: Relation): Promise<CubeNode> {
  const dimension = geometryOf(node)
  const moved = reprojected(bases, dimension.features.crs)
  const geometries = moved.features.flatMap(({ geometry }) =>
    geometry === null || isEmpty(geometry) ? [] : [geometry],
  )
  const holds = await relationTest(relation, geometries)
  const kept = indicesWhere(dimension.labels.length, (i) => {
    const { geometry } = dimension.features.features[i]!
    return geometry !== null && !isEmpty(geometry) && holds(geometry)
  })
  return selectNode('filter_vector', node, dimension.name, kept)
}

/** The cube with points in place of its geometries: one MultiPoint each, or a label for each point. */
function withPoints(
  label: string,
  node: CubeNode,
  points: readonly (readonly Position[])[],
  isGrouped: boolean,
): CubeNode {
  const dimension = geometryOf(node)
  const { features } = dimension
  if (isGrouped) {
    const grouped = features.features.map((feature, i): GeometryFeature => {
      const geometry: Geometry | null = points[i]!.length === 0 ? null : { type: 'MultiPoint', coordinates: points[i]! }
      return { ...feature, geometry }
    })
    return withFeatures(label, node, dimension, { ...features, features: grouped })
  }
  const places = points.flatMap((list, i) => list.map(() => i))
  const single = points.flatMap((list, i) =>
    list.map(
      (position): GeometryFeature => ({
        geometry: { type: 'Point', coordinates: position },
        properties: features.features[i]!.properties,
      }),
    ),
  )
  const repeated = selectNode(label, node, dimension.name, places)
  const own = { ...geometryOf(repeated), labels: enumerated(places.length) }
  return withFeatures(label, repeated, own, { ...features, features: single })
}

/** How many points each geometry gets: as even as can be, at most `each`, `total` in all. */
function shares(count: number, each: number | undefined, total: number | undefined): number[] {
  if (total !== undefined && total < count) {
    throw new InputError('CountMismatch', `${total} points are too few for ${count} geometries`, {
      hint: 'every geometry gets at least one point; raise total_count',
      data: { total, geometries: count },
    })
  }
  if (total === undefined) return enumerated(count).map(() => each ?? 1)
  const [base, rest] = [Math.floor(total / count), total % count]
  return enumerated(count).map((i) => Math.min(each ?? Infinity, base + (i < rest ? 1 : 0)))
}

function randomlySampled(node: CubeNode, each: number | undefined, total: number | undefined, seed: number) {
  const { features } = geometryOf(node).features
  const filled = features.flatMap(({ geometry }, i) => (geometry === null || isEmpty(geometry) ? [] : [i]))
  const counts = shares(filled.length, each, total)
  const points: Position[][] = features.map(() => [])
  filled.forEach((i, k) => {
    points[i] = randomPoints(features[i]!.geometry!, counts[k]!, random(seed).split(i))
  })
  return points
}

/** Values of properties as cells. Texts have no place in a cube; they stay with the features. */
export function propertyCube(features: Geometries, names: readonly string[]): CubeNode {
  const dimension = dimensionOfFeatures(features)
  const rows = features.features.map(({ properties }) => names.map((name) => (properties[name] ?? null) as Value))
  const isList = names.length === 1 && rows.some((row) => elementsOf(row[0]) !== undefined)
  const values = isList ? rows.map((row) => elementsOf(row[0]) ?? row) : rows
  const width = isList ? values.reduce((most, row) => Math.max(most, row.length), 0) : names.length
  const data = Float64Array.from({ length: values.length * width }, (_, k) => {
    const value = values[Math.floor(k / width)]![k % width] ?? null
    if (value === null) return Number.NaN
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
    throw new InputError('NotANumber', `a property is ${JSON.stringify(value)}, which no cell of a cube can hold`, {
      hint: 'name properties of numbers or of true and false; all properties stay with the features',
      data: { feature: Math.floor(k / width) + 1, properties: names },
    })
  })
  const dims = [dimension, otherDimension('properties', isList ? enumerated(width) : names)]
  return memorySource(data, { dims, packing: FLOAT64 }, features.label)
}

const VECTOR_DATA = parameter('data', VECTOR, 'a vector cube')
const COUNT = [{ type: 'integer', minimum: 1 }, { type: 'null' }]
const GROUP = optional('group', { type: 'boolean' }, 'one MultiPoint for each geometry instead of single points', true)
const EXPERIMENTAL = { experimental: true, chunks: 'metadata', category: 'vector' } as const

const countOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

export const vectorRows: readonly ProcessRow[] = [
  {
    ...EXPERIMENTAL,
    id: 'load_geojson',
    summary: 'A vector cube from GeoJSON.',
    parameters: [
      parameter('data', GEOJSON, 'GeoJSON without collections of geometries'),
      optional('properties', { type: 'array', uniqueItems: true, items: { type: 'string' } }, 'become cells', []),
    ],
    returns: givesCube('a vector cube', VECTOR),
    evaluate: (args) => {
      const features =
        typeof (args.data as { kind?: unknown }).kind === 'string'
          ? geometriesArgument(args, 'data')
          : fromGeoJson(args.data as Value, 'data')
      const names = listOf(args, 'properties') as string[]
      return names.length === 0 ? { kind: 'features', features } : cubeValue(propertyCube(features, names))
    },
  },
  {
    ...EXPERIMENTAL,
    id: 'filter_vector',
    category: 'filters',
    summary: 'Keeps geometries that have a spatial relation to others.',
    parameters: [
      VECTOR_DATA,
      parameter('geometries', [VECTOR, GEOJSON], 'the other geometries, taken together'),
      optional(
        'relation',
        { type: 'string', enum: [...RELATIONS] },
        'of the other geometries to those of the cube',
        'intersects',
      ),
    ],
    returns: givesCube('the cube with fewer geometries', VECTOR),
    evaluate: async (args) => {
      const relation = textOf(args, 'relation') as Relation
      return cubeValue(await filterVector(cubeOf(args), geometriesArgument(args, 'geometries'), relation))
    },
  },
  {
    ...EXPERIMENTAL,
    id: 'vector_buffer',
    summary: 'Grows or shrinks geometries by a distance.',
    parameters: [
      parameter('geometries', VECTOR, 'a vector cube in a system in metres'),
      parameter('distance', { type: 'number', not: { const: 0 } }, 'metres; negative shrinks polygons'),
    ],
    returns: givesCube('the cube with polygons, some of them empty', VECTOR),
    errors: ['UnitMismatch'],
    evaluate: async (args) => cubeValue(await buffered(cubeOf(args, 'geometries'), Number(args.distance))),
  },
  {
    ...EXPERIMENTAL,
    id: 'vector_reproject',
    summary: 'Brings geometries to another reference system.',
    parameters: [
      VECTOR_DATA,
      parameter('projection', PROJECTION, 'the system'),
      optional('dimension', TEXT_OR_NULL, 'the dimension of geometries; default all'),
    ],
    returns: givesCube('the cube with its geometries moved', VECTOR),
    errors: ['DimensionNotAvailable'],
    evaluate: (args) =>
      cubeValue(reprojectedNode(cubeOf(args), crsOf(args.projection), optionalText(args, 'dimension'))),
  },
  {
    ...EXPERIMENTAL,
    id: 'vector_to_random_points',
    summary: 'Random points of geometries. Without a seed the points are those of seed 0.',
    parameters: [
      VECTOR_DATA,
      optional('geometry_count', COUNT, 'points of each geometry at most'),
      optional('total_count', COUNT, 'points in all at most'),
      GROUP,
      optional('seed', { type: ['integer', 'null'] }, 'the same seed gives the same points'),
    ],
    returns: givesCube('a vector cube of points', VECTOR),
    errors: ['CountMismatch'],
    evaluate: (args) => {
      const node = cubeOf(args)
      // Every worker makes the same points, so there is always a seed.
      const points = randomlySampled(
        node,
        countOf(args.geometry_count),
        countOf(args.total_count),
        Number(args.seed ?? 0),
      )
      return cubeValue(withPoints('vector_to_random_points', node, points, args.group !== false))
    },
  },
  {
    ...EXPERIMENTAL,
    id: 'vector_to_regular_points',
    summary: 'Points of geometries at regular distances.',
    parameters: [
      VECTOR_DATA,
      parameter('distance', { type: 'number', exclusiveMinimum: 0 }, 'metres between points'),
      GROUP,
    ],
    returns: givesCube('a vector cube of points', VECTOR),
    errors: ['UnitMismatch'],
    evaluate: (args) => {
      const node = cubeOf(args)
      const { features } = geometryOf(node)
      requireMetres(features.crs)
      const points = features.features.map(({ geometry }) =>
        geometry === null || isEmpty(geometry) ? [] : regularPoints(geometry, Number(args.distance)),
      )
      return cubeValue(withPoints('vector_to_regular_points', node, points, args.group !== false))
    },
  },
]
