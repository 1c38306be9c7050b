/** Process graphs: order and every way in which one can be wrong. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planGraph } from '../src/index.ts'
import { counted, fake, numbersRecipe, recipeJson } from './fakes.ts'

const { processes } = counted()
const graph = recipeJson.process_graph

describe('planGraph', () => {
  it('puts every node after those it needs', () => {
    const { order, result } = planGraph(numbersRecipe(), processes)
    expect(order.map(({ node }) => node)).toEqual(['read', 'scale', 'title', 'report'])
    expect(order.at(-1)!.upstream).toEqual(['scale', 'title'])
    expect(result).toBe('report')
  })

  it.each([
    ['UnknownProcess', 'Did you mean title?', { title: { ...graph.title, process_id: 'titel' } }],
    ['UnknownProcess', 'is in the namespace ecotope', { title: { ...graph.title, namespace: undefined } }],
    ['BadArguments', 'takes: text', { title: { ...graph.title, arguments: {} } }],
    ['BadArguments', 'takes: text', { title: { ...graph.title, arguments: { text: 'a', txt: 'b' } } }],
    [
      'UnknownNode',
      'Did you mean read?',
      { scale: { ...graph.scale, arguments: { data: { from_node: 'reed' }, factor: 1 } } },
    ],
    [
      'UnknownParameter',
      'Did you mean text?',
      { title: { ...graph.title, arguments: { text: { from_parameter: 'tex' } } } },
    ],
    ['CyclicGraph', 'may only use', { read: { ...graph.read, arguments: { file: { from_node: 'scale' } } } }],
    ['CyclicGraph', 'may only use', { read: { ...graph.read, arguments: { file: [{ from_node: 'read' }] } } }],
    ['NoResult', 'Set "result": true', { report: { ...graph.report, result: false } }],
    ['NoResult', 'Set "result": true', { read: { ...graph.read, result: true } }],
  ])('%s: %s', (tag, hint, change) => {
    const recipe = numbersRecipe({ process_graph: { ...graph, ...change } })
    expect(() => planGraph(recipe, processes)).toThrow(
      expect.objectContaining({ tag, hint: expect.stringContaining(hint) as string }) as Error,
    )
  })

  it('checks written arguments by the schema of the process', () => {
    const typed = fake('typed', ['size'], () => null)
    const size = { name: 'size', description: '', schema: { type: 'integer', minimum: 1 } } as const
    const strict = { ...typed, spec: { ...typed.spec, parameters: [size] } }
    const recipe = numbersRecipe({
      process_graph: { a: { process_id: 'typed', namespace: 'ecotope', arguments: { size: 0 }, result: true } },
    })
    expect(() => planGraph(recipe, [strict])).toThrow('argument size: 0 is outside the range at least 1')
  })

  it('leaves references of nested process graphs alone', () => {
    const apply = fake('apply', ['process'], () => null)
    const callback = { process_graph: { x: { process_id: 'y', arguments: { z: { from_parameter: 'inner' } } } } }
    const recipe = numbersRecipe({
      process_graph: {
        a: { process_id: 'apply', namespace: 'ecotope', arguments: { process: callback }, result: true },
      },
    })
    expect(planGraph(recipe, [apply]).order[0]!.upstream).toEqual([])
  })

  it('orders any acyclic graph', () => {
    const join = fake('join', ['of'], () => null)
    const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 })
    fc.assert(
      fc.property(edges, fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 }), (pairs, names) => {
        const needs = new Map<number, number[]>()
        for (const [a, b] of pairs)
          if (a !== b) needs.set(Math.max(a, b), [...(needs.get(Math.max(a, b)) ?? []), Math.min(a, b)])
        const nodes = names.map((i) => {
          const of = (needs.get(i) ?? []).map((j) => ({ from_node: `n${j}` }))
          return [`n${i}`, { process_id: 'join', namespace: 'ecotope', arguments: { of }, result: i === 0 }]
        })
        const { order } = planGraph(numbersRecipe({ process_graph: Object.fromEntries(nodes) as object }), [join])
        const place = new Map(order.map(({ node }, index) => [node, index]))
        expect(order).toHaveLength(12)
        for (const { node, upstream } of order)
          for (const other of upstream) expect(place.get(other)!).toBeLessThan(place.get(node)!)
      }),
    )
  })
})
