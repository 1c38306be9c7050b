/** Resampled and windowed searches against the reference implementation (oracles/cause/bootstrap.py). */
import { describe, expect, test } from 'vitest'
import type { Aggregated } from '../../src/discovery/aggregation.ts'
import {
  type BootstrapOptions,
  bootstrapOf,
  type WindowOptions,
  windowsOf,
} from '../../src/discovery/bootstrap-aggregation.ts'
import type { SearchOptions } from '../../src/discovery/options.ts'
import type { SearchPlan } from '../../src/discovery/search-job.ts'
import type { MaskType } from '../../src/series/samples.ts'
import { timeSeries } from '../../src/series/series.ts'
import { dataSet, furthest, golden, type Nested, type RawDataSet, renamed } from './reference.ts'

interface Case {
  readonly method: string
  readonly args: Record<string, unknown>
  readonly mask_type?: MaskType
  readonly boot?: {
    readonly boot_samples: number
    readonly boot_blocklength: number | 'cube_root'
    readonly seed: number
    readonly conf_lev?: number
    readonly aggregation?: string
  }
  readonly windows?: { readonly window_step: number; readonly window_length: number; readonly conf_lev?: number }
  readonly datasets: readonly RawDataSet[]
  readonly graph: Nested<string>
  readonly frequency: Nested<number>
  readonly mean: Nested<number>
  readonly interval: readonly (readonly (readonly (readonly [number, number])[])[])[]
}

const { cases } = golden<{ cases: readonly Case[] }>('bootstrap')

function planOf({ method, args, mask_type }: Case): SearchPlan {
  const testOptions = mask_type && { maskType: mask_type }
  return { method, test: 'parcorr', options: renamed<SearchOptions>(args), ...(testOptions && { testOptions }) }
}

const seriesOf = ({ datasets }: Case) => timeSeries(datasets.map(dataSet))

function bootOptions({ boot }: Case): BootstrapOptions {
  return {
    draws: boot!.boot_samples,
    blockLength: boot!.boot_blocklength === 'cube_root' ? 'cube-root' : boot!.boot_blocklength,
    seed: boot!.seed,
    confidenceLevel: boot!.conf_lev ?? 0.9,
    aggregation: boot!.aggregation === 'no_edge_majority' ? 'no-edge-majority' : 'majority',
    threads: 0,
  }
}

function expectLike(found: Aggregated, expected: Case): void {
  expect(found.discovery.graph.nested()).toEqual(expected.graph)
  expect(furthest(found.frequency.nested(), expected.frequency)).toBeLessThan(1e-12)
  expect(furthest(found.discovery.values.nested(), expected.mean)).toBeLessThan(1e-9)
  for (const [side, name] of (['lower', 'upper'] as const).entries()) {
    const wanted = expected.interval.map((rows) => rows.map((lags) => lags.map((pair) => pair[side]!)))
    expect(furthest(found.discovery.intervals![name].nested(), wanted)).toBeLessThan(1e-9)
  }
}

describe('bootstrap', () => {
  for (const [index, one] of cases.entries())
    if (one.boot)
      test(`case ${index}: ${one.method}, blocks of ${one.boot.boot_blocklength}`, async () => {
        expectLike(await bootstrapOf(seriesOf(one), planOf(one), bootOptions(one)), one)
      })

  test('threads and their number change nothing, progress is told, the search can be stopped', async () => {
    const one = cases[0]!
    const told: number[] = []
    const options = {
      ...bootOptions(one),
      draws: 6,
      onProgress: ({ fraction }: { fraction: number }) => told.push(fraction),
    }
    const alone = await bootstrapOf(seriesOf(one), planOf(one), options)
    const shared = await bootstrapOf(seriesOf(one), planOf(one), { ...options, threads: 2 })
    expect([...shared.discovery.values.data]).toEqual([...alone.discovery.values.data])
    expect([...shared.frequency.data]).toEqual([...alone.frequency.data])
    expect(shared.runs.map(({ graph }) => graph.links)).toEqual(alone.runs.map(({ graph }) => graph.links))
    expect(told.at(-1)).toBe(1)
    const signal = AbortSignal.abort()
    await expect(bootstrapOf(seriesOf(one), planOf(one), { ...options, signal })).rejects.toThrow(
      expect.objectContaining({ tag: 'Cancelled' }),
    )
  })

  test('a run is what the search finds on the drawn samples; seeds differ', async () => {
    const one = cases[0]!
    const options = { ...bootOptions(one), draws: 2 }
    const found = await bootstrapOf(seriesOf(one), planOf(one), options)
    expect(found.runs).toHaveLength(2)
    expect(found.runs[0]!.values.data).not.toEqual(found.runs[1]!.values.data)
    const other = await bootstrapOf(seriesOf(one), planOf(one), { ...options, seed: 4 })
    expect(other.runs[0]!.values.data).not.toEqual(found.runs[0]!.values.data)
    expect(found.discovery.assumptions.at(-1)).toBe(
      'Confidence of links is their share in 2 runs on series drawn anew in single time steps.',
    )
  })

  test('random tests begin anew in each run, whatever the thread', async () => {
    const one = cases[0]!
    const plan = {
      ...planOf(one),
      testOptions: { significance: 'shuffle', shuffles: 20, seed: 1 },
      options: { tauMax: 1, pcAlpha: 0.3 },
    } as const
    const options = { draws: 3, seed: 1, threads: 0 }
    const alone = await bootstrapOf(seriesOf(one), plan, options)
    const shared = await bootstrapOf(seriesOf(one), plan, { ...options, threads: 2 })
    expect(shared.runs.map(({ pValues }) => [...pValues.data])).toEqual(
      alone.runs.map(({ pValues }) => [...pValues.data]),
    )
  })
})

describe('windows', () => {
  for (const [index, one] of cases.entries())
    if (one.windows)
      test(`case ${index}: ${one.method}`, async () => {
        const { window_step: step, window_length: length, conf_lev: confidenceLevel = 0.9 } = one.windows!
        const options: WindowOptions = { step, length, confidenceLevel, threads: 0 }
        const found = await windowsOf(seriesOf(one), planOf(one), options)
        expectLike(found, one)
        expect(found.starts).toHaveLength(found.runs.length)
        expect(found.starts[1]).toBe(step)
      })
})

test('bad input', async () => {
  const one = cases[0]!
  const [series, plan] = [seriesOf(one), planOf(one)]
  const tag = (name: string): unknown => expect.objectContaining({ tag: name })
  await expect(bootstrapOf(series, plan, { draws: 0 })).rejects.toThrow(tag('BadCount'))
  await expect(bootstrapOf(series, plan, { seed: -1 })).rejects.toThrow(tag('BadCount'))
  await expect(bootstrapOf(series, plan, { draws: 1, blockLength: 500, threads: 0 })).rejects.toThrow(
    tag('BlockTooLong'),
  )
  await expect(bootstrapOf(series, plan, { draws: 1, blockLength: 0, threads: 0 })).rejects.toThrow(
    tag('BadBlockLength'),
  )
  const unknown = { ...plan, method: 'astrology' }
  await expect(bootstrapOf(series, unknown, { draws: 1, threads: 0 })).rejects.toThrow(tag('UnknownMethod'))
  await expect(windowsOf(series, plan, { length: 120, step: 1 })).rejects.toThrow(tag('NoWindows'))
  await expect(windowsOf(series, plan, { length: 0, step: 1 })).rejects.toThrow(tag('BadCount'))
  const fixed = { ...series, referencePoints: Int32Array.of(3, 4) }
  await expect(windowsOf(fixed, plan, { length: 5, step: 1 })).rejects.toThrow(tag('ReferencePoints'))
})
