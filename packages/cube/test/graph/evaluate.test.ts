import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { type EvaluateOptions, evaluateGraph, evaluateProgram, type InspectEntry } from '../../src/graph/evaluate.ts'
import { parseProgram } from '../../src/graph/program.ts'
import { registry } from '../../src/process/registry.ts'
import type { Callback, GraphNode, ProcessGraph, ProcessRow, Value } from '../../src/process/row.ts'

const node = (process_id: string, args: Readonly<Record<string, unknown>>, result = false): GraphNode => ({
  process_id,
  arguments: args,
  ...(result ? { result } : {}),
})
const from = (from_node: string) => ({ from_node })
const parameter = (from_parameter: string) => ({ from_parameter })

async function value(graph: ProcessGraph, options: EvaluateOptions = {}): Promise<Value> {
  return (await evaluateGraph(graph, options)).value
}

async function errorOf(promise: Promise<unknown>): Promise<InputError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(InputError)
  return error as InputError
}

/** A registry with one process more. */
const extended = (row: Partial<ProcessRow> & Pick<ProcessRow, 'id' | 'evaluate'>): ReadonlyMap<string, ProcessRow> =>
  new Map(registry).set(row.id, {
    category: 'development',
    summary: '',
    parameters: [],
    returns: { summary: '', schema: {} },
    chunks: 'value',
    ...row,
  })

describe('evaluation', () => {
  test('follows references, whatever the order of the nodes', async () => {
    const graph = {
      last: node('multiply', { x: from('sum'), y: parameter('k') }, true),
      sum: node('add', { x: 1, y: 2 }),
    }
    expect(await value(graph, { parameters: { k: 5 } })).toBe(15)
  })

  test('reaches references within lists and objects', async () => {
    const graph = {
      one: node('constant', { x: 1 }),
      list: node('constant', { x: [from('one'), { deep: [from('one'), parameter('p')] }] }, true),
    }
    expect(await value(graph, { parameters: { p: null } })).toEqual([1, { deep: [1, null] }])
  })

  test('runs each node once', async () => {
    let count = 0
    const counting = extended({ id: 'tick', evaluate: () => ++count })
    const graph = {
      tick: node('tick', {}),
      a: node('add', { x: from('tick'), y: from('tick') }),
      b: node('add', { x: from('a'), y: from('tick') }, true),
    }
    expect(await value(graph, { registry: counting })).toBe(3)
    expect(count).toBe(1)
  })

  test('fills in defaults, also for null', async () => {
    expect(await value({ a: node('round', { x: 2.345, p: null }, true) })).toBe(2)
    expect(await value({ a: node('if', { value: false, accept: 1 }, true) })).toBeNull()
  })

  test('nodes beside the result run too', async () => {
    const seen: InspectEntry[] = []
    const graph = {
      look: node('inspect', { data: [1, 2], message: 'here', level: 'debug' }),
      end: node('constant', { x: 7 }, true),
    }
    expect(await value(graph, { onInspect: (entry) => seen.push(entry) })).toBe(7)
    expect(seen).toEqual([{ message: 'here', code: 'User', level: 'debug', data: [1, 2] }])
  })

  test('keeps resources until closed, and closes them after an error, the last first', async () => {
    const closed: string[] = []
    const keeping = extended({
      id: 'keep',
      parameters: [{ name: 'x', summary: '', schema: {} }],
      evaluate: (args, context) => {
        context.keep({ close: () => Promise.resolve(void closed.push(String(args.x))) })
        return args.x as Value
      },
    })
    const graph = { a: node('keep', { x: 'a' }), b: node('keep', { x: from('a') }, true) }
    const { close } = await evaluateGraph(graph, { registry: keeping })
    expect(closed).toEqual([])
    await close()
    await close()
    expect(closed).toEqual(['a', 'a'])
    const broken = { a: node('keep', { x: 'b' }), c: node('clip', { x: from('a'), min: 0, max: 1 }, true) }
    await errorOf(evaluateGraph(broken, { registry: keeping }))
    expect(closed).toEqual(['a', 'a', 'b'])
  })

  test('stops when told', async () => {
    await expect(value({ a: node('pi', {}, true) }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      tag: 'Cancelled',
    })
  })

  test('asynchronous processes are waited for, in callbacks too', async () => {
    const slow = extended({
      id: 'slow',
      parameters: [{ name: 'x', summary: '', schema: {} }],
      evaluate: async (args) => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        return (args.x as number) + 1
      },
    })
    const process = { process_graph: { s: node('slow', { x: parameter('x') }, true) } }
    const graph = { s: node('slow', { x: 1 }), a: node('array_apply', { data: [from('s'), 5], process }, true) }
    expect(await value(graph, { registry: slow })).toEqual([3, 6])
  })
})

describe('errors', () => {
  test('of processes name the node and keep tag and hint', async () => {
    const error = await errorOf(value({ limit: node('clip', { x: 1, min: 2, max: 1 }, true) }))
    expect(error.tag).toBe('MinMaxSwapped')
    expect(error.message).toMatch(/^node limit \(clip\): /)
    expect(error.data).toMatchObject({ node: 'limit', process: 'clip' })
    expect(error.hint).toBeDefined()
  })

  test('within callbacks name the path', async () => {
    const process = { process_graph: { c: node('clip', { x: parameter('x'), min: 2, max: 1 }, true) } }
    const error = await errorOf(value({ a: node('array_apply', { data: [1], process }, true) }))
    expect([error.tag, error.data.node]).toEqual(['MinMaxSwapped', 'a/c'])
  })

  test('of values that come late are those of values that stand there', async () => {
    const graph = { text: node('constant', { x: 'one' }), sum: node('add', { x: from('text'), y: 1 }, true) }
    const error = await errorOf(value(graph))
    expect([error.tag, error.data.parameter]).toEqual(['ProcessParameterInvalid', 'x'])
    expect(error.message).toBe('node sum (add): argument x: "one" is not a number or null')
  })

  test('faults of the program pass unchanged', async () => {
    const broken = extended({
      id: 'broken',
      evaluate: () => {
        throw new TypeError('oops')
      },
    })
    await expect(value({ b: node('broken', {}, true) }, { registry: broken })).rejects.toThrow(TypeError)
  })
})

describe('callbacks', () => {
  const capture = (found: Callback[]) =>
    extended({
      id: 'capture',
      parameters: [
        {
          name: 'process',
          summary: '',
          schema: { type: 'object', subtype: 'process-graph', parameters: [{ name: 'x' }] },
        },
      ],
      evaluate: (args) => {
        found.push(args.process as Callback)
        return null
      },
    })

  test('see the parameters around them, and their own before these', async () => {
    const inner = { process_graph: { s: node('add', { x: parameter('x'), y: parameter('k') }, true) } }
    const rows = { process_graph: { r: node('array_apply', { data: parameter('x'), process: inner }, true) } }
    const graph = { a: node('array_apply', { data: [[1, 2], [3]], process: rows }, true) }
    expect(await value(graph, { parameters: { k: 10, x: 99 } })).toEqual([[11, 12], [13]])
  })

  test('hand on context and know labels and numbers', async () => {
    const args = { x: [parameter('x'), parameter('index'), parameter('label'), parameter('context')] }
    const process = { process_graph: { c: node('constant', args, true) } }
    const graph = { a: node('array_apply', { data: parameter('d'), process, context: 'c' }, true) }
    const d: Value = { kind: 'labeled-array', labels: ['u'], values: [5] }
    expect(await value(graph, { parameters: { d } })).toEqual({ ...d, values: [[5, 0, 'u', 'c']] })
    expect(await value(graph, { parameters: { d: [5] } })).toEqual([[5, 0, null, 'c']])
  })

  test('may be bare graphs, and speak of from_argument as openEO once did', async () => {
    const process = { c: node('add', { x: { from_argument: 'x' }, y: 1 }, true) }
    expect(await value({ a: node('array_apply', { data: [1], process }, true) })).toEqual([2])
  })

  test('may come as parameters', async () => {
    const process = { process_graph: { c: node('add', { x: parameter('x'), y: 1 }, true) } } as unknown as Value
    const graph = { a: node('array_apply', { data: [1], process: parameter('p') }, true) }
    expect(await value(graph, { parameters: { p: process } })).toEqual([2])
  })

  test('have a graph with outer parameters filled in, to be compiled', async () => {
    const found: Callback[] = []
    const process = { process_graph: { c: node('add', { x: parameter('x'), y: parameter('k') }, true) } }
    const graph = { a: node('capture', { process }, true) }
    await value(graph, { registry: capture(found), parameters: { k: 3, x: 4 } })
    expect(found[0]!.graph).toEqual({ c: node('add', { x: parameter('x'), y: 3 }, true) })
    expect(found[0]!.runSync({ x: 1 })).toBe(4)
    expect(await found[0]!.run({ x: 2 })).toBe(5)
  })

  test('runSync refuses what it would have to wait for', async () => {
    const found: Callback[] = []
    const process = {
      process_graph: { u: node('run_udf', { data: 1, udf: '\nbroken(', runtime: 'JavaScript' }, true) },
    }
    await value({ a: node('capture', { process }, true) }, { registry: capture(found) })
    expect(() => found[0]!.runSync({ x: 1 })).toThrow(/has to wait/)
  })
})

describe('programs', () => {
  const processes = [
    {
      id: 'scaled',
      parameters: [
        { name: 'x', schema: { type: 'number' } },
        { name: 'by', schema: { type: 'number' }, optional: true, default: 2 },
      ],
      process_graph: { m: node('multiply', { x: parameter('x'), y: parameter('by') }, true) },
    },
  ]
  const graph = { a: node('scaled', { x: parameter('x') }), b: node('scaled', { x: from('a'), by: 10 }, true) }

  test('have user-defined processes and parameters with defaults', async () => {
    const program = parseProgram({
      id: 'p',
      process_graph: graph,
      parameters: [{ name: 'x', schema: { type: 'number' }, optional: true, default: 1 }],
      processes,
    })
    expect((await evaluateProgram(program)).value).toBe(20)
    expect((await evaluateProgram(program, { parameters: { x: 3 } })).value).toBe(60)
    const error = await errorOf(evaluateProgram(program, { parameters: { x: 'a' } }))
    expect([error.tag, error.data.parameter]).toEqual(['ProcessParameterInvalid', 'x'])
  })

  test('user-defined processes work in callbacks', async () => {
    const process = { process_graph: { s: node('scaled', { x: parameter('x') }, true) } }
    const program = { graph: { a: node('array_apply', { data: [1, 2], process }, true) }, parameters: [], processes }
    expect((await evaluateProgram(program)).value).toEqual([2, 4])
  })

  test('errors in user-defined processes name the path', async () => {
    const bad = [{ id: 'bad', process_graph: { c: node('clip', { x: 1, min: 2, max: 1 }, true) } }]
    const error = await errorOf(
      evaluateProgram({ graph: { b: node('bad', {}, true) }, parameters: [], processes: bad }),
    )
    expect([error.tag, error.data.node]).toEqual(['MinMaxSwapped', 'b/c'])
  })

  test('missing parameters and circles are refused', async () => {
    const program = { graph, parameters: [{ name: 'x' }], processes }
    expect((await errorOf(evaluateProgram(program))).tag).toBe('ProcessParameterMissing')
    const circle = [
      { id: 'f', process_graph: { g: node('g', {}, true) } },
      { id: 'g', process_graph: { f: node('f', {}, true) } },
    ]
    const run = async () => evaluateProgram({ graph: { a: node('f', {}, true) }, parameters: [], processes: circle })
    expect((await errorOf(run())).message).toMatch(/f → g → f/)
  })

  test.each([[{ process_graph: graph }], [graph], [{ process: { process_graph: graph }, title: 'job' }]])(
    'are read from any of the usual forms',
    (json) => expect(parseProgram(json).graph).toEqual(graph),
  )

  test('nothing else is a program', () => {
    for (const json of [null, 3, [], {}, { a: 1 }]) expect(() => parseProgram(json)).toThrow(/no process graph/)
  })
})
