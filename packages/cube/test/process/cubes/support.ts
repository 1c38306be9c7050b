/** Small cubes and processes on them, for tests: `run` evaluates one process and reads all of its result. */
import { crsFromEpsg } from '../../../src/crs/epsg.ts'
import { newArray } from '../../../src/dtype.ts'
import { evaluateGraph } from '../../../src/graph/evaluate.ts'
import { FLOAT64, type Packing } from '../../../src/model/block.ts'
import type { Dimension } from '../../../src/model/dimension.ts'
import { memorySource } from '../../../src/model/memory.ts'
import { type CubeNode, type CubeSchema, shapeOf } from '../../../src/model/node.ts'
import { cellCount, type Region } from '../../../src/model/region.ts'
import { valueReader } from '../../../src/process/cubes/along.ts'
import { readNode, readWhole } from '../../../src/process/cubes/direct.ts'
import type { CubeValue, FeaturesValue, Value } from '../../../src/process/row.ts'
import type { Grid } from '../../../src/types.ts'

export const bands = (...names: string[]): Dimension => ({
  type: 'bands',
  name: 'bands',
  labels: names,
  bands: names.map((name) => ({ name, role: name })),
})

export const times = (...labels: string[]): Dimension => ({ type: 'temporal', name: 't', labels, calendar: 'standard' })

export const other = (name: string, ...labels: (string | number)[]): Dimension => ({ type: 'other', name, labels })

/** Pixels of 10 m in UTM zone 32, the upper left corner at 400 000, 5 700 000. */
export function utm(width: number, height: number): { grid: Grid; y: Dimension; x: Dimension } {
  const grid: Grid = { crs: crsFromEpsg(32632), affine: [10, 0, 400000, 0, -10, 5700000], width, height }
  const labels = (n: number, first: number, step: number) => Array.from({ length: n }, (_, i) => first + step * i)
  return {
    grid,
    y: { type: 'spatial', name: 'y', axis: 'y', labels: labels(height, 5699995, -10) },
    x: { type: 'spatial', name: 'x', axis: 'x', labels: labels(width, 400005, 10) },
  }
}

type Nested = readonly (Nested | number | boolean | null)[]

const flat = (nested: Nested): (number | boolean | null)[] =>
  nested.flatMap((item) => (Array.isArray(item) ? flat(item as Nested) : [item as number | boolean | null]))

/** A cube in memory; null is missing. */
export function cube(
  dims: readonly Dimension[],
  values: Nested | ((i: number) => number | null),
  options: { packing?: Packing; grid?: Grid } = {},
): CubeValue {
  const packing = options.packing ?? FLOAT64
  const count = cellCount(dims.map((dimension) => dimension.labels.length))
  const list = typeof values === 'function' ? Array.from({ length: count }, (_, i) => values(i)) : flat(values)
  const data = newArray(packing.dtype, count)
  list.forEach((value, i) => {
    data[i] = value === null ? (packing.nodata ?? Number.NaN) : (Number(value) - packing.offset) / packing.scale
  })
  const schema: CubeSchema = { dims, packing, ...(options.grid === undefined ? {} : { grid: options.grid }) }
  return { kind: 'cube', node: memorySource(data, schema, 'test') }
}

/** A raster cube of [...dims, y, x] on the UTM grid. */
export function raster(
  width: number,
  height: number,
  values: Nested | ((i: number) => number | null),
  dims: readonly Dimension[] = [],
  packing?: Packing,
): CubeValue {
  const { grid, x, y } = utm(width, height)
  return cube([...dims, y, x], values, { grid, ...(packing === undefined ? {} : { packing }) })
}

type Argument = Value | undefined | { readonly process_graph: unknown }

/** The value of one process. Cubes and geometries are handed to the graph as parameters. */
export async function value(process: string, args: Readonly<Record<string, Argument>>): Promise<Value> {
  const parameters: Record<string, Value> = {}
  const written: Record<string, unknown> = {}
  for (const [name, argument] of Object.entries(args)) {
    const kind = (argument as { kind?: string } | null)?.kind
    if (kind === 'cube' || kind === 'features' || kind === 'labeled-array') {
      parameters[`given_${name}`] = argument as Value
      written[name] = { from_parameter: `given_${name}` }
    } else if (argument !== undefined) written[name] = argument
  }
  const graph = { node: { process_id: process, arguments: written, result: true } }
  return (await evaluateGraph(graph, { parameters })).value
}

export async function node(process: string, args: Readonly<Record<string, Argument>>): Promise<CubeNode> {
  return ((await value(process, args)) as CubeValue).node
}

export const wrap = (cubeNode: CubeNode): CubeValue => ({ kind: 'cube', node: cubeNode })

export interface Read {
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, readonly (string | number)[]>>
  readonly shape: readonly number[]
  readonly values: readonly Value[]
  readonly schema: CubeSchema
}

/** All cells of a cube as openEO values. */
export async function read(cubeNode: CubeNode): Promise<Read> {
  const { schema } = cubeNode
  const block = await readWhole(cubeNode)
  const at = valueReader(block.data, schema.packing)
  return {
    names: schema.dims.map((dimension) => dimension.name),
    labels: Object.fromEntries(schema.dims.map((dimension) => [dimension.name, dimension.labels])),
    shape: shapeOf(schema),
    values: Array.from(block.data, (_, i) => at(i)),
    schema,
  }
}

export const run = async (process: string, args: Readonly<Record<string, Argument>>): Promise<Read> =>
  read(await node(process, args))

/** The tag of the error that a process throws. */
export async function tagOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return (error as { tag?: string }).tag ?? String(error)
  }
  return 'no error'
}

/** A callback of one process on its parameter. */
export const callback = (process: string, args: Readonly<Record<string, unknown>>) => ({
  process_graph: { only: { process_id: process, arguments: args, result: true } },
})

export const parameter = (name: string) => ({ from_parameter: name })
export const reducer = (process: string, more: Readonly<Record<string, unknown>> = {}) =>
  callback(process, { data: parameter('data'), ...more })

/** A callback that no kernel is made of: it has to be interpreted. */
export const interpreted = (process: string) => ({
  process_graph: {
    look: { process_id: 'inspect', arguments: { data: parameter('data') } },
    only: { process_id: process, arguments: { data: { from_node: 'look' } }, result: true },
  },
})

/** Checks that reading by parts gives the same cells as reading all at once. */
export async function byParts(cubeNode: CubeNode, most: number): Promise<readonly Value[]> {
  const { schema } = cubeNode
  const shape = shapeOf(schema)
  const found: Value[] = new Array(cellCount(shape)).fill(null)
  const { pieces } = await import('../../../src/process/cubes/reshape.ts')
  for (const region of pieces(shape, most)) {
    const block = await readNode(cubeNode, region)
    const at = valueReader(block.data, schema.packing)
    for (let i = 0; i < block.data.length; i++) found[indexIn(region, shape, i)] = at(i)
  }
  return found
}

function indexIn(region: Region, shape: readonly number[], i: number): number {
  let rest = i
  let index = 0
  let step = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    index += (region.start[d]! + (rest % region.shape[d]!)) * step
    rest = Math.floor(rest / region.shape[d]!)
    step *= shape[d]!
  }
  return index
}

export const polygon = (west: number, south: number, east: number, north: number) => ({
  type: 'Polygon' as const,
  coordinates: [
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ],
  ],
})

/** Geometries in UTM zone 32. */
export const features = (...geometries: unknown[]): FeaturesValue => ({
  kind: 'features',
  features: {
    crs: crsFromEpsg(32632),
    label: 'test',
    features: geometries.map((geometry) => ({ geometry: geometry as never, properties: {} })),
  },
})
