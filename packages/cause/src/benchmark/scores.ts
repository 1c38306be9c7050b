/** How well a method found a known graph. */
import type { LinkGraph } from '../discovery/graph.ts'
import type { LagArray } from '../discovery/lag-array.ts'

/** What a method answers for series: how sure it is of each link, and which it claims. */
export interface Answer {
  /** The larger, the surer; NaN: not tested. */
  readonly scores: LagArray
  readonly graph: LinkGraph
  /** Whether links within the time step were tested too. */
  readonly hasNow: boolean
}

/** A link with a hidden cause only, `<->`, claims no cause. */
const isClaim = (link: string): boolean => link !== '' && link !== '<->'

export interface Scores {
  /** Area under the receiver operating characteristic of lagged links between variables, in [0, 1]; 0.5 is guessing. */
  readonly auroc: number
  /** Share of true lagged links between variables that are found. */
  readonly truePositives: number
  /** Share of absent ones that are claimed. */
  readonly falsePositives: number
  /** Share of claims that are true; NaN where nothing is claimed. */
  readonly precision: number
  /** Harmonic mean of precision and the share found, in [0, 1]. */
  readonly f1: number
  /** Share of adjacencies within the time step that are found, and of absent ones claimed; NaN: there are none. */
  readonly nowFound: number
  readonly nowFalse: number
  /** Share of found adjacencies within the time step whose direction is right. */
  readonly nowOriented: number
}

interface Counted {
  found: number
  missed: number
  claimed: number
  rejected: number
}

const share = (part: number, rest: number): number => part / (part + rest)

/** Scores over lags `1 .. tauMax` of the truth, links of variables on themselves left out. */
export function scoresOf(answer: Answer, truth: LinkGraph): Scores {
  const { variables, tauMax } = truth
  const lagged: Counted = { found: 0, missed: 0, claimed: 0, rejected: 0 }
  const positive: number[] = []
  const negative: number[] = []
  for (let i = 0; i < variables; i++)
    for (let j = 0; j < variables; j++)
      for (let tau = 1; tau <= tauMax && i !== j; tau++) {
        const isLink = truth.get(i, j, tau) !== ''
        count(lagged, isLink, isClaim(answer.graph.get(i, j, tau)))
        const score = answer.scores.get(i, j, tau)
        ;(isLink ? positive : negative).push(Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score)
      }
  const { found, missed, claimed, rejected } = lagged
  return {
    auroc: auroc(positive, negative),
    truePositives: share(found, missed),
    falsePositives: share(claimed, rejected),
    precision: share(found, claimed),
    f1: (2 * found) / (2 * found + missed + claimed),
    ...(answer.hasNow
      ? nowScores(answer.graph, truth)
      : { nowFound: Number.NaN, nowFalse: Number.NaN, nowOriented: Number.NaN }),
  }
}

function count(counted: Counted, isLink: boolean, isClaimed: boolean): void {
  if (isLink) counted[isClaimed ? 'found' : 'missed']++
  else counted[isClaimed ? 'claimed' : 'rejected']++
}

function nowScores(graph: LinkGraph, truth: LinkGraph): Pick<Scores, 'nowFound' | 'nowFalse' | 'nowOriented'> {
  const counted: Counted = { found: 0, missed: 0, claimed: 0, rejected: 0 }
  let oriented = 0
  for (let i = 0; i < truth.variables; i++)
    for (let j = i + 1; j < truth.variables; j++) {
      const [real, claim] = [truth.get(i, j, 0), graph.get(i, j, 0)]
      count(counted, real !== '', claim !== '')
      if (real !== '' && claim === real) oriented++
    }
  const { found, missed, claimed, rejected } = counted
  return { nowFound: share(found, missed), nowFalse: share(claimed, rejected), nowOriented: oriented / found }
}

/** Probability that a true link has a higher score than an absent one; ties count half (Mann and Whitney 1947). */
export function auroc(positive: readonly number[], negative: readonly number[]): number {
  if (positive.length === 0 || negative.length === 0) return Number.NaN
  const all = [
    ...positive.map((score) => ({ score, isLink: true })),
    ...negative.map((score) => ({ score, isLink: false })),
  ]
  all.sort((a, b) => (a.score === b.score ? 0 : a.score - b.score))
  let rankSum = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    while (to < all.length && all[to]!.score === all[from]!.score) to++
    const rank = (from + 1 + to) / 2
    for (let k = from; k < to; k++) if (all[k]!.isLink) rankSum += rank
    from = to
  }
  const n = positive.length
  return (rankSum - (n * (n + 1)) / 2) / (n * negative.length)
}
