/** Links as findings: claims with strength, uncertainty, stability, assumptions and warnings. */
import type { Warning } from '@ecotope/core'
import type { Discovery, Link } from '../discovery/graph.ts'
import { correctedPValues } from '../discovery/matrices.ts'
import type { TimeSeries } from '../series/series.ts'
import { diagnose, type VariableDiagnostics, warningsOf } from './diagnostics.ts'

/** One claim about a pair of variables. */
export interface LinkFinding {
  readonly from: string
  readonly to: string
  /** Time steps from cause to effect. */
  readonly lag: number
  readonly link: Link
  /** The claim in words. */
  readonly claim: string
  /** Value of the test. */
  readonly strength: number
  readonly interval?: readonly [lower: number, upper: number]
  readonly pValue: number
  /** P-value corrected for all pairs and lags that were tested (Benjamini and Hochberg 1995). */
  readonly qValue: number
  /** Share of bootstrap draws with the same link, in [0, 1]. */
  readonly stability?: number
  readonly warnings: readonly string[]
}

export interface Findings {
  readonly method: string
  readonly test: string
  readonly links: readonly LinkFinding[]
  readonly assumptions: readonly string[]
  readonly warnings: readonly Warning[]
  readonly variables: readonly VariableDiagnostics[]
}

/** How often each link came back: `[i, j, tau]` in [0, 1]. */
export interface Stability {
  get(i: number, j: number, tau: number): number
}

const CLAIMS: Readonly<Record<string, (from: string, to: string) => string>> = {
  '-->': (from, to) => `${from} causes ${to}`,
  'o->': (from, to) => `${from} causes ${to}, or both have a hidden cause`,
  '<->': (from, to) => `${from} and ${to} have a hidden common cause`,
  'o-o': (from, to) => `${from} and ${to} are linked; the direction is open`,
  'x-x': (from, to) => `${from} and ${to} are linked; the rules for the direction contradict each other`,
}

const claimOf = (link: Link, from: string, to: string): string => CLAIMS[link]?.(from, to) ?? `${from} ${link} ${to}`

/** The links of a search, the strongest first; a contemporaneous one once. */
export function findingsOf(found: Discovery, series: TimeSeries, stability?: Stability): Findings {
  const diagnostics = diagnose(series)
  const qValueOf = correctedBy(found)
  const links: LinkFinding[] = []
  for (const [i, j, tau] of pairs(found)) {
    const link = found.graph.get(i, j, tau)
    if (link === '') continue
    const [from, to] = [found.variables[i]!, found.variables[j]!]
    const bounds =
      found.intervals && ([found.intervals.lower.get(i, j, tau), found.intervals.upper.get(i, j, tau)] as const)
    links.push({
      from,
      to,
      lag: tau,
      link,
      claim: claimOf(link, from, to),
      strength: found.values.get(i, j, tau),
      ...(bounds?.every(Number.isFinite) && { interval: bounds }),
      pValue: found.pValues.get(i, j, tau),
      qValue: qValueOf(i, j, tau),
      ...(stability && { stability: stability.get(i, j, tau) }),
      warnings: warningsOfLink(diagnostics, [i, j], qValueOf(i, j, tau), found.alpha, stability?.get(i, j, tau)),
    })
  }
  const count = found.variables.length ** 2 * (found.tauMax - Math.max(1, found.tauMin) + 1)
  return {
    method: found.method,
    test: found.test,
    links: links.sort((a, b) => Math.abs(b.strength) - Math.abs(a.strength)),
    assumptions: found.assumptions,
    warnings: [
      ...found.warnings,
      ...warningsOf(diagnostics, {
        samples: found.samples[0],
        tests: count,
        alpha: found.alpha,
        isCorrected: found.qValues !== undefined,
      }),
    ],
    variables: diagnostics,
  }
}

/** The search's own corrected p-values, or those of all pairs and lags; a contemporaneous pair is one test. */
function correctedBy({ qValues, pValues, tauMin }: Discovery): (i: number, j: number, tau: number) => number {
  if (qValues !== undefined) return (i, j, tau) => qValues.get(i, j, tau)
  const all = correctedPValues(
    pValues,
    // Links that were assumed or excluded have no p-value.
    (i, j, tau) => tau >= Math.max(tauMin, i < j ? 0 : 1) && Number.isFinite(pValues.get(i, j, tau)),
  )
  return (i, j, tau) => (tau === 0 ? all.get(Math.min(i, j), Math.max(i, j), 0) : all.get(i, j, tau))
}

/** Pairs and lags; contemporaneous ones in the direction in which they are read. */
function* pairs({ variables, tauMin, tauMax, graph }: Discovery): Generator<readonly [number, number, number]> {
  for (let i = 0; i < variables.length; i++)
    for (let j = 0; j < variables.length; j++)
      for (let tau = tauMin; tau <= tauMax; tau++) {
        const isBackward = graph.get(i, j, tau).startsWith('<') && graph.get(i, j, tau) !== '<->'
        const isTwin = tau === 0 && i > j && !graph.get(j, i, 0).startsWith('<-')
        if (tau > 0 || (i !== j && !isBackward && !isTwin)) yield [i, j, tau]
      }
}

function warningsOfLink(
  diagnostics: readonly VariableDiagnostics[],
  pair: readonly number[],
  qValue: number,
  alpha: number,
  stability: number | undefined,
): string[] {
  const rows = pair.map((variable) => diagnostics[variable]).filter((row) => row !== undefined)
  const rules: readonly (readonly [boolean, string])[] = [
    [qValue > alpha, 'does not stand when p-values are corrected for the number of tests'],
    [stability !== undefined && stability < 0.5, 'comes back in fewer than half of the bootstrap draws'],
    [rows.some(({ levelStatistic }) => levelStatistic > 0.739), 'one of the series has a trend or changes its level'],
    [rows.some(({ autocorrelation }) => autocorrelation > 0.9), 'one of the series is strongly autocorrelated'],
  ]
  return rules.filter(([holds]) => holds).map(([, text]) => text)
}
