/**
 * Tests of momentary conditional independence: each link given the parents of both its ends (MCI, algorithm S2 of Runge et al.
 * 2019, Sci. Adv. 5), and the variants that condition on other pasts.
 */
import type { Node } from '../series/series.ts'
import { type AssumedLinks, backOf, isCertain, mayPointToTarget, type NodeCode, variableOf } from './assumptions.ts'
import type { Discovery } from './graph.ts'
import { LagArray } from './lag-array.ts'
import { correctedPValues, graphOf, symmetrise, testedLinks } from './matrices.ts'
import { checkCount, type SearchOptions } from './options.ts'
import { CERTAIN, checkCorrection, type Search } from './search.ts'

export interface MciOptions
  extends Pick<SearchOptions, 'alpha' | 'maxConditionsY' | 'maxConditionsX' | 'fdr' | 'fdrContemporaneous'> {
  /** Whether values are all that is wanted: the graph stays empty, p-values 1, and values of links without lag one-sided. */
  readonly valuesOnly?: boolean
}

/** Nodes that each variable is conditioned on, the most important first. */
export type Parents = readonly (readonly NodeCode[])[]

export type MciResult = Pick<Discovery, 'alpha' | 'graph' | 'values' | 'pValues' | 'qValues' | 'intervals'>

interface Tables {
  readonly values: LagArray
  readonly pValues: LagArray
  readonly lower: LagArray
  readonly upper: LagArray
}

/** Most conditions when nobody limits them: every node there is. */
export const allConditions = ({ variables, tauMin, tauMax }: Search): number => variables * (tauMax - tauMin + 1)

const oneByOne = (): undefined => undefined

/** Tests every link. Throws `InputError`: BadCount, ThresholdNotCorrected, and the test's own. */
export async function testLinks(
  search: Search,
  links: AssumedLinks,
  parents: Parents,
  options: MciOptions,
): Promise<MciResult> {
  const { alpha = 0.05, fdr = 'none' } = options
  checkCorrection(search.tester, fdr)
  const zeros = (): LagArray => new LagArray(search.variables, search.tauMax)
  await search.prepare()
  const { values, pValues } = search.empty()
  const tables = { values, pValues, lower: zeros(), upper: zeros() }
  await fill(search, links, parents, options, alpha, tables)
  const { confidence } = search.tester.independence.options
  const intervals = confidence === undefined ? undefined : { lower: tables.lower, upper: tables.upper }
  const also = intervals ? [values, intervals.lower, intervals.upper] : [values]
  if (options.valuesOnly) {
    pValues.data.fill(1)
    return { alpha, graph: search.empty().graph, values, pValues, ...(intervals && { intervals }) }
  }
  const qValues =
    fdr === 'none'
      ? undefined
      : correctedPValues(pValues, testedLinks(links, search.coding, options.fdrContemporaneous ?? false))
  const graph = graphOf(search.variables, search.tauMax, found(search, values, qValues ?? pValues, alpha))
  if (qValues) symmetrise(links, search.coding, pValues, [])
  symmetrise(links, search.coding, qValues ?? pValues, also)
  return { alpha, graph, values, pValues, ...(qValues && { qValues }), ...(intervals && { intervals }) }
}

/** Whether an entry is a link: by p-value, or by value where the test is by threshold. */
function found(
  search: Search,
  values: LagArray,
  pValues: LagArray,
  alpha: number,
): (i: number, j: number, tau: number) => boolean {
  const { significance, twoSided } = search.tester.independence
  if (significance !== 'threshold') return (i, j, tau) => pValues.get(i, j, tau) <= alpha
  if (twoSided) return (i, j, tau) => Math.abs(values.get(i, j, tau)) >= Math.abs(alpha)
  return (i, j, tau) => values.get(i, j, tau) >= alpha
}

async function fill(
  search: Search,
  links: AssumedLinks,
  parents: Parents,
  options: MciOptions,
  alpha: number,
  tables: Tables,
): Promise<void> {
  const all = allConditions(search)
  const maxY = checkCount('maxConditionsY', options.maxConditionsY, 0, all)
  const maxX = checkCount('maxConditionsX', options.maxConditionsX, 0, all)
  const bounded = search.tester.independence.options.confidence !== undefined
  const conditions = conditionsOf(search)
  const ofSource = shiftedParents(search, parents, maxX)
  const pace = search.pace('links')
  const total = links.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const [j, map] of links.entries()) {
    // Of the two ends of a link without lag the one with the larger p-value gives the interval, the first where both are the
    // same number: answers that are equal but for rounding would not do.
    const test = bounded ? oneByOne : search.given(j, parents[j]!.slice(0, maxY), alpha)
    for (const [code, link] of map) {
      done++
      if (!mayPointToTarget(link)) continue
      const [i, back] = [variableOf(search.coding, code), backOf(search.coding, code)]
      const z = (): NodeCode[] => conditions([], parents[j]!, maxY, code, parents[i]!, maxX)
      const quick = isCertain(link) && !options.valuesOnly ? CERTAIN : test(code, ofSource(code))
      const asked = quick ?? search.ask(code, j, z(), alpha)
      const { value, pValue } = asked instanceof Promise ? await asked : asked
      tables.values.set(i, j, back, value)
      tables.pValues.set(i, j, back, pValue)
      const bounds = bounded ? await search.interval(code, j, z()) : undefined
      if (bounds) for (const [k, table] of [tables.lower, tables.upper].entries()) table.set(i, j, back, bounds[k]!)
      const turn = pace.at(done / total)
      if (turn) await turn
    }
  }
  await pace.at(1)
}

/** For a node the parents of its variable, moved back by its lag; lists are kept. */
function shiftedParents(search: Search, parents: Parents, most: number): (code: NodeCode) => readonly Node[] {
  const lists = new Map<NodeCode, Node[]>()
  return (code) => {
    let list = lists.get(code)
    if (list === undefined) {
      const [i, back] = [variableOf(search.coding, code), backOf(search.coding, code)]
      list = search.nodes(parents[i]!.slice(0, most).map((parent) => parent + back))
      lists.set(code, list)
    }
    return list
  }
}

/**
 * Makes conditions of x and j: a start, then parents of j without x, then parents of x moved back by its lag; each once (the
 * start as it is).
 */
export function conditionsOf(
  search: Search,
): (
  start: readonly NodeCode[],
  ofY: readonly NodeCode[],
  maxY: number,
  x: NodeCode,
  ofX: readonly NodeCode[],
  maxX: number,
) => NodeCode[] {
  const { span } = search.coding
  const seen = new Uint32Array(search.variables * span)
  let round = 0
  return (start, ofY, maxY, x, ofX, maxX) => {
    round++
    const z: NodeCode[] = []
    for (const code of start) {
      seen[code] = round
      z.push(code)
    }
    const add = (code: NodeCode): void => {
      if (seen[code] === round) return
      seen[code] = round
      z.push(code)
    }
    for (let k = 0; k < Math.min(maxY, ofY.length); k++) if (ofY[k] !== x) add(ofY[k]!)
    const back = x % span
    for (let k = 0; k < Math.min(maxX, ofX.length); k++) add(ofX[k]! + back)
    return z
  }
}

/** Parents as a user gives them, as numbers. */
export const codesOf = (search: Search, parents: readonly (readonly Node[])[]): NodeCode[][] =>
  parents.map((nodes) => nodes.map(([variable, lag]) => search.code(variable, -lag)))
