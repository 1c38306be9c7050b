import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@ecotope/core'
import { afterAll, describe, expect, test } from 'vitest'
import { evaluateGraph } from '../../src/graph/evaluate.ts'
import { memorySource } from '../../src/model/memory.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { CubeValue, Value } from '../../src/process/row.ts'
import { runUdf, runUdfOnBlock } from '../../src/udf/run.ts'
import { loadUdf, prepareUdf } from '../../src/udf/source.ts'

const typescript = (source: string) => prepareUdf(source, 'udf.ts', true)

const run = (source: string, data: Value = null, context: Value = null, limits = {}): Promise<Value> =>
  runUdf(typescript(source), data, context, { limits })

async function errorOf(promise: Promise<unknown>): Promise<InputError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(InputError)
  return error as InputError
}

describe('a UDF on values', () => {
  test('gets the data and the context and gives its result', async () => {
    const source = `
interface Context { factor: number }
export function apply(data: (number | null)[], context: Context): (number | null)[] {
  return data.map((value) => (value === null ? null : value * context.factor))
}`
    expect(await run(source, [1, null, 2.5], { factor: 2 })).toEqual([2, null, 5])
  })

  test.each<[string, string]>([
    ['a plain function', 'function apply(x) { return x + 1 }'],
    ['an arrow', 'export const apply = (x: number): number => x + 1\n'],
    ['a default export', 'export default function apply(x: number) { return x + 1 }'],
    ['a list of exports', 'const apply = (x: number) => x + 1\nexport { apply }'],
    ['an asynchronous function', 'export async function apply(x: number) { return (await Promise.resolve(x)) + 1 }'],
  ])('may be %s', async (_, source) => {
    expect(await run(source, 41)).toBe(42)
  })

  test('NaN, infinities, texts and objects cross both ways', async () => {
    const value: Value = [Number.NaN, Number.POSITIVE_INFINITY, -1e-300, 'ä\n"', { a: [true, null] }]
    expect(await run('export const apply = (x: unknown) => x', value)).toEqual(value)
  })

  test('labels are told, and stay where elements do', async () => {
    const data: Value = { kind: 'labeled-array', labels: ['B04', 'B08'], values: [1, 3] }
    const source = 'export const apply = (x: number[], _: unknown, { labels }) => x.map((v, i) => labels[i] + v)'
    expect(await run(source, data)).toEqual({ kind: 'labeled-array', labels: ['B04', 'B08'], values: ['B041', 'B083'] })
    expect(await run('export const apply = (x: number[]) => x.length', data)).toBe(2)
  })

  test('many calls are answered in order', async () => {
    const source = 'let calls = 0\nexport const apply = (x: number) => x * 10 + calls++ * 0'
    const code = typescript(source)
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => runUdf(code, i, null)))
    expect(all).toEqual(Array.from({ length: 50 }, (_, i) => i * 10))
  })

  test('a call that fails lets those around it pass', async () => {
    const code = typescript('export const apply = (x: number) => { while (x === 3); return x }')
    const limits = { timeoutMs: 400 }
    const all = await Promise.allSettled([1, 2, 3, 4, 5].map((x) => runUdf(code, x, null, { limits })))
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as InputError).tag))).toEqual([
      1,
      2,
      'UdfTimeout',
      4,
      5,
    ])
  })

  test('a call that is cancelled lets those around it pass', async () => {
    const code = typescript('export const apply = (x: number) => { for (let i = 0; i < 2e8; i++); return x }')
    const controller = new AbortController()
    const calls = [1, 2, 3].map((x) => runUdf(code, x, null, x === 2 ? { signal: controller.signal } : {}))
    controller.abort()
    const all = await Promise.allSettled(calls)
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await expect(runUdf(code, 1, null, { signal: controller.signal })).rejects.toMatchObject({ tag: 'Cancelled' })
  })

  test('console.log reaches the caller', async () => {
    const lines: string[] = []
    const source = 'export function apply(x) { console.log("mean", x, [1, 2]); return x }'
    await runUdf(typescript(source), 3, null, { onLog: (line) => lines.push(line) })
    expect(lines).toEqual(['mean 3 [1,2]'])
  })
})

describe('a UDF on blocks', () => {
  const dims = [
    { name: 't', type: 'temporal', labels: ['2020-01-01T00:00:00Z', '2020-02-01T00:00:00Z'] },
    { name: 'x', type: 'spatial', labels: [0.5, 1.5, 2.5] },
  ]
  const data = Float32Array.of(1, 2, Number.NaN, 4, 5, 6)

  test('gets a typed array with its dimensions', async () => {
    const code = typescript(
      'export const apply = (d: Float32Array, c: unknown, i) => d.map((v) => v * i.shape[1] + i.dims.length)',
    )
    const result = await runUdfOnBlock(code, { data, dims }, null)
    expect(result.data).toEqual(Float32Array.of(5, 8, Number.NaN, 14, 17, 20))
    expect(result.dims).toEqual(dims)
    expect(data[0], 'the block itself stays').toBe(1)
  })

  test('may give other dimensions', async () => {
    const source = `
export function apply(data, context, { shape, dims }) {
  const sums = new Float64Array(shape[1])
  for (let i = 0; i < data.length; i++) sums[i % shape[1]] += data[i]
  return { data: sums, dims: dims.slice(1) }
}`
    const result = await runUdfOnBlock(typescript(source), { data, dims }, null)
    expect(result.data).toEqual(Float64Array.of(5, 7, Number.NaN))
    expect(result.dims).toEqual(dims.slice(1))
  })

  test.each<[string, string, RegExp]>([
    ['too few numbers', 'export const apply = (d) => d.slice(1)', /5 numbers for dimensions of 2 x 3/],
    ['no array', 'export const apply = () => 7', /neither an array nor/],
    ['texts', 'export const apply = () => [1, "x", 2, 3, 4, 5]', /element 1 .* is x, which is no number/],
    ['wrong dims', 'export const apply = (d) => ({ data: d, dims: 3 })', /dims is not a list/],
  ])('with %s is an error', async (_, source, message) => {
    const error = await errorOf(runUdfOnBlock(typescript(source), { data, dims }, null))
    expect(error.tag).toBe('UdfFailed')
    expect(error.message).toMatch(message)
  })
})

describe('errors of UDFs', () => {
  test('name the line of the source', async () => {
    const source = 'interface A {\n  b: number\n}\nexport function apply(x: A) {\n  return x.b.c.d\n}\n'
    const error = await errorOf(run(source, { b: 1 }))
    expect([error.tag, error.data.line]).toEqual(['UdfFailed', 5])
    expect(error.message).toMatch(/udf\.ts, line 5: .*undefined/)
  })

  test.each<[string, string, number]>([
    ['TypeScript', 'export const a = 1\nconst b: = 2\n', 2],
    ['an enum', 'const a = 1\n\nenum B { c }\n', 3],
    [
      'an import',
      'const a = 1\nimport { readFileSync } from "node:fs"\nexport const apply = () => readFileSync("/")',
      2,
    ],
    ['a dynamic import', 'export const apply = () =>\n import /* x */ ("node:fs")', 2],
    ['a dynamic import after a comment', 'export const apply = () =>\n import // x\u2028("node:fs")\n', 2],
  ])('of syntax too: %s', async (_, source, line) => {
    const error = await errorOf((async () => prepareUdf(source, 'udf.ts', true))())
    expect([error.tag, error.data.line]).toEqual(['UdfFailed', line])
  })

  test('of JavaScript that does not parse, each time', async () => {
    const code = prepareUdf('const a = 1\nfoo(', 'udf.js', false)
    for (let i = 0; i < 2; i++) expect((await errorOf(runUdf(code, 1, null))).message).toMatch(/udf\.js, line \d/)
  })

  test('say when there is no apply, or a promise that never settles', async () => {
    expect((await errorOf(run('const f = 1\n'))).message).toMatch(/no function apply/)
    expect((await errorOf(run('export const apply = () => new Promise(() => {})'))).message).toMatch(/promise/)
  })

  test('a thrown text is told', async () => {
    expect((await errorOf(run('export const apply = () => { throw "no data" }'))).message).toMatch(/no data/)
  })

  test.each<[string, string, RegExp]>([
    ['null', 'throw null', /it threw null/],
    ['nothing', 'throw undefined', /it threw undefined/],
    ['an object', 'throw { code: 3 }', /it threw \{"code":3\}/],
    ['an object without text', 'throw Object.create(null)', /it threw \{\}/],
    ['a symbol', 'throw Symbol()', /it threw "\[symbol\]"/],
    ['what throws itself', 'throw { get message() { throw 1 } }', /cannot be shown/],
  ])('whatever is thrown is told: %s', async (_, code, message) => {
    expect((await errorOf(run(`export const apply = async () => { ${code} }`))).message).toMatch(message)
  })

  test('before apply is called, too', async () => {
    expect((await errorOf(run('throw null\nexport const apply = () => 1'))).message).toMatch(/it threw null/)
  })

  test.each(['[Symbol()]', '1n', '{ a: new Set() }'])('tell of results that JSON would lose: %s', async (result) => {
    expect((await errorOf(run(`export const apply = () => (${result})`))).message).toMatch(/which is no value/)
  })
})

describe('limits', () => {
  test('an endless loop ends with the time limit, and the next call works', async () => {
    const source = 'export function apply(x) { while (x) {} return 1 }'
    const error = await errorOf(run(source, true, null, { timeoutMs: 300 }))
    expect([error.tag, error.data.timeoutMs]).toEqual(['UdfTimeout', 300])
    expect(await run(source, false, null, { timeoutMs: 300 })).toBe(1)
  })

  test('an endless chain of promises too', async () => {
    const source = 'export async function apply() { for (;;) await null }'
    expect((await errorOf(run(source, null, null, { timeoutMs: 300 }))).tag).toBe('UdfTimeout')
  })

  test('heap beyond the limit is refused', async () => {
    const source = 'export function apply() { const a = []; for (;;) a.push({ a: a.length }) }'
    expect((await errorOf(run(source, null, null, { memoryMb: 32 }))).tag).toBe('UdfMemory')
  })

  test('arrays beyond the limit are refused', async () => {
    const source = 'export function apply() { const a = []; for (;;) a.push(new Float64Array(1e6).fill(1)) }'
    expect((await errorOf(run(source, null, null, { memoryMb: 64 }))).tag).toBe('UdfMemory')
  })

  test('what V8 does not end in time ends with the process of the function', async () => {
    // A built-in that looks at nothing until it is done, and a table that is made anew beyond what is left.
    const filled = 'export const apply = () => new Array(2 ** 32 - 1).fill(0).length'
    expect((await errorOf(run(filled, null, null, { timeoutMs: 300 }))).tag).toBe('UdfTimeout')
    const map = 'export function apply() { const a = new Map(); for (let i = 0; ; i++) a.set(i, {}) }'
    expect((await errorOf(run(map, null, null, { memoryMb: 96 }))).tag).toBe('UdfMemory')
    expect(process.memoryUsage.rss()).toBeLessThan(2 ** 30)
    expect(await run('export const apply = (x) => x', 1)).toBe(1)
  })

  test('a signal ends a call', async () => {
    const code = typescript('export function apply() { for (;;); }')
    await expect(runUdf(code, null, null, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      tag: 'Cancelled',
    })
  })
})

describe('the sandbox', () => {
  test('has the language and nothing of Node', async () => {
    const names = 'process require module fetch XMLHttpRequest WebSocket Buffer setTimeout Worker navigator'
    const taken = 'WebAssembly SharedArrayBuffer Atomics'
    const types = [...names.split(' '), ...taken.split(' ')].map((name) => `typeof ${name}`)
    const found = await run(`export const apply = () => [${types.join(', ')}]`)
    expect(found).toEqual(types.map(() => 'undefined'))
  })

  test.each([
    ['this', 'export function apply() { return typeof globalThis.constructor.constructor("return process")() }'],
    ['the data', 'export const apply = (x) => typeof x.constructor.constructor("return process")()'],
    ['eval', 'export const apply = () => typeof eval("1")'],
    ['new Function', 'export const apply = () => new Function("return 1")()'],
    [
      'an error of the stack',
      `export function apply() {
  const deep = () => { try { deep() } catch (e) { return e.constructor.constructor("return process")() } }
  return typeof deep()
}`,
    ],
  ])('makes no code from text through %s', async (_, source) => {
    expect((await errorOf(run(source, [1]))).tag).toBe('UdfFailed')
  })

  test('has no randomness', async () => {
    expect((await errorOf(run('export const apply = () => Math.random()'))).message).toMatch(/same result/)
  })

  test('stacks show no functions of the other side', async () => {
    const source = `
export function apply() {
  Error.prepareStackTrace = (_, calls) => calls.map((call) => [typeof call.getFunction(), typeof call.getThis()])
  return new Error().stack
}`
    const calls = (await run(source)) as Value[]
    expect(calls.length).toBeGreaterThan(2)
    for (const call of calls) expect(call).toEqual(['undefined', 'undefined'])
  })

  test('spoilt built-ins spoil nothing but themselves', async () => {
    const source = `
JSON.stringify = () => { throw new Error('spoilt') }
Array.isArray = () => true
Object.prototype.kind = 'x'
export const apply = (x) => [x, NaN]`
    expect(await run(source, 1)).toEqual([1, Number.NaN])
    expect('kind' in {}).toBe(false)
  })

  test('a result with traps cannot harm', async () => {
    const source = 'export const apply = () => new Proxy([], { get() { throw new Error("trap") } })'
    expect((await errorOf(run(source))).tag).toBe('UdfFailed')
  })
})

describe('run_udf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ecotope-udf-'))
  writeFileSync(join(folder, 'double.ts'), 'export const apply = (x: number): number => 2 * x')
  const graph = (udf: string, more: Record<string, unknown> = {}) => ({
    udf: { process_id: 'run_udf', arguments: { data: 21, udf, runtime: 'TypeScript', ...more }, result: true },
  })

  test('takes source, a path in the folder, and a URL', async () => {
    const server = createServer((_, response) => response.end('export const apply = (x: number) => x + 2'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterAll(() => void server.close())
    const { port } = server.address() as { port: number }
    const value = async (udf: string) => (await evaluateGraph(graph(udf), { folder })).value
    expect(await value('\nexport const apply = (x: number) => x + 1')).toBe(22)
    expect(await value('double.ts')).toBe(42)
    expect(await value('/double.ts')).toBe(42)
    expect(await value(`http://127.0.0.1:${port}/udf.ts`)).toBe(23)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['double.ts', { runtime: 'Python' }, 'InvalidRuntime'],
    ['double.ts', { runtime: 'R' }, 'InvalidRuntime'],
    ['double.ts', { version: '7' }, 'InvalidVersion'],
    ['missing.ts', {}, 'FileNotFound'],
    ['../../etc/passwd', {}, 'FileNotFound'],
    ['http://127.0.0.1:9/udf.ts', {}, 'FileNotFound'],
  ])('refuses %s with %o by %s', async (udf, more, tag) => {
    const error = await errorOf(evaluateGraph(graph(udf, more), { folder }))
    expect(error.tag).toBe(tag)
    expect(error.hint).toBeDefined()
    expect(error.message).toMatch(/^node udf \(run_udf\): /)
  })

  test('runs in callbacks, and its limits come from the options', async () => {
    const source = '\nexport const apply = (x: number) => { while (x > 2); return x + 1 }'
    const inner = {
      u: {
        process_id: 'run_udf',
        arguments: { data: { from_parameter: 'x' }, udf: source, runtime: 'javascript' },
        result: true,
      },
    }
    const outer = (data: number[]) => ({
      a: { process_id: 'array_apply', arguments: { data, process: { process_graph: inner } }, result: true },
    })
    const plain = JSON.parse(JSON.stringify(outer([0, 1, 2])).replaceAll(': number', '')) as ReturnType<typeof outer>
    expect((await evaluateGraph(plain)).value).toEqual([1, 2, 3])
    const endless = JSON.parse(JSON.stringify(outer([3])).replaceAll(': number', '')) as ReturnType<typeof outer>
    const error = await errorOf(evaluateGraph(endless, { udfLimits: { timeoutMs: 200 } }))
    expect([error.tag, error.data.node]).toEqual(['UdfTimeout', 'a/u'])
  })

  test('a source is read as its runtime', async () => {
    await expect(loadUdf('let a: number = 1\n', 'JavaScript', null, folder)).resolves.toMatchObject({ name: 'udf.js' })
    await expect(loadUdf('double.ts', 'typescript', '1', folder)).resolves.toMatchObject({ name: 'double.ts' })
  })

  const cube: Value = {
    kind: 'cube',
    node: memorySource(
      Int16Array.of(1, 2, -999, 4, 5, 6),
      {
        dims: [
          { type: 'bands', name: 'bands', labels: ['a', 'b'], bands: [{ name: 'a' }, { name: 'b' }] },
          { type: 'other', name: 'i', labels: [0, 1, 2] },
        ],
        packing: { dtype: 'int16', nodata: -999, scale: 0.5, offset: 0 },
      },
      'made',
    ),
  }
  const onCube = async (source: string): Promise<{ data: number[]; names: string[] }> => {
    const args = { data: { from_parameter: 'cube' }, udf: source, runtime: 'TypeScript' }
    const udf = { process_id: 'run_udf', arguments: args, result: true }
    const { value } = await evaluateGraph({ udf }, { parameters: { cube } })
    const { node } = value as CubeValue
    return { data: [...(await computeCube(node)).data], names: node.schema.dims.map(({ name }) => name) }
  }

  test('runs on a whole cube', async () => {
    const source = '\nexport const apply = (d: Float32Array) => d.map((v) => v * 2 + 1)'
    expect(await onCube(source)).toEqual({ data: [2, 3, Number.NaN, 5, 6, 7], names: ['bands', 'i'] })
  })

  test('may change dimensions where it says so', async () => {
    const source = `
export const dims = (dims) => dims.slice(1)
export function apply(d: Float32Array, context: unknown, { dims }) {
  return { data: d.slice(0, 3).map((v, i) => v + d[i + 3]), dims: dims.slice(1) }
}`
    expect(await onCube(source)).toEqual({ data: [2.5, 3.5, Number.NaN], names: ['i'] })
    const error = await errorOf(onCube(source.replace('export const dims =', 'const other =')))
    expect([error.tag, error.hint]).toEqual(['UdfFailed', expect.stringContaining('function dims') as string])
  })

  test('runs in callbacks of cubes', async () => {
    const inner = {
      data: { from_parameter: 'data' },
      udf: '\nexport const apply = (x) => x.filter((v) => v).length',
      runtime: 'JavaScript',
    }
    const reducer = { process_graph: { u: { process_id: 'run_udf', arguments: inner, result: true } } }
    const args = { data: { from_parameter: 'cube' }, dimension: 'i', reducer }
    const graph = { r: { process_id: 'reduce_dimension', arguments: args, result: true } }
    const { value } = await evaluateGraph(graph, { parameters: { cube } })
    expect([...(await computeCube((value as CubeValue).node)).data]).toEqual([2, 3])
  })
})
