/** Removal of links given sets of possible ancestors (algorithm S2 of Gerhardus and Runge 2020). */
import type { NodeCode } from '../assumptions.ts'
import { ABSENT, BOTH, EMPTY, farOf, HEAD, LEFT, type MarkedLink, middleOf, OPEN, RIGHT, withMiddle } from './marks.ts'
import type { Memory } from './memory.ts'
import { ancestralSets, type ConditionSets } from './neighbourhoods.ts'
import { orient } from './orientation.ts'
import { pairGroups, Removals, separatedBy } from './removal.ts'
import { ALL_RULES, LAST_PRELIMINARY, SHORT_PRELIMINARY } from './rules.ts'
import type { Run } from './run.ts'

export async function ancestralPhase(run: Run, preliminary: boolean): Promise<void> {
  const { settings } = run
  const rules = settings.preliminaryRules === 0 ? SHORT_PRELIMINARY : LAST_PRELIMINARY
  for (let size = 0; size <= settings.maxConditions; ) {
    const { removed, open } = await removalRound(run, size)
    if (!removed && !open) break
    const oriented = removed && (await orient(run, rules, settings.orientContemporaneous !== 2))
    if (oriented) followMarks(run)
    size = oriented ? 0 : size + 1
  }
  proveSides(run.memory)
  await lastRules(run, preliminary)
}

/** Tests all pairs given subsets of one size. `open`: some pair has candidates left. */
async function removalRound(run: Run, size: number): Promise<{ removed: boolean; open: boolean }> {
  const { memory } = run
  const { graph, space } = memory
  let [removed, open] = [false, false]
  for (const group of pairGroups(run)) {
    const removals = new Removals(space)
    for (const [x, y] of group) {
      const link = graph.link(x, y)
      if (link === ABSENT || middleOf(link) === EMPTY) continue
      const searches = sidesToSearch(run, x, y, link, size)
      for (const { mark, sets } of searches)
        if (sets.candidates.size < size)
          graph.put(x, y, withMiddle(graph.link(x, y), sideProven(graph.link(x, y), mark)))
        else open = true
      for (const { sets, reference } of searches)
        if (await separatedBy(run, x, y, sets, reference, size)) removals.add(x, y)
    }
    if (removals.apply(memory)) removed = true
  }
  return { removed, open }
}

interface Side {
  readonly sets: ConditionSets
  readonly reference: NodeCode
  /** Middle mark when no set of possible ancestors of the reference separates. */
  readonly mark: typeof LEFT | typeof RIGHT
}

/** x is before y, or at the same time and lower. The later node's neighbours come first. */
function sidesToSearch({ memory, settings }: Run, x: NodeCode, y: NodeCode, link: MarkedLink, size: number): Side[] {
  const middle = middleOf(link)
  const sides: Side[] = []
  if (middle !== RIGHT && middle !== BOTH)
    sides.push({ sets: ancestralSets(memory, settings, y, x), reference: y, mark: RIGHT })
  const most = memory.space.back[x] === 0 ? Number.POSITIVE_INFINITY : settings.maxConditionsX
  if (middle !== LEFT && middle !== BOTH && most >= Math.max(size, 1))
    sides.push({ sets: ancestralSets(memory, settings, x, y), reference: x, mark: LEFT })
  return sides
}

/** The middle mark once no set beside one more end separates. */
function sideProven(link: MarkedLink, side: number): number {
  const middle = middleOf(link)
  if (middle === OPEN) return side
  return (middle === LEFT && side === RIGHT) || (middle === RIGHT && side === LEFT) ? BOTH : middle
}

/** Where rules may say more about the middle of links from the ends of links (rule MMR). */
function followMarks(run: Run): void {
  if (run.settings.maxConditionsX === 0 && run.settings.updateMiddleMarks) updateMiddleMarks(run.memory)
}

/** Rule MMR: no ancestor of x need be searched where y is known to be none. */
export function updateMiddleMarks({ graph, space }: Memory): void {
  const follow = (x: NodeCode, y: NodeCode): void => {
    const link = graph.link(x, y)
    if (farOf(link) !== HEAD) return
    const [own, other] = space.smaller(x, y) ? [LEFT, RIGHT] : [RIGHT, LEFT]
    if (middleOf(link) === OPEN) graph.put(x, y, withMiddle(link, own))
    else if (middleOf(link) === other) graph.put(x, y, withMiddle(link, BOTH))
  }
  for (let j = 0; j < space.variables; j++)
    graph.places(j, (i, back) => {
      const [x, y] = [space.code(i, back), space.code(j, 0)]
      if (graph.link(x, y) === ABSENT) return
      follow(x, y)
      follow(y, x)
    })
}

/** All that is left is not separable by possible ancestors of either end. */
function proveSides({ graph, space }: Memory): void {
  for (let j = 0; j < space.variables; j++)
    graph.places(j, (i, back) => {
      const link = graph.linkOf(i, j, back)
      if (link !== ABSENT && middleOf(link) !== EMPTY) graph.putAt(i, back, j, withMiddle(link, BOTH))
    })
}

async function lastRules(run: Run, preliminary: boolean): Promise<void> {
  const { settings } = run
  if (!preliminary) run.withoutApr--
  const all = !preliminary || settings.preliminaryColliders
  const any = all
    ? await orient(run, ALL_RULES, false)
    : await orient(run, LAST_PRELIMINARY, settings.orientContemporaneous === 0)
  if (any) followMarks(run)
}
