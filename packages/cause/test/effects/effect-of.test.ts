import type { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { reversed } from '../../src/discovery/graph.ts'
import { effectOf } from '../../src/effects/effect-of.ts'
import { graphFor } from '../../src/effects/effect-question.ts'
import { parseNode } from '../../src/effects/node-name.ts'
import { possibleEffects } from '../../src/effects/possible-effects.ts'
import type { Regressor } from '../../src/effects/regressors/regressor.ts'
import { timeSeries } from '../../src/series/series.ts'
import { type LinkRow, linkGraph } from './graphs.ts'
import { graphOfProcess, type Process, simulate } from './simulate.ts'

const names = ['nino34', 'rain', 'soil', 'yield']

/** nino34@-2 raises yield by 0.5 * 0.6 * 0.7 through rain and soil, and by 0.3 directly. */
const chain: Process = {
  names,
  terms: [
    [[[0, -1], 0.5]],
    [
      [[1, -1], 0.3],
      [[0, -1], 0.5],
    ],
    [[[1, -1], 0.6]],
    [
      [[2, 0], 0.7],
      [[0, -2], 0.3],
    ],
  ],
}

const series = simulate(chain, 1500, 1)
const graph = graphOfProcess(chain)
const ask = (options: Partial<Parameters<typeof effectOf>[2]>) =>
  effectOf(series, graph, { from: ['nino34@-2'], to: ['yield@0'], bootstrap: { draws: 60 }, ...options })

const failure = async (promise: Promise<unknown>): Promise<InputError> => {
  try {
    await promise
  } catch (error) {
    return error as InputError
  }
  return expect.unreachable('should have thrown')
}

describe('linear effects', () => {
  test('total, direct and mediated effects with standard errors', async () => {
    const result = await ask({ mediated: true })
    const truth = 0.3 + 0.5 * 0.6 * 0.7
    const [total] = result.total
    expect(Math.abs(total!.value - truth)).toBeLessThan(4 * total!.standardError)
    expect(total!.standardError).toBeGreaterThan(0.01)
    expect(total!.standardError).toBeLessThan(0.06)
    expect(total!.low).toBeLessThan(total!.value)
    expect(total!.high).toBeGreaterThan(total!.value)
    expect(Math.abs(result.direct![0]!.value - 0.3)).toBeLessThan(4 * result.direct![0]!.standardError)
    expect(result.mediated!.map(({ variable }) => variable)).toEqual(['rain', 'soil'])
    const soil = result.mediated![1]!.effects[0]!
    expect(Math.abs(soil.value - 0.21)).toBeLessThan(4 * soil.standardError)
    expect(result).toMatchObject({ graphs: 1, isOptimal: true, per: 'unit', level: 0.95, warnings: [] })
    expect(result.adjustment).toEqual(['rain@-2'])
    expect(result.assumptions[1]).toBe('No hidden common cause of causes, mediators and effects exists.')
    expect(result.samples).toBe(1500 - 4)
  })

  test('graphs of files take the order of the series', async () => {
    const order = ['yield', 'soil', 'rain', 'nino34']
    const turned = linkGraph(
      4,
      2,
      chain.terms.flatMap((own, j) => own.map(([[i, lag]]): LinkRow => [3 - i, 3 - j, -lag, '-->'])),
    )
    const read = graphFor(series, { variables: order, graph: turned.nested() })
    expect(read.links).toEqual(graph.links)
    expect(() => graphFor(series, { variables: [...order.slice(1), 'yeild'], graph: turned.nested() })).toThrow(/yeild/)
    expect(() => graphFor(series, { variables: ['rain'], graph: turned.nested() })).toThrow(/4 rows for 1/)
  })

  test('the same numbers for the same seed, others for another', async () => {
    const [a, b, c] = [await ask({}), await ask({}), await ask({ bootstrap: { draws: 60, seed: 9 } })]
    expect(a).toEqual(b)
    expect(c.total[0]!.low).not.toBe(a.total[0]!.low)
    expect(c.total[0]!.value).toBe(a.total[0]!.value)
  })

  test('where no arrows lead there, the effect is 0 and said to be', async () => {
    const result = await ask({ from: ['yield@-1'], to: ['rain@0'], mediated: true })
    expect(result.total[0]).toMatchObject({ value: 0, low: 0, high: 0 })
    expect(result.direct![0]!.value).toBe(0)
    expect(result.warnings[0]!.tag).toBe('NoCausalPath')
  })

  test('nested arrays are taken as graphs', async () => {
    const nested = await effectOf(series, graph.nested(), {
      from: ['nino34@-2'],
      to: ['yield@0'],
      bootstrap: { draws: 60 },
    })
    expect(nested).toEqual(await ask({}))
  })

  test('intervals hold the truth about as often as they say', async () => {
    let held = 0
    for (let seed = 0; seed < 40; seed++) {
      const drawn = simulate(chain, 200, 100 + seed)
      const { total } = await effectOf(drawn, graph, {
        from: ['rain@-1'],
        to: ['yield'],
        level: 0.9,
        bootstrap: { draws: 80 },
      })
      if (total[0]!.low <= 0.42 && total[0]!.high >= 0.42) held++
    }
    expect(held / 40).toBeGreaterThan(0.75)
  })
})

describe('nonlinear effects', () => {
  const bent: Process = {
    names: ['heat', 'growth', 'harvest'],
    terms: [
      [[[0, -1], 0.4]],
      [[[0, -1], 1, (v) => v - v * v]],
      [
        [[1, 0], 0.8],
        [[0, -1], -0.5],
      ],
    ],
  }
  const curved = simulate(bent, 500, 3)
  test.each(['kernel-ridge', 'knn', 'forest'])('%s learns a curve that a line misses', async (estimator) => {
    const result = await effectOf(curved, graphOfProcess(bent), {
      from: ['heat@-1'],
      to: ['growth'],
      estimator,
      change: [[0, 2]],
      bootstrap: { draws: 6 },
    })
    expect(result).toMatchObject({ per: 'change', changes: [[0, 2]] })
    // 2 - 4 by the law; a line would say about +2.
    expect(result.total[0]!.value).toBeLessThan(-0.8)
    expect(result.total[0]!.value).toBeGreaterThan(-3)
    expect(result.total[0]!.standardError).toBeGreaterThan(0)
  })

  test('direct and mediated parts by nested regressions', async () => {
    const result = await effectOf(curved, graphOfProcess(bent), {
      from: ['heat@-1'],
      to: ['harvest'],
      estimator: 'kernel-ridge',
      mediated: true,
      bootstrap: { draws: 4 },
    })
    expect(result.direct![0]!.value).toBeLessThan(-0.3)
    expect(result.mediated![0]!.variable).toBe('growth')
    expect(result.direct![0]!.value + result.mediated![0]!.effects[0]!.value).toBeCloseTo(result.total[0]!.value, 9)
  })

  test('a model of one’s own', async () => {
    const flat: Regressor = {
      name: 'flat',
      fit: (_rows, target) => ({ predict: ([row]) => row!.map(() => target[0]!) }),
    }
    const result = await ask({ estimator: flat, bootstrap: { draws: 3 } })
    expect(result).toMatchObject({ estimator: 'flat', total: [{ value: 0 }] })
  })
})

describe('graphs with open links', () => {
  const trio = ['a', 'b', 'c']
  const process: Process = {
    names: trio,
    terms: [[[[0, -1], 0.5]], [[[0, 0], 0.8]], [[[1, 0], 0.5]]],
  }
  const data = simulate(process, 400, 5)
  const open = linkGraph(3, 1, [
    [0, 1, 0, 'o-o'],
    [1, 2, 0, 'o-o'],
  ] as LinkRow[])

  test('an effect that hangs on an open link is refused, with the links and the bounds', async () => {
    const error = await failure(effectOf(data, open, { from: ['a'], to: ['c'] }))
    expect(error.tag).toBe('NotIdentifiable')
    expect(error.data.links).toEqual(['a@0 o-o b@0', 'b@0 o-o c@0'])
    expect(error.hint).toContain('a@0 o-o b@0')
    const possible = await possibleEffects(data, open, { from: ['a'], to: ['c'] })
    expect(possible).toMatchObject({ graphs: 3, unidentifiable: 0 })
    expect(possible.effects[0]!.low).toBeLessThan(0.05)
    expect(Math.abs(possible.effects[0]!.high - 0.4)).toBeLessThan(0.15)
    expect(error.data.possible).toEqual(possible)
  })

  test('an effect that all members share is estimated', async () => {
    const partly = linkGraph(3, 1, [
      [0, 0, 1, '-->'],
      [0, 1, 0, '-->'],
      [1, 2, 0, '-->'],
    ] as LinkRow[])
    const settled = await effectOf(data, partly, { from: ['a'], to: ['c'], bootstrap: { draws: 20 } })
    expect(Math.abs(settled.total[0]!.value - 0.4)).toBeLessThan(0.15)
    const oriented = linkGraph(3, 1, [
      [0, 0, 1, '-->'],
      [0, 1, 0, 'o-o'],
      [1, 2, 0, 'o-o'],
    ] as LinkRow[])
    // Were it a class, the lagged cause of a, not linked with b, would leave a --> b --> c only.
    const question = { from: ['a'], to: ['c'], bootstrap: { draws: 20 } }
    const forced = await effectOf(data, oriented, { ...question, unoriented: 'class' })
    expect(forced.graphs).toBe(1)
    expect(forced.total).toEqual(settled.total)
    const error = await failure(effectOf(data, oriented, question))
    expect(error.data.possible).toMatchObject({ graphs: 4 })
  })

  test('links that no orientation without new colliders settles are all taken as open', async () => {
    const triangle = linkGraph(3, 1, [
      [0, 0, 1, '-->'],
      [1, 1, 1, '-->'],
      [0, 1, 0, 'o-o'],
    ] as LinkRow[])
    const error = await failure(effectOf(data, triangle, { from: ['a'], to: ['b'] }))
    expect(error.tag).toBe('NotIdentifiable')
    expect(error.data.possible).toMatchObject({ graphs: 2 })
  })

  test('conflicting links may be either', async () => {
    const conflict = linkGraph(3, 1, [[0, 1, 0, 'x-x']] as LinkRow[])
    expect((await failure(effectOf(data, conflict, { from: ['a'], to: ['b'] }))).data.links).toEqual(['a@0 x-x b@0'])
    const elsewhere = linkGraph(3, 1, [
      [0, 1, 0, 'x-x'],
      [2, 2, 1, '-->'],
    ] as LinkRow[])
    const result = await effectOf(data, elsewhere, { from: ['c@-1'], to: ['c'], bootstrap: { draws: 10 } })
    expect(result).toMatchObject({ graphs: 1, warnings: [] })
    const upstream = linkGraph(3, 1, [
      [0, 1, 0, 'x-x'],
      [1, 2, 1, '-->'],
    ] as LinkRow[])
    const after = await effectOf(data, upstream, { from: ['b@-1'], to: ['c'], bootstrap: { draws: 10 } })
    expect(after.graphs).toBe(2)
    expect(after.warnings.map(({ tag }) => tag)).toContain('ConflictingLinks')
  })

  test('hidden causes that a PAG does not exclude refuse an effect; visible arrows allow it', async () => {
    const invisible = linkGraph(3, 1, [
      [0, 1, 1, '-->'],
      [2, 1, 1, 'o->'],
    ] as LinkRow[])
    const error = await failure(effectOf(data, invisible, { from: ['c@-1'], to: ['b'] }))
    expect(error.data.links).toEqual(['c@-1 o-> b@0'])
    const visible = linkGraph(4, 1, [
      [0, 1, 1, 'o->'],
      [1, 2, 1, '-->'],
      [3, 1, 1, 'o->'],
    ] as LinkRow[])
    const wide = timeSeries({
      columns: [...data.datasets[0]!.columns, simulate(process, 400, 6).datasets[0]!.columns[0]!],
    })
    const result = await effectOf(wide, visible, { from: ['x1@-1'], to: ['x2'], bootstrap: { draws: 10 } })
    expect(result.graphs).toBeGreaterThan(1)
    expect(result.assumptions.join()).toContain('leaves possible')
    const unclear = await failure(
      effectOf(data, linkGraph(3, 1, [[0, 1, 1, '-->']] as LinkRow[]), { from: ['a@-1'], to: ['b'], ancestral: true }),
    )
    expect(unclear.message).toContain('hidden common cause')
  })

  test('mediated effects are refused where the paths differ', async () => {
    const fork = linkGraph(4, 1, [
      [0, 1, 1, '-->'],
      [0, 2, 1, '-->'],
      [1, 2, 0, 'o-o'],
      [1, 3, 1, '-->'],
      [2, 3, 1, '-->'],
    ] as LinkRow[])
    const wide = timeSeries({
      columns: [...data.datasets[0]!.columns, data.datasets[0]!.columns[0]!.slice().reverse()],
    })
    const question = { from: ['x0@-2'], to: ['x3'], bootstrap: { draws: 10 } }
    expect((await effectOf(wide, fork, question)).graphs).toBe(2)
    expect((await failure(effectOf(wide, fork, { ...question, mediated: true }))).message).toContain('paths differ')
  })
})

describe('bad input', () => {
  test('names and lags', async () => {
    expect(parseNode('nino34@-2', names)).toEqual([0, -2])
    expect(parseNode('rain', names)).toEqual([1, 0])
    expect(parseNode('p@t@-1', ['p@t'])).toEqual([0, -1])
    expect(() => parseNode('rian@-1', names)).toThrow(/no variable rian/)
    expect(() => parseNode('rain@2', names)).toThrow(/whole number of steps back/)
    expect(() => parseNode('rain@', names)).toThrow(/empty/)
    expect((await failure(ask({ from: ['nino@-1'] }))).hint).toBe('Did you mean nino34?')
  })

  test('levels, estimators, sizes, constant causes, short series', async () => {
    expect((await failure(ask({ level: 2 }))).tag).toBe('BadLevel')
    expect((await failure(ask({ estimator: 'lineer' }))).hint).toBe('Did you mean linear?')
    expect((await failure(ask({ to: ['nino34@-2'] }))).tag).toBe('BadEffect')
    expect((await failure(ask({ hidden: ['nino'] }))).tag).toBe('UnknownVariable')
    const three = timeSeries({
      columns: [
        [1, 2, 3],
        [1, 2, 3],
        [2, 1, 3],
      ],
    })
    expect((await failure(effectOf(three, graph, { from: ['x0@-1'], to: ['x1'] }))).tag).toBe('BadVariables')
    const short = timeSeries(
      { columns: names.map((_, k) => [1, 2, 3, 4, 5, 6].map((v) => Math.sin(v * (k + 1)))) },
      { names },
    )
    expect((await failure(effectOf(short, graph, { from: ['nino34@-2'], to: ['yield'] }))).tag).toBe('TooFewSamples')
    const still = timeSeries(
      { columns: series.datasets[0]!.columns.map((c, k) => (k === 0 ? c.map(() => 1) : c)) },
      { names },
    )
    expect((await failure(effectOf(still, graph, { from: ['nino34@-2'], to: ['yield'] }))).tag).toBe('ConstantCause')
  })

  test('a hidden variable on the way back is named; collinear series are warned of', async () => {
    const error = await failure(ask({ from: ['rain@-1'], hidden: ['nino34'] }))
    expect(error.tag).toBe('NotIdentifiable')
    expect(error.data.path).toContain('rain@-1')
    const columns = series.datasets[0]!.columns
    const twin = timeSeries({ columns: [columns[0]!, columns[0]!.slice(), columns[2]!, columns[3]!] }, { names })
    const result = await effectOf(twin, graph, { from: ['rain@-1'], to: ['yield'], bootstrap: { draws: 5 } })
    expect(result.total.every(({ value }) => Number.isFinite(value))).toBe(true)
  })

  test('work can be stopped', async () => {
    const stop = AbortSignal.abort()
    const error = await failure(ask({ bootstrap: { draws: 5000, signal: stop } }))
    expect(error.tag).toBe('Cancelled')
  })

  test('mirrored links without lag must agree', async () => {
    const broken = graph.copy()
    broken.set(2, 3, 0, '-->')
    broken.set(3, 2, 0, '-->')
    expect(reversed('-->')).toBe('<--')
    expect((await failure(effectOf(series, broken, { from: ['rain@-1'], to: ['yield'] }))).tag).toBe('InconsistentLink')
  })
})
