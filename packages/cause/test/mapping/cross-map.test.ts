import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { type CrossMapOptions, type CrossMapResult, crossMap } from '../../src/mapping/cross-map.ts'
import { embedded, kept, shifted, trackOf } from '../../src/mapping/embedding.ts'
import { drawLibrary } from '../../src/mapping/libraries.ts'
import { crossMapSkills } from '../../src/mapping/project.ts'
import { NumpyRandom } from '../../src/random/pcg64.ts'
import { timeSeries } from '../../src/series/series.ts'
import { allNear, type CcmCase, coupledMaps, golden, seriesOf } from './golden.ts'

const inputs = [golden.clean, golden.noisy, golden.noisy, golden.gaps]

describe.each(golden.ccm.map((expected, i) => ({ expected, series: seriesOf(inputs[i]!) })))(
  'E $expected.E, delay $expected.delay, Tp $expected.Tp, radius $expected.exclusionRadius',
  ({ expected, series }) => {
    test.each(['forth', 'back'] as const)('%s: every correlation equals that of pyEDM', async (way) => {
      const found = await skillsOf(series, expected, way)
      for (const [i, values] of expected[way].entries()) allNear(found[i]!, values, 1e-10)
    })
  },
)

async function skillsOf(
  series: ReturnType<typeof seriesOf>,
  { columns, target, E, delay, Tp, sizes, sample, seed, exclusionRadius }: CcmCase,
  way: 'forth' | 'back',
): Promise<Float64Array[]> {
  const [from, to] = (way === 'forth' ? [columns, target] : [target, columns]).map((name) => 'abc'.indexOf(name))
  const track = trackOf(series)
  const whole = embedded(track, [track.columns[from!]!], { dimension: E, delay })
  const later = [...whole.rows].map((row) => shifted(track, track.columns[to!]!, row, Tp))
  const which = Int32Array.from(later.keys()).filter((state) => !Number.isNaN(later[state]!))
  const embedding = kept(whole, which)
  const targets = Float64Array.from(which, (state) => later[state]!)
  const found = await crossMapSkills({
    embedding,
    times: Float64Array.from(embedding.rows, (row) => track.times[row]!),
    jobs: sizes.map((size) => {
      const stream = new NumpyRandom(seed)
      const draw = (): Uint8Array => drawLibrary(stream, which.length, Math.min(size, which.length))
      return { targets, count: 1, libraries: Array.from({ length: sample }, draw) }
    }),
    neighbours: E + 1,
    radius: exclusionRadius,
    at: () => undefined,
  })
  return found.map(({ skills }) => skills)
}

const quick = { samples: 10, surrogates: 39 } satisfies CrossMapOptions

describe('coupled logistic maps', () => {
  test('the search holds mean correlations of the same libraries', async () => {
    const [first] = golden.ccm
    const { pairs, values, variables } = await crossMap(seriesOf(golden.clean.slice(0, 2)), {
      dimension: 2,
      librarySizes: first!.sizes,
      samples: first!.sample,
      seed: first!.seed,
      surrogates: 0,
    })
    const mean = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0) / all.length
    const back = pairs.find(({ cause }) => cause === 'a')!
    allNear(back.skill, first!.back.map(mean), 1e-10)
    expect(values.get(0, 1, 0)).toBe(back.skill.at(-1))
    expect(variables).toEqual(['a', 'b'])
  })

  test('one way: only that link, and it converges', async () => {
    const series = timeSeries({ columns: coupledMaps(400, 0.1, 0, 1) }, { names: ['driver', 'driven'] })
    const found = await crossMap(series, { ...quick, dimension: 2 })
    expect(found.graph.nested()).toEqual([
      [[''], ['-->']],
      [['<--'], ['']],
    ])
    const [back, forth] = [pairOf(found, 'driven', 'driver'), pairOf(found, 'driver', 'driven')]
    expect(forth.skill.at(-1)!).toBeGreaterThan(0.8)
    expect(forth.gain).toBeGreaterThan(0.3)
    expect(forth.trend).toEqual({ tau: 1, pValue: expect.closeTo(1 / 3628800, 12) })
    expect(forth.gainPValue).toBe(1 / 40)
    expect(forth.pValue).toBe(1 / 40)
    expect(back.skill.at(-1)!).toBeLessThan(0.3)
    for (const [i, value] of forth.skill.entries()) {
      expect(forth.lower[i]!).toBeLessThanOrEqual(value + 1e-12)
      expect(forth.upper[i]!).toBeGreaterThanOrEqual(value - 1e-12)
    }
  })

  test('both ways, and none', async () => {
    const both = await crossMap(timeSeries({ columns: coupledMaps(400, 0.1, 0.1, 2) }), { ...quick, dimension: 2 })
    expect([both.graph.get(0, 1, 0), both.graph.get(1, 0, 0)]).toEqual(['o-o', 'o-o'])
    const none = await crossMap(timeSeries({ columns: coupledMaps(400, 0, 0, 3) }), { ...quick, dimension: 2 })
    expect(none.graph.links.join('')).toBe('')
  })

  test('dimensions by forecasts; several data sets are one system', async () => {
    const columns = coupledMaps(400, 0.15, 0, 5)
    const sets = timeSeries(
      [0, 1].map((part) => ({ columns: columns.map((c) => c.slice(part * 200, part * 200 + 200)) })),
    )
    const found = await crossMap(sets, { ...quick, maxDimension: 4 })
    expect(pairOf(found, 'x0', 'x1').pValue).toBeLessThan(0.05)
    const { dimension, states } = pairOf(found, 'x0', 'x1')
    expect(states).toBe(400 - 2 * (dimension - 1))
  })

  test('lags: a delayed influence is found at its lag, its mirror image ahead is not a link', async () => {
    const draw = random(8)
    const [x, y] = [new Float64Array(500), new Float64Array(500)]
    x.fill(0.4, 0, 3)
    y.fill(0.3, 0, 3)
    for (let t = 3; t < 500; t++) {
      x[t] = x[t - 1]! * (3.78 - 3.78 * x[t - 1]!)
      y[t] = y[t - 1]! * (3.77 - 3.77 * y[t - 1]! - 0.6 * x[t - 3]!)
    }
    const columns = [x, y].map((column) => column.slice(100).map((value) => value + 0.001 * draw.normal()))
    const found = await crossMap(timeSeries({ columns }), { ...quick, dimension: 2, tauMax: 5 })
    const forth = pairOf(found, 'x0', 'x1')
    expect(forth.lags.map(({ lag }) => lag)).toEqual([-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5])
    expect(forth.bestLag).toBeLessThan(0)
    expect(found.graph.get(0, 1, -forth.bestLag)).toBe('-->')
    expect(found.values.get(0, 1, -forth.bestLag)).toBe(Math.max(...forth.lags.map(({ skill }) => skill)))
    expect(found.graph.links.filter((link) => link !== '')).toHaveLength(1)
  })
})

const pairOf = ({ pairs }: CrossMapResult, cause: string, effect: string): CrossMapResult['pairs'][number] =>
  pairs.find((pair) => pair.cause === cause && pair.effect === effect)!

describe('noise', () => {
  test('without any link is linked as rarely as alpha says', async () => {
    let links = 0
    const runs = 40
    for (let run = 0; run < runs; run++) {
      const draw = random(100 + run)
      const columns = [0, 1].map(() => {
        const x = new Float64Array(120)
        for (let t = 1; t < 120; t++) x[t] = 0.6 * x[t - 1]! + draw.normal()
        return x
      })
      const { pairs } = await crossMap(timeSeries({ columns }), { dimension: 3, samples: 5, surrogates: 39, seed: run })
      links += pairs.filter(({ pValue }) => pValue <= 0.05).length
    }
    expect(links / (2 * runs)).toBeLessThanOrEqual(0.08)
  })

  test('all kinds of surrogates serve; q-values are never smaller', async () => {
    const series = timeSeries({ columns: coupledMaps(240, 0.2, 0, 6) })
    for (const kind of ['seasonal', 'swap', 'twin'] as const) {
      const found = await crossMap(series, { ...quick, dimension: 2, fdr: 'fdr-bh', surrogate: { kind, period: 12 } })
      expect(pairOf(found, 'x0', 'x1').pValue).toBeLessThan(0.1)
      for (const [at, q] of found.qValues!.data.entries()) expect(q).toBeGreaterThanOrEqual(found.pValues.data[at]!)
    }
  })
})

describe('what a user should know', () => {
  const series = seriesOf(golden.noisy)

  test.each<[CrossMapOptions, string]>([
    [{ dimension: [2, 2] }, 'BadEmbedding'],
    [{ dimension: 0 }, 'BadEmbedding'],
    [{ dimension: 2, librarySizes: [3, 20] }, 'BadLibrarySizes'],
    [{ dimension: 156 }, 'TooFewStates'],
    [{ dimension: 2, exclusionRadius: 158 }, 'TooFewStates'],
    [{ dimension: 2, tauMax: -1 }, 'BadCount'],
    [{ dimension: 2, samples: 0 }, 'BadCount'],
    [{ dimension: 2, alpha: 7 }, 'BadLevel'],
    [{ dimension: 2, surrogate: { kind: 'seasonal' } }, 'BadPeriod'],
  ])('%j: %s', async (options, tag) => {
    await expect(crossMap(series, options)).rejects.toThrow(expect.objectContaining({ tag }))
  })

  test('constant variables, progress, cancellation, the same result again', async () => {
    const [a, b] = coupledMaps(120, 0.2, 0, 7)
    const flat = timeSeries({ columns: [a!, a!.map(() => 1), b!] }, { names: ['a', 'flat', 'b'] })
    const told: number[] = []
    const options = { ...quick, dimension: 2 }
    const found = await crossMap(flat, { ...options, onProgress: ({ fraction }) => told.push(fraction) })
    expect(found.warnings).toEqual([{ tag: 'ConstantVariable', message: 'flat is constant and was left out' }])
    expect(found.pairs).toHaveLength(2)
    expect(told.at(-1)).toBe(1)
    for (const value of [...found.values.data, ...found.pValues.data]) expect(value).not.toBeNaN()
    const again = await crossMap(flat, options)
    expect(again.pairs).toEqual(found.pairs)
    const stop = new AbortController()
    stop.abort()
    await expect(crossMap(flat, { ...options, signal: stop.signal })).rejects.toThrow(
      expect.objectContaining({ tag: 'Cancelled' }),
    )
    await expect(crossMap(timeSeries({ columns: [a!] }))).rejects.toThrow(
      expect.objectContaining({ tag: 'NoVariables' }),
    )
  })

  test('ten variables of a thousand steps take seconds', async () => {
    const columns = [1, 2, 3, 4, 5].flatMap((seed) => coupledMaps(1000, 0.1, 0, seed, 0.01))
    const { seconds, pairs } = await crossMap(timeSeries({ columns }), { dimension: 3, samples: 10, surrogates: 20 })
    expect(pairs).toHaveLength(90)
    expect(seconds).toBeLessThan(60)
  }, 60_000)
})
