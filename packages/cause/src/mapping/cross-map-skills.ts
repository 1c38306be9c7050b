/** Skills of one effect's states for many targets and libraries, and how sure the largest library's are. */
import { random } from '@ecotope/core'
import { quantile } from '../granger/intervals.ts'
import type { Embedding } from './embedding.ts'
import { crossMapSkills } from './project.ts'
import { skillOf } from './skill.ts'

/** A column of the track, and how many steps from the state's present its value is taken. */
export interface Target {
  readonly values: Float64Array
  readonly shift: number
}

export interface Targets {
  readonly targets: readonly Target[]
  /** Of each size. */
  readonly libraries: readonly (readonly Uint8Array[])[]
}

export interface SkillInput {
  readonly embedding: Embedding
  /** Clock time of each state. */
  readonly times: Float64Array
  readonly columns: Targets
  readonly surrogates: Targets
  readonly neighbours: number
  readonly options: IntervalOptions
  readonly at: (fraction: number) => void | Promise<void>
}

export interface IntervalOptions {
  readonly exclusionRadius?: number
  readonly bootstraps?: number
  readonly blockLength?: number
  readonly confidenceLevel?: number
  readonly seed?: number
}

export interface Skills {
  /** `[target][size]`, one number per library. */
  readonly found: Float64Array[][]
  /** The same of surrogates. */
  readonly others: Float64Array[][]
  /** Of the columns' skills by the last library; empty where none are asked for. */
  readonly intervals: readonly (readonly [number, number])[]
}

/** Columns and surrogates in one pass over the states. */
export async function skillsOf(input: SkillInput): Promise<Skills> {
  const { embedding, times, columns, surrogates, neighbours, options, at } = input
  const rows = embedding.rows
  const all = [columns, surrogates]
  const skills = await crossMapSkills({
    embedding,
    times,
    jobs: all.map(({ targets, libraries }, job) => {
      const count = targets.length
      const values = new Float64Array(rows.length * count)
      for (const [c, target] of targets.entries())
        for (let state = 0; state < rows.length; state++)
          values[state * count + c] = target.values[rows[state]! + target.shift]!
      const keep = job === 0 && (options.bootstraps ?? 0) > 0
      return { targets: values, count, libraries: count === 0 ? [] : libraries.flat(), keep }
    }),
    neighbours,
    radius: options.exclusionRadius ?? 0,
    at,
  })
  const [found, others] = all.map(({ targets, libraries }, job) =>
    targets.map((_, c) => {
      let from = 0
      return libraries.map((own) => {
        from += own.length
        return Float64Array.from(own, (__, s) => skills[job]!.skills[(from - own.length + s) * targets.length + c]!)
      })
    }),
  )
  return { found: found!, others: others!, intervals: intervalsOf(columns, skills[0]!.estimates, rows, options) }
}

/** Percentiles of correlations over states drawn in blocks; the estimates stay as they are. */
function intervalsOf(
  { targets }: Targets,
  estimates: Float64Array | undefined,
  rows: Int32Array,
  options: IntervalOptions,
): [number, number][] {
  if (estimates === undefined) return []
  const states = rows.length
  const length = Math.min(states, options.blockLength ?? Math.max(1, Math.floor(Math.cbrt(states))))
  const level = options.confidenceLevel ?? 0.9
  const stream = random(options.seed ?? 42).split('intervals')
  const draws = Array.from({ length: options.bootstraps ?? 0 }, () => {
    const starts = Array.from({ length: Math.ceil(states / length) }, () => stream.integer(states - length + 1))
    return Int32Array.from({ length: states }, (_, i) => starts[Math.floor(i / length)]! + (i % length))
  })
  return targets.map(({ values, shift }, c) => {
    const found = Float64Array.from(draws, (drawn) => {
      const observed = Float64Array.from(drawn, (state) => values[rows[state]! + shift]!)
      const estimated = Float64Array.from(drawn, (state) => estimates[state * targets.length + c]!)
      return skillOf(observed, estimated).rho
    })
    const known = knownSkills(found)
    return [quantile(known, (1 - level) / 2), quantile(known, (1 + level) / 2)]
  })
}

/** Skills in ascending order without those of libraries in which no state has enough neighbours; 0 where none is left. */
export function knownSkills(values: Float64Array): Float64Array {
  const out = values.filter((value) => !Number.isNaN(value)).sort()
  return out.length > 0 ? out : new Float64Array(1)
}

export const meanSkill = (values: Float64Array): number => {
  const all = knownSkills(values)
  return all.reduce((sum, value) => sum + value, 0) / all.length
}
