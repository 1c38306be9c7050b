/** Goldens of the reference implementation, and what they are compared by. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Discovery } from '../../src/discovery/graph.ts'
import type { DataSetInput } from '../../src/series/series.ts'

export const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../oracles/cause/${name}.json`, import.meta.url), 'utf8')) as T

export type Nested<T> = readonly (readonly (readonly T[])[])[]

export interface RawDataSet {
  readonly columns: readonly (readonly (number | null)[])[]
  readonly masks?: readonly (readonly number[])[]
  readonly offset?: number
}

/** `null` stands for missing. */
export const dataSet = ({ columns, ...rest }: RawDataSet): DataSetInput => ({
  columns: columns.map((column) => column.map((value) => value ?? Number.NaN)),
  ...rest,
})

/** Options that the reference names otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  tau_min: 'tauMin',
  tau_max: 'tauMax',
  pc_alpha: 'pcAlpha',
  alpha_level: 'alpha',
  contemp_collider_rule: 'colliderRule',
  conflict_resolution: 'markConflicts',
  reset_lagged_links: 'resetLaggedLinks',
  max_conds_dim: 'maxConditions',
  max_combinations: 'maxCombinations',
  max_conds_py: 'maxConditionsY',
  max_conds_px: 'maxConditionsX',
  max_conds_px_lagged: 'maxConditionsLaggedX',
  fdr_method: 'fdr',
}

export function renamed<T>(args: Readonly<Record<string, unknown>>): T {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [NAMES[name] ?? name, name === 'fdr_method' ? 'fdr-bh' : value]),
  ) as T
}

/** Largest difference of two nested arrays. */
export function furthest(actual: Nested<number>, expected: Nested<number>): number {
  const [a, b] = [actual.flat(2), expected.flat(2)]
  expect(a.length).toBe(b.length)
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0)
}

export interface Expected {
  readonly graph: Nested<string>
  readonly values: Nested<number>
  readonly pvalues: Nested<number>
}

/** Values and p-values to 1e-6 and more, graphs identical. */
export function expectSame(found: Discovery, expected: Expected, tolerance = 1e-8): void {
  expect(found.graph.nested()).toEqual(expected.graph)
  expect(furthest(found.values.nested(), expected.values)).toBeLessThan(tolerance)
  expect(furthest((found.qValues ?? found.pValues).nested(), expected.pvalues)).toBeLessThan(tolerance)
}
