/** ONNX files as functions over parameter trees: a network trained elsewhere becomes a layer that can be trained on. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import type { Layer } from '../nn/layer.ts'
import type { Tensor } from '../primitive.ts'
import type { InputSpecs } from '../trace.ts'
import { decodeModel, type FunctionData, type GraphData, type NodeData } from './decode.ts'
import { checkGiven, type Declared, declaredOf, type GivenShapes, specOf } from './inputs.ts'
import { dtypes, type Item, isKnown } from './item.ts'
import { neededNodes, usesOf } from './names.ts'
import { functionKey, unknownNodes, unsupported, walkNodes } from './walk.ts'
import { type ImportedTree, leafAt, type WeightOptions, weightsOf } from './weights.ts'

export interface ImportOptions extends WeightOptions {
  /**
   * Extents by their names in the file (`{ batch: 8 }`; an unnamed one of input x is `x.0`), or whole shapes by inputs
   * (`{ x: [8, 3, 64, 64] }`), also where the file has fixed others: a graph may hold those in its own reshapes.
   */
  readonly shapes?: GivenShapes
  /** Values to give instead of the model's outputs, by their names inside: cuts a head off. */
  readonly outputs?: readonly string[]
  /**
   * While training, batch normalisation uses the batch's statistics and the running ones follow. Default false: it
   * stays as it was learnt, which suits small batches.
   */
  readonly batchStatistics?: boolean
}

export interface ImportedNode {
  readonly name: string
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

type Tensors = Readonly<Record<string, Tensor>>

/** A layer from named inputs to named outputs: `parameters` beside others' in a tree, `apply` in a program. */
export interface ImportedModel extends Layer<ImportedTree, Tensors, Tensors> {
  /** The file's weights, flat; `initialise` gives them too, as part of any tree. */
  readonly initial: Float32Array<ArrayBuffer>
  /** Raises `InputError` while extents have no number. */
  readonly inputs: InputSpecs
  readonly outputs: readonly string[]
  readonly opset: number
  readonly producer: string
  readonly metadata: ReadonlyMap<string, string>
  /** What is run, in order; names of values are what the option `outputs` takes. */
  readonly nodes: readonly ImportedNode[]
  /** The same for networks of one input and one output, which need no names: as part of `nn.sequential`, say. */
  readonly layer: Layer<ImportedTree>
}

const OLDEST = 13
const NEWEST = 21

function opsetOf(opsets: ReadonlyMap<string, number>): number {
  const opset = opsets.get('') ?? 0
  if (opset >= OLDEST && opset <= NEWEST) return opset
  throw new InputError('OnnxUnsupported', `the file is of opset ${opset}; ${OLDEST} to ${NEWEST} are imported`, {
    hint: 'Export with opset_version=18, or convert the file with onnx.version_converter.',
    data: { opset },
  })
}

function checkOutputs(outputs: readonly string[], nodes: readonly NodeData[], graph: GraphData): void {
  const made = new Set(nodes.flatMap((node) => node.outputs))
  for (const { name } of [...graph.inputs, ...graph.initialisers]) made.add(name)
  for (const name of outputs) {
    if (!made.has(name)) {
      throw new InputError('UnknownName', `the ONNX file has no value ${name}`, {
        hint: 'The property `nodes` of an imported model lists the values.',
        data: { name },
      })
    }
  }
}

const asTensor = (item: Item): Tensor => (isKnown(item) ? constant(item.data, item.shape, dtypes[item.kind]) : item)

/** The function without names, for one input and one output. */
function unnamed(
  inputs: readonly Declared[],
  outputs: readonly string[],
  apply: ImportedModel['apply'],
): ImportedModel['layer']['apply'] {
  return (parameters, x, context) => {
    const [input, output] = [inputs[0], outputs[0]]
    if (inputs.length !== 1 || outputs.length !== 1 || input === undefined || output === undefined) {
      throw new InputError(
        'UnknownName',
        `a network of ${inputs.length} inputs and ${outputs.length} outputs needs names`,
        {
          hint: 'Call `apply` with named inputs, or choose one output by the option `outputs`.',
        },
      )
    }
    return apply(parameters, { [input.name]: x }, context)[output]!
  }
}

/**
 * Reads an ONNX model (opset 13 to 21 of the standard operators) as a layer: a tree of parameters and a function from
 * tensors to tensors. Raises `InputError` on damaged files, and on operators, element types and opsets that are not
 * imported.
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): ImportedModel {
  const model = decodeModel(bytes)
  const { graph } = model
  const opset = opsetOf(model.opsets)
  if (graph.hasSparse) throw new InputError('OnnxUnsupported', 'sparse initialisers are not imported')
  const functions = new Map<string, FunctionData>(
    model.functions.map((fn) => [functionKey({ domain: fn.domain, op: fn.name }), fn]),
  )
  const outputs = options.outputs ?? graph.outputs.map(({ name }) => name)
  checkOutputs(outputs, graph.nodes, graph)
  const nodes = neededNodes(graph.nodes, outputs)
  const unknown = unknownNodes(nodes, functions)
  if (unknown.length > 0) throw unsupported(unknown, opset)
  const weights = weightsOf(graph, nodes, model.producer, options)
  const stored = new Set(graph.initialisers.map(({ name }) => name))
  const uses = usesOf(nodes)
  const readOnce = new Set(
    [...uses].filter(([name, by]) => by.length === 1 && !outputs.includes(name)).map(([name]) => name),
  )
  const declared = graph.inputs
    .filter(({ name }) => !stored.has(name) && (uses.has(name) || outputs.includes(name)))
    .map((value) => declaredOf(value, options.shapes))
  const apply: ImportedModel['apply'] = (parameters, tensors, { training = false, updates } = { training: false }) => {
    const values = new Map<string, Item>(weights.constants)
    for (const input of declared) values.set(input.name, checkGiven(input, tensors[input.name]))
    for (const [name, path] of weights.paths) values.set(name, leafAt(parameters, path))
    walkNodes(nodes, values, {
      opset,
      functions,
      external: options.external,
      training: training && options.batchStatistics === true,
      update: (leaf, next) => updates?.push([leaf, next]),
      readOnce,
    })
    return Object.fromEntries(outputs.map((name) => [name, asTensor(values.get(name)!)]))
  }
  return {
    parameters: weights.tree,
    initial: weights.initial,
    get inputs() {
      return Object.fromEntries(declared.map((input) => [input.name, specOf(input)]))
    },
    outputs,
    opset,
    producer: model.producer,
    metadata: model.metadata,
    nodes: nodes.map(({ name, op, inputs, outputs }) => ({ name, operator: op, inputs, outputs })),
    apply,
    layer: { parameters: weights.tree, apply: unnamed(declared, outputs, apply) },
  }
}
