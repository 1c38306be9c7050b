/** Effects that the graphs of an equivalence class leave possible (IDA, Maathuis et al. 2009), and the refusal that names them. */
import { InputError, type WorkOptions } from '@ecotope/core'
import type { LinkGraph } from '../discovery/graph.ts'
import { type Node, nodeName, type TimeSeries } from '../series/series.ts'
import { ask, type EffectQuestion } from './effect-question.ts'
import { identify, type Outcome, type Unidentified } from './identify.ts'
import type { Nested } from './links.ts'
import type { EffectQuery } from './query.ts'
import { fitTotalEffect } from './total-effect.ts'

/** Of one cause on one effect. */
export interface PossibleEffect {
  readonly from: string
  readonly to: string
  /** Different values, ascending. */
  readonly values: readonly number[]
  readonly low: number
  readonly high: number
}

export interface PossibleEffects {
  readonly effects: readonly PossibleEffect[]
  /** Graphs looked at. */
  readonly graphs: number
  /** Graphs in which the effect has no valid adjustment set: it may then be anything. */
  readonly unidentifiable: number
}

/**
 * The linear total effect in each graph that open links leave possible. Throws `InputError` as `effectOf` does, without
 * NotIdentifiable.
 */
export async function possibleEffects(
  series: TimeSeries,
  graph: LinkGraph | Nested<string>,
  question: EffectQuestion,
  work: Pick<WorkOptions, 'signal' | 'onProgress'> = {},
): Promise<PossibleEffects> {
  const asked = ask(series, graph, question)
  return possibleOf(series, await identify(asked.graph, asked, work))
}

export function possibleOf(
  series: TimeSeries,
  { outcomes }: { readonly outcomes: readonly Outcome[] },
): PossibleEffects {
  const { query } = outcomes[0]!
  const known = new Map<string, readonly Float64Array[] | undefined>()
  const solvable = outcomes.filter(({ adjustment }) => adjustment !== undefined)
  for (const { query: own, adjustment } of solvable) {
    const key = own.causal ? String(adjustment) : 'zero'
    if (known.has(key)) continue
    known.set(key, coefficientsOf(own, series, adjustment!))
  }
  const fits = [...known.values()].filter((fit) => fit !== undefined)
  const effects = query.from.flatMap((from, x) =>
    query.to.flatMap((to, y): PossibleEffect[] => {
      const values = [...new Set(fits.map((fit) => fit[y]![x]!))].sort((a, b) => a - b)
      if (values.length === 0) return []
      const name = { from: nodeName(series, from), to: nodeName(series, to) }
      return [{ ...name, values, low: values[0]!, high: values.at(-1)! }]
    }),
  )
  return { effects, graphs: outcomes.length, unidentifiable: outcomes.length - solvable.length }
}

/** Undefined where the series do not allow a fit, which must not hide why the effect is refused. */
function coefficientsOf(
  query: EffectQuery,
  series: TimeSeries,
  adjustment: readonly Node[],
): readonly Float64Array[] | undefined {
  try {
    return fitTotalEffect(query, series, { adjustment, evenIfInvalid: true }).coefficients
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** The error of an effect that the graph does not settle, with what would. */
export function refusal({ reason, path, links }: Unidentified, possible: PossibleEffects): InputError {
  const where = path === undefined ? '' : ` (${path})`
  const bounds = possible.effects
    .map(({ from, to, low, high }) => `${from} on ${to} from ${low.toPrecision(3)} to ${high.toPrecision(3)}`)
    .join('; ')
  const range = links.length > 0 && bounds !== '' ? ` Possible linear effects: ${bounds}.` : ''
  return new InputError('NotIdentifiable', `the effect is not identifiable: ${reason}${where}.${range}`, {
    hint:
      links.length > 0
        ? `Orient ${links.join(', ')}, by what you know or by a search that can.`
        : 'Measure what is hidden, drop a link that you know to be absent, or ask for another effect.',
    data: { reason, links, possible, ...(path !== undefined && { path }) },
  })
}
