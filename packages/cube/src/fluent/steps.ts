/** How a cube came about, as openEO nodes: each cube knows the process that made it and the cubes that went in. */
import { InputError } from '@ecotope/core'
import { callbackGraph } from '../graph/references.ts'
import type { GraphNode, ProcessGraph } from '../process/row.ts'
import { type Derived, isDerived, type Step, uniqueName, writtenNumber } from './plain.ts'

/**
 * The graph that makes a value: one node per cube, each once, in the order in which they are needed. Arrays in memory
 * are what `inMemory` says in their place. Throws InputError `NotAGraph` where one went in and nothing is said.
 */
export function processGraphOf(result: Derived, inMemory?: (value: Derived) => unknown): ProcessGraph {
  const nodes: Record<string, GraphNode> = {}
  const names = new Map<Derived, string>()
  const nameOf = (value: Derived): string => {
    const known = names.get(value)
    if (known !== undefined) return known
    const { process, namespace, args } = knownStep(value)
    const reference = (input: Derived): unknown =>
      input.step === undefined && inMemory !== undefined ? inMemory(input) : { from_node: nameOf(input) }
    const written = mapDerived(args, reference, (number) => writtenNumber(number, nodes)) as GraphNode['arguments']
    const name = uniqueName(process, nodes)
    names.set(value, name)
    nodes[name] = { process_id: process, ...(namespace === undefined ? {} : { namespace }), arguments: written }
    return name
  }
  const last = nameOf(result)
  return { ...nodes, [last]: { ...nodes[last]!, result: true } }
}

/** Whether everything that went in is known as a graph. */
export function hasGraph(value: Derived, seen: Set<Derived> = new Set()): boolean {
  if (value.step === undefined) return false
  if (seen.has(value)) return true
  seen.add(value)
  let isWhole = true
  mapDerived(value.step.args, (input) => {
    isWhole &&= hasGraph(input, seen)
  })
  return isWhole
}

function knownStep({ step }: Derived): Step {
  if (step !== undefined) return step
  throw new InputError('NotAGraph', 'a cube over an array in memory has no process graph', {
    hint: 'save it to a file and open that, or compute the cube here',
  })
}

/** A copy of plain data in which `Derived` values are replaced, and numbers outside of callbacks. */
export function mapDerived(
  value: unknown,
  replace: (input: Derived) => unknown,
  write: (number: number) => unknown = (number) => number,
): unknown {
  if (isDerived(value)) return replace(value)
  if (typeof value === 'number') return write(value)
  if (Array.isArray(value)) return value.map((item) => mapDerived(item, replace, write))
  if (typeof value !== 'object' || value === null || callbackGraph(value) !== undefined) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapDerived(item, replace, write)]))
}
