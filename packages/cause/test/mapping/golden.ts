/** Numbers by other software, as the tests of this folder read them; and the systems that they test on. */
import { readFileSync } from 'node:fs'
import { random } from '@ecotope/core'
import { expect } from 'vitest'
import { type TimeSeries, timeSeries } from '../../src/series/series.ts'

type Numbers = readonly number[]
type Gappy = readonly (number | null)[]
type Span = readonly [number, number] | null

interface ForecastCase {
  readonly columns: 'a' | 'b'
  readonly target: 'a' | 'b'
  readonly E: number
  readonly Tp: number
  readonly delay?: number
  readonly knn?: number
  readonly theta?: number
  readonly exclusionRadius?: number
  readonly lib: Span
  readonly pred: Span
  readonly rows: Numbers
  readonly predicted: Gappy
  readonly variance: Gappy
}

export interface CcmCase {
  readonly columns: 'a' | 'b'
  readonly target: 'a' | 'b'
  readonly sizes: Numbers
  readonly sample: number
  readonly seed: number
  readonly E: number
  readonly delay: number
  readonly Tp: number
  readonly exclusionRadius: number
  readonly forth: readonly Numbers[]
  readonly back: readonly Numbers[]
}

interface Golden {
  readonly clean: readonly Numbers[]
  readonly noisy: readonly Numbers[]
  readonly gaps: readonly Gappy[]
  readonly simplex: readonly ForecastCase[]
  readonly smap: readonly (ForecastCase & { readonly theta: number; readonly coefficients: readonly Numbers[] })[]
  readonly dimensions: Readonly<Record<'a' | 'b' | 'c', Numbers>>
  readonly ccm: readonly CcmCase[]
  readonly systems: Readonly<Record<'chain' | 'triangle', readonly Numbers[]>>
  readonly partial: readonly {
    readonly system: 'chain' | 'triangle'
    readonly cause: number
    readonly effect: number
    readonly conditions: Numbers
    readonly E: number
    readonly lag: number
    readonly states: number
    readonly skill: number
    readonly direct: number
  }[]
  readonly choices: readonly {
    readonly seed: number
    readonly n: number
    readonly size: number
    readonly drawn?: readonly Numbers[]
    readonly sum?: Numbers
  }[]
  readonly trends: readonly { readonly values: Numbers; readonly tau: number; readonly pValue: number }[]
  readonly spectra: readonly { readonly re: Numbers; readonly im: Numbers; readonly fft: readonly [Numbers, Numbers] }[]
}

export const golden: Golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cause/mapping.json', import.meta.url), 'utf8'),
)

export const seriesOf = (columns: readonly Gappy[]): TimeSeries =>
  timeSeries(
    { columns: columns.map((column) => column.map((value) => value ?? Number.NaN)) },
    { names: [...'abc'].slice(0, columns.length) },
  )

export function allNear(actual: ArrayLike<number>, expected: Gappy, tolerance = 1e-10): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) {
    if (value === null) expect(actual[i]).toBeNaN()
    else expect(Math.abs(actual[i]! - value), `${i}: ${actual[i]} for ${value}`).toBeLessThanOrEqual(tolerance)
  }
}

/** Two logistic maps, of which the first drives the second with the strengths given; a little noise is seen on both. */
export function coupledMaps(steps: number, forth: number, back: number, seed: number, noise = 0): Float64Array[] {
  const draw = random(seed)
  let [x, y] = [0.2 + 0.2 * draw.uniform(), 0.3 + 0.2 * draw.uniform()]
  const out = [new Float64Array(steps), new Float64Array(steps)] as const
  for (let t = -100; t < steps; t++) {
    ;[x, y] = [x * (3.8 - 3.8 * x - back * y), y * (3.5 - 3.5 * y - forth * x)]
    if (t < 0) continue
    out[0][t] = x + noise * draw.normal()
    out[1][t] = y + noise * draw.normal()
  }
  return [...out]
}
