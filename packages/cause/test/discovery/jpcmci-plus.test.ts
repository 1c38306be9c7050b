/** Several data sets with contexts and dummies, against the reference implementation (oracles/cause/jpcmci.py). */
import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { type NodeKind, withDummies } from '../../src/discovery/jpcmci-context.ts'
import { discoverJpcmciPlus, type JpcmciPlusOptions } from '../../src/discovery/jpcmci-plus.ts'
import { independenceTest } from '../../src/independence/table.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { type TimeSeries, timeSeries } from '../../src/series/series.ts'
import { type Expected, expectSame, golden, renamed } from './reference.ts'

interface Case extends Expected {
  readonly args: Record<string, unknown>
  readonly kinds: readonly NodeKind[]
  readonly datasets: readonly (readonly (readonly number[])[])[]
  readonly assumptions?: readonly (readonly [j: number, i: number, tau: number, mark: string])[]
  readonly sepsets: readonly (readonly [i: number, lag: number, j: number, nodes: readonly (readonly number[])[]])[]
  readonly ambiguous: readonly (readonly [i: number, lag: number, k: number, j: number])[]
}

const cases = golden<readonly Case[]>('jpcmci')

/** The golden's data have no dummies, but its kinds do. */
function built({ kinds, datasets }: Case): { series: TimeSeries; kinds: readonly NodeKind[] } {
  const observed = kinds.filter((kind) => !kind.endsWith('dummy'))
  const series = timeSeries(datasets.map((columns) => ({ columns })))
  return withDummies(series, observed, {
    time: kinds.includes('time-dummy'),
    space: kinds.includes('space-dummy'),
  })
}

/** Every link may exist, but for those that the case names. */
function assumed({ kinds, args, assumptions }: Case): Map<string, string>[] | undefined {
  if (assumptions === undefined) return undefined
  const maps = kinds.map((_, j) => {
    const map = new Map<string, string>()
    for (const i of kinds.keys())
      for (let tau = 0; tau <= Number(args.tau_max); tau++)
        if (tau > 0 || i !== j) map.set(`${i},${-tau}`, tau === 0 ? 'o?o' : '-?>')
    return map
  })
  for (const [j, i, tau, mark] of assumptions) {
    maps[j]!.delete(`${i},${-tau}`)
    if (mark !== '') maps[j]!.set(`${i},${-tau}`, mark)
  }
  return maps
}

function optionsOf(one: Case): JpcmciPlusOptions {
  const assumptions = assumed(one)
  return {
    ...renamed<JpcmciPlusOptions>(one.args),
    kinds: one.kinds,
    ...(assumptions && { assumptions }),
  }
}

describe('as the reference finds it', () => {
  for (const [index, one] of cases.entries())
    test(`case ${index}: ${one.kinds.join(' ')}`, async () => {
      const { series, kinds } = built(one)
      expect(kinds).toEqual(one.kinds)
      const name = series.vectors === undefined ? 'parcorr' : 'parcorr-mult'
      const found = await discoverJpcmciPlus(testerOf(independenceTest(name), series), optionsOf(one))
      expectSame(found, one)
      const sets = [...found.separatingSets!].filter(([, nodes]) => nodes.length > 0)
      expect(Object.fromEntries(sets)).toEqual(
        Object.fromEntries(one.sepsets.map(([i, lag, j, nodes]) => [`${i},${lag},${j}`, nodes])),
      )
      expect(found.ambiguousTriples).toEqual(one.ambiguous.map(([i, lag, k, j]) => [[i, lag], k, j]))
    })
})

const noise = (label: string, count: number): Float64Array => Float64Array.from(random(5).split(label).normals(count))

/** Data sets of two system variables driven by a context in space and one in time. */
function twoDriven(sets: number, length: number, contexts = true): TimeSeries {
  const time = noise('time', length)
  const space = noise('space', sets)
  return timeSeries(
    Array.from({ length: sets }, (_, m) => {
      const [a, b] = [noise(`a${m}`, length), noise(`b${m}`, length)]
      for (let t = 1; t < length; t++) {
        a[t] = a[t]! + 0.4 * a[t - 1]! + 0.9 * time[t]!
        b[t] = b[t]! + 0.6 * a[t - 1]! + 1.2 * space[m]!
      }
      return { columns: contexts ? [a, b, time, new Float64Array(length).fill(space[m]!)] : [a, b] }
    }),
    { names: contexts ? ['a', 'b', 'mode', 'height'] : ['a', 'b'] },
  )
}

const testerFor = (series: TimeSeries) =>
  testerOf(independenceTest(series.vectors === undefined ? 'parcorr' : 'parcorr-mult'), series)

describe('roles', () => {
  const kinds: readonly NodeKind[] = ['system', 'system', 'time-context', 'space-context']

  test('contexts cause the system and are caused by nothing in it', async () => {
    const found = await discoverJpcmciPlus(testerFor(twoDriven(12, 60)), { kinds, tauMax: 2 })
    expect(found.graph.get(2, 0, 0)).toBe('-->')
    expect(found.graph.get(0, 2, 0)).toBe('<--')
    expect(found.graph.get(3, 1, 0)).toBe('-->')
    expect(found.graph.get(0, 1, 1)).toBe('-->')
    for (const c of [2, 3])
      for (const i of [0, 1]) {
        expect(['', '<--']).toContain(found.graph.get(i, c, 0))
        for (const tau of [1, 2]) expect(found.graph.get(i, c, tau)).toBe('')
      }
    for (const tau of [1, 2]) for (const j of [0, 1]) expect(found.graph.get(3, j, tau)).toBe('')
    expect(found.method).toBe('jpcmci+')
    expect(found.assumptions).toContain('All data sets have the same causal graph.')
  })

  test('of several levels one is chosen for all variables', async () => {
    const found = await discoverJpcmciPlus(testerFor(twoDriven(6, 50)), { kinds, tauMax: 1, pcAlpha: [0.001, 0.05] })
    expect(found.chosenAlpha).toHaveLength(4)
    expect([0.001, 0.05]).toContain(found.alpha)
    expect(new Set(found.chosenAlpha)).toEqual(new Set([found.alpha]))
    const alone = await discoverJpcmciPlus(testerFor(twoDriven(6, 50)), { kinds, tauMax: 1, pcAlpha: found.alpha })
    expect(found.graph.links).toEqual(alone.graph.links)
  })

  test('dummies stand for contexts that nobody observed', async () => {
    const made = withDummies(twoDriven(10, 40, false), ['system', 'system'], { time: true, space: true })
    expect(made.series.names).toEqual(['a', 'b', 'time-dummy', 'space-dummy'])
    expect(made.kinds).toEqual(['system', 'system', 'time-dummy', 'space-dummy'])
    const found = await discoverJpcmciPlus(testerFor(made.series), { kinds: made.kinds, tauMax: 1 })
    expect(found.graph.get(2, 0, 0)).toBe('-->')
    expect(found.graph.get(3, 1, 0)).toBe('-->')
    expect(found.graph.get(0, 1, 1)).toBe('-->')
    expect(found.graph.get(0, 2, 0)).toBe('<--')
  })

  test('two linked contexts of one kind leave the search of dummies possible', async () => {
    const base = twoDriven(10, 40)
    const twin = base.datasets.map(({ columns, offset }, m) => ({
      columns: [...columns, columns[3]!.map((value) => value + 0.1 * Math.sin(m))],
      offset,
    }))
    const series = timeSeries(twin, { names: [...base.names, 'slope'] })
    const made = withDummies(series, [...kinds, 'space-context'], { space: true })
    const found = await discoverJpcmciPlus(testerFor(made.series), { kinds: made.kinds, tauMax: 1 })
    expect(found.graph.get(0, 1, 1)).toBe('-->')
    expect(found.graph.links.every((link) => link === '' || link[1] === '-')).toBe(true)
  })
})

describe('dummies', () => {
  test('have a component for each step of the common clock and for each data set', () => {
    const column = (n: number): Float64Array => new Float64Array(n).fill(1)
    const masks = (n: number): Uint8Array[] => [new Uint8Array(n).fill(1)]
    const series = timeSeries([
      { columns: [column(3)], masks: masks(3), offset: 2 },
      { columns: [column(4)], masks: masks(4), offset: 0 },
    ])
    const made = withDummies(series, ['system'], { time: true, space: true }).series
    expect(made.vectors!.map((nodes) => nodes.length)).toEqual([1, 5, 2])
    const ones = made.datasets.map(({ columns }) => columns.slice(1).map((c) => [...c].join('')))
    expect(ones[0]).toEqual(['000', '000', '100', '010', '001', '111', '000'])
    expect(ones[1]).toEqual(['1000', '0100', '0010', '0001', '0000', '0000', '1111'])
    expect(made.datasets[0]!.masks!.slice(1).every((mask) => mask.every((value) => value === 0))).toBe(true)
  })

  test('none: the series stay as they are', () => {
    const series = twoDriven(2, 10)
    expect(withDummies(series, ['system', 'system', 'time-context', 'space-context'], {}).series).toEqual(series)
  })
})

test('bad input', async () => {
  const series = twoDriven(3, 30)
  const tag = (name: string): unknown => expect.objectContaining({ tag: name })
  const search = (kinds: readonly string[], options: Partial<JpcmciPlusOptions> = {}) =>
    discoverJpcmciPlus(testerFor(series), { tauMax: 1, ...options, kinds: kinds as NodeKind[] })
  await expect(search(['system'])).rejects.toThrow(tag('BadKinds'))
  await expect(search(['system', 'system', 'weather', 'space-context'])).rejects.toThrow(tag('BadKinds'))
  const none = ['time-context', 'time-context', 'time-context', 'space-context']
  await expect(search(none)).rejects.toThrow(tag('NoSystem'))
  const good = ['system', 'system', 'time-context', 'space-context']
  await expect(search(good, { tauMin: 2 })).rejects.toThrow(tag('BadLags'))
  await expect(search(good, { pcAlpha: 2 })).rejects.toThrow(tag('BadLevel'))
  const named = { ...series, names: ['a', 'b', 'time-dummy', 'c'] }
  expect(() => withDummies(named, good as NodeKind[], { time: true })).toThrow(tag('DuplicateName'))
})
