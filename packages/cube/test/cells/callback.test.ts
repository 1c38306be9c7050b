import { describe, expect, it } from 'vitest'
import { cellOf } from '../../src/cells/build.ts'
import { compileCallback } from '../../src/cells/callback.ts'
import { interpretValues } from '../../src/cells/interpret.ts'
import { FLOAT64 } from '../../src/model/block.ts'
import type { CellArgument, GraphNode } from '../../src/process/row.ts'
import { block, schema, whole } from './make.ts'

const NAN = Number.NaN
const from = (node: string) => ({ from_node: node })
const parameter = (name: string) => ({ from_parameter: name })

/** To 12 digits; NaN and infinities only equal themselves. */
function expectNear(actual: number | undefined, expected: number): void {
  if (Number.isFinite(expected)) expect(actual).toBeCloseTo(expected, 12)
  else expect(actual).toBe(expected)
}

type Nodes = Record<string, [process: string, args: Record<string, unknown>]>

/** A graph whose last node is the result. */
function graphOf(nodes: Nodes): Record<string, GraphNode> {
  const ids = Object.keys(nodes)
  return Object.fromEntries(
    ids.map((id, i) => {
      const [process_id, args] = nodes[id]!
      return [id, { process_id, arguments: args, ...(i === ids.length - 1 ? { result: true } : {}) }]
    }),
  )
}

/** Runs a compiled reducer over one series. */
function reduce(values: readonly number[], nodes: Nodes, labels?: readonly (string | number)[]): number | undefined {
  const input = schema({ t: values.length }, FLOAT64)
  const data: CellArgument = {
    kind: 'array',
    dim: 't',
    labels: labels ?? values.map((_, i) => i),
    of: { kind: 'input', input: 0 },
  }
  const cell = cellOf(compileCallback({ graph: graphOf(nodes) }, { data, context: null }))
  if (cell === undefined) return undefined
  const output = schema({}, FLOAT64)
  return interpretValues(cell, [input], output, whole(output), [block(input, values)])[0]
}

describe('reducers', () => {
  const data = parameter('data')
  it.each<[string, readonly number[], Record<string, unknown>, number]>([
    ['mean', [9, 2.5, NAN, -2.5], {}, 3],
    ['mean', [1, 2, NAN], { ignore_nodata: false }, NAN],
    ['sum', [NAN, NAN], {}, NAN],
    ['product', [-2, 4, 2.5], {}, -20],
    ['variance', [2, 3, 3, NAN, 4, 4, 5], {}, 1.1],
    ['median', [-1, -0.5, NAN, 1], {}, -0.5],
    ['median', [1, 2, 3, 4, 5, 6, 8, 9], {}, 4.5],
    ['first', [NAN, 2, 3], {}, 2],
    ['first', [NAN, 2, 3], { ignore_nodata: false }, NAN],
    ['last', [1, 2, NAN], {}, 2],
    ['count', [0, 1, 2, NAN], {}, 3],
    ['count', [0, 1, 2, NAN], { condition: true }, 4],
    ['any', [0, NAN], {}, 0],
    ['any', [0, NAN], { ignore_nodata: false }, NAN],
    ['all', [1, NAN], {}, 1],
    ['all', [0, NAN], { ignore_nodata: false }, 0],
  ])('%s of %j with %j', (process, values, options, expected) => {
    expectNear(reduce(values, { r: [process, { data, ...options }] }), expected)
  })

  it('counts where a nested callback holds', () => {
    const condition = { process_graph: graphOf({ gt: ['gt', { x: parameter('x'), y: 2 }] }) }
    expect(reduce([0, 1, 2, 3, 4, 5, NAN], { c: ['count', { data, condition }] })).toBe(3)
  })

  it('takes one of several quantiles', () => {
    const values = [2, 4, 4, 4, 5, 5, 7, 9]
    const nodes: Nodes = {
      q: ['quantiles', { data, probabilities: [0.005, 0.1] }],
      e: ['array_element', { data: from('q'), index: 0 }],
    }
    expect(reduce(values, nodes)).toBeCloseTo(2.07, 12)
    expect(reduce(values, { q: ['quantiles', { data, probabilities: [0.1] }] })).toBeCloseTo(3.4, 12)
  })
})

describe('arrays', () => {
  const data = parameter('data')
  it('computes NDVI from elements by label', () => {
    const nodes: Nodes = {
      nir: ['array_element', { data, label: 'B08' }],
      red: ['array_element', { data, label: 'B04' }],
      nd: ['normalized_difference', { x: from('nir'), y: from('red') }],
    }
    expect(reduce([1, 3], nodes, ['B04', 'B08'])).toBe(0.5)
    expect(reduce([1, 3], { n: ['ndvi', { data }] }, ['red', 'nir'])).toBe(0.5)
  })

  it('reduces short arrays made in the callback', () => {
    const nodes: Nodes = {
      a: ['array_element', { data, index: 0 }],
      list: ['array_create', { data: [from('a'), 5] }],
      more: ['array_concat', { array1: from('list'), array2: data }],
      mean: ['mean', { data: from('more') }],
    }
    expect(reduce([1, NAN, 3], nodes)).toBe(2.5)
  })

  it('applies a nested callback and asks whether a list contains', () => {
    const process = { process_graph: graphOf({ m: ['multiply', { x: parameter('x'), y: parameter('index') }] }) }
    const nodes: Nodes = { a: ['array_apply', { data, process }], s: ['sum', { data: from('a') }] }
    expect(reduce([5, 6, 7], nodes)).toBe(20)
    const contains: Nodes = {
      a: ['array_element', { data, index: 0 }],
      c: ['array_contains', { data: [3, 8, 9], value: from('a') }],
    }
    expect(reduce([8], contains)).toBe(1)
    expect(reduce([7], contains)).toBe(0)
    expect(reduce([NAN], contains)).toBe(0)
  })
})

describe('what cannot be compiled is left to the interpreter', () => {
  const data = parameter('data')
  it.each<[string, Nodes]>([
    ['an unknown process', { a: ['fft', { data }] }],
    ['a text', { a: ['eq', { x: 'a', y: data }] }],
    ['an unbound parameter', { a: ['add', { x: parameter('outer'), y: 1 }] }],
    ['swapped limits, which are an error', { e: ['first', { data }], a: ['clip', { x: from('e'), min: 2, max: 1 }] }],
    ['an element that is not there', { a: ['array_element', { data, index: 7 }] }],
    ['a missing label', { a: ['array_element', { data, label: 'B9' }] }],
    ['a process of another namespace', { a: ['my_process', {}] }],
    ['a node that reads itself', { a: ['add', { x: from('a'), y: 1 }] }],
  ])('%s', (_, nodes) => {
    expect(reduce([1, 2], nodes)).toBeUndefined()
  })
})

describe('elementwise rules', () => {
  const x = { kind: 'input', input: 0 } as const
  function apply(value: number, nodes: Nodes): number | undefined {
    const input = schema({ t: 1 }, FLOAT64)
    const cell = cellOf(compileCallback({ graph: graphOf(nodes) }, { x, context: null }))
    return cell && interpretValues(cell, [input], input, whole(input), [block(input, [value])])[0]
  }
  const px = parameter('x')
  it.each<[string, Record<string, unknown>, number, number]>([
    ['linear_scale_range', { x: px, inputMin: -1, inputMax: 1, outputMin: 0, outputMax: 255 }, 0.3, 165.75],
    ['linear_scale_range', { x: px, inputMin: 0, inputMax: 1 }, 1.12, 1],
    ['round', { x: px, p: 1 }, 0.25, 0.2],
    ['round', { x: px, p: -2 }, 1234.5, 1200],
    ['round', { x: px }, -2.5, -2],
    ['round', { x: px }, -3.5, -4],
    ['between', { x: px, min: 0, max: 1, exclude_max: true }, 1, 0],
    ['between', { x: px, min: 0, max: 1 }, NAN, NAN],
    ['eq', { x: px, y: -1, delta: 0.01 }, -1.001, 1],
    ['eq', { x: px, y: null }, 1, NAN],
    ['neq', { x: px, y: 1 }, 1, 0],
    ['if', { value: px, accept: 3 }, 0, NAN],
    ['if', { value: px, accept: 3, reject: 4 }, NAN, 4],
    ['mod', { x: px, y: 5 }, -27, 3],
    ['mod', { x: px, y: -2 }, 3.14, -0.86],
    ['mod', { x: px, y: 0 }, -2, Number.NEGATIVE_INFINITY],
    ['mod', { x: px, y: Number.NEGATIVE_INFINITY }, 2, 2],
    ['log', { x: px, base: 10 }, 1000, 3],
    ['power', { base: px, p: 0 }, NAN, NAN],
    ['is_valid', { x: px }, Number.POSITIVE_INFINITY, 0],
    ['or', { x: px, y: null }, 1, 1],
    ['and', { x: px, y: null }, 1, NAN],
    ['xor', { x: px, y: true }, 1, 0],
    ['sgn', { x: px }, -3, -1],
    ['clip', { x: px, min: -1, max: 1 }, -5, -1],
  ])('%s %j of %d', (process, args, value, expected) => {
    expectNear(apply(value, { r: [process, args] }), expected)
  })
})
