/** Least squares: exact data give exact parameters, gradients equal differences, and what cannot be fitted is missing. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateGraph } from '../../../src/graph/evaluate.ts'
import { fitCurve, interpretedModel, type Model, modelOf, xOfLabel } from '../../../src/process/cubes/curves.ts'
import { linearFit } from '../../../src/process/cubes/linear-fit.ts'
import type { Callback, ProcessGraph, Value } from '../../../src/process/row.ts'
import { parameter, tagOf, value } from './support.ts'

const element = (index: number) => ({
  process_id: 'array_element',
  arguments: { data: parameter('parameters'), index },
})
const from = (id: string) => ({ from_node: id })
const call = (process_id: string, args: object, result = false) => ({
  process_id,
  arguments: args,
  ...(result ? { result } : {}),
})

const GRAPHS: Readonly<Record<string, object>> = {
  /** a + b sin(c x) */
  wave: {
    a: element(0),
    b: element(1),
    c: element(2),
    cx: call('multiply', { x: from('c'), y: parameter('x') }),
    s: call('sin', { x: from('cx') }),
    bs: call('multiply', { x: from('b'), y: from('s') }),
    r: call('add', { x: from('a'), y: from('bs') }, true),
  },
  /** a / (1 + exp(-b (x - c))) */
  logistic: {
    a: element(0),
    b: element(1),
    c: element(2),
    d: call('subtract', { x: from('c'), y: parameter('x') }),
    bd: call('multiply', { x: from('b'), y: from('d') }),
    e: call('exp', { p: from('bd') }),
    n: call('add', { x: from('e'), y: 1 }),
    r: call('divide', { x: from('a'), y: from('n') }, true),
  },
  /** a x^b + c ln(x + 1) */
  power: {
    a: element(0),
    b: element(1),
    c: element(2),
    xb: call('power', { base: parameter('x'), p: from('b') }),
    axb: call('multiply', { x: from('a'), y: from('xb') }),
    x1: call('add', { x: parameter('x'), y: 1 }),
    l: call('ln', { x: from('x1') }),
    cl: call('multiply', { x: from('c'), y: from('l') }),
    r: call('add', { x: from('axb'), y: from('cl') }, true),
  },
  /** sqrt(a^2 + (b x)^2) + arctan(c x) - tanh(a) */
  roots: {
    a: element(0),
    b: element(1),
    c: element(2),
    aa: call('multiply', { x: from('a'), y: from('a') }),
    bx: call('multiply', { x: from('b'), y: parameter('x') }),
    bb: call('power', { base: from('bx'), p: 2 }),
    s: call('add', { x: from('aa'), y: from('bb') }),
    q: call('sqrt', { x: from('s') }),
    cx: call('multiply', { x: from('c'), y: parameter('x') }),
    t: call('arctan', { x: from('cx') }),
    h: call('tanh', { x: from('a') }),
    qt: call('add', { x: from('q'), y: from('t') }),
    r: call('subtract', { x: from('qt'), y: from('h') }, true),
  },
}

/** The callback of a graph, as graphs hand it to processes. */
async function callbackOf(graph: object): Promise<Callback> {
  let given: Callback | undefined
  const row = {
    id: 'hold',
    category: 'math',
    summary: '',
    parameters: [
      {
        name: 'function',
        summary: '',
        schema: { subtype: 'process-graph', parameters: [{ name: 'x' }, { name: 'parameters' }] },
      },
    ],
    returns: { summary: '', schema: {} },
    chunks: 'value',
    evaluate: (args: Readonly<Record<string, unknown>>) => {
      given = args.function as Callback
      return null
    },
  } as const
  const { registry } = await import('../../../src/process/registry.ts')
  const all = new Map([...registry, ['hold', row]]) as never
  const program = { hold: { process_id: 'hold', arguments: { function: { process_graph: graph } }, result: true } }
  await evaluateGraph(program as unknown as ProcessGraph, { registry: all })
  return given!
}

const xs = Array.from({ length: 21 }, (_, i) => 0.25 + i / 5)

describe('models', () => {
  it.each(Object.keys(GRAPHS))('%s: compiled as interpreted, slopes as differences', async (name) => {
    const process = await callbackOf(GRAPHS[name]!)
    const compiled = modelOf(process, 3)!(xs)
    const slow = interpretedModel(process, 3)(xs)
    const parameters = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: 0.2, max: 2, noNaN: true })))
    fc.assert(
      fc.property(parameters, (list) => {
        const at = Float64Array.from(list)
        compiled.evaluate(at, true)
        slow.evaluate(at, true)
        xs.forEach((_, i) => {
          expect(compiled.values[i]).toBeCloseTo(slow.values[i]!, 10)
          for (let k = 0; k < 3; k++) expect(compiled.slopes[k]![i]).toBeCloseTo(slow.slopes[k]![i]!, 5)
        })
      }),
      { numRuns: 20 },
    )
  })

  it('leave graphs alone that have no derivative', async () => {
    expect(modelOf(await callbackOf({ r: call('inspect', { data: parameter('x') }, true) }), 1)).toBeUndefined()
    expect(modelOf(await callbackOf({ r: call('floor', { x: parameter('x') }, true) }), 1)).toBeUndefined()
  })
})

describe('fitCurve', () => {
  it.each<[string, number[], number[]]>([
    ['wave', [0.3, 1.2, 1.7], [0, 1, 1.5]],
    ['logistic', [2, 1.5, 1.1], [1, 1, 1]],
    ['power', [0.5, 1.5, 2], [1, 1, 1]],
  ])('%s: finds the parameters that made the data, gaps or not', async (name, truth, initial) => {
    const model: Model = modelOf(await callbackOf(GRAPHS[name]!), 3)!
    const evaluator = model(xs)
    evaluator.evaluate(Float64Array.from(truth), false)
    const ys = Float64Array.from(evaluator.values, (y, i) => (i % 6 === 2 ? Number.NaN : y))
    fitCurve(evaluator, ys, initial).forEach((fitted, k) => {
      expect(fitted).toBeCloseTo(truth[k]!, 7)
    })
  })

  it('gives missing where there are too few values, or none that is finite', async () => {
    const evaluator = modelOf(await callbackOf(GRAPHS.power!), 3)!(xs)
    const few = new Float64Array(xs.length).fill(Number.NaN)
    few[3] = 1
    few[4] = 2
    expect([...fitCurve(evaluator, few, [1, 1, 1])]).toEqual([Number.NaN, Number.NaN, Number.NaN])
    const negative = modelOf(await callbackOf(GRAPHS.power!), 3)!([-2, -3, -4])
    expect(fitCurve(negative, Float64Array.of(1, 2, 3), [1, 0.5, 1]).every(Number.isNaN)).toBe(true)
  })

  it('stays at the initial values where the model does not depend on a parameter', async () => {
    const line = { a: element(0), r: call('add', { x: from('a'), y: parameter('x') }, true) }
    const evaluator = modelOf(await callbackOf(line), 2)!([0, 1, 2])
    const fitted = fitCurve(evaluator, Float64Array.of(5, 6, 7), [0, 42])
    expect(fitted[0]).toBeCloseTo(5, 9)
    expect(fitted[1]).toBe(42)
  })
})

describe('fit_curve and predict_curve as processes', () => {
  const line = {
    process_graph: {
      a: element(0),
      b: element(1),
      m: call('multiply', { x: from('b'), y: parameter('x') }),
      r: call('add', { x: from('a'), y: from('m') }, true),
    },
  }

  it('fits labelled arrays, and arrays by their index', async () => {
    const labelled: Value = { kind: 'labeled-array', labels: [10, 20, 30], values: [1, 2, null] }
    const fitted = (await value('fit_curve', { data: labelled, parameters: [0, 0], function: line })) as number[]
    expect(fitted[0]).toBeCloseTo(0, 8)
    expect(fitted[1]).toBeCloseTo(0.1, 8)
    const plain = (await value('fit_curve', { data: [3, 5, 7], parameters: [1, 1], function: line })) as number[]
    expect(plain[0]).toBeCloseTo(3, 8)
    expect(plain[1]).toBeCloseTo(2, 8)
  })

  it('reads numbers, dates and times along x', () => {
    expect(xOfLabel(7)).toBe(7)
    expect(xOfLabel('7.5')).toBe(7.5)
    expect(xOfLabel('1970-01-02')).toBe(86400)
    expect(xOfLabel('1970-01-01T01:00:00+01:00')).toBe(0)
    expect(() => xOfLabel('noon')).toThrow(expect.objectContaining({ tag: 'NotANumber' }))
  })

  it('predicts nothing without labels', async () => {
    const { cube, node, other } = await import('./support.ts')
    const parameters = cube([other('k', 0, 1)], [1, 2])
    expect(await tagOf(node('predict_curve', { parameters, function: line, dimension: 't' }))).toBe('LabelsMissing')
  })
})

describe('models that are linear in their parameters', () => {
  /** a + b x + c sin(x), with one parameter in a quotient. */
  const linear = {
    a: element(0),
    b: element(1),
    c: element(2),
    bx: call('multiply', { x: parameter('x'), y: from('b') }),
    s: call('sin', { x: parameter('x') }),
    i: call('divide', { x: 1, y: from('s') }),
    cs: call('divide', { x: from('c'), y: from('i') }),
    abx: call('add', { x: from('a'), y: from('bx') }),
    r: call('subtract', { x: from('abx'), y: from('cs') }, true),
  } as unknown as ProcessGraph
  const isLinear = (graph: object, xs: readonly number[] = [1, 2]) =>
    modelOf({ graph: graph as ProcessGraph }, 3)!(xs).isLinear

  it('are told from others', () => {
    expect(isLinear(linear)).toBe(true)
    for (const graph of Object.values(GRAPHS)) expect(isLinear(graph)).toBe(false)
  })

  it('fit as Levenberg and Marquardt do, whatever is missing', () => {
    const xs = Array.from({ length: 12 }, (_, i) => 0.3 + i)
    const evaluator = modelOf({ graph: linear }, 3)!(xs)
    const fit = linearFit(evaluator, 3)!
    const numbers = fc.array(fc.option(fc.integer({ min: -50, max: 50 }), { freq: 3, nil: Number.NaN }), {
      minLength: 12,
      maxLength: 12,
    })
    let fitted = 0
    fc.assert(
      fc.property(numbers, (values) => {
        const ys = Float64Array.from(values)
        if (values.filter((y) => !Number.isNaN(y)).length < 3) return
        const result = new Float64Array(4)
        if (!fit(ys, 0, result, 1)) return
        fitted++
        const slow = fitCurve(evaluator, ys, [1, 1, 1])
        for (const k of [0, 1, 2]) expect(Math.abs(result[k + 1]! - slow[k]!)).toBeLessThanOrEqual(1e-6)
      }),
    )
    expect(fitted).toBeGreaterThan(50)
  })

  it('keep their digits where x is seconds since 1970', () => {
    const xs = Array.from({ length: 30 }, (_, i) => 1.6e9 + i * 86400)
    const line = {
      a: element(0),
      b: element(1),
      bx: call('multiply', { x: parameter('x'), y: from('b') }),
      r: call('add', { x: from('a'), y: from('bx') }, true),
    } as unknown as ProcessGraph
    const fit = linearFit(modelOf({ graph: line }, 2)!(xs), 2)!
    const result = new Float64Array(2)
    const ys = Float64Array.from(xs, (x, i) => (i % 4 === 0 ? Number.NaN : 3e-8 * (x - 1.6e9) + 0.25))
    expect(fit(ys, 0, result, 0)).toBe(true)
    expect(Math.abs(result[1]! / 3e-8 - 1)).toBeLessThan(1e-8)
    for (const x of xs) expect(result[0]! + result[1]! * x).toBeCloseTo(3e-8 * (x - 1.6e9) + 0.25, 7)
  })

  it('leave what does not tell the parameters to the general way', () => {
    const xs = [1, 2, 3, 4]
    const fit = linearFit(modelOf({ graph: linear }, 3)!(xs), 3)!
    expect(fit(Float64Array.from([1, 2, Number.NaN, Number.NaN]), 0, new Float64Array(3), 0)).toBe(false)
    const same = linearFit(modelOf({ graph: linear }, 3)!([2, 2, 2, 2]), 3)
    expect(same).toBeUndefined()
  })
})
