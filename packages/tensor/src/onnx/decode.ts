/** The messages of onnx.proto3 that an import needs, as plain objects. Interprets no operator and no numbers. */

import { InputError } from '@ecotope/core'
import { type Field, fieldsOf } from './reader.ts'

export interface TensorData {
  name: string
  dims: number[]
  /** `TensorProto.DataType`. */
  type: number
  raw: Uint8Array | undefined
  readonly floats: Float32Array[]
  readonly doubles: Float64Array[]
  /** int32_data, int64_data or uint64_data, which the type tells apart. */
  readonly integers: number[][]
  readonly external: Map<string, string>
  isExternal: boolean
}

export interface AttributeData {
  name: string
  integer: number
  float: number
  text: string
  integers: number[]
  floats: number[]
  texts: string[]
  tensor: TensorData | undefined
  graph: GraphData | undefined
  /** Inside a function: the attribute of the call that gives the value. */
  reference: string
}

export interface NodeData {
  name: string
  /** The module that PyTorch's newer exporter says the node is of; empty where the file says nothing. */
  module: string
  op: string
  domain: string
  readonly inputs: string[]
  readonly outputs: string[]
  readonly attributes: Map<string, AttributeData>
}

export interface ValueData {
  name: string
  type: number
  /** Extents; names of symbolic ones; null where the file says nothing. Undefined: not a tensor, or of unknown rank. */
  dims: (number | string | null)[] | undefined
}

export interface GraphData {
  name: string
  readonly nodes: NodeData[]
  readonly initialisers: TensorData[]
  readonly inputs: ValueData[]
  readonly outputs: ValueData[]
  hasSparse: boolean
}

export interface FunctionData {
  name: string
  domain: string
  readonly inputs: string[]
  readonly outputs: string[]
  readonly nodes: NodeData[]
  /** Attributes with default values. */
  readonly defaults: Map<string, AttributeData>
}

export interface ModelData {
  producer: string
  /** Version per domain; the standard domain is empty. */
  readonly opsets: Map<string, number>
  readonly metadata: Map<string, string>
  readonly functions: FunctionData[]
  graph: GraphData | undefined
}

type Handlers = { readonly [number: number]: (field: Field) => void }

const MAX_DEPTH = 24

/** Calls a handler per known field; others are skipped. */
function read(bytes: Uint8Array, handlers: Handlers): void {
  for (const field of fieldsOf(bytes)) handlers[field.number]?.(field)
}

function entry(bytes: Uint8Array): [string, string] {
  let [key, value] = ['', '']
  read(bytes, { 1: (f) => (key = f.text()), 2: (f) => (value = f.text()) })
  return [key, value]
}

function tensorOf(bytes: Uint8Array): TensorData {
  const tensor: TensorData = {
    name: '',
    dims: [],
    type: 0,
    raw: undefined,
    floats: [],
    doubles: [],
    integers: [],
    external: new Map(),
    isExternal: false,
  }
  read(bytes, {
    1: (f) => tensor.dims.push(...f.integers()),
    2: (f) => (tensor.type = f.integer()),
    4: (f) => tensor.floats.push(f.floats()),
    5: (f) => tensor.integers.push(f.integers()),
    7: (f) => tensor.integers.push(f.integers()),
    8: (f) => (tensor.name = f.text()),
    9: (f) => (tensor.raw = f.bytes()),
    10: (f) => tensor.doubles.push(f.doubles()),
    11: (f) => tensor.integers.push(f.integers()),
    13: (f) => tensor.external.set(...entry(f.bytes())),
    14: (f) => (tensor.isExternal = f.integer() === 1),
  })
  return tensor
}

function attributeOf(bytes: Uint8Array, depth: number): AttributeData {
  const a: AttributeData = {
    name: '',
    integer: 0,
    float: 0,
    text: '',
    integers: [],
    floats: [],
    texts: [],
    tensor: undefined,
    graph: undefined,
    reference: '',
  }
  read(bytes, {
    1: (f) => (a.name = f.text()),
    2: (f) => (a.float = f.float()),
    3: (f) => (a.integer = f.integer()),
    4: (f) => (a.text = f.text()),
    5: (f) => (a.tensor = tensorOf(f.bytes())),
    6: (f) => (a.graph = graphOf(f.bytes(), depth + 1)),
    7: (f) => a.floats.push(...f.floats()),
    8: (f) => a.integers.push(...f.integers()),
    9: (f) => a.texts.push(f.text()),
    21: (f) => (a.reference = f.text()),
  })
  return a
}

function nodeOf(bytes: Uint8Array, depth: number): NodeData {
  const node: NodeData = { name: '', module: '', op: '', domain: '', inputs: [], outputs: [], attributes: new Map() }
  read(bytes, {
    1: (f) => node.inputs.push(f.text()),
    2: (f) => node.outputs.push(f.text()),
    3: (f) => (node.name = f.text()),
    4: (f) => (node.op = f.text()),
    5: (f) => {
      const attribute = attributeOf(f.bytes(), depth)
      node.attributes.set(attribute.name, attribute)
    },
    7: (f) => (node.domain = domainOf(f.text())),
    9: (f) => {
      const [key, value] = entry(f.bytes())
      if (key === 'pkg.torch.onnx.name_scopes') node.module = innermost(value)
    },
  })
  return node
}

/** `['', 'layer', 'layer.norm', 'view_4']` ends with the operation; its module stands before. */
const innermost = (scopes: string): string => [...scopes.matchAll(/'([^']*)'/g)].at(-2)?.[1] ?? ''

/** `ai.onnx` is another name of the standard domain. */
const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain)

function dimensionOf(bytes: Uint8Array): number | string | null {
  let dimension: number | string | null = null
  read(bytes, { 1: (f) => (dimension = f.integer()), 2: (f) => (dimension = f.text()) })
  return dimension
}

function valueInfoOf(bytes: Uint8Array): ValueData {
  const value: ValueData = { name: '', type: 0, dims: undefined }
  const shape = (f: Field): void => {
    const dims: (number | string | null)[] = []
    read(f.bytes(), { 1: (d) => dims.push(dimensionOf(d.bytes())) })
    value.dims = dims
  }
  const tensor = (f: Field): void => read(f.bytes(), { 1: (t) => (value.type = t.integer()), 2: shape })
  read(bytes, { 1: (f) => (value.name = f.text()), 2: (f) => read(f.bytes(), { 1: tensor }) })
  return value
}

function graphOf(bytes: Uint8Array, depth: number): GraphData {
  if (depth > MAX_DEPTH) throw new InputError('OnnxMalformed', `graphs are nested more than ${MAX_DEPTH} deep`)
  const graph: GraphData = { name: '', nodes: [], initialisers: [], inputs: [], outputs: [], hasSparse: false }
  read(bytes, {
    1: (f) => graph.nodes.push(nodeOf(f.bytes(), depth)),
    2: (f) => (graph.name = f.text()),
    5: (f) => graph.initialisers.push(tensorOf(f.bytes())),
    11: (f) => graph.inputs.push(valueInfoOf(f.bytes())),
    12: (f) => graph.outputs.push(valueInfoOf(f.bytes())),
    15: () => (graph.hasSparse = true),
  })
  return graph
}

function functionOf(bytes: Uint8Array): FunctionData {
  const fn: FunctionData = { name: '', domain: '', inputs: [], outputs: [], nodes: [], defaults: new Map() }
  read(bytes, {
    1: (f) => (fn.name = f.text()),
    4: (f) => fn.inputs.push(f.text()),
    5: (f) => fn.outputs.push(f.text()),
    7: (f) => fn.nodes.push(nodeOf(f.bytes(), 1)),
    10: (f) => (fn.domain = domainOf(f.text())),
    11: (f) => {
      const attribute = attributeOf(f.bytes(), 1)
      fn.defaults.set(attribute.name, attribute)
    },
  })
  return fn
}

function opsetOf(bytes: Uint8Array): [string, number] {
  let [domain, version] = ['', 0]
  read(bytes, { 1: (f) => (domain = domainOf(f.text())), 2: (f) => (version = f.integer()) })
  return [domain, version]
}

/** The model's graph with all that hangs on it. Raises `InputError` on bytes that are no `ModelProto`. */
export function decodeModel(bytes: Uint8Array): ModelData & { readonly graph: GraphData } {
  const model: ModelData = { producer: '', opsets: new Map(), metadata: new Map(), functions: [], graph: undefined }
  read(bytes, {
    2: (f) => (model.producer = f.text()),
    7: (f) => (model.graph = graphOf(f.bytes(), 0)),
    8: (f) => model.opsets.set(...opsetOf(f.bytes())),
    14: (f) => model.metadata.set(...entry(f.bytes())),
    25: (f) => model.functions.push(functionOf(f.bytes())),
  })
  const { graph } = model
  if (graph === undefined) {
    throw new InputError('OnnxMalformed', 'not an ONNX model: it has no graph', {
      hint: 'Give the bytes of an .onnx file.',
    })
  }
  return { ...model, graph }
}
