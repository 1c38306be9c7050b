/** Which initialisers of a file are parameters, and the paths under which they are found. */

import type { GraphData, NodeData, TensorData } from './decode.ts'

/** Operands that say how, not with what: constants even where they are floating-point numbers. */
const settings: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  Dropout: [1],
  OneHot: [2],
  Pad: [2],
  Pow: [1],
  Range: [0, 1, 2],
  Resize: [1, 2],
}

/** Names of operands, for weights that the exporter has renamed. */
const roles: Readonly<Record<string, readonly string[]>> = {
  BatchNormalization: ['', 'weight', 'bias', 'running_mean', 'running_var'],
  Conv: ['', 'weight', 'bias'],
  ConvTranspose: ['', 'weight', 'bias'],
  Add: ['bias', 'bias'],
  GRU: ['', 'weight_ih', 'weight_hh', 'bias', '', 'initial_h'],
  Gemm: ['', 'weight', 'bias'],
  InstanceNormalization: ['', 'weight', 'bias'],
  LSTM: ['', 'weight_ih', 'weight_hh', 'bias', '', 'initial_h', 'initial_c'],
  LayerNormalization: ['', 'weight', 'bias'],
  MatMul: ['weight', 'weight'],
}

interface Use {
  readonly node: NodeData
  readonly operand: number
}

/** Who reads a value. */
export type Uses = ReadonlyMap<string, readonly Use[]>

export function usesOf(nodes: readonly NodeData[]): Uses {
  const uses = new Map<string, Use[]>()
  const visit = (list: readonly NodeData[]): void => {
    for (const node of list) {
      node.inputs.forEach((name, operand) => {
        const known = uses.get(name)
        if (known === undefined) uses.set(name, [{ node, operand }])
        else known.push({ node, operand })
      })
      for (const graph of graphsOf(node)) visit(graph.nodes)
    }
  }
  visit(nodes)
  return uses
}

/** The sub-graphs of a node. */
export function graphsOf(node: NodeData): GraphData[] {
  return [...node.attributes.values()].flatMap(({ graph }) => (graph === undefined ? [] : [graph]))
}

/** Names that PyTorch and onnxscript make up. */
const anonymous = /^(onnx::|_?val_|_?v?\d+$|\/)/

const FLOATS: ReadonlySet<number> = new Set([1, 10, 11, 16])

/**
 * Whether an initialiser is a parameter unless the user says otherwise: floating-point numbers that are calculated
 * with. A single number is one only under a name of its module's (`head.scale`), since exporters lift constants too.
 */
export function isParameter(tensor: TensorData, uses: Uses, producer: string): boolean {
  if (!FLOATS.has(tensor.type)) return false
  if (producer === 'ecotope') return !/^_(\d+_)*[acvr]\d+$/.test(tensor.name)
  const found = uses.get(tensor.name) ?? []
  if (found.every(({ node, operand }) => settings[node.op]?.includes(operand) === true)) return false
  const single = tensor.dims.every((extent) => extent === 1)
  return !single || (/\w\.\w/.test(tensor.name) && !anonymous.test(tensor.name))
}

/** Running statistics are set, not trained. */
export function isStatistic(name: string, uses: Uses): boolean {
  return (uses.get(name) ?? []).some(({ node, operand }) => node.op === 'BatchNormalization' && operand >= 3)
}

/** `/layers/layers.0/conv/Conv` is of the module `layers.0.conv`: PyTorch repeats a list's name in its members'. */
export function moduleOf(node: NodeData): string {
  if (node.module !== '' || !node.name.includes('/')) return node.module
  const parts = node.name.split('/').filter((part) => part !== '')
  const path: string[] = []
  for (const part of parts.slice(0, -1)) {
    if (path.length > 0 && part.startsWith(`${path.at(-1)}.`)) path.pop()
    path.push(part)
  }
  return path.join('.')
}

function pathOf(name: string, uses: Uses): string {
  const use = uses.get(name)?.[0]
  if (!anonymous.test(name) || use === undefined) return name
  const role = roles[use.node.op]?.[use.operand]
  return [moduleOf(use.node) || use.node.op, role || 'value'].join('.')
}

/** A path per parameter: its name where the file has kept it, else the module that reads it. Unique, no path in another. */
export function pathsOf(names: readonly string[], uses: Uses): Map<string, string> {
  const paths = new Map<string, string>()
  const taken = new Set<string>()
  const inner = new Set<string>()
  for (const name of names) {
    const wanted = pathOf(name, uses)
      .split('.')
      .filter((part) => part !== '')
      .join('.')
    const own = wanted === '' ? 'value' : wanted
    // Below another parameter no name is free: then the path has one part.
    const stem = prefixes(own).some((prefix) => taken.has(prefix)) ? own.replaceAll('.', '_') : own
    let path = stem
    for (let i = 2; clashes(path, taken, inner); i++) path = `${stem}_${i}`
    taken.add(path)
    for (const prefix of prefixes(path)) inner.add(prefix)
    paths.set(name, path)
  }
  return paths
}

/** `a.b.c`: `a`, `a.b`. */
function prefixes(path: string): string[] {
  const parts = path.split('.')
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'))
}

function clashes(path: string, taken: ReadonlySet<string>, inner: ReadonlySet<string>): boolean {
  return taken.has(path) || inner.has(path) || prefixes(path).some((prefix) => taken.has(prefix))
}

/** The nodes that `outputs` need, in the file's order. */
export function neededNodes(nodes: readonly NodeData[], outputs: readonly string[]): NodeData[] {
  const needed = new Set(outputs)
  const inner = (node: NodeData): void => {
    for (const name of node.inputs) needed.add(name)
    for (const { graph } of node.attributes.values()) {
      for (const name of graph?.outputs ?? []) needed.add(name.name)
      for (const child of graph?.nodes ?? []) inner(child)
    }
  }
  const kept = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return false
    inner(node)
    return true
  })
  return kept.reverse()
}
