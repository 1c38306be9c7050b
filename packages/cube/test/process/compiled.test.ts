/** Kernels against meanings: processes in callbacks of cubes, compiled, give what their rows give value by value. */
import { describe, expect, test } from 'vitest'
import { evaluateGraph } from '../../src/graph/evaluate.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { CubeValue, ProcessGraph, Value } from '../../src/process/row.ts'
import { run } from './support.ts'

const numbers = [
  0,
  1,
  -1,
  0.5,
  -0.5,
  2.5,
  -2.5,
  3.5,
  1e-9,
  1e9,
  -7.25,
  0.1,
  12.345,
  -12.345,
  1 / 3,
  700,
  -700,
  1e300,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
]

/** A cube of numbers (NaN is missing) with the dimensions `i` and, where `rows` is more than 1, `t` before it. */
function cubeOf(values: readonly number[], rows = 1): CubeNode {
  const labels = (length: number): number[] => Array.from({ length }, (_, i) => i)
  const i = { type: 'other' as const, name: 'i', labels: labels(values.length / rows) }
  const dims = rows === 1 ? [i] : [{ type: 'other' as const, name: 't', labels: labels(rows) }, i]
  return memorySource(Float64Array.from(values), { dims, packing: { dtype: 'float64', scale: 1, offset: 0 } }, 'made')
}

async function evaluated(process: string, node: CubeNode, args: Readonly<Record<string, unknown>>): Promise<CubeNode> {
  const given = { data: { from_parameter: 'cube' }, ...args }
  const graph = { n: { process_id: process, arguments: given, result: true } }
  const { value } = await evaluateGraph(graph, { parameters: { cube: { kind: 'cube', node } } })
  return (value as CubeValue).node
}

/** Cells as openEO values: null where missing. */
async function cellsOf(node: CubeNode): Promise<Value[]> {
  const { data } = await computeCube(node)
  const { isBoolean } = node.schema.packing
  return Array.from(data, (cell) => {
    if (Number.isNaN(cell) || (isBoolean === true && cell === 255)) return null
    return isBoolean === true ? cell === 1 : cell
  })
}

const missing = (value: Value): Value => (typeof value === 'number' && Number.isNaN(value) ? null : value)

/** The same, or equal to 12 digits: kernels have sines and powers of their own. */
function expectNear(actual: Value, expected: Value, what: string): void {
  const wanted = missing(expected)
  if (typeof wanted !== 'number' || typeof actual !== 'number' || !Number.isFinite(wanted))
    expect(actual, what).toBe(wanted)
  else
    expect(Math.abs(actual - wanted), `${what}: ${actual}, ${wanted}`).toBeLessThanOrEqual(
      1e-12 * Math.max(1, Math.abs(wanted)),
    )
}

const x = { from_parameter: 'x' }
const node = (process_id: string, args: Readonly<Record<string, unknown>>): ProcessGraph => ({
  r: { process_id, arguments: args, result: true },
})

/** Process, the name of the argument that is the cell, further arguments. */
const cellwise: readonly (readonly [string, string, Readonly<Record<string, Value>>])[] = [
  ...'absolute arccos arcosh arcsin arctan arsinh artanh ceil floor int ln sgn sqrt round is_nodata is_valid'
    .split(' ')
    .map((id) => [id, 'x', {}] as const),
  ...'cos cosh sin sinh tan tanh'.split(' ').map((id) => [id, 'x', {}] as const),
  ['exp', 'p', {}],
  ['round', 'x', { p: 2 }],
  ['round', 'x', { p: -1 }],
  ...['add', 'subtract', 'multiply', 'divide', 'mod', 'gt', 'gte', 'lt', 'lte', 'eq', 'neq'].flatMap((id) => [
    [id, 'x', { y: 2.5 }] as const,
    [id, 'y', { x: 2.5 }] as const,
    [id, 'x', { y: 0 }] as const,
    [id, 'x', { y: null }] as const,
  ]),
  ['mod', 'x', { y: -3 }],
  ['eq', 'x', { y: 2.4, delta: 0.2 }],
  ['neq', 'x', { y: 2.4, delta: 0.2 }],
  ['power', 'base', { p: 2 }],
  ['power', 'base', { p: -0.5 }],
  ['power', 'p', { base: 2 }],
  ['log', 'x', { base: 10 }],
  ['log', 'x', { base: 3 }],
  ['arctan2', 'y', { x: -2 }],
  ['arctan2', 'x', { y: 1 }],
  ['clip', 'x', { min: -1, max: 2 }],
  ['between', 'x', { min: -1, max: 2.5 }],
  ['between', 'x', { min: -1, max: 2.5, exclude_max: true }],
  ['between', 'x', { min: 2, max: -2 }],
  ['linear_scale_range', 'x', { inputMin: -5, inputMax: 5, outputMin: 0, outputMax: 255 }],
  ['normalized_difference', 'x', { y: 0.5 }],
]

/** Large angles lose digits in any way of computing them; remainders in kernels do where the quotient is rounded. */
function tame(id: string, name: string): number[] {
  if (id === 'mod' && name === 'y')
    return numbers.filter((value) => !Number.isFinite(value) || Number.isInteger(value * 4))
  return /^(cos|sin|tan)$/.test(id) ? numbers.filter((value) => Math.abs(value) < 1e5 || Number.isNaN(value)) : numbers
}

describe('cell by cell', () => {
  test.each(cellwise)('%s of %s with %j', async (id, name, more) => {
    const values = tame(id, name)
    const result = await evaluated('apply', cubeOf(values), {
      process: { process_graph: node(id, { [name]: x, ...more }) },
    })
    expect(result.kind, 'compiled').toBe('cells')
    for (const [i, actual] of (await cellsOf(result)).entries())
      expectNear(actual, await run(id, { [name]: missing(values[i]!), ...more }), `${id}(${values[i]})`)
  })

  test('conditions and logic', async () => {
    const graph: ProcessGraph = {
      low: { process_id: 'lt', arguments: { x, y: 1 } },
      high: { process_id: 'gt', arguments: { x, y: -1 } },
      both: { process_id: 'and', arguments: { x: { from_node: 'low' }, y: { from_node: 'high' } } },
      one: { process_id: 'xor', arguments: { x: { from_node: 'both' }, y: true } },
      any: { process_id: 'or', arguments: { x: { from_node: 'one' }, y: { from_node: 'low' } } },
      no: { process_id: 'not', arguments: { x: { from_node: 'any' } } },
      r: { process_id: 'if', arguments: { value: { from_node: 'no' }, accept: x, reject: -99 }, result: true },
    }
    const result = await evaluated('apply', cubeOf(numbers), { process: { process_graph: graph } })
    expect(result.kind).toBe('cells')
    const cells = await cellsOf(result)
    for (const [i, value] of numbers.entries()) {
      const { value: expected } = await evaluateGraph(graph, { parameters: { x: missing(value) } })
      expectNear(cells[i]!, expected, String(value))
    }
  })
})

const rows = 7
const table = Array.from({ length: rows * 40 }, (_, i) => {
  const value = Math.round(Math.sin(i * 12.9898) * 43758.5453 * 100) % 1000
  // Some missing, one column wholly, one but for the last row.
  const column = i % 40
  if (column === 0 || (column === 1 && i < (rows - 1) * 40) || i % 11 === 0) return Number.NaN
  return value / 100
})

const data = { from_parameter: 'data' }
const reductions: readonly (readonly [string, Readonly<Record<string, Value>>])[] = [
  ...'mean median min max sum product sd variance first last count'.split(' ').map((id) => [id, {}] as const),
  ...'mean median min max sum product sd variance first last'
    .split(' ')
    .map((id) => [id, { ignore_nodata: false }] as const),
  ['count', { condition: true }],
  ['array_element', { index: 3 }],
]

describe('along a dimension', () => {
  const column = (i: number): Value[] => Array.from({ length: rows }, (_, row) => missing(table[row * 40 + i]!))

  test.each(reductions)('%s with %j', async (id, more) => {
    const reducer = { process_graph: node(id, { data, ...more }) }
    const result = await evaluated('reduce_dimension', cubeOf(table, rows), { dimension: 't', reducer })
    expect(result.kind, 'compiled').toBe('cells')
    for (const [i, actual] of (await cellsOf(result)).entries())
      expectNear(actual, await run(id, { data: column(i), ...more }), `column ${i}`)
  })

  test.each([
    ['quantiles', { probabilities: [0.1, 0.5, 0.75] }, 1],
    ['extrema', {}, 0],
  ] as const)('%s, one of several', async (id, more, index) => {
    const reducer = {
      process_graph: {
        q: { process_id: id, arguments: { data, ...more } },
        r: { process_id: 'array_element', arguments: { data: { from_node: 'q' }, index }, result: true },
      },
    }
    const result = await evaluated('reduce_dimension', cubeOf(table, rows), { dimension: 't', reducer })
    for (const [i, actual] of (await cellsOf(result)).entries())
      expectNear(actual, ((await run(id, { data: column(i), ...more })) as Value[])[index]!, `column ${i}`)
  })

  test.each(['any', 'all'])('%s', async (id) => {
    for (const ignore_nodata of [true, false]) {
      const graph = {
        c: { process_id: 'array_apply', arguments: { data, process: { process_graph: node('gt', { x, y: 0 }) } } },
        r: { process_id: id, arguments: { data: { from_node: 'c' }, ignore_nodata }, result: true },
      }
      const reducer = { process_graph: graph }
      const result = await evaluated('reduce_dimension', cubeOf(table, rows), { dimension: 't', reducer })
      for (const [i, actual] of (await cellsOf(result)).entries()) {
        const { value } = await evaluateGraph(graph, { parameters: { data: column(i) } })
        expectNear(actual, value, `column ${i}`)
      }
    }
  })

  test.each(['cumsum', 'cummax', 'cummin', 'cumproduct', 'array_interpolate_linear'])('%s', async (id) => {
    const process = { process_graph: node(id, { data }) }
    const result = await evaluated('apply_dimension', cubeOf(table, rows), { dimension: 't', process })
    const cells = await cellsOf(result)
    for (let i = 0; i < 40; i++) {
      const expected = (await run(id, { data: column(i) })) as Value[]
      for (let row = 0; row < rows; row++) expectNear(cells[row * 40 + i]!, expected[row]!, `column ${i}, row ${row}`)
    }
  })
})
