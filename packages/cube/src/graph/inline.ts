/** User-defined processes replaced by their graphs, so that callbacks that use them can be compiled. Runs nothing. */
import type { GraphNode, ProcessGraph } from '../process/row.ts'
import type { UserProcess } from './program.ts'
import { callbackGraph, isObject, referenceOf, referencesIn } from './references.ts'

type DefinitionOf = (id: string) => UserProcess | undefined

/** Thrown and caught here: this graph stays as it is. */
class CannotInline extends Error {}

/**
 * The graph with user-defined processes written out, those within them too; the graph itself where it has none, or
 * where one cannot be written out (a callback in it would have to refer to nodes outside).
 */
export function inlineUserProcesses(graph: ProcessGraph, definitionOf: DefinitionOf): ProcessGraph {
  try {
    return inlined(graph, definitionOf)
  } catch (error) {
    if (error instanceof CannotInline) return graph
    throw error
  }
}

function inlined(graph: ProcessGraph, definitionOf: DefinitionOf): ProcessGraph {
  const entries = Object.entries(graph)
  if (!entries.some(([, node]) => definitionOf(node.process_id) !== undefined)) return graph
  const nodes = entries.flatMap(([id, node]): [string, GraphNode][] => {
    const definition = definitionOf(node.process_id)
    return definition === undefined ? [[id, node]] : bodyOf(id, node, definition)
  })
  return inlined(Object.fromEntries(nodes), definitionOf)
}

/** The nodes of a definition in place of `node`; its result takes the name of the node. */
function bodyOf(id: string, node: GraphNode, definition: UserProcess): [string, GraphNode][] {
  const body = definition.process_graph
  const nameOf = (inner: string): string => (body[inner]?.result === true ? id : `${id}~${inner}`)
  const values = valuesOf(node, definition)
  const write = (value: unknown, isNested: boolean): unknown => {
    const reference = referenceOf(value)
    if (reference !== undefined && 'node' in reference) return isNested ? value : { from_node: nameOf(reference.node) }
    if (reference !== undefined && values.has(reference.parameter)) {
      const given = values.get(reference.parameter)
      // Within a callback, the names of the surroundings may mean something else.
      if (isNested && referencesIn(given).length > 0) throw new CannotInline()
      return given
    }
    if (Array.isArray(value)) return value.map((item) => write(item, isNested))
    if (!isObject(value)) return value
    const inner = isNested || callbackGraph(value) !== undefined
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, write(item, inner)]))
  }
  return Object.entries(body).map(([inner, { process_id, arguments: args, result }]) => [
    nameOf(inner),
    {
      process_id,
      arguments: write(args ?? {}, false) as GraphNode['arguments'],
      ...(result === true && node.result === true ? { result } : {}),
    },
  ])
}

function valuesOf(node: GraphNode, definition: UserProcess): ReadonlyMap<string, unknown> {
  return new Map(
    (definition.parameters ?? []).map((parameter) => {
      const given = node.arguments?.[parameter.name]
      if (given !== undefined) return [parameter.name, given]
      if (parameter.optional !== true && !('default' in parameter)) throw new CannotInline()
      return [parameter.name, parameter.default ?? null]
    }),
  )
}
