/** Removal of links given sets that need not be ancestors (algorithm S3 of Gerhardus and Runge 2020). */
import { updateMiddleMarks } from './ancestral-phase.ts'
import { ABSENT, EMPTY, middleOf, withMiddle } from './marks.ts'
import { nonAncestralSets } from './neighbourhoods.ts'
import { orient } from './orientation.ts'
import { pairGroups, Removals, separatedBy } from './removal.ts'
import { ALL_RULES } from './rules.ts'
import type { Run } from './run.ts'

export async function nonAncestralPhase(run: Run): Promise<void> {
  const { memory, settings } = run
  updateMiddleMarks(memory)
  memory.renewPaths()
  const most = Math.min(settings.maxConditions, settings.maxConditionsNonAncestral)
  for (let size = 0; size <= most; ) {
    const { removed, open } = await removalRound(run, size)
    if (!removed && !open) break
    const oriented = removed && (await orient(run, ALL_RULES, false))
    if (oriented) renew(run)
    size = oriented ? 0 : size + 1
  }
  await orient(run, ALL_RULES, false)
}

function renew({ memory }: Run): void {
  memory.renewPaths()
  memory.candidates.clear()
}

async function removalRound(run: Run, size: number): Promise<{ removed: boolean; open: boolean }> {
  const { memory, settings, space, pairs } = run
  const { graph } = memory
  let [removed, open] = [false, false]
  for (const group of pairGroups(run)) {
    const removals = new Removals(space)
    for (const [x, y] of group) {
      const link = graph.link(x, y)
      if (link === ABSENT || middleOf(link) === EMPTY) continue
      const both = space.back[x] === 0 || settings.maxConditionsX >= Math.max(size, 1)
      const ends = both ? ([y, x] as const) : ([y] as const)
      const searches = ends.map((reference) => ({
        reference,
        sets: nonAncestralSets(memory, settings, pairs, reference, reference === y ? x : y),
      }))
      const sizes = searches.map(({ sets }) => sets.candidates.size)
      if (Math.max(...sizes) > settings.maxCandidates) continue
      if (Math.min(...sizes) < size) {
        graph.put(x, y, withMiddle(link, EMPTY))
        continue
      }
      open = true
      for (const { sets, reference } of searches)
        if (await separatedBy(run, x, y, sets, reference, size)) removals.add(x, y)
    }
    if (removals.apply(memory)) {
      removed = true
      renew(run)
    }
  }
  return { removed, open }
}
