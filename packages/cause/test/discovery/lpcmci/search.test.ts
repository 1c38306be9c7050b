import { CancelledError, type ProgressEvent } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import type { Discovery } from '../../../src/discovery/graph.ts'
import { discoverLpcmci } from '../../../src/discovery/lpcmci/lpcmci.ts'
import type { LpcmciOptions } from '../../../src/discovery/lpcmci/options.ts'
import { independenceTest } from '../../../src/independence/table.ts'
import type { Tester } from '../../../src/independence/test.ts'
import { testerOf } from '../../../src/independence/tester.ts'
import { timeSeries } from '../../../src/series/series.ts'
import { columnsOf, whiteNoise } from './process.ts'

const parcorr = (columns: readonly ArrayLike<number>[]): Tester =>
  testerOf(independenceTest('parcorr'), timeSeries({ columns }))
const dense = (seed: number, variables = 4, length = 300): Float64Array[] =>
  columnsOf({ seed, variables, hidden: 2, length, links: 10, lag: 1, nonlinear: false })
const search = (columns: readonly ArrayLike<number>[], options: LpcmciOptions): Promise<Discovery> =>
  discoverLpcmci(parcorr(columns), options)

describe('what LPCMCI finds', () => {
  it('is a hidden common cause of two variables with a memory', async () => {
    const length = 2000
    const [hidden, a, b] = [whiteNoise(1, length), whiteNoise(2, length), whiteNoise(3, length)]
    const [x, y] = [new Float64Array(length), new Float64Array(length)]
    for (let t = 1; t < length; t++) {
      x[t] = 0.6 * x[t - 1]! + a[t]! + 1.2 * hidden[t]!
      y[t] = 0.6 * y[t - 1]! + b[t]! + 1.2 * hidden[t]!
    }
    const { graph } = await search([x, y], { tauMax: 2, alpha: 0.01 })
    expect(graph.get(0, 0, 1)).toMatch(/[-o]->/)
    expect(graph.get(1, 1, 1)).toMatch(/[-o]->/)
    expect(graph.get(0, 1, 0)).toBe('<->')
    expect(graph.get(1, 0, 0)).toBe('<->')
    expect(graph.get(0, 1, 1)).toBe('')
  })

  it('is nothing in noise, save for chance', async () => {
    const columns = Array.from({ length: 4 }, (_, k) => whiteNoise(10 + k, 500))
    const { graph, tests, samples } = await search(columns, { tauMax: 1, alpha: 0.001 })
    expect(graph.links.filter(Boolean).length).toBeLessThan(16)
    expect(tests).toBeGreaterThan(10)
    expect(samples).toEqual([498, 498])
  })

  it('has links of the seven kinds, mirrored without lag, forward with one', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { graph } = await search(dense(seed), { tauMax: 2, alpha: 0.1 })
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 4; j++) {
          const [there, back] = [graph.get(i, j, 0), graph.get(j, i, 0)]
          expect(there).toMatch(/^$|^[-<ox]-[->ox]$/)
          expect(back).toBe(
            [...there]
              .reverse()
              .map((c) => ({ '<': '>', '>': '<' })[c] ?? c)
              .join(''),
          )
          for (const tau of [1, 2]) expect(graph.get(i, j, tau)).toMatch(/^$|^[-<ox]->$/)
        }
    }
  })

  it('does not depend on the order of the variables', async () => {
    const order = [2, 0, 3, 1]
    for (const seed of [21, 22, 23, 24, 25, 26, 27, 28]) {
      const columns = dense(seed)
      const options: LpcmciOptions = { tauMax: 2, alpha: 0.05 }
      const plain = await search(columns, options)
      const turned = await search(
        order.map((k) => columns[k]!),
        options,
      )
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 4; j++)
          for (let tau = 0; tau <= 2; tau++)
            expect(turned.graph.get(i, j, tau), `seed ${seed}`).toBe(plain.graph.get(order[i]!, order[j]!, tau))
    }
  })

  it('is the same where a test answers later', async () => {
    const columns = dense(31)
    const tester = parcorr(columns)
    const slow: Tester = Object.create(tester, {
      ask: { value: async (...asked: Parameters<Tester['ask']>) => tester.ask(...asked) },
      warnings: { get: () => tester.warnings },
      made: { get: () => tester.made },
    })
    const options: LpcmciOptions = { tauMax: 2, alpha: 0.05, preliminaryPhases: 2 }
    const [late, soon] = [await discoverLpcmci(slow, options), await search(columns, options)]
    expect(late.graph.links).toEqual(soon.graph.links)
    expect(late.pValues.data).toEqual(soon.pValues.data)
    expect(late.tests).toBe(soon.tests)
  })

  it('names sets that separate pairs without a link', async () => {
    const found = await search(dense(32), { tauMax: 1, alpha: 0.05 })
    expect(found.separatingSets!.size).toBeGreaterThan(0)
    for (const key of found.separatingSets!.keys()) {
      const [i, lag, j] = key.split(',').map(Number) as [number, number, number]
      expect(found.graph.get(i, j, -lag)).toBe('')
    }
  })
})

describe('what LPCMCI tells', () => {
  it('is what the result rests on', async () => {
    const found = await search(dense(41), { tauMax: 1 })
    expect(found.method).toBe('lpcmci')
    expect(found.test).toBe('parcorr')
    expect(found.assumptions.join(' ')).toMatch(
      /sufficiency is not needed.*Faithfulness.*Stationarity.*Acyclicity.*selection/,
    )
    expect(found.warnings).toEqual([])
  })

  it('is which links were never tested', async () => {
    const found = await search(dense(42), { tauMin: 1, tauMax: 1 })
    expect(found.values.get(0, 1, 0)).toBe(Number.NEGATIVE_INFINITY)
    expect(found.pValues.get(0, 1, 0)).toBe(Number.POSITIVE_INFINITY)
    expect(found.pValues.get(0, 0, 0)).toBe(0)
    expect(found.warnings).toEqual([{ tag: 'NotTested', message: expect.stringContaining('6 links') }])
    expect(found.warnings[0]!.message).toContain('x0@0 and x1')
  })

  it('is progress that does not go back', async () => {
    const events: ProgressEvent[] = []
    const columns = dense(43, 6, 400)
    await search(columns, { tauMax: 2, alpha: 0.1, onProgress: (event) => events.push(event) })
    expect(events.length).toBeGreaterThan(0)
    for (const [k, { fraction }] of events.entries()) {
      expect(fraction).toBeGreaterThanOrEqual(k === 0 ? 0 : events[k - 1]!.fraction)
      expect(fraction).toBeLessThanOrEqual(1)
    }
    expect(events.at(-1)!.fraction).toBe(1)
    expect(events[0]!.message).toMatch(/phase|rules/)
  })
})

describe('stopping', () => {
  it('is prompt', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 60)
    const started = performance.now()
    const work = search(dense(51, 10, 500), { tauMax: 5, alpha: 0.4, preliminaryPhases: 8, signal: controller.signal })
    await expect(work).rejects.toThrow(CancelledError)
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('leaves other searches alone', async () => {
    const columns = dense(52)
    const tester = parcorr(columns)
    const [a, b] = await Promise.all([
      discoverLpcmci(tester, { tauMax: 2 }),
      discoverLpcmci(tester, { tauMax: 1, alpha: 0.2 }),
    ])
    expect(a.graph.links).toEqual((await search(columns, { tauMax: 2 })).graph.links)
    expect(b.graph.links).toEqual((await search(columns, { tauMax: 1, alpha: 0.2 })).graph.links)
  })
})

describe('bad input', () => {
  const columns = dense(61)
  it.each([
    [{ tauMin: 3, tauMax: 2 }, 'BadLags'],
    [{ tauMax: 1.5 }, 'BadLags'],
    [{ tauMax: 1, alpha: 1.2 }, 'BadLevel'],
    [{ tauMax: 1, alpha: Number.NaN }, 'BadLevel'],
    [{ tauMax: 1, maxConditions: -1 }, 'BadCount'],
    [{ tauMax: 1, maxCombinations: 0 }, 'BadCount'],
    [{ tauMax: 1, preliminaryPhases: 1.5 }, 'BadCount'],
    [{ tauMax: 1, preliminaryPhases: Number.POSITIVE_INFINITY }, 'BadCount'],
    [{ tauMax: 1, orientContemporaneous: 3 as 2 }, 'BadVariant'],
    [{ tauMax: 1, withoutApr: -1 as 0 }, 'BadVariant'],
    [{ tauMax: 2 }, 'TooFewSamples'],
    [{ tauMax: 4 }, 'NoSamples'],
  ] as const)('%o is %s', async (options, tag) => {
    const few = columns.map((column) => column.slice(0, 6))
    await expect(search(tag.endsWith('Samples') ? few : columns, options)).rejects.toMatchObject({ tag })
  })

  it('with a constant variable warns, and leaves it alone', async () => {
    const found = await search([...columns.slice(0, 2), new Float64Array(300).fill(7)], { tauMax: 1 })
    expect(found.graph.get(0, 2, 1) + found.graph.get(2, 2, 1) + found.graph.get(2, 0, 0)).toBe('')
    expect(found.warnings).toMatchObject([{ tag: 'ConstantVariable' }])
    expect(found.values.data.some(Number.isNaN)).toBe(false)
  })

  it('of copies of one variable gives numbers', async () => {
    const found = await search([columns[0]!, columns[0]!, columns[1]!], { tauMax: 1 })
    expect(found.values.data.some(Number.isNaN)).toBe(false)
    expect(found.pValues.data.some(Number.isNaN)).toBe(false)
  })
})
