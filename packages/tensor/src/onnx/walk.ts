/** Runs over a decoded graph and turns its nodes into primitives by the table of rules. */

import { InputError } from '@ecotope/core'
import { scope } from '../apply.ts'
import { type ExternalData, valuesOf } from './data.ts'
import type { AttributeData, FunctionData, GraphData, NodeData } from './decode.ts'
import { Call, describe, type Item, type Surroundings } from './item.ts'
import { graphsOf, moduleOf } from './names.ts'
import { isKnownOp, rules } from './rules/index.ts'

export interface WalkOptions {
  readonly opset: number
  readonly functions: ReadonlyMap<string, FunctionData>
  readonly external: ExternalData | undefined
  readonly training: boolean
  readonly update: Surroundings['update']
  /** Names of values of the graph that nothing reads but one node. */
  readonly readOnce: ReadonlySet<string>
}

type Values = Map<string, Item>

const MAX_DEPTH = 24

export const functionKey = ({ domain, op }: Pick<NodeData, 'domain' | 'op'>): string => `${domain}:${op}`

function resultsOf(
  node: NodeData,
  items: readonly (Item | undefined)[],
  walk: WalkOptions,
  run: Surroundings['run'],
): readonly Item[] {
  if (node.domain !== '' || !isKnownOp(node.op)) throw unsupported([node], walk.opset)
  const call = new Call(node, items, { ...walk, run })
  const results = rules[node.op](call)
  return Array.isArray(results) ? (results as readonly Item[]) : [results as Item]
}

/** Binds the values of `nodes`, which stand in an order in which operands come first. */
export function walkNodes(nodes: readonly NodeData[], values: Values, walk: WalkOptions, depth = 0): void {
  if (depth > MAX_DEPTH) throw new InputError('OnnxMalformed', `functions are nested more than ${MAX_DEPTH} deep`)
  for (const node of nodes) {
    const items = node.inputs.map((name) => (name === '' ? undefined : operandOf(name, values, node, walk.opset)))
    const results = scoped(moduleOf(node), () => {
      const local = walk.functions.get(functionKey(node))
      if (local !== undefined) return callFunction(local, node, items, walk, depth)
      return resultsOf(node, items, walk, (graph, inputs) => runGraph(graph, inputs, values, walk, depth))
    })
    node.outputs.forEach((name, i) => {
      const result = results[i]
      if (name !== '' && result !== undefined) values.set(name, result)
    })
  }
}

const scoped = <T>(name: string, fn: () => T): T => (name === '' ? fn() : scope(name, fn))

function operandOf(name: string, values: Values, node: NodeData, opset: number): Item {
  const value = values.get(name)
  if (value !== undefined) return value
  throw new InputError('OnnxMalformed', `${describe(node, opset)} reads ${name}, which no node before it gives`, {
    hint: 'Check the file with onnx.checker; outputs that only training needs are not given.',
    data: { value: name },
  })
}

/** Names inside may be those of other values outside. */
const inside = (walk: WalkOptions): WalkOptions => ({ ...walk, readOnce: new Set() })

/** The outputs of a sub-graph; it sees the values around it and keeps its own to itself. */
function runGraph(graph: GraphData, inputs: readonly Item[], outer: Values, walk: WalkOptions, depth: number): Item[] {
  const values = new Map(outer)
  graph.inputs.forEach(({ name }, i) => {
    const item = inputs[i]
    if (item !== undefined) values.set(name, item)
  })
  for (const tensor of graph.initialisers) values.set(tensor.name, valuesOf(tensor, walk.external))
  walkNodes(graph.nodes, values, inside(walk), depth + 1)
  return graph.outputs.map(({ name }) => {
    const value = values.get(name)
    if (value === undefined) throw new InputError('OnnxMalformed', `a sub-graph has no value ${name}`)
    return value
  })
}

/** A function of the file is its body with the call's attributes. */
function callFunction(
  fn: FunctionData,
  node: NodeData,
  items: readonly (Item | undefined)[],
  walk: WalkOptions,
  depth: number,
): Item[] {
  const values: Values = new Map()
  fn.inputs.forEach((name, i) => {
    const item = items[i]
    if (item !== undefined) values.set(name, item)
  })
  const body = fn.nodes.map((inner) => ({
    ...inner,
    inputs: inner.inputs.map((name) => (fn.inputs.includes(name) && !values.has(name) ? '' : name)),
    attributes: attributesOf(inner, node, fn),
  }))
  walkNodes(body, values, inside(walk), depth + 1)
  return fn.outputs.map((name) => {
    const value = values.get(name)
    if (value === undefined) throw new InputError('OnnxMalformed', `the function ${fn.name} has no value ${name}`)
    return value
  })
}

function attributesOf(inner: NodeData, call: NodeData, fn: FunctionData): Map<string, AttributeData> {
  const found = new Map<string, AttributeData>()
  for (const [name, attribute] of inner.attributes) {
    const { reference } = attribute
    const actual = reference === '' ? attribute : (call.attributes.get(reference) ?? fn.defaults.get(reference))
    if (actual !== undefined) found.set(name, actual)
  }
  return found
}

/** Nodes, inside sub-graphs and functions too, that no rule knows. */
export function unknownNodes(
  nodes: readonly NodeData[],
  functions: ReadonlyMap<string, FunctionData>,
  seen = new Set<string>(),
): NodeData[] {
  return nodes.flatMap((node) => {
    const inner = graphsOf(node).flatMap((graph) => unknownNodes(graph.nodes, functions, seen))
    const key = functionKey(node)
    const fn = functions.get(key)
    if (fn === undefined) return node.domain === '' && isKnownOp(node.op) ? inner : [...inner, node]
    if (seen.has(key)) return inner
    seen.add(key)
    return [...inner, ...unknownNodes(fn.nodes, functions, seen)]
  })
}

export function unsupported(nodes: readonly NodeData[], opset: number): InputError {
  const names = [...new Set(nodes.map(functionKey))].map((key) => key.replace(/^:/, '').replace(':', '.'))
  const first = nodes[0]!
  const more = names.length > 1 ? `; not imported either: ${names.slice(1).join(', ')}` : ''
  return new InputError('OnnxUnsupported', `${describe(first, opset)} is not imported${more}`, {
    hint: [
      'Export again with another opset (13 to 21) or with standard layers in its place;',
      'cut the graph before it with the option `outputs`;',
      'or run the file as it is with createRunner(bytes), without gradients.',
    ].join(' '),
    data: { operators: names, operator: first.op, node: first.name, opset },
  })
}
