import { describe, expect, test } from 'vitest'
import { evaluateProgram } from '../../src/graph/evaluate.ts'
import { inlineUserProcesses } from '../../src/graph/inline.ts'
import type { UserProcess } from '../../src/graph/program.ts'
import { memorySource } from '../../src/model/memory.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { CubeValue, ProcessGraph, Value } from '../../src/process/row.ts'

const parameter = (from_parameter: string) => ({ from_parameter })
const from = (from_node: string) => ({ from_node })

const scaled: UserProcess = {
  id: 'scaled',
  parameters: [{ name: 'v' }, { name: 'by', optional: true, default: 2 }],
  process_graph: {
    m: { process_id: 'multiply', arguments: { x: parameter('v'), y: parameter('by') } },
    p: { process_id: 'add', arguments: { x: from('m'), y: 1 }, result: true },
  },
}
const twice: UserProcess = {
  id: 'twice',
  parameters: [{ name: 'w' }],
  process_graph: {
    a: { process_id: 'scaled', arguments: { v: parameter('w'), by: 10 } },
    b: { process_id: 'scaled', arguments: { v: from('a') }, result: true },
  },
}
const mapped: UserProcess = {
  id: 'mapped',
  parameters: [{ name: 'k' }],
  process_graph: {
    c: {
      process_id: 'array_apply',
      arguments: {
        data: [1, 2],
        process: {
          process_graph: {
            s: { process_id: 'add', arguments: { x: parameter('x'), y: parameter('k') }, result: true },
          },
        },
      },
      result: true,
    },
  },
}
const all = new Map([scaled, twice, mapped].map((one) => [one.id, one]))
const inline = (graph: ProcessGraph): ProcessGraph => inlineUserProcesses(graph, (id) => all.get(id))

describe('user-defined processes are written out', () => {
  test('under the name of their node, arguments and defaults in place', () => {
    const graph: ProcessGraph = {
      s: { process_id: 'scaled', arguments: { v: parameter('x') } },
      r: { process_id: 'absolute', arguments: { x: from('s') }, result: true },
    }
    expect(inline(graph)).toEqual({
      's~m': { process_id: 'multiply', arguments: { x: parameter('x'), y: 2 } },
      s: { process_id: 'add', arguments: { x: from('s~m'), y: 1 } },
      r: { process_id: 'absolute', arguments: { x: from('s') }, result: true },
    })
  })

  test('within each other', () => {
    const graph: ProcessGraph = { t: { process_id: 'twice', arguments: { w: 3 }, result: true } }
    expect(inline(graph)).toEqual({
      't~a~m': { process_id: 'multiply', arguments: { x: 3, y: 10 } },
      't~a': { process_id: 'add', arguments: { x: from('t~a~m'), y: 1 } },
      't~m': { process_id: 'multiply', arguments: { x: from('t~a'), y: 2 } },
      t: { process_id: 'add', arguments: { x: from('t~m'), y: 1 }, result: true },
    })
  })

  test('with their callbacks, unless these would need names from outside', () => {
    const constant: ProcessGraph = { m: { process_id: 'mapped', arguments: { k: 5 }, result: true } }
    expect(JSON.stringify(inline(constant))).toContain('"y":5')
    const outside: ProcessGraph = { m: { process_id: 'mapped', arguments: { k: parameter('x') }, result: true } }
    expect(inline(outside)).toBe(outside)
  })

  test('and graphs without them stay', () => {
    const graph: ProcessGraph = { a: { process_id: 'pi', arguments: {}, result: true } }
    expect(inline(graph)).toBe(graph)
  })
})

test('a callback of a cube that uses one becomes a kernel with the same values', async () => {
  const dims = [{ type: 'other' as const, name: 'i', labels: [0, 1, 2] }]
  const schema = { dims, packing: { dtype: 'float32' as const, scale: 1, offset: 0 } }
  const cube: Value = { kind: 'cube', node: memorySource(Float32Array.of(1, 2, 3), schema, 'made') }
  const process = { process_graph: { t: { process_id: 'twice', arguments: { w: parameter('x') }, result: true } } }
  const graph = { a: { process_id: 'apply', arguments: { data: parameter('cube'), process }, result: true } }
  const program = { graph, parameters: [], processes: [scaled, twice] }
  const { node } = (await evaluateProgram(program, { parameters: { cube } })).value as CubeValue
  expect(node.kind).toBe('cells')
  expect([...(await computeCube(node)).data]).toEqual([1, 2, 3].map((x) => 2 * (10 * x + 1) + 1))
})
