import { describe, expect, test } from 'vitest'
import { callbackParameters, closeGraph } from '../../src/graph/callbacks.ts'
import { callbackGraph, callbacksIn, isGraph, referenceOf, referencesIn } from '../../src/graph/references.ts'
import { callbackSchema } from '../../src/process/define.ts'
import { registry } from '../../src/process/registry.ts'
import type { ProcessGraph } from '../../src/process/row.ts'

const parameter = (from_parameter: string) => ({ from_parameter })
const graph: ProcessGraph = {
  a: {
    process_id: 'add',
    arguments: { x: parameter('x'), y: [parameter('k'), { deep: parameter('k') }] },
    result: true,
  },
}

describe('references', () => {
  test.each([
    [{ from_node: 'a' }, { node: 'a' }],
    [{ from_parameter: 'x' }, { parameter: 'x' }],
    [{ from_argument: 'x' }, { parameter: 'x' }],
  ])('%j is one', (value, reference) => expect(referenceOf(value)).toEqual(reference))

  test.each([[{ from_node: 'a', more: 1 }], [{ from_node: 1 }], [{}], [null], ['a'], [['a']], [{ from: 'a' }]])(
    '%j is none',
    (value) => expect(referenceOf(value)).toBeUndefined(),
  )

  test('are found at any depth, but not within callbacks', () => {
    const value = { a: [{ from_node: 'n' }, { b: parameter('p') }], process: { process_graph: graph }, bare: graph }
    expect(referencesIn(value)).toEqual([{ node: 'n' }, { parameter: 'p' }])
    expect(callbacksIn(value)).toEqual([graph, graph])
  })

  test('graphs are told from other objects', () => {
    expect(isGraph(graph)).toBe(true)
    for (const value of [{}, { a: 1 }, { a: { process_id: 1 } }, [graph], null]) expect(isGraph(value)).toBe(false)
    expect(callbackGraph({ process_graph: graph })).toBe(graph)
    expect(callbackGraph({ process_graph: 3 })).toBeUndefined()
  })
})

describe('parameters of callbacks', () => {
  const of = (schema: unknown) => callbackParameters({ name: 'p', summary: '', schema })

  test('are those that the schema lists', () => {
    expect(of(callbackSchema(['x', 'context']))).toEqual(['x', 'context'])
    expect(of([{ type: 'null' }, callbackSchema(['data'])])).toEqual(['data'])
    expect(of({ anyOf: [{ type: 'null' }, callbackSchema(['y'])] })).toEqual(['y'])
  })

  test('are the usual ones where it lists none', () => {
    expect(of({ type: 'object', subtype: 'process-graph' })).toEqual(expect.arrayContaining(['x', 'data', 'context']))
  })

  test('are undefined where there is no callback', () => {
    for (const schema of [{}, { type: 'object' }, [{ type: 'number' }], undefined]) expect(of(schema)).toBeUndefined()
  })

  test.each([
    ['array_apply', 'process', ['x', 'index', 'label', 'context']],
    ['array_filter', 'condition', ['x', 'index', 'label', 'context']],
    ['count', 'condition', ['x', 'context']],
    ['reduce_dimension', 'reducer', ['data', 'context']],
    ['apply', 'process', ['x', 'context']],
    ['merge_cubes', 'overlap_resolver', ['x', 'y', 'context']],
  ])('%s hands %s what openEO says', (id, name, names) => {
    const row = registry.get(id)!.parameters.find((one) => one.name === name)!
    expect(callbackParameters(row)).toEqual(names)
  })
})

describe('closing a graph', () => {
  test('fills in what is known, and leaves its own names alone', () => {
    const closed = closeGraph(graph, ['x'], (name) => (name === 'k' ? 5 : name === 'x' ? 'wrong' : undefined))
    expect(closed).toEqual({
      a: { process_id: 'add', arguments: { x: parameter('x'), y: [5, { deep: 5 }] }, result: true },
    })
  })

  test('gives the graph itself where nothing is known', () => {
    expect(closeGraph(graph, ['x'], () => undefined)).toBe(graph)
  })

  test('null is a value', () => {
    expect(JSON.stringify(closeGraph(graph, [], (name) => (name === 'k' ? null : undefined)))).toContain(
      '"y":[null,{"deep":null}]',
    )
  })

  test('inner callbacks keep the names that their process gives', () => {
    const process = {
      process_graph: { b: { process_id: 'add', arguments: { x: parameter('x'), y: parameter('k') }, result: true } },
    }
    const outer: ProcessGraph = {
      o: { process_id: 'array_apply', arguments: { data: parameter('x'), process }, result: true },
    }
    const closed = closeGraph(outer, [], (name) => ({ x: [1], k: 2 })[name])
    expect(closed.o!.arguments).toEqual({
      data: [1],
      process: { process_graph: { b: { process_id: 'add', arguments: { x: parameter('x'), y: 2 }, result: true } } },
    })
  })
})
