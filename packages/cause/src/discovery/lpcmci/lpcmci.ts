/**
 * LPCMCI: a causal search in time series with hidden common causes (Gerhardus and Runge 2020, "High-recall causal discovery for
 * autocorrelated time series with latent confounders", NeurIPS 33). The result is a partial ancestral graph in a time window.
 */
import type { Tester } from '../../independence/test.ts'
import type { Discovery } from '../graph.ts'
import { Search } from '../search.ts'
import { ancestralPhase } from './ancestral-phase.ts'
import { ABSENT, EMPTY, withMiddle } from './marks.ts'
import type { Memory } from './memory.ts'
import { nonAncestralPhase } from './non-ancestral-phase.ts'
import { type LpcmciOptions, lpcmciSettings } from './options.ts'
import { learn, orient } from './orientation.ts'
import { outcome, untested } from './outcome.ts'
import { ALL_RULES } from './rules.ts'
import { Run } from './run.ts'

const ASSUMPTIONS = [
  'Hidden common causes are allowed: causal sufficiency is not needed.',
  'Faithfulness: independence in the data means separation in the graph.',
  'Stationarity: the causal relations are the same at all times.',
  'Acyclicity: no variable causes itself within one time step.',
  'No selection: no variable decides which time steps are in the data.',
]

/**
 * Links: `-->` cause; `o->` cause, or hidden common cause, or both; `<->` hidden common cause, neither causes the other;
 * `o-o` any of these; an end `x`: rules contradict each other. A pair that was never tested (a lag below `tauMin`, a link
 * known before) has an infinite value and p-value, with a warning: p-value Infinity where it is excluded, else -Infinity.
 * Throws `InputError`: BadLags, BadLevel, BadCount, BadVariant, BadAssumption, InconsistentAssumption, CyclicAssumptions,
 * TooManyNodes, and what tests throw; `CancelledError`.
 */
export async function discoverLpcmci(tester: Tester, options: LpcmciOptions): Promise<Discovery> {
  const settings = lpcmciSettings(options, tester.independence.significance === 'threshold')
  const search = new Search(tester, settings, options)
  const run = new Run(search, settings, options)
  const phases = settings.preliminaryPhases + 3
  const stage = (at: number, message: string): void => run.tests.enter(at / phases, (at + 1) / phases, message)

  for (let phase = 0; phase < settings.preliminaryPhases; phase++) {
    stage(phase, `preliminary phase ${phase + 1}`)
    await ancestralPhase(run, true)
    if (!settings.preliminaryOnly || phase + 1 < settings.preliminaryPhases) startAgain(run)
  }
  if (!settings.preliminaryOnly) {
    stage(settings.preliminaryPhases, 'ancestral phase')
    await ancestralPhase(run, false)
    stage(settings.preliminaryPhases + 1, 'non-ancestral phase')
    if (!settings.skipNonAncestral) await nonAncestralPhase(run)
  }
  if (settings.fixBeforeLastRules) {
    stage(phases - 1, 'last rules')
    fixAll(run.memory)
    await orient(run, ALL_RULES, false)
  }
  fixAll(run.memory)
  await run.tests.end()
  const told = search.told()
  const warnings = [...told.warnings, ...untested(run.memory, told.variables)]
  return {
    method: 'lpcmci',
    alpha: settings.alpha,
    assumptions: ASSUMPTIONS,
    ...told,
    ...outcome(run.memory),
    warnings,
  }
}

/** The full graph again, but with the ancestors that were found. */
function startAgain(run: Run): void {
  const { memory, space, settings } = run
  const ancestors = memory.ancestors.map((set, j) => {
    if (!settings.rememberOnlyParents) return set
    return space.set(set.list().filter((code) => memory.graph.link(code, space.code(j, 0)) !== ABSENT))
  })
  run.forget()
  learn(run.memory, { ancestors, nonAncestors: space.setsPerVariable() })
}

/** Every link counts as proven. */
function fixAll({ graph, space }: Memory): void {
  for (let j = 0; j < space.variables; j++)
    graph.places(j, (i, back) => {
      const link = graph.linkOf(i, j, back)
      if (link !== ABSENT && withMiddle(link, EMPTY) !== link) graph.putAt(i, back, j, withMiddle(link, EMPTY))
    })
}
