/** References inside arguments: `from_node`, `from_parameter`, and where they stand. Callbacks keep their own. */
import type { GraphNode, ProcessGraph } from '../process/row.ts'

/** A reference as a graph writes it. `from_argument` is what openEO called `from_parameter` before version 1. */
export type Reference = { readonly node: string } | { readonly parameter: string }

export type JsonObject = { readonly [key: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function referenceOf(value: unknown): Reference | undefined {
  if (!isObject(value)) return undefined
  const keys = Object.keys(value)
  if (keys.length !== 1) return undefined
  const name = value[keys[0]!]
  if (typeof name !== 'string') return undefined
  if (keys[0] === 'from_node') return { node: name }
  return keys[0] === 'from_parameter' || keys[0] === 'from_argument' ? { parameter: name } : undefined
}

/** Whether a value has the form of a node of a process graph. */
function isNode(value: unknown): value is GraphNode {
  return isObject(value) && typeof value.process_id === 'string'
}

/** Whether a value has the form of a process graph: an object of nodes, at least one. */
export function isGraph(value: unknown): value is ProcessGraph {
  if (!isObject(value)) return false
  const nodes = Object.values(value)
  return nodes.length > 0 && nodes.every(isNode)
}

/**
 * The graph of a callback, written as `{ process_graph }` or (as some clients and examples do) as the bare graph;
 * undefined where a value is no callback.
 */
export function callbackGraph(value: unknown): ProcessGraph | undefined {
  if (!isObject(value)) return undefined
  if (isObject(value.process_graph)) return value.process_graph as ProcessGraph
  return isGraph(value) ? value : undefined
}

/** Every reference of a value, in order, with callbacks left out. */
export function referencesIn(value: unknown, found: Reference[] = []): Reference[] {
  const reference = referenceOf(value)
  if (reference !== undefined) found.push(reference)
  else if (Array.isArray(value)) for (const item of value) referencesIn(item, found)
  else if (isObject(value) && callbackGraph(value) === undefined)
    for (const item of Object.values(value)) referencesIn(item, found)
  return found
}

/** Every callback graph of a value, not those within callbacks. */
export function callbacksIn(value: unknown, found: ProcessGraph[] = []): ProcessGraph[] {
  const graph = callbackGraph(value)
  if (graph !== undefined) found.push(graph)
  else if (Array.isArray(value)) for (const item of value) callbacksIn(item, found)
  else if (isObject(value)) for (const item of Object.values(value)) callbacksIn(item, found)
  return found
}
