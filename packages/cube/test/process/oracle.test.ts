/** Processes on values against NumPy and pandas (oracles/cube/values.py). */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Value } from '../../src/process/row.ts'
import { run } from './support.ts'

type Numbers = (number | string)[]

interface Goldens {
  readonly statistics: Readonly<Record<string, Numbers | number>>[]
  readonly functions: { id: string; x: Numbers; y: Numbers }[]
  readonly pairs: { id: string; a: Numbers; b: Numbers; c: Numbers }[]
  readonly interpolation: { labels: number[]; data: (number | null)[]; filled: (number | null)[] }[]
  readonly shifts: { date: string; value: number; unit: string; shifted: string }[]
}

const goldens = JSON.parse(
  readFileSync(new URL('../../../../oracles/cube/values.json', import.meta.url), 'utf8'),
) as Goldens

const numbers = (list: Numbers): number[] => list.map(Number)

/** Equal to 13 digits, or to the last bits of what was subtracted. */
function near(actual: Value, expected: number, scale = 1): void {
  if (Number.isFinite(expected) && typeof actual === 'number')
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-13 * Math.max(Math.abs(expected), scale))
  else expect(actual).toBe(expected)
}

const one = ['mean', 'median', 'variance', 'sd', 'sum', 'product', 'min', 'max']
const many = ['cumsum', 'cumproduct', 'cummax', 'cummin', 'order']

describe.each([...one, ...many])('%s', (id) => {
  test('is that of NumPy', async () => {
    for (const row of goldens.statistics) {
      const data = numbers(row.data as Numbers)
      const scale = Math.max(...data.map(Math.abs)) ** (id === 'variance' ? 2 : 1)
      const actual = await run(id, { data })
      if (one.includes(id)) near(actual, Number(row[id]), scale)
      else
        for (const [i, expected] of numbers(row[id] as Numbers).entries())
          near((actual as number[])[i]!, expected, scale)
    }
  })
})

test('quantiles are those of NumPy', async () => {
  for (const row of goldens.statistics) {
    const { data, probabilities, quantiles } = row as Record<string, Numbers>
    const actual = (await run('quantiles', {
      data: numbers(data!),
      probabilities: numbers(probabilities!),
    })) as number[]
    for (const [i, expected] of numbers(quantiles!).entries()) near(actual[i]!, expected, Math.abs(expected))
    expect(await run('quantiles', { data: numbers(data!), probabilities: 2 })).toEqual([
      await run('median', { data: numbers(data!) }),
    ])
  }
})

test.each(goldens.functions.map((row) => [row.id, row] as const))('%s is that of NumPy', async (id, { x, y }) => {
  const name = id === 'exp' ? 'p' : 'x'
  for (const [i, value] of numbers(x).entries()) near(await run(id, { [name]: value }), Number(y[i]) + 0)
})

const names: Readonly<Record<string, readonly [string, string]>> = {
  arctan2: ['y', 'x'],
  power: ['base', 'p'],
  log: ['x', 'base'],
  round: ['x', 'p'],
}

test.each(goldens.pairs.map((row) => [row.id, row] as const))('%s of two is that of NumPy', async (id, { a, b, c }) => {
  const [first, second] = names[id] ?? ['x', 'y']
  for (const i of a.keys()) near(await run(id, { [first]: Number(a[i]), [second]: Number(b[i]) }), Number(c[i]))
})

test('array_interpolate_linear is interp of NumPy, by number and by label', async () => {
  for (const { labels, data, filled } of goldens.interpolation) {
    const result = (await run('array_interpolate_linear', {
      data: { kind: 'labeled-array', labels, values: data },
    })) as {
      values: (number | null)[]
    }
    for (const [i, expected] of filled.entries()) {
      if (expected === null) expect(result.values[i]).toBeNull()
      else near(result.values[i]!, expected, 100)
    }
  }
})

test('date_shift is DateOffset of pandas', async () => {
  for (const { date, value, unit, shifted } of goldens.shifts)
    expect(await run('date_shift', { date, value, unit }), `${date} ${value} ${unit}`).toBe(shifted)
})
