/** From cross-map skills by lag to links. */
import { LinkGraph } from '../discovery/graph.ts'
import type { LagArray } from '../discovery/lag-array.ts'
import type { TimeSeries } from '../series/series.ts'
import type { CrossMapPair } from './cross-map.ts'

/** Links each pair at its best lag, where that passes and does not lie ahead. */
export function mappedGraph(
  series: TimeSeries,
  pairs: readonly CrossMapPair[],
  pValues: LagArray,
  alpha: number,
  warn: (tag: string, message: string) => void,
): LinkGraph {
  const graph = new LinkGraph(series.names.length, pValues.tauMax)
  for (const { cause, effect, bestLag, lags } of pairs) {
    const [i, j] = [series.names.indexOf(cause), series.names.indexOf(effect)]
    if (bestLag > 0) {
      const past = lags.filter(({ lag }) => lag <= 0)
      if (past.some(({ lag }) => pValues.get(i, j, -lag) <= alpha))
        warn(
          'Synchrony',
          `${effect} tells most about ${cause} ${bestLag} steps ahead: ${cause} does not cause it, or both are synchronous`,
        )
      continue
    }
    if (pValues.get(i, j, -bestLag) > alpha) continue
    const back = bestLag === 0 && graph.get(j, i, 0) !== ''
    if (back) graph.put(i, j, 0, 'o-o')
    else graph.put(i, j, -bestLag, '-->')
  }
  return graph
}
