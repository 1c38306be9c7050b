/** Process graphs: checked against the processes at hand and put in an order to run. Runs nothing. */
import { InputError, nearest } from '@ecotope/core'
import { isList, isObject, type JsonValue } from './json.ts'
import type { Process } from './process.ts'
import type { GraphNode, Recipe } from './recipe.ts'
import { problemWith } from './schema.ts'

/** A node of a checked graph. */
export interface PlannedNode {
  readonly node: string
  readonly process: Process
  readonly arguments: GraphNode['arguments']
  /** Nodes that this one needs, in the order of their first mention. */
  readonly upstream: readonly string[]
  readonly description: string
}

export interface PlannedGraph {
  /** Every node after those it needs. */
  readonly order: readonly PlannedNode[]
  /** The node whose value is the recipe's. */
  readonly result: string
}

/** A reference inside arguments. */
export type Reference = { readonly from_node: string } | { readonly from_parameter: string }

export function referenceOf(value: JsonValue): Reference | undefined {
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined
  if (typeof value.from_node === 'string') return { from_node: value.from_node }
  if (typeof value.from_parameter === 'string') return { from_parameter: value.from_parameter }
  return undefined
}

/**
 * Replaces every reference in a value. Nested process graphs (callbacks) are left alone: their references are their own.
 */
export function mapReferences<T>(value: JsonValue, replace: (reference: Reference) => T): unknown {
  const reference = referenceOf(value)
  if (reference !== undefined) return replace(reference)
  if (isList(value)) return value.map((item) => mapReferences(item, replace))
  if (!isObject(value) || 'process_graph' in value) return value
  const entries = Object.entries(value as { [key: string]: JsonValue })
  return Object.fromEntries(entries.map(([key, item]) => [key, mapReferences(item, replace)]))
}

function references(value: JsonValue): Reference[] {
  const found: Reference[] = []
  mapReferences(value, (reference) => found.push(reference))
  return found
}

/**
 * Checks a recipe's graph and orders it. Errors (InputError): UnknownProcess, BadArguments, UnknownNode,
 * UnknownParameter, CyclicGraph, NoResult.
 */
export function planGraph(recipe: Recipe, processes: readonly Process[]): PlannedGraph {
  const known = new Map(processes.map((process) => [keyOf(process.id, process.namespace), process]))
  const nodes = new Map<string, PlannedNode>()
  for (const [node, entry] of Object.entries(recipe.process_graph)) {
    const process = known.get(keyOf(entry.process_id, entry.namespace))
    if (process === undefined) throw unknownProcess(node, entry, processes)
    checkArguments(node, entry, process)
    nodes.set(node, {
      node,
      process,
      arguments: entry.arguments,
      upstream: checkReferences(node, entry, recipe),
      description: entry.description ?? process.spec.summary ?? process.id,
    })
  }
  return { order: sorted(nodes), result: resultOf(recipe, nodes) }
}

function keyOf(id: string, namespace: string | undefined): string {
  return namespace === undefined ? id : `${id}@${namespace}`
}

function unknownProcess(node: string, entry: GraphNode, processes: readonly Process[]): InputError {
  const near = nearest(
    entry.process_id,
    processes.map((process) => process.id),
  )
  const twin = processes.find((process) => process.id === entry.process_id)
  const hint =
    twin === undefined
      ? near === undefined
        ? `Known processes: ${processes.map((process) => process.id).join(', ')}.`
        : `Did you mean ${near}?`
      : `${twin.id} is in ${twin.namespace === undefined ? 'no namespace' : `the namespace ${twin.namespace}`}.`
  const place = entry.namespace === undefined ? '' : ` of namespace ${entry.namespace}`
  return new InputError('UnknownProcess', `node ${node}: there is no process ${entry.process_id}${place}`, {
    hint,
    data: { node, process: entry.process_id, namespace: entry.namespace, nearest: near },
  })
}

function checkArguments(node: string, entry: GraphNode, process: Process): void {
  const { parameters } = process.spec
  const fault = (problem: string): InputError => {
    const list = parameters.map(({ name, optional }) => (optional ? `[${name}]` : name)).join(', ')
    return new InputError('BadArguments', `node ${node}: process ${process.id} ${problem}`, {
      hint: `${process.id} takes: ${list || 'no arguments'}.`,
      data: { node, process: process.id },
    })
  }
  for (const [name, value] of Object.entries(entry.arguments)) {
    const parameter = parameters.find((one) => one.name === name)
    if (parameter === undefined) {
      const near = nearest(
        name,
        parameters.map((one) => one.name),
      )
      throw fault(`has no argument ${name}${near === undefined ? '' : `; did you mean ${near}?`}`)
    }
    if (references(value).length > 0) continue
    const problem = value === null && parameter.optional ? undefined : problemWith(value, parameter.schema)
    if (problem !== undefined) throw fault(`argument ${name}: ${problem}`)
  }
  const absent = parameters.filter(({ name, optional }) => optional !== true && !(name in entry.arguments))
  if (absent.length > 0) throw fault(`lacks: ${absent.map(({ name }) => name).join(', ')}`)
}

function checkReferences(node: string, entry: GraphNode, recipe: Recipe): string[] {
  const upstream: string[] = []
  const parameters = recipe.parameters.map((parameter) => parameter.name)
  for (const reference of references(entry.arguments)) {
    const isNode = 'from_node' in reference
    const name = isNode ? reference.from_node : reference.from_parameter
    const candidates = isNode ? Object.keys(recipe.process_graph) : parameters
    if (!candidates.includes(name)) {
      const near = nearest(name, candidates)
      throw new InputError(
        isNode ? 'UnknownNode' : 'UnknownParameter',
        `node ${node} refers to the ${isNode ? 'node' : 'parameter'} ${name}, which the recipe does not have`,
        {
          hint: near === undefined ? `It has: ${candidates.join(', ')}.` : `Did you mean ${near}?`,
          data: { node, name },
        },
      )
    }
    if (isNode && !upstream.includes(name)) upstream.push(name)
  }
  return upstream
}

/** Depth first, in the order of the recipe, so that the order is the same on every machine. */
function sorted(nodes: ReadonlyMap<string, PlannedNode>): PlannedNode[] {
  const order: PlannedNode[] = []
  const done = new Set<string>()
  const visit = (name: string, trail: readonly string[]): void => {
    if (done.has(name)) return
    if (trail.includes(name)) {
      const cycle = [...trail.slice(trail.indexOf(name)), name].join(' → ')
      throw new InputError('CyclicGraph', `the process graph runs in a circle: ${cycle}`, {
        hint: 'Each node may only use nodes that do not depend on it.',
        data: { cycle },
      })
    }
    const node = nodes.get(name)!
    for (const other of node.upstream) visit(other, [...trail, name])
    done.add(name)
    order.push(node)
  }
  for (const name of nodes.keys()) visit(name, [])
  return order
}

function resultOf(recipe: Recipe, nodes: ReadonlyMap<string, PlannedNode>): string {
  const marked = [...nodes.keys()].filter((node) => recipe.process_graph[node]!.result === true)
  if (marked.length === 1) return marked[0]!
  throw new InputError('NoResult', `the process graph marks ${marked.length} nodes as its result; it has to mark one`, {
    hint: 'Set "result": true on the one node whose value is the answer.',
    data: { marked },
  })
}
