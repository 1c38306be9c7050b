/** From a program to the ONNX graph that a target runs. */

import { randomLeaves } from '../draw.ts'
import { elementType, OnnxGraph, type Value } from '../onnx/graph.ts'
import { toHalves } from '../onnx/half.ts'
import { type Tensor, topological } from '../primitive.ts'
import { PARAMETERS, type Program } from '../trace.ts'
import { controlRules } from './control.ts'
import { indexingRules } from './indexing.ts'
import { matrixRules } from './matrix.ts'
import { nodeCpuSpatial } from './node-cpu.ts'
import { plainRules } from './plain.ts'
import { portableSpatial } from './portable.ts'
import { specialRules } from './special.ts'
import { Lowering, type LoweringTarget, type LowerRules } from './target.ts'
import { lowerNodes } from './walk.ts'
import { webGpuRules } from './web-gpu.ts'

const shared = { ...plainRules, ...specialRules, ...indexingRules, ...matrixRules, ...controlRules }

const tables: Readonly<Record<LoweringTarget['name'], LowerRules>> = {
  portable: { ...shared, ...portableSpatial },
  'node-cpu': { ...shared, ...nodeCpuSpatial },
}

const webGpuTable: LowerRules = { ...tables.portable, ...webGpuRules }

export type Storage = 'float32' | 'float16'

export interface LowerOptions {
  readonly target: LoweringTarget
  /** Flat parameters become initialisers; without them the graph has an input `parameters` with the flat vector. */
  readonly parameters?: Float32Array
  /** How the initialisers are stored: `float16` halves them, and each number is rounded to 11 bits. Default `float32`. */
  readonly storage?: Storage
  readonly inputNames?: Readonly<Record<string, string>>
  readonly outputNames?: Readonly<Record<string, string>>
}

function bindLeaf(l: Lowering, leaf: Tensor<'parameter'>, flat: Float32Array | Value, storage: Storage): Value {
  const { offset, path } = leaf.attributes
  const size = leaf.shape.reduce((n, extent) => n * extent, 1)
  if (flat instanceof Float32Array) {
    const values = flat.slice(offset, offset + size)
    // A tree that is one leaf has no path, and ONNX no empty names.
    const name = path === '' ? undefined : path
    if (storage === 'float32') return l.graph.constant(values, leaf.shape, name)
    const stored = l.graph.constant(toHalves(values, `the parameter ${path}`), leaf.shape, name)
    return l.graph.emit('Cast', [stored], leaf.shape, { attributes: { to: elementType.float32 } })
  }
  return l.reshape(l.slice(flat, [0], [offset], [offset + size]), leaf.shape)
}

/**
 * The ONNX graph of a program. Inputs keep their order; an input that no output needs is still declared. Random numbers
 * are further inputs: those of `drawsOf`.
 */
export function lowerProgram(program: Program, options: LowerOptions): OnnxGraph {
  const graph = new OnnxGraph()
  const l = new Lowering(
    graph,
    options.target,
    options.target.webgpu === true ? webGpuTable : tables[options.target.name],
  )
  const bound = new Map<Tensor, Value>()
  for (const [name, node] of Object.entries(program.inputs)) {
    bound.set(node, graph.input(options.inputNames?.[name] ?? name, node.shape, node.dtype))
  }
  const outputs = Object.values(program.outputs)
  const leaves = topological(outputs).filter((node): node is Tensor<'parameter'> => node.op === 'parameter')
  if (leaves.length > 0) {
    const declared = program.inputs[PARAMETERS]
    const flat =
      options.parameters ??
      (declared === undefined ? graph.input(PARAMETERS, [program.parameters.size], 'float32') : bound.get(declared)!)
    for (const leaf of leaves) bound.set(leaf, bindLeaf(l, leaf, flat, options.storage ?? 'float32'))
  }
  for (const { draw, leaves: readers } of randomLeaves(outputs)) {
    const value = graph.input(draw.name, draw.shape, 'float32')
    for (const leaf of readers) bound.set(leaf, value)
  }
  lowerNodes(l, outputs, bound)
  for (const [name, node] of Object.entries(program.outputs)) {
    graph.output(options.outputNames?.[name] ?? name, bound.get(node)!)
  }
  graph.prune()
  return graph
}
