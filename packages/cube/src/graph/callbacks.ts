/** What a parameter's schema says of callbacks: whether it takes one, and which parameters it hands to it. */

import type { GraphNode, ParameterRow, ProcessGraph } from '../process/row.ts'
import { callbackGraph, isObject, type JsonObject, referenceOf } from './references.ts'

/** Parameters of callbacks whose schema does not list them. */
const usualParameters = ['x', 'y', 'data', 'index', 'label', 'labels', 'context', 'parameters', 'element']

function callbackSchema(schema: unknown): JsonObject | undefined {
  if (Array.isArray(schema)) return schema.map(callbackSchema).find((one) => one !== undefined)
  if (!isObject(schema)) return undefined
  if (schema.subtype === 'process-graph') return schema
  return callbackSchema(schema.anyOf ?? schema.oneOf)
}

const found = new WeakMap<ParameterRow, readonly string[] | null>()

/** Names that a callback given for this parameter can refer to; undefined where the parameter takes no callback. */
export function callbackParameters(parameter: ParameterRow): readonly string[] | undefined {
  let names = found.get(parameter)
  if (names === undefined) {
    const schema = callbackSchema(parameter.schema)
    const listed = Array.isArray(schema?.parameters) ? (schema.parameters as readonly { name: string }[]) : undefined
    names = schema === undefined ? null : (listed?.map(({ name }) => name) ?? usualParameters)
    found.set(parameter, names)
  }
  return names ?? undefined
}

/**
 * A callback's graph with those references replaced by values that `known` knows (parameters of the surrounding
 * graph); `own` names are the callback's. What `known` does not know stays a reference.
 */
export function closeGraph(
  graph: ProcessGraph,
  own: readonly string[],
  known: (name: string) => unknown,
): ProcessGraph {
  let isChanged = false
  const close = (value: unknown, names: readonly string[]): unknown => {
    const reference = referenceOf(value)
    if (reference !== undefined) {
      if (!('parameter' in reference) || names.includes(reference.parameter)) return value
      const replacement = known(reference.parameter)
      if (replacement === undefined) return value
      isChanged = true
      return replacement
    }
    if (Array.isArray(value)) return value.map((item) => close(item, names))
    if (!isObject(value)) return value
    // Within an inner callback its own parameters hide ours; which they are, its process knows, so all usual ones do.
    const inner = callbackGraph(value) === undefined ? names : [...names, ...usualParameters]
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, close(item, inner)]))
  }
  const nodes = Object.entries(graph).map(([id, node]): [string, GraphNode] => [
    id,
    { ...node, arguments: close(node.arguments ?? {}, own) as GraphNode['arguments'] },
  ])
  return isChanged ? Object.fromEntries(nodes) : graph
}
