/** Random chains of processes: compiled, fused and in small tasks, against one process at a time with interpreted callbacks. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FLOAT64 } from '../../src/model/block.ts'
import { memorySource } from '../../src/model/memory.ts'
import { type CubeNode, shapeOf } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { valueReader } from '../../src/process/cubes/along.ts'
import type { ProcessGraph, Value } from '../../src/process/row.ts'
import { bands, node, parameter, raster, times, wrap } from './cubes/support.ts'

type Choose = (n: number) => number
type Arguments = Readonly<Record<string, unknown>>
interface Step {
  readonly process: string
  readonly args: Arguments
  /** Arguments that are the cube the chain began with, made fit by a process. */
  readonly other?: string
}

const PACKINGS = [
  { dtype: 'uint16', nodata: 65535, scale: 0.5, offset: -8 },
  { dtype: 'int8', nodata: -128, scale: 2, offset: 3 },
  { dtype: 'float32', scale: 1, offset: 0 },
] as const

function start(choose: Choose): CubeNode {
  const packing = PACKINGS[choose(PACKINGS.length)]!
  const share = [5, 2, 50][choose(3)]!
  const dates = ['2020-01-05', '2020-01-20', '2020-02-10', '2020-04-01', '2021-02-28'].slice(0, 2 + choose(4))
  const dims = [times(...dates), bands('red', 'nir', 'B02')]
  const value = (i: number) =>
    ((i * 7919) % 31) % share === 1 ? null : ((i * 37) % 101) * packing.scale + packing.offset
  return raster(3 + choose(4), 2 + choose(4), value, choose(2) === 0 ? dims : dims.toReversed(), packing).node
}

const x = parameter('x')
const data = parameter('data')
const graph = (nodes: Readonly<Record<string, readonly [string, Arguments]>>) => {
  const entries = Object.entries(nodes).map(([id, [process_id, args]], i, all) => [
    id,
    { process_id, arguments: args, ...(i === all.length - 1 ? { result: true } : {}) },
  ])
  return { process_graph: Object.fromEntries(entries) as ProcessGraph }
}

const CELLWISE = [
  graph({ a: ['add', { x, y: 2.5 }], b: ['clip', { x: { from_node: 'a' }, min: -5, max: 30 }] }),
  graph({ a: ['gt', { x, y: 9.25 }], b: ['if', { value: { from_node: 'a' }, accept: x, reject: 0 }] }),
  graph({ a: ['mean', { data: [x, 4, 7] }], b: ['round', { x: { from_node: 'a' } }] }),
  graph({ a: ['linear_scale_range', { x, inputMin: -16, inputMax: 16, outputMin: 0, outputMax: 64 }] }),
]
const RED = 'mean median min max sum sd first last count'.split(' ')
const REDUCERS = [
  ...RED.map((id) => graph({ a: [id, { data }] })),
  graph({ a: ['max', { data, ignore_nodata: false }] }),
  graph({
    a: ['quantiles', { data, probabilities: [0.2, 0.7] }],
    b: ['array_element', { data: { from_node: 'a' }, index: 1 }],
  }),
  graph({
    a: ['max', { data }],
    b: ['min', { data }],
    c: ['subtract', { x: { from_node: 'a' }, y: { from_node: 'b' } }],
  }),
  graph({ a: ['array_apply', { data, process: CELLWISE[1] }], b: ['median', { data: { from_node: 'a' } }] }),
  graph({ a: ['count', { data, condition: graph({ a: ['lte', { x, y: 8 }] }) }] }),
]
const ROWS = [
  graph({ a: ['cumsum', { data }] }),
  graph({ a: ['sort', { data, nodata: true }] }),
  graph({ a: ['quantiles', { data, probabilities: 4 }] }),
  graph({ a: ['array_interpolate_linear', { data }] }),
  graph({ a: ['extrema', { data }] }),
  graph({ a: ['array_apply', { data, process: CELLWISE[0] }] }),
]
const BOTH = graph({ a: ['max', { data: [x, parameter('y')] }] })

/** The next step for a cube; undefined where the choice does not fit it. */
function stepFor(cube: CubeNode, choose: Choose): Step | undefined {
  const { dims, grid } = cube.schema
  const dim = dims[choose(dims.length)]
  if (dim === undefined) return undefined
  const pick = <T>(list: readonly T[]): T => list[choose(list.length)]!
  const time = dims.find((one) => one.type === 'temporal' && /^\d{4}-\d\d-\d\d$/.test(one.labels[0] ?? ''))
  const band = dims.find((one) => one.type === 'bands')
  const unused = `d${dims.length}${choose(1000)}`
  const single = dims.find(({ labels }) => labels.length === 1)
  const steps: readonly (Step | false | undefined)[] = [
    { process: 'apply', args: { process: pick(CELLWISE) } },
    { process: 'reduce_dimension', args: { dimension: dim.name, reducer: pick(REDUCERS) } },
    { process: 'apply_dimension', args: { dimension: dim.name, process: pick(ROWS) } },
    { process: 'apply_dimension', args: { dimension: dim.name, process: pick(ROWS), target_dimension: unused } },
    time && {
      process: 'aggregate_temporal_period',
      args: { dimension: time.name, period: pick(['month', 'season', 'year']), reducer: pick(REDUCERS) },
    },
    time && { process: 'filter_temporal', args: { extent: [null, '2020-02-11'], dimension: time.name } },
    band && { process: 'filter_bands', args: { bands: band.labels.toReversed().slice(0, 1 + choose(2)) } },
    { process: 'rename_dimension', args: { source: pick([dim, single ?? dim]).name, target: unused } },
    { process: 'add_dimension', args: { name: unused, label: 'a' } },
    single && { process: 'drop_dimension', args: { name: single.name } },
    dims.length > 1 && {
      process: 'flatten_dimensions',
      args: { dimensions: dims.slice(0, 2).map(({ name }) => name), target_dimension: unused },
    },
    grid && {
      process: 'apply_kernel',
      args: { kernel: [[1, 2, 1]], factor: 0.25, border: pick([0, 'reflect', 'wrap']) },
    },
    grid && { process: 'resample_spatial', args: { resolution: pick([5, 20]), method: pick(['near', 'average']) } },
    { process: 'merge_cubes', args: { overlap_resolver: BOTH }, other: 'cube2' },
    grid && { process: 'reduce_spatial', args: { reducer: pick(REDUCERS) } },
    { process: 'trim_cube', args: {} },
  ]
  return pick(steps) || undefined
}

/** The arguments with callbacks that no kernel is made of. */
function uncompiled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(uncompiled)
  if (typeof value !== 'object' || value === null) return value
  const held = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, uncompiled(item)]))
  if (!('process_graph' in held)) return held
  const nodes = held.process_graph as Record<string, { result?: boolean }>
  const [last, { result: _, ...rest }] = Object.entries(nodes).find(([, one]) => one.result === true)!
  const look = { process_id: 'inspect', arguments: { data: { from_node: last } }, result: true }
  return { process_graph: { ...nodes, [last]: rest, look } }
}

const take = ({ process, args, other }: Step, cube: CubeNode, first: CubeNode): Promise<CubeNode> =>
  node(process, {
    ...(args as object),
    ...(other === undefined ? { data: wrap(cube) } : { cube1: wrap(cube), [other]: wrap(first) }),
  })

async function valuesOf(cube: CubeNode, budgetBytes?: number): Promise<Value[]> {
  const block = await computeCube(cube, budgetBytes === undefined ? {} : { budgetBytes })
  const at = valueReader(block.data, cube.schema.packing)
  return Array.from(block.data, (_, i) => at(i))
}

/** The same cells as floats in memory. */
async function held(cube: CubeNode): Promise<CubeNode> {
  const { isBoolean } = cube.schema.packing
  if (isBoolean === true) return memorySource((await computeCube(cube)).data, cube.schema)
  const values = Float64Array.from(await valuesOf(cube), (value) => (value === null ? Number.NaN : Number(value)))
  return memorySource(values, { ...cube.schema, packing: FLOAT64 })
}

const tagOf = (error: unknown): string => (error as { tag?: string }).tag ?? String(error)
const isSame = (a: Value, b: Value): boolean =>
  a === b || (typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(a)))

test('chains of processes give what their processes give one by one', async () => {
  // Not doubles: most of those that are made up lie next to 0.
  const choices = fc.array(fc.nat({ max: 2 ** 20 }), { minLength: 60, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(choices, async (list) => {
      let at = 0
      const choose: Choose = (n) => list[at++ % list.length]! % n
      const first = start(choose)
      const before = await held(first)
      let [lazy, exact] = [first, before]
      for (let k = 0; k < 5; k++) {
        const step = stepFor(exact, choose)
        if (step === undefined) continue
        const slow = { ...step, args: uncompiled(step.args) as Arguments }
        const wanted = await take(slow, exact, before).then(held, tagOf)
        const made = await take(step, lazy, first).catch(tagOf)
        if (typeof wanted === 'string' || typeof made === 'string') {
          expect(made, step.process).toBe(wanted)
          continue
        }
        const dims = (cube: CubeNode) => cube.schema.dims.map(({ name, type, labels }) => [name, type, labels])
        expect(dims(made), step.process).toEqual(dims(wanted))
        expect(made.schema.grid?.affine, step.process).toEqual(wanted.schema.grid?.affine)
        const [fast, sure] = [await valuesOf(made, 2 ** 18), await valuesOf(wanted)]
        const odd = fast.findIndex((value, i) => !isSame(value, sure[i]!))
        expect(odd, `${step.process}, cell ${odd} of ${shapeOf(made.schema)}: ${fast[odd]}, not ${sure[odd]}`).toBe(-1)
        ;[lazy, exact] = [made, wanted]
      }
    }),
    { numRuns: 100, seed: 7 },
  )
})
