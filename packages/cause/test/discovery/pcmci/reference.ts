/** Reference results of searches (oracles/cause/pcmci.py): reading, running the same search, comparing. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { LinkAssumptions } from '../../../src/discovery/assumptions.ts'
import type { Discovery } from '../../../src/discovery/graph.ts'
import type { MciOptions } from '../../../src/discovery/mci.ts'
import type { SearchOptions } from '../../../src/discovery/options.ts'
import { discoverPc } from '../../../src/discovery/pc-algorithm.ts'
import { discoverParents } from '../../../src/discovery/pc-stable.ts'
import {
  discoverBivCi,
  discoverFullCi,
  discoverMci,
  discoverPcmci,
  type GivenParentsOptions,
  laggedDependence,
} from '../../../src/discovery/pcmci.ts'
import { discoverPcmciPlus } from '../../../src/discovery/pcmci-plus.ts'
import { independenceTest } from '../../../src/independence/table.ts'
import type { Tester, TestOptions } from '../../../src/independence/test.ts'
import { testerOf } from '../../../src/independence/tester.ts'
import { type Node, type TimeSeries, timeSeries } from '../../../src/series/series.ts'

interface Columns {
  readonly columns: readonly (readonly number[])[]
  readonly masks?: readonly (readonly number[])[]
  readonly offset?: number
  /** 1 for each column of discrete values. */
  readonly discrete?: readonly number[]
}

export interface ReferenceData extends Partial<Columns> {
  readonly datasets?: readonly Columns[]
  readonly missing?: number
  readonly missingUpToMaxLag?: boolean
  readonly referencePoints?: readonly number[]
  readonly vectors?: readonly (readonly Node[])[]
}

export interface ReferenceCase {
  readonly method: string
  readonly test: string
  readonly testOptions?: TestOptions
  readonly options: Readonly<Record<string, unknown>> & { readonly tauMax: number }
  readonly result: {
    readonly values: readonly number[]
    readonly pValues?: readonly number[]
    readonly graph?: string
    readonly intervals?: readonly number[]
    readonly parents?: readonly (readonly Node[])[]
    readonly separatingSets?: Readonly<Record<string, readonly Node[]>>
    readonly ambiguousTriples?: readonly unknown[]
    readonly optimalAlpha?: number
  }
}

export interface Reference {
  readonly data?: ReferenceData
  readonly cases: readonly ReferenceCase[]
}

export const readReference = (name: string): Reference =>
  JSON.parse(
    readFileSync(new URL(`../../../../../oracles/cause/pcmci-${name}.json`, import.meta.url), 'utf8'),
  ) as Reference

export const titleOf = ({ method, test, testOptions, options }: ReferenceCase): string =>
  [method, test, JSON.stringify(testOptions ?? {}), JSON.stringify(options)].join(' ').slice(0, 160)

export function seriesOf({
  datasets,
  missing,
  missingUpToMaxLag,
  referencePoints,
  vectors,
  ...own
}: ReferenceData): TimeSeries {
  const inputs = (datasets ?? [own as Columns]).map(({ columns, masks, offset, discrete }) => ({
    columns: columns.map((column) => column.map((value) => (value === missing ? Number.NaN : value))),
    ...(masks && { masks }),
    ...(offset !== undefined && { offset }),
    ...(discrete && { types: columns.map((column, j) => column.map(() => discrete[j]!)) }),
  }))
  return timeSeries(inputs, {
    ...(missingUpToMaxLag && { missingUpToMaxLag }),
    ...(referencePoints && { referencePoints }),
    ...(vectors && { vectors }),
  })
}

type Run = (tester: Tester, options: GivenParentsOptions & SearchOptions & MciOptions) => Promise<Discovery>

const methods: Readonly<Record<string, Run>> = {
  pcmci: discoverPcmci,
  mci: discoverMci,
  fullci: discoverFullCi,
  bivci: discoverBivCi,
  dependence: laggedDependence,
  'pc-stable': discoverParents,
  'pcmci+': discoverPcmciPlus,
  pc: (tester, options) => discoverPc(tester, options as Parameters<typeof discoverPc>[1]),
}

export function search(series: TimeSeries, { method, test, testOptions, options }: ReferenceCase): Promise<Discovery> {
  const { assumptions, ...rest } = options as { readonly assumptions?: readonly Record<string, string>[] }
  const known: LinkAssumptions | undefined = assumptions?.map((links) => new Map(Object.entries(links)))
  const tester = testerOf(independenceTest(test, testOptions), series)
  const given = { ...rest, ...(known && { assumptions: known }) } as unknown as Parameters<Run>[1]
  return methods[method]!(tester, given)
}

/** Checks all that is exact; returns the largest difference of a value, p-value or bound. */
export function compare(found: Discovery, { result }: ReferenceCase): number {
  if (result.graph !== undefined) expect(found.graph.links.map((link) => link || '.').join(' ')).toBe(result.graph)
  // The reference's p-values are the corrected ones where these were asked for.
  const pValues = (found.qValues ?? found.pValues).data
  let most = apart(found.values.data, result.values)
  if (result.pValues) most = Math.max(most, apart(pValues, result.pValues))
  if (result.intervals) {
    const { lower, upper } = found.intervals!
    const pairs = Array.from(lower.data, (low, at) => [low, upper.data[at]!]).flat()
    most = Math.max(most, apart(pairs, result.intervals))
  }
  if (result.optimalAlpha !== undefined) expect(found.chosenAlpha?.[0]).toBe(result.optimalAlpha)
  // Of several levels the reference keeps the parents of the last.
  else if (result.parents) expect(found.parents).toEqual(result.parents)
  if (result.separatingSets) expect(sortedSets(found)).toEqual(result.separatingSets)
  if (result.ambiguousTriples) expect(found.ambiguousTriples).toEqual(result.ambiguousTriples)
  return most
}

function sortedSets({ separatingSets }: Discovery): Record<string, Node[]> {
  const order = (a: Node, b: Node): number => a[0] - b[0] || a[1] - b[1]
  const filled = [...separatingSets!].filter(([, nodes]) => nodes.length > 0)
  return Object.fromEntries(filled.map(([key, nodes]) => [key, [...nodes].sort(order)]))
}

export function apart(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length)
  return expected.reduce((most, value, at) => Math.max(most, Math.abs(value - found[at]!)), 0)
}
