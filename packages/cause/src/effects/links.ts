/** Graphs as effects take them: nested link strings or a `LinkGraph`, read into lists of arrows and of common causes. */
import { InputError } from '@ecotope/core'
import { LinkGraph } from '../discovery/graph.ts'

/**
 * `dag`, `admg`: links without time, `[i][j]`. `stationary-dag`, `stationary-admg`: links at lags, `[i][j][tau]`, that hold
 * at all times. `time-dag`, `time-admg`: links between nodes in time, `[i][j][lag of i][lag of j]`. An ADMG may have
 * hidden common causes (`<->`, and `+->` where there is an arrow besides).
 */
export type GraphKind = 'dag' | 'admg' | 'stationary-dag' | 'stationary-admg' | 'time-dag' | 'time-admg'

export type Nested<T> = readonly (T | Nested<T>)[]

/** A link that holds for every time step: from variable `from`, `lag` steps before, to variable `to`. */
export interface StationaryLink {
  readonly from: number
  readonly to: number
  readonly lag: number
}

export interface StationaryLinks {
  readonly variables: number
  /** Largest lag that the graph has room for. */
  readonly tauMax: number
  readonly arrows: readonly StationaryLink[]
  /** Hidden common causes of `from` and `to`. */
  readonly confounded: readonly StationaryLink[]
}

/** What a link means: an arrow to the right, one to the left, a hidden common cause. */
export const MEANINGS: Readonly<Record<string, { right?: true; left?: true; confounded?: true }>> = {
  '-->': { right: true },
  '<--': { left: true },
  '<->': { confounded: true },
  '+->': { right: true, confounded: true },
  '<-+': { left: true, confounded: true },
}

/** Throws `InputError` BadLink where the link has no meaning in a graph of this kind. */
export function meaningOf(link: string, kind: GraphKind, where: string): (typeof MEANINGS)[string] {
  const meaning = MEANINGS[link]
  if (meaning !== undefined && (kind.endsWith('admg') || !meaning.confounded)) return meaning
  const hidden = meaning !== undefined
  throw new InputError('BadLink', `${where} is ${JSON.stringify(link)}, which a graph of kind ${kind} cannot have`, {
    hint: hidden
      ? `Give the kind ${kind.replace('dag', 'admg')} for graphs with hidden common causes.`
      : 'Orient it: links are -->, <--, <->, +->, <-+ or empty.',
    data: { link, kind },
  })
}

/** Depth of nesting: 2 for `[i][j]`. */
export function depthOf(graph: Nested<string>): number {
  let depth = 0
  let at: unknown = graph
  while (Array.isArray(at)) {
    depth++
    at = at[0]
  }
  return depth
}

/** A graph of depth 2 or 3 as `LinkGraph`. Throws `InputError` BadGraph where it is not square or not of even depth. */
export function linkGraphOf(graph: LinkGraph | Nested<string>): LinkGraph {
  if (graph instanceof LinkGraph) return graph
  const depth = depthOf(graph)
  const variables = graph.length
  const cell = (i: number, j: number): readonly string[] => {
    const row = graph[i] as Nested<string>
    const entry = row[j] as string | readonly string[]
    return typeof entry === 'string' ? [entry] : entry
  }
  const length = depth === 2 || depth === 3 ? cell(0, 0)?.length : undefined
  if (length === undefined || length === 0) throw badShape(`its entries are nested ${depth} deep`)
  const out = new LinkGraph(variables, length - 1)
  for (let i = 0; i < variables; i++) {
    if ((graph[i] as Nested<string>).length !== variables) throw badShape(`row ${i} does not have ${variables} entries`)
    for (let j = 0; j < variables; j++) {
      const links = cell(i, j)
      if (!Array.isArray(links) || links.length !== length) throw badShape(`[${i}][${j}] does not have ${length} lags`)
      for (const [tau, link] of links.entries()) out.set(i, j, tau, link)
    }
  }
  return out
}

const badShape = (why: string): InputError =>
  new InputError('BadGraph', `this is not a graph of links [i][j] or [i][j][lag]: ${why}`, {
    hint: 'Give one row and one column per variable, and as many lags in each entry.',
  })

/**
 * Arrows and common causes of a graph of links at lags. Throws `InputError`: BadLink; InconsistentLink where `[i][j][0]` and
 * `[j][i][0]` are not mirror images; BadLink where an arrow points to the past.
 */
export function stationaryLinks(graph: LinkGraph, kind: GraphKind): StationaryLinks {
  const { variables, tauMax } = graph
  const arrows = new Map<string, StationaryLink>()
  const confounded = new Map<string, StationaryLink>()
  const add = (to: Map<string, StationaryLink>, link: StationaryLink): void => {
    to.set(`${link.from},${link.to},${link.lag}`, link)
  }
  for (let i = 0; i < variables; i++)
    for (let j = 0; j < variables; j++)
      for (let lag = 0; lag <= tauMax; lag++) {
        const link = graph.get(i, j, lag)
        if (link === '') continue
        const where = `the link [${i}][${j}][${lag}]`
        const meaning = meaningOf(link, kind, where)
        checkDirection(graph, [i, j, lag], meaning, where)
        if (meaning.right) add(arrows, { from: i, to: j, lag })
        if (meaning.left) add(arrows, { from: j, to: i, lag: 0 })
        if (meaning.confounded && (lag > 0 || i < j || graph.get(j, i, 0) === ''))
          add(confounded, { from: i, to: j, lag })
      }
  return { variables, tauMax, arrows: [...arrows.values()], confounded: [...confounded.values()] }
}

function checkDirection(
  graph: LinkGraph,
  [i, j, lag]: readonly [number, number, number],
  meaning: (typeof MEANINGS)[string],
  where: string,
): void {
  if (lag > 0 && meaning.left)
    throw new InputError('BadLink', `${where} points from the present to the past`, {
      hint: 'Write links at lags as --> from the earlier variable to the later one.',
    })
  if (lag > 0) return
  if (i === j) throw new InputError('BadLink', `${where} joins a variable with itself at the same time`)
  const back = graph.get(j, i, 0)
  if (back === '' || sameLink(meaning, MEANINGS[back])) return
  throw new InputError('InconsistentLink', `${where} is ${graph.get(i, j, 0)}, but [${j}][${i}][0] is ${back}`, {
    hint: 'Both entries of a link without lag must be mirror images.',
  })
}

const sameLink = (a: (typeof MEANINGS)[string], b: (typeof MEANINGS)[string] | undefined): boolean =>
  b !== undefined && a.right === b.left && a.left === b.right && a.confounded === b.confounded
