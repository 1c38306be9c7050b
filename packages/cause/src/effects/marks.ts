/** Links that a search left open, and what each may be. */
import { InputError } from '@ecotope/core'
import { type Link, LinkGraph, reversed } from '../discovery/graph.ts'

/** `resolved`: nothing is open; `cpdag`: links without hidden causes are; `pag`: whether there are hidden causes is, too. */
export type Openness = 'resolved' | 'cpdag' | 'pag'

/** A link that may be one of several. Without lag it is named once, with i < j. */
export interface OpenLink {
  readonly i: number
  readonly j: number
  readonly lag: number
  readonly link: Link
  readonly choices: readonly Link[]
}

const SETTLED: ReadonlySet<Link> = new Set(['-->', '<--', '<->', '+->', '<-+'])

interface Choices {
  readonly cpdag?: readonly Link[]
  readonly pag: readonly Link[]
  readonly lagged?: readonly Link[]
}

/** What a link may be in graphs without hidden causes, with them, and with them at a lag. */
const CHOICES: Readonly<Record<Link, Choices>> = {
  'o-o': { cpdag: ['-->', '<--'], pag: ['-->', '<--', '<->'], lagged: ['-->', '<->'] },
  'x-x': { cpdag: ['-->', '<--'], pag: ['-->', '<--', '<->'], lagged: ['-->', '<->'] },
  'o->': { pag: ['-->', '<->'] },
  'x->': { pag: ['-->', '<->'] },
  '<-o': { pag: ['<--', '<->'] },
  '<-x': { pag: ['<--', '<->'] },
  'o-x': { pag: ['-->', '<--', '<->'], lagged: ['-->', '<->'] },
  'x-o': { pag: ['-->', '<--', '<->'], lagged: ['-->', '<->'] },
  'x--': { pag: ['<--'] },
  '--x': { pag: ['-->'] },
  'o--': { pag: ['<--'] },
  '--o': { pag: ['-->'] },
}

/** Each link once: without lag, that of the smaller variable. */
export function* linksOf(graph: LinkGraph): Generator<{ i: number; j: number; lag: number; link: Link }> {
  for (let i = 0; i < graph.variables; i++)
    for (let j = 0; j < graph.variables; j++)
      for (let lag = 0; lag <= graph.tauMax; lag++) {
        if (lag === 0 && i > j) continue
        const link = graph.get(i, j, lag) || (lag === 0 ? reversed(graph.get(j, i, 0)) : '')
        if (link !== '') yield { i, j, lag, link }
      }
}

/** Whether the graph marks hidden common causes. */
export const marksHiddenCauses = (graph: LinkGraph): boolean =>
  [...linksOf(graph)].some(({ link }) => link === '<->' || link.includes('+'))

/** How much a graph leaves open. Throws `InputError` BadLink where a link is none of a finished search. */
export function opennessOf(graph: LinkGraph): Openness {
  let [open, bidirected] = [false, false]
  let openness: Openness = 'resolved'
  for (const { i, j, lag, link } of linksOf(graph)) {
    if (link === '<->') bidirected = true
    if (SETTLED.has(link)) continue
    const choices = CHOICES[link]
    if (choices === undefined)
      throw new InputError('BadLink', `the link [${i}][${j}][${lag}] is ${link}, which no finished graph has`, {
        hint: 'Links are -->, <--, <->, +->, <-+, and o-o, x-x, o->, <-o where they are not oriented.',
        data: { i, j, lag, link },
      })
    open = true
    if (choices.cpdag === undefined || lag > 0) openness = 'pag'
  }
  if (!open) return 'resolved'
  return openness === 'pag' || bidirected ? 'pag' : 'cpdag'
}

/** Links that are not settled. */
export function openLinks(graph: LinkGraph, openness: Openness): OpenLink[] {
  if (openness === 'resolved') return []
  return [...linksOf(graph)]
    .filter(({ link }) => !SETTLED.has(link))
    .map((each) => {
      const { cpdag, pag, lagged } = CHOICES[each.link]!
      const choices = openness === 'cpdag' ? (cpdag ?? pag) : each.lag > 0 ? (lagged ?? pag) : pag
      return { ...each, choices }
    })
}

/** The mark of a link at its right end. */
export const rightMark = (link: Link): string => link[2] ?? ''

/**
 * Links between variables that may be ancestors of the given ones, for graphs without hidden causes: no others matter for an
 * effect, so that they need not be oriented.
 */
export function possiblyAncestral(graph: LinkGraph, variables: readonly number[]): LinkGraph {
  const kept = new Set(variables)
  const links = [...linksOf(graph)]
  for (let grown = true; grown; ) {
    grown = false
    for (const { i, j, lag, link } of links) {
      const forward = link !== '<--'
      const backward = lag === 0 && link !== '-->'
      for (const [from, to, may] of [
        [i, j, forward],
        [j, i, backward],
      ] as const)
        if (may && kept.has(to) && !kept.has(from)) {
          kept.add(from)
          grown = true
        }
    }
  }
  const out = new LinkGraph(graph.variables, graph.tauMax)
  for (const { i, j, lag, link } of links) if (kept.has(i) && kept.has(j)) out.put(i, j, lag, link)
  return out
}
