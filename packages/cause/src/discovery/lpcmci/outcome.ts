/** What a finished search hands over: the graph, the largest p-values, and sets that separate. */
import type { Warning } from '@ecotope/core'
import type { Node } from '../../series/series.ts'
import { nodeOf } from '../assumptions.ts'
import { type Discovery, LinkGraph } from '../graph.ts'
import { LagArray } from '../lag-array.ts'
import { textOf } from './marks.ts'
import type { Memory } from './memory.ts'

/** Untested links that a warning names. */
const MOST_NAMES = 5

export function outcome(memory: Memory): Pick<Discovery, 'graph' | 'values' | 'pValues' | 'separatingSets'> {
  const { space } = memory
  const graph = new LinkGraph(space.variables, space.tauMax)
  const [values, pValues] = [new LagArray(space.variables, space.tauMax), new LagArray(space.variables, space.tauMax)]
  const separatingSets = new Map<string, readonly Node[]>()
  eachPlace(memory, (i, back, j) => {
    const [x, y] = [space.code(i, back), space.code(j, 0)]
    const at = memory.pairAt(x, y)
    const link = textOf(memory.graph.linkOf(i, j, back))
    graph.set(i, j, back, link)
    values.set(i, j, back, memory.values[at]!)
    pValues.set(i, j, back, memory.pValues[at]!)
    if (link !== '') return
    const [smallest] = memory.separations(x, y).sort((a, b) => a.nodes.size - b.nodes.size)
    const nodes = smallest?.nodes.list().map((code) => nodeOf(space, code))
    if (nodes) separatingSets.set(`${i},${back === 0 ? 0 : -back},${j}`, nodes)
  })
  return { graph, values, pValues, separatingSets }
}

function eachPlace({ graph, space }: Memory, visit: (i: number, back: number, j: number) => void): void {
  for (let j = 0; j < space.variables; j++) graph.places(j, (i, back) => visit(i, back, j))
}

/** Why some values are infinite. */
export function untested(memory: Memory, names: readonly string[]): Warning[] {
  const links: string[] = []
  eachPlace(memory, (i, back, j) => {
    const value = memory.values[memory.pairAt(memory.space.code(i, back), memory.space.code(j, 0))]!
    if (!Number.isFinite(value) && (back > 0 || i < j)) links.push(`${names[i]}@${0 - back} and ${names[j]}`)
  })
  if (links.length === 0) return []
  const some = links.slice(0, MOST_NAMES).join(', ') + (links.length > MOST_NAMES ? ' ...' : '')
  return [
    {
      tag: 'NotTested',
      message: `${links.length} links were decided by assumptions, the smallest lag or limits, not by tests, and have infinite values: ${some}`,
    },
  ]
}
