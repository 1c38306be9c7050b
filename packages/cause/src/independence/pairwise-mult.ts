/**
 * Independence of vectors from tests of all pairs of their parts (Hochsprung et al. 2023): on a first share of the samples
 * parts are found that may be added to the conditions, on the rest the pairs are tested and the p-values combined.
 */
import { InputError } from '@ecotope/core'
import { type Samples, X, Y, Z } from '../series/samples.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

export interface PairwiseMultOptions extends TestOptions {
  /** Name of the test of pairs; default `parcorr`. */
  readonly inner?: string
  readonly innerOptions?: TestOptions
  /** Whether conditions are enlarged by parts that a first look finds independent; default false. */
  readonly augment?: boolean
  /** Level of that first look; default 0.5. */
  readonly preAlpha?: number
  /** Share of the samples for it; default 0.2 (fewer than 10 samples: no first look). */
  readonly preShare?: number
  /** In place of the level, for tests by threshold. */
  readonly preThreshold?: number
}

/** `make` knows tests by name (the table does). X and Y may be vectors. */
export function pairwiseMult(
  options: PairwiseMultOptions,
  make: (name: string, options: TestOptions) => IndependenceTest,
): IndependenceTest {
  const byThreshold = options.significance === 'threshold' || options.innerOptions?.significance === 'threshold'
  const inner = make(options.inner ?? 'parcorr', {
    ...options.innerOptions,
    ...(byThreshold && { significance: 'threshold' as const }),
  })
  check(options, byThreshold)
  const pValues = new WeakMap<Samples, number>()
  const value = async (samples: Samples): Promise<number> => {
    const [xs, ys] = [X, Y].map((role) => indices(samples, role))
    const { added, rest } = await firstLook(samples, inner, options, byThreshold)
    let [most, least] = [0, 1]
    for (const [i, x] of xs!.entries())
      for (const [j, y] of ys!.entries()) {
        const pair = part(rest, x, y, added(i, j))
        const found = await inner.value(pair)
        if (Math.abs(found) > Math.abs(most)) most = found
        if (!byThreshold) least = Math.min(least, await inner.pValue(found, pair))
      }
    pValues.set(samples, Math.min(1, least * xs!.length * ys!.length))
    return most
  }
  return {
    name: 'pairwise-mult',
    significance: byThreshold ? 'threshold' : 'analytic',
    twoSided: inner.twoSided,
    maskType: options.maskType ?? '',
    options,
    value,
    async pValue(_, samples) {
      if (!pValues.has(samples)) await value(samples)
      return pValues.get(samples)!
    },
    warnings: () => inner.warnings?.() ?? [],
  }
}

function check({ significance, augment, preThreshold }: PairwiseMultOptions, byThreshold: boolean): void {
  if (significance === 'shuffle')
    throw new InputError('NoShuffle', 'pairwise-mult has no shuffle test of its own', {
      hint: 'Give innerOptions: { significance: "shuffle" }.',
    })
  if (byThreshold && augment && preThreshold === undefined)
    throw new InputError('NoThreshold', 'the first look of pairwise-mult needs a threshold of its own', {
      hint: 'Give preThreshold.',
    })
}

const indices = ({ roles }: Samples, role: number): number[] => [...roles.keys()].filter((k) => roles[k] === role)

/** Pairs (i, j) of parts of X and Y that look independent tell what to add to the conditions of other pairs. */
async function firstLook(
  samples: Samples,
  inner: IndependenceTest,
  { augment = false, preAlpha = 0.5, preShare = 0.2, preThreshold = 0 }: PairwiseMultOptions,
  byThreshold: boolean,
): Promise<{ added: (i: number, j: number) => number[]; rest: Samples }> {
  const size = augment ? Math.floor(preShare * samples.count) : 0
  if (size < 10) return { added: () => [], rest: samples }
  const [xs, ys] = [indices(samples, X), indices(samples, Y)]
  const first = stretch(samples, 0, size)
  const independent = new Set<string>()
  for (const [i, x] of xs.entries())
    for (const [j, y] of ys.entries()) {
      const pair = part(first, x, y, [])
      const value = await inner.value(pair)
      const found = byThreshold ? Math.abs(value) >= preThreshold : (await inner.pValue(value, pair)) > preAlpha
      if (found) independent.add(`${i},${j}`)
    }
  const added = (i: number, j: number): number[] => {
    const fromY = ys.filter((_, other) => other !== j && independent.has(`${i},${other}`))
    const fromX = xs.filter((_, other) => other !== i && independent.has(`${other},${j}`))
    return fromX.length > fromY.length ? fromX : fromY
  }
  return { added, rest: stretch(samples, size, samples.count) }
}

function stretch(samples: Samples, from: number, to: number): Samples {
  return {
    ...samples,
    rows: samples.rows.map((row) => row.subarray(from, to)),
    count: to - from,
    ...(samples.types && { types: samples.types.map((row) => row.subarray(from, to)) }),
    ...(samples.weights && { weights: samples.weights.map((row) => row.subarray(from, to)) }),
  }
}

/** Samples of one pair, given Z and some more rows. */
function part(samples: Samples, x: number, y: number, more: readonly number[]): Samples {
  const z = indices(samples, Z)
  const kept = [x, y, ...z, ...more]
  const take = <T>(items: readonly T[]): T[] => kept.map((k) => items[k]!)
  return {
    ...samples,
    rows: take(samples.rows),
    nodes: take(samples.nodes),
    roles: Uint8Array.from(kept, (_, k) => Math.min(k, Z)),
    ...(samples.types && { types: take(samples.types) }),
    ...(samples.weights && { weights: take(samples.weights) }),
  }
}
