/**
 * J-PCMCI+ (Günther, Ninad, Runge 2023, Causal discovery for time series from multiple datasets with latent contexts, UAI):
 * PCMCI+ on several data sets together, with variables that describe the context of each and dummies for contexts that were
 * not observed. Contexts are found first, then dummies given these, then links within the system given both.
 */
import type { Tester } from '../independence/test.ts'
import { type AssumedLinks, assumedLinks, type NodeCode, nodeOf } from './assumptions.ts'
import { memberOf } from './equivalence-member.ts'
import type { Discovery, LinkGraph } from './graph.ts'
import { type NodeKind, type Roles, rolesOf } from './jpcmci-context.ts'
import { contextLinks, dummyLinks, exogenous, type Found, systemLinks } from './jpcmci-links.ts'
import type { LagArray } from './lag-array.ts'
import { correctedPValues, testedLinks } from './matrices.ts'
import { bestOf, chooseParents, levelsOf } from './pc-stable.ts'
import { orientSkeleton, type PcmciPlusOptions, type PhaseOptions, phaseOptions, plusSkeleton } from './pcmci-plus.ts'
import { checkCorrection, Search } from './search.ts'
import { type Skeleton, shownSets } from './skeleton.ts'

/** Levels that are tried where `pcAlpha` is null. */
const LEVELS = [0.001, 0.005, 0.01, 0.025, 0.05]

export interface JpcmciPlusOptions extends PcmciPlusOptions {
  /** One for each variable. See `withDummies` for series and kinds with dummies. */
  readonly kinds: readonly NodeKind[]
}

/**
 * The graph of system, contexts and dummies: links of these point into the system. `pcAlpha` is the level of all steps, 0.01
 * where it is not given; of several the one whose graph models the system's variables best by the test's criterion.
 * Throws as `discoverPcmciPlus` does, and `InputError` BadKinds, NoSystem.
 */
export async function discoverJpcmciPlus(tester: Tester, options: JpcmciPlusOptions): Promise<Discovery> {
  const { pcAlpha = 0.01 } = options
  const search = new Search(tester, options, options)
  const roles = rolesOf(tester.series, options.kinds)
  const links = exogenous(assumedLinks(options.assumptions, search.variables, options), search.coding, roles)
  checkCorrection(tester, options.fdr ?? 'none')
  const levels = levelsOf(tester, pcAlpha, LEVELS)
  const tried: Joint[] = []
  const scores: number[] = []
  for (const level of levels) {
    const found = await new JointSearch(search, roles, links, level, options).run()
    tried.push(found)
    scores.push(typeof pcAlpha === 'number' ? 0 : await score(search, roles, found))
  }
  const best = bestOf(scores)
  const chosen = typeof pcAlpha === 'number' ? undefined : new Array<number>(search.variables).fill(levels[best]!)
  return {
    method: 'jpcmci+',
    ...search.told(),
    ...tried[best]!,
    ...(chosen && { chosenAlpha: chosen }),
    assumptions: RESTS_ON,
  }
}

const RESTS_ON = [
  'Common causes of the variables are among the variables, or are contexts that the dummies stand for.',
  'Contexts cause the system, never the other way round; those of space and of time have nothing to do with each other.',
  'All data sets have the same causal graph.',
  'Every cause leaves a dependence (faithfulness) and every dependence has a cause (Markov condition).',
  'Relations stay the same over time.',
  'Links without lag form no circles; where the data cannot tell their direction, they stay o-o.',
]

type Joint = Pick<
  Discovery,
  'alpha' | 'graph' | 'values' | 'pValues' | 'qValues' | 'parents' | 'separatingSets' | 'ambiguousTriples'
>

/** Values and p-values, and p-values corrected after a step (they are the p-values themselves where none are). */
interface Matrices {
  readonly values: LagArray
  readonly pValues: LagArray
  readonly qValues: LagArray
}

const merged = (...lists: readonly (readonly NodeCode[])[]): NodeCode[] => [...new Set(lists.flat())]

/** The steps at one level. */
class JointSearch {
  readonly #search: Search
  readonly #roles: Roles
  readonly #links: AssumedLinks
  readonly #level: number
  readonly #options: JpcmciPlusOptions

  constructor(search: Search, roles: Roles, links: AssumedLinks, level: number, options: JpcmciPlusOptions) {
    this.#search = search
    this.#roles = roles
    this.#links = links
    this.#level = level
    this.#options = options
  }

  async run(): Promise<Joint> {
    const { contexts, dummies, timeContexts, system } = this.#roles
    const { coding } = this.#search
    const chosen = await chooseParents(this.#search, this.#links, { ...this.#options, pcAlpha: this.#level })
    const { values, pValues } = chosen
    const measured = { values, pValues }

    const ofContext = contextLinks(this.#links, coding, this.#roles)
    const first = await plusSkeleton(this.#search, ofContext, measured, {
      ...this.#phase(chosen.parents),
      sources: among(contexts),
    })
    let kept = this.#matrices(measured, ofContext)
    const found = this.#linked(first.graph, contexts, [...system, ...contexts])

    const time = new Set(timeContexts)
    const lagged = chosen.parents.map((codes) => codes.filter((code) => !time.has(nodeOf(coding, code)[0])))
    let shown: Found = this.#none()
    if (dummies.length > 0) {
      const step = await this.#dummies(measured, kept, found, lagged)
      kept = step.kept
      shown = step.shown
    }

    const conditions = lagged.map((codes, j) => (system.includes(j) ? merged(codes, found[j]!, shown[j]!) : []))
    const always = found.map((codes, j) => merged(shown[j]!, codes))
    const phase = { ...this.#phase(conditions), always }
    const ofSystem = systemLinks(this.#links, coding, this.#roles, always)
    const skeleton = await plusSkeleton(this.#search, ofSystem, measured, phase)
    const final = this.#matrices(measured, ofSystem)
    this.#restore(final, kept, [...contexts, ...dummies])
    return this.#finished(skeleton, final, phase, conditions)
  }

  /** Links of dummies to the system, given the contexts that were found. */
  async #dummies(
    measured: Pick<Matrices, 'values' | 'pValues'>,
    before: Matrices,
    found: Found,
    lagged: Found,
  ): Promise<{ readonly kept: Matrices; readonly shown: Found }> {
    const { contexts, dummies, system } = this.#roles
    const links = dummyLinks(this.#links, this.#search.coding, this.#roles, found)
    const skeleton = await plusSkeleton(this.#search, links, measured, {
      ...this.#phase(lagged.map((codes, j) => merged(found[j]!, codes))),
      sources: among(dummies),
      always: found,
    })
    const kept = this.#matrices(measured, links)
    this.#restore(kept, before, contexts, system)
    return { kept, shown: this.#linked(skeleton.graph, dummies, system) }
  }

  #phase(parents: Found): PhaseOptions {
    return phaseOptions(this.#search, this.#level, parents, this.#options)
  }

  #none(): NodeCode[][] {
    return Array.from({ length: this.#search.variables }, () => [])
  }

  /** For each target the sources whose links to it remain. */
  #linked(graph: LinkGraph, sources: readonly number[], targets: readonly number[]): Found {
    const found = this.#none()
    for (const j of targets)
      for (const i of sources)
        for (let tau = 0; tau <= this.#search.tauMax; tau++) {
          const link = graph.get(i, j, tau)
          if (link !== '' && link[0] !== '<') found[j]!.push(this.#search.code(i, tau))
        }
    return found
  }

  /** Copies, with p-values corrected where that was asked for. */
  #matrices({ values, pValues }: Pick<Matrices, 'values' | 'pValues'>, links: AssumedLinks): Matrices {
    const corrected = this.#options.fdr === 'fdr-bh'
    const tested = testedLinks(links, this.#search.coding, this.#options.fdrContemporaneous ?? false)
    return {
      values: values.copy(),
      pValues: pValues.copy(),
      qValues: corrected ? correctedPValues(pValues, tested) : pValues.copy(),
    }
  }

  /** Entries of these variables with others (default: all) as an earlier step found them. */
  #restore(into: Matrices, from: Matrices, variables: readonly number[], others?: readonly number[]): void {
    const all = others ?? Array.from({ length: this.#search.variables }, (_, j) => j)
    for (const name of ['values', 'pValues', 'qValues'] as const)
      for (const c of variables)
        for (const j of all)
          for (let tau = 0; tau <= this.#search.tauMax; tau++) {
            into[name].set(c, j, tau, from[name].get(c, j, tau))
            into[name].set(j, c, tau, from[name].get(j, c, tau))
          }
  }

  async #finished(skeleton: Skeleton, final: Matrices, phase: PhaseOptions, parents: Found): Promise<Joint> {
    const ambiguousTriples = await orientSkeleton(this.#search, skeleton, phase)
    return {
      alpha: this.#level,
      graph: skeleton.graph,
      values: final.values,
      pValues: final.pValues,
      ...(this.#options.fdr === 'fdr-bh' && { qValues: final.qValues }),
      parents: parents.map((codes) => this.#search.nodes(codes)),
      separatingSets: shownSets(this.#search, skeleton.separatingSets),
      ambiguousTriples,
    }
  }
}

const among = (variables: readonly number[]): ((i: number) => boolean) => {
  const set = new Set(variables)
  return (i) => set.has(i)
}

/** Mean score of the models of the system's variables by their parents, in one member of the class of the graph. */
async function score(search: Search, { system }: Roles, { graph, values }: Joint): Promise<number> {
  const { variables, tauMax } = search
  const lags = Array.from({ length: tauMax + 1 }, (_, tau) => tau)
  const all = Array.from({ length: variables }, (_, i) => i)
  const strength = all.map((j) =>
    all.reduce((sum, i) => lags.reduce((own, tau) => own + Math.abs(values.get(i, j, tau)), sum), 0),
  )
  const member = memberOf(graph, all.toSorted((a, b) => strength[a]! - strength[b]!).reverse())
  let sum = 0
  for (const j of system) {
    const parents = all.flatMap((i) =>
      lags.filter((tau) => member.get(i, j, tau) === '-->').map((tau) => search.code(i, tau)),
    )
    sum += await search.criterion(j, parents)
  }
  return sum / system.length
}
