import { describe, expect, test } from 'vitest'
import { validateProgram } from '../../src/graph/evaluate.ts'
import { parseProgram } from '../../src/graph/program.ts'
import { validateGraph } from '../../src/graph/validate.ts'
import { FORMER_NAMES } from '../../src/process/former.ts'
import { registry } from '../../src/process/registry.ts'
import type { ProcessGraph } from '../../src/process/row.ts'

const good: ProcessGraph = {
  a: { process_id: 'add', arguments: { x: 1, y: { from_parameter: 'k' } } },
  b: {
    process_id: 'array_apply',
    arguments: {
      data: [{ from_node: 'a' }],
      process: {
        process_graph: { m: { process_id: 'multiply', arguments: { x: { from_parameter: 'x' }, y: 2 }, result: true } },
      },
    },
    result: true,
  },
}

/** The good graph with one place of it replaced. */
function changed(path: readonly string[], value: unknown): ProcessGraph {
  const copy = structuredClone(good) as Record<string, unknown>
  let at = copy
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
  at[path.at(-1)!] = value
  return copy as ProcessGraph
}

const inner = ['b', 'arguments', 'process', 'process_graph', 'm']

test('a sound graph has no problems', () => {
  expect(validateGraph(good, registry)).toEqual([])
  expect(validateGraph(good, registry, { parameters: ['k'] })).toEqual([])
})

test('former names of processes are none of today, and lead to those of today', () => {
  expect(Object.keys(FORMER_NAMES).filter((name) => registry.has(name))).toEqual([])
  expect(Object.values(FORMER_NAMES).filter((name) => !registry.has(name))).toEqual([])
})

describe('problems', () => {
  test.each<[string, readonly string[], unknown, string, string | undefined, RegExp, RegExp]>([
    ['unknown process', ['a', 'process_id'], 'ad', 'ProcessUnsupported', 'a', /no process ad/, /mean add/],
    [
      'former process',
      ['a', 'process_id'],
      'chunk_polygon',
      'ProcessUnsupported',
      'a',
      /no process/,
      /mean apply_polygon/,
    ],
    ['unknown argument', ['a', 'arguments', 'z'], 1, 'ProcessParameterUnsupported', 'a', /no argument z/, /x|y/],
    [
      'misspelt argument',
      ['b', 'arguments', 'dat'],
      1,
      'ProcessParameterUnsupported',
      'b',
      /no argument dat/,
      /mean data/,
    ],
    [
      'missing argument',
      ['a', 'arguments'],
      { x: 1 },
      'ProcessParameterMissing',
      'a',
      /lacks the argument y/,
      /takes: x, y/,
    ],
    ['wrong type', ['a', 'arguments', 'x'], '1', 'ProcessParameterInvalid', 'a', /"1" is not a number/, /takes/],
    ['unknown node', ['b', 'arguments', 'data'], { from_node: 'aa' }, 'UnknownNode', 'b', /node aa/, /mean a\?/],
    ['unknown parameter', ['a', 'arguments', 'y'], { from_parameter: 'kk' }, 'UnknownParameter', 'a', /kk/, /mean k\?/],
    ['no result', ['b', 'result'], false, 'NoResult', undefined, /marks 0 nodes/, /"result": true/],
    ['two results', ['a', 'result'], true, 'NoResult', undefined, /marks 2 nodes/, /one node/],
    ['circle', ['a', 'arguments', 'x'], { from_node: 'b' }, 'CyclicGraph', 'a', /a → b → a|b → a → b/, /depend/],
    ['process in a callback', [...inner, 'process_id'], 'multipy', 'ProcessUnsupported', 'b/m', /multipy/, /multiply/],
    ['type in a callback', [...inner, 'arguments', 'y'], true, 'ProcessParameterInvalid', 'b/m', /true is not/, /x, y/],
    ['no result in a callback', [...inner, 'result'], false, 'NoResult', undefined, /of node b marks 0/, /result/],
    [
      'parameter in a callback',
      [...inner, 'arguments', 'x'],
      { from_parameter: 'q' },
      'UnknownParameter',
      'b/m',
      /q/,
      /./,
    ],
    [
      'node of the outer graph',
      [...inner, 'arguments', 'x'],
      { from_node: 'a' },
      'UnknownNode',
      'b/m',
      /node a/,
      /argument context/,
    ],
    ['unknown namespace', ['a', 'namespace'], 'ecotop', 'ProcessUnsupported', 'a', /namespace "ecotop"/, /ecotope/],
    [
      'parameter unlike others',
      ['a', 'arguments', 'x'],
      { from_parameter: 'zebra' },
      'UnknownParameter',
      'a',
      /z/,
      /--param/,
    ],
    ['no callback', ['b', 'arguments', 'process'], 3, 'ProcessParameterInvalid', 'b', /not a process graph/, /takes/],
    ['arguments of another kind', ['a', 'arguments'], 3, 'ProcessGraphInvalid', 'a', /not an object/, /|/],
  ])('%s', (_, path, value, tag, node, message, hint) => {
    const problems = validateGraph(changed(path, value), registry, { parameters: ['k'] })
    expect(problems.map((problem) => problem.tag)).toContain(tag)
    const problem = problems.find((one) => one.tag === tag)!
    expect(problem.node).toBe(node)
    expect(problem.message).toMatch(message)
    expect(problem.hint ?? '').toMatch(hint)
  })

  test('all are found at once', () => {
    const graph: ProcessGraph = {
      a: { process_id: 'ad', arguments: {} },
      b: { process_id: 'add', arguments: { x: 'a', y: true, z: 1 } },
    }
    expect(validateGraph(graph, registry).map(({ tag }) => tag)).toEqual([
      'ProcessUnsupported',
      'ProcessParameterInvalid',
      'ProcessParameterInvalid',
      'ProcessParameterUnsupported',
      'NoResult',
    ])
  })

  test.each([[{}], [{ a: 1 }], [[]], [null]])('%j is no graph', (graph) => {
    expect(validateGraph(graph as unknown as ProcessGraph, registry).map(({ tag }) => tag)).toEqual([
      'ProcessGraphInvalid',
    ])
  })
})

describe('programs', () => {
  test.each<[unknown, RegExp]>([
    [{ a: { process_id: 5, arguments: {} } }, /^node a names no process/],
    [{ a: { process_id: 'pi' }, b: { arguments: {} } }, /^node b names no process/],
    [{ title: 'x' }, /no process graph/],
    [[], /no process graph/],
  ])('%j is none', (json, message) => {
    expect(() => parseProgram(json)).toThrow(message)
  })

  const program = (process_graph: ProcessGraph) =>
    parseProgram({
      process_graph: { f: { process_id: 'f', arguments: { x: { from_parameter: 'p' } }, result: true } },
      parameters: [{ name: 'p' }],
      processes: [{ id: 'f', parameters: [{ name: 'x' }], process_graph }],
    })
  const add = (args: Readonly<Record<string, unknown>>): ProcessGraph => ({
    a: { process_id: 'add', arguments: args, result: true },
  })

  test('are sound where their processes are', () => {
    expect(validateProgram(program(add({ x: { from_parameter: 'x' }, y: 1 })))).toEqual([])
  })

  test('have the problems of their processes', () => {
    const problems = validateProgram(program(add({ x: { from_parameter: 'q' }, y: true })))
    expect(problems.map(({ tag }) => tag)).toEqual(['ProcessParameterInvalid', 'UnknownParameter'])
    expect(problems[0]!.message).toMatch(/^process f: node a: /)
  })

  test('that use themselves are refused', () => {
    const problems = validateProgram(program({ f: { process_id: 'f', arguments: { x: 1 }, result: true } }))
    expect(problems.map(({ tag }) => tag)).toEqual(['ProcessGraphInvalid'])
  })
})
