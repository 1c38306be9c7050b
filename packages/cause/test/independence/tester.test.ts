/** Tests bound to series: what is kept, left out, refused and told. */
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { independenceTest, independenceTests } from '../../src/independence/table.ts'
import type { AskOptions, IndependenceTest, TestOptions, TestResult } from '../../src/independence/test.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { NumpyRandom } from '../../src/random/pcg64.ts'
import type { CutOff, MaskType } from '../../src/series/samples.ts'
import { type DataSetInput, type Node, type TimeSeriesOptions, timeSeries } from '../../src/series/series.ts'

function noise(seed: number, width: number, length: number): Float64Array[] {
  const random = new NumpyRandom(seed)
  const columns = Array.from({ length: width }, () => new Float64Array(length))
  for (let t = 0; t < length; t++)
    for (const [i, column] of columns.entries())
      column[t] = random.uniform() - 0.5 + (t > 0 ? 0.6 * column[t - 1]! + 0.3 * columns[(i + 1) % width]![t - 1]! : 0)
  return columns
}

const options: AskOptions = { tauMax: 2 }

/** Answers at once; fails where a promise comes. */
function now(result: TestResult | Promise<TestResult>): TestResult {
  if (result instanceof Promise) throw new Error('a promise')
  return result
}

const tagOf = (action: () => unknown): string | undefined => {
  try {
    action()
  } catch (error) {
    return error instanceof InputError ? error.tag : String(error)
  }
  return undefined
}

/** Counts its calls; significance by any rule. */
function counting(own: Partial<IndependenceTest> = {}): IndependenceTest & { calls: number } {
  const made = {
    name: 'counting',
    significance: 'analytic' as const,
    twoSided: true,
    maskType: '' as const,
    options: {},
    calls: 0,
    value: (): number => ++made.calls,
    pValue: (): number => 0.5,
    ...own,
  }
  return made
}

describe('answers are kept', () => {
  const series = timeSeries({ columns: noise(1, 4, 60) })

  test('X and Y swapped, and conditions in any order, are the same test', () => {
    const tester = testerOf(counting(), series)
    const first = now(
      tester.ask(
        [[0, -1]],
        [[1, 0]],
        [
          [2, -1],
          [3, -2],
        ],
        options,
      ),
    )
    const again = now(
      tester.ask(
        [[1, 0]],
        [[0, -1]],
        [
          [3, -2],
          [2, -1],
          [3, -2],
          [0, -1],
        ],
        options,
      ),
    )
    expect(again).toEqual(first)
    expect([tester.made, tester.recalled]).toEqual([1, 1])
  })

  test('other nodes, lags and cut-offs are other tests', () => {
    const tester = testerOf(counting(), series)
    tester.ask([[0, -1]], [[1, 0]], [], options)
    tester.ask([[0, -2]], [[1, 0]], [], options)
    tester.ask([[0, -1]], [[1, 0]], [[2, -1]], options)
    tester.ask([[0, -1]], [[1, 0]], [], { tauMax: 3 })
    tester.ask([[0, -1]], [[1, 0]], [], { tauMax: 2, cutOff: 'max-lag' })
    expect([tester.made, tester.recalled]).toEqual([5, 0])
  })

  test('cut-offs that leave the same samples are one test', () => {
    const tester = testerOf(counting(), series)
    tester.ask([[0, -1]], [[1, 0]], [], { tauMax: 1, cutOff: 'tau-max' })
    tester.ask([[0, -1]], [[1, 0]], [], { tauMax: 5, cutOff: 'max-lag' })
    expect([tester.made, tester.recalled]).toEqual([1, 1])
  })

  test('columns with the same values are one', () => {
    const [a, b] = noise(2, 2, 40)
    const tester = testerOf(counting(), timeSeries({ columns: [a!, b!, a!] }))
    tester.ask([[0, -1]], [[1, 0]], [], options)
    tester.ask([[2, -1]], [[1, 0]], [], options)
    expect([tester.made, tester.recalled]).toEqual([1, 1])
  })

  test('tests that take their time are made once too', async () => {
    const slow = counting({ value: () => Promise.resolve(0.25), pValue: () => Promise.resolve(0.01) })
    const tester = testerOf(slow, series)
    const both = [tester.ask([[0, -1]], [[1, 0]], [], options), tester.ask([[1, 0]], [[0, -1]], [], options)]
    const wanted = { value: 0.25, pValue: 0.01, samples: 56 }
    expect(await Promise.all(both)).toEqual([wanted, wanted])
    expect(tester.recalled).toBe(1)
    expect(await tester.ask([[0, -1]], [[1, 0]], [], { ...options, alpha: 0.05 })).toEqual({
      ...wanted,
      dependent: true,
    })
  })

  test('what failed is tried again', async () => {
    let calls = 0
    const failing = counting({ value: () => (++calls === 1 ? Promise.reject(new Error('no')) : Promise.resolve(1)) })
    const tester = testerOf(failing, series)
    await expect(tester.ask([[0, -1]], [[1, 0]], [], options)).rejects.toThrow('no')
    await expect(tester.ask([[0, -1]], [[1, 0]], [], options)).resolves.toMatchObject({ value: 1 })
  })
})

describe('decisions', () => {
  const series = timeSeries({ columns: noise(3, 2, 60) })

  test('by level', () => {
    const tester = testerOf(counting(), series)
    expect(now(tester.ask([[0, -1]], [[1, 0]], [], options)).dependent).toBeUndefined()
    expect(now(tester.ask([[0, -1]], [[1, 0]], [], { ...options, alpha: 0.5 })).dependent).toBe(true)
    expect(now(tester.ask([[0, -1]], [[1, 0]], [], { ...options, alpha: 0.49 })).dependent).toBe(false)
  })

  test.each([
    [true, -0.3, 0.2, true],
    [true, -0.1, 0.2, false],
    [false, -0.3, 0.2, false],
    [false, 0.3, 0.2, true],
  ])('by threshold (two-sided %s, value %d, threshold %d)', (twoSided, value, alpha, dependent) => {
    const tester = testerOf(counting({ significance: 'threshold', twoSided, value: () => value }), series)
    expect(now(tester.ask([[0, -1]], [[1, 0]], [], { ...options, alpha }))).toEqual({
      value,
      pValue: dependent ? 0 : 1,
      samples: 56,
      dependent,
    })
    expect(tagOf(() => tester.ask([[0, -1]], [[1, 0]], [], options))).toBe('NoThreshold')
  })
})

describe('constant variables', () => {
  const [a, b] = noise(4, 2, 50)
  const series = timeSeries({ columns: [a!, b!, new Float64Array(50).fill(0.1)] }, { names: ['rain', 'sun', 'dam'] })

  test.each([true, false])('are independent, and leave conditions (shortcut %s)', (shortcut) => {
    const tester = testerOf(independenceTest('parcorr'), series, { shortcut })
    const constant = { value: 0, pValue: 1, samples: 46, dependent: false }
    expect(tester.ask([[2, -1]], [[1, 0]], [[0, -1]], { ...options, alpha: 1e-9 })).toEqual(constant)
    expect(tester.ask([[0, -1]], [[2, 0]], [], { ...options, alpha: 1e-9 })).toEqual(constant)
    const [with_, without] = [[[2, -1] as Node], []].map((z) => now(tester.ask([[0, -1]], [[1, 0]], z, options)))
    expect(with_).toEqual(without)
    expect(tester.warnings).toEqual([{ tag: 'ConstantVariable', message: expect.stringContaining('dam is constant') }])
  })

  test('in vectors only the constant part goes', async () => {
    const vectors = timeSeries(
      { columns: [a!, b!, new Float64Array(50).fill(3)] },
      {
        vectors: [
          [
            [0, 0],
            [2, 0],
          ],
          [[1, 0]],
        ],
        names: ['v', 'w'],
      },
    )
    const tester = testerOf(independenceTest('parcorr-mult'), vectors)
    const plain = testerOf(independenceTest('parcorr'), timeSeries({ columns: [a!, b!] }))
    expect(now(await tester.ask([[0, -1]], [[1, 0]], [], options)).value).toBeCloseTo(
      now(plain.ask([[0, -1]], [[1, 0]], [], options)).value,
      12,
    )
    expect(tester.warnings[0]?.message).toContain('column 2')
  })

  test('have no interval', async () => {
    const tester = testerOf(independenceTest('parcorr', { confidence: 'analytic' }), series)
    expect(await tester.interval([[2, -1]], [[1, 0]], [], options)).toBeUndefined()
    expect(await tester.interval([[0, -1]], [[1, 0]], [], options)).toHaveLength(2)
    expect(
      await testerOf(independenceTest('parcorr'), series).interval([[0, -1]], [[1, 0]], [], options),
    ).toBeUndefined()
  })
})

describe('collinear variables', () => {
  const [a, b, c] = noise(5, 3, 80)
  const sum = a!.map((value, t) => 2 * value - b![t]!)
  const series = timeSeries({ columns: [a!, b!, c!, sum] })

  test('among conditions change nothing but the degrees of freedom, and are told', () => {
    const tester = testerOf(independenceTest('parcorr'), series)
    const two = now(
      tester.ask(
        [[2, -1]],
        [[2, 0]],
        [
          [0, 0],
          [1, 0],
        ],
        options,
      ),
    )
    const three = now(
      tester.ask(
        [[2, -1]],
        [[2, 0]],
        [
          [0, 0],
          [1, 0],
          [3, 0],
        ],
        options,
      ),
    )
    expect(three.value).toBeCloseTo(two.value, 9)
    expect(tester.warnings.map(({ tag }) => tag)).toEqual(['CollinearConditions'])
  })

  test('a variable that conditions explain is independent', () => {
    const tester = testerOf(independenceTest('parcorr'), series)
    expect(
      tester.ask(
        [[3, 0]],
        [[2, 0]],
        [
          [0, 0],
          [1, 0],
        ],
        options,
      ),
    ).toMatchObject({ value: 0, pValue: 1 })
    expect(tester.warnings.map(({ tag }) => tag)).toEqual(['ExplainedVariable'])
  })

  test('twins are dependent beyond doubt', () => {
    const tester = testerOf(independenceTest('parcorr'), timeSeries({ columns: [a!, a!, b!] }))
    const found = now(tester.ask([[0, 0]], [[1, 0]], [[2, 0]], options))
    expect(found.value).toBeCloseTo(1, 12)
    expect(found.pValue).toBeLessThan(1e-200)
  })
})

describe('what cannot be tested is refused', () => {
  const short = timeSeries({ columns: noise(6, 3, 8) })
  const tester = testerOf(independenceTest('parcorr'), short)
  const mixed: Node[] = [
    [0, -1],
    [1, -1],
    [2, -2],
  ]

  test.each([
    ['too few samples', () => tester.ask([[0, -2]], [[1, 0]], mixed, options), 'TooFewSamples'],
    ['too short', () => tester.ask([[0, -1]], [[1, 0]], [], { tauMax: 4 }), 'NoSamples'],
    ['unknown variable', () => tester.ask([[7, -1]], [[1, 0]], [], { tauMax: 1 }), 'BadNode'],
    ['positive lag', () => tester.ask([[0, 1]], [[1, 0]], [], { tauMax: 1 }), 'BadNode'],
    [
      'vectors',
      () =>
        tester.ask(
          [
            [0, -1],
            [2, -1],
          ],
          [[1, 0]],
          [],
          { tauMax: 1 },
        ),
      'Multivariate',
    ],
    ['unknown test', () => independenceTest('chance'), 'UnknownTest'],
    [
      'no types',
      () =>
        testerOf(independenceTest('regression-ci'), timeSeries({ columns: noise(1, 2, 40) })).ask(
          [[0, -1]],
          [[1, 0]],
          [],
          options,
        ),
      'NoTypes',
    ],
    ['shuffled regressions', () => independenceTest('regression-ci', { significance: 'shuffle' }), 'NoShuffle'],
    ['shuffled pairs', () => independenceTest('pairwise-mult', { significance: 'shuffle' }), 'NoShuffle'],
    ['no window', () => independenceTest('parcorr-wls', { window: 0 } as TestOptions), 'BadWindow'],
  ])('%s', (_, action, tag) => {
    expect(tagOf(action)).toBe(tag)
  })

  test('no interval, no criterion', async () => {
    const series = timeSeries({ columns: noise(1, 2, 40) })
    const interval = (name: string, own: TestOptions): Promise<unknown> =>
      testerOf(independenceTest(name, own), series).interval([[0, -1]], [[1, 0]], [], options)
    await expect(interval('parcorr-mult', { confidence: 'analytic' })).rejects.toMatchObject({ tag: 'NoInterval' })
    await expect(interval('parcorr', { confidence: 'analytic', confidenceLevel: 1 })).rejects.toMatchObject({
      tag: 'BadConfidence',
    })
    await expect(interval('parcorr', { confidence: 'bootstrap', confidenceSamples: 5 })).rejects.toMatchObject({
      tag: 'BadConfidence',
    })
    await expect(interval('parcorr', { confidence: 'bootstrap', confidenceBlock: 99 })).rejects.toMatchObject({
      tag: 'BlockTooLong',
    })
    await expect(testerOf(counting(), series).criterion(0, [], 2)).rejects.toMatchObject({ tag: 'NoCriterion' })
  })

  test('blocks that do not fit, weights that are none, spread that is none', () => {
    const columns = noise(1, 2, 40)
    const asked = (name: string, own: TestOptions, more: Partial<DataSetInput> = {}): string | undefined =>
      tagOf(() =>
        testerOf(independenceTest(name, own), timeSeries({ columns, ...more })).ask([[0, -1]], [[1, 0]], [], options),
      )
    expect(asked('parcorr', { significance: 'shuffle', shuffleBlock: 100 })).toBe('BlockTooLong')
    expect(asked('parcorr-wls', {}, { weights: columns.map((c) => c.map(() => 0)) })).toBe('BadWeight')
    expect(asked('parcorr-wls', {}, { columns: columns.map((c) => c.map((v, t) => (t < 30 ? 0 : v))) })).toBe(
      'NoSpread',
    )
    expect(asked('parcorr-wls', { window: 50 } as TestOptions)).toBe('TooFewSamples')
  })
})

describe('the short way is the long way', () => {
  const cutOffs: CutOff[] = ['2xtau-max', 'tau-max', 'max-lag', 'max-lag-or-tau-max', '2xtau-max-future']
  const masks: MaskType[] = ['', 'x', 'y', 'z', 'xy', 'xz', 'yz', 'xyz']
  const node = fc.tuple(
    fc.nat(4),
    fc.nat(4).map((lag) => 0 - lag),
  ) as fc.Arbitrary<Node>
  const setting = fc.record({
    seed: fc.nat(1000),
    gaps: fc.constantFrom(0, 0.02, 0.3),
    masked: fc.constantFrom(0, 0.1, 0.5),
    maskType: fc.constantFrom(...masks),
    sets: fc.integer({ min: 1, max: 3 }),
    upTo: fc.boolean(),
    points: fc.boolean(),
    blocks: fc.boolean(),
    cutOff: fc.constantFrom(...cutOffs),
    test: fc.constantFrom('parcorr', 'robust-parcorr', 'parcorr-mult'),
    questions: fc.array(fc.tuple(node, node, fc.array(node, { maxLength: 4 })), { minLength: 3, maxLength: 8 }),
  })

  test('for any series, masks, gaps and cut-offs', async () => {
    const outcome = async (action: () => unknown): Promise<unknown> => {
      try {
        return await action()
      } catch (error) {
        if (error instanceof InputError) return error.tag
        throw error
      }
    }
    await fc.assert(
      fc.asyncProperty(setting, async (given) => {
        const random = new NumpyRandom(given.seed)
        const sets = Array.from({ length: given.sets }, (_, k): DataSetInput => {
          const columns = noise(given.seed + k, 5, 70 + 10 * k).map((c) =>
            c.map((v) => (random.uniform() < given.gaps ? Number.NaN : v)),
          )
          return {
            columns,
            offset: 3 * k,
            masks: columns.map((c) => Uint8Array.from(c, () => +(random.uniform() < given.masked))),
          }
        })
        const more: TimeSeriesOptions = {
          missingUpToMaxLag: given.upTo,
          ...(given.points && { referencePoints: Int32Array.from({ length: 50 }, (_, k) => k + (k % 7)) }),
        }
        const plain = timeSeries(sets, more)
        const series = given.blocks ? { ...plain, resampling: { blockLength: 5, seed: 4 } } : plain
        const [short, long] = [true, false].map((shortcut) =>
          testerOf(independenceTest(given.test, { maskType: given.maskType }), series, { shortcut }),
        )
        for (const [x, y, z] of given.questions) {
          if (x[0] === y[0] && x[1] === y[1]) continue
          const ask = { tauMax: 2, cutOff: given.cutOff }
          const [a, b] = [
            await outcome(() => short!.ask([x], [y], z, ask)),
            await outcome(() => long!.ask([x], [y], z, ask)),
          ]
          const [c, d] = await Promise.all([short, long].map((own) => outcome(() => own!.criterion(y[0], z, 2))))
          if (typeof b === 'object') {
            const [found, wanted] = [a as TestResult, b as TestResult]
            expect(found.value).toBeCloseTo(wanted.value, 9)
            // So near 1 the p-value is made of rounding.
            if (Math.abs(wanted.value) < 1 - 1e-9) expect(found.pValue).toBeCloseTo(wanted.pValue, 9)
            else expect(found.pValue).toBeLessThan(1e-3)
            expect(found.samples).toBe(wanted.samples)
          } else expect(a).toBe(b)
          if (typeof d === 'number') expect(c).toBeCloseTo(d, 7)
        }
      }),
      { numRuns: 150 },
    )
  })
})

test('every test in the table answers', async () => {
  const columns = noise(9, 3, 60)
  const discrete = columns.map((c) => c.map((v) => Math.sign(v)))
  const needsTypes = new Set(['regression-ci', 'cmi-knn-mixed'])
  const needsClasses = new Set(['cmi-symb', 'gsquared'])
  for (const name of Object.keys(independenceTests)) {
    const own = needsClasses.has(name) ? discrete : columns
    const types = needsTypes.has(name) ? { types: own.map((c) => c.map(() => 0)) } : {}
    const tester = testerOf(independenceTest(name, { shuffles: 20 }), timeSeries({ columns: own, ...types }))
    const found = await tester.ask([[0, -1]], [[0, 0]], [[1, -1]], { tauMax: 1, alpha: 0.05 })
    expect(Number.isFinite(found.value), name).toBe(true)
    expect(found.pValue, name).toBeGreaterThanOrEqual(0)
    expect(tester.independence.name).toBe(name)
  }
})
