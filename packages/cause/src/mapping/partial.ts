/** Partial cross mapping (Leng et al. 2020, Nat. Commun. 11, 2632): direct influence apart from that by way of others. */
import { InputError, random, type WorkOptions } from '@ecotope/core'
import { checkCount } from '../discovery/options.ts'
import type { TimeSeries } from '../series/series.ts'
import { regress } from '../statistics/least-squares.ts'
import { correlation } from '../statistics/moments.ts'
import { paced } from '../work/pace.ts'
import { type Embedding, embedded, kept, partsOf, shifted, type Track, trackOf } from './embedding.ts'
import { type Variable, variableIndex } from './forecast.ts'
import { crossMapSkills } from './project.ts'
import { type SurrogateOptions, surrogatesOf } from './surrogates.ts'

export interface PartialOptions extends WorkOptions {
  readonly cause: Variable
  readonly effect: Variable
  /** By way of which an influence is not direct. */
  readonly conditions: readonly Variable[]
  /** Coordinates of all embeddings. */
  readonly dimension: number
  /** Steps between coordinates; default 1. */
  readonly delay?: number
  /** Steps by which the cause precedes the effect; default 0. */
  readonly lag?: number
  /** Default 0: only the state itself is left out. */
  readonly exclusionRadius?: number
  /** Surrogates of the cause, for the p-value; default 100. */
  readonly surrogates?: number
  /** Default `ebisuzaki`. */
  readonly surrogate?: SurrogateOptions
  readonly masked?: boolean
  /** Default 42. */
  readonly seed?: number
}

export interface PartialMap {
  /** Correlation of the cause with what the states of the effect say about it, in [0, 1] (its size). */
  readonly skill: number
  /** The same given what the effect says about the cause by way of the conditions, in [0, 1]. */
  readonly direct: number
  /** Share of surrogates of the cause whose direct influence is as large; undefined without surrogates. */
  readonly pValue?: number
  /** States compared. */
  readonly states: number
}

/**
 * Of chains X -> Z -> Y, the states of Y tell X too. Here Z is first estimated from Y, then X from the states of that
 * estimate; `direct` is the partial correlation of X and its estimate from Y given these. Libraries hold all states.
 * Throws `InputError`: UnknownVariable, NoConditions, BadEmbedding, BadCount, TooFewStates, BadPeriod, VectorVariable;
 * `CancelledError`.
 */
export async function partialCrossMap(series: TimeSeries, options: PartialOptions): Promise<PartialMap> {
  const { lag = 0, dimension, delay = 1 } = options
  const count = checkCount('surrogates', options.surrogates, 0, 100)
  checkCount('lag', lag, 0, 0)
  const track = trackOf(series, options.masked)
  const [cause, effect] = [variableIndex(series, options.cause), variableIndex(series, options.effect)]
  const conditions = options.conditions.map((variable) => variableIndex(series, variable))
  if (conditions.length === 0 || conditions.some((v) => v === cause || v === effect))
    throw new InputError('NoConditions', 'conditions are variables other than cause and effect, at least one', {
      hint: 'For the whole influence use crossMap.',
    })
  const pace = paced('partial cross map', options)
  const steps = conditions.length * 2 + 1
  const work = (step: number): Mapper => ({ track, options, at: (fraction) => pace.at((step + fraction) / steps) })
  const columns = [track.columns[cause]!, ...surrogatesAlong(track, cause, count, options)]
  const shape = { dimension, delay }
  const own = embedded(track, [track.columns[effect]!], shape)
  const direct = await estimated(work(0), own, columns, -lag)
  const around: Float64Array[][] = []
  for (const [i, condition] of conditions.entries()) {
    const [estimate] = await estimated(work(2 * i + 1), own, [track.columns[condition]!], 0)
    around.push(await estimated(work(2 * i + 2), embedded(track, [estimate!], shape), columns, -lag))
  }
  await pace.at(1)
  const rows = Int32Array.from({ length: track.length }, (_, row) => row).filter((row) =>
    [shifted(track, columns[0]!, row, -lag), direct[0]![row]!, ...around.map((all) => all[0]![row]!)].every(
      (value) => !Number.isNaN(value),
    ),
  )
  checkRows(rows, dimension + conditions.length + 3)
  const at = (column: Float64Array, shift = 0): Float64Array => Float64Array.from(rows, (row) => column[row + shift]!)
  const partial = columns.map((column, c) =>
    partialCorrelation(
      at(column, -lag),
      at(direct[c]!),
      around.map((all) => at(all[c]!)),
    ),
  )
  const skill = Math.abs(correlation(at(columns[0]!, -lag), at(direct[0]!))) || 0
  const found = { skill, direct: partial[0]!, states: rows.length }
  if (count === 0) return found
  const larger = partial.slice(1).filter((value) => value >= partial[0]!).length
  return { ...found, pValue: (1 + larger) / (1 + count) }
}

interface Mapper {
  readonly track: Track
  readonly options: PartialOptions
  readonly at: (fraction: number) => void | Promise<void>
}

/** Columns as the states see them `lag` steps away, over the rows of the track; NaN where there is no estimate. */
async function estimated(
  { track, options, at }: Mapper,
  states: Embedding,
  columns: readonly Float64Array[],
  lag: number,
): Promise<Float64Array[]> {
  const which = Int32Array.from(states.rows.keys()).filter(
    (state) => !Number.isNaN(shifted(track, columns[0]!, states.rows[state]!, lag)),
  )
  const embedding = kept(states, which)
  checkRows(embedding.rows, states.dimension + 3)
  const count = columns.length
  const targets = new Float64Array(which.length * count)
  for (const [state, row] of embedding.rows.entries())
    for (let c = 0; c < count; c++) targets[state * count + c] = columns[c]![row + lag]!
  const [found] = await crossMapSkills({
    embedding,
    times: Float64Array.from(embedding.rows, (row) => track.times[row]!),
    jobs: [{ targets, count, libraries: [new Uint8Array(which.length).fill(1)], keep: true }],
    neighbours: states.dimension + 1,
    radius: options.exclusionRadius ?? 0,
    at,
  })
  return columns.map((_, c) => {
    const out = new Float64Array(track.length).fill(Number.NaN)
    for (const [state, row] of embedding.rows.entries()) out[row] = found!.estimates![state * count + c]!
    return out
  })
}

function surrogatesAlong(track: Track, variable: number, count: number, options: PartialOptions): Float64Array[] {
  if (count === 0) return []
  const draw = surrogatesOf(partsOf(track, variable), options.surrogate ?? { kind: 'ebisuzaki' })
  const stream = random(options.seed ?? 42).split('partial cross map')
  return Array.from({ length: count }, (_, i) => Float64Array.from(draw(stream.split(i)).flatMap((part) => [...part])))
}

/** Size of the correlation of what linear regressions on the others leave; 0 where nothing is left. */
function partialCorrelation(x: Float64Array, y: Float64Array, others: readonly Float64Array[]): number {
  const [restX, restY] = [x, y].map((target) => regress(others, target, { intercept: true }).residuals)
  return Math.abs(correlation(restX!, restY!)) || 0
}

function checkRows(rows: Int32Array, needed: number): void {
  if (rows.length >= needed) return
  throw new InputError('TooFewStates', `${rows.length} states can be mapped, and ${needed} are needed`, {
    hint: 'Use fewer coordinates, shorter delays or longer series.',
    data: { states: rows.length, needed },
  })
}
