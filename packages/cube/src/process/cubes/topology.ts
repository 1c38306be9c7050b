/** Buffers and spatial relations of geometries, by the JavaScript port of JTS, which is loaded only when needed. */
import type { Geometry } from '../../model/geometry.ts'
import { isEmpty } from './geometries.ts'

export const RELATIONS = [
  'intersects',
  'disjoint',
  'equals',
  'touches',
  'crosses',
  'overlaps',
  'contains',
  'within',
] as const
export type Relation = (typeof RELATIONS)[number]

/** Segments of a quarter circle at round corners. */
const QUADRANT = 16

/** The dimension of a geometry: points 0, lines 1, polygons 2. */
const dimensionOf = (geometry: Geometry): number =>
  /Point/.test(geometry.type) ? 0 : /Line/.test(geometry.type) ? 1 : 2

/**
 * What the intersection matrix (DE-9IM: interior, boundary, exterior of a by those of b) has to be, per relation; `*`
 * is anything, `T` any intersection. Crosses and overlaps depend on the dimensions (OGC Simple Features, 6.1.15.3).
 */
function patterns(relation: Relation, a: number, b: number): readonly string[] {
  switch (relation) {
    case 'intersects':
      return ['T********', '*T*******', '***T*****', '****T****']
    case 'disjoint':
      return ['FF*FF****']
    case 'equals':
      return ['T*F**FFF*']
    case 'touches':
      return ['FT*******', 'F**T*****', 'F***T****']
    case 'crosses':
      return a === 1 && b === 1 ? ['0********'] : a < b ? ['T*T******'] : a > b ? ['T*****T**'] : []
    case 'overlaps':
      return a !== b ? [] : a === 1 ? ['1*T***T**'] : ['T*T***T**']
    case 'contains':
      return ['T*****FF*']
    case 'within':
      return ['T*F**F***']
  }
}

function matches(matrix: string, pattern: string): boolean {
  return [...pattern].every((want, i) => want === '*' || (want === 'T' ? matrix[i] !== 'F' : want === matrix[i]))
}

/** Whether relations hold between geometries of one reference system. */
export async function relationTest(
  relation: Relation,
  bases: readonly Geometry[],
): Promise<(other: Geometry) => boolean> {
  const [{ default: Reader }, { default: RelateOp }, { default: UnaryUnionOp }] = await Promise.all([
    import('jsts/org/locationtech/jts/io/GeoJSONReader.js'),
    import('jsts/org/locationtech/jts/operation/relate/RelateOp.js'),
    import('jsts/org/locationtech/jts/operation/union/UnaryUnionOp.js'),
  ])
  const reader = new Reader()
  // Geometries of one dimension are united; points, lines and polygons are looked at apart.
  const united = [0, 1, 2].flatMap((dimension) => {
    const own = bases.filter((geometry) => dimensionOf(geometry) === dimension)
    if (own.length === 0) return []
    const geometries = reader.read({ type: 'GeometryCollection', geometries: own })
    return [{ dimension, geometry: UnaryUnionOp.union(geometries) }]
  })
  return (other) => {
    const read = reader.read(other)
    const holds = united.map(({ dimension, geometry }) => {
      const matrix = RelateOp.relate(geometry, read).toString()
      return patterns(relation, dimension, dimensionOf(other)).some((pattern) => matches(matrix, pattern))
    })
    return relation === 'disjoint' ? holds.every((is) => is) : holds.some((is) => is)
  }
}

/** Buffers by a distance in units of the reference system; null where nothing is left. */
export async function bufferer(distance: number): Promise<(geometry: Geometry) => Geometry | null> {
  const [{ default: Reader }, { default: Writer }, { default: BufferOp }] = await Promise.all([
    import('jsts/org/locationtech/jts/io/GeoJSONReader.js'),
    import('jsts/org/locationtech/jts/io/GeoJSONWriter.js'),
    import('jsts/org/locationtech/jts/operation/buffer/BufferOp.js'),
  ])
  const [reader, writer] = [new Reader(), new Writer()]
  return (geometry) => {
    const { type, coordinates } = writer.write(BufferOp.bufferOp(reader.read(geometry), distance, QUADRANT))
    const buffered = { type, coordinates } as Geometry
    return isEmpty(buffered) ? null : buffered
  }
}
