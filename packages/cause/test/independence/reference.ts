/** Tests that the reference implementation made (`oracles/cause/information.json`), and their options in our words. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { CmiKnnOptions } from '../../src/independence/cmi-knn.ts'
import type { CmiKnnMixedOptions } from '../../src/independence/cmi-knn-mixed.ts'
import type { IndependenceTest } from '../../src/independence/test.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { type Node, type TimeSeries, timeSeries } from '../../src/series/series.ts'

export interface Asked {
  readonly x: Node[]
  readonly y: Node[]
  readonly z: Node[]
  readonly value: number
  readonly pValue: number
}

type Options = Record<string, string | number | boolean | readonly number[]>

export interface Case {
  readonly series: string
  readonly options: Options
  readonly tests: Asked[]
}

interface SeriesSet {
  readonly series: Record<string, number[][]>
  readonly mask: number[][]
}

export interface Golden {
  readonly random: {
    readonly permutation: number[]
    readonly rows: number[][]
    readonly random: number[]
    readonly integers: number[]
    readonly below: number[]
    readonly choice: number[]
    readonly floats: number[]
    readonly long: number[]
    readonly after: number
    readonly spawned: number[][]
    readonly seeds: Record<string, number[]>
  }
  readonly sums: { readonly row: number[]; readonly sum: number; readonly std: number }[]
  readonly digamma: number[]
  readonly orders: { readonly values: number[]; readonly order: number[] }[]
  readonly neighbours: { readonly rows: number[][]; readonly k: number; readonly neighbours: number[] }[]
  readonly criteria: {
    readonly series: SeriesSet['series']
    readonly cases: { readonly knn: number; readonly steps: number; readonly parents: Node[]; readonly score: number }[]
  }
  readonly cmiKnn: SeriesSet & { readonly cases: Case[] }
  readonly symbols: SeriesSet & { readonly cmiSymb: Case[]; readonly gsquared: Case[] }
  readonly mixed: { readonly series: SeriesSet['series']; readonly types: SeriesSet['series']; readonly cases: Case[] }
  readonly confidence: { readonly lower: number; readonly upper: number }
}

export const golden: Golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/information.json', import.meta.url), 'utf8'),
)

const MISSING = 999

export function seriesOf({ series, mask }: SeriesSet, name: string): TimeSeries {
  const columns = series[name]!.map((column) => column.map((v) => (v === MISSING ? Number.NaN : v)))
  return timeSeries({ columns, ...(name === 'masked' && { masks: mask }) })
}

type Ours = Omit<CmiKnnOptions, 'transform'> &
  Omit<CmiKnnMixedOptions, 'transform'> & { symbols?: number; transform?: never }

/** Options by their names in the reference. */
const OPTIONS: Record<string, (value: never) => Ours> = {
  knn: (neighbours: number) => ({ neighbours }),
  shuffle_neighbors: (shuffleNeighbours: number) => ({ shuffleNeighbours }),
  sig_blocklength: (shuffleBlock: number) => ({ shuffleBlock }),
  transform: (transform: string | false) => ({ transform: (transform === false ? 'none' : transform) as never }),
  seed: (seed: number) => ({ seed }),
  permute: (permute: string) => ({ permute: permute === 'X' ? 'x' : 'y' }),
  null_fit: () => ({ nullFit: 'normal' }),
  mask_type: (maskType: 'y' | 'xyz') => ({ maskType }),
  estimator: (name: string) => ({ estimator: name.toLowerCase() as 'ms' }),
  knn_type: (scope: string) => ({ neighbourScope: scope === 'cluster_size' ? 'cluster' : (scope as 'local') }),
  scale_range: (scaleRange: [number, number]) => ({ scaleRange }),
  max_with_0: (notNegative: boolean) => ({ notNegative }),
  n_symbs: (symbols: number) => ({ symbols }),
}

/** Of the shuffles that all cases of a test have, 40 where not given. */
export function optionsOf(options: Options, shuffles = 40): Ours {
  return Object.assign({ shuffles }, ...Object.entries(options).map(([key, v]) => OPTIONS[key]!(v as never)))
}

/** Asks the same tests in the same order and compares values and p-values. */
export async function expectSame(test: IndependenceTest, series: TimeSeries, tests: readonly Asked[]): Promise<void> {
  const tester = testerOf(test, series)
  for (const { x, y, z, value, pValue } of tests) {
    const result = await tester.ask(x, y, z, { tauMax: 2 })
    expect(result.value).toBeCloseTo(value, 11)
    expect(result.pValue).toBeCloseTo(pValue, 10)
  }
}
