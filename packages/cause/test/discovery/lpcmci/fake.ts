/** A tester that answers from a list of separations, and graphs from text: for tests of single rules. */
import { codeOf } from '../../../src/discovery/assumptions.ts'
import { markedOf, textOf } from '../../../src/discovery/lpcmci/marks.ts'
import { type LpcmciOptions, lpcmciSettings } from '../../../src/discovery/lpcmci/options.ts'
import type { Claim } from '../../../src/discovery/lpcmci/rule.ts'
import { Run } from '../../../src/discovery/lpcmci/run.ts'
import { Search } from '../../../src/discovery/search.ts'
import type { Tester, TestResult } from '../../../src/independence/test.ts'
import { type Node, timeSeries } from '../../../src/series/series.ts'

export interface FakeTester extends Tester {
  /** What was asked, as `1@-1 0@0 | 2@0`. */
  readonly asked: string[]
}

const shown = ([variable, lag]: Node): string => `${variable}@${lag}`
const sorted = (nodes: readonly Node[]): string => nodes.map(shown).sort().join(' ')

/** Independent are the pairs given the sets in this list, such as `0@0 1@0 | 2@0`; all else depends. */
export function fakeTester(variables: number, independent: readonly string[] = []): FakeTester {
  const asked: string[] = []
  const known = new Set(independent)
  const series = timeSeries({ columns: Array.from({ length: variables }, () => [0, 1]) })
  return {
    series,
    independence: { name: 'fake', significance: 'analytic', twoSided: true, options: {} },
    asked,
    made: 0,
    recalled: 0,
    warnings: [],
    ask(x, y, z): TestResult {
      const question = `${sorted(x)} ${sorted(y)} | ${sorted(z)}`.trim()
      asked.push(question)
      const dependent = !known.has(question)
      return { value: dependent ? 0.5 : 0.01, pValue: dependent ? 0.001 : 0.9, dependent, samples: 100 }
    },
    interval: async () => undefined,
    criterion: async () => 0,
  }
}

/** A search whose graph has these links only, such as `0@-1 --> 1`, each with its middle mark. */
export function runWith(
  variables: number,
  links: readonly string[],
  { independent = [], ...options }: Partial<LpcmciOptions> & { readonly independent?: readonly string[] } = {},
): { readonly run: Run; readonly tester: FakeTester } {
  const tester = fakeTester(variables, independent)
  const full: LpcmciOptions = { tauMax: 1, ...options }
  const settings = lpcmciSettings(full, false)
  const run = new Run(new Search(tester, settings, full), settings, full)
  const { graph } = run.memory
  graph.links.fill(0)
  for (const text of links) {
    const [from, link, to] = text.split(' ')
    const [variable, lag] = from!.split('@').map(Number)
    graph.putAt(variable!, -(lag ?? 0), Number(to), markedOf(link!))
  }
  run.memory.renewPaths()
  return { run, tester }
}

/** A node by its name, `0@-1`. */
export function node(run: Run, name: string): number {
  const [variable, lag] = name.split('@').map(Number)
  return codeOf(run.space, variable!, 0 - lag!)
}

/** Tells the search that these nodes separate two others (the later one is now). */
export function separated(run: Run, x: string, y: string, nodes: readonly string[], minimal = true): void {
  run.memory.separate(node(run, x), node(run, y), run.space.set(nodes.map((name) => node(run, name))), minimal)
}

/** `0@-1 --> 1` */
export const told = (claims: readonly Claim[]): string[] =>
  claims.map(({ i, back, j, link }) => `${i}@${0 - back} ${textOf(link) || 'goes'} ${j}`)

/** Links of the graph as `runWith` takes them; contemporaneous ones once. */
export function linksOf({ memory: { graph, space } }: Run): string[] {
  const found: string[] = []
  for (let j = 0; j < space.variables; j++)
    graph.places(j, (i, back) => {
      const link = textOf(graph.linkOf(i, j, back))
      if (link !== '' && (back > 0 || i < j)) found.push(`${i}@${0 - back} ${link} ${j}`)
    })
  return found
}

export const keys = (run: Run, x: string, y: string): string[] =>
  [...run.memory.separationsNow(node(run, x), node(run, y))].map(({ nodes, minimal }) => {
    const names = nodes.list().map((code) => `${run.space.variable[code]}@${0 - run.space.back[code]!}`)
    return `${names.sort().join(' ')}${minimal ? '' : ' ?'}`.trim()
  })
