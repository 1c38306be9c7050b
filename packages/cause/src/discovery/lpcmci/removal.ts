/** What both removal phases do: walk over pairs in a fair order, look for sets that separate them, and remove links at once. */
import type { NodeCode } from '../assumptions.ts'
import { ABSENT } from './marks.ts'
import type { Memory } from './memory.ts'
import { type ConditionSets, strongestFirst } from './neighbourhoods.ts'
import type { NodeSpace } from './node-space.ts'
import type { Run } from './run.ts'
import { subsets } from './subsets.ts'
import { now } from './tests.ts'

/** y is now; x is before it, or at the same time and lower. */
export type NodePair = readonly [x: NodeCode, y: NodeCode]

/** Pairs in groups: links of one group are removed together. A variable and its own past first, then by lag. */
export function pairGroups({ space, settings }: Run): NodePair[][] {
  const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k)
  const variables = range(space.variables)
  const own = variables.flatMap((i) =>
    range(space.tauMax).map((k): NodePair => [space.code(i, space.tauMax - k), space.code(i, 0)]),
  )
  const byLag = range(space.tauMax + 1).map((back) =>
    variables.flatMap((i) =>
      variables
        .filter((j) => (back === 0 ? i < j : !(settings.ownPastFirst && i === j)))
        .map((j): NodePair => [space.code(i, back), space.code(j, 0)]),
    ),
  )
  return settings.ownPastFirst ? [own, ...byLag] : byLag
}

/** Links that go at the end of a group. */
export class Removals {
  readonly #pairs = new Map<number, NodePair>()
  readonly #space: NodeSpace

  constructor(space: NodeSpace) {
    this.#space = space
  }

  add(x: NodeCode, y: NodeCode): void {
    this.#pairs.set(x * this.#space.size + y, [x, y])
  }

  /** Whether there were any. */
  apply({ graph }: Memory): boolean {
    for (const [x, y] of this.#pairs.values()) graph.put(x, y, ABSENT)
    return this.#pairs.size > 0
  }
}

/** Whether candidates, so many at a time, separate x and y together with the base. Sets that do are remembered. */
export async function separatedBy(
  { memory, settings, space, tests }: Run,
  x: NodeCode,
  y: NodeCode,
  { base, candidates }: ConditionSets,
  reference: NodeCode,
  size: number,
): Promise<boolean> {
  if (candidates.size < size) return false
  const sorted = settings.stopOnceSeparated || settings.maxCombinations !== Number.POSITIVE_INFINITY
  const list = sorted ? strongestFirst(memory, candidates, reference) : candidates.list()
  const rest = base.list()
  let separated = false
  for (const chosen of subsets(list, size, settings.maxCombinations)) {
    const answer = tests.ask(memory, x, y, chosen, rest, () => space.set(chosen).union(base).list())
    const { dependent } = now(answer) ? answer : await answer
    if (dependent) continue
    separated = true
    memory.separate(x, y, space.set(chosen).union(base).copy(), true)
    if (settings.stopOnceSeparated) return true
  }
  return separated
}
