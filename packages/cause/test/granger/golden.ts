/** Numbers by other software, as the tests of this folder read them. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

export interface GoldenTest {
  readonly statistic: number
  readonly df: readonly number[]
  readonly pValue: number
}

interface Golden {
  readonly var: readonly {
    readonly order: number
    readonly maxOrder: number
    readonly series: readonly number[][]
    readonly intercepts: readonly number[]
    readonly coefficients: readonly number[]
    readonly t: readonly number[][]
    readonly sigma: readonly number[]
    readonly criteria: Readonly<Record<string, number>>
    readonly radius: number
    readonly tables: Readonly<Record<string, readonly number[]>>
    readonly chosen: Readonly<Record<string, number>>
    readonly causality: readonly {
      readonly causing: readonly number[]
      readonly caused: readonly number[]
      readonly f: GoldenTest
      readonly wald: GoldenTest
    }[]
    readonly instantaneous: readonly (GoldenTest & { readonly some: readonly number[] })[]
    readonly whiteness: readonly (GoldenTest & { readonly lags: number; readonly adjusted: boolean })[]
    readonly pairs: readonly {
      readonly cause: number
      readonly effect: number
      readonly f: GoldenTest
      readonly chi2: GoldenTest
      readonly 'likelihood-ratio': GoldenTest
    }[]
  }[]
  readonly spectral: readonly {
    readonly variables: readonly number[]
    readonly order: number
    readonly pairs: readonly {
      readonly cause: number
      readonly effect: number
      readonly measure: number
      readonly byFrequency: readonly number[]
    }[]
  }[]
  readonly maps: readonly number[][]
  readonly kernel: readonly {
    readonly kind: 'polynomial' | 'gaussian'
    readonly value: number
    readonly cause: number
    readonly effect: number
    readonly others: readonly number[]
    readonly order: number
    readonly index: number
    readonly features: number
    readonly kept: number
    readonly pValue: number
  }[]
}

export const golden: Golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/granger.json', import.meta.url), 'utf8'),
)

/** Relative, or absolute below 1. */
export function near(actual: number, expected: number, tolerance = 1e-8): void {
  expect(Math.abs(actual - expected), `${actual} instead of ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected)),
  )
}

export function allNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-8): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) near(actual[i]!, expected[i]!, tolerance)
}

/** Statistic and p-value to a relative 1e-8, the same degrees of freedom. */
export function sameTest(actual: GoldenTest, expected: GoldenTest): void {
  expect(actual.df).toEqual(expected.df)
  near(actual.statistic, expected.statistic)
  near(actual.pValue / expected.pValue, 1, 1e-7)
}
