/** Cross maps from one effect to all causes: skill by library size and lag, with its tests. */
import { InputError, random } from '@ecotope/core'
import { checkCount } from '../discovery/options.ts'
import { quantile } from '../granger/intervals.ts'
import { NumpyRandom } from '../random/pcg64.ts'
import type { CrossMapOptions } from './cross-map.ts'
import { type Embedding, embedded, kept, shifted, type Track } from './embedding.ts'
import { checkSizes, defaultSizes, drawLibrary } from './libraries.ts'
import { crossMapSkills } from './project.ts'
import { skillOf } from './skill.ts'
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

/** Causes whose values are there for the same states. */
interface Group {
  readonly lag: number
  readonly causes: readonly number[]
  readonly embedding: Embedding
}

/** Libraries of a size in which surrogates' gains are measured, at most. */
const GAIN_LIBRARIES = 10

/** Maps of all causes, in order. */
export async function mapEffect(work: EffectWork): Promise<(readonly [cause: number, map: PairMap])[]> {
  const { track, effect, dimension, options } = work
  const tauMax = options.tauMax ?? 0
  const delay = options.delay === undefined ? {} : { delay: options.delay }
  const whole = embedded(track, [track.columns[effect]!], { dimension, ...delay })
  const lags = Array.from({ length: 2 * tauMax + 1 }, (_, k) => k - tauMax)
  const groups = lags.flatMap((lag) => groupsOf(work, whole, lag))
  const maps = new Map<number, Omit<PairMap, 'lags' | 'bestLag' | 'pValue'>>()
  const byLag = new Map<string, Omit<LagSkill, 'pValue'>>()
  for (const [step, group] of groups.entries()) {
    const at = (fraction: number): void | Promise<void> => work.at((step + fraction) / groups.length)
    checkStates(track, effect, group, dimension)
    const found = await mapGroup(work, group, at)
    for (const [c, cause] of group.causes.entries()) {
      byLag.set(`${cause},${group.lag}`, found.lags[c]!)
      if (group.lag === 0) maps.set(cause, found.maps[c]!)
    }
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

function groupsOf({ track, causes }: EffectWork, whole: Embedding, lag: number): Group[] {
  const groups = new Map<string, { causes: number[]; states: Int32Array }>()
  for (const cause of causes) {
    const column = track.columns[cause]!
    const states = Int32Array.from(whole.rows.keys()).filter(
      (state) => !Number.isNaN(shifted(track, column, whole.rows[state]!, lag)),
    )
    const missing = whole.rows.length - states.length
    const key = missing === 0 ? '' : states.join(',')
    const group = groups.get(key) ?? { causes: [], states }
    group.causes.push(cause)
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => ({ lag, causes: group.causes, embedding: kept(whole, group.states) }))
}

function checkStates({ series }: Track, effect: number, { embedding, causes }: Group, dimension: number): void {
  const states = embedding.rows.length
  if (states >= dimension + 3) return
  const names = causes.map((v) => series.names[v]).join(', ')
  throw new InputError(
    'TooFewStates',
    `${series.names[effect]} has ${states} states at which ${names} is known; ${dimension + 3} are needed`,
    { hint: 'Use fewer coordinates, shorter delays or longer series.', data: { states } },
  )
}

interface GroupMaps {
  readonly lags: readonly Omit<LagSkill, 'pValue'>[]
  readonly maps: readonly Omit<PairMap, 'lags' | 'bestLag' | 'pValue'>[]
}

async function mapGroup(work: EffectWork, group: Group, at: EffectWork['at']): Promise<GroupMaps> {
  const { dimension, options } = work
  const { embedding, causes, lag } = group
  const states = embedding.rows.length
  const sizes = sizesOf(options, states, dimension)
  const samples = checkCount('samples', options.samples, 1, 30)
  // Other lags are compared by the largest libraries only.
  const used = lag === 0 ? sizes : sizes.slice(-1)
  const libraries = used.map((size) => drawn(size, states, size === states ? 1 : samples, options.seed ?? 42))
  const columns = causes.map((cause) => work.track.columns[cause]!)
  const draws = lag > 0 ? [] : causes.map((cause) => work.draws.get(cause)!)
  const few = libraries.length > 1 ? [libraries[0]!, libraries.at(-1)!] : libraries
  const tried = few.map((own) => own.slice(0, GAIN_LIBRARIES))
  const { found, others, intervals } = await skillsOf(
    work,
    group,
    [
      { columns, libraries },
      { columns: draws.flat(), libraries: tried },
    ],
    at,
  )
  checkNeighbours(work, group, found)
  const chance = bySurrogate(draws, others)
  const lags = causes.map((_, c) => {
    const skill = mean(found[c]!.at(-1)!)
    const most = chance?.[c]?.map((pair) => pair[1])
    const surrogatePValue = most === undefined ? 1 : asExtreme(skill, most)
    return { lag, skill, surrogatePValue, ...(intervals[c] && { interval: intervals[c] }) }
  })
  const maps = causes.map((_, c) => mapOf(found[c]!, lag === 0 ? chance?.[c] : undefined, sizes, states, options))
  return { lags, maps }
}

/** Skill by library size, and whether it rises. */
function mapOf(
  bySize: readonly Float64Array[],
  chance: readonly (readonly [least: number, most: number])[] | undefined,
  librarySizes: readonly number[],
  states: number,
  { confidenceLevel = 0.9 }: CrossMapOptions,
): GroupMaps['maps'][number] {
  const skill = Float64Array.from(bySize, mean)
  const percentile = (p: number): Float64Array => Float64Array.from(bySize, (values) => quantile(known(values), p))
  const tested = mean(bySize.at(-1)!) - mean(bySize[0]!.slice(0, GAIN_LIBRARIES))
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

/** Skills in ascending order without those of libraries in which no state has enough neighbours; 0 where none is left. */
function known(values: Float64Array): Float64Array {
  const out = values.filter((value) => !Number.isNaN(value)).sort()
  return out.length > 0 ? out : new Float64Array(1)
}

const mean = (values: Float64Array): number => {
  const all = known(values)
  return all.reduce((sum, value) => sum + value, 0) / all.length
}

const asExtreme = (value: number, others: readonly number[]): number =>
  (1 + others.filter((other) => other >= value).length) / (1 + others.length)

interface Mapped {
  readonly columns: readonly Float64Array[]
  /** Of each size. */
  readonly libraries: readonly (readonly Uint8Array[])[]
}

interface Skills {
  /** `[column][size]`, one number per library. */
  readonly found: Float64Array[][]
  /** The same of surrogates. */
  readonly others: Float64Array[][]
  /** Of the columns' skills by the last library; empty where none are asked for. */
  readonly intervals: readonly (readonly [number, number])[]
}

/** Skills of both jobs in one pass over the states. */
async function skillsOf(
  { track, options, dimension }: EffectWork,
  { embedding, lag }: Group,
  jobs: readonly [Mapped, Mapped],
  at: EffectWork['at'],
): Promise<Skills> {
  const rows = embedding.rows
  const skills = await crossMapSkills({
    embedding,
    times: Float64Array.from(rows, (row) => track.times[row]!),
    jobs: jobs.map(({ columns, libraries }, job) => {
      const count = columns.length
      const targets = new Float64Array(rows.length * count)
      for (let c = 0; c < count; c++)
        for (let state = 0; state < rows.length; state++) targets[state * count + c] = columns[c]![rows[state]! + lag]!
      const keep = job === 0 && lag <= 0 && (options.bootstraps ?? 0) > 0
      return { targets, count, libraries: count === 0 ? [] : libraries.flat(), keep }
    }),
    neighbours: options.neighbours ?? dimension + 1,
    radius: options.exclusionRadius ?? 0,
    at,
  })
  const [first, second] = jobs.map(({ columns, libraries }, job) =>
    columns.map((_, c) => {
      let from = 0
      return libraries.map((own) => {
        from += own.length
        return Float64Array.from(own, (__, s) => skills[job]!.skills[(from - own.length + s) * columns.length + c]!)
      })
    }),
  )
  return { found: first!, others: second!, intervals: intervalsOf(jobs[0], skills[0]!.estimates, rows, lag, options) }
}

/** Percentiles of correlations over states drawn in blocks; the estimates stay as they are. */
function intervalsOf(
  { columns }: Mapped,
  estimates: Float64Array | undefined,
  rows: Int32Array,
  lag: number,
  options: CrossMapOptions,
): [number, number][] {
  if (estimates === undefined) return []
  const states = rows.length
  const length = Math.min(states, options.blockLength ?? Math.max(1, Math.floor(Math.cbrt(states))))
  const level = options.confidenceLevel ?? 0.9
  const stream = random(options.seed ?? 42).split('intervals')
  const draws = Array.from({ length: options.bootstraps! }, () =>
    Int32Array.from({ length: Math.ceil(states / length) }, () => stream.integer(states - length + 1)),
  )
  return columns.map((column, c) => {
    const found = Float64Array.from(draws, (starts) => {
      const drawnStates = Int32Array.from({ length: states }, (_, i) => starts[Math.floor(i / length)]! + (i % length))
      const observed = Float64Array.from(drawnStates, (state) => column[rows[state]! + lag]!)
      const estimated = Float64Array.from(drawnStates, (state) => estimates[state * columns.length + c]!)
      return skillOf(observed, estimated).rho
    })
    const all = known(found)
    return [quantile(all, (1 - level) / 2), quantile(all, (1 + level) / 2)]
  })
}

/** Skills `[cause][surrogate]` by the smallest and the largest libraries; undefined where there are no surrogates. */
function bySurrogate(
  draws: readonly (readonly Float64Array[])[],
  skills: readonly (readonly Float64Array[])[],
): (readonly [least: number, most: number])[][] | undefined {
  if (skills.length === 0) return undefined
  const each = draws[0]!.length
  return draws.map((_, c) =>
    skills.slice(c * each, (c + 1) * each).map((sizes) => [mean(sizes[0]!), mean(sizes.at(-1)!)] as const),
  )
}
