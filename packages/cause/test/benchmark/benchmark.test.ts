import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { benchmarkTable, runBenchmark } from '../../src/benchmark/benchmark.ts'
import {
  drawProcess,
  KINDS,
  knownSeries,
  type Process,
  simulate,
  spectralRadius,
  truthOf,
} from '../../src/benchmark/process.ts'
import { auroc, scoresOf } from '../../src/benchmark/scores.ts'
import { LinkGraph } from '../../src/discovery/graph.ts'
import { LagArray } from '../../src/discovery/lag-array.ts'

describe('made-up series', () => {
  it.each(KINDS)('of kind %s are finite, repeatable and have their causes', (kind) => {
    const options = { kind, nodes: 6, length: 400, seed: 3 }
    const { series, truth, regimes } = knownSeries(options)
    const [{ columns }] = series.datasets as [(typeof series.datasets)[number]]
    expect(columns).toHaveLength(6)
    for (const column of columns) {
      const known = column.filter((value) => !Number.isNaN(value))
      expect(known.length).toBeGreaterThan(kind === 'missing' ? 360 : 399)
      expect(known.length === 400).toBe(kind !== 'missing')
      const mean = known.reduce((sum, value) => sum + value, 0) / known.length
      const spread = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length)
      expect(spread).toBeGreaterThan(0.03)
      expect(spread).toBeLessThan(30)
    }
    expect(knownSeries(options).series).toEqual(series)
    expect(knownSeries({ ...options, seed: 4 }).series).not.toEqual(series)
    const links = truth.links.filter((link) => link === '-->').length
    expect(links).toBeGreaterThanOrEqual(6)
    expect(regimes === undefined).toBe(kind !== 'regime')
  })

  it('have contemporaneous links only where asked for', () => {
    const now = (kind: 'linear' | 'contemporaneous'): number => {
      const { truth } = knownSeries({ kind, nodes: 8, length: 50, seed: 1 })
      return Array.from({ length: 64 }, (_, k) => truth.get(k % 8, Math.floor(k / 8), 0)).filter(
        (link) => link === '-->',
      ).length
    }
    expect(now('linear')).toBe(0)
    expect(now('contemporaneous')).toBeGreaterThan(0)
  })

  it('follow their equations', () => {
    const process: Process = {
      nodes: 2,
      tauMax: 2,
      links: [
        { from: 0, to: 0, lag: 1, strength: 0.5, form: 'linear' },
        { from: 0, to: 1, lag: 2, strength: -0.7, form: 'linear' },
      ],
    }
    const [x, y] = simulate(process, 5000, random(1)) as [Float64Array, Float64Array]
    const slope = (a: Float64Array, b: Float64Array): number =>
      a.reduce((sum, v, t) => sum + v * b[t]!, 0) / a.reduce((sum, v) => sum + v * v, 0)
    expect(slope(x.subarray(0, -1), x.subarray(1))).toBeCloseTo(0.5, 1)
    expect(slope(x.subarray(0, -2), y.subarray(2))).toBeCloseTo(-0.7, 1)
    const truth = truthOf(process, 2)
    expect([truth.get(0, 0, 1), truth.get(0, 1, 2), truth.get(1, 0, 1)]).toEqual(['-->', '-->', ''])
  })

  it('know the size of the largest eigenvalue', () => {
    const auto = (strength: number): Process => ({
      nodes: 1,
      tauMax: 1,
      links: [{ from: 0, to: 0, lag: 1, strength, form: 'linear' }],
    })
    expect(spectralRadius(auto(0.9))).toBeCloseTo(0.9, 6)
    expect(spectralRadius(auto(-0.4))).toBeCloseTo(0.4, 6)
    expect(() =>
      drawProcess(random(1), { nodes: 4, links: 12, tauMax: 1, autocorrelation: 0.9, strength: [2, 3] }),
    ).toThrow(/no stationary process/)
  })

  it('need a size', () => {
    expect(() => knownSeries({ kind: 'linear', nodes: 1, length: 100, seed: 1 })).toThrow(/2 variables and 20 steps/)
  })
})

describe('scores', () => {
  it('rank by the share of pairs in the right order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }),
        (yes, no) => {
          const pairs = yes.flatMap((a) => no.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)))
          expect(auroc(yes, no)).toBeCloseTo(pairs.reduce((sum: number, value) => sum + value, 0) / pairs.length, 12)
        },
      ),
    )
    expect(auroc([], [1])).toBeNaN()
  })

  it('count what is found, missed and claimed', () => {
    const truth = new LinkGraph(3, 2)
    for (const [i, j, tau] of [
      [0, 1, 1],
      [1, 2, 2],
      [0, 0, 1],
    ] as const)
      truth.put(i, j, tau, '-->')
    truth.put(0, 2, 0, '-->')
    const graph = new LinkGraph(3, 2)
    graph.put(0, 1, 1, '-->')
    graph.put(2, 1, 1, 'o->')
    graph.put(1, 0, 2, '<->')
    graph.put(0, 2, 0, 'o-o')
    graph.put(0, 1, 0, '-->')
    const scores = new LagArray(3, 2, 0)
    scores.set(0, 1, 1, 0.9)
    scores.set(1, 2, 2, 0.1)
    scores.set(2, 1, 1, 0.5)
    const found = scoresOf({ scores, graph, hasNow: true }, truth)
    expect(found).toMatchObject({ truePositives: 0.5, falsePositives: 0.1, precision: 0.5, f1: 0.5 })
    expect(found.auroc).toBeCloseTo((10 + 9) / 20, 12)
    expect(found).toMatchObject({ nowFound: 1, nowFalse: 0.5, nowOriented: 0 })
    expect(scoresOf({ scores, graph, hasNow: false }, truth).nowFound).toBeNaN()
  })
})

describe('benchmark', () => {
  const options = { kind: 'linear', nodes: 4, length: 300, repeat: 4, tauMax: 2, methods: ['pcmci', 'pcmci+'] } as const

  it('always has the baselines and says who is right how often', async () => {
    const result = await runBenchmark({ ...options, threads: 0 })
    expect(result.rows.map(({ method }) => method)).toEqual(['pcmci', 'pcmci+', 'coefficient', 'root-coefficient'])
    const [pcmci, plus] = result.rows
    expect(pcmci!.scores.auroc.mean).toBeGreaterThan(0.9)
    expect(pcmci!.scores.falsePositives.mean).toBeLessThan(0.12)
    expect(plus!.scores.nowFalse.mean).toBeLessThan(0.2)
    expect(pcmci!.failures).toBe(0)
    const table = benchmarkTable(result)
    expect(table.headings).toEqual([
      'method',
      'AUROC',
      'F1',
      'true positives',
      'false positives',
      'lag 0 false',
      'seconds',
    ])
    expect(table.rows[0]![5]).toBe('–')
  })

  it('does not depend on the number of threads', async () => {
    const scores = async (threads: number) =>
      (await runBenchmark({ ...options, threads })).rows.map((row) => row.scores)
    expect(await scores(2)).toEqual(await scores(0))
  })

  it('refuses what it does not know', async () => {
    await expect(runBenchmark({ kind: 'square' })).rejects.toThrow(/square/)
    await expect(runBenchmark({ methods: ['pcmi'] })).rejects.toMatchObject({
      tag: 'UnknownMethod',
      hint: expect.stringContaining('pcmci'),
    })
  })
})
