/**
 * apply_neighborhood without windows: where a callback treats each place alike, whatever lies beside it, the windows of
 * a cube are the cube; and windows that are rows of cells are rows of a cube.
 */
import { type CubeNode, type CubeSchema, dimensionIndex, shapeOf } from '../../model/node.ts'
import type { Callback, GraphNode, Value } from '../row.ts'
import { isCube } from '../schema.ts'
import { packingOf, resultPacking } from './apply.ts'
import { cubeValue } from './arguments.ts'
import { arrayAlong, compile } from './callback.ts'
import { cutDimension, enumerated, type Label, withDims } from './labels.ts'
import { cellNode, concatNode, input } from './nodes.ts'
import { boxSchema } from './subcubes.ts'
import { unitsOfRows } from './units.ts'

/** A window along one dimension: its own cells, and how many are added before and after. */
export interface Span {
  readonly start: number
  readonly length: number
  readonly before: number
  readonly after: number
}

/** Processes that see nothing beside a place, and the arguments that are cubes. */
const PLACEWISE: Readonly<Record<string, readonly string[]>> = {
  apply: ['data'],
  apply_dimension: ['data'],
  mask: ['data', 'mask'],
  merge_cubes: ['cube1', 'cube2'],
}

/** The result of the callback on the whole cube, where that is the same; undefined where it may not be. */
export async function placewise(
  node: CubeNode,
  process: Callback,
  spans: readonly (readonly Span[])[],
  context: Value,
): Promise<CubeNode | undefined> {
  const isWhole = (name: unknown): boolean => {
    const list = typeof name === 'string' ? spans[dimensionIndex(node.schema, name)] : undefined
    return list?.length === 1 && list[0]!.before === 0 && list[0]!.after === 0
  }
  const isPlacewise = ({ process_id, namespace, arguments: args }: GraphNode): boolean => {
    const cubes = PLACEWISE[process_id]
    if (cubes === undefined || (namespace ?? null) !== null) return false
    if (process_id === 'apply_dimension' && (!isWhole(args.dimension) || args.target_dimension != null)) return false
    return cubes.every((name) => isOfData(args[name]))
  }
  if (!Object.values(process.graph).every(isPlacewise)) return undefined
  const result = await process.run({ data: cubeValue(node), context })
  return isCube(result) && hasSameLabels(result.node.schema, node.schema) ? result.node : undefined
}

const isOfData = (argument: unknown): boolean => {
  const { from_node, from_parameter } = (argument ?? {}) as { from_node?: unknown; from_parameter?: unknown }
  return typeof from_node === 'string' || from_parameter === 'data'
}

const hasSameLabels = (a: CubeSchema, b: CubeSchema): boolean =>
  a.dims.length === b.dims.length &&
  a.dims.every(({ name, labels }, d) => {
    const other = b.dims[d]!
    return (
      other.name === name && labels.length === other.labels.length && labels.every((one, i) => one === other.labels[i])
    )
  })

/** More windows along a row than this make more nodes than is worth planning. */
const MOST_WINDOWS = 256

/** Windows that are rows along `line`, by a callback on arrays that compiles; undefined of others. */
export function alongLine(
  node: CubeNode,
  process: Callback,
  line: string,
  spans: readonly Span[],
  context: Value,
): CubeNode | undefined {
  if (spans.length === 0 || spans.length > MOST_WINDOWS) return undefined
  const parts: CubeNode[] = []
  for (const span of spans) {
    const part = windowNode(node, process, line, span, context)
    if (part === undefined) return undefined
    parts.push(part)
  }
  const [first] = parts
  const own = node.schema.dims[dimensionIndex(node.schema, line)]!
  const isAlike = parts.every(({ schema }) => schema.packing.isBoolean === first!.schema.packing.isBoolean)
  if (parts.length === 1) return first
  return isAlike ? concatNode(parts, line, 'apply_neighborhood', own) : undefined
}

/** The own cells of one window. */
function windowNode(
  node: CubeNode,
  process: Callback,
  line: string,
  { start, length, before, after }: Span,
  context: Value,
): CubeNode | undefined {
  const { schema } = node
  const d = dimensionIndex(schema, line)
  const count = before + length + after
  const shape = shapeOf(schema)
  const { packing } = schema
  const box = { start: shape.map((_, i) => (i === d ? start - before : 0)), shape: shape.with(d, count) }
  const indices = enumerated(count).map((i) => start - before + i)
  const cells = indices.map((i) => (i < 0 || i >= shape[d]! ? -1 : i))
  const floats = resultPacking(packing.isBoolean ?? false, packing)
  const isPart = cells.includes(-1)
  const window = cellNode(
    'window',
    [node],
    { kind: 'take', dim: line, indices: cells, of: input(0) },
    boxSchema(schema, box, isPart ? floats : packing),
  )
  const labels = window.schema.dims[d]!.labels as readonly Label[]
  const compiled = compile(process, { data: arrayAlong(line, labels) }, context, [packing.isBoolean ?? false], window)
  if (compiled?.kind !== 'array' || compiled.array.kept !== undefined || compiled.array.labels.length !== count)
    return undefined
  const own = enumerated(length)
  const dims = schema.dims.with(
    d,
    cutDimension(
      schema.dims[d]!,
      own.map((i) => start + i),
    ),
  )
  return cellNode(
    'apply_neighborhood',
    compiled.inputs,
    { kind: 'take', dim: line, indices: own.map((i) => before + i), of: compiled.array.of },
    unitsOfRows(schema, { ...withDims(schema, dims), packing: packingOf(compiled) }, process, line),
  )
}
