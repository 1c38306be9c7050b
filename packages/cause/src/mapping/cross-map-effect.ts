/** Cross maps from one effect to all causes: skill by library size and lag, with its tests. */
import { InputError } from '@ecotope/core'
import { checkCount } from '../discovery/options.ts'
import { quantile } from '../granger/intervals.ts'
import { NumpyRandom } from '../random/pcg64.ts'
import type { CrossMapOptions } from './cross-map.ts'
import { knownSkills, meanSkill, skillsOf } from './cross-map-skills.ts'
import { type Embedding, embedded, kept, shifted, type Track } from './embedding.ts'
import { checkSizes, defaultSizes, drawLibrary } from './libraries.ts'
import { risingTrend, type Trend } from './trend.ts'

export interface LagSkill {
  /** Of the cause against the effect's state: -2 is two steps before it, 1 one step ahead. */
  readonly lag: number
  /** By the largest libraries. */
  readonly skill: number
  /** Share of surrogates that do as well; 1 without surrogates or ahead of the effect. */
  readonly surrogatePValue: number
  /** Of the skill by the largest library, by bootstrap of states in blocks, where that was asked for. */
  readonly interval?: readonly [lower: number, upper: number]
  /** The larger one of that share and of the trend's p-value. */
  readonly pValue: number
}

export interface PairMap {
  readonly librarySizes: readonly number[]
  /** Mean correlation over libraries of each size, at lag 0. */
  readonly skill: Float64Array
  /** Range over libraries of each size. */
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** Skill of the largest libraries less that of the smallest. */
  readonly gain: number
  /** Share of surrogates whose skill grows as much; without surrogates undefined. */
  readonly gainPValue?: number
  /** Kendall's tau of skill over library sizes, and its one-sided p-value. */
  readonly trend: Trend
  /** By lag, from `-tauMax` to `tauMax`. */
  readonly lags: readonly LagSkill[]
  /** Of the largest skill; the one nearest to 0 where several are equal. */
  readonly bestLag: number
  /** At the best lag. */
  readonly pValue: number
  /** States that were mapped. */
  readonly states: number
}

export interface EffectWork {
  readonly track: Track
  readonly effect: number
  readonly causes: readonly number[]
  readonly dimension: number
  /** Surrogates of each variable. */
  readonly draws: ReadonlyMap<number, readonly Float64Array[]>
  readonly options: CrossMapOptions
  readonly at: (fraction: number) => void | Promise<void>
}

/** Causes whose values are there for the same states at all of these lags. */
interface Group {
  readonly lags: readonly number[]
  readonly causes: readonly number[]
  readonly embedding: Embedding
}

/** A cause at a lag. */
interface Cell {
  readonly cause: number
  readonly lag: number
}

/** Libraries of a size in which surrogates' gains are measured, at most. */
const GAIN_LIBRARIES = 10

/** Surrogate values that are held at one time, at most; more lags are mapped in several passes. */
const MOST_VALUES = 4_000_000

/** Maps of all causes, in order. */
export async function mapEffect(work: EffectWork): Promise<(readonly [cause: number, map: PairMap])[]> {
  const { track, effect, dimension, options } = work
  const tauMax = options.tauMax ?? 0
  const delay = options.delay === undefined ? {} : { delay: options.delay }
  const whole = embedded(track, [track.columns[effect]!], { dimension, ...delay })
  const lags = Array.from({ length: 2 * tauMax + 1 }, (_, k) => k - tauMax)
  // Other lags are compared over the states that all of them have.
  const others = lags.filter((lag) => lag !== 0)
  const groups = [
    ...groupsOf(work, whole, [0]),
    ...groupsOf(work, whole, others).flatMap((group) => inPasses(work, group)),
  ]
  const maps = new Map<number, GroupMaps['maps'][number]>()
  const byLag = new Map<string, Omit<LagSkill, 'pValue'>>()
  for (const [step, group] of groups.entries()) {
    checkStates(track, effect, group, dimension)
    const found = await mapGroup(work, group, (fraction) => work.at((step + fraction) / groups.length))
    for (const [cell, skill] of found.lags) byLag.set(`${cell.cause},${cell.lag}`, skill)
    if (group.lags[0] === 0) for (const [c, cause] of group.causes.entries()) maps.set(cause, found.maps[c]!)
  }
  return work.causes.map((cause) => {
    const map = maps.get(cause)!
    const surrogates = work.draws.get(cause)!.length > 0
    const all = lags.map((lag): LagSkill => {
      const found = byLag.get(`${cause},${lag}`)!
      return { ...found, pValue: surrogates ? Math.max(found.surrogatePValue, map.trend.pValue) : map.trend.pValue }
    })
    const best = all.toSorted((a, b) => b.skill - a.skill || Math.abs(a.lag) - Math.abs(b.lag))[0]!
    return [cause, { ...map, lags: all, bestLag: best.lag, pValue: best.pValue }]
  })
}

function groupsOf({ track, causes }: EffectWork, whole: Embedding, lags: readonly number[]): Group[] {
  const groups = new Map<string, { causes: number[]; states: Int32Array }>()
  for (const cause of lags.length === 0 ? [] : causes) {
    const column = track.columns[cause]!
    const states = Int32Array.from(whole.rows.keys()).filter((state) =>
      lags.every((lag) => !Number.isNaN(shifted(track, column, whole.rows[state]!, lag))),
    )
    const key = states.length === whole.rows.length ? '' : states.join(',')
    const group = groups.get(key) ?? { causes: [], states }
    group.causes.push(cause)
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => ({ lags, causes: group.causes, embedding: kept(whole, group.states) }))
}

function inPasses(work: EffectWork, group: Group): Group[] {
  const surrogates = work.draws.get(group.causes[0]!)!.length
  const each = Math.max(
    1,
    Math.floor(MOST_VALUES / (group.embedding.rows.length * group.causes.length * (surrogates + 1))),
  )
  return Array.from({ length: Math.ceil(group.lags.length / each) }, (_, k) => ({
    ...group,
    lags: group.lags.slice(k * each, (k + 1) * each),
  }))
}

function checkStates({ series }: Track, effect: number, { embedding, causes }: Group, dimension: number): void {
  const states = embedding.rows.length
  if (states >= dimension + 3) return
  const names = causes.map((v) => series.names[v]).join(', ')
  throw new InputError(
    'TooFewStates',
    `${series.names[effect]} has ${states} states at which ${names} is known; ${dimension + 3} are needed`,
    { hint: 'Use fewer coordinates, lags, shorter delays or longer series.', data: { states } },
  )
}

interface GroupMaps {
  readonly lags: readonly (readonly [Cell, Omit<LagSkill, 'pValue'>])[]
  /** Of each cause, at the first lag. */
  readonly maps: readonly Omit<PairMap, 'lags' | 'bestLag' | 'pValue'>[]
}

async function mapGroup(work: EffectWork, group: Group, at: EffectWork['at']): Promise<GroupMaps> {
  const { dimension, options, track } = work
  const { embedding, causes, lags } = group
  const states = embedding.rows.length
  const sizes = sizesOf(options, states, dimension)
  const samples = checkCount('samples', options.samples, 1, 30)
  // Other lags are compared by the largest libraries only.
  const used = lags[0] === 0 ? sizes : sizes.slice(-1)
  const libraries = used.map((size) => drawn(size, states, size === states ? 1 : samples, options.seed ?? 42))
  const few = libraries.length > 1 ? [libraries[0]!, libraries.at(-1)!] : libraries
  const cells = lags.flatMap((lag) => causes.map((cause): Cell => ({ cause, lag })))
  const tested = cells.filter(({ lag }) => lag <= 0)
  const { found, others, intervals } = await skillsOf({
    embedding,
    times: Float64Array.from(embedding.rows, (row) => track.times[row]!),
    columns: {
      targets: cells.map(({ cause, lag }) => ({ values: track.columns[cause]!, shift: lag })),
      libraries,
    },
    surrogates: {
      targets: tested.flatMap(({ cause, lag }) => work.draws.get(cause)!.map((values) => ({ values, shift: lag }))),
      libraries: few.map((own) => own.slice(0, GAIN_LIBRARIES)),
    },
    neighbours: options.neighbours ?? dimension + 1,
    options,
    at,
  })
  checkNeighbours(work, group, found)
  const each = work.draws.get(causes[0]!)!.length
  const chance = cells.map((cell) => {
    const place = tested.indexOf(cell) * each
    return place < 0 || each === 0 ? undefined : others.slice(place, place + each).map(ends)
  })
  return {
    lags: cells.map((cell, c) => {
      const skill = meanSkill(found[c]!.at(-1)!)
      const most = chance[c]?.map((pair) => pair[1])
      const surrogatePValue = most === undefined ? 1 : asExtreme(skill, most)
      return [cell, { lag: cell.lag, skill, surrogatePValue, ...(intervals[c] && { interval: intervals[c] }) }]
    }),
    maps: causes.map((_, c) => mapOf(found[c]!, chance[c], sizes, states, options)),
  }
}

/** Skills by the smallest and the largest libraries. */
const ends = (sizes: readonly Float64Array[]): readonly [least: number, most: number] => [
  meanSkill(sizes[0]!),
  meanSkill(sizes.at(-1)!),
]

/** Skill by library size, and whether it rises. */
function mapOf(
  bySize: readonly Float64Array[],
  chance: readonly (readonly [least: number, most: number])[] | undefined,
  librarySizes: readonly number[],
  states: number,
  { confidenceLevel = 0.9 }: CrossMapOptions,
): GroupMaps['maps'][number] {
  const skill = Float64Array.from(bySize, meanSkill)
  const percentile = (p: number): Float64Array =>
    Float64Array.from(bySize, (values) => quantile(knownSkills(values), p))
  const tested = meanSkill(bySize.at(-1)!) - meanSkill(bySize[0]!.slice(0, GAIN_LIBRARIES))
  const gains = chance?.map(([least, most]) => most - least)
  return {
    librarySizes,
    skill,
    lower: percentile((1 - confidenceLevel) / 2),
    upper: percentile((1 + confidenceLevel) / 2),
    gain: skill.at(-1)! - skill[0]!,
    ...(gains && { gainPValue: asExtreme(tested, gains) }),
    trend: risingTrend(skill),
    states,
  }
}

function checkNeighbours({ track, effect, options }: EffectWork, { embedding }: Group, found: Float64Array[][]): void {
  if (found.every((sizes) => sizes.at(-1)!.some((value) => !Number.isNaN(value)))) return
  throw new InputError(
    'TooFewStates',
    `no state of ${track.series.names[effect]} has enough neighbours more than ${options.exclusionRadius ?? 0} steps away`,
    { hint: 'Use a smaller exclusion radius or fewer neighbours.', data: { states: embedding.rows.length } },
  )
}

function sizesOf({ librarySizes }: CrossMapOptions, states: number, dimension: number): readonly number[] {
  if (librarySizes === undefined) return defaultSizes(states, dimension)
  const sizes = checkSizes(librarySizes, dimension).filter((size) => size < states)
  return sizes.length < librarySizes.length ? [...sizes, states] : sizes
}

/** The same libraries for every pair that has as many states: their maps are compared on equal terms. */
function drawn(size: number, states: number, samples: number, seed: number): Uint8Array[] {
  const stream = new NumpyRandom(seed)
  return Array.from({ length: samples }, () => drawLibrary(stream, states, size))
}

const asExtreme = (value: number, others: readonly number[]): number =>
  (1 + others.filter((other) => other >= value).length) / (1 + others.length)
